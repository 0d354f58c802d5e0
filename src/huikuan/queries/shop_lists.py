"""Shops and payouts as tables: narrowed, in order, added up by currency."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from huikuan.core.payouts import How
from huikuan.queries.frame import Frame
from huikuan.queries.listing import Page, slice_of
from huikuan.queries.payouts import PayoutRow, listed_payouts, payout_row_of
from huikuan.queries.shops import ShopRow, shop_rows
from huikuan.store.models import Payout
from huikuan.store.public_ids import inner_id, public_id

STATES = ("differing", "waiting", "active", "shut")


@dataclass(frozen=True, slots=True)
class ShopFilters:
    """``state``: with open differences, with money that waits, in use, or shut."""

    state: str = ""
    kind: str = ""
    currency: str = ""
    search: str = ""


@dataclass(frozen=True, slots=True)
class ShopTotal:
    currency: str
    shops: int
    to_come_minor: int
    waiting: int
    differences: int


_SHOP_ORDER: dict[str, Callable[[ShopRow], Any]] = {
    "name": lambda row: (row.name.casefold(), row.id),
    "customer": lambda row: (row.customer_name.casefold(), row.id),
    "last_day": lambda row: (row.last_day or date.min, row.id),
    "to_come": lambda row: (row.currency, row.to_come_minor, row.id),
    "differences": lambda row: (row.differences, row.id),
}


def shop_page(
    frame: Frame, filters: ShopFilters, *, sort: str = "name", page: int = 1, size: int = 50
) -> Page[ShopRow]:
    """Shops with how they stand. Amounts are put in order within a currency."""
    rows = [row for row in shop_rows(frame, active=filters.state == "active") if _is_meant(row, filters)]
    rows.sort(key=_SHOP_ORDER.get(sort.lstrip("-"), _SHOP_ORDER["name"]), reverse=sort.startswith("-"))
    totals: dict[str, ShopTotal] = {}
    for row in rows:
        so_far = totals.get(row.currency, ShopTotal(row.currency, 0, 0, 0, 0))
        totals[row.currency] = ShopTotal(
            row.currency,
            so_far.shops + 1,
            so_far.to_come_minor + row.to_come_minor,
            so_far.waiting + row.waiting,
            so_far.differences + row.differences,
        )
    start, count = slice_of(page, size)
    return Page(rows=rows[start : start + count], total=len(rows), page=page, size=size, totals=totals)


def _is_meant(row: ShopRow, filters: ShopFilters) -> bool:
    if filters.kind and row.kind != filters.kind:
        return False
    if filters.currency and row.currency != filters.currency.upper():
        return False
    state = {"differing": row.differences > 0, "waiting": row.waiting > 0, "shut": not row.is_active}
    if not state.get(filters.state, True):
        return False
    text = filters.search.strip().casefold()
    return not text or any(text in one.casefold() for one in (row.name, row.customer_name, *row.payer_names))


@dataclass(frozen=True, slots=True)
class PayoutFilters:
    """``which``: those that stand, those taken back, or all. ``since`` and ``until``: days on which money came."""

    which: str = "standing"
    shop: str = ""
    how: str = ""
    currency: str = ""
    since: date | None = None
    until: date | None = None
    search: str = ""


@dataclass(frozen=True, slots=True)
class PayoutLine:
    """A payout in a list of those of several shops."""

    payout: PayoutRow
    shop_name: str
    entity_code: str
    customer_public_id: str
    customer_name: str
    currency: str

    @property
    def public_id(self) -> str:
        return self.payout.public_id


@dataclass(frozen=True, slots=True)
class PayoutTotal:
    currency: str
    payouts: int
    paid_minor: int
    booked_minor: int
    short_minor: int
    rest_minor: int
    charges_minor: int


PAYOUT_STATES = ("standing", "undone", "all")
_SUMS = ("paid_minor", "booked_minor", "short_minor", "rest_minor", "charges_minor")
_PAYOUT_ORDER = {
    "day": ("day", "id"),
    "shop": ("shop__name", "day", "id"),
    "paid": ("shop__currency", "paid_minor", "id"),
}


def payout_page(
    frame: Frame, filters: PayoutFilters, *, sort: str = "-day", page: int = 1, size: int = 50
) -> Page[PayoutLine]:
    """Payouts of all shops up to the frame's day, the newest first unless asked otherwise."""
    found = _payouts(frame, filters)
    keys = _PAYOUT_ORDER.get(sort.lstrip("-"), _PAYOUT_ORDER["day"])
    order = [f"-{key}" for key in keys] if sort.startswith("-") else list(keys)
    sums = found.order_by().values("shop__currency").annotate(n=Count("id"), **{name: Sum(name) for name in _SUMS})
    totals = {
        currency: PayoutTotal(currency, count, *map(int, minors))
        for currency, count, *minors in sums.order_by("shop__currency").values_list("shop__currency", "n", *_SUMS)
    }
    start, count = slice_of(page, size)
    rows = listed_payouts(found).order_by(*order)[start : start + count]
    total = sum(one.payouts for one in totals.values())
    return Page(rows=[_line(one) for one in rows], total=total, page=page, size=size, totals=totals)


def payout_counts(frame: Frame) -> dict[str, int]:
    """How many payouts each choice has."""
    return {which: _payouts(frame, PayoutFilters(which)).count() for which in PAYOUT_STATES}


def _payouts(frame: Frame, filters: PayoutFilters) -> QuerySet[Payout]:
    found = Payout.objects.filter(frame.visible("shop__account"), day__lte=frame.as_of)
    if filters.which != "all":
        found = found.filter(decision__undone_by__isnull=filters.which != "undone")
    if filters.shop:
        found = found.filter(shop_id=inner_id("sho", filters.shop) or 0)
    if filters.how in set(How):
        found = found.filter(how=filters.how)
    if filters.currency:
        found = found.filter(shop__currency=filters.currency.upper())
    if filters.since is not None:
        found = found.filter(day__gte=filters.since)
    if filters.until is not None:
        found = found.filter(day__lte=filters.until)
    if text := filters.search.strip():
        found = found.filter(
            Q(payout_key__icontains=text)
            | Q(shop__name__icontains=text)
            | Q(shop__account__customer__name__icontains=text)
        )
    return found


def _line(one: Payout) -> PayoutLine:
    shop = one.shop
    customer = shop.account.customer
    return PayoutLine(
        payout_row_of(one), shop.name, shop.entity.code, public_id("cus", customer.pk), customer.name, shop.currency
    )
