"""The questions ``verify`` asks of the database: each finds the first fault, in SQL both databases understand."""

from __future__ import annotations

from dataclasses import dataclass

from huikuan.core.accounts import CONTROL_ACCOUNTS

_CONTROL = ", ".join(f"'{account.value}'" for account in CONTROL_ACCOUNTS)


@dataclass(frozen=True, slots=True)
class Query:
    """``fault_sql`` gives the columns ``fault_text`` names, for the first fault only."""

    name: str
    count_sql: str
    fault_sql: str
    fault_text: str


_ITEM_SUMS = (
    f"SELECT item_id, sum(amount_minor) AS amount, sum(base_minor) AS base FROM store_posting"
    f" WHERE item_id IS NOT NULL AND ledger_account IN ({_CONTROL}) GROUP BY item_id"
)


def _receipt_sum(account: str) -> str:
    return f"-sum(CASE WHEN ledger_account = '{account}' THEN amount_minor ELSE 0 END)"


_RECEIPT_SUMS = (
    f"SELECT receipt_id, {_receipt_sum('suspense')} AS unidentified, {_receipt_sum('unapplied')} AS unapplied,"
    f" {_receipt_sum('advances')} AS on_account, -sum(base_minor) AS base FROM store_posting"
    " WHERE receipt_id IS NOT NULL AND item_id IS NULL AND ledger_account IN ('suspense', 'unapplied', 'advances')"
    " GROUP BY receipt_id"
)

QUERIES = (
    Query(
        "entries_balanced",
        "SELECT count(*) FROM store_journalentry",
        "SELECT entry_id, currency, amount FROM"
        " (SELECT entry_id, currency, sum(amount_minor) AS amount FROM store_posting"
        " GROUP BY entry_id, currency) x WHERE amount <> 0 ORDER BY entry_id LIMIT 1",
        "entry {0}: postings in {1} sum to {2} minor units",
    ),
    Query(
        "entries_balanced_in_base",
        "SELECT count(*) FROM store_journalentry",
        "SELECT entry_id, base, postings FROM (SELECT entry_id, sum(base_minor) AS base, count(*) AS postings"
        " FROM store_posting GROUP BY entry_id) x WHERE base <> 0 OR postings < 2 ORDER BY entry_id LIMIT 1",
        "entry {0}: {2} postings sum to {1} in base currency",
    ),
    Query(
        "entries_have_postings",
        "SELECT count(*) FROM store_journalentry",
        "SELECT e.id FROM store_journalentry e WHERE NOT EXISTS"
        " (SELECT 1 FROM store_posting p WHERE p.entry_id = e.id) ORDER BY e.id LIMIT 1",
        "entry {0} has no postings",
    ),
    Query(
        "postings_have_entries",
        "SELECT count(*) FROM store_posting",
        "SELECT p.entry_id, p.line FROM store_posting p WHERE NOT EXISTS"
        " (SELECT 1 FROM store_journalentry e WHERE e.id = p.entry_id) ORDER BY p.entry_id LIMIT 1",
        "posting {0}/{1} has no entry",
    ),
    Query(
        "items_as_posted",
        "SELECT count(*) FROM store_openitem",
        "SELECT i.id, i.amount_minor, p.amount_minor FROM store_openitem i LEFT JOIN store_posting p"
        " ON p.entry_id = i.entry_id AND p.item_id = i.id AND p.ledger_account = i.ledger_account"
        " AND p.currency = i.currency WHERE p.amount_minor IS NULL OR p.amount_minor <> i.amount_minor"
        " OR p.base_minor <> i.base_minor ORDER BY i.id LIMIT 1",
        "item {0}: {1} minor units on the item, {2} posted",
    ),
    Query(
        "item_balances",
        "SELECT count(*) FROM store_openitembalance",
        "SELECT i.id, b.open_minor, s.amount, b.open_base_minor, s.base FROM store_openitem i"
        " LEFT JOIN store_openitembalance b ON b.item_id = i.id"
        f" LEFT JOIN ({_ITEM_SUMS}) s ON s.item_id = i.id"
        " WHERE b.item_id IS NULL OR b.open_minor <> coalesce(s.amount, 0) OR b.open_base_minor <> coalesce(s.base, 0)"
        " OR b.original_minor <> i.amount_minor OR b.account_id <> i.account_id ORDER BY i.id LIMIT 1",
        "item {0}: cached open {1}, postings say {2} (base {3} against {4})",
    ),
    Query(
        "receipt_balances",
        "SELECT count(*) FROM store_receiptbalance",
        "SELECT r.id, b.unidentified_minor, b.unapplied_minor, b.on_account_minor, s.unidentified, s.unapplied,"
        " s.on_account FROM store_receipt r LEFT JOIN store_receiptbalance b ON b.receipt_id = r.id"
        f" LEFT JOIN ({_RECEIPT_SUMS}) s ON s.receipt_id = r.id"
        " WHERE b.receipt_id IS NULL OR b.unidentified_minor <> s.unidentified OR b.unapplied_minor <> s.unapplied"
        " OR b.on_account_minor <> s.on_account OR b.open_base_minor <> s.base OR b.original_minor <> r.amount_minor"
        " ORDER BY r.id LIMIT 1",
        "receipt {0}: cached unidentified, unapplied, on account {1}, {2}, {3}; postings say {4}, {5}, {6}",
    ),
    Query(
        "control_accounts",
        f"SELECT count(*) FROM store_posting WHERE ledger_account IN ({_CONTROL})",
        "SELECT entity_id, ledger_account, currency, ledger, open_rows FROM ("
        " SELECT entity_id, ledger_account, currency, sum(ledger) AS ledger, sum(open_rows) AS open_rows FROM ("
        "  SELECT e.entity_id, p.ledger_account, p.currency, p.amount_minor AS ledger, 0 AS open_rows"
        f"  FROM store_posting p JOIN store_journalentry e ON e.id = p.entry_id WHERE p.ledger_account IN ({_CONTROL})"
        "  UNION ALL SELECT i.entity_id, i.ledger_account, i.currency, 0, b.open_minor"
        "  FROM store_openitem i JOIN store_openitembalance b ON b.item_id = i.id"
        "  UNION ALL SELECT r.entity_id, 'suspense', r.currency, 0, -b.unidentified_minor"
        "  FROM store_receipt r JOIN store_receiptbalance b ON b.receipt_id = r.id"
        "  UNION ALL SELECT r.entity_id, 'unapplied', r.currency, 0, -b.unapplied_minor"
        "  FROM store_receipt r JOIN store_receiptbalance b ON b.receipt_id = r.id"
        "  UNION ALL SELECT r.entity_id, 'advances', r.currency, 0, -b.on_account_minor"
        "  FROM store_receipt r JOIN store_receiptbalance b ON b.receipt_id = r.id"
        " ) rows_of_both GROUP BY entity_id, ledger_account, currency) sums"
        " WHERE ledger <> open_rows ORDER BY entity_id, ledger_account, currency LIMIT 1",
        "entity {0}, {1} in {2}: ledger {3}, open rows {4}",
    ),
    Query(
        "reversals_mirror",
        "SELECT count(*) FROM store_journalentry WHERE reverses_id IS NOT NULL",
        "SELECT e.id, e.reverses_id FROM store_journalentry e WHERE e.kind = 'reversal' AND EXISTS ("
        " SELECT 1 FROM store_posting p WHERE p.entry_id = e.reverses_id AND NOT EXISTS ("
        "  SELECT 1 FROM store_posting q WHERE q.entry_id = e.id AND q.line = p.line"
        "  AND q.ledger_account = p.ledger_account AND q.amount_minor = -p.amount_minor"
        "  AND q.base_minor = -p.base_minor)) ORDER BY e.id LIMIT 1",
        "entry {0} does not negate entry {1}",
    ),
    Query(
        "einvoices",
        "SELECT count(*) FROM store_einvoice",
        "SELECT v.number, v.net_minor, v.tax_minor, t.net, t.tax, v.payable_minor, i.amount_minor FROM store_einvoice v"
        " JOIN store_openitem i ON i.id = v.item_id LEFT JOIN (SELECT einvoice_id, sum(net_minor) AS net,"
        " sum(tax_minor) AS tax FROM store_einvoicetax GROUP BY einvoice_id) t ON t.einvoice_id = v.id"
        " WHERE coalesce(t.net, 0) <> v.net_minor OR coalesce(t.tax, 0) <> v.tax_minor"
        " OR v.net_minor + v.tax_minor <> v.gross_minor OR i.currency <> v.currency"
        " OR i.amount_minor NOT IN (v.payable_minor, v.gross_minor) ORDER BY v.id LIMIT 1",
        "e-invoice {0}: net {1} and tax {2}, by rate {3} and {4}; due {5}, its item {6}",
    ),
    Query(
        "bank_lines",
        "SELECT count(*) FROM store_banklinereceipt WHERE tie <> 'bounced'",
        "SELECT l.id, l.amount_minor, s.amount FROM store_bankline l JOIN (SELECT line_id, sum(amount_minor) AS amount"
        " FROM (SELECT t.line_id, r.amount_minor FROM store_banklinereceipt t"
        "  JOIN store_receipt r ON r.id = t.receipt_id"
        "  WHERE t.tie <> 'bounced' AND NOT EXISTS (SELECT 1 FROM store_linepart p WHERE p.line_id = t.line_id)"
        "  UNION ALL SELECT p.line_id, r.amount_minor FROM store_linepart p"
        "  JOIN store_receipt r ON r.id = p.receipt_id) x"
        " GROUP BY line_id) s ON s.line_id = l.id LEFT JOIN store_banklinefee f ON f.line_id = l.id"
        " WHERE l.amount_minor + coalesce(f.amount_minor, 0) <> s.amount ORDER BY l.id LIMIT 1",
        "bank line {0}: {1}, its receipts {2}",
    ),
    Query(
        "bank_fees",
        "SELECT count(*) FROM store_banklinefee",
        "SELECT f.line_id, f.amount_minor, p.amount_minor FROM store_banklinefee f LEFT JOIN store_posting p"
        " ON p.entry_id = f.entry_id AND p.ledger_account = 'payables'"
        " WHERE p.amount_minor IS NULL OR p.amount_minor <> f.amount_minor ORDER BY f.line_id LIMIT 1",
        "bank line {0}: fee {1}, booked {2}",
    ),
)
