"""The audit trail: one row per thing done, with a dotted code, in the same transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from huikuan.store.models import AuditEvent


def record(
    code: str,
    /,
    *,
    now: datetime,
    actor_id: int | None,
    entity_id: int | None = None,
    subject: str = "",
    **data: Any,
) -> None:
    """``subject`` is what it was done to (``item:12``); ``data`` must survive JSON and hold no personal data."""
    AuditEvent.objects.create(
        at=now, actor_id=actor_id, code=code, entity_id=entity_id, subject=subject, data=data
    )
