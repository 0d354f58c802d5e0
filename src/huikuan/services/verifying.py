"""``huikuan verify``: proof that the ledger is what was posted, from the triggers to the last cached cent.

Reads everything, changes nothing. Every check says how much it looked at and, where it fails, the first place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from django.db import connection

from huikuan.mirror.checks import Check
from huikuan.mirror.proofs import check_chain, check_exported_heads, check_segments
from huikuan.mirror.reader import database_snapshot
from huikuan.services import verify_sql
from huikuan.services.bank_files import check_bank_files
from huikuan.services.documents import check_files
from huikuan.services.sealing import heads_folder
from huikuan.store import triggers

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class VerifyReport:
    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        return all(check.ok for check in self.checks)


def verify(*, progress: Progress | None = None) -> VerifyReport:
    """Runs all checks; ``progress(name, done, total)`` is told which one is at work."""
    steps = list(_steps())
    checks: list[Check] = []
    # One state of the database for all checks: people may go on posting meanwhile.
    with database_snapshot():
        for number, (name, step) in enumerate(steps):
            if progress:
                progress(name, number, len(steps))
            checks.append(step())
    return VerifyReport(tuple(checks))


def _steps() -> Iterator[tuple[str, Callable[[], Check]]]:
    yield "triggers", _check_triggers
    yield "chain", check_chain
    yield "segments", check_segments
    yield "exported_heads", partial(check_exported_heads, heads_folder())
    for query in verify_sql.QUERIES:
        yield query.name, partial(_check_query, query)
    yield "documents", check_files
    yield "bank files", check_bank_files


def _check_triggers() -> Check:
    missing = triggers.faults(connection)
    detail = f"missing, altered or disabled: {', '.join(missing)}" if missing else ""
    return Check("triggers", not missing, detail)


def _check_query(query: verify_sql.Query) -> Check:
    with connection.cursor() as cursor:
        cursor.execute(query.count_sql)
        count = int(cursor.fetchone()[0])
        cursor.execute(query.fault_sql)
        row = cursor.fetchone()
    detail = "" if row is None else query.fault_text.format(*row)
    return Check(query.name, row is None, detail, count)
