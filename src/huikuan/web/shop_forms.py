"""Setting up a shop, and what is agreed with its platform."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from huikuan.core.money import exponent_of
from huikuan.core.payouts import FeeRule, SalesPosting, ShopKind
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.queries.bank import account_rows
from huikuan.queries.frame import EntityRow
from huikuan.queries.shops import ShopRow, shop_id_text, shop_row
from huikuan.services.shops import NewShop, add_shop, change_shop
from huikuan.web import shop_words
from huikuan.web.acting import Field, act, actor, demand_now, demand_posting_to, read_money, read_text, typed_amount
from huikuan.web.cash import entity_asked, read_owner, who_context
from huikuan.web.frames import Seat, number_of
from huikuan.web.pages import page
from huikuan.web.shops import known_shop
from huikuan.web.tags import address

FEE_LINES = 4


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.MANAGE_POLICY, whole=True)
def new_shop(request: HttpRequest, seat: Seat) -> HttpResponse:
    rows = [
        row for row in seat.entities if row.id in seat.frame.entity_ids and seat.can_whole(Right.MANAGE_POLICY, row.id)
    ]
    if not rows:
        raise Http404
    demand_now(seat)
    entity = entity_asked(request, rows)

    def context(given: QueryDict) -> dict[str, Any]:
        return {
            "entities": rows,
            "entity": entity,
            "action": address(seat.kept, "shop_new"),
            "back": address(seat.kept, "shops"),
            "who_field": Field("who", "who", _("Who owes what is sold"), given.get("who", "")),
            **_form(given, entity, None, seat),
            **who_context(seat, entity, given),
        }

    def do(given: QueryDict, _key: str) -> HttpResponse:
        if entity is None:
            raise Refusal("shop.which_entity", "Say which legal entity sells.")
        owner = read_owner(seat, entity.id, given)
        if owner is None:
            raise Refusal("shop.whose", "Say who owes what is sold: the platform, as a customer.")
        number = add_shop(entity.id, _read(given, owner.account_id, entity, True), **actor(request))
        messages.success(request, _("The shop is set up. Hand in its first file of sales."))
        return redirect(address(seat.kept, "shop", shop_id_text(number)))

    return act(request, seat, "shops/form.html", context, do, room="shops")


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.MANAGE_POLICY, whole=True)
def edit_shop(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    shop = known_shop(seat, public_id)
    demand_posting_to(seat, shop.entity_id, Right.MANAGE_POLICY)
    row = shop_row(shop, seat.frame.as_of)
    entity = next(one for one in seat.entities if one.id == shop.entity_id)

    def context(given: QueryDict) -> dict[str, Any]:
        return {
            "shop": row,
            "entity": entity,
            "action": address(seat.kept, "shop_edit", public_id),
            "back": address(seat.kept, "shop", public_id),
            **_form(given, entity, row, seat),
        }

    def do(given: QueryDict, _key: str) -> HttpResponse:
        change_shop(shop.pk, _read(given, shop.account_id, entity, given.get("is_active") == "yes"), **actor(request))
        messages.success(request, _("Kept. It counts for sales that come in from now on."))
        return redirect(address(seat.kept, "shop", public_id))

    return act(request, seat, "shops/form.html", context, do, currency=row.currency, room="shops")


def _form(given: QueryDict, entity: EntityRow | None, row: ShopRow | None, seat: Seat) -> dict[str, Any]:
    def was(name: str, usual: object) -> str:
        return str(given.get(name, usual))

    def ticked(name: str, usual: bool) -> str:
        return "yes" if (given.get(name) == "yes" if given else usual) else ""

    currency = was("currency", row.currency if row else entity.currency if entity else "")
    banks = [one for one in account_rows(seat.frame, active=True) if entity is None or one.entity_id == entity.id]
    choices = [("", _("Any account of ours")), *((str(one.id), f"{one.name} ({one.currency})") for one in banks)]
    fields = [
        Field("text", "name", _("Name"), was("name", row.name if row else "")),
        Field("choice", "kind", _("Kind"), was("kind", row.kind if row else ""), choices=_choices(shop_words.KINDS)),
        Field("text", "currency", _("Currency"), currency, _("Empty: that of the legal entity."), required=False),
        Field(
            "text",
            "settle_days",
            _("Paid out after how many days (T+n)"),
            was("settle_days", row.settle_days if row else 1),
        ),
        Field(
            "check",
            "in_working_days",
            _("Counted in working days"),
            ticked("in_working_days", bool(row and row.in_working_days)),
        ),
        Field(
            "choice",
            "posting",
            _("Who posts the sales"),
            was("posting", row.posting if row else SalesPosting.SUMMARY.value),
            choices=_choices(shop_words.POSTINGS),
        ),
        Field(
            "choice",
            "bank_account",
            _("Where payouts come to"),
            was("bank_account", (row and row.bank_account_id) or ""),
            choices=tuple(choices),
        ),
        Field(
            "text",
            "payer_names",
            _("Words in the payer's name or text"),
            was("payer_names", "; ".join(row.payer_names) if row else ""),
            _("By these its payouts are known on the bank; several with a semicolon between."),
            required=False,
        ),
        Field(
            "check",
            "returns_fee",
            _("Gives its fee back with a refund"),
            ticked("returns_fee", row.returns_fee if row else True),
        ),
    ]
    if row is not None:
        fields.append(Field("check", "is_active", _("In use"), ticked("is_active", row.is_active)))
    return {"fields": fields, "fee_lines": _fee_lines(given, row)}


def _fee_lines(given: QueryDict, row: ShopRow | None) -> list[tuple[int, str, str, str]]:
    """Number, way of payment, percent and fixed amount of each line of fees, as they stand in their fields."""
    known = (
        [
            (
                fee.pay_method,
                f"{Decimal(fee.rate_bp).scaleb(-2).normalize():f}",
                typed_amount(fee.fixed_minor, row.currency),
            )
            for fee in row.fees
        ]
        if row
        else []
    )
    lines = [*known, *[("", "", "")] * max(FEE_LINES - len(known), 1)]
    return [
        (
            at,
            given.get(f"method_{at}", line[0]),
            given.get(f"rate_{at}", line[1]),
            given.get(f"fixed_{at}", line[2]),
        )
        for at, line in enumerate(lines)
    ]


def _choices(words: shop_words.Words) -> tuple[tuple[str, str], ...]:
    return tuple((str(code), str(word)) for code, word in words.items())


def _read(given: QueryDict, account_id: int, entity: EntityRow, is_active: bool) -> NewShop:
    kind, posting = given.get("kind", ""), given.get("posting", "")
    if kind not in set(ShopKind) or posting not in set(SalesPosting):
        raise Refusal("shop.incomplete", "Say what kind of shop it is and who posts its sales.")
    currency = read_text(given, "currency", 3).upper() or entity.currency
    exponent_of(currency)
    days, bank = given.get("settle_days", "").strip(), given.get("bank_account", "")
    names = read_text(given, "payer_names", 300).replace("；", ";").split(";")
    return NewShop(
        account_id=account_id,
        name=read_text(given, "name", 120),
        kind=ShopKind(kind),
        currency=currency,
        settle_days=int(days) if days.isascii() and days.isdigit() and len(days) < 4 else -1,
        in_working_days=given.get("in_working_days") == "yes",
        posting=SalesPosting(posting),
        returns_fee=given.get("returns_fee") == "yes",
        payer_names=tuple(names),
        bank_account_id=number_of(bank) or None,
        fees=tuple(_read_fees(given, currency)),
        is_active=is_active,
    )


def _read_fees(given: QueryDict, currency: str) -> list[FeeRule]:
    """Lines with a percentage or an amount. Refuses ``shop.bad_fee``."""
    rules = []
    for at in range(50):
        rate, fixed = given.get(f"rate_{at}", "").strip().rstrip("%％ "), given.get(f"fixed_{at}", "").strip()
        if not rate and not fixed:
            continue
        try:
            bp = Decimal(rate or "0") * 100
        except InvalidOperation:
            bp = Decimal(-1)
        if not bp.is_finite() or bp != bp.to_integral_value() or not 0 <= bp <= 10_000:
            raise Refusal("shop.bad_fee", "A fee lies between 0 and 100 %, and each way of payment has one.")
        rules.append(
            FeeRule(read_text(given, f"method_{at}", 60), int(bp), read_money(fixed, currency) if fixed else 0)
        )
    return rules
