"""Shops and platforms: what their sales should bring after fees, which sales days a payout covers, what it settles.

All pure; amounts in minor units of one currency; sales positive, refunds negative.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction

from huikuan.core.money import round_half_up
from huikuan.core.refusals import Refusal
from huikuan.core.working_days import WorkingDays, add_working_days


class ShopKind(StrEnum):
    """Who sells, or who collects for us."""

    MARKETPLACE = "marketplace"
    DELIVERY = "delivery"
    WALLET = "wallet"
    CARD = "card"
    TILL = "till"
    """A store of ours: its till's totals by way of payment."""


class SalesPosting(StrEnum):
    """How sales become items of the ledger."""

    SUMMARY = "summary"
    """A file of sales posts one item for each day it brings."""
    BOOKED = "booked"
    """Another system posted them: an order's number is its item's document number."""


class How(StrEnum):
    """How it is known which sales a payout covers."""

    DETAILS = "details"
    """The platform's own list of orders."""
    ON_TIME = "on_time"
    """Days in a row up to the last one due, to the cent."""
    RUN = "run"
    """Other days in a row, to the cent."""
    CHOSEN = "chosen"
    """A person said so."""


EARLY_DAYS = 3
"""A payout may come so many days before what it covers is due."""
DAYS_MAX = 62
"""Days with something unpaid that are looked at for one payout, the oldest ones."""
SETS_MAX = 20
"""Days among which a set without order is looked for: two halves of ten have a thousand sums each."""
BP = 10_000


@dataclass(frozen=True, slots=True)
class FeeRule:
    """What is agreed for a way of payment; an empty one stands for every other. ``rate_bp``: 1 is 0.01 %."""

    pay_method: str
    rate_bp: int
    fixed_minor: int = 0


def agreed_fee(gross_minor: int, pay_method: str, rules: Iterable[FeeRule], *, returned: bool) -> int | None:
    """The fee agreed for one order, half up; of a refund it is negative, nought where the platform keeps it (not
    ``returned``). ``None``: nothing is agreed.

    >>> agreed_fee(12_345, "Alipay", [FeeRule("", 60)], returned=True)
    74
    """
    by_method = {rule.pay_method.strip().casefold(): rule for rule in rules}
    rule = by_method.get(pay_method.strip().casefold()) or by_method.get("")
    if rule is None:
        return None
    if gross_minor < 0:
        return -round_half_up(Fraction(-gross_minor * rule.rate_bp, BP)) if returned else 0
    return min(round_half_up(Fraction(gross_minor * rule.rate_bp, BP)) + rule.fixed_minor, gross_minor)


def due_day(day: date, settle_days: int, calendar: WorkingDays | None) -> date:
    """T+n: the day on which the sales of a day are paid out, by the calendar or in working days."""
    if calendar is None:
        return day + timedelta(days=settle_days)
    return add_working_days(day, settle_days, calendar)


# -- which days a payout covers --------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Sold:
    """What is still to be paid out of a day's sales of one pool (what is paid out together). ``fee_minor`` is what the
    platform keeps of ``gross_minor``."""

    unit: int
    day: date
    due: date
    pool: str
    gross_minor: int
    fee_minor: int

    @property
    def net_minor(self) -> int:
        return self.gross_minor - self.fee_minor


@dataclass(frozen=True, slots=True)
class Found:
    """Sales that add up to a payout. ``others``: how many other choices of days do as well. ``is_sure``: nothing else
    needs to be asked."""

    units: tuple[int, ...]
    how: How | None
    others: int

    @property
    def is_sure(self) -> bool:
        return self.how == How.ON_TIME or (self.how == How.RUN and not self.others)


def find_days(paid_minor: int, sold: Iterable[Sold], paid_on: date) -> Found | None:
    """The days whose sales less fees are the payout, to the cent; days of one pool only.

    Days in a row that end with the last one due come first, then any days in a row, then any set of days (``how`` is
    ``None``: a set proves little, a person confirms it). The order in which sales come does not matter.
    """
    pools: dict[str, list[Sold]] = {}
    for one in sold:
        if one.due <= paid_on + timedelta(days=EARLY_DAYS):
            pools.setdefault(one.pool, []).append(one)
    runs: list[tuple[bool, tuple[int, ...]]] = []
    sets: list[tuple[int, ...]] = []
    for _, rows in sorted(pools.items()):
        days = _by_day(rows)
        runs += _runs(paid_minor, days, paid_on)
        sets += _sets(paid_minor, days)
    if runs:
        runs.sort(key=lambda run: (not run[0], len(run[1]), run[1]))
        return Found(runs[0][1], How.ON_TIME if runs[0][0] else How.RUN, len(runs) - 1)
    if sets:
        sets.sort(key=lambda units: (len(units), units))
        return Found(sets[0], None, len(sets) - 1)
    return None


@dataclass(frozen=True, slots=True)
class _Day:
    due: date
    net_minor: int
    units: tuple[int, ...]


def _by_day(rows: Iterable[Sold]) -> list[_Day]:
    days: dict[date, list[Sold]] = {}
    for one in rows:
        days.setdefault(one.day, []).append(one)
    return [
        _Day(max(one.due for one in of), sum(one.net_minor for one in of), tuple(sorted(one.unit for one in of)))
        for _, of in sorted(days.items())
    ][:DAYS_MAX]


def _runs(paid_minor: int, days: Sequence[_Day], paid_on: date) -> list[tuple[bool, tuple[int, ...]]]:
    last_due = max((at for at, day in enumerate(days) if day.due <= paid_on), default=-1)
    found = []
    for first in range(len(days)):
        total = 0
        for last in range(first, len(days)):
            total += days[last].net_minor
            if total == paid_minor:
                found.append((last == last_due, _units(days[first : last + 1])))
    return found


def _sets(paid_minor: int, days: Sequence[_Day]) -> list[tuple[int, ...]]:
    """Every set of days with this sum, by two halves that meet."""
    chosen = list(days[:SETS_MAX])
    left, right = chosen[: len(chosen) // 2], chosen[len(chosen) // 2 :]
    by_sum: dict[int, list[int]] = {}
    for mask, total in enumerate(_sums(right)):
        by_sum.setdefault(total, []).append(mask)
    found = []
    for mask, total in enumerate(_sums(left)):
        meeting = [other for other in by_sum.get(paid_minor - total, ()) if mask or other]
        found += [_units([*_picked(left, mask), *_picked(right, other)]) for other in meeting]
    return found


def _sums(days: Sequence[_Day]) -> list[int]:
    sums = [0]
    for day in days:
        sums += [total + day.net_minor for total in sums]
    return sums


def _picked(days: Sequence[_Day], mask: int) -> list[_Day]:
    return [day for at, day in enumerate(days) if mask >> at & 1]


def _units(days: Iterable[_Day]) -> tuple[int, ...]:
    return tuple(sorted(unit for day in days for unit in day.units))


# -- what a payout settles -------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Portion:
    """Sales that a payout covers, on one item. ``gross_minor`` has the item's sign; ``fee_minor`` is what the platform
    kept of it, ``agreed_minor`` what it may keep (``None``: nothing is agreed, what it kept is taken)."""

    unit: int
    item_id: int
    gross_minor: int
    fee_minor: int
    agreed_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """``gross = money + booked + left``: paid, booked as a fee, still open on the item."""

    unit: int
    item_id: int
    gross_minor: int
    fee_minor: int
    booked_minor: int
    money_minor: int
    left_minor: int


@dataclass(frozen=True, slots=True)
class Settlement:
    """``paid = sum of money + rest``. ``short_minor``: how much less came than the portions net of fees."""

    parts: tuple[Settled, ...]
    rest_minor: int
    short_minor: int

    @property
    def booked_minor(self) -> int:
        return sum(part.booked_minor for part in self.parts)

    @property
    def money_minor(self) -> int:
        return sum(part.money_minor for part in self.parts)


def decide_settlement(paid_minor: int, portions: Sequence[Portion]) -> Settlement:
    """What of a payout goes to each item, and which fee is booked on it.

    A fee is booked as far as it was agreed; what was kept beyond stays open on the item. What came too little stays
    open on the last portions, what came too much is left over. Refuses ``payout.nothing`` and
    ``payout.refunds_exceed``: refunds are more than the sales they are taken off.
    """
    if not portions:
        raise Refusal("payout.nothing", "Choose the sales that the payout covers.")
    parts = [_part(one) for one in portions]
    expected = sum(part.money_minor for part in parts)
    if expected <= 0:
        raise Refusal("payout.refunds_exceed", "The refunds of these days are more than their sales.")
    short = missing = max(expected - paid_minor, 0)
    for at in range(len(parts) - 1, -1, -1):
        taken = min(max(parts[at].money_minor, 0), missing)
        if taken:
            parts[at] = _less(parts[at], taken)
            missing -= taken
    return Settlement(tuple(parts), max(paid_minor - expected, 0), short)


def _part(one: Portion) -> Settled:
    gross, fee = one.gross_minor, one.fee_minor
    # A fee is on the side of its sales and no more than they are: an item cannot be settled past nought.
    kept = min(max(fee, 0), gross) if gross >= 0 else max(min(fee, 0), gross)
    agreed = kept if one.agreed_minor is None else one.agreed_minor
    booked = min(kept, max(agreed, 0)) if gross >= 0 else kept
    return Settled(one.unit, one.item_id, gross, kept, booked, gross - kept, kept - booked)


def _less(part: Settled, minor: int) -> Settled:
    return Settled(
        part.unit,
        part.item_id,
        part.gross_minor,
        part.fee_minor,
        part.booked_minor,
        part.money_minor - minor,
        part.left_minor + minor,
    )
