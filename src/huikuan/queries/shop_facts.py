"""What is known of a shop's sales and payouts, read from the database: for who decides and for who looks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from huikuan.core.accounts import LedgerAccount
from huikuan.core.banking import LineKind, Tie
from huikuan.core.matching import Deed
from huikuan.core.payout_differences import DetailFacts, PayoutFacts, UnitFacts
from huikuan.core.payouts import SalesPosting, ShopKind
from huikuan.store.models import (
    BankLine,
    LineDecision,
    OpenItem,
    OpenItemBalance,
    Payout,
    PayoutPart,
    Posting,
    Shop,
    ShopDay,
    ShopDetail,
    ShopSale,
)
from huikuan.store.public_ids import public_id

_PART = 500
_CASH = ("现金", "cash")


@dataclass(frozen=True, slots=True)
class WaitingLine:
    """Money of a platform on the bank that is not settled. ``paid_minor``: what is left of it to decide about."""

    line_id: int
    receipt_id: int
    day: date
    paid_minor: int
    text: str
    public_id: str = ""


def standing(found: QuerySet[Payout]) -> QuerySet[Payout]:
    """Of payouts those that were not taken back."""
    return found.filter(decision__undone_by__isnull=True)


def waiting_lines(shop: Shop, first_id: int = 0) -> list[WaitingLine]:
    """Lines (from the number ``first_id`` on) whose payer or text names the platform and whose money nobody has decided
    about, the oldest first."""
    names = [one for one in shop.payer_names.splitlines() if one]
    if not names:
        return []
    named = Q()
    for one in names:
        named |= Q(text__payer_name__icontains=one) | Q(text__remittance_text__icontains=one)
    decided = LineDecision.objects.filter(line=OuterRef("pk"), undone_by__isnull=True, leaves_minor=0)
    free = Q(tie__receipt__balance__unidentified_minor__gt=0) | Q(
        tie__receipt__balance__unapplied_minor__gt=0, tie__receipt__balance__account_id=shop.account_id
    )
    found = BankLine.objects.filter(
        free,
        named,
        entity_id=shop.entity_id,
        currency=shop.currency,
        id__gte=first_id,
        kind=LineKind.RECEIPT.value,
        tie__tie__in=[Tie.POSTED.value, Tie.LINKED.value],
    )
    if shop.bank_account_id is not None:
        found = found.filter(account_id=shop.bank_account_id)
    rows = found.exclude(Exists(decided.exclude(deed=Deed.UNDO.value))).select_related("text", "tie__receipt__balance")
    return [
        WaitingLine(
            line_id=row.pk,
            receipt_id=row.tie.receipt_id,
            day=row.value_date,
            paid_minor=row.tie.receipt.balance.unidentified_minor + row.tie.receipt.balance.unapplied_minor,
            text=f"{row.text.remittance_text} {row.bank_reference} {row.end_to_end_id}".strip(),
            public_id=public_id("bln", row.pk),
        )
        for row in rows.order_by("value_date", "id")
    ]


def units_of(shop: Shop, days: Q | None = None) -> list[UnitFacts]:
    """A shop's days with what payouts cover of them and what the ledger has open, by day."""
    found = ShopDay.objects.filter(days or Q(), shop=shop)
    live = PayoutPart.objects.filter(payout__decision__undone_by__isnull=True, unit__shop=shop)
    covered: dict[int, dict[str, Any]] = {
        row["unit_id"]: dict(row)
        for row in live.values("unit_id").annotate(
            settled=Sum("gross_minor"), booked=Sum("booked_minor"), money=Sum("money_minor"), fee=Sum("fee_minor")
        )
    }
    nothing = {"settled": 0, "booked": 0, "money": 0, "fee": 0}
    rows = list(found.select_related("item__balance").order_by("day", "pool", "id"))
    if shop.posting == SalesPosting.SUMMARY:
        left: dict[int, int] = {row.pk: row.item.balance.open_minor if row.item else 0 for row in rows}
    else:
        left = _open_elsewhere(shop, [row.pk for row in rows if row.pk not in covered])
    facts = []
    for row in rows:
        part = covered.get(row.pk, nothing)
        gross = row.sales_minor + row.refunds_minor
        facts.append(
            UnitFacts(
                unit=row.pk,
                day=row.day,
                due=row.due,
                pool=row.pool,
                gross_minor=gross,
                # What a payout's own list says was kept stands above what the file of sales said.
                fee_minor=part["fee"] if part["settled"] == gross and part["settled"] else row.fee_minor,
                over_minor=_over(row, part),
                settled_minor=part["settled"],
                booked_minor=part["booked"],
                money_minor=part["money"],
                kept_minor=part["fee"],
                open_minor=left.get(row.pk),
                counted_minor=row.counted_minor,
                is_cash=shop.kind == ShopKind.TILL and any(word in row.pool.casefold() for word in _CASH),
                responsible=row.responsible,
                item_id=row.item_id,
            )
        )
    return facts


def set_off_on(item_ids: Iterable[int]) -> dict[int, int]:
    """What stands on items as set off against what the platform is owed: the fees of its payouts and those a person
    accepted. Items with nothing of it are left out."""
    legs = Posting.objects.filter(item_id__in=list(item_ids), ledger_account=LedgerAccount.PAYABLES.value)
    sums = legs.order_by().values_list("item_id").annotate(total=Sum("amount_minor"))
    return {number: total for number, total in sums if total}


def _open_elsewhere(shop: Shop, unit_ids: Sequence[int]) -> dict[int, int]:
    """Of units whose sales another system posted: what is open on the items of their orders. Units with an order that
    has none are left out."""
    sales = ShopSale.objects.filter(shop=shop, unit_id__in=unit_ids).exclude(order_number="")
    pairs = {
        (unit, number, gross < 0) for unit, number, gross in sales.values_list("unit_id", "order_number", "gross_minor")
    }
    items = items_of(shop, {number for _, number, _ in pairs})
    listed = sorted(set(items.values()))
    opens: dict[int, int] = {}
    for start in range(0, len(listed), _PART):
        rows = OpenItemBalance.objects.filter(item_id__in=listed[start : start + _PART])
        opens |= dict(rows.values_list("item_id", "open_minor"))
    found: dict[int, int] = {}
    for unit, number, is_credit in pairs:
        item_id = items.get((number, is_credit))
        found[unit] = found.get(unit, 0) + (opens[item_id] if item_id is not None else 0)
    partly = {unit for unit, number, is_credit in pairs if (number, is_credit) not in items}
    return {unit: minor for unit, minor in found.items() if unit not in partly}


def _over(row: ShopDay, part: dict[str, Any]) -> int:
    """Fees above those agreed: by the file of sales, or, where payouts cover the whole day, by what they kept."""
    if part["settled"] and part["settled"] == row.sales_minor + row.refunds_minor:
        return max(int(part["fee"] - part["booked"]), 0)
    return int(row.over_minor)


@dataclass(frozen=True, slots=True)
class Part:
    """A sale as an item has it: the unit it is of, its item, and the fee."""

    unit: int
    item_id: int | None
    gross_minor: int
    fee_minor: int
    agreed_minor: int | None


def parts_of(shop: Shop, unit_ids: Sequence[int]) -> list[Part]:
    """Units as items: one each where sales were posted here, one for each order where another system posted them."""
    if shop.posting == SalesPosting.SUMMARY:
        rows = ShopDay.objects.filter(shop=shop, id__in=unit_ids).order_by("day", "pool", "id")
        return [
            Part(
                row.pk, row.item_id, row.sales_minor + row.refunds_minor, row.fee_minor, row.fee_minor - row.over_minor
            )
            for row in rows
        ]
    sales = ShopSale.objects.filter(shop=shop, unit_id__in=unit_ids).order_by("day", "id")
    return booked_parts(shop, [(one, one.gross_minor, _fee(one)) for one in sales])


def booked_parts(shop: Shop, sales: Sequence[tuple[ShopSale, int, int]]) -> list[Part]:
    """Sales (with what of them is paid out, and the fee) as the items another system posted."""
    items = items_of(shop, {one.order_number for one, _, _ in sales})
    return [
        Part(one.unit_id, items.get((one.order_number, one.gross_minor < 0)), gross, fee, one.agreed_minor)
        for one, gross, fee in sales
    ]


def _fee(sale: ShopSale) -> int:
    return sale.fee_minor if sale.fee_minor is not None else sale.agreed_minor or 0


def items_of(shop: Shop, numbers: Iterable[str]) -> dict[tuple[str, bool], int]:
    """The items of the shop's customer by document number and whether it is a credit; the open ones before others."""
    listed = sorted(one for one in set(numbers) if one)
    found: dict[tuple[str, bool], int] = {}
    for start in range(0, len(listed), _PART):
        rows = OpenItem.objects.filter(
            account_id=shop.account_id,
            currency=shop.currency,
            document_number__in=listed[start : start + _PART],
            balance__is_current=True,
        )
        order = rows.order_by("balance__open_minor", "id").values_list("document_number", "amount_minor", "id")
        for number, minor, item_id in order:
            found[number, minor < 0] = item_id
    return found


# -- a platform's own list -------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class DetailGroup:
    """What a platform says a payout is made of. ``net_minor``: what it says it paid."""

    payout_key: str
    paid_out_on: date | None
    net_minor: int


def open_groups(shop: Shop) -> list[DetailGroup]:
    """The payouts of a platform's lists that no line of the bank is known to be."""
    used = standing(Payout.objects.filter(shop=shop)).exclude(payout_key="").values("payout_key")
    rows = ShopDetail.objects.filter(shop=shop).exclude(payout_key__in=used)
    fee = Coalesce(Sum("fee_minor"), 0)
    sums = rows.values("payout_key").annotate(gross=Sum("gross_minor"), fee=fee, charge=Sum("charge_minor"))
    days = dict(rows.exclude(paid_out_on=None).order_by("paid_out_on").values_list("payout_key", "paid_out_on"))
    return [
        DetailGroup(row["payout_key"], days.get(row["payout_key"]), row["gross"] - row["fee"] - row["charge"])
        for row in sums.order_by("payout_key")
    ]


@dataclass(frozen=True, slots=True)
class GroupParts:
    """What a platform's list says of one payout, held against the sales. ``charges_minor``: kept without belonging to
    an order; ``unknown_minor``: paid for what is not among the sales."""

    sales: tuple[tuple[ShopSale, int, int], ...]
    charges_minor: int
    unknown_minor: int


def group_parts(shop: Shop, payout_key: str) -> GroupParts:
    """The sales of a payout with what of each was paid and kept. An order's sale and its refund are apart."""
    rows = list(ShopDetail.objects.filter(shop=shop, payout_key=payout_key).order_by("id"))
    by_order = sales_by_order(shop, [row.order_number for row in rows])
    paid: dict[int, tuple[ShopSale, int, int]] = {}
    charges = unknown = 0
    for row in rows:
        charges += row.charge_minor
        kept = row.fee_minor or 0
        if not row.gross_minor and not kept:
            continue
        sale = by_order.get((row.order_number, row.gross_minor < 0))
        if sale is None and not row.gross_minor:  # a fee in a row of its own
            sale = by_order.get((row.order_number, True))
        if sale is None:
            unknown += row.gross_minor - kept
            continue
        before = paid.get(sale.pk, (sale, 0, 0))
        paid[sale.pk] = (sale, before[1] + row.gross_minor, before[2] + kept)
    return GroupParts(tuple(paid[number] for number in sorted(paid)), charges, unknown)


def sales_by_order(shop: Shop, numbers: Iterable[str]) -> dict[tuple[str, bool], ShopSale]:
    """Sales by order and whether they are refunds."""
    listed = sorted(one for one in set(numbers) if one)
    found: dict[tuple[str, bool], ShopSale] = {}
    for start in range(0, len(listed), _PART):
        rows = ShopSale.objects.filter(shop=shop, order_number__in=listed[start : start + _PART]).order_by("id")
        for row in rows:
            found.setdefault((row.order_number, row.gross_minor < 0), row)
    return found


def unknown_details(shop: Shop, since: date, until: date) -> list[DetailFacts]:
    """Rows of the platform's lists whose order, or refund, is not among the sales."""
    sold = ShopSale.objects.filter(shop=shop, order_number=OuterRef("order_number"))
    rows = ShopDetail.objects.filter(shop=shop).exclude(gross_minor=0)
    rows = rows.filter(Q(paid_out_on__range=(since, until)) | Q(paid_out_on=None, day__range=(since, until)))
    absent = rows.filter(Q(gross_minor__gt=0) & ~Exists(sold.filter(gross_minor__gt=0))) | rows.filter(
        Q(gross_minor__lt=0) & ~Exists(sold.filter(gross_minor__lt=0))
    )
    return [
        DetailFacts(
            row.order_number or f"row {row.pk}",
            row.paid_out_on or row.day or since,
            row.gross_minor - (row.fee_minor or 0),
            row.gross_minor < 0,
        )
        for row in absent.order_by("id")
    ]


def payouts_of(shop: Shop, since: date, until: date) -> list[PayoutFacts]:
    """The payouts that stand, of some days."""
    rows = standing(Payout.objects.filter(shop=shop, day__range=(since, until))).order_by("day", "id")
    return [
        PayoutFacts(row.pk, row.day, row.short_minor, row.rest_minor, row.charges_minor, row.unknown_minor)
        for row in rows
    ]


def without_items(shop: Shop, since: date, until: date) -> dict[str, tuple[date, int]]:
    """Orders of a shop whose sales another system posts, and of which the ledger has no document."""
    if shop.posting != SalesPosting.BOOKED:
        return {}
    item = OpenItem.objects.filter(
        account_id=shop.account_id, currency=shop.currency, document_number=OuterRef("order_number")
    )
    rows = ShopSale.objects.filter(shop=shop, day__range=(since, until)).exclude(gross_minor=0).order_by("day", "id")
    absent = rows.filter(gross_minor__gt=0).exclude(Exists(item.filter(amount_minor__gt=0))) | rows.filter(
        gross_minor__lt=0
    ).exclude(Exists(item.filter(amount_minor__lt=0)))
    return {
        f"{row.order_number or row.pk}{'/refund' if row.gross_minor < 0 else ''}": (row.day, row.gross_minor)
        for row in absent
    }
