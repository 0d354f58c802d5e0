"""What is open: SQL over the snapshot's relations that nets the journal per item and per receipt.

An open row is the sum of the postings that name it on a control account, as of a day, by one basis. So the open rows
add up to the control accounts for every day there ever was, by construction and whatever happened in which order.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from huikuan.core.accounts import CONTROL_ACCOUNTS, LedgerAccount
from huikuan.core.ageing import Basis

ITEM_CONTROLS = (LedgerAccount.TRADE, LedgerAccount.NOTES, LedgerAccount.ADVANCES)
"""Control accounts whose open rows are items (advances also holds receipts kept on account)."""
CASH_CONTROLS = (LedgerAccount.UNAPPLIED, LedgerAccount.ADVANCES)
"""Control accounts on which received money of a known customer waits."""


def texts(values: Iterable[str]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def day_of(day: date) -> str:
    return f"DATE '{day.isoformat()}'"


def basis_day(basis: Basis, alias: str = "") -> str:
    """The column a posting counts by."""
    return f"{alias}{'posting_date' if basis == 'posting' else 'effective_date'}"


def ids(values: Iterable[int]) -> str:
    """A list for IN that is never empty."""
    return ", ".join(str(int(value)) for value in values) or "NULL"


ITEM_LEGS = f"item_id IS NOT NULL AND ledger_account IN ({texts(ITEM_CONTROLS)})"
"""Postings that change what is open on an item."""
CASH_LEGS = f"receipt_id IS NOT NULL AND item_id IS NULL AND ledger_account IN ({texts((*CASH_CONTROLS, 'suspense'))})"
"""Postings that move received money between its buckets, or out of them."""
CONTROL_LEGS = f"ledger_account IN ({texts(CONTROL_ACCOUNTS)})"


@dataclass(frozen=True, slots=True)
class Counting:
    """Which postings count: up to ``as_of`` by ``basis``, and, for what came after a kept answer, only ``after``."""

    as_of: date
    basis: Basis = "posting"
    after: int | None = None
    only: str = ""

    def where(self, alias: str = "") -> str:
        later = "" if self.after is None else f" AND ({alias}ledger_seq > {self.after} OR {alias}ledger_seq IS NULL)"
        return (
            f"{basis_day(self.basis, alias)} <= {day_of(self.as_of)}{later}{f' AND {self.only}' if self.only else ''}"
        )


ITEM_COLUMNS = "item_id, account_id, entity_id, currency, due_date, document_date, amount_minor, amount_base"
ITEM_KEPT = f"{ITEM_COLUMNS}, ledger_account, open_minor, open_base"
RECEIPT_KEYS = "receipt_id, account_id, entity_id, currency, ledger_account"


def item_sums(counting: Counting) -> str:
    """Per item, what its postings add up to."""
    return (
        "SELECT item_id, sum(amount_minor)::BIGINT AS open_minor, sum(base_minor)::BIGINT AS open_base"
        f" FROM journal WHERE {ITEM_LEGS} AND {counting.where()} GROUP BY item_id"
    )


def with_item_facts(sums: str) -> str:
    """Sums per item with the facts of the item that ageing goes by."""
    return (
        "SELECT i.item_id, i.account_id, i.entity_id, i.currency, i.due_date, i.document_date, i.amount_minor,"
        " i.base_minor AS amount_base, i.ledger_account, s.open_minor, s.open_base"
        f" FROM ({sums}) AS s JOIN items AS i ON i.item_id = s.item_id"
    )


def open_items_sql(counting: Counting) -> str:
    """One row per item with something open: ``ITEM_KEPT``. Signs are the item's: credits are negative."""
    return with_item_facts(f"{item_sums(counting)} HAVING sum(amount_minor) <> 0")


def merged_items_sql() -> str:
    """Open items from the kept ones (``kept``) and the sums of what was posted since (``since``)."""
    return (
        f"SELECT {ITEM_KEPT} FROM kept ANTI JOIN since USING (item_id)"
        f" UNION ALL SELECT {_aliased(ITEM_COLUMNS)}, k.ledger_account, k.open_minor + s.open_minor,"
        " k.open_base + s.open_base FROM kept AS k JOIN since AS s ON k.item_id = s.item_id"
        " WHERE k.open_minor + s.open_minor <> 0 UNION ALL "
        + with_item_facts("SELECT * FROM since ANTI JOIN kept USING (item_id) WHERE open_minor <> 0")
    )


def open_receipts_sql(counting: Counting) -> str:
    """One row per receipt, account and bucket of money (``ledger_account``) that holds some: ``rest_minor`` positive.
    Money in suspense has account 0: nobody knows whose it is."""
    return (
        "SELECT receipt_id, coalesce(account_id, 0) AS account_id, entity_id, currency, ledger_account,"
        " -sum(amount_minor)::BIGINT AS rest_minor, -sum(base_minor)::BIGINT AS rest_base"
        f" FROM journal WHERE {CASH_LEGS} AND {counting.where()} GROUP BY ALL HAVING sum(amount_minor) <> 0"
    )


def merged_receipts_sql() -> str:
    """Open receipts from the kept ones and those of what was posted since."""
    return (
        f"SELECT {RECEIPT_KEYS}, sum(rest_minor)::BIGINT AS rest_minor, sum(rest_base)::BIGINT AS rest_base"
        " FROM (SELECT * FROM kept UNION ALL SELECT * FROM since) GROUP BY ALL HAVING sum(rest_minor) <> 0"
    )


def _aliased(columns: str) -> str:
    return ", ".join(f"k.{name}" for name in columns.split(", "))
