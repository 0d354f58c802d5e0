"""Going live: what the old general ledger says of the control accounts on the eve, and the proof that it is so here."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from huikuan.core.accounts import CONTROL_ACCOUNTS, LedgerAccount
from huikuan.core.money import exponent_of, parse_amount
from huikuan.core.refusals import BadData, DataError, Refusal


class Step(StrEnum):
    """The way to a live entity, in order."""

    ENTITY = "entity"
    PEOPLE = "people"
    RATES = "rates"
    CUSTOMERS = "customers"
    CUT_OVER = "cut_over"
    ITEMS = "items"
    BALANCES = "balances"
    PROOF = "proof"
    LIVE = "live"


@dataclass(frozen=True, slots=True)
class Balance:
    """What a control account stands at in one currency; debit positive."""

    ledger_account: LedgerAccount
    currency: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """One control account on the eve of the cut-over: the old general ledger, and the open documents here. ``None``:
    the old side was not given."""

    ledger_account: LedgerAccount
    currency: str
    given_minor: int | None
    found_minor: int

    @property
    def difference_minor(self) -> int:
        return (self.given_minor or 0) - self.found_minor

    @property
    def is_equal(self) -> bool:
        return self.given_minor is not None and self.difference_minor == 0

    @property
    def may_be_swapped_digits(self) -> bool:
        """Two neighbouring digits exchanged make a difference that nine divides."""
        return self.difference_minor != 0 and self.difference_minor % 9 == 0


def compare(given: Iterable[Balance], found: Mapping[tuple[str, str], int]) -> list[Comparison]:
    """Both sides of every account and currency that either knows; nothing on both is nothing to prove."""
    said = {(balance.ledger_account.value, balance.currency): balance.amount_minor for balance in given}
    keys = {key for key, minor in found.items() if minor} | set(said)
    order = [account.value for account in CONTROL_ACCOUNTS]
    return [
        Comparison(LedgerAccount(account), currency, said.get((account, currency)), found.get((account, currency), 0))
        for account, currency in sorted(keys, key=lambda key: (order.index(key[0]), key[1]))
    ]


def decide_live(rows: list[Comparison]) -> None:
    """Refuses ``golive.no_balances`` and ``golive.not_proved``, naming every account that differs."""
    if not rows or all(row.given_minor is None for row in rows):
        raise Refusal("golive.no_balances", "give the control accounts of the old general ledger first")
    unequal = [f"{row.ledger_account.value} {row.currency}" for row in rows if not row.is_equal]
    if unequal:
        raise Refusal(
            "golive.not_proved", "these accounts differ from the old general ledger: {accounts}",
            accounts=", ".join(unequal),
        )  # fmt: skip


def check_cut_over(day: date) -> date:
    """Refuses ``golive.bad_day``: books change hands at the start of a month."""
    if day.day != 1 or not 1900 <= day.year < 2200:
        raise Refusal("golive.bad_day", "{day} is not the first day of a month", day=day.isoformat())
    return day


_NAMES: dict[str, LedgerAccount] = {
    **{account.value: account for account in CONTROL_ACCOUNTS},
    "应收账款": LedgerAccount.TRADE,
    "应收票据": LedgerAccount.NOTES,
    "预收账款": LedgerAccount.ADVANCES,
    "合同负债": LedgerAccount.ADVANCES,
    "未核销收款": LedgerAccount.UNAPPLIED,
    "待认领收款": LedgerAccount.SUSPENSE,
    "trade receivables": LedgerAccount.TRADE,
    "notes receivable": LedgerAccount.NOTES,
    "customer advances": LedgerAccount.ADVANCES,
    "unapplied receipts": LedgerAccount.UNAPPLIED,
    "unidentified receipts": LedgerAccount.SUSPENSE,
}
"""How a control account may be called in a file of balances."""


def read_balances(text: str, file: str = "balances") -> list[Balance]:
    """A file of balances: account, currency and amount per line, separated by commas, semicolons or tabs; a line of
    headings may come first. Debit positive, credit negative. Refuses ``data.refused`` with every fault."""
    delimiter = max(",;\t", key=text.count)
    found: dict[tuple[str, str], Balance] = {}
    errors: list[DataError] = []
    for number, cells in enumerate(csv.reader(io.StringIO(text), delimiter=delimiter), start=1):
        row = [cell.strip() for cell in cells]
        if not any(row) or (number == 1 and row[0].lower() in ("account", "科目", "ledger_account")):
            continue
        try:
            balance = _balance(row)
            key = (balance.ledger_account.value, balance.currency)
            if key in found:
                raise Refusal("key.duplicate", "{account} {currency} stands twice", account=key[0], currency=key[1])
            found[key] = balance
        except Refusal as refusal:
            errors.append(DataError(file, number, None, refusal.message, refusal.code))
    if errors:
        raise BadData(errors)
    return list(found.values())


def _balance(row: list[str]) -> Balance:
    if len(row) < 3:
        raise Refusal("golive.bad_line", "a line is account, currency, amount")
    account = _NAMES.get(row[0].lower())
    if account is None:
        raise Refusal("golive.no_control_account", "{account} is not a control account", account=row[0][:40])
    currency = row[1].upper()
    exponent_of(currency)
    return Balance(account, currency, parse_amount(row[2].replace(",", "").replace(" ", ""), currency))
