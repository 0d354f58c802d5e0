"""The database's own refusals, looked after at start-up."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from huikuan.services.auditing import record
from huikuan.services.transaction import run_in_transaction
from huikuan.store import triggers


def restore_triggers(*, now: datetime) -> list[str]:
    """Puts back triggers that are missing or altered, and writes into the audit trail which: an upgrade changes them,
    and so does someone at work on the database behind our back. Gives their names, empty when all stood."""
    names = triggers.faults(connection)
    if names:

        def work() -> None:
            triggers.install(connection)
            record("database.triggers_restored", now=now, actor_id=None, names=names)

        run_in_transaction(work)
    return names
