"""The audit trail: one row per thing done, with a dotted code, in the same transaction."""

from __future__ import annotations

import json
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from huikuan.services.telling import tell_recorded
from huikuan.store.rows import insert_rows

acting_key: ContextVar[str] = ContextVar("acting_key", default="")
"""The beginning of the API key through which a request came; empty where a person, the shell or a job acts."""


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
    """``subject`` is what it was done to (``item:12``); ``data`` must survive JSON and hold no personal data.

    What came through an API key says through which (``api_key``). Whoever subscribed to it is told
    (``services.telling``).
    """
    key = acting_key.get()
    kept = {**data, "api_key": key} if key else data
    insert_rows(
        "store_auditevent",
        ("at", "actor_id", "code", "entity_id", "subject", "data"),
        [(now, actor_id, code, entity_id, subject, json.dumps(kept))],
    )
    tell_recorded(code, entity_id, subject, data, now=now)
