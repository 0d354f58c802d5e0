"""Comparing a file of items with the ledger: which are new, changed, settled since, vanished, and what each becomes.

Everything here is SQL on the desk, row sets at a time; nothing is written to the database.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from huikuan.core.accounts import CONTRA_ACCOUNTS, ITEM_ACCOUNTS, ItemKind
from huikuan.services.imports_desk import MINOR_SQL, TOO_LARGE, Desk, quoted
from huikuan.services.imports_lookup import put_customer_refs, put_entities, put_items
from huikuan.services.imports_standing import count_not_reposted, note_standing


@dataclass(slots=True)
class Counts:
    """How many rows do what; ``totals`` per currency: (currency, rows, sum in minor units)."""

    changes: dict[str, int] = field(default_factory=dict)
    new_customers: int = 0
    totals: list[tuple[str, int, int]] = field(default_factory=list)


def plan_items(desk: Desk, source_id: int, actor_id: int | None) -> Counts:
    """Tables ``work``, ``status`` (a row per good row), ``vanished``, ``reduced``; ``write_item_plan`` comes next."""
    put_entities(desk, actor_id)
    _put_work(desk)
    desk.put_days([("work", "posting_date"), ("work", "settled_on")])
    desk.put_rates("work")
    snapshot = desk.options.feed == "snapshot"
    put_customer_refs(desk, source_id, "SELECT DISTINCT customer_key FROM work")
    put_items(desk, source_id, "SELECT DISTINCT external_id FROM work", all_open=snapshot)
    desk.con.execute(f"CREATE OR REPLACE TABLE status AS {_status_sql(desk)}")
    _note_oddities(desk)
    note_standing(desk, "item")
    desk.forget_faulty("work", "status")
    _put_settled(desk, snapshot)
    counts = _count(desk)
    count_not_reposted(desk, counts.changes)
    return counts


def _put_work(desk: Desk) -> None:
    snapshot_day = f"DATE {quoted(str(desk.options.snapshot_date or desk.now_day))}"
    open_sql = MINOR_SQL.replace("s.amount", "s.open_amount")
    desk.con.execute(
        f"""CREATE OR REPLACE TABLE work AS
        SELECT s.row, s.item_id AS external_id, s.customer_id AS customer_key, e.entity_id, e.base, s.currency,
            {MINOR_SQL} AS minor, {open_sql} AS open_minor, s.effective_date, s.posting_date, s.settled_date,
            CASE WHEN s.settled_date IS NOT NULL THEN greatest(s.settled_date, s.posting_date)
                 WHEN s.open_amount IS NOT NULL THEN greatest({snapshot_day}, s.posting_date) END AS settled_on
        FROM staged s JOIN exponents x ON x.currency = s.currency JOIN entities e ON e.code = coalesce(s.entity, '')"""
    )
    desk.note("work", TOO_LARGE, "amount", "money.too_large", "'the amount is too large'", value="minor")


def _differences(desk: Desk) -> dict[str, str]:
    """Field → SQL that is true where the file says something else than the ledger. Only what the file has counts."""
    texts = ("document_number", "po_number", "contract_number", "sales_rep", "region", "product")
    rules = {name: f"coalesce(s.{name}, '') <> k.{name}" for name in texts}
    rules |= {
        "kind": "s.kind <> k.kind",
        "document_date": "s.document_date <> k.document_date",
        "due_date": "s.due_date <> k.due_date",
        "effective_date": "s.effective_date <> k.effective_date",
        # An item whose month was closed counts from a later first of a month: that is no difference.
        "posting_date": "d.posting_day <> k.posting_date AND NOT (k.posting_date > s.posting_date"
        " AND day(k.posting_date) = 1)",
        "currency": "s.currency <> k.currency",
        "discount_date": "s.discount_date IS DISTINCT FROM k.discount_date",
        "discount_percent": "CAST(round(s.discount_percent * 100) AS BIGINT) IS DISTINCT FROM k.discount_bp",
        "disputed": "coalesce(s.disputed, false) <> k.disputed",
    }
    rules = {name: rule for name, rule in rules.items() if name in desk.columns}
    if "terms" in desk.columns:
        rules["due_date"] = "s.due_date <> k.due_date"
    rules["customer_id"] = "f.account_id IS DISTINCT FROM k.account_id"
    rules["amount"] = "w.minor <> k.minor"
    if desk.options.feed == "snapshot":
        # A list of what is open shows a part payment as a smaller amount: that is a settlement, not a correction.
        rules["amount"] += " AND NOT (sign(w.minor) = sign(k.minor) AND abs(w.minor) < abs(k.minor))"
    return rules


def _status_sql(desk: Desk) -> str:
    if desk.one("SELECT count(*) FROM known") == 0:
        # A first load: nothing to compare with.
        return """SELECT w.row, w.entity_id, CAST(NULL AS BIGINT) AS item, CAST(NULL AS BIGINT) AS version,
                CAST(NULL AS BIGINT) AS known_open, CAST(NULL AS BIGINT) AS proposed_minor,
                CAST(NULL AS BIGINT) AS rejected_minor, CAST(NULL AS BIGINT) AS known_account_id, f.account_id,
                '' AS what, CAST(NULL AS BIGINT) AS reported_open, 'new' AS status
            FROM work w LEFT JOIN refs f ON f.entity_id = w.entity_id AND f.customer_key = w.customer_key"""
    what = ", ".join(f"CASE WHEN {rule} THEN {quoted(name)} END" for name, rule in sorted(_differences(desk).items()))
    smaller = "WHEN abs(w.minor) < abs(k.minor) AND sign(w.minor) = sign(k.minor) THEN w.minor"
    smaller = smaller if desk.options.feed == "snapshot" else ""
    return f"""SELECT *, CASE WHEN item IS NULL THEN 'new' WHEN what <> '' THEN 'changed' ELSE 'unchanged' END AS status
        FROM (SELECT w.row, w.entity_id, k.item, k.version, k.open_minor AS known_open, k.proposed_minor,
            k.rejected_minor, k.account_id AS known_account_id, f.account_id AS account_id,
            CASE WHEN k.item IS NULL THEN '' ELSE concat_ws(', ', {what}) END AS what,
            CASE WHEN w.settled_date IS NOT NULL THEN 0 WHEN w.open_minor IS NOT NULL THEN w.open_minor {smaller} END
                AS reported_open
        FROM work w JOIN staged s ON s.row = w.row
        LEFT JOIN days d ON d.entity_id = w.entity_id AND d.day = w.posting_date
        LEFT JOIN refs f ON f.entity_id = w.entity_id AND f.customer_key = w.customer_key
        LEFT JOIN known k ON k.entity_id = w.entity_id AND k.external_id = w.external_id)"""


def _note_oddities(desk: Desk) -> None:
    unpriced = (
        f"(SELECT w.row, {desk.base_sql()} AS base_minor, w.minor FROM work w JOIN rates r ON r.entity_id = w.entity_id"
        f" AND r.currency = w.currency AND r.day = w.effective_date WHERE w.currency <> w.base)"
    )
    reason = "'the amount is too large in the currency of the books'"
    desk.note(unpriced, "base_minor IS NULL", "amount", "money.too_large", reason, value="minor")
    moved = "item IS NOT NULL AND account_id IS DISTINCT FROM known_account_id"
    reason = "'the item is known under another customer; it is moved, money applied to it stays with the other'"
    desk.note("status", moved, "customer_id", "item.other_customer", reason, warning=True)
    reason = "'the item differs from the ledger in ' || what || ': it is taken back and posted anew'"
    desk.note("status", "what <> ''", "item_id", "item.changed", reason, warning=True)
    above = "what = '' AND sign(reported_open) = sign(known_open) AND abs(reported_open) > abs(known_open)"
    reason = "'the file has more open than the ledger: money applied here is not known there, nothing is changed'"
    desk.note("status", above, "open_amount", "item.open_above", reason, warning=True)


def _case(column: str, values: dict[ItemKind, object]) -> str:
    return (
        f"CASE {column} " + " ".join(f"WHEN '{kind.value}' THEN '{value}'" for kind, value in values.items()) + " END"
    )


def write_item_plan(desk: Desk) -> None:
    """View ``plan``: a row per good row with everything an item and its entries are written from."""
    opened = "sign(w.open_minor) <> -sign(w.minor) AND abs(w.open_minor) < abs(w.minor)"
    settled = (
        "CASE WHEN w.settled_date IS NOT NULL THEN w.minor"
        f" WHEN w.open_minor IS NOT NULL AND {opened} THEN w.minor - w.open_minor ELSE 0 END"
    )
    recorded = "s.recorded_at" if "recorded_at" in desk.columns else "CAST(NULL AS TIMESTAMPTZ)"
    desk.write_plan(
        f"""SELECT w.row, t.status, t.item AS known_item, t.version AS known_version, w.entity_id, t.account_id,
            w.customer_key, s.customer_name, w.external_id, s.kind,
            {_case("s.kind", dict(ITEM_ACCOUNTS))} AS ledger_account,
            {_case("s.kind", dict(CONTRA_ACCOUNTS))} AS contra_account,
            s.document_number, coalesce(s.po_number, '') AS po_number,
            coalesce(s.contract_number, '') AS contract_number, s.document_date, s.due_date,
            d.posting_day AS posting_date, w.effective_date, w.currency, w.minor,
            {desk.base_sql()} AS base_minor, s.discount_date,
            CAST(round(s.discount_percent * 100) AS BIGINT) AS discount_bp, coalesce(s.disputed, false) AS disputed,
            coalesce(s.sales_rep, '') AS sales_rep, coalesce(s.region, '') AS region,
            coalesce(s.product, '') AS product, {recorded} AS source_recorded_at, {settled} AS settled_minor,
            w.settled_on, g.posting_day AS settled_posting
        FROM work w JOIN staged s ON s.row = w.row JOIN status t ON t.row = w.row
        JOIN days d ON d.entity_id = w.entity_id AND d.day = w.posting_date
        LEFT JOIN days g ON g.entity_id = w.entity_id AND g.day = w.settled_on
        LEFT JOIN rates r ON r.entity_id = w.entity_id AND r.currency = w.currency AND r.day = w.effective_date
        WHERE {{rows}}"""
    )


def _put_settled(desk: Desk, snapshot: bool) -> None:
    """Tables ``reduced`` and ``vanished`` (item, amount settled, on): proposals, unless proposed before or rejected."""
    desk.con.execute(
        """CREATE OR REPLACE TABLE reduced AS SELECT t.item, t.known_open - t.reported_open AS minor,
            coalesce(w.settled_on, w.posting_date) AS settled_on
        FROM status t JOIN work w ON w.row = t.row WHERE t.what = '' AND t.item IS NOT NULL
            AND t.known_open <> 0 AND t.reported_open IS NOT NULL AND sign(t.reported_open) <> -sign(t.known_open)
            AND abs(t.reported_open) < abs(t.known_open)
            AND t.known_open - t.reported_open IS DISTINCT FROM t.proposed_minor
            AND t.known_open - t.reported_open IS DISTINCT FROM t.rejected_minor"""
    )
    desk.con.execute("CREATE OR REPLACE TABLE vanished AS SELECT item, minor, settled_on FROM reduced WHERE false")
    if not snapshot:
        return
    day = f"DATE {quoted(str(desk.options.snapshot_date or desk.now_day))}"
    desk.con.execute(f"UPDATE reduced SET settled_on = {day} WHERE settled_on < {day}")
    # A row that could not be read has not vanished: with faults in the file nothing is taken for vanished.
    if desk.faulty_rows() or not _is_whole(desk):
        return
    desk.con.execute(
        f"""INSERT INTO vanished SELECT k.item, k.open_minor, {day} FROM known k
        WHERE k.open_minor <> 0 AND k.entity_id IN (SELECT DISTINCT entity_id FROM work)
            AND k.open_minor IS DISTINCT FROM k.proposed_minor AND k.open_minor IS DISTINCT FROM k.rejected_minor
            AND NOT EXISTS (SELECT 1 FROM work w WHERE w.entity_id = k.entity_id AND w.external_id = k.external_id)"""
    )


def _is_whole(desk: Desk) -> bool:
    return not (desk.folder / "faulty").exists()


def _count(desk: Desk) -> Counts:
    counts = Counts()
    counts.changes = dict.fromkeys(("new", "unchanged", "changed"), 0)
    counts.changes |= dict(desk.all("SELECT status, count(*) FROM status GROUP BY status"))
    counts.changes["vanished"] = int(desk.one("SELECT count(*) FROM vanished"))
    counts.changes["reduced"] = int(desk.one("SELECT count(*) FROM reduced"))
    count_rest(desk, counts)
    return counts


def count_rest(desk: Desk, counts: Counts) -> None:
    """Late rows, new customers and totals, from ``work`` and ``status``."""
    late = (
        "SELECT count(*) FROM work w JOIN days d ON d.entity_id = w.entity_id AND d.day = w.posting_date"
        " JOIN status t ON t.row = w.row WHERE d.posting_day <> w.posting_date AND t.status <> 'unchanged'"
    )
    counts.changes["late"] = int(desk.one(late))
    group = desk.options.customer_scope == "group"
    key = "w.customer_key" if group else "(w.entity_id, w.customer_key)"
    known = "AND NOT EXISTS (SELECT 1 FROM refs r WHERE r.customer_key = w.customer_key)" if group else ""
    new = f"SELECT count(DISTINCT {key}) FROM work w JOIN status t ON t.row = w.row WHERE t.account_id IS NULL {known}"
    counts.new_customers = int(desk.one(new) or 0)
    totals = "SELECT currency, count(*), sum(minor) FROM work GROUP BY currency ORDER BY currency"
    counts.totals = [(currency, int(rows), int(total)) for currency, rows, total in desk.all(totals)]
