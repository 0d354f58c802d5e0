"""Shops and platforms as people look at them: how they stand, their days and orders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q, Sum

from huikuan.core.payout_differences import UnitFacts
from huikuan.core.payouts import FeeRule
from huikuan.queries.frame import Frame
from huikuan.queries.listing import Page, slice_of
from huikuan.queries.payouts import differences_of
from huikuan.queries.shop_facts import units_of, waiting_lines
from huikuan.store.models import Shop, ShopDay, ShopDetail, ShopFile, ShopSale
from huikuan.store.public_ids import inner_id, public_id


@dataclass(frozen=True, slots=True)
class ShopRow:
    """A shop. ``days``: with sales; ``to_come_minor``: sold, net of fees, and not paid out yet; ``differences``: how
    many are open."""

    id: int
    public_id: str
    entity_id: int
    entity_code: str
    account_id: int
    customer_public_id: str
    customer_name: str
    name: str
    kind: str
    currency: str
    settle_days: int
    in_working_days: bool
    posting: str
    returns_fee: bool
    payer_names: tuple[str, ...]
    bank_account_id: int | None
    bank_account: str
    is_active: bool
    fees: tuple[FeeRule, ...]
    last_day: date | None = None
    days: int = 0
    to_come_minor: int = 0
    differences: int = 0
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class DayRow:
    """A day of a shop. Once it is settled, ``sold = paid + kept + difference``; before it is due there is none."""

    day: date
    due: date
    orders: int
    sales_minor: int
    refunds_minor: int
    sold_minor: int
    fee_minor: int
    expected_minor: int
    paid_minor: int
    kept_minor: int
    difference_minor: int
    unit_ids: tuple[int, ...]
    state: str
    pools: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DayTotal:
    currency: str
    days: int = 0
    sold_minor: int = 0
    fee_minor: int = 0
    expected_minor: int = 0
    paid_minor: int = 0
    kept_minor: int = 0
    difference_minor: int = 0


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order or refund of a day. ``paid_out``: the platform's own list has it."""

    row_id: int
    order_number: str
    pay_method: str
    gross_minor: int
    fee_minor: int | None
    agreed_minor: int | None
    counted_minor: int | None
    responsible: str
    paid_out: bool
    file_name: str
    file_row: int


def shop_id_text(shop_id: int) -> str:
    return public_id("sho", shop_id)


def shop_model(frame: Frame, text: str) -> Shop | None:
    """A shop by its opaque id, where the frame shows its customer."""
    found = Shop.objects.filter(frame.visible(), id=inner_id("sho", text) or 0)
    return found.select_related("entity", "account__customer", "bank_account").first()


def has_shops(frame: Frame) -> bool:
    """Whether the frame shows any shop."""
    return Shop.objects.filter(frame.visible()).exists()


def shop_rows(frame: Frame, *, active: bool = False) -> list[ShopRow]:
    """Shops by entity and name, with how they stand."""
    found = Shop.objects.filter(frame.visible()).select_related("entity", "account__customer", "bank_account")
    if active:
        found = found.filter(is_active=True)
    return [shop_row(one, frame.as_of) for one in found.prefetch_related("fees").order_by("entity__code", "name")]


def shop_row(shop: Shop, as_of: date) -> ShopRow:
    """One shop with how it stands as of a day."""
    units = [one for one in units_of(shop) if one.day <= as_of]
    waiting = waiting_lines(shop)
    return ShopRow(
        id=shop.pk,
        public_id=shop_id_text(shop.pk),
        entity_id=shop.entity_id,
        entity_code=shop.entity.code,
        account_id=shop.account_id,
        customer_public_id=public_id("cus", shop.account.customer_id),
        customer_name=shop.account.customer.name,
        name=shop.name,
        kind=shop.kind,
        currency=shop.currency,
        settle_days=shop.settle_days,
        in_working_days=shop.in_working_days,
        posting=shop.posting,
        returns_fee=shop.returns_fee,
        payer_names=tuple(one for one in shop.payer_names.splitlines() if one),
        bank_account_id=shop.bank_account_id,
        bank_account=shop.bank_account.name if shop.bank_account else "",
        is_active=shop.is_active,
        fees=tuple(
            FeeRule(one.pay_method, one.rate_bp, one.fixed_minor)
            for one in sorted(shop.fees.all(), key=lambda fee: fee.pay_method)
        ),
        days=len({one.day for one in units}),
        last_day=max((one.day for one in units), default=None),
        to_come_minor=sum(one.to_pay_minor - (one.fee_minor - one.kept_minor) for one in units if one.to_pay_minor),
        differences=len(differences_of(shop, as_of, units=units, waiting=waiting).open),
        waiting=len(waiting),
    )


# -- days ------------------------------------------------------------------------------------------------------------
def day_page(shop: Shop, as_of: date, *, since: date | None = None, page: int = 1, size: int = 50) -> Page[DayRow]:
    """The days of a shop up to a day, the newest first, with their totals."""
    found = Q(day__lte=as_of)
    if since is not None:
        found &= Q(day__gte=since)
    units = units_of(shop, found)
    orders = dict(
        ShopDay.objects.filter(found, shop=shop)
        .order_by()
        .values("day")
        .annotate(n=Sum("orders"))
        .values_list("day", "n")
    )
    split = {
        day: (sales, refunds)
        for day, sales, refunds in ShopDay.objects.filter(found, shop=shop)
        .order_by()
        .values("day")
        .annotate(s=Sum("sales_minor"), r=Sum("refunds_minor"))
        .values_list("day", "s", "r")
    }
    by_day: dict[date, list[UnitFacts]] = {}
    for one in units:
        by_day.setdefault(one.day, []).append(one)
    rows = [_day_row(day, of, orders[day], split[day], as_of) for day, of in sorted(by_day.items(), reverse=True)]
    total = DayTotal(
        shop.currency,
        len(rows),
        *(
            sum(getattr(row, name) for row in rows)
            for name in (
                "sold_minor",
                "fee_minor",
                "expected_minor",
                "paid_minor",
                "kept_minor",
                "difference_minor",
            )
        ),
    )
    start, count = slice_of(page, size)
    return Page(rows=rows[start : start + count], total=len(rows), page=page, size=size, totals={shop.currency: total})


def _day_row(day: date, units: Sequence[UnitFacts], orders: int, split: tuple[int, int], as_of: date) -> DayRow:
    sold, fee = sum(one.gross_minor for one in units), sum(one.fee_minor for one in units)
    paid, kept = sum(one.money_minor for one in units), sum(one.booked_minor for one in units)
    settled = sum(one.settled_minor for one in units)
    due = max(one.due for one in units)
    rest = sum(one.to_pay_minor for one in units)
    open_of_settled = settled - paid - kept
    late = sum(
        one.to_pay_minor - (one.fee_minor - one.kept_minor) for one in units if one.to_pay_minor and one.due < as_of
    )
    if rest:
        state = "late" if late else "waiting" if not settled else "partly"
    else:
        state = "short" if open_of_settled else "paid" if settled else "elsewhere" if sold else "nothing"
    return DayRow(
        day=day,
        due=due,
        orders=orders,
        sales_minor=split[0],
        refunds_minor=split[1],
        sold_minor=sold,
        fee_minor=fee,
        expected_minor=sold - fee,
        paid_minor=paid,
        kept_minor=kept,
        difference_minor=open_of_settled + late,
        unit_ids=tuple(one.unit for one in units),
        state=state,
        pools=tuple(dict.fromkeys(one.pool for one in units if one.pool)),
    )


def orders_page(shop: Shop, day: date, *, page: int = 1, size: int = 200) -> Page[OrderRow]:
    """The orders and refunds of a day, as they stand in the files."""
    found = ShopSale.objects.filter(shop=shop, day=day).select_related("unit__file").order_by("id")
    start, count = slice_of(page, size)
    rows = list(found[start : start + count])
    numbers = [row.order_number for row in rows if row.order_number]
    listed = set(ShopDetail.objects.filter(shop=shop, order_number__in=numbers).values_list("order_number", flat=True))
    shown = [
        OrderRow(
            row.pk,
            row.order_number,
            row.pay_method,
            row.gross_minor,
            row.fee_minor,
            row.agreed_minor,
            row.counted_minor,
            row.responsible,
            row.order_number in listed,
            row.unit.file.name,
            row.row,
        )
        for row in rows
    ]
    return Page(rows=shown, total=found.count(), page=page, size=size, totals={})


def file_names(shop: Shop, limit: int = 20) -> list[tuple[str, bool, int, datetime]]:
    """The last files that brought something: name, whether of payouts, rows, when."""
    rows = ShopFile.objects.filter(shop=shop).order_by("-id")[:limit]
    return [(row.name, row.is_details, row.rows_new, row.imported_at) for row in rows]
