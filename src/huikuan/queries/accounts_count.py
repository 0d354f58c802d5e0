"""How many customer accounts there are, without counting them all at every page.

Accounts are added and never deleted, and their numbers rise. So what was counted up to a number stays, once nobody can
still commit an account below it: on SQLite at once, where numbers are committed in their order; on PostgreSQL when all
transactions have ended that ran when the number was seen.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import Any

from django.db import connection

RECOUNT = 1_000
"""So many accounts above the settled ones are worth counting once more."""
MARGIN = 100
"""A transaction draws an account's number a moment before it gets its own: so many later ones must have begun, too."""


@dataclass(frozen=True, slots=True)
class Settled:
    """``count`` accounts up to the number ``last``; ``next_last`` will be settled when every transaction below
    ``horizon`` has ended."""

    last: int = 0
    count: int = 0
    next_last: int = 0
    horizon: int = 0


_settled: dict[tuple[str, str], Settled] = {}
_lock = threading.Lock()


def count_accounts(database: tuple[str, str]) -> tuple[int, int, int, int]:
    """How many accounts there are and the last of them, how many merges, and how many of these are undone."""
    with _lock:
        settled = _settled.get(database, Settled())
    above, last, running, begun, merges, undone = _look(settled.last)
    if last < settled.last:  # another database under this name
        settled = Settled()
        above, last, running, begun, merges, undone = _look(0)
    count = settled.count + above
    if settled.next_last and running >= settled.horizon:
        settled = Settled(settled.next_last, _count_up_to(settled.next_last))
    elif not settled.next_last and above >= RECOUNT:
        settled = replace(settled, next_last=last, horizon=begun + MARGIN)
    with _lock:
        _settled[database] = settled
    return count, last, merges, undone


def _look(settled: int) -> Any:
    """Accounts above the settled ones, the last of all, the first transaction that runs and the next that will, merges
    and those undone, in one statement."""
    transactions = f"0, -{MARGIN}"
    if connection.vendor == "postgresql":
        transactions = (
            "pg_snapshot_xmin(pg_current_snapshot())::text::bigint,"
            " pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
        )
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT (SELECT count(*) FROM store_customeraccount WHERE id > {settled}),"
            f" (SELECT coalesce(max(id), 0) FROM store_customeraccount), {transactions}, m.n, m.undone"
            " FROM (SELECT count(*) AS n, count(undone_at) AS undone FROM store_customermerge) AS m"
        )
        return cursor.fetchone()


def _count_up_to(last: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM store_customeraccount WHERE id <= %s", [last])
        return int(cursor.fetchone()[0])
