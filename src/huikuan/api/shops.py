"""Shops and platforms: what was sold, what was paid out, what differs. What each posts: docs/payouts.md."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import File, Form, Path, Query, Router, Status
from ninja.files import UploadedFile

from huikuan.api.answers import post_once
from huikuan.api.callers import Caller, caller_of
from huikuan.api.parts import OnceKey, entity_for, read_account, read_minor, read_on
from huikuan.api.problems import NotThere
from huikuan.api.schemas import Id, money
from huikuan.api.shop_schemas import (
    DaysAsked,
    DifferenceOut,
    ExplanationIn,
    ExplanationOut,
    FeeOut,
    MatchList,
    MatchOut,
    PayoutIn,
    PayoutList,
    PayoutOut,
    PayoutPartOut,
    ShopChange,
    ShopDayOut,
    ShopDays,
    ShopDifferences,
    ShopFileForm,
    ShopFileOut,
    ShopIn,
    ShopList,
    ShopOut,
    ShopsAsked,
    ShopTerms,
)
from huikuan.core.payout_differences import Reason
from huikuan.core.payouts import FeeRule
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.queries.ids import bank_line_id_text, bank_line_number
from huikuan.queries.payouts import PayoutRow, differences_of, payout_id_text, payout_row, payout_rows
from huikuan.queries.shops import DayRow, ShopRow, day_page, shop_id_text, shop_model, shop_row, shop_rows
from huikuan.services.payout_differences import explain_difference
from huikuan.services.payouts import match_payouts, settle_payout, undo_payout
from huikuan.services.shop_files import import_shop_file
from huikuan.services.shops import NewShop, add_shop, change_shop

router = Router(tags=["Shops and platforms"])
payouts = Router(tags=["Shops and platforms"])
FILE_MAX = 50 * 1024 * 1024


def _shop_out(row: ShopRow) -> ShopOut:
    same = (
        "name kind currency settle_days in_working_days posting returns_fee is_active last_day differences waiting"
    ).split()
    fees = [
        FeeOut(pay_method=one.pay_method, rate_bp=one.rate_bp, fixed=money(one.fixed_minor, row.currency))
        for one in row.fees
    ]
    values: dict[str, Any] = {name: getattr(row, name) for name in same}
    return ShopOut(
        **values,
        id=row.public_id,
        entity=row.entity_code,
        customer=row.customer_public_id,
        payer_names=list(row.payer_names),
        fees=fees,
        to_come=money(row.to_come_minor, row.currency),
    )


def _day_out(row: DayRow, currency: str) -> ShopDayOut:
    return ShopDayOut(
        day=row.day,
        due=row.due,
        orders=row.orders,
        sold=money(row.sold_minor, currency),
        fee=money(row.fee_minor, currency),
        expected=money(row.expected_minor, currency),
        paid=money(row.paid_minor, currency),
        fee_booked=money(row.kept_minor, currency),
        difference=money(row.difference_minor, currency),
        state=row.state,
        units=list(row.unit_ids),
    )


def _payout_out(row: PayoutRow, currency: str) -> PayoutOut:
    parts = [
        PayoutPartOut(
            day=part.day,
            gross=money(part.gross_minor, currency),
            fee_booked=money(part.booked_minor, currency),
            paid=money(part.money_minor, currency),
            left=money(part.left_minor, currency),
        )
        for part in row.parts
    ]
    return PayoutOut(
        id=row.public_id,
        shop=row.shop_public_id,
        line=row.line_public_id,
        day=row.day,
        how=row.how,
        paid=money(row.paid_minor, currency),
        fee_booked=money(row.booked_minor, currency),
        short=money(row.short_minor, currency),
        rest=money(row.rest_minor, currency),
        charges=money(row.charges_minor, currency),
        undone=row.undone,
        parts=parts,
    )


def _known(caller: Caller, text: str) -> Any:
    shop = shop_model(caller.frame(), text)
    if shop is None:
        raise NotThere
    return shop


@router.get("", response=ShopList, summary="List shops")
def list_shops(request: HttpRequest, asked: Query[ShopsAsked]) -> object:
    """Every shop with how it stands today."""
    return ShopList(rows=[_shop_out(row) for row in shop_rows(caller_of(request).frame(asked.entity))])


@router.post("", response={201: ShopOut}, summary="Set up a shop")
def create_shop(request: HttpRequest, body: ShopIn, key: OnceKey) -> HttpResponse:
    """A shop on a platform, a wallet that collects, or a store's till."""
    caller = caller_of(request)
    entity_id = entity_for(caller, body.entity, Right.MANAGE_POLICY)

    def work() -> ShopOut:
        number = add_shop(entity_id, _new_shop(caller, entity_id, body, body.currency), **caller.actor)
        return _shop_out(shop_row(_known(caller, shop_id_text(number)), caller.frame().as_of))

    return post_once(request, caller, entity_id, "shop.add", key, body, work)


def _new_shop(caller: Caller, entity_id: int, body: ShopTerms, currency: str, **more: Any) -> NewShop:
    fees = tuple(
        FeeRule(one.pay_method, one.rate_bp, read_minor(one.fixed, currency, f"#/fees/{at}/fixed"))
        for at, one in enumerate(body.fees)
    )
    same = "name kind settle_days in_working_days posting returns_fee".split()
    return NewShop(
        account_id=read_account(caller, entity_id, body.customer, "#/customer"),
        currency=currency,
        payer_names=tuple(body.payer_names),
        fees=fees,
        **{name: getattr(body, name) for name in same},
        **more,
    )


@router.put("/{shop_id}", response=ShopOut, summary="Change a shop")
def put_shop(request: HttpRequest, shop_id: Path[Id], body: ShopChange, key: OnceKey) -> HttpResponse:
    """Replaces what is agreed with a shop, for sales that come in from now on; its bank account stays as it is."""
    caller = caller_of(request)
    shop = _known(caller, shop_id)
    caller.demand(Right.MANAGE_POLICY, shop.entity_id)

    def work() -> ShopOut:
        kept = {"bank_account_id": shop.bank_account_id, "is_active": body.is_active}
        new = _new_shop(caller, shop.entity_id, body, body.currency or shop.currency, **kept)
        change_shop(shop.pk, new, **caller.actor)
        return _shop_out(shop_row(_known(caller, shop_id), caller.frame().as_of))

    return post_once(request, caller, shop.entity_id, "shop.change", key, body, work, status=200)


@router.get("/{shop_id}", response=ShopOut, summary="Read a shop")
def read_shop(request: HttpRequest, shop_id: Path[Id]) -> object:
    """One shop with what is agreed and how it stands."""
    caller = caller_of(request)
    return _shop_out(shop_row(_known(caller, shop_id), caller.frame().as_of))


@router.get("/{shop_id}/days", response=ShopDays, summary="List the days of a shop")
def list_days(request: HttpRequest, shop_id: Path[Id], asked: Query[DaysAsked]) -> object:
    """Days with what was sold, kept and paid out, the newest first, two hundred on a page."""
    caller = caller_of(request)
    shop = _known(caller, shop_id)
    found = day_page(shop, caller.frame().as_of, since=asked.since, page=asked.page, size=200)
    return ShopDays(rows=[_day_out(row, shop.currency) for row in found.rows], total=found.total)


@router.get("/{shop_id}/differences", response=ShopDifferences, summary="List what differs")
def list_differences(request: HttpRequest, shop_id: Path[Id]) -> object:
    """Every difference that is open, the newest first."""
    caller = caller_of(request)
    shop = _known(caller, shop_id)
    rows = [
        DifferenceOut(
            kind=row.what.kind,
            key=row.what.key,
            day=row.what.day,
            amount=money(row.what.amount_minor, shop.currency),
            about=row.what.about,
            responsible=row.what.responsible,
        )
        for row in differences_of(shop, caller.frame().as_of).open
    ]
    return ShopDifferences(rows=rows)


@router.post("/{shop_id}/differences", response={201: ExplanationOut}, summary="Explain a difference")
def explain(request: HttpRequest, shop_id: Path[Id], body: ExplanationIn, key: OnceKey) -> HttpResponse:
    """It is open again when its amount changes. Booking it as a fee takes `adjustment.post` as well."""
    caller = caller_of(request)
    shop = _known(caller, shop_id)
    caller.demand(Right.HANDLE_SHORT_PAYMENT, shop.entity_id)
    if body.reason == Reason.FEE_ACCEPTED:
        caller.demand(Right.POST_ADJUSTMENT, shop.entity_id)

    def work() -> ExplanationOut:
        number = explain_difference(
            shop.pk,
            body.kind,
            body.key,
            read_minor(body.amount, shop.currency, "#/amount"),
            reason=body.reason,
            note=body.note,
            on=read_on(None, shop.entity_id, caller.now),
            **caller.actor,
        )
        return ExplanationOut(explanation=number)

    return post_once(request, caller, shop.entity_id, "shop.explain", key, body, work)


@router.post("/{shop_id}/files", response={201: ShopFileOut}, summary="Hand in a file of a shop")
def create_file(request: HttpRequest, shop_id: Path[Id], form: Form[ShopFileForm], file: File[UploadedFile]) -> object:
    """Daily sales, a till's totals, or the platform's list of what it paid out. The same file again changes nothing."""
    caller = caller_of(request)
    shop = _known(caller, shop_id)
    caller.demand(Right.IMPORT, shop.entity_id)
    if (file.size or 0) > FILE_MAX:
        raise Refusal("shop_file.missing", "Choose a file of no more than 50 MB.")
    told = {"sales": False, "details": True}.get(form.what)
    found = import_shop_file(shop.pk, file.name or "file", file.read(), is_details=told, **caller.actor)
    same = "is_details rows_new rows_known left_out days items columns".split()
    return Status(201, ShopFileOut(**{name: getattr(found, name) for name in same}))


@router.post("/{shop_id}/match", response=MatchList, summary="Look for the sales of money that waits")
def match(request: HttpRequest, shop_id: Path[Id]) -> object:
    """Settles every payout whose sales are certain; sent again, what was settled is not settled twice."""
    caller = caller_of(request)
    shop = _known(caller, shop_id)
    caller.demand(Right.POST_CASH, shop.entity_id)
    rows = [
        MatchOut(
            line=bank_line_id_text(one.line_id),
            payout=payout_id_text(one.payout_id) if one.payout_id is not None else None,
            how=one.how,
            why=one.why,
        )
        for one in match_payouts(shop.pk, **caller.actor)
    ]
    return MatchList(rows=rows)


@router.get("/{shop_id}/payouts", response=PayoutList, summary="List the payouts of a shop")
def list_payouts(request: HttpRequest, shop_id: Path[Id]) -> object:
    """The last thousand payouts that stand, the newest first, without their parts."""
    caller = caller_of(request)
    shop = _known(caller, shop_id)
    rows = payout_rows(shop, caller.frame().as_of, limit=1000)
    return PayoutList(rows=[_payout_out(row, shop.currency) for row in rows])


def _read_payout(caller: Caller, text: str) -> tuple[PayoutRow, Any]:
    row = payout_row(caller.frame(), text)
    if row is None:
        raise NotThere
    return row, _known(caller, row.shop_public_id)


@payouts.post("", response={201: PayoutOut}, summary="Settle a payout")
def create_payout(request: HttpRequest, body: PayoutIn, key: OnceKey) -> HttpResponse:
    """Whatever it differs by: too little stays open on the last day, too much stays with the platform."""
    caller = caller_of(request)
    shop = _known(caller, body.shop)
    caller.demand(Right.POST_CASH, shop.entity_id)
    line = bank_line_number(body.line)
    if line is None:
        raise NotThere

    def work() -> PayoutOut:
        number = settle_payout(shop.pk, line, body.units, **caller.actor)
        row, _ = _read_payout(caller, payout_id_text(number))
        return _payout_out(row, shop.currency)

    return post_once(request, caller, shop.entity_id, "payout.settle", key, body, work)


@payouts.get("/{payout_id}", response=PayoutOut, summary="Read a payout")
def read_payout(request: HttpRequest, payout_id: Path[Id]) -> object:
    """One payout with the days it covers."""
    row, shop = _read_payout(caller_of(request), payout_id)
    return _payout_out(row, shop.currency)


@payouts.post("/{payout_id}/undo", response=PayoutOut, summary="Take a payout back")
def undo(request: HttpRequest, payout_id: Path[Id]) -> object:
    """Its money waits again, fees and items are as they were."""
    caller = caller_of(request)
    row, shop = _read_payout(caller, payout_id)
    caller.demand(Right.POST_CASH, shop.entity_id)
    undo_payout(row.id, **caller.actor)
    return _payout_out(_read_payout(caller, payout_id)[0], shop.currency)
