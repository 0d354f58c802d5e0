"""What does not fit between a shop's sales and what was paid out for them.

Found anew from the facts each time, so that a later file explains a difference by itself. All pure; amounts in minor
units of one currency.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class DifferenceKind(StrEnum):
    NOT_PAID = "not_paid"
    """Sold, due, and not paid out."""
    FEE_ABOVE = "fee_above"
    """More was kept as a fee than agreed."""
    PAID_LESS = "paid_less"
    PAID_MORE = "paid_more"
    CHARGE = "charge"
    """The platform kept something that belongs to no order."""
    UNKNOWN_ORDER = "unknown_order"
    """Paid out and not among the sales."""
    UNKNOWN_REFUND = "unknown_refund"
    """Taken off a payout and not among the refunds."""
    CASH_SHORT = "cash_short"
    CASH_OVER = "cash_over"
    NO_ITEM = "no_item"
    """Sold, and the ledger has no document of this number."""
    UNKNOWN_PAYOUT = "unknown_payout"
    """Money of the platform that fits no sales."""


OF_PAYOUTS = (DifferenceKind.CHARGE, DifferenceKind.PAID_LESS, DifferenceKind.PAID_MORE)
"""Those of a payout, whose ``key`` is its number."""


class Reason(StrEnum):
    """Why a difference is no longer open."""

    CLAIMED = "claimed"
    """The platform owes it and was told."""
    FEE_ACCEPTED = "fee_accepted"
    """It is a fee after all: what is open of it is set against what the platform is owed for its fees."""
    TIMING = "timing"
    """It comes with another payout."""
    BORNE = "borne"
    """A person bears it (a till that was short)."""
    OUR_ERROR = "our_error"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """What is known of a day's sales of one pool. ``over_minor``: fees told above those agreed. ``settled_minor``: of
    the gross, what payouts cover; of it ``booked_minor`` as fees and ``money_minor`` as money; ``kept_minor`` is what
    the platform kept. ``open_minor``: what is still open in the ledger; ``None`` where it has no item.
    ``counted_minor``: what was in the till. ``item_id``: the item its sales were posted as."""

    unit: int
    day: date
    due: date
    pool: str
    gross_minor: int
    fee_minor: int
    over_minor: int = 0
    settled_minor: int = 0
    booked_minor: int = 0
    money_minor: int = 0
    kept_minor: int = 0
    open_minor: int | None = None
    counted_minor: int | None = None
    is_cash: bool = False
    responsible: str = ""
    item_id: int | None = None

    @property
    def expected_minor(self) -> int:
        return self.gross_minor - self.fee_minor

    @property
    def to_pay_minor(self) -> int:
        """Gross that no payout covers and that is open in the ledger."""
        rest = self.gross_minor - self.settled_minor
        if self.open_minor is None:
            return rest
        return min(rest, max(self.open_minor, 0)) if rest > 0 else max(rest, min(self.open_minor, 0))


@dataclass(frozen=True, slots=True)
class PayoutFacts:
    """A payout that was settled. ``short_minor`` came too little, ``rest_minor`` too much; ``charges_minor``: kept
    without belonging to an order; ``unknown_minor``: for orders that are not among the sales."""

    payout: int
    day: date
    short_minor: int
    rest_minor: int
    charges_minor: int = 0
    unknown_minor: int = 0


@dataclass(frozen=True, slots=True)
class DetailFacts:
    """A row of a platform's own list whose order is not among the sales."""

    order_number: str
    day: date
    net_minor: int
    is_refund: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that does not fit. ``amount_minor``: what we miss, negative where it is too much. ``key`` names what it
    is about within its shop and kind; with the amount it is what an explanation holds on to."""

    kind: DifferenceKind
    key: str
    day: date
    amount_minor: int
    about: str = ""
    responsible: str = ""


@dataclass(slots=True)
class ShopFacts:
    """Everything that differences of a shop follow from. ``waiting``: money of the platform that is not settled yet, by
    bank line: day and amount."""

    units: Sequence[UnitFacts] = ()
    payouts: Sequence[PayoutFacts] = ()
    details: Sequence[DetailFacts] = ()
    no_items: Mapping[str, tuple[date, int]] = field(default_factory=dict)
    waiting: Mapping[int, tuple[date, int]] = field(default_factory=dict)


def find_differences(facts: ShopFacts, as_of: date) -> list[Difference]:
    """Every difference as of a day, the oldest first. What is not due yet is none."""
    found: list[Difference] = []
    for unit in facts.units:
        found += _of_unit(unit, as_of)
    for payout in facts.payouts:
        found += _of_payout(payout)
    seen: Counter[tuple[str, bool]] = Counter()
    for row in facts.details:
        kind = DifferenceKind.UNKNOWN_REFUND if row.is_refund else DifferenceKind.UNKNOWN_ORDER
        seen[row.order_number, row.is_refund] += 1
        nth = seen[row.order_number, row.is_refund]
        key = row.order_number if nth == 1 else f"{row.order_number}#{nth}"
        found.append(Difference(kind, key, row.day, -row.net_minor, row.order_number))
    for order, (day, gross_minor) in facts.no_items.items():
        found.append(Difference(DifferenceKind.NO_ITEM, order, day, gross_minor, order))
    for line, (day, paid_minor) in facts.waiting.items():
        found.append(Difference(DifferenceKind.UNKNOWN_PAYOUT, str(line), day, -paid_minor))
    return sorted((one for one in found if one.day <= as_of), key=lambda one: (one.day, one.kind, one.key))


def _of_unit(unit: UnitFacts, as_of: date) -> list[Difference]:
    key = f"{unit.day.isoformat()}/{unit.unit}"
    found = []
    to_pay = unit.to_pay_minor
    counted = unit.counted_minor
    if counted is not None and counted != unit.gross_minor:
        missing = unit.gross_minor - counted
        kind = DifferenceKind.CASH_SHORT if missing > 0 else DifferenceKind.CASH_OVER
        found.append(Difference(kind, key, unit.day, missing, unit.pool, unit.responsible))
    missing_cash = max(unit.gross_minor - counted, 0) if counted is not None else 0
    fee = unit.fee_minor - unit.kept_minor
    net = to_pay - (fee if abs(fee) < abs(to_pay) else 0) - missing_cash
    if to_pay and net and unit.due < as_of:
        found.append(Difference(DifferenceKind.NOT_PAID, key, unit.day, net, unit.pool))
    if unit.over_minor > 0:
        found.append(Difference(DifferenceKind.FEE_ABOVE, key, unit.day, unit.over_minor, unit.pool))
    return found


def _of_payout(one: PayoutFacts) -> list[Difference]:
    key, found = str(one.payout), []
    # paid = expected + unknown orders - charges + what nothing says
    beyond = one.rest_minor - one.short_minor - one.unknown_minor + one.charges_minor
    if one.charges_minor:
        found.append(Difference(DifferenceKind.CHARGE, key, one.day, one.charges_minor))
    if beyond:
        kind = DifferenceKind.PAID_LESS if beyond < 0 else DifferenceKind.PAID_MORE
        found.append(Difference(kind, key, one.day, -beyond))
    return found
