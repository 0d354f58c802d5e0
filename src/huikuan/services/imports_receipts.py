"""Files of receipts: what is new, what changed, and posting the new ones set by set."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pyarrow as pa

from huikuan.core.accounts import EntryKind, LedgerAccount
from huikuan.services.imports_desk import MINOR_SQL, TOO_LARGE, Desk, quoted
from huikuan.services.imports_items import Counts, count_rest
from huikuan.services.imports_items_post import CHUNK_ROWS, ENTRY, POSTING, plain_column, sql_id
from huikuan.services.imports_lookup import put_customer_refs, put_entities, put_receipts
from huikuan.services.imports_standing import count_not_reposted, note_standing
from huikuan.services.imports_types import Progress
from huikuan.store.bulk import drop_temp_table, fill_temp_table, instant, run
from huikuan.store.rows import reserve_ids

_TABLE = "import_receipts"


def plan_receipts(desk: Desk, source_id: int, actor_id: int | None) -> Counts:
    """Tables ``work`` and ``status``, a row per good row of a file of receipts; ``write_receipt_plan`` comes next."""
    put_entities(desk, actor_id)
    desk.con.execute(
        f"""CREATE OR REPLACE TABLE work AS
        SELECT s.row, s.receipt_id AS external_id, s.customer_id AS customer_key, e.entity_id, e.base, s.currency,
            {MINOR_SQL} AS minor, s.effective_date, s.posting_date
        FROM staged s JOIN exponents x ON x.currency = s.currency JOIN entities e ON e.code = coalesce(s.entity, '')"""
    )
    desk.note("work", TOO_LARGE, "amount", "money.too_large", "'the amount is too large'", value="minor")
    reason = "'money received must be positive: post money given back as a refund of its receipt'"
    desk.note("work", "minor < 0", "amount", "receipt.not_positive", reason, value="minor")
    desk.put_days([("work", "posting_date")])
    desk.put_rates("work")
    put_customer_refs(desk, source_id, "SELECT DISTINCT customer_key FROM work")
    put_receipts(desk, source_id, "SELECT DISTINCT external_id FROM work")
    desk.con.execute(f"CREATE OR REPLACE TABLE status AS {_status_sql(desk)}")
    reason = "'the receipt differs from the ledger in ' || what || ': it is taken back and posted anew'"
    desk.note("status", "what <> ''", "receipt_id", "receipt.changed", reason, warning=True)
    note_standing(desk, "receipt")
    desk.forget_faulty("work", "status")
    counts = Counts(dict.fromkeys(("new", "unchanged", "changed"), 0))
    counts.changes |= dict(desk.all("SELECT status, count(*) FROM status GROUP BY status"))
    count_rest(desk, counts)
    count_not_reposted(desk, counts.changes)
    return counts


def _status_sql(desk: Desk) -> str:
    rules = {
        "amount": "w.minor <> k.minor",
        "currency": "w.currency <> k.currency",
        # Money whose payer was found out later keeps the payer it was given.
        "customer_id": "f.account_id IS DISTINCT FROM k.account_id"
        " AND f.account_id IS DISTINCT FROM k.first_account_id",
        "effective_date": "w.effective_date <> k.effective_date",
    }
    if "posting_date" in desk.columns:
        rules["posting_date"] = (
            "d.posting_day <> k.posting_date AND NOT (k.posting_date > w.posting_date AND day(k.posting_date) = 1)"
        )
    if "reference" in desk.columns:
        rules["reference"] = "coalesce(s.reference, '') <> k.reference"
    what = ", ".join(f"CASE WHEN {rule} THEN {quoted(name)} END" for name, rule in sorted(rules.items()))
    return f"""SELECT *, CASE WHEN receipt IS NULL THEN 'new' WHEN what <> '' THEN 'changed' ELSE 'unchanged' END
            AS status FROM (SELECT w.row, k.receipt, k.version, f.account_id,
            CASE WHEN k.receipt IS NULL THEN '' ELSE concat_ws(', ', {what}) END AS what
        FROM work w JOIN staged s ON s.row = w.row
        LEFT JOIN days d ON d.entity_id = w.entity_id AND d.day = w.posting_date
        LEFT JOIN refs f ON f.entity_id = w.entity_id AND f.customer_key = w.customer_key
        LEFT JOIN known_receipts k ON k.entity_id = w.entity_id AND k.external_id = w.external_id)"""


def write_receipt_plan(desk: Desk) -> None:
    """View ``plan``: a row per good row with everything a receipt and its entry are written from."""
    recorded = "s.recorded_at" if "recorded_at" in desk.columns else "CAST(NULL AS TIMESTAMPTZ)"
    desk.write_plan(
        f"""SELECT w.row, t.status, t.receipt AS known_receipt, t.version AS known_version, w.entity_id, t.account_id,
            w.customer_key, CAST(NULL AS VARCHAR) AS customer_name, w.external_id,
            coalesce(s.reference, '') AS reference, d.posting_day AS posting_date, w.effective_date, w.currency,
            w.minor, {desk.base_sql()} AS base_minor, {recorded} AS source_recorded_at
        FROM work w JOIN staged s ON s.row = w.row JOIN status t ON t.row = w.row
        JOIN days d ON d.entity_id = w.entity_id AND d.day = w.posting_date
        LEFT JOIN rates r ON r.entity_id = w.entity_id AND r.currency = w.currency AND r.day = w.effective_date
        WHERE {{rows}}"""
    )


_COLUMNS = (
    "entity_id account_id external_id reference posting_date effective_date currency minor base_minor "
    "source_recorded_at"
).split()


def post_new_receipts(
    desk: Desk, *, source_id: int, actor_id: int | None, now: datetime, progress: Progress | None = None
) -> int:
    """Writes every ``new`` row of the plan as a receipt with its entry; gives their number."""
    total = int(desk.one("SELECT count(*) FROM status WHERE status = 'new'"))
    done = 0
    names = ", ".join(f"p.{name}" for name in _COLUMNS if name != "account_id")
    sql = (
        f"SELECT {names}, coalesce(p.account_id, m.account_id) AS account_id FROM {{plan}} p LEFT JOIN made m"
        " ON m.entity_id = p.entity_id AND m.customer_key = p.customer_key WHERE p.status = 'new' ORDER BY p.row"
    )
    for batch in desk.stream_plan(sql, CHUNK_ROWS):
        rows = pa.Table.from_batches([batch])
        columns: dict[str, Any] = {
            "id": pa.array(reserve_ids("store_receipt", rows.num_rows), pa.int64()),
            "entry_id": pa.array(reserve_ids("store_journalentry", rows.num_rows), pa.int64()),
        }
        columns |= {name: plain_column(rows[name]) for name in _COLUMNS}
        _post_chunk(pa.table(columns), source_id, actor_id, now)
        done += rows.num_rows
        if progress:
            progress("post", done, total)
    drop_temp_table(_TABLE)
    return total


def _post_chunk(rows: Any, source_id: int, actor_id: int | None, now: datetime) -> None:
    fill_temp_table(_TABLE, rows)
    run(
        f"""INSERT INTO store_receipt (id, entity_id, account_id, source_id, external_id, version, reference,
            value_date, posting_date, effective_date, currency, amount_minor, base_minor, entry_id)
        SELECT id, entity_id, account_id, %s, external_id, 1, reference, effective_date, posting_date, effective_date,
            currency, minor, base_minor, entry_id FROM {_TABLE}""",
        [source_id],
    )
    run(
        f"""{POSTING} SELECT entry_id, l.line, CASE l.line WHEN 1 THEN %s ELSE %s END, account_id, NULL,
            CASE l.line WHEN 2 THEN id END, currency, CASE l.line WHEN 1 THEN minor ELSE -minor END,
            CASE l.line WHEN 1 THEN base_minor ELSE -base_minor END
        FROM {_TABLE} CROSS JOIN (SELECT 1 AS line UNION ALL SELECT 2) l""",
        [LedgerAccount.BANK.value, LedgerAccount.UNAPPLIED.value],
    )
    run(
        f"""{ENTRY} SELECT entry_id, entity_id, %s, effective_date, posting_date, %s, {sql_id(actor_id)}, NULL, %s, '',
            source_recorded_at, '' FROM {_TABLE}""",
        [EntryKind.RECEIPT.value, instant(now), source_id],
    )
    run(
        f"""INSERT INTO store_receiptbalance (receipt_id, account_id, original_minor, unidentified_minor,
            unapplied_minor, on_account_minor, open_base_minor, is_current)
        SELECT id, account_id, minor, 0, minor, 0, base_minor, true FROM {_TABLE}"""
    )
