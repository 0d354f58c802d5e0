"""Around the workbench: today's work and its audit, accepting many at once, what was learned, questions, the policy."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from huikuan.core.refusals import Conflict, Refusal
from huikuan.core.rights import Right
from huikuan.queries import workbench_day as queries
from huikuan.queries.frame import EntityRow
from huikuan.queries.matching_wrong import surest_wrong
from huikuan.queries.workbench import BATCH_MAX, batch_of
from huikuan.queries.workbench_day import DAY_SHOWS, LEARNED_KINDS
from huikuan.services.line_asides import answer_question
from huikuan.services.matching import accept_batch, run_matching, start_matching
from huikuan.services.matching_audit import say_outcome
from huikuan.services.matching_engine import bar_of
from huikuan.services.matching_learning import forget_learned
from huikuan.services.matching_policy import Policy, policy_of, set_policy
from huikuan.services.rights import Forbidden, missing
from huikuan.web.acting import actor, demand_now, new_key, read_money, read_text, told, typed_amount
from huikuan.web.frames import Seat, number_of
from huikuan.web.lists import chips_of
from huikuan.web.matching_bar import bar_words, vouched_kinds
from huikuan.web.matching_words import HELD_BACK, LEARNED
from huikuan.web.pages import page, read_list, show
from huikuan.web.tags import address
from huikuan.web.workbench import ROOM, bench, book_of, books_of

STEPS = (99, 97, 95, 90)


@require_POST
@bench
def run(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The matcher over every open line, now."""
    demand_now(seat)
    book = book_of(request, seat)
    fit = bool(request.POST.get("fit"))
    back = redirect(address(seat.kept, "matching_policy" if fit else "workbench", book=book.code))
    try:
        if start_matching(book.id, fit=fit, actor_id=actor(request)["actor_id"]):
            messages.success(request, _("The lines are matched in the background; this page shows how far it is."))
            return redirect(address(seat.kept, "workbench", book=book.code))
        report = run_matching(book.id, fit=fit, **actor(request))
    except Conflict as refusal:
        messages.error(request, told(refusal, book.currency))
        return back
    text = ngettext("{n} line matched", "{n} lines matched", report.lines).format(n=f"{report.lines:,}")
    text += ": " + _("{posted} posted by itself, {proposed} proposed, {left} without an explanation.").format(
        posted=f"{report.posted:,}", proposed=f"{report.proposed:,}", left=f"{report.unexplained:,}"
    )
    for code, count in sorted(report.held_back.items()):
        text += " " + _("{n} held back: {why}.").format(n=count, why=HELD_BACK.get(code, code))
    messages.success(request, text)
    return back


# -- today -----------------------------------------------------------------------------------------------------------
@require_safe
@page(right=Right.SEE_LEDGER, whole=True)
def show_today(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Today's decisions, who made them, what posted itself, and what of it is to be checked."""
    books = books_of(seat, Right.SEE_LEDGER)
    book = book_of(request, seat, Right.SEE_LEDGER)
    ask = read_list(request, sort="at", sorts=("at",))
    asked = request.GET.get("which", "all")
    which = asked if asked in DAY_SHOWS else "all"
    totals = queries.audit_totals(book.id)
    words = {
        "all": _("All of today"),
        "automatic": _("By itself"),
        "check": _("To check"),
        "people": _("By people"),
    }
    chips = [(code, f"{words[code]} {totals.waiting}" if code == "check" else words[code], "") for code in DAY_SHOWS]
    context = {
        "book": book,
        "ask": ask,
        "rows": queries.day_page(book.id, show=which, page=ask.page, size=ask.size, now=timezone.now()),
        "which": which,
        "totals": totals,
        "bar_words": bar_words(book.id),
        "may_decide": seat.can_whole(Right.DECIDE_MATCH, book.id) and seat.frame.is_now,
        "may_audit": seat.can_whole(Right.AUDIT_MATCH, book.id) and seat.frame.is_now,
        "which_chips": chips_of(request, "which", chips, active=which),
        "book_chips": chips_of(request, "book", [(row.code, row.name, "") for row in books], active=book.code),
    }
    return show(request, seat, "workbench/today.html", context, room=ROOM)


@require_POST
@page(right=Right.AUDIT_MATCH, whole=True)
def audit(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Right or wrong: what a person found of a posting that was drawn."""
    demand_now(seat)
    book = book_of(request, seat, Right.AUDIT_MATCH)
    outcome = request.POST.get("outcome")
    if outcome not in ("right", "wrong"):
        raise Http404
    right = outcome == "right"
    try:
        say_outcome(
            book.id,
            number_of(request.POST.get("decision", "")),
            right=right,
            note=read_text(request.POST, "note", 300),
            **actor(request),
        )
        messages.success(request, _("Noted as right.") if right else _("Taken back and noted as wrong."))
    except Forbidden:
        raise
    except Refusal as refusal:
        messages.error(request, told(refusal, book.currency))
    return redirect(address(seat.kept, "workbench_today", book=book.code, which=request.POST.get("which", "")[:20]))


# -- many at once ----------------------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@bench
def accept_many(request: HttpRequest, seat: Seat) -> HttpResponse:
    """How many lines and how much money would be applied above a confidence; sent, it does so."""
    book = book_of(request, seat)
    given = request.POST if request.method == "POST" else request.GET
    asked = number_of(given.get("least", "99"))
    least = asked if 50 <= asked <= 100 else 99
    if request.method == "POST":
        demand_now(seat)
        return _accept(request, seat, book, least)
    batch = batch_of(book.id, least / 100, now=timezone.now())
    context = {
        "book": book,
        "least": least,
        "count": len(batch.tokens),
        "most": BATCH_MAX if batch.is_full else 0,
        "mark": batch.mark,
        "sums": sorted(batch.sums.items()),
        "key": new_key(),
        "steps": chips_of(request, "least", [(str(n), f"≥ {n} %", "") for n in STEPS], active=str(least)),
    }
    return show(request, seat, "workbench/batch.html", context, room=ROOM)


def _accept(request: HttpRequest, seat: Seat, book: EntityRow, least: int) -> HttpResponse:
    try:
        done, left = accept_batch(book.id, least / 100, mark=request.POST.get("mark", ""), **actor(request))
    except Conflict as refusal:
        messages.error(request, told(refusal, book.currency))
        return redirect(address(seat.kept, "workbench_batch", book=book.code, least=str(least)))
    text = ngettext("{n} line applied.", "{n} lines applied.", done).format(n=f"{done:,}")
    if left:
        more = ngettext("{n} was left for you to decide.", "{n} were left for you to decide.", left)
        text += " " + more.format(n=f"{left:,}")
    messages.success(request, text)
    return redirect(address(seat.kept, "workbench", book=book.code))


# -- learned ---------------------------------------------------------------------------------------------------------
@require_safe
@bench
def show_learned(request: HttpRequest, seat: Seat) -> HttpResponse:
    """What the matcher learned from decisions, with a button to forget each."""
    books, book = books_of(seat), book_of(request, seat)
    ask = read_list(request, sort="count", sorts=("count",))
    asked = request.GET.get("kind", "")
    kind = asked if asked in LEARNED_KINDS else ""
    choices = [(code, str(LEARNED[code]), "") for code in LEARNED_KINDS]
    sees = seat.can(Right.UNMASK, book.id)
    context = {
        "book": book,
        "ask": ask,
        "rows": queries.learned_page(
            book.id, kind=kind, search=ask.search, page=ask.page, size=ask.size, masked=not sees
        ),
        "kind": kind,
        "may_unmask": sees,
        "kind_chips": chips_of(request, "kind", choices, active=kind, optional=True),
        "book_chips": chips_of(request, "book", [(row.code, row.name, "") for row in books], active=book.code),
    }
    return show(request, seat, "workbench/learned.html", context, room=ROOM)


@require_POST
@bench
def forget(request: HttpRequest, seat: Seat) -> HttpResponse:
    demand_now(seat)
    book = book_of(request, seat)
    try:
        forget_learned(book.id, number_of(request.POST.get("learned", "")), **actor(request))
        messages.success(request, _("Forgotten. Open lines are matched without it."))
    except Forbidden:
        raise
    except Refusal as refusal:
        messages.error(request, told(refusal, book.currency))
    kind = request.POST.get("kind", "")[:10]
    return redirect(address(seat.kept, "workbench_learned", book=book.code, kind=kind))


# -- questions -------------------------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@page(right=None)
def questions(request: HttpRequest, seat: Seat) -> HttpResponse:
    """What a person was asked about bank lines, and the answers."""
    user: Any = request.user
    reason = ""
    if request.method == "POST":
        try:
            answer_question(
                number_of(request.POST.get("question", "")),
                read_text(request.POST, "answer", 500),
                actor_id=user.pk,
                now=timezone.now(),
            )
            messages.success(request, _("Thank you. Your answer stands beside the line now."))
            return redirect(address(seat.kept, "line_questions"))
        except Refusal as refusal:
            reason = told(refusal, "")
    asked = queries.questions_for(user.pk, [row.id for row in seat.entities])
    context = {"questions": asked, "reason": reason}
    return show(request, seat, "workbench/questions.html", context, room=ROOM, status=400 if reason else 200)


# -- the policy ------------------------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.SEE_LEDGER, whole=True)
def edit_policy(request: HttpRequest, seat: Seat) -> HttpResponse:
    """What posts itself: on or off, how often it may be wrong, up to which amount, how much is asked back."""
    books = books_of(seat, Right.SEE_LEDGER)
    book = book_of(request, seat, Right.SEE_LEDGER)
    may_edit = seat.can_whole(Right.EDIT_MATCH_POLICY, book.id)
    given, reason = request.POST, ""
    if request.method == "POST":
        if not may_edit:
            raise missing(Right.EDIT_MATCH_POLICY)
        try:
            set_policy(book.id, _read_policy(request, book), **actor(request))
            messages.success(request, _("Saved."))
            return redirect(address(seat.kept, "matching_policy", book=book.code))
        except Forbidden:
            raise
        except Refusal as refusal:
            reason = told(refusal, book.currency)
    held = policy_of(book.id)
    context = {
        "book": book,
        "policy": held,
        "given": given,
        "reason": reason,
        "may_edit": may_edit,
        "may_run": seat.can_whole(Right.DECIDE_MATCH, book.id) and seat.frame.is_now,
        "one_in": round(1_000_000 / held.error_ppm),
        "amount_typed": typed_amount(held.amount_minor_max, book.currency) if held.amount_minor_max else "",
        "audit_typed": f"{held.audit_bp / 100:g}",
        "charge_typed": typed_amount(held.charge_minor_max, book.currency) if held.charge_minor_max else "",
        "charge_share_typed": f"{held.charge_bp_max / 100:g}",
        "bar_words": bar_words(book.id),
        "vouched": vouched_kinds(book.id),
        "surest_wrong": surest_wrong(bar_of(book.id)),
        "last_run": queries.last_run(book.id),
        "totals": queries.audit_totals(book.id),
        "book_chips": chips_of(request, "book", [(row.code, row.name, "") for row in books], active=book.code),
    }
    return show(request, seat, "settings/matching.html", context, room="settings", status=400 if reason else 200)


def _read_policy(request: HttpRequest, book: EntityRow) -> Policy:
    given = request.POST
    one_in = number_of(given.get("one_in", "").replace(",", "").strip())
    amount, charge = given.get("amount_max", "").strip(), given.get("charge_max", "").strip()
    return Policy(
        is_automatic=bool(given.get("is_automatic")),
        error_ppm=round(1_000_000 / one_in) if one_in else 0,
        amount_minor_max=read_money(amount, book.currency) if amount else None,
        audit_bp=_hundredths(given.get("audit", "")),
        charge_minor_max=read_money(charge, book.currency) if charge else 0,
        charge_bp_max=_hundredths(given.get("charge_share", "")),
        needs_paper=bool(given.get("needs_paper")),
    )


def _hundredths(text: str) -> int:
    """A percentage as it was typed → hundredths of a percent. Refuses ``form.percent``."""
    try:
        value = Decimal(text.strip().rstrip("%").strip() or "0")
    except InvalidOperation:
        raise Refusal("form.percent", "{text} is no percentage; write it as 2 or 0.5", text=text[:20]) from None
    if not value.is_finite() or not 0 <= value <= 100:
        raise Refusal("form.percent", "{text} is no percentage; write it as 2 or 0.5", text=text[:20])
    return int(value * 100)
