"""Cash → Workbench: lines of bank statements on the left, what the matcher says of one on the right, decided by key."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from huikuan.core.matching import Deed
from huikuan.core.refusals import Conflict, Refusal
from huikuan.core.rights import Right
from huikuan.queries import workbench as queries
from huikuan.queries import workbench_line as lines
from huikuan.queries.bank_lines import MatchLine
from huikuan.queries.frame import EntityRow
from huikuan.queries.ids import bank_line_id_text
from huikuan.queries.matching_work import at_work
from huikuan.queries.workbench import SHOWS, SORTS, Wish
from huikuan.queries.workbench_line import Pane
from huikuan.services.line_asides import claim_line
from huikuan.services.line_decisions import Choice, decide_line
from huikuan.services.line_undoing import undo_decision
from huikuan.services.matching import accept_explanation, refresh_line
from huikuan.services.matching_posting import waits_for
from huikuan.services.rights import Forbidden, missing
from huikuan.web.acting import actor, amount_text, demand_now, new_key, read_text, told
from huikuan.web.frames import Seat
from huikuan.web.lists import chips_of
from huikuan.web.matching_bar import bar_words
from huikuan.web.matching_words import HELD_BACK, NOT_CUSTOMERS, reason_of
from huikuan.web.pages import page, read_list, show
from huikuan.web.tags import address

bench = page(right=Right.DECIDE_MATCH, whole=True)
ROOM = "workbench"


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a line's text. ``ranks``: the explanations that rest on it; ``title``: as what it was read."""

    text: str
    ranks: str = ""
    title: str = ""


# -- where one stands ------------------------------------------------------------------------------------------------
def books_of(seat: Seat, right: Right = Right.DECIDE_MATCH) -> list[EntityRow]:
    """The entities of the frame in which the person holds a right for all customers."""
    return [row for row in seat.entities if row.id in seat.frame.entity_ids and seat.can_whole(right, row.id)]


def book_of(request: HttpRequest, seat: Seat, right: Right = Right.DECIDE_MATCH) -> EntityRow:
    """The entity asked for with ``book``, else the first. 404 for one that is not the person's."""
    books = books_of(seat, right)
    code = request.POST.get("book") or request.GET.get("book", "")
    found = next((row for row in books if not code or row.code == code), None)
    if found is None and code:
        raise Http404
    if found is None:
        raise missing(right)
    return found


def line_of(seat: Seat, public_id: str) -> MatchLine:
    found = lines.line_at((row.id for row in books_of(seat)), public_id)
    if found is None:
        raise Http404
    return found


def read_wish(request: HttpRequest) -> Wish:
    ask = read_list(request, sort="-confidence", sorts=SORTS)
    asked = request.GET.get("show", "open")
    return Wish(asked if asked in SHOWS else "open", ask.search, ask.sort, ask.page, ask.size)


# -- the page --------------------------------------------------------------------------------------------------------
@require_safe
@bench
def show_bench(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The list of lines, with the first (or the one asked for) open beside it."""
    books = books_of(seat)
    if not books:
        raise missing(Right.DECIDE_MATCH)
    book, wish, now = book_of(request, seat), read_wish(request), timezone.now()
    if request.GET.get("at_work"):
        return show(request, seat, "workbench/at_work.html", {**work_context(book), "was_at_work": True})
    user: Any = request.user
    rows = queries.bench_page(book.id, wish, user_id=user.pk, now=now)
    asked = request.GET.get("line", "")
    chosen = asked or (rows.rows[0].public_id if rows.rows else "")
    sorts = {"-confidence": _("Surest first"), "-amount": _("Largest first"), "date": _("Oldest first")}
    context = {
        "book": book,
        "wish": wish,
        "rows": rows,
        "chosen": chosen,
        "line_asked": bool(asked),
        **progress_context(request, seat, book),
        **bar_context(book),
        **work_context(book),
        "book_chips": chips_of(request, "book", [(row.code, row.name, "") for row in books], active=book.code),
        "show_chips": chips_of(
            request,
            "show",
            [("open", _("To do"), ""), ("asked", _("Asked"), ""), ("parked", _("Put aside"), "")],
            active=wish.show,
        ),
        "sort_chips": chips_of(
            request,
            "sort",
            [(code, word, "") for code, word in sorts.items()],
            active=wish.sort,
        ),
    }
    if chosen:
        line = lines.line_at([book.id], chosen)
        if line is None:
            raise Http404
        context |= pane_context(request, seat, line)
    return show(request, seat, "workbench/bench.html", context, room=ROOM)


def progress_context(request: HttpRequest, seat: Seat, book: EntityRow) -> dict[str, Any]:
    user: Any = request.user
    found = queries.progress(book.id, user_id=user.pk, now=timezone.now())
    return {"progress": found, "may_audit": seat.can_whole(Right.AUDIT_MATCH, book.id), "book": book}


def work_context(book: EntityRow) -> dict[str, Any]:
    return {"at_work": at_work(book.id), "matching_book": book.code}


def bar_context(book: EntityRow) -> dict[str, Any]:
    return {"bar_words": bar_words(book.id)}


@require_safe
@bench
def show_line(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    """The right side alone, as the list asks for it."""
    line = line_of(seat, public_id)
    if not request.headers.get("HX-Request"):
        book = next(row for row in seat.entities if row.id == line.entity_id)
        return redirect(address(seat.kept, "workbench", book=book.code, line=public_id))
    return show(request, seat, "workbench/pane.html", pane_context(request, seat, line))


def pane_context(
    request: HttpRequest, seat: Seat, line: MatchLine, *, reason: str = "", done: str = ""
) -> dict[str, Any]:
    """A line with its explanations; what is out of date is worked out anew first."""
    user: Any = request.user
    now = timezone.now()
    pane = lines.pane_of(line, user_id=user.pk, now=now)
    is_open = line.line_id in {row.line_id for row in lines.still_open([line])}
    if pane.is_stale and is_open and seat.frame.is_now:
        refresh_line(line.entity_id, line, now=now)
        pane = lines.pane_of(line, user_id=user.pk, now=now)
    return {
        "pane": pane,
        "line": line,
        "is_open": is_open,
        "pieces": pieces_of(pane),
        "cards": [(card, reason_of(card.made, get_language() or "en")) for card in pane.cards],
        "waits": waits_word(line, pane) if is_open else "",
        "token": lines.token_of(line.line_id),
        "key": new_key(),
        "reason": reason,
        "done_text": done,
        "classes": NOT_CUSTOMERS.items(),
        "colleagues": lines.colleagues(line.entity_id, pane),
        "book": next(row for row in seat.entities if row.id == line.entity_id),
    }


def waits_word(line: MatchLine, pane: Pane) -> str:
    """Why a line over the bar did not post itself."""
    if pane.parked or not pane.cards:
        return ""
    return str(HELD_BACK.get(waits_for(line.entity_id, line, pane.cards[0].made), ""))


def pieces_of(pane: Pane) -> list[Piece]:
    """The bank's text cut where something was recognised, with which explanations rest on it."""
    text = pane.line.remittance_text
    spans = [
        (span.start, span.stop, card.made.rank, span.recognised)
        for card in pane.cards
        for span in card.made.spans
        if span.field == "remittance_text" and span.start < len(text)
    ]
    cuts = sorted({0, len(text), *(min(at, len(text)) for start, stop, _r, _t in spans for at in (start, stop))})
    pieces = []
    for start, stop in pairwise(cuts):
        over = [(rank, said) for low, high, rank, said in spans if low <= start and stop <= high]
        ranks = " ".join(f"r{rank}" for rank in sorted({rank for rank, _said in over}))
        pieces.append(Piece(text[start:stop], ranks, over[0][1] if over else ""))
    return pieces


# -- deciding --------------------------------------------------------------------------------------------------------
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
    given = request.POST
    try:
        decision = _decide(request, line)
    except Forbidden:
        raise
    except Refusal as refusal:
        return refused(request, seat, line, refusal)
    return went_on(request, seat, line, done_words(line, decision), given.get("next", ""))


def _decide(request: HttpRequest, line: MatchLine) -> int:
    given = request.POST
    key = given.get("key", "")[:64] or None
    common = {**actor(request), "key": key}
    deed, rank = given.get("deed", "accept"), given.get("rank", "1")
    number = int(rank) if rank.isascii() and rank.isdigit() and len(rank) < 3 else 1
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
        return redirect(address(seat.kept, "workbench", line=bank_line_id_text(line.line_id), book=_code(seat, line)))
    context = pane_context(request, seat, again, reason=reason)
    return show(request, seat, "workbench/pane.html", context, status=status)


def went_on(
    request: HttpRequest, seat: Seat, line: MatchLine, text: str, following: str, *, is_gone: bool = False
) -> HttpResponse:
    """The next line at once, with what was just done and how far the work is. ``is_gone``: from the list of what is to
    do, though nothing was decided."""
    book = next(row for row in seat.entities if row.id == line.entity_id)
    if not request.headers.get("HX-Request"):
        messages.success(request, text)
        more = {"line": following} if following else {}
        return redirect(address(seat.kept, "workbench", book=book.code, **more))
    user: Any = request.user
    found = None
    if following:
        found = lines.line_at([book.id], following)
        found = found if found is not None and lines.still_open([found]) else None
    if found is None:
        rows = queries.bench_page(book.id, Wish(size=25), user_id=user.pk, now=timezone.now()).rows
        found = rows[0].line if rows else None
    stays = bool(lines.still_open([again])) if (again := lines.reread(line)) is not None else False
    context: dict[str, Any] = {
        "swap": True,
        "done_text": text,
        "is_aside": is_gone,
        **progress_context(request, seat, book),
    }
    if found is not None:
        context |= pane_context(request, seat, found, done=text)
    response = show(request, seat, "workbench/pane.html" if found is not None else "workbench/empty_pane.html", context)
    response["HX-Trigger"] = json.dumps(
        {
            "bench-went-on": {
                "done": "" if stays and not is_gone else bank_line_id_text(line.line_id),
                "next": bank_line_id_text(found.line_id) if found is not None else "",
            }
        }
    )
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
    if number.isascii() and number.isdigit() and len(number) < 19:
        decision_id = int(number)
    else:
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
    text = _("Taken back: {amount} is open again.").format(amount=amount_text(line.open_minor, line.currency))
    if back == "today" or not request.headers.get("HX-Request"):
        messages.success(request, text)
        page_name = "workbench_today" if back == "today" else "workbench"
        return redirect(address(seat.kept, page_name, book=book.code))
    row = queries.bench_row(book.id, line.line_id, user_id=user.pk, now=timezone.now())
    context = {
        "swap": True,
        "row": row,
        "chosen": bank_line_id_text(line.line_id),
        **progress_context(request, seat, book),
        **pane_context(request, seat, line, done=text),
    }
    response = show(request, seat, "workbench/pane.html", context)
    response["HX-Trigger"] = json.dumps({"bench-came-back": {"line": bank_line_id_text(line.line_id)}})
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


def _code(seat: Seat, line: MatchLine) -> str:
    return next(row.code for row in seat.entities if row.id == line.entity_id)
