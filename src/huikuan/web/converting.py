"""A receipt's money on items in other currencies: the rate proposed, the exchange difference shown before posting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.queries import applicable, converting, desk
from huikuan.queries.applicable import Candidate
from huikuan.queries.converting import Exchange, Quote
from huikuan.queries.desk import ReceiptNow
from huikuan.services.applications import Named, apply_receipt
from huikuan.web.acting import (
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
from huikuan.web.applying import ROWS_MAX, account_from
from huikuan.web.frames import Seat
from huikuan.web.pages import page, show


@dataclass(frozen=True, slots=True)
class Line:
    """An item of the form: what was typed, what it takes of the money (``offered`` where the rate says so), and why
    that cannot be."""

    found: Candidate
    quote: Quote | None
    covered: str
    text: str = ""
    paid_text: str = ""
    minor: int = 0
    paid_minor: int = 0
    fault: str = ""

    @property
    def offered(self) -> bool:
        return bool(self.minor and self.paid_minor and not self.paid_text)


@dataclass(frozen=True, slots=True)
class SumCheck:
    """What the lines take of the money, and the exchange difference they make: a gain is positive."""

    items: int
    paid_minor: int
    available_minor: int
    gain_minor: int
    faults: int

    @property
    def left_minor(self) -> int:
        return self.available_minor - self.paid_minor

    @property
    def loss_minor(self) -> int:
        return -self.gain_minor

    @property
    def state(self) -> str:
        if self.faults or self.left_minor < 0:
            return "bad"
        return "good" if self.items else ""


def _typed(given: QueryDict, name: str) -> str:
    return given.get(name, "").strip()[:40]


def _paid(exchange: Exchange, given: QueryDict, public_id: str, minor: int, currency: str) -> int:
    """What was typed beside the item; else what the form offered for this very amount; else the rate's."""
    text = _typed(given, f"paid-{public_id}")
    if text:
        return read_money(text, exchange.fund.currency)
    amount, _colon, money = given.get(f"offer-{public_id}", "").partition(":")
    if amount == str(minor) and money.isascii() and money.isdigit() and len(money) < 19:
        return int(money)
    return exchange.money_for(minor, currency)


def typed_lines(exchange: Exchange, given: QueryDict) -> list[Line]:
    """Every item of the form as typed."""
    return [_line(exchange, given, one) for one in exchange.found[:ROWS_MAX]]


def _line(exchange: Exchange, given: QueryDict, one: Candidate) -> Line:
    row, fund = one.row, exchange.fund
    covered = exchange.covered(one)
    blank = Line(one, exchange.quotes.get(row.currency), typed_amount(covered, row.currency) if covered else "")
    text, paid_text = _typed(given, f"amount-{one.public_id}"), _typed(given, f"paid-{one.public_id}")
    minor, paid, fault = 0, 0, ""
    try:
        minor = read_money(text, row.currency) if text else 0
        if minor < 0:
            fault = _("The amount must be more than nothing.")
        elif minor > row.open_minor:
            fault = _("More than the {open} open.").format(open=amount_text(row.open_minor, row.currency))
        elif minor:
            paid = _paid(exchange, given, one.public_id, minor, row.currency)
            fault = "" if paid > 0 else _("Say how much of the money it takes.")
        elif paid_text:
            fault = _("Say how much of the item it settles.")
    except Refusal as refusal:
        fault = told(refusal, fund.currency)
    return Line(one, blank.quote, blank.covered, text, paid_text, minor, paid, fault)


def check_sum(exchange: Exchange, lines: Sequence[Line]) -> SumCheck:
    """Adds up; the difference is worked out by the rules that will post it."""
    named = [(line.found, line.minor, line.paid_minor) for line in lines if line.minor > 0 and not line.fault]
    faults = sum(1 for line in lines if line.fault)
    paid = sum(money for _one, _minor, money in named)
    fits = named and not faults and paid <= exchange.fund.available_minor
    gain = exchange.difference(named) if fits else 0
    return SumCheck(len(named), paid, exchange.fund.available_minor, gain, faults)


def _named(exchange: Exchange, account_id: int, since: date, given: QueryDict) -> tuple[list[Named], date]:
    """The amounts typed, and the day from which all of it is there. Items settled meanwhile are named too: what was
    posted before is known by its key."""
    texts = {name.removeprefix("amount-"): _typed(given, name) for name in given if name.startswith("amount-")}
    items = applicable.items_named(account_id, [public_id for public_id, text in texts.items() if text])
    named = []
    for public_id, text in texts.items():
        if not text:
            if _typed(given, f"paid-{public_id}"):
                raise Refusal("convert.amount_missing", "Say how much of the item it settles.")
            continue
        item = items.get(public_id)
        if item is None:
            raise Refusal("application.no_such_item", "One of the items is not there any more: open the form anew.")
        minor = read_money(text, item.currency)
        if minor:
            since = max(since, item.effective_date)
            paid = _paid(exchange, given, public_id, minor, item.currency)
            named.append(Named(item.id, minor, paid_minor=paid))
    if not named:
        raise Refusal("application.nothing_typed", "Give an amount beside at least one item.")
    return named, since


def _load(seat: Seat, public_id: str, given: QueryDict) -> tuple[ReceiptNow, Exchange]:
    receipt = desk.receipt_now(seat.frame, public_id, timezone.now())
    if receipt is None:
        raise Http404
    demand_posting_to(seat, receipt.entity_id, Right.POST_CASH)
    if receipt.owner is None:
        raise Refusal("receipt.unidentified", "say first whose money this is")
    return receipt, converting.exchange_of(receipt.id, account_from(receipt, given))


def _context(receipt: ReceiptNow, exchange: Exchange, given: QueryDict) -> dict[str, Any]:
    lines = typed_lines(exchange, given)
    return {
        "receipt": receipt,
        "exchange": exchange,
        "lines": lines,
        "check": check_sum(exchange, lines),
        "today": receipt.today,
        "missing_rates": sorted({line.found.row.currency for line in lines if line.quote is None}),
        "hidden_rows": max(len(exchange.found) - ROWS_MAX, 0),
        "from_account": account_from(receipt, given).value,
        "both_accounts": receipt.unapplied_minor > 0 and receipt.on_account_minor > 0,
    }


@require_http_methods(["GET", "HEAD", "POST"])
@page
def convert_money(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    """A receipt's money beside the customer's open items in other currencies."""
    receipt, exchange = _load(seat, public_id, request.POST)

    def do(given: QueryDict, key: str) -> HttpResponse:
        account_id = receipt.owner.account_id if receipt.owner else 0
        named, since = _named(exchange, account_id, receipt.effective_date, given)
        entry_id = apply_receipt(
            receipt.entity_id,
            receipt.id,
            named,
            on=read_on(given, receipt.today, since=since),
            from_account=account_from(receipt, given),
            key=key,
            **actor(request),
        )
        return done(request, seat, converted_words(entry_id), entry_id, "receipt", public_id)

    return act(
        request,
        seat,
        "actions/convert.html",
        lambda given: _context(receipt, exchange, given),
        do,
        currency=receipt.currency,
    )


@require_POST
@page
def check_conversion(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    """What the typed amounts take of the money and the difference they make. Posts nothing."""
    receipt, exchange = _load(seat, public_id, request.POST)
    shown = {
        "given": request.POST,
        "key": request.POST.get("key", "")[:64] or new_key(),
        "currency": receipt.currency,
        **_context(receipt, exchange, request.POST),
    }
    name = "actions/convert_sum.html" if request.headers.get("HX-Request") else "actions/convert.html"
    return show(request, seat, name, shown, room="cash")


def converted_words(entry_id: int) -> str:
    """What the application did, read from its entry."""
    made = converting.converted_by(entry_id)
    settled = ", ".join(amount_text(minor, currency) for currency, minor in made.settled)
    currency, minor = made.money
    text = ngettext(
        "Applied to {n} item: {amount} for {money}.", "Applied to {n} items: {amount} for {money}.", made.items
    )
    text = text.format(n=f"{made.items:,}", amount=settled, money=amount_text(minor, currency))
    if made.gain_minor > 0:
        text += " " + _("Exchange gain: {amount}.").format(amount=amount_text(made.gain_minor, made.base))
    elif made.gain_minor < 0:
        text += " " + _("Exchange loss: {amount}.").format(amount=amount_text(-made.gain_minor, made.base))
    return text
