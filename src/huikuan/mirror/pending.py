"""Which committed entries are not sealed yet, on each database, and their rows."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
from django.db import connection

from huikuan.mirror.tables import TABLES
from huikuan.store.arrow import fetch_arrow
from huikuan.store.models import SealHead


@dataclass(frozen=True, slots=True)
class Batch:
    """Entries about to be sealed, in order, with everything the hash covers."""

    entry_ids: list[int]
    journal: pa.Table
    items: pa.Table
    receipts: pa.Table
    horizon: int
    """What the head's horizon becomes once these are sealed."""


def unsealed_condition(head: SealHead) -> str:
    """SQL over entries ``e``. SQLite commits in id order, so ids past the last sealed one are all there is. On
    PostgreSQL ids and commits differ: entries of transactions that were still running at an earlier seal carry a
    transaction number from the horizon on."""
    if connection.vendor == "sqlite":
        return f"e.id > {head.horizon}"
    return (
        f"e.tx >= '{_postgres_horizon(head)}'::xid8 AND NOT EXISTS (SELECT 1 FROM store_seal s WHERE s.entry_id = e.id)"
    )


def _postgres_horizon(head: SealHead) -> int:
    """A database restored into a younger cluster counts transactions anew: then everything is looked at again."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
        return head.horizon if head.horizon <= int(cursor.fetchone()[0]) else 0


def read_pending(head: SealHead, limit: int) -> Batch:
    """Up to ``limit`` unsealed entries in id order; to be called in one database snapshot."""
    condition = unsealed_condition(head)
    next_horizon = head.horizon
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Taken before the entries are read: whatever runs at this moment is looked for again next time.
            cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
            next_horizon = int(cursor.fetchone()[0])
        cursor.execute(f"SELECT e.id FROM store_journalentry e WHERE {condition} ORDER BY e.id LIMIT {limit}")
        entry_ids = [int(number) for (number,) in cursor.fetchall()]
        if connection.vendor == "sqlite":
            next_horizon = entry_ids[-1] if entry_ids else head.horizon
            joins, where = "", f"e.id > {head.horizon} AND e.id <= {next_horizon}"
        else:
            chosen = ",".join(map(str, entry_ids))
            joins, where = f"JOIN unnest('{{{chosen}}}'::bigint[]) AS b(id) ON b.id = e.id", "true"
    if len(entry_ids) == limit and connection.vendor == "postgresql":
        next_horizon = head.horizon
    journal, items, receipts = (
        fetch_arrow(
            table.select("NULL" if connection.vendor == "sqlite" else "NULL::bigint", joins, where), table.schema
        )
        for table in TABLES
    )
    return Batch(entry_ids, journal, items, receipts, next_horizon)
