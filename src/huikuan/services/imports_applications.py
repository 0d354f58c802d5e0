"""Files of applications compared with the ledger: which are new, changed, faulty. SQL on the desk, nothing written.

Rows of one application_id are one entry. Its date is the latest of its rows', and never before an item or receipt it
touches.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq

from huikuan.core.accounts import LedgerAccount
from huikuan.services.imports_desk import MINOR_SQL, TOO_LARGE, Desk
from huikuan.services.imports_items import Counts
from huikuan.services.imports_lookup import put_application_legs, put_entities, put_items, put_receipts, put_unmet
from huikuan.services.imports_stage import FAULTY_KEYS

ROWS_MAX = 30_000
"""Rows of one application: an entry's lines are counted in 15 bits."""

CONTRA_BY_SOURCE = {
    "write_off": LedgerAccount.BAD_DEBT,
    "bad_debt": LedgerAccount.BAD_DEBT,
    "discount": LedgerAccount.DISCOUNT,
    "early_payment_discount": LedgerAccount.DISCOUNT,
}
"""Where the other side goes by the file's ``source`` when no receipt is named; everything else goes to clearing."""


def plan_applications(desk: Desk, source_id: int, actor_id: int | None) -> Counts:
    """Tables ``rows`` (a row per good row with its item and receipt) and ``apps`` (an entry each, in order)."""
    put_entities(desk, actor_id)
    _put_work(desk)
    put_items(desk, source_id, "SELECT DISTINCT item_key FROM work")
    put_receipts(desk, source_id, "SELECT DISTINCT receipt_key FROM work WHERE receipt_key IS NOT NULL")
    put_application_legs(
        desk,
        source_id,
        "SELECT application_key FROM work UNION SELECT reverses_key FROM work WHERE reverses_key IS NOT NULL",
    )
    put_unmet(desk)
    _note_unknown(desk)
    _note_other_rows(desk)
    desk.con.execute(f"CREATE OR REPLACE TABLE rows AS {_ROWS_SQL}")
    desk.forget_faulty("rows")
    _put_apps(desk)
    _note_over_applied(desk)
    _note_company(desk)
    desk.forget_faulty("rows")
    desk.con.execute("DELETE FROM apps WHERE app NOT IN (SELECT app FROM rows)")
    return _count(desk)


def _put_work(desk: Desk) -> None:
    desk.con.execute(
        f"""CREATE OR REPLACE TABLE work AS
        SELECT s.row, s.application_id AS application_key, s.item_id AS item_key, s.receipt_id AS receipt_key,
            e.entity_id, e.base, s.currency, {MINOR_SQL} AS minor, s.effective_date, s.posting_date, s.reverses_id
            AS reverses_key, lower(coalesce(s.source, '')) AS source, s.recorded_at
        FROM staged s JOIN exponents x ON x.currency = s.currency JOIN entities e ON e.code = coalesce(s.entity, '')"""
    )
    desk.note("work", TOO_LARGE, "amount", "money.too_large", "'the amount is too large'", value="minor")


def _note_unknown(desk: Desk) -> None:
    lost = "(SELECT w.* FROM work w ANTI JOIN known k ON k.entity_id = w.entity_id AND k.external_id = w.item_key)"
    reason = "'there is no item ' || item_key || ' of this source: import the items first'"
    desk.note(lost, "true", "item_id", "item.unknown", reason, value="item_key")
    lost = (
        "(SELECT w.* FROM work w ANTI JOIN known_receipts k ON k.entity_id = w.entity_id"
        " AND k.external_id = w.receipt_key WHERE w.receipt_key IS NOT NULL)"
    )
    reason = "'there is no receipt ' || receipt_key || ' of this source: import the receipts first'"
    desk.note(lost, "true", "receipt_id", "receipt.unknown", reason, value="receipt_key")
    both = (
        "(SELECT w.*, k.currency AS item_currency, q.currency AS receipt_currency, k.account_id, q.account_id AS payer"
        " FROM work w JOIN known k ON k.entity_id = w.entity_id AND k.external_id = w.item_key"
        " LEFT JOIN known_receipts q ON q.entity_id = w.entity_id AND q.external_id = w.receipt_key)"
    )
    reason = "'the item is in ' || item_currency || ', the row in ' || currency"
    desk.note(both, "currency <> item_currency", "currency", "application.currency", reason, value="currency")
    reason = (
        "'the receipt is in ' || receipt_currency || ', the item in ' || item_currency ||"
        " ': post this one by hand, with both amounts'"
    )
    where = "receipt_currency <> item_currency AND currency = item_currency"
    desk.note(both, where, "receipt_id", "application.currency_needs_amount", reason, value="receipt_key")
    reason = "'the item belongs to another customer than the money'"
    where = "receipt_key IS NOT NULL AND payer IS DISTINCT FROM account_id AND receipt_currency IS NOT NULL"
    desk.note(both, where, "receipt_id", "application.other_customer", reason, value="receipt_key")
    many = (
        f"(SELECT min(row) AS row, application_key FROM work GROUP BY entity_id, application_key"
        f" HAVING count(*) > {ROWS_MAX})"
    )
    desk.note(
        many, "true", "application_id", "application.too_long", f"'more than {ROWS_MAX:,} rows in one application'"
    )


def _note_other_rows(desk: Desk) -> None:
    """An application is posted whole: one faulty row keeps its other rows back."""
    path = desk.folder / FAULTY_KEYS
    keys = (
        pq.read_table(path)
        if path.exists()
        else pa.table({"entity": pa.array([], pa.string()), "key": pa.array([], pa.string())})
    )
    desk.put("faulty_keys", keys)
    faulty = (
        "SELECT e.entity_id, f.key AS application_key FROM faulty_keys f"
        " JOIN entities e ON e.code = coalesce(f.entity, '')"
        " UNION SELECT w.entity_id, w.application_key FROM work w JOIN faults x ON x.row = w.row AND NOT x.warning"
    )
    rest = (
        f"(SELECT w.row FROM work w JOIN ({faulty}) b ON b.entity_id = w.entity_id"
        " AND b.application_key = w.application_key WHERE w.row NOT IN (SELECT row FROM faults WHERE NOT warning))"
    )
    reason = "'another row of this application is faulty'"
    desk.note(rest, "true", "application_id", "application.other_row", reason)


_ROWS_SQL = """SELECT w.*, k.item, k.account_id, k.ledger_account, k.minor AS item_minor, k.open_minor AS item_open,
        k.effective_date AS item_effective, k.posting_date AS item_posting, k.due_date, q.receipt,
        q.account_id AS receipt_account, q.unapplied_minor, q.minor AS receipt_minor,
        greatest(w.effective_date, k.effective_date, coalesce(q.effective_date, w.effective_date)) AS effective,
        greatest(w.posting_date, k.posting_date, coalesce(q.posting_date, w.posting_date)) AS posting
    FROM work w JOIN known k ON k.entity_id = w.entity_id AND k.external_id = w.item_key
    LEFT JOIN known_receipts q ON q.entity_id = w.entity_id AND q.external_id = w.receipt_key"""


def _put_apps(desk: Desk) -> None:
    """One entry per application, compared with the one the ledger has under its id, if any."""
    early = "effective_date < item_effective"
    reason = "'dated before its item: counts from the item''s day, ' || item_effective"
    desk.note("rows", early, "effective_date", "application.before_item", reason, value="effective_date", warning=True)
    desk.con.execute(
        """CREATE OR REPLACE TABLE grouped AS SELECT entity_id, application_key, min(row) AS row, max(base) AS base,
            max(effective) AS effective, max(posting) AS posting, max(recorded_at) AS recorded_at,
            max(reverses_key) AS reverses_key, count(DISTINCT (effective_date, posting_date)) AS dates,
            list_sort(list(item_key || chr(31) || minor || chr(31) || coalesce(receipt_key, ''))) AS content,
            list_sort(list(item_key || chr(31) || -minor || chr(31) || coalesce(receipt_key, ''))) AS opposite
        FROM rows GROUP BY entity_id, application_key"""
    )
    reason = "'the rows of this application have different dates: it counts from the latest'"
    desk.note("grouped", "dates > 1", "effective_date", "application.dates", reason, warning=True)
    desk.con.execute(
        """CREATE OR REPLACE TABLE known_apps AS SELECT entity_id, application_key, entry, max(effective_date)
            AS effective, bool_or(reversed) AS reversed,
            list_sort(list(item_key || chr(31) || minor || chr(31) || coalesce(receipt_key, ''))) AS content
        FROM app_legs GROUP BY entity_id, application_key, entry
        QUALIFY row_number() OVER (PARTITION BY entity_id, application_key ORDER BY entry DESC) = 1"""
    )
    desk.put_days([("grouped", "posting")])
    desk.con.execute(
        """CREATE OR REPLACE TABLE apps AS SELECT row_number() OVER (ORDER BY d.posting_day, g.row) AS app, g.*,
            d.posting_day AS posting_day, k.entry AS known_entry, coalesce(k.reversed, false) AS known_reversed,
            CASE WHEN k.entry IS NULL THEN 'new'
                 WHEN k.content = g.content AND k.effective = g.effective THEN 'unchanged' ELSE 'changed' END AS status,
            o.entry AS reverses_entry, f.application_key IS NOT NULL AS reverses_in_file
        FROM grouped g JOIN days d ON d.entity_id = g.entity_id AND d.day = g.posting
        LEFT JOIN known_apps k ON k.entity_id = g.entity_id AND k.application_key = g.application_key
        LEFT JOIN known_apps o ON o.entity_id = g.entity_id AND o.application_key = g.reverses_key AND NOT o.reversed
            AND o.content = g.opposite
        LEFT JOIN grouped f ON f.entity_id = g.entity_id AND f.application_key = g.reverses_key
            AND f.content = g.opposite"""
    )
    # Only one entry can reverse another; a second one that claims it is posted as a plain opposite.
    desk.con.execute(
        "UPDATE apps SET reverses_entry = NULL WHERE app NOT IN"
        " (SELECT min(app) FROM apps WHERE reverses_entry IS NOT NULL GROUP BY reverses_entry)"
    )
    desk.con.execute(
        """CREATE OR REPLACE TABLE rows AS SELECT r.*, a.app, a.status, a.posting_day FROM rows r JOIN apps a
            ON a.entity_id = r.entity_id AND a.application_key = r.application_key"""
    )
    reason = "'the application differs from the ledger: it is taken back and posted anew'"
    desk.note("apps", "status = 'changed'", "application_id", "application.changed", reason, warning=True)


def _note_over_applied(desk: Desk) -> None:
    """Running sums over what is open, in the order the entries will count: the row that goes beyond is refused."""
    changed = (
        "SELECT l.item, l.receipt, l.minor FROM app_legs l JOIN apps a ON a.known_entry = l.entry"
        " WHERE a.status = 'changed' AND NOT a.known_reversed"
    )
    desk.con.execute(
        f"""CREATE OR REPLACE TABLE running AS SELECT r.row, r.currency, x.factor, r.minor, r.item_minor,
            r.item_open, r.receipt, r.receipt_minor, r.unapplied_minor, coalesce(b.minor, 0) AS given_back,
            coalesce(u.minor, 0) AS unmet, sum(r.minor) OVER (PARTITION BY r.item ORDER BY r.app, r.row) AS on_item,
            sum(r.minor) OVER (PARTITION BY r.receipt ORDER BY r.app, r.row) AS from_receipt,
            coalesce(c.minor, 0) AS receipt_given_back
        FROM rows r
        LEFT JOIN (SELECT item, sum(minor) AS minor FROM ({changed}) GROUP BY item) b ON b.item = r.item
        LEFT JOIN (SELECT receipt, sum(minor) AS minor FROM ({changed}) GROUP BY receipt) c ON c.receipt = r.receipt
        JOIN exponents x ON x.currency = r.currency
        LEFT JOIN unmet u ON u.item = r.item WHERE r.status <> 'unchanged'"""
    )
    left = "sign(item_minor) * (item_open + given_back + unmet - on_item)"
    available = "major(abs(item_open + given_back + unmet), factor) || ' ' || currency"
    reason = f"'more is applied than the ' || {available} || ' still open on the item'"
    desk.note("running", f"{left} < 0", "amount", "application.over_applied", reason, value="major(minor, factor)")
    reason = "'more is taken back than was ever applied to the item'"
    desk.note(
        "running",
        f"{left} - abs(unmet) > abs(item_minor)",
        "amount",
        "application.over_unapplied",
        reason,
        value="major(minor, factor)",
    )
    money = "unapplied_minor + receipt_given_back - from_receipt"
    available = "major(unapplied_minor + receipt_given_back, factor) || ' ' || currency"
    reason = f"'more is applied than the ' || {available} || ' left of the receipt'"
    where = f"receipt IS NOT NULL AND {money} < 0"
    desk.note("running", where, "receipt_id", "application.fund_exceeded", reason, value="major(minor, factor)")
    reason = "'more goes back to the receipt than it ever had'"
    where = f"receipt IS NOT NULL AND {money} > receipt_minor"
    desk.note("running", where, "receipt_id", "application.over_unapplied", reason, value="major(minor, factor)")


def _note_company(desk: Desk) -> None:
    rest = (
        "(SELECT r.row FROM rows r WHERE r.app IN (SELECT r2.app FROM rows r2 JOIN faults x ON x.row = r2.row"
        " AND NOT x.warning) AND r.row NOT IN (SELECT row FROM faults WHERE NOT warning))"
    )
    reason = "'another row of this application is faulty'"
    desk.note(rest, "true", "application_id", "application.other_row", reason)


def _count(desk: Desk) -> Counts:
    counts = Counts(dict.fromkeys(("new", "unchanged", "changed"), 0))
    counts.changes |= dict(desk.all("SELECT status, count(*) FROM rows GROUP BY status"))
    late = "SELECT count(*) FROM apps WHERE status <> 'unchanged' AND posting_day <> posting"
    counts.changes["late"] = int(desk.one(late))
    totals = "SELECT currency, count(*), sum(minor) FROM rows GROUP BY currency ORDER BY currency"
    counts.totals = [(currency, int(rows), int(total)) for currency, rows, total in desk.all(totals)]
    return counts
