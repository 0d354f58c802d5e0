"""Posting the new items of an import, set by set: one temporary table in, the ledger's tables filled from it by SQL."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from huikuan.core.accounts import Charge, EntryKind, LedgerAccount
from huikuan.services.imports_desk import Desk
from huikuan.services.imports_types import Progress
from huikuan.store.bulk import drop_temp_table, fill_temp_table, instant, run
from huikuan.store.rows import reserve_ids

CHUNK_ROWS = 50_000
_TABLE = "import_items"

_COLUMNS = (
    "entity_id account_id external_id kind ledger_account contra_account document_number po_number contract_number "
    "document_date due_date posting_date effective_date currency minor base_minor discount_date discount_bp disputed "
    "sales_rep region product source_recorded_at settled_minor settled_base settled_on settled_posting"
).split()

_CHUNK_SQL = f"""SELECT {", ".join(f"p.{name}" for name in _COLUMNS if name not in ("account_id", "settled_base"))},
    coalesce(p.account_id, m.account_id) AS account_id,
    CASE WHEN p.settled_minor = 0 THEN 0 WHEN p.settled_minor = p.minor THEN p.base_minor
         ELSE CAST(half_up(CAST(p.base_minor AS HUGEINT) * abs(p.settled_minor), abs(p.minor)) AS BIGINT) END
         AS settled_base
    FROM {{plan}} p LEFT JOIN made m ON m.entity_id = p.entity_id AND m.customer_key = p.customer_key
    WHERE p.status = 'new' ORDER BY p.row"""


def post_new_items(
    desk: Desk, *, source_id: int, actor_id: int | None, now: datetime, progress: Progress | None = None
) -> int:
    """Writes every ``new`` row of the plan as an item with its entry (and, where the file says that it was settled,
    the entry that says so); gives their number. Table ``made`` names the accounts of customers made on the way."""
    total = int(desk.one("SELECT count(*) FROM status WHERE status = 'new'"))
    done = 0
    for batch in desk.stream_plan(_CHUNK_SQL, CHUNK_ROWS):
        _post_chunk(_numbered(pa.Table.from_batches([batch])), source_id, actor_id, now)
        done += batch.num_rows
        if progress:
            progress("post", done, total)
    drop_temp_table(_TABLE)
    return total


def _numbered(rows: Any) -> Any:
    """The rows with the ids of their items and entries, in the types a temporary table takes."""
    count = rows.num_rows
    settled = pc.not_equal(rows["settled_minor"], 0)
    settlements = pc.sum(settled).as_py() or 0
    items, entries = reserve_ids("store_openitem", count), reserve_ids("store_journalentry", count + settlements)
    # An item's settlement comes right after it, so that entries stay in the order of the file.
    steps = pc.add(pc.cast(settled, pa.int64()), 1)
    starts = pc.subtract(pc.cumulative_sum(steps), steps)
    numbers = pa.array(entries, pa.int64())
    entry_ids = pc.take(numbers, starts)
    after = pc.if_else(settled, pc.add(starts, 1), pa.scalar(None, pa.int64()))
    columns: dict[str, Any] = {"id": pa.array(items, pa.int64()), "entry_id": entry_ids}
    columns["settle_entry_id"] = pc.take(numbers, after)
    for name in _COLUMNS:
        columns[name] = plain_column(rows[name])
    return pa.table(columns)


def plain_column(column: Any) -> Any:
    kind = column.type
    if pa.types.is_timestamp(kind):
        return pc.cast(column, pa.timestamp("us", tz="UTC"))
    if pa.types.is_integer(kind):
        return pc.cast(column, pa.int64())
    return pc.cast(column, pa.string()) if pa.types.is_dictionary(kind) or pa.types.is_large_string(kind) else column


def _post_chunk(rows: Any, source_id: int, actor_id: int | None, now: datetime) -> None:
    fill_temp_table(_TABLE, rows)
    run(
        f"""INSERT INTO store_openitem (id, entity_id, account_id, source_id, external_id, version, kind, charge,
            ledger_account, document_number, po_number, contract_number, document_date, due_date, posting_date,
            effective_date, currency, amount_minor, base_minor, discount_date, discount_bp, disputed, sales_rep, region,
            product, entry_id)
        SELECT id, entity_id, account_id, %s, external_id, 1, kind, %s, ledger_account, document_number, po_number,
            contract_number, document_date, due_date, posting_date, effective_date, currency, minor, base_minor,
            discount_date, discount_bp, disputed, sales_rep, region, product, entry_id FROM {_TABLE}""",
        [source_id, Charge.PRINCIPAL.value],
    )
    _post_entries(source_id, actor_id, now)
    if pc.any(pc.is_valid(rows["settle_entry_id"])).as_py():
        _post_settlements(source_id, actor_id, now)
    run(
        f"""INSERT INTO store_openitembalance
            (item_id, account_id, original_minor, open_minor, open_base_minor, is_current)
        SELECT id, account_id, minor, minor - settled_minor, base_minor - settled_base, true FROM {_TABLE}"""
    )


POSTING = (
    "INSERT INTO store_posting (entry_id, line, ledger_account, account_id, item_id, receipt_id, currency,"
    " amount_minor, base_minor)"
)
ENTRY = (
    "INSERT INTO store_journalentry (id, entity_id, kind, effective_date, posting_date, recorded_at, actor_id,"
    " reverses_id, source_id, external_id, source_recorded_at, memo)"
)


def _post_entries(source_id: int, actor_id: int | None, now: datetime) -> None:
    # Both legs of a row together: they are looked up by entry when the entry is proven balanced.
    run(
        f"""{POSTING} SELECT entry_id, l.line, CASE l.line WHEN 1 THEN ledger_account ELSE contra_account END,
            account_id, CASE l.line WHEN 1 THEN id END, NULL, currency, CASE l.line WHEN 1 THEN minor ELSE -minor END,
            CASE l.line WHEN 1 THEN base_minor ELSE -base_minor END
        FROM {_TABLE} CROSS JOIN (SELECT 1 AS line UNION ALL SELECT 2) l"""
    )
    run(
        f"""{ENTRY} SELECT entry_id, entity_id, %s, effective_date, posting_date, %s, {sql_id(actor_id)}, NULL, %s, '',
            source_recorded_at, '' FROM {_TABLE}""",
        [EntryKind.ITEM.value, instant(now), source_id],
    )


def _post_settlements(source_id: int, actor_id: int | None, now: datetime) -> None:
    run(
        f"""{POSTING} SELECT settle_entry_id, l.line, CASE l.line WHEN 1 THEN ledger_account ELSE %s END, account_id,
            id, NULL, currency, CASE l.line WHEN 1 THEN -settled_minor ELSE settled_minor END,
            CASE l.line WHEN 1 THEN -settled_base ELSE settled_base END
        FROM {_TABLE} CROSS JOIN (SELECT 1 AS line UNION ALL SELECT 2) l WHERE settled_minor <> 0""",
        [LedgerAccount.CLEARING.value],
    )
    run(
        f"""{ENTRY} SELECT settle_entry_id, entity_id, %s, settled_on, settled_posting, %s, {sql_id(actor_id)}, NULL,
            %s, '', NULL, '' FROM {_TABLE} WHERE settled_minor <> 0""",
        [EntryKind.APPLICATION.value, instant(now), source_id],
    )


def sql_id(number: int | None) -> str:
    return "NULL" if number is None else str(int(number))
