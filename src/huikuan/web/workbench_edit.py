"""A line by hand: amounts beside the items of one customer or several; put aside; a colleague asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from huikuan.core.matching import Deed, Leg, Rest
from huikuan.core.refusals import Conflict, Refusal
from huikuan.queries import workbench_edit as queries
from huikuan.queries.bank_lines import MatchLine
from huikuan.queries.workbench_edit import EditCustomer
from huikuan.queries.workbench_line import account_named
from huikuan.services.line_asides import ask_about_line, park_line, unpark_line
from huikuan.services.line_decisions import Choice, decide_line
from huikuan.services.rights import Forbidden
from huikuan.web.acting import actor, demand_now, new_key, read_money, read_text, told, typed_amount
from huikuan.web.frames import Seat, number_of
from huikuan.web.matching_words import DEDUCTIONS
from huikuan.web.pages import show
from huikuan.web.tags import address
from huikuan.web.workbench import bench, line_of
from huikuan.web.workbench_deeds import book_code, done_words, refused, went_on

OFFERED = ("early_payment_discount", "bank_charge", "exchange", "short_payment")


@dataclass(frozen=True, slots=True)
class EditRow:
    public_id: str
    document_number: str
    due_date: date
    open_minor: int
    open_typed: str
    typed: str
    less_typed: str
    why: str


@require_http_methods(["GET", "HEAD", "POST"])
@bench
def edit_line(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    """The form, filled from an explanation or from what was typed; sent, it applies what stands in it."""
    line = line_of(seat, public_id)
    if request.method != "POST":
        return show(request, seat, "workbench/edit.html", _context(line, public_id, request.GET))
    demand_now(seat)
    given = request.POST
    try:
        choice = _choice(line, given)
        decision = decide_line(
            line.entity_id, line.line_id, choice, **actor(request), key=given.get("key", "")[:64] or None
        )
    except Forbidden:
        raise
    except Conflict as refusal:
        return refused(request, seat, line, refusal)
    except Refusal as refusal:
        context = {**_context(line, public_id, given), "reason": told(refusal, line.currency)}
        response = show(request, seat, "workbench/edit.html", context, status=400)
        # What was typed stays: the form alone is shown again, in its own place.
        response["HX-Retarget"], response["HX-Reswap"] = "#bench-edit", "innerHTML show:none"
        return response
    return went_on(request, seat, line, done_words(line, decision))


def _choice(line: MatchLine, given: QueryDict) -> Choice:
    """What stands in the form. Without an amount, and with one customer in it: all of the money is that customer's."""
    legs, rest = tuple(_legs(line, given)), _rest(given)
    who = {text for text in given.getlist("who") if text}
    if not legs and len(who) == 1 and rest in (Rest.UNAPPLIED, Rest.ON_ACCOUNT):
        return Choice(Deed(rest.value), account_id=account_named(line, who.pop(), 0))
    return Choice(Deed.APPLY, legs=legs, rest=rest)


def _texts(given: QueryDict) -> dict[str, str]:
    """What stands in the fields, the last of each name."""
    return {name: str(text).strip()[:40] for name, text in given.items()}


def _rest(given: Mapping[str, Any]) -> Rest:
    asked = given.get("rest", "")
    return Rest(asked) if asked in set(Rest) else Rest.UNAPPLIED


def _context(line: MatchLine, public_id: str, given: QueryDict) -> dict[str, Any]:
    fresh = not any(name.startswith("amount-") for name in given)
    who = [str(text) for text in given.getlist("who") if text][:20]
    if added := given.get("add"):
        who.append(str(added))
    legs = queries.legs_of(line, number_of(given.get("rank", "1"))) if fresh and not who else {}
    found = queries.edit_customers(line, who, legs, given.get("take", ""))
    typed = _texts(given)
    customers: list[dict[str, Any]] = [
        {"public_id": one.public_id, "name": one.name, "hidden": one.hidden, "rows": _rows(line, one, legs, typed)}
        for one in found
    ]
    filled = [row for one in customers for row in one["rows"] if row.typed]
    return {
        "pane_id": public_id,
        "line": line,
        "customers": customers,
        "deductions": [(code, DEDUCTIONS[code]) for code in OFFERED],
        "rest": given.get("rest") or ("open" if given.get("part") else "unapplied"),
        "key": new_key(),
        **_sums(line, [row.typed for row in filled]),
    }


def _rows(line: MatchLine, one: EditCustomer, legs: Mapping[int, Leg], typed: Mapping[str, str]) -> list[EditRow]:
    rows = []
    for item in one.items:
        leg = legs.get(item.item_id)
        signed = "-" if item.open_minor < 0 else ""
        default = f"{'-' if leg.minor < 0 else ''}{typed_amount(leg.minor, line.currency)}" if leg else ""
        if item.is_taken:
            default = f"{signed}{typed_amount(item.open_minor, line.currency)}"
        less = typed_amount(leg.kept_minor, line.currency) if leg and leg.kept_minor else ""
        rows.append(
            EditRow(
                public_id=item.public_id,
                document_number=item.document_number,
                due_date=item.due_date,
                open_minor=item.open_minor,
                open_typed=f"{signed}{typed_amount(item.open_minor, line.currency)}",
                typed=typed.get(f"amount-{item.public_id}") or default,
                less_typed=typed.get(f"less-{item.public_id}") or less,
                why=typed.get(f"why-{item.public_id}") or (leg.deduction_reason if leg else ""),
            )
        )
    return rows


def _sums(line: MatchLine, texts: list[str]) -> dict[str, Any]:
    try:
        applied = sum(_signed(text, line.currency) for text in texts if text)
    except Refusal as refusal:
        return {"sum_fault": told(refusal, line.currency)}
    return {"sum_applied": applied, "sum_left": line.open_minor - applied}


def _signed(text: str, currency: str) -> int:
    """An amount with its sign: a credit memo is used with a minus."""
    plain = text.strip()
    return -read_money(plain[1:], currency) if plain[:1] in ("-", "−") else read_money(plain, currency)


def _legs(line: MatchLine, given: QueryDict) -> list[Leg]:
    typed = _texts(given)
    texts = {name.removeprefix("amount-"): text for name, text in typed.items() if name.startswith("amount-") and text}
    items = queries.items_named(line.entity_id, texts)
    legs = []
    for public_id, text in texts.items():
        item = items.get(public_id)
        if item is None:
            raise Refusal("application.no_such_item", "One of the items is not there any more: open the form anew.")
        less = typed.get(f"less-{public_id}", "")
        why = typed.get(f"why-{public_id}", "")
        if less and read_money(less, line.currency) < 0:
            raise Refusal("form.not_positive", "The amount must be more than nothing.")
        legs.append(
            Leg(
                item_id=item.item_id,
                account_id=item.account_id,
                minor=_signed(text, line.currency),
                deduction_minor=read_money(less, line.currency) if less else 0,
                deduction_reason=(why if why in OFFERED else "short_payment") if less else "",
            )
        )
    return [leg for leg in legs if leg.minor]


@require_POST
@bench
def check_sum(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    """What the amounts typed add up to, and what is left."""
    line = line_of(seat, public_id)
    texts = [text for name, text in _texts(request.POST).items() if name.startswith("amount-")]
    return show(request, seat, "workbench/sum.html", {"line": line, **_sums(line, texts)})


@require_safe
@bench
def find_for_line(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    """Customers and open items by what was typed."""
    line = line_of(seat, public_id)
    text = request.GET.get("q", "").strip()[:80]
    customers, items = queries.found_for(line, seat.frame, text)
    context = {
        "line": line,
        "pane_id": public_id,
        "asked": text,
        "found_customers": customers,
        "found_items": items,
    }
    return show(request, seat, "workbench/found.html", context)


@require_POST
@bench
def put_aside(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    """Put aside, brought back, or a colleague asked; then the next line."""
    demand_now(seat)
    line = line_of(seat, public_id)
    given, who = request.POST, actor(request)
    if given.get("deed") not in ("park", "unpark", "ask"):
        raise Http404
    try:
        text = _aside(line, given, who)
    except Forbidden:
        raise
    except Refusal as refusal:
        return refused(request, seat, line, refusal)
    if given.get("deed") == "unpark":
        messages.success(request, text)
        return redirect(address(seat.kept, "workbench", book=book_code(seat, line), line=public_id))
    return went_on(request, seat, line, text, is_aside=True)


def _aside(line: MatchLine, given: QueryDict, who: dict[str, Any]) -> str:
    if given.get("deed") == "unpark":
        unpark_line(line.entity_id, line.line_id, **who)
        return _("The line is back.")
    if given.get("deed") == "ask":
        asked = number_of(given.get("asked", ""))
        ask_about_line(line.entity_id, line.line_id, asked, read_text(given, "question", 500), **who)
        return _("Asked. The line comes back with the answer.")
    park_line(line.entity_id, line.line_id, read_text(given, "reason", 300), **who)
    return _("Put aside.")
