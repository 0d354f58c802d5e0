"""The same request twice is one change: answers kept per (entity, actor, operation, key) with a hash of the body."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.db import connection

from huikuan.core.refusals import Conflict
from huikuan.core.texts import check_text
from huikuan.services.transaction import run_in_transaction
from huikuan.store.models import IdempotencyKey

Answer = dict[str, Any]


def once(
    *,
    entity_id: int,
    actor_id: int | None,
    operation: str,
    key: str | None,
    request: object,
    now: datetime,
    work: Callable[[], Answer],
) -> Answer:
    """Runs ``work`` in a transaction; under a key used before, gives the answer of then instead.

    ``request`` is anything ``repr`` tells apart. Refuses ``idempotency.other_body`` (a conflict) when the key comes
    back with another one. ``answer`` must survive JSON.
    """
    if key is None:
        return run_in_transaction(work)
    check_text("key", key)
    identity = {"entity_id": entity_id, "actor_key": actor_id or 0, "operation": operation, "key": key}

    def guarded() -> Answer:
        _wait_for_twin(repr(sorted(identity.items())))
        known = _known(identity, request)
        if known is not None:
            return known
        answer: Answer = json.loads(json.dumps(work()))
        IdempotencyKey.objects.create(**identity, request_hash=_hash(request), answer=answer, created_at=now)
        return answer

    return run_in_transaction(guarded)


def answered(
    *, entity_id: int, actor_id: int | None, operation: str, key: str | None, request: object
) -> Answer | None:
    """The answer that a request had, for one that cannot be made again as it was: what it named is gone by now.

    Refuses ``idempotency.other_body``.
    """
    if key is None:
        return None
    return _known({"entity_id": entity_id, "actor_key": actor_id or 0, "operation": operation, "key": key}, request)


def _known(identity: dict[str, Any], request: object) -> Answer | None:
    known = IdempotencyKey.objects.filter(**identity).first()
    if known is None:
        return None
    if known.request_hash != _hash(request):
        raise Conflict("idempotency.other_body", "key {key!r} was used for another request", key=identity["key"])
    return dict(known.answer)


def _hash(request: object) -> str:
    return sha256(repr(request).encode()).hexdigest()


def _wait_for_twin(identity: str) -> None:
    """Holds off the same request, sent twice at once, until the first is done; else the second might be refused for
    what the first has just used up. SQLite writers wait for each other anyway."""
    if connection.vendor != "sqlite":
        number = int.from_bytes(sha256(identity.encode()).digest()[:8], "big", signed=True)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])
