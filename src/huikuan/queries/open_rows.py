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
    """Which postings count: those up to ``as_of`` by ``basis``."""

    as_of: date
    basis: Basis = "posting"

    @property
    def counts(self) -> str:
        return f"{basis_day(self.basis)} <= {day_of(self.as_of)}"

    @property
    def is_later(self) -> str:
        return f"{basis_day(self.basis)} > {day_of(self.as_of)}"


@dataclass(frozen=True, slots=True)
class OpenRows:
    """A kind of open row: ``legs`` that make it, on ``accounts``, ``keys`` that tell rows apart, ``number`` the first
    of them, how sums become rows with facts, and the ``relation`` of the facts."""

    name: str
    relation: str
    number: str
    accounts: tuple[str, ...]
    legs: str
    keys: str
    sign: str
    facts: str

    def sums(self, where: str, journal: str = "journal") -> str:
        """Per row, what the postings that ``where`` lets through add up to."""
        return (
            f"SELECT {self.keys}, {self.sign}sum(amount_minor)::BIGINT AS open_minor FROM {journal}"
            f" WHERE {self.legs} AND {where} GROUP BY ALL HAVING sum(amount_minor) <> 0"
        )

    def with_facts(self, sums: str, named: str = "") -> str:
        """The rows as they are kept: keys, the facts ageing goes by, ``open_minor``. ``named``: a relation of the facts
        of these rows alone."""
        return self.facts.format(sums=sums, facts=named or self.relation)

    def changes(self, parts: Iterable[tuple[str, int]]) -> str:
        """Per row, the sum of several sets of postings: pairs of a predicate and +1, or -1 to take them out."""
        arms = " UNION ALL ".join(
            f"SELECT {self.keys}, {'-' if turn < 0 else ''}amount_minor AS change FROM journal"
            f" WHERE {self.legs} AND {where}"
            for where, turn in parts
        )
        return (
            f"SELECT {self.key_names}, {self.sign}sum(change)::BIGINT AS open_minor FROM ({arms})"
            " GROUP BY ALL HAVING sum(change) <> 0"
        )

    @property
    def key_list(self) -> list[str]:
        return [name.rpartition(" ")[2] for name in self.keys.split(", ")]

    @property
    def key_names(self) -> str:
        return ", ".join(self.key_list)

    @property
    def is_cash(self) -> bool:
        return self.relation == "receipts"

    def changed(self) -> str:
        """The rows that ``since`` (sums) makes of ``kept``, those that come to nothing left out."""
        same = " AND ".join(f"k.{name} = s.{name}" for name in self.key_names.split(", "))
        return (
            "SELECT k.* EXCLUDE (open_minor), k.open_minor + s.open_minor AS open_minor FROM kept AS k"
            f" JOIN since AS s ON {same} WHERE k.open_minor + s.open_minor <> 0 UNION ALL BY NAME "
            + self.with_facts(f"SELECT * FROM since ANTI JOIN kept USING ({self.key_names})")
        )

    def laid_over(self, kept: str, since: str, changed: str) -> str:
        """Every row, from three relations: kept rows, sums since, and what became of the rows those touch."""
        return (
            f"SELECT * FROM {kept} ANTI JOIN {since} USING ({self.key_names}) UNION ALL BY NAME SELECT * FROM {changed}"
        )


OPEN_ITEMS = OpenRows(
    name="open_items",
    relation="items",
    accounts=tuple(account.value for account in ITEM_CONTROLS),
    number="item_id",
    legs=ITEM_LEGS,
    keys="item_id",
    sign="",
    facts=(
        "SELECT i.item_id, i.account_id, i.entity_id, i.currency, i.due_date, i.document_date, i.ledger_account,"
        " i.amount_minor, i.base_minor AS amount_base, s.open_minor FROM ({sums}) AS s"
        " JOIN {facts} AS i ON i.item_id = s.item_id"
    ),
)
"""One row per item with something open. Signs are the item's: credits are negative."""

OPEN_RECEIPTS = OpenRows(
    name="open_receipts",
    relation="receipts",
    accounts=(*(account.value for account in CASH_CONTROLS), "suspense"),
    number="receipt_id",
    legs=CASH_LEGS,
    keys="receipt_id, coalesce(account_id,0) AS account_id, ledger_account",
    sign="-",
    facts=(
        "SELECT s.receipt_id, s.account_id, r.entity_id, r.currency, s.ledger_account, r.amount_minor,"
        " r.base_minor AS amount_base, r.value_date, r.reference, r.external_id, r.account_id AS came_to, s.open_minor"
        " FROM ({sums}) AS s"
        " JOIN {facts} AS r ON r.receipt_id = s.receipt_id"
    ),
)
"""One row per receipt, account and bucket of money (``ledger_account``) that holds some, positive. Money in suspense
has account 0: nobody knows whose it is."""

BOOK_VALUE = (
    "CASE WHEN amount_base = amount_minor THEN open_minor"
    " ELSE (amount_base::HUGEINT * open_minor // amount_minor)::BIGINT END AS open_base"
)
"""What is open in the books' currency, in proportion: to sort by, across currencies."""
