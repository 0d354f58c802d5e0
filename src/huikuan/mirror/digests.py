"""Digests of many entries at once: the text of ``core.sealing``, put together by DuckDB instead of row by row."""

from __future__ import annotations

from collections import defaultdict
from operator import itemgetter
from typing import Any

import duckdb
import pyarrow as pa

from huikuan.core.sealing import ENTRY_FIELDS, ITEM_FIELDS, POSTING_FIELDS, RECEIPT_FIELDS, digest_entry

FEW = 600
"""Postings up to which Python is faster than starting DuckDB (some 40 ms): what a sealer finds every few seconds."""

_DIGESTS = pa.schema([("entry_id", pa.int64()), ("ledger_seq", pa.int64()), ("digest", pa.string())])


def digest_tables(journal: pa.Table, items: pa.Table, receipts: pa.Table) -> pa.Table:
    """(entry_id, ledger_seq, digest) in sealed order, for whole entries. A test holds it against ``core``."""
    if journal.num_rows <= FEW:
        return digest_few(journal, items, receipts)
    return digest_many(journal, items, receipts)


def digest_few(journal: pa.Table, items: pa.Table, receipts: pa.Table) -> pa.Table:
    """As ``digest_tables``, row by row."""
    postings = _by_entry(journal, "line")
    brought = _by_entry(items, "item_id"), _by_entry(receipts, "receipt_id")
    entry, posting = itemgetter(*ENTRY_FIELDS), itemgetter(*POSTING_FIELDS)
    item, receipt = itemgetter(*ITEM_FIELDS), itemgetter(*RECEIPT_FIELDS)
    rows = [
        {
            "entry_id": entry_id,
            "ledger_seq": legs[0]["ledger_seq"],
            "digest": digest_entry(
                entry(legs[0]),
                map(posting, legs),
                map(item, brought[0].get(entry_id, ())),
                map(receipt, brought[1].get(entry_id, ())),
            ),
        }
        for entry_id, legs in postings.items()
    ]
    rows.sort(key=lambda row: (row["ledger_seq"] is None, row["ledger_seq"] or 0, row["entry_id"]))
    return pa.Table.from_pylist(rows, _DIGESTS)


def _by_entry(table: pa.Table, order: str) -> dict[int, list[dict[str, Any]]]:
    groups: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in sorted(table.to_pylist(), key=itemgetter("entry_id", order)):
        groups[row["entry_id"]].append(row)
    return groups


def digest_many(journal: pa.Table, items: pa.Table, receipts: pa.Table) -> pa.Table:
    """As ``digest_tables``, by DuckDB."""
    con = duckdb.connect()
    try:
        con.execute("SET TimeZone = 'UTC'")
        con.register("journal", journal)
        con.register("items", items)
        con.register("receipts", receipts)
        return con.sql(_SQL).to_arrow_table()
    finally:
        con.close()


def _field(name: str, schema_name: str) -> str:
    column = f"{schema_name}.{name}"
    if name.endswith("_at"):
        text = f"strftime({column} AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ')"
    else:
        text = f"CAST({column} AS VARCHAR)"
    return f"coalesce(CAST(strlen({text}) AS VARCHAR) || ':' || {text}, '-')"


def _line(tag: str, names: list[str], alias: str) -> str:
    return f"'{tag}' || " + " || ".join(_field(name, alias) for name in names) + " || chr(10)"


_SQL = f"""
WITH posting_text AS (
  SELECT j.entry_id, min(j.ledger_seq) AS ledger_seq,
    min({_line("e", ENTRY_FIELDS, "j")}) AS head,
    string_agg({_line("p", POSTING_FIELDS, "j")}, '' ORDER BY j.line) AS body
  FROM journal j GROUP BY j.entry_id),
item_text AS (
  SELECT i.entry_id, string_agg({_line("i", ITEM_FIELDS, "i")}, '' ORDER BY i.item_id) AS body
  FROM items i GROUP BY 1),
receipt_text AS (
  SELECT r.entry_id, string_agg({_line("r", RECEIPT_FIELDS, "r")}, '' ORDER BY r.receipt_id) AS body
  FROM receipts r GROUP BY 1)
SELECT p.entry_id, p.ledger_seq, sha256(p.head || p.body || coalesce(i.body, '') || coalesce(r.body, '')) AS digest
FROM posting_text p LEFT JOIN item_text i USING (entry_id) LEFT JOIN receipt_text r USING (entry_id)
ORDER BY p.ledger_seq NULLS LAST, p.entry_id
"""
