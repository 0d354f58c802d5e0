"""A month before it is closed: its list, what counts from elsewhere, and closing it for good."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from huikuan.core.closing import Point
from huikuan.core.periods import PeriodState, next_month
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.queries import closing
from huikuan.queries.frame import EntityRow
from huikuan.services.checklist import month_points
from huikuan.services.closing import close_month, mark_point
from huikuan.web.acting import actor, demand_posting_to, read_text
from huikuan.web.book_words import BOOK_PAGES, POINT_PAGES, POINTS, point_left
from huikuan.web.books import book_posted, book_refusal, book_shown, month_given, whole_books
from huikuan.web.format import format_month
from huikuan.web.frames import Seat
from huikuan.web.pages import page, show
from huikuan.web.tags import address
from huikuan.web.words import LEDGER_ACCOUNTS, word_of

REASON_MAX = 300
NAMES_MAX = 6


@dataclass(frozen=True, slots=True)
class PointLine:
    """A point as it is shown: its words, what is open in it, where it can be done."""

    point: Point
    word: str
    left: str
    href: str


def point_lines(seat: Seat, points: list[Point], book: EntityRow, month: date) -> list[PointLine]:
    lines, about = [], {"book": book.code, "month": f"{month:%Y-%m}"}
    for point in points:
        name, params = POINT_PAGES.get(point.code, ("", {}))
        named = about if name in BOOK_PAGES else {}
        href = address(seat.kept, name, **{**named, **params}) if name else ""
        shown = list(dict.fromkeys(_account(text) for text in point.names))
        left = ", ".join(shown[:NAMES_MAX]) or point_left(point.code, point.count)
        if len(shown) > NAMES_MAX:
            left += " " + _("and %(n)s more") % {"n": len(shown) - NAMES_MAX}
        lines.append(PointLine(point, str(POINTS[point.code]), left, href))
    return lines


def _account(text: str) -> str:
    account, _space, currency = text.partition(" ")
    return word_of(LEDGER_ACCOUNTS, account) if currency else text


@require_safe
@page(right=Right.SEE_LEDGER, whole=True)
def show_closing(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The list of one month of one entity."""
    book = book_shown(request, seat)
    if book is None:
        raise Http404
    month = month_given(request.GET.get("month", ""), seat.frame.today)
    return _closing(request, seat, book, month)


def _closing(
    request: HttpRequest, seat: Seat, book: EntityRow, month: date, *, reason: str = "", status: int = 200
) -> HttpResponse:
    now = timezone.now()
    points = month_points(book.id, month, now=now)
    row = next((row for row in closing.month_rows(book.id, now) if row.month == month), None)
    came_in, went_out = closing.late_rows(book.id, month)
    held = seat.held_in(book.id)
    context: dict[str, Any] = {
        "book": book,
        "books": whole_books(seat),
        "month": month,
        "month_before": closing.month_before(month),
        "month_after": next_month(month),
        "row": row,
        "state": row.state.value if row else PeriodState.OPEN.value,
        "lines": point_lines(seat, points, book, month),
        "left": sum(not point.is_done for point in points),
        "came_in": came_in,
        "went_out": went_out,
        "reason": reason,
        "may": Right.CLOSE_PERIOD in held.whole and seat.frame.is_now,
        "may_close": Right.CLOSE_PERIOD_HARD in held.whole and seat.frame.is_now,
    }
    return show(request, seat, "settings/closing.html", context, room="settings", status=status)


@require_POST
@page(right=Right.SEE_LEDGER, whole=True)
def mark(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Ticks a point, or takes the tick back."""
    book = book_posted(request.POST, seat, Right.CLOSE_PERIOD)
    month = month_given(request.POST.get("month", ""), seat.frame.today)
    mark_point(
        book.id,
        month,
        request.POST.get("point", ""),
        is_done=request.POST.get("done") == "yes",
        note=read_text(request.POST, "note", REASON_MAX),
        **actor(request),
    )
    return redirect(address(seat.kept, "closing", book=book.code, month=f"{month:%Y-%m}"))


@require_POST
@page(right=Right.SEE_LEDGER, whole=True)
def close(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Closes a month for good; with a reason where points are open."""
    book = book_posted(request.POST, seat, Right.CLOSE_PERIOD)
    demand_posting_to(seat, book.id, Right.CLOSE_PERIOD_HARD)
    month = month_given(request.POST.get("month", ""), seat.frame.today)
    why = read_text(request.POST, "reason", REASON_MAX)
    try:
        close_month(book.id, month, reason=why, **actor(request))
    except Refusal as refusal:
        return _closing(request, seat, book, month, reason=book_refusal(refusal), status=400)
    text = format_month(month, get_language() or "en")
    messages.success(request, _("{month} of {name} is closed for good.").format(month=text, name=book.name))
    return redirect(address(seat.kept, "closing", book=book.code, month=f"{month:%Y-%m}"))
