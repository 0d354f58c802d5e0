"""Payouts of platforms as people look at them; what differs, and what was said of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models import Min, QuerySet

from huikuan.core.payout_differences import Difference, DifferenceKind, ShopFacts, UnitFacts, find_differences
from huikuan.core.payouts import How
from huikuan.queries.frame import Frame
from huikuan.queries.shop_facts import (
    WaitingLine,
    payouts_of,
    standing,
    units_of,
    unknown_details,
    waiting_lines,
    without_items,
)
from huikuan.store.models import Payout, PayoutPart, Shop, ShopDetail, ShopExplanation
from huikuan.store.public_ids import inner_id, public_id


@dataclass(frozen=True, slots=True)
class Explained:
    """What a person said of a difference."""

    reason: str
    note: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DifferenceRow:
    """A difference with what was said of it, which holds for just this amount."""

    what: Difference
    explained: Explained | None
    payout_public_id: str = ""


@dataclass(frozen=True, slots=True)
class PayoutPartRow:
    day: date
    pool: str
    gross_minor: int
    booked_minor: int
    money_minor: int
    left_minor: int
    item_public_id: str
    item_number: str


@dataclass(frozen=True, slots=True)
class PayoutRow:
    """A payout that was settled; ``undone``: taken back since."""

    id: int
    public_id: str
    shop_public_id: str
    line_public_id: str
    receipt_public_id: str
    day: date
    how: How
    payout_key: str
    paid_minor: int
    booked_minor: int
    short_minor: int
    rest_minor: int
    charges_minor: int
    unknown_minor: int
    undone: bool
    recorded_at: datetime
    recorded_by: str
    parts: tuple[PayoutPartRow, ...] = ()


@dataclass(slots=True)
class Standing:
    """A shop's differences as of a day: open ones, and explained ones."""

    open: list[DifferenceRow] = field(default_factory=list)
    explained: list[DifferenceRow] = field(default_factory=list)


def payout_id_text(payout_id: int) -> str:
    return public_id("pay", payout_id)


def payout_number(text: str) -> int | None:
    """The number behind a payout's opaque id."""
    return inner_id("pay", text)


# -- differences -----------------------------------------------------------------------------------------------------
def differences_of(
    shop: Shop,
    as_of: date,
    *,
    units: Sequence[UnitFacts] | None = None,
    waiting: Sequence[WaitingLine] | None = None,
) -> Standing:
    """Every difference of a shop as of a day, the newest first, with what was said of it."""
    known = units_of(shop) if units is None else units
    span = ShopDetail.objects.filter(shop=shop).aggregate(first=Min("paid_out_on"), began=Min("day"))
    days = [one for one in (span["first"], span["began"], *(unit.day for unit in known)) if one is not None]
    since = min(days, default=as_of)
    lines = waiting_lines(shop) if waiting is None else waiting
    facts = ShopFacts(
        units=known,
        payouts=payouts_of(shop, date.min, as_of),
        details=unknown_details(shop, since, as_of),
        no_items=without_items(shop, since, as_of),
        waiting={one.line_id: (one.day, one.paid_minor) for one in lines},
    )
    said = {(row.kind, row.key): row for row in ShopExplanation.objects.filter(shop=shop).order_by("id")}
    standing_now = Standing()
    for one in reversed(find_differences(facts, as_of)):
        row = said.get((one.kind.value, one.key))
        told = None
        if row is not None and row.amount_minor == one.amount_minor:
            told = Explained(row.reason, row.note, _name(row.actor), row.recorded_at)
        of_payout = one.kind in (DifferenceKind.PAID_LESS, DifferenceKind.PAID_MORE, DifferenceKind.CHARGE)
        shown = DifferenceRow(one, told, payout_id_text(int(one.key)) if of_payout else "")
        (standing_now.open if told is None else standing_now.explained).append(shown)
    return standing_now


def _name(user: object) -> str:
    return "" if user is None else str(getattr(user, "get_full_name", str)() or user)


# -- payouts ---------------------------------------------------------------------------------------------------------
def payout_rows(shop: Shop, as_of: date, *, limit: int = 100, undone: bool = False) -> list[PayoutRow]:
    """Payouts that were settled, the newest first."""
    found = Payout.objects.filter(shop=shop, day__lte=as_of)
    found = found if undone else standing(found)
    return [payout_row_of(one) for one in _full(found).order_by("-day", "-id")[:limit]]


def payout_row(frame: Frame, text: str) -> PayoutRow | None:
    """One payout by its opaque id, with what it settled."""
    found = Payout.objects.filter(frame.visible("shop__account"), id=payout_number(text) or 0)
    one = _full(found).first()
    if one is None:
        return None
    parts = PayoutPart.objects.filter(payout=one).select_related("unit__item").order_by("unit__day", "unit__pool", "id")
    return payout_row_of(
        one,
        tuple(
            PayoutPartRow(
                part.unit.day,
                part.unit.pool,
                part.gross_minor,
                part.booked_minor,
                part.money_minor,
                part.left_minor,
                public_id("itm", part.unit.item_id) if part.unit.item_id else "",
                part.unit.item.document_number if part.unit.item else "",
            )
            for part in parts
        ),
    )


def listed_payouts(found: QuerySet[Payout]) -> QuerySet[Payout]:
    """With what their rows name, shop, legal entity and customer included."""
    return _full(found).select_related("shop__entity", "shop__account__customer")


def _full(found: QuerySet[Payout]) -> QuerySet[Payout]:
    return found.select_related("shop", "line__tie", "decision__undone_by", "actor")


def payout_row_of(one: Payout, parts: tuple[PayoutPartRow, ...] = ()) -> PayoutRow:
    """A payout as it is shown."""
    return PayoutRow(
        id=one.pk,
        public_id=payout_id_text(one.pk),
        shop_public_id=public_id("sho", one.shop_id),
        line_public_id=public_id("bln", one.line_id),
        receipt_public_id=public_id("rcp", one.line.tie.receipt_id),
        day=one.day,
        how=How(one.how),
        payout_key=one.payout_key,
        paid_minor=one.paid_minor,
        booked_minor=one.booked_minor,
        short_minor=one.short_minor,
        rest_minor=one.rest_minor,
        charges_minor=one.charges_minor,
        unknown_minor=one.unknown_minor,
        undone=hasattr(one.decision, "undone_by"),
        recorded_at=one.recorded_at,
        recorded_by=_name(one.actor),
        parts=parts,
    )
