"""Applying money or a credit: the customer's open items with an amount beside each, the sum checked on the server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from huikuan.core.accounts import LedgerAccount
from huikuan.core.applications import Order
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.queries import applicable, desk
from huikuan.queries.applicable import Candidate
from huikuan.queries.desk import ItemNow, Owner, ReceiptNow
from huikuan.services.applications import Named, apply_credit, apply_receipt
from huikuan.web.acting import (
    Word,
    act,
    actor,
    amount_text,
    demand_posting_to,
    done,
    new_key,
    read_money,
    read_on,
    told,
    typed_amount,
)
from huikuan.web.frames import Seat
from huikuan.web.pages import page, show

ROWS_MAX = 400
"""Items a form shows: more fields than a browser sends in one form are of no use to anybody."""
CHARGES: dict[str, Word] = {"cost": gettext_lazy("Collection cost"), "interest": gettext_lazy("Interest")}
ORDERS: tuple[tuple[str, Word], ...] = (
    (Order.OLDEST_FIRST.value, gettext_lazy("Fill oldest first")),
    (Order.PRO_RATA.value, gettext_lazy("Fill pro rata")),
    (Order.COSTS_INTEREST_PRINCIPAL.value, gettext_lazy("Fill costs, interest, principal")),
)


@dataclass(frozen=True, slots=True)
class Line:
    """An item of the form with what was typed beside it. ``fault``: why that cannot be."""

    found: Candidate
    text: str
    ticked: bool
    minor: int
    fault: str

    @property
    def charge(self) -> str:
        return str(CHARGES.get(self.found.row.charge.value, ""))


@dataclass(frozen=True, slots=True)
class SumCheck:
    """What the lines come to, in minor units, against what there is."""

    items: int
    applied_minor: int
    discount_minor: int
    available_minor: int
    faults: int

    @property
    def left_minor(self) -> int:
        return self.available_minor - self.applied_minor

    @property
    def over_minor(self) -> int:
        return -self.left_minor

    @property
    def state(self) -> str:
        if self.faults or self.left_minor < 0:
            return "bad"
        return "good" if self.items else ""


@dataclass(frozen=True, slots=True)
class Fund:
    """What is applied: a receipt's money on one account, or a credit."""

    kind: str
    public_id: str
    label: str
    entity_id: int
    currency: str
    effective_date: date
    available_minor: int
    owner: Owner
    found: list[Candidate]


def typed_lines(fund: Fund, given: QueryDict) -> list[Line]:
    """Every item of the form as typed."""
    lines = []
    for one in fund.found[:ROWS_MAX]:
        text, ticked = (
            given.get(f"amount-{one.public_id}", "").strip()[:40],
            bool(given.get(f"discount-{one.public_id}")),
        )
        minor, fault = 0, ""
        try:
            minor = read_money(text, fund.currency) if text else 0
            fault = _fault(one, minor, one.discount_minor if ticked else 0, fund.currency)
        except Refusal as refusal:
            fault = told(refusal, fund.currency)
        lines.append(Line(one, text, ticked, minor, fault))
    return lines


def _fault(one: Candidate, minor: int, discount: int, currency: str) -> str:
    if minor < 0:
        return _("The amount must be more than nothing.")
    if minor + discount > one.takes_minor:
        return _("More than the {open} open.").format(open=amount_text(one.takes_minor, currency))
    if discount and not minor:
        return _("A discount needs an amount beside it.")
    return ""


def check_sum(fund: Fund, lines: Sequence[Line]) -> SumCheck:
    return SumCheck(
        items=sum(1 for line in lines if line.minor > 0),
        applied_minor=sum(line.minor for line in lines),
        discount_minor=sum(line.found.discount_minor for line in lines if line.ticked and line.minor > 0),
        available_minor=fund.available_minor,
        faults=sum(1 for line in lines if line.fault),
    )


def fill(fund: Fund, given: QueryDict, order: Order) -> list[Line]:
    """The lines as the order spreads what there is. Refuses ``application.too_many`` beyond the form's length."""
    ticked = frozenset(one.public_id for one in fund.found if given.get(f"discount-{one.public_id}"))
    falls = applicable.spread(fund.found, fund.available_minor, order, ticked)
    shown = {one.public_id for one in fund.found[:ROWS_MAX]}
    if not falls.keys() <= shown:
        raise Refusal(
            "application.too_many",
            "That reaches more than the {count} items of this form: apply it in parts, or on the command line.",
            count=ROWS_MAX,
        )
    lines = []
    for one in fund.found[:ROWS_MAX]:
        minor = falls.get(one.public_id, 0)
        keeps = one.public_id in ticked and minor > 0
        lines.append(Line(one, typed_amount(minor, fund.currency) if minor else "", keeps, minor, ""))
    return lines


def named_of(fund: Fund, given: QueryDict) -> tuple[list[Named], date]:
    """The amounts typed, by item, and the day from which all of it is there. Items settled meanwhile are named too:
    what was posted before is known by its key."""
    typed = {name.removeprefix("amount-"): given.get(name, "").strip() for name in given if name.startswith("amount-")}
    texts = {public_id: text[:40] for public_id, text in typed.items() if text}
    items = applicable.items_named(fund.owner.account_id, texts)
    named, since = [], fund.effective_date
    for public_id, text in texts.items():
        item = items.get(public_id)
        if item is None:
            raise Refusal("application.no_such_item", "One of the items is not there any more: open the form anew.")
        minor = read_money(text, item.currency)
        if minor:
            since = max(since, item.effective_date)
            named.append(Named(item.id, minor, take_discount=bool(given.get(f"discount-{public_id}"))))
    alone = [name for name in given if name.startswith("discount-") and name.removeprefix("discount-") not in texts]
    if alone:
        raise Refusal("application.discount_alone", "A discount needs an amount beside it.")
    if not named:
        raise Refusal("application.nothing_typed", "Give an amount beside at least one item.")
    return named, since


def _context(fund: Fund, now: Any, given: QueryDict, lines: list[Line] | None = None) -> dict[str, Any]:
    shown = typed_lines(fund, given) if lines is None else lines
    return {
        "fund": fund,
        "today": now.today,
        "lines": shown,
        "check": check_sum(fund, shown),
        "orders": ORDERS if fund.kind == "receipt" else ORDERS[:2],
        "hidden_rows": max(len(fund.found) - ROWS_MAX, 0),
        "with_discount": any(one.discount_minor for one in fund.found),
        "from_account": account_from(now, given).value if isinstance(now, ReceiptNow) else "",
        "both_accounts": isinstance(now, ReceiptNow) and now.unapplied_minor > 0 and now.on_account_minor > 0,
        "receipt": now if isinstance(now, ReceiptNow) else None,
        "page_name": "receipt_apply" if fund.kind == "receipt" else "item_credit",
        "check_name": "receipt_spread" if fund.kind == "receipt" else "item_credit_spread",
    }


# -- a receipt's money -----------------------------------------------------------------------------------------------
def account_from(receipt: ReceiptNow, given: QueryDict) -> LedgerAccount:
    """Where the money is taken from: unapplied unless the form says so or there is none."""
    named = given.get("from", "")
    if named == "advances" or (not named and not receipt.unapplied_minor and receipt.on_account_minor):
        return LedgerAccount.ADVANCES
    return LedgerAccount.UNAPPLIED


def _receipt_fund(seat: Seat, public_id: str, given: QueryDict) -> tuple[ReceiptNow, Fund]:
    receipt = desk.receipt_now(seat.frame, public_id, timezone.now())
    if receipt is None:
        raise Http404
    demand_posting_to(seat, receipt.entity_id, Right.POST_CASH)
    if receipt.owner is None:
        raise Refusal("receipt.unidentified", "say first whose money this is")
    source = account_from(receipt, given)
    return receipt, Fund(
        kind="receipt",
        public_id=receipt.public_id,
        label=receipt.reference,
        entity_id=receipt.entity_id,
        currency=receipt.currency,
        effective_date=receipt.effective_date,
        available_minor=receipt.on_account_minor if source == LedgerAccount.ADVANCES else receipt.unapplied_minor,
        owner=receipt.owner,
        found=applicable.candidates(receipt.entity_id, receipt.owner.account_id, receipt.currency, receipt.value_date),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@page
def apply_money(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    """A receipt's money beside the customer's open items."""
    receipt, fund = _receipt_fund(seat, public_id, request.POST)

    def do(given: QueryDict, key: str) -> HttpResponse:
        named, since = named_of(fund, given)
        entry_id = apply_receipt(
            receipt.entity_id,
            receipt.id,
            named,
            on=read_on(given, receipt.today, since=since),
            from_account=account_from(receipt, given),
            key=key,
            **actor(request),
        )
        return done(request, seat, applied_words(entry_id), entry_id, "receipt", public_id)

    return act(
        request, seat, "actions/apply.html", lambda given: _context(fund, receipt, given), do, currency=fund.currency
    )


@require_POST
@page
def spread_money(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    """The sum of what is typed, or the items filled in an order. Posts nothing."""
    receipt, fund = _receipt_fund(seat, public_id, request.POST)
    return _spread(request, seat, fund, receipt)


# -- a credit --------------------------------------------------------------------------------------------------------
def _credit_fund(seat: Seat, public_id: str) -> tuple[ItemNow, Fund]:
    credit = desk.item_now(seat.frame, public_id, timezone.now())
    if credit is None:
        raise Http404
    demand_posting_to(seat, credit.entity_id, Right.POST_CASH)
    if not credit.is_credit:
        raise Refusal("application.not_a_credit", "the item has no credit left")
    return credit, Fund(
        kind="credit",
        public_id=credit.public_id,
        label=credit.document_number,
        entity_id=credit.entity_id,
        currency=credit.currency,
        effective_date=credit.effective_date,
        available_minor=-credit.open_minor,
        owner=credit.owner,
        found=applicable.candidates(credit.entity_id, credit.owner.account_id, credit.currency, None),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@page
def apply_credit_item(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    """A credit memo, deposit or money on account beside the customer's open items."""
    credit, fund = _credit_fund(seat, public_id)

    def do(given: QueryDict, key: str) -> HttpResponse:
        named, since = named_of(fund, given)
        on = read_on(given, credit.today, since=since)
        entry_id = apply_credit(credit.entity_id, credit.id, named, on=on, key=key, **actor(request))
        return done(request, seat, applied_words(entry_id), entry_id, "item", public_id)

    return act(
        request,
        seat,
        "actions/apply.html",
        lambda given: _context(fund, credit, given),
        do,
        currency=fund.currency,
        room="items",
    )


@require_POST
@page
def spread_credit(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    credit, fund = _credit_fund(seat, public_id)
    return _spread(request, seat, fund, credit)


def _spread(request: HttpRequest, seat: Seat, fund: Fund, now: ReceiptNow | ItemNow) -> HttpResponse:
    given, reason, lines = request.POST, "", None
    order = given.get("fill", "")
    if order:
        try:
            lines = fill(fund, given, Order(order)) if order in set(Order) else None
        except Refusal as refusal:
            reason = told(refusal, fund.currency)
    context = {
        "given": given,
        "key": given.get("key", "")[:64] or new_key(),
        "reason": reason,
        "filled_alone": bool(request.headers.get("HX-Request")),
        "currency": fund.currency,
        **_context(fund, now, given, lines),
    }
    if not request.headers.get("HX-Request"):
        return show(request, seat, "actions/apply.html", context, room="cash")
    return show(request, seat, "actions/apply_table.html" if order else "actions/apply_sum.html", context)


def applied_words(entry_id: int) -> str:
    """What an application did, read from its entry: the same words however often the form was sent."""
    made = applicable.applied_by(entry_id)
    text = ngettext("Applied to {n} item: {amount}.", "Applied to {n} items, {amount} in all.", made.items).format(
        n=f"{made.items:,}", amount=amount_text(made.paid_minor, made.currency)
    )
    if made.discount_minor:
        text += " " + _("Early-payment discount: {amount}.").format(
            amount=amount_text(made.discount_minor, made.currency)
        )
    return text
