"""Cash → Workbench: lines of bank statements on the left, what the matcher says of one on the right, decided by key.

What is decided is received in ``workbench_deeds``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from huikuan.core.rights import Right
from huikuan.queries import workbench as queries
from huikuan.queries import workbench_line as lines
from huikuan.queries.bank_lines import MatchLine
from huikuan.queries.frame import EntityRow
from huikuan.queries.matching_work import at_work
from huikuan.queries.workbench_line import Pane
from huikuan.queries.workbench_order import SHOWS, SORTS, Wish, bench_page
from huikuan.services.matching import fresh_pane
from huikuan.services.matching_posting import waits_for
from huikuan.services.rights import missing
from huikuan.web.acting import new_key
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


def wish_shown(request: HttpRequest) -> Wish:
    """How the list is asked for that stands on the page the request comes from; without scripts, the usual one."""
    shown = HttpRequest()
    shown.GET = QueryDict(request.headers.get("HX-Current-URL", "").partition("#")[0].partition("?")[2])
    return read_wish(shown)


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
    line = lines.line_at([book.id], request.GET.get("line", ""))
    # The page of the list that is asked for, else the one on which the line stands.
    at = line.line_id if line is not None and "page" not in request.GET else None
    by = {"1": 1, "-1": -1}.get(request.GET.get("by", ""), 0)
    rows, first = bench_page(book.id, wish, user_id=user.pk, now=now, line_id=at, by=by)
    if request.headers.get("HX-Target") == "bench-left":
        return show(request, seat, "workbench/left.html", {"book": book, "rows": rows, "chosen": first})
    chosen = first if line is None else request.GET["line"]
    chips = partial(chips_of, request, without=("line", "by"))
    sorts = {"-confidence": _("Surest first"), "-amount": _("Largest first"), "date": _("Oldest first")}
    context = {
        "book": book,
        "wish": wish,
        "rows": rows,
        "chosen": chosen,
        "line_asked": line is not None,
        **progress_context(request, seat, book),
        **bar_context(book),
        **work_context(book),
        "book_chips": chips("book", [(row.code, row.name, "") for row in books], active=book.code),
        "show_chips": chips(
            "show",
            [("open", _("To do"), ""), ("asked", _("Asked"), ""), ("parked", _("Put aside"), "")],
            active=wish.show,
        ),
        "sort_chips": chips("sort", [(code, word, "") for code, word in sorts.items()], active=wish.sort),
    }
    line = line or lines.line_at([book.id], first)
    if line is not None:
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
    pane, is_open = fresh_pane(line, user_id=user.pk, now=now, refresh=seat.frame.is_now)
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
        "colleagues": lines.colleagues(line.entity_id, pane, user_id=user.pk),
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
