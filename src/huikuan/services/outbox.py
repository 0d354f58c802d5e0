"""The outbox: what happened is written down, in the transaction that makes it happen, for whoever wants to be told.

Nothing is written where nobody listens; many events are written together.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from huikuan.core.webhooks import EventType
from huikuan.store.rows import insert_rows, reserve_ids


@dataclass(frozen=True, slots=True)
class NewEvent:
    """Something to tell. ``subject``: the opaque id of what it is about; ``data`` survives JSON and names no person."""

    type: EventType
    subject: str
    data: dict[str, Any]


def emit(entity_id: int, make: Callable[[], Iterable[NewEvent]], *, now: datetime) -> int:
    """Writes the events ``make`` gives, with a delivery to each endpoint that wants their type; gives their number.

    ``make`` is called only where somebody listens. Inside the caller's transaction.
    """
    listeners = listeners_of(entity_id)
    if not listeners:
        return 0
    events = [event for event in make() if any(_wants(types, event.type) for types in listeners.values())]
    if not events:
        return 0
    deliveries = [
        (event, [endpoint for endpoint, types in listeners.items() if _wants(types, event.type)]) for event in events
    ]
    return write_events(entity_id, deliveries, now=now)


def write_events(entity_id: int, deliveries: list[tuple[NewEvent, list[int]]], *, now: datetime) -> int:
    """Events, each with the endpoints that are to have it."""
    numbers = reserve_ids("store_outboxevent", len(deliveries))
    insert_rows(
        "store_outboxevent",
        ("id", "message_id", "type", "entity_id", "subject", "payload", "created_at"),
        [
            (number, f"msg_{secrets.token_hex(12)}", event.type.value, entity_id, event.subject, _json(event.data), now)
            for number, (event, _) in zip(numbers, deliveries, strict=True)
        ],
    )
    insert_rows(
        "store_webhookdelivery",
        ("endpoint_id", "event_id", "state", "tries", "started_at", "next_at", "lease"),
        [
            (endpoint, number, "pending", 0, now, now, "")
            for number, (_, endpoints) in zip(numbers, deliveries, strict=True)
            for endpoint in endpoints
        ],
    )
    return len(numbers)


def listeners_of(entity_id: int) -> dict[int, frozenset[str]]:
    """Endpoints that want events of an entity, with the types they want (none: all)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, event_types FROM store_webhookendpoint WHERE entity_id = %s AND is_active ORDER BY id",
            [entity_id],
        )
        rows = cursor.fetchall()
    return {number: frozenset(json.loads(types) if isinstance(types, str) else types) for number, types in rows}


def _wants(types: frozenset[str], kind: EventType) -> bool:
    return not types or kind.value in types


def _json(data: dict[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False, sort_keys=True)
