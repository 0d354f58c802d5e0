"""From what a file says to what is stored: amounts in minor units, texts cut to length, every fault at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from huikuan.bank.balances import check_balances
from huikuan.bank.statement import Balance, Line, Statement
from huikuan.core.banking import LineKind, decide_line_kind
from huikuan.core.money import from_decimal
from huikuan.core.refusals import BadData, DataError, Refusal
from huikuan.store.models import Entity

_SIZES = {
    "payer_name": 300,
    "payer_account": 64,
    "payer_bank": 120,
    "ultimate_party": 300,
    "structured_reference": 120,
    "end_to_end_id": 120,
    "mandate_id": 120,
    "bank_reference": 120,
    "transaction_code": 40,
    "transaction_text": 300,
    "return_reason": 120,
    "batch_id": 120,
    "element": 80,
    "remittance_text": 4_000,
}
"""Characters kept of each text of a line."""


@dataclass(frozen=True, slots=True)
class FittedLine:
    """A booked line as it is stored. ``line`` has its texts cut to length."""

    line: Line
    kind: LineKind
    value_date: date
    minor: int
    charges_minor: int | None
    fee_minor: int | None
    balance_minor: int | None


@dataclass(frozen=True, slots=True)
class FittedStatement:
    """A statement as it is stored. ``unbooked``: lines it has that moved no money yet. ``breaks``: where its balances
    do not tie."""

    statement: Statement
    currency: str
    lines: list[FittedLine]
    from_date: date | None
    to_date: date | None
    opening_minor: int | None
    closing_minor: int | None
    unbooked: int
    breaks: list[DataError]

    @property
    def in_minor(self) -> int:
        return sum(one.minor for one in self.lines if one.minor > 0)

    @property
    def out_minor(self) -> int:
        return sum(one.minor for one in self.lines if one.minor < 0)


def currencies_of(statement: Statement) -> list[str]:
    """The currencies a statement's figures are in, its own first."""
    found = [statement.currency, *(line.currency for line in statement.booked)]
    return list(dict.fromkeys(one for one in found if one))


def fit_statement(statement: Statement, currency: str) -> FittedStatement:
    """Raises ``BadData`` with every line whose amount is in another currency than ``currency``, the account's, or is
    none the currency can have."""
    fitter = _Fitter(statement, currency)
    lines = [fitted for line in statement.booked if (fitted := fitter.fit(line)) is not None]
    opening, closing = fitter.balance(statement.opening, "opening"), fitter.balance(statement.closing, "closing")
    if fitter.faults:
        raise BadData(fitter.faults)
    days = [one.line.booking_date for one in lines]
    breaks = check_balances(statement)
    if opening is None and closing is None and not breaks:
        opening, closing = _running(lines)
    return FittedStatement(
        statement=replace(statement, lines=tuple(one.line for one in lines)),
        currency=currency,
        lines=lines,
        from_date=statement.from_date or min(days, default=None),
        to_date=statement.to_date or max(days, default=None),
        opening_minor=opening,
        closing_minor=closing,
        unbooked=len(statement.lines) - len(lines),
        breaks=breaks,
    )


AHEAD_MAX = timedelta(days=31)
"""How far ahead of today a line may be booked or valued: banks value some money later than they tell of it."""


def check_days(entity_id: int, fitted: FittedStatement, now: datetime) -> None:
    """Raises ``BadData`` for days far ahead: day and month were taken for each other, or a year is wrong. Money does
    not wait in the books for a day to come."""
    zone = Entity.objects.values_list("timezone", flat=True).get(id=entity_id)
    latest = now.astimezone(ZoneInfo(zone)).date() + AHEAD_MAX
    late = [
        DataError(fitted.statement.file, one.line.row, "date", f"{day} lies in the future", "bank.day_ahead")
        for one in fitted.lines
        if (day := max(one.line.booking_date, one.value_date)) > latest
    ]
    if late:
        raise BadData(late)


def _running(lines: Sequence[FittedLine]) -> tuple[int | None, int | None]:
    """Opening and closing balance out of the balances after each line, from old to new or from new to old."""
    if not lines or any(one.balance_minor is None for one in lines):
        return None, None
    balances = [one.balance_minor or 0 for one in lines]
    backwards = len(lines) > 1 and balances[0] + lines[1].minor != balances[1]
    first, last = (len(lines) - 1, 0) if backwards else (0, len(lines) - 1)
    return balances[first] - lines[first].minor, balances[last]


class _Fitter:
    """Converts amounts and keeps what cannot be converted."""

    def __init__(self, statement: Statement, currency: str) -> None:
        self.statement = statement
        self.currency = currency
        self.faults: list[DataError] = []

    def fit(self, line: Line) -> FittedLine | None:
        if line.currency and line.currency != self.currency:
            reason = f"the line is in {line.currency}, the account in {self.currency}"
            self._fault(line.row, line.element or "currency", reason, "bank_statement.other_currency")
            return None
        minor = self._minor(line.amount, line.row, "amount")
        charges = self._minor(line.charges, line.row, "charges")
        fee = self._minor(line.fee, line.row, "fee")
        balance = self._minor(line.balance, line.row, "balance")
        if minor is None:
            return None
        cut = _cut(line, self.currency)
        # A payment to somebody is no fee, whatever its text says.
        said = "" if cut.payer_name else f"{cut.transaction_code} {cut.transaction_text} {cut.remittance_text}"
        kind = decide_line_kind(minor, is_return=cut.is_return or cut.is_reversal, said=said)
        return FittedLine(cut, kind, cut.value_date or cut.booking_date, minor, charges, fee, balance)

    def balance(self, told: Balance | None, which: str) -> int | None:
        if told is None:
            return None
        if told.currency and told.currency != self.currency:
            reason = f"the {which} balance is in {told.currency}, the account in {self.currency}"
            self._fault(told.row, f"{which} balance", reason, "bank_statement.other_currency")
            return None
        return self._minor(told.amount, told.row, f"{which} balance")

    def _minor(self, amount: Decimal | None, row: int | None, where: str) -> int | None:
        if amount is None:
            return None
        try:
            return from_decimal(amount, self.currency)
        except Refusal as refusal:
            self._fault(row, where, str(refusal), refusal.code)
            return None

    def _fault(self, row: int | None, where: str, reason: str, code: str) -> None:
        self.faults.append(DataError(self.statement.file, row, where, reason, code))


def _cut(line: Line, currency: str) -> Line:
    """The line with its texts as they are stored, so that it compares equal to itself once stored."""
    wanted: dict[str, Any] = {
        name: plain_text(getattr(line, name), size) for name, size in _SIZES.items() if getattr(line, name)
    }
    if not wanted.get("remittance_text") and wanted.get("transaction_text"):
        wanted["remittance_text"] = wanted["transaction_text"]
    return replace(line, currency=currency, **wanted)


def plain_text(text: str, size: int) -> str:
    """Without control characters and runs of blanks, cut to ``size``."""
    if not text.isprintable():
        text = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(text.split())[:size]


def first_breaks(breaks: Sequence[DataError], count: int = 3) -> str:
    """The first places where balances break, as one text."""
    return "; ".join(f"{one.row}: {one.reason}" if one.row else one.reason for one in breaks[:count])
