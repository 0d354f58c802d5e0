"""Cash → Received by channel: what came in between two days, money apart from bills."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from huikuan.queries.collected import Collected, collected
from huikuan.web.frames import Seat, read_day
from huikuan.web.note_words import CHANNELS
from huikuan.web.pages import page, show
from huikuan.web.tags import address


@dataclass(frozen=True, slots=True)
class Line:
    row: Collected
    word: str
    href: str
    """The receipts it counts; none where no channel is known, by which they could be asked for."""


@dataclass(frozen=True, slots=True)
class Book:
    """One currency: money with its sum, and bills."""

    currency: str
    money: list[Line]
    bills: list[Line]

    @property
    def receipts(self) -> int:
        return sum(line.row.receipts for line in self.money)

    @property
    def amount_minor(self) -> int:
        return sum(line.row.amount_minor for line in self.money)


@require_safe
@page
def show_collected(request: HttpRequest, seat: Seat) -> HttpResponse:
    """By channel, from one value date to another; this month unless something else is asked for."""
    today = seat.frame.as_of
    first = read_day(request.GET.get("value_from", "")) or today.replace(day=1)
    last = read_day(request.GET.get("value_to", "")) or max(today, first)
    lines = [_line(seat, row, first, last) for row in collected(seat.frame, first, last)]
    books = [
        Book(
            currency,
            [line for line in lines if line.row.currency == currency and not line.row.is_bill],
            [line for line in lines if line.row.currency == currency and line.row.is_bill],
        )
        for currency in dict.fromkeys(line.row.currency for line in lines)
    ]
    context = {"books": books, "first": first, "last": last}
    return show(request, seat, "cash/collected.html", context, room="collected")


def _line(seat: Seat, row: Collected, first: date, last: date) -> Line:
    if not row.channel:
        return Line(row, _("not said"), "")
    asked = {"state": "all", "channel": row.channel, "currency": row.currency}
    days = {"value_from": first.isoformat(), "value_to": last.isoformat()}
    return Line(row, str(CHANNELS[row.channel]), address(seat.kept, "cash", **asked, **days))
