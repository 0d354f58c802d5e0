"""Few rows of the ledger by what they name: from the database by its indexes, cut where the snapshot is cut.

A customer's or an item's rows lie scattered over all segments. Segments are sorted by time, and the database has
indexes; sealed rows never change, so both hold the same.
"""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from huikuan.mirror.reader import Snapshot
from huikuan.mirror.tables import TABLES, MirrorTable
from huikuan.store.arrow import fetch_arrow

_TABLES = {table.name: table for table in TABLES}


def rows_naming(snapshot: Snapshot, relation: str, column: str, numbers: Iterable[int]) -> pa.Table:
    """The rows of ``journal``, ``items`` or ``receipts`` whose ``column`` is one of the numbers, as the snapshot knows
    them. Columns with an index: ``entry_id``, ``item_id``, ``receipt_id``; ``account_id`` of all but receipts,
    ``reverses_id`` of the journal."""
    table, wanted = _TABLES[relation], sorted({int(number) for number in numbers})
    tail = snapshot.relations.tails[relation]
    if not wanted:
        return tail.slice(0, 0)
    found = []
    if snapshot.relations.in_files:
        listed = ", ".join(map(str, wanted))
        where = f"{_source(table, column)} IN ({listed}) AND s.ledger_seq <= {snapshot.relations.in_files}"
        found.append(_in_order(table, where))
    if tail.num_rows:
        found.append(tail.filter(pc.is_in(tail[column], value_set=pa.array(wanted, pa.int64()))))
    return pa.concat_tables(found) if found else tail.slice(0, 0)


def _source(table: MirrorTable, column: str) -> str:
    if column == f"{table.name[:-1]}_id":
        return "t.id"
    return f"{'e' if column in table.entry_columns else 't'}.{column}"


def _in_order(table: MirrorTable, where: str) -> pa.Table:
    sql = table.select("s.ledger_seq", "JOIN store_seal s ON s.entry_id = e.id", where)
    return fetch_arrow(sql.replace("ORDER BY e.id", "ORDER BY s.ledger_seq"), table.schema)
