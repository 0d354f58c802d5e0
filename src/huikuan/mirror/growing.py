"""The rows no segment holds yet, brought up to date from those read before: after a posting, what was posted is read
and not everything since the last segment. Entries never change; all that comes to one later is its sealed number."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection

from huikuan.mirror.tables import TABLES
from huikuan.store.arrow import fetch_arrow

MANY = 1_000
"""So many new entries are better read together with all others."""


def grown(tails: dict[str, pa.Table], *, newer: str, tail: int, sealed: tuple[int, int]) -> dict[str, pa.Table] | None:
    """The tails as they are now. ``newer`` is SQL over entries ``e`` that are not sealed, ``tail`` how many they should
    be; ``sealed``: up to which number was known when ``tails`` were read, and up to which now. ``None`` where the
    database moved on meanwhile, or too much came: then all is read anew.
    """
    known = _entries_of(tails["journal"])
    made = ", ".join(f"EXISTS (SELECT 1 FROM {table.table} t WHERE t.entry_id = e.id)" for table in TABLES[1:])
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT h.last_seq, n.* FROM store_sealhead h"
            f" LEFT JOIN (SELECT e.id, {made} FROM store_journalentry e WHERE {newer}) AS n ON true WHERE h.id = 1"
        )
        rows = cursor.fetchall()
        came = {number: facts for _seq, number, *facts in rows if number is not None}
        # As many committed as were seen: the very same, for entries only ever come.
        if not rows or rows[0][0] != sealed[1] or len(came) != tail:
            return None
        numbers: list[tuple[int, int]] = []
        if sealed[1] > sealed[0]:
            cursor.execute(
                "SELECT entry_id, ledger_seq FROM store_seal WHERE ledger_seq > %s AND ledger_seq <= %s", sealed
            )
            numbers = cursor.fetchall()
    pairs = np.array(numbers, np.int64).reshape(-1, 2)
    new = np.setdiff1d(np.union1d(np.array(list(came), np.int64), pairs[:, 0]), known).tolist()
    if len(new) > MANY:
        return None
    found = {}
    for place, table in enumerate(TABLES):
        table_rows = tails[table.name]
        # Most entries bring no item, many no receipt. Of those sealed meanwhile it was not asked.
        wanted = [number for number in new if not place or number not in came or came[number][place - 1]]
        if wanted:
            empty = "NULL" if connection.vendor == "sqlite" else "NULL::bigint"
            more = fetch_arrow(table.select(empty, "", f"e.id IN ({', '.join(map(str, wanted))})"), table.schema)
            table_rows = pa.concat_tables([table_rows, more])
        found[table.name] = _numbered(table_rows, pairs)
    return found


def _entries_of(journal: pa.Table) -> np.ndarray:
    return np.unique(journal["entry_id"].to_numpy())


def _numbered(rows: pa.Table, pairs: np.ndarray) -> pa.Table:
    """The rows with the sealed numbers that entries got: pairs of entry and number."""
    if not len(pairs) or not rows.num_rows:
        return rows.combine_chunks()
    place = pc.index_in(rows["entry_id"], value_set=pa.array(pairs[:, 0]))
    given = pa.chunked_array([pa.array(pairs[:, 1])]).take(place)
    column = pc.coalesce(rows["ledger_seq"], given)
    return rows.set_column(
        rows.column_names.index("ledger_seq"), rows.schema.field("ledger_seq"), column
    ).combine_chunks()
