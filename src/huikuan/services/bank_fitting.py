"""From what a file says to what is stored: amounts in minor units, texts cut to length, every fault at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from huikuan.bank.balances import BalanceCheck
from huikuan.bank.statement import FAULTS_MAX, WALLETS, Balance, Line, Statement
from huikuan.core.banking import LineKind, decide_line_kind, is_wallet_fee
from huikuan.core.money import from_decimal
from huikuan.core.refusals import BadData, DataError, Refusal
from huikuan.services.bank_reading import Progress, ReadStatement
from huikuan.services.bank_spool import BLOCK, Spool, SpoolFile
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
    """A booked line as it is stored. ``line`` has its texts cut to length. ``kept_minor``: what a wallet kept, of it or
    by it, and is booked as a fee; given back negative."""

    line: Line
    kind: LineKind
    value_date: date
    minor: int
    charges_minor: int | None
    fee_minor: int | None
    balance_minor: int | None
    kept_minor: int = 0

    @property
    def gross_minor(self) -> int:
        """What the payer paid, or was paid back: the line with what the wallet kept of it."""
        return self.minor if self.kind is LineKind.FEE else self.minor + self.kept_minor


GROUP = 20_000
"""Lines that are compared with those stored together: whole days, up to so many lines, or one day that has more."""


@dataclass(slots=True)
class Group:
    """Booked lines of some days, ``first`` to ``last``, which no other group of the statement has."""

    first: date
    last: date
    lines: Spool[FittedLine]


@dataclass(slots=True)
class FittedStatement:
    """A statement as it is stored. ``count``: its booked lines, which lie in ``groups``; ``unbooked``: lines that moved
    no money yet. ``breaks``: where its balances do not tie; ``latest``: the last day a line is booked or valued."""

    head: Statement
    currency: str
    groups: list[Group]
    count: int
    unbooked: int
    from_date: date | None
    to_date: date | None
    opening_minor: int | None = None
    closing_minor: int | None = None
    in_minor: int = 0
    out_minor: int = 0
    latest: date | None = None
    breaks: list[DataError] = field(default_factory=list)

    def lines(self) -> Iterator[FittedLine]:
        """All booked lines, by groups."""
        for group in self.groups:
            yield from group.lines


def fit_statement(
    told: ReadStatement, currency: str, room: SpoolFile, progress: Progress | None = None
) -> FittedStatement:
    """Raises ``BadData`` with every line whose amount is in another currency than ``currency``, the account's, or is
    none the currency can have."""
    fitter = _Fitter(told.head, currency)
    booked = told.days.total()
    fitted = FittedStatement(
        head=told.head,
        currency=currency,
        groups=_groups(told, room),
        count=booked,
        unbooked=len(told.lines) - booked,
        from_date=told.head.from_date or min(told.days, default=None),
        to_date=told.head.to_date or max(told.days, default=None),
    )
    group_of = {day: group for group in fitted.groups for day in told.days if group.first <= day <= group.last}
    balances, running = BalanceCheck(told.head.file), _Running()
    for number, line in enumerate(told.lines, start=1):
        balances.feed(line)
        one = fitter.fit(line) if line.is_booked else None
        if one is not None:
            running.feed(one)
            _add(fitted, one)
            group_of[line.booking_date].lines.append(one)
        if progress and number % BLOCK == 0:
            progress("compare", number, len(told.lines))
    fitted.opening_minor = fitter.balance(told.head.opening, "opening")
    fitted.closing_minor = fitter.balance(told.head.closing, "closing")
    if fitter.faults:
        raise BadData(fitter.faults[:FAULTS_MAX], len(fitter.faults))
    fitted.breaks = balances.faults(told.head)
    if fitted.opening_minor is None and fitted.closing_minor is None and not fitted.breaks:
        fitted.opening_minor, fitted.closing_minor = running.ends()
    return fitted


def _groups(told: ReadStatement, room: SpoolFile) -> list[Group]:
    found: list[Group] = []
    held = 0
    for day in sorted(told.days):
        if found and held + told.days[day] <= GROUP:
            found[-1].last = day
            held += told.days[day]
        else:
            found.append(Group(day, day, room.spool()))
            held = told.days[day]
    return found


def _add(fitted: FittedStatement, one: FittedLine) -> None:
    if one.minor > 0:
        fitted.in_minor += one.minor
    else:
        fitted.out_minor += one.minor
    day = max(one.line.booking_date, one.value_date)
    fitted.latest = day if fitted.latest is None else max(fitted.latest, day)


AHEAD_MAX = timedelta(days=31)
"""How far ahead of today a line may be booked or valued: banks value some money later than they tell of it."""


def check_days(entity_id: int, fitted: FittedStatement, now: datetime) -> None:
    """Raises ``BadData`` for days far ahead: day and month were taken for each other, or a year is wrong. Money does
    not wait in the books for a day to come."""
    zone = Entity.objects.values_list("timezone", flat=True).get(id=entity_id)
    limit = now.astimezone(ZoneInfo(zone)).date() + AHEAD_MAX
    if fitted.latest is None or fitted.latest <= limit:
        return
    late = [
        DataError(fitted.head.file, one.line.row, "date", f"{day} lies in the future", "bank.day_ahead")
        for one in fitted.lines()
        if (day := max(one.line.booking_date, one.value_date)) > limit
    ]
    late.sort(key=lambda one: one.row or 0)
    raise BadData(late[:FAULTS_MAX], len(late))


class _Running:
    """Opening and closing balance out of the balances after each line, from old to new or from new to old."""

    def __init__(self) -> None:
        self.count = 0
        self.is_told = True
        self.first: FittedLine | None = None
        self.second: FittedLine | None = None
        self.last: FittedLine | None = None

    def feed(self, one: FittedLine) -> None:
        """Takes the next line of the file."""
        self.count += 1
        self.is_told = self.is_told and one.balance_minor is not None
        if self.count == 1:
            self.first = one
        elif self.count == 2:
            self.second = one
        self.last = one

    def ends(self) -> tuple[int | None, int | None]:
        """Both, where every line told its balance."""
        first, second, last = self.first, self.second, self.last
        if first is None or last is None or not self.is_told:
            return None, None
        backwards = second is not None and (first.balance_minor or 0) + second.minor != second.balance_minor
        oldest, newest = (last, first) if backwards else (first, last)
        return (oldest.balance_minor or 0) - oldest.minor, newest.balance_minor


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
        is_fee = self.statement.format in WALLETS and is_wallet_fee(cut.transaction_text)
        kind = decide_line_kind(minor, is_return=cut.is_return or cut.is_reversal, said=said, is_fee=is_fee)
        kept = -minor if is_fee else self._minor(cut.kept, line.row, "fee") or 0
        return FittedLine(cut, kind, cut.value_date or cut.booking_date, minor, charges, fee, balance, kept)

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
