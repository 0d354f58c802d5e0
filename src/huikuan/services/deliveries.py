"""Deliveries under way: taken by one worker at a time under a lease, and what came of each try."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Q

from huikuan.core.refusals import Refusal
from huikuan.core.webhooks import decide_after_try
from huikuan.services.auditing import record
from huikuan.services.operations import is_outbox_held
from huikuan.services.transaction import run_in_transaction
from huikuan.services.webhooks import secrets_of
from huikuan.store.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint

LEASE = timedelta(minutes=2)
"""Longer than a try can take; after it, a delivery whose worker died is taken by another one."""
EXCERPT_MAX = 500

State = WebhookDelivery.State


@dataclass(frozen=True, slots=True)
class Parcel:
    """A delivery in a worker's hands. ``body`` is the same at every try."""

    delivery_id: int
    lease: str
    url: str
    message_id: str
    body: bytes
    secrets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a try brought: a ``status``, or an ``error`` in words; the beginning of what was said."""

    status: int | None
    duration_ms: int
    error: str = ""
    excerpt: str = ""


def is_due(now: datetime) -> bool:
    """Whether there is something to send. A restored copy of an installation sends nothing until it is released."""
    return _due(now).exists() and not is_outbox_held()


def take(now: datetime, limit: int) -> list[Parcel]:
    """Deliveries due now, for the caller alone until the lease ends."""
    lease = secrets.token_hex(16)

    def work() -> list[Parcel]:
        if is_outbox_held():
            return []
        rows = _due(now).select_for_update(skip_locked=True, of=("self",)).order_by("next_at", "id")
        numbers = [row.pk for row in rows[:limit]]
        WebhookDelivery.objects.filter(id__in=numbers).update(lease=lease, leased_until=now + LEASE)
        taken = WebhookDelivery.objects.filter(id__in=numbers).select_related("event", "endpoint").order_by("next_at")
        return [parcel for row in taken if (parcel := _parcel(row, lease, now)) is not None]

    return run_in_transaction(work)


def settle(parcel: Parcel, answer: Answer, *, chance: float, now: datetime) -> str:
    """Writes down a try and what follows from it; gives the delivery's state. ``chance`` (0 to 1) spreads retries.

    A worker whose lease has ended meanwhile only logs its try.
    """

    def work() -> str:
        row = WebhookDelivery.objects.select_for_update(of=("self",)).get(id=parcel.delivery_id)
        WebhookAttempt.objects.create(
            delivery=row,
            at=now,
            status=answer.status,
            duration_ms=answer.duration_ms,
            error=answer.error[:200],
            excerpt=answer.excerpt[:EXCERPT_MAX],
        )
        if row.lease != parcel.lease:
            return str(row.state)
        endpoint = WebhookEndpoint.objects.select_for_update().get(id=row.endpoint_id)
        if not row.tries:
            # The days of trying begin with the first try, however long the event has waited for a worker.
            row.started_at = now
        verdict = decide_after_try(
            status=answer.status,
            tries=row.tries + 1,
            started_at=row.started_at,
            failing_since=endpoint.failing_since,
            now=now,
            chance=chance,
        )
        row.tries, row.state, row.next_at = row.tries + 1, verdict.state, verdict.next_at or now
        row.lease, row.leased_until = "", None
        row.save()
        _note(endpoint, verdict.failing_since, verdict.disable_reason, now)
        return str(row.state)

    return run_in_transaction(work)


def _due(now: datetime):  # type: ignore[no-untyped-def]
    free = Q(leased_until=None) | Q(leased_until__lt=now)
    return WebhookDelivery.objects.filter(free, state=State.PENDING, next_at__lte=now, endpoint__is_active=True)


def _parcel(row: WebhookDelivery, lease: str, now: datetime) -> Parcel | None:
    try:
        signed_with = tuple(secrets_of(row.endpoint, now))
    except Refusal:
        _note(row.endpoint, row.endpoint.failing_since, "secret", now)
        return None
    event = row.event
    told = {"type": event.type, "timestamp": event.created_at.astimezone(UTC).isoformat(), "data": event.payload}
    body = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
    return Parcel(row.pk, lease, row.endpoint.url, event.message_id, body, signed_with)


def _note(endpoint: WebhookEndpoint, failing_since: datetime | None, reason: str, now: datetime) -> None:
    """How the endpoint fares; for ``reason`` it is switched off."""
    if endpoint.failing_since == failing_since and not reason:
        return
    endpoint.failing_since = failing_since
    if reason and endpoint.is_active:
        endpoint.is_active, endpoint.disabled_at, endpoint.disabled_reason = False, now, reason
        record(
            "webhook.disabled",
            now=now,
            actor_id=None,
            entity_id=endpoint.entity_id,
            subject=f"webhook:{endpoint.pk}",
            reason=reason,
        )
    endpoint.save()
