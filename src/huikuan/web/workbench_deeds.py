"""What is decided on the workbench: a line claimed, decided about, taken back; then the next line at once."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from huikuan.core.matching import Deed
from huikuan.core.refusals import Conflict, Refusal
from huikuan.queries import workbench as queries
from huikuan.queries import workbench_line as lines
from huikuan.queries.bank_lines import MatchLine
from huikuan.queries.frame import EntityRow
from huikuan.queries.ids import bank_line_id_text, bank_line_number
from huikuan.queries.workbench_order import bench_row, following
from huikuan.services.line_asides import claim_line
from huikuan.services.line_decisions import Choice, decide_line
from huikuan.services.line_undoing import undo_decision
from huikuan.services.matching import accept_explanation
from huikuan.services.rights import Forbidden
from huikuan.web.acting import actor, amount_text, demand_now, read_text, told
from huikuan.web.frames import Seat, number_of
from huikuan.web.pages import show
from huikuan.web.tags import address
from huikuan.web.workbench import bench, book_of, line_of, pane_context, progress_context, wish_shown

DEEDS = ("accept", "unapplied", "on_account", "not_customer")


@require_POST
@bench
def claim(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    """The line is before this person now; said by the page when it shows it."""
    line = line_of(seat, public_id)
    user: Any = request.user
    takes = bool(request.POST.get("take_over"))
    try:
        claim_line(line.entity_id, line.line_id, actor_id=user.pk, now=timezone.now(), take_over=takes)
    except Conflict as refusal:
        return HttpResponse(
            render_to_string("workbench/claimed.html", {"reason": told(refusal, ""), "line_id": public_id}, request)
        )
    return pane_answer(request, seat, line) if takes else HttpResponse("")


@require_POST
@bench
def decide(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    """Accepts an explanation, or keeps the money for a customer, or says that it is none's; then the next line."""
    demand_now(seat)
    line = line_of(seat, public_id)
    try:
        decision = _decide(request, line)
    except Forbidden:
        raise
    except Refusal as refusal:
        return refused(request, seat, line, refusal)
    return went_on(request, seat, line, done_words(line, decision))


def _decide(request: HttpRequest, line: MatchLine) -> int:
    given = request.POST
    key = given.get("key", "")[:64] or None
    common = {**actor(request), "key": key}
    # What is not understood is no explanation, and never the first one.
    deed, number = given.get("deed", "accept"), number_of(given.get("rank", "1"))
    if deed not in DEEDS:
        raise Http404
    if deed == "accept":
        return accept_explanation(line.entity_id, line.line_id, number, token=given.get("token", ""), **common)
    if deed == "not_customer":
        choice = Choice(Deed.NOT_CUSTOMER, detail=read_text(given, "class", 40))
    else:
        account_id = lines.account_named(line, given.get("customer", ""), number)
        choice = Choice(Deed.ON_ACCOUNT if deed == "on_account" else Deed.UNAPPLIED, account_id=account_id)
    return decide_line(line.entity_id, line.line_id, choice, **common)


def done_words(line: MatchLine, decision_id: int) -> str:
    amount = amount_text(line.open_minor, line.currency)
    became = lines.deed_of_decision(decision_id)
    if became is Deed.NOT_CUSTOMER:
        return _("{amount} set aside as no customer's money.").format(amount=amount)
    if became in (Deed.UNAPPLIED, Deed.ON_ACCOUNT):
        return _("{amount} kept for the customer.").format(amount=amount)
    applied, items = lines.applied_by_decision(decision_id)
    return ngettext("{amount}: applied to {n} item.", "{amount}: applied to {n} items.", items).format(
        amount=amount_text(applied, line.currency), n=items
    )


def refused(request: HttpRequest, seat: Seat, line: MatchLine, refusal: Refusal) -> HttpResponse:
    """The same line again with why it was refused; what is out of date has been worked out anew."""
    reason = told(refusal, line.currency)
    again = lines.line_at([line.entity_id], bank_line_id_text(line.line_id)) or line
    status = 409 if isinstance(refusal, Conflict) else 400
    if not request.headers.get("HX-Request"):
        messages.error(request, reason)
        return redirect(
            address(seat.kept, "workbench", line=bank_line_id_text(line.line_id), book=book_code(seat, line))
        )
    context = pane_context(request, seat, again, reason=reason)
    return show(request, seat, "workbench/pane.html", context, status=status)


def went_on(request: HttpRequest, seat: Seat, line: MatchLine, text: str, *, is_aside: bool = False) -> HttpResponse:
    """The next line at once, with what was just done and how far the work is. ``line``: as it was before; ``is_aside``:
    nothing was decided that could be taken back."""
    book = next(row for row in seat.entities if row.id == line.entity_id)
    user: Any = request.user
    now = timezone.now()
    below = [number for one in request.POST.get("below", "").split() if (number := bank_line_number(one)) is not None]
    found = following(book.id, wish_shown(request), line, user_id=user.pk, now=now, shown=below)
    follower = bank_line_id_text(found.line_id) if found.line_id is not None else ""
    is_whole = not request.headers.get("HX-Request")
    if is_whole or not follower:  # At the end of the list the page is made anew.
        messages.success(request, text)
    if is_whole:
        return redirect(address(seat.kept, "workbench", book=book.code, line=follower))
    context: dict[str, Any] = {
        "swap": True,
        "done_text": text,
        "is_aside": is_aside,
        "begun": found.begun,
        **progress_context(request, seat, book),
    }
    if found.stays:
        context["row"] = bench_row(line.line_id, book.id, user_id=user.pk, now=now)
    after = lines.line_at([book.id], follower)
    if after is not None:
        context |= pane_context(request, seat, after, done=text)
    response = show(request, seat, "workbench/pane.html" if after is not None else "workbench/empty_pane.html", context)
    said = {"line": bank_line_id_text(line.line_id), "stays": found.stays, "next": follower}
    response["HX-Trigger"] = json.dumps({"bench-went-on": said})
    return response


def pane_answer(request: HttpRequest, seat: Seat, line: MatchLine) -> HttpResponse:
    again = lines.reread(line) or line
    return show(request, seat, "workbench/pane.html", pane_context(request, seat, again))


@require_POST
@bench
def undo(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Takes the person's last decision of today back, or the one named; shows its line."""
    demand_now(seat)
    book = book_of(request, seat)
    user: Any = request.user
    number = request.POST.get("decision", "")
    decision_id = number_of(number)
    if not number:
        last = queries.progress(book.id, user_id=user.pk, now=timezone.now()).mine_last
        decision_id = last.pk if last is not None else 0
    back = request.POST.get("back", "")
    try:
        if not decision_id:
            raise Refusal("match.nothing_to_undo", "You have decided nothing today that could be taken back.")
        undo_decision(book.id, decision_id, **actor(request))
    except Forbidden:
        raise
    except Refusal as refusal:
        return _undo_refused(request, seat, book, told(refusal, book.currency), refusal, back)
    line = lines.line_of_decision(decision_id)
    reopened = bank_line_id_text(line.line_id)
    text = _("Taken back: {amount} is open again.").format(amount=amount_text(line.open_minor, line.currency))
    if back == "today" or not request.headers.get("HX-Request"):
        messages.success(request, text)
        page_name, more = ("workbench_today", {}) if back == "today" else ("workbench", {"line": reopened})
        return redirect(address(seat.kept, page_name, book=book.code, **more))
    context = {
        "swap": True,
        "is_aside": True,  # Taking back more is a key away, but not what is offered.
        **progress_context(request, seat, book),
        **pane_context(request, seat, line, done=text),
    }
    response = show(request, seat, "workbench/pane.html", context)
    response["HX-Trigger"] = json.dumps({"bench-came-back": {"line": reopened}})
    return response


def _undo_refused(
    request: HttpRequest, seat: Seat, book: EntityRow, reason: str, refusal: Refusal, back: str
) -> HttpResponse:
    if back == "today" or not request.headers.get("HX-Request"):
        messages.error(request, reason)
        return redirect(address(seat.kept, "workbench_today" if back == "today" else "workbench", book=book.code))
    status = 409 if isinstance(refusal, Conflict) else 400
    context = {"reason": reason, **progress_context(request, seat, book)}
    return show(request, seat, "workbench/empty_pane.html", context, status=status)


def book_code(seat: Seat, line: MatchLine) -> str:
    return next(row.code for row in seat.entities if row.id == line.entity_id)
