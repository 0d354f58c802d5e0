"""The journal: every entry, in the order it was sealed."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from huikuan.web.frames import Seat
from huikuan.web.pages import page, show
from huikuan.web.tables.asks import read_table
from huikuan.web.tables.grid import grid_of
from huikuan.web.tables.journal import JOURNAL


@require_safe
@page
def list_entries(request: HttpRequest, seat: Seat) -> HttpResponse:
    ask = read_table(request, seat, JOURNAL)
    rows = JOURNAL.rows(seat.frame, ask.wanted, ask.basics.sort, ask.basics.page, ask.basics.size)
    context = {"grid": grid_of(request, seat, ask, rows), "rows": rows, "filtered": ask.is_narrowed}
    return show(request, seat, "journal/list.html", context, room="journal")
