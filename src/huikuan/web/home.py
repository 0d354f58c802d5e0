"""Today: what is owed, how it ages, who is furthest behind, what came in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_safe

from huikuan.core.money import exponent_of
from huikuan.core.rights import Right
from huikuan.queries.approvals import approvals_waiting
from huikuan.queries.cash_slips import slips_late
from huikuan.queries.home import CurrencyTotal, MonthPoint, home
from huikuan.queries.shop_today import differing_shops
from huikuan.queries.workbench_day import lines_waiting, open_questions
from huikuan.web.format import format_amount, format_day, format_month
from huikuan.web.frames import Seat
from huikuan.web.pages import page, show
from huikuan.web.short_payments import waiting_on
from huikuan.web.words import bucket_class, bucket_word

BUCKETS = ("not_due", "1-30", "31-60", "61-90", ">90")


@dataclass(frozen=True, slots=True)
class Line:
    total: CurrencyTotal
    cells: list[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class MonthRow:
    as_of: date
    cells: list[int]

    @property
    def iso(self) -> str:
        return self.as_of.isoformat()

    @property
    def total(self) -> int:
        return sum(self.cells)


@require_safe
@page(right=None)
def show_home(request: HttpRequest, seat: Seat) -> HttpResponse:
    found = home(seat.frame)
    lines = [
        Line(total, [(row.bucket, row.open_minor) for row in found.buckets if row.currency == total.currency])
        for total in found.totals
    ]
    months = month_rows(found.history)
    order = [total.currency for total in found.totals if total.currency in months]
    context = {
        **waiting_on(request, seat),
        "approvals_waiting": approvals_waiting(int(request.user.pk or 0), seat.frame.today),
        "lines_waiting": _lines_waiting(seat) if seat.frame.is_now else [],
        "questions_waiting": open_questions(int(request.user.pk or 0), [row.id for row in seat.entities]),
        "slips_late": slips_late(seat.frame) if seat.can(Right.POST_CASH) and seat.frame.is_now else 0,
        "lines": lines,
        "buckets": BUCKETS,
        "months": months,
        "month_tables": [(code, months[code]) for code in order],
        "chart_currencies": order,
        "chart": {code: chart_of(code, months[code]) for code in order},
        "top": found.top_overdue,
        "imports": found.recent_imports,
        "shops": differing_shops(seat.frame) if seat.can(Right.SEE_LEDGER) and seat.frame.is_now else [],
    }
    return show(request, seat, "home/home.html", context, room="home")


def _lines_waiting(seat: Seat) -> list[tuple[str, str, int]]:
    """Code, name and lines of bank statements to decide on, of each entity in the frame where this person may."""
    books = [
        row for row in seat.entities if row.id in seat.frame.entity_ids and seat.can_whole(Right.DECIDE_MATCH, row.id)
    ]
    waiting = lines_waiting(row.id for row in books)
    return [(row.code, row.name, waiting[row.id]) for row in books if row.id in waiting]


def month_rows(points: Iterable[MonthPoint]) -> dict[str, list[MonthRow]]:
    """The history by currency, a row per month end and a figure per bucket (zero where nothing was open)."""
    sums: dict[str, dict[date, dict[str, int]]] = {}
    for point in points:
        if point.bucket in BUCKETS:
            sums.setdefault(point.currency, {}).setdefault(point.as_of, {})[point.bucket] = point.open_minor
    return {
        currency: [MonthRow(day, [cells.get(bucket, 0) for bucket in BUCKETS]) for day, cells in sorted(days.items())]
        for currency, days in sums.items()
    }


def point_label(day: date, language: str) -> str:
    """A month end by its month, any other day by itself."""
    return format_month(day, language) if (day + timedelta(days=1)).day == 1 else format_day(day, language)


def chart_of(currency: str, rows: list[MonthRow]) -> dict[str, Any]:
    """What the chart draws: heights in minor units (integers) and the labels already written out."""
    language = get_language() or "en"
    return {
        "currency": currency,
        "places": exponent_of(currency),
        "months": [point_label(row.as_of, language) for row in rows],
        "series": [
            {
                "name": bucket_word(bucket),
                "css": bucket_class(bucket),
                "minor": [row.cells[index] for row in rows],
                "labels": [format_amount(row.cells[index], currency, language) for row in rows],
            }
            for index, bucket in enumerate(BUCKETS)
        ],
        "total_word": gettext("Total"),
        "totals": [format_amount(row.total, currency, language) for row in rows],
    }
