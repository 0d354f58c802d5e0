"""Settings → Periods and rates: months opened and closed, month ends revalued, exchange rates added."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from huikuan.core.exchange import Rate
from huikuan.core.periods import PeriodState
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.queries import closing
from huikuan.queries.frame import EntityRow
from huikuan.queries.ids import entry_id_text
from huikuan.services.periods import set_period
from huikuan.services.rates import add_rates
from huikuan.services.revaluation import revalue
from huikuan.services.rights import Forbidden, missing
from huikuan.web.acting import actor, demand_now, demand_posting_to, read_text
from huikuan.web.format import format_month
from huikuan.web.frames import Seat, read_day
from huikuan.web.lists import chips_of
from huikuan.web.pages import page, read_list, refusal_text, show
from huikuan.web.tags import address

MONTHS_SHOWN = 18


@require_safe
@page
def list_periods(request: HttpRequest, seat: Seat) -> HttpResponse:
    """A table of months per entity, with what may be done with each."""
    return _periods(request, seat)


def _periods(request: HttpRequest, seat: Seat, *, reason: str = "", status: int = 200) -> HttpResponse:
    now, every = timezone.now(), request.GET.get("months") == "all"
    books = []
    for row in seat.entities:
        if row.id not in seat.frame.whole_ids:
            continue
        months = closing.month_rows(row.id, now)
        shown = months if every else months[:MONTHS_SHOWN]
        books.append(
            {
                "entity": row,
                "months": shown,
                "hidden": len(months) - len(shown),
                "next_to_close": closing.earliest_open(row.id),
                "may_close": seat.can_whole(Right.CLOSE_PERIOD_HARD, row.id),
                "may": seat.can_whole(Right.CLOSE_PERIOD, row.id) and seat.frame.is_now,
            }
        )
    past = seat.can(Right.CLOSE_PERIOD) and not seat.frame.is_now
    context = {"books": books, "reason": reason, "is_past": past}
    return show(request, seat, "settings/periods.html", context, room="settings", status=status)


def _back(request: HttpRequest, seat: Seat, book: EntityRow, month: date) -> HttpResponse:
    """To the page the form was on: the month's own, or the list of months."""
    if request.POST.get("from") == "closing":
        return redirect(address(seat.kept, "closing", book=book.code, month=f"{month:%Y-%m}"))
    return redirect(address(seat.kept, "periods"))


def _book(request: HttpRequest, seat: Seat) -> tuple[EntityRow, date]:
    """The entity and month a form is about. 404 for an entity one may not see, 403 for one one may not post to."""
    code, text = request.POST.get("book", ""), request.POST.get("month", "")
    found = next((row for row in seat.entities if row.code == code and row.id in seat.frame.whole_ids), None)
    if found is None:
        raise Http404
    demand_posting_to(seat, found.id, Right.CLOSE_PERIOD)
    day = read_day(f"{text[:7]}-01")
    if day is None:
        raise Http404
    return found, day


@require_POST
@page(right=Right.CLOSE_PERIOD, whole=True)
def change_period(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Opens or soft-closes a month. It is closed for good on a page of its own, with its list."""
    book, month = _book(request, seat)
    try:
        state = PeriodState(request.POST.get("state", ""))
    except ValueError:
        raise Http404 from None
    text = format_month(month, get_language() or "en")
    if state == PeriodState.CLOSED:
        return redirect(address(seat.kept, "closing", book=book.code, month=f"{month:%Y-%m}"))
    try:
        set_period(book.id, month, state, **actor(request))
    except Refusal as refusal:
        return _periods(request, seat, reason=f"{text}: {refusal_text(refusal)}", status=400)
    words = {
        PeriodState.OPEN: _("{month} of {name} is open."),
        PeriodState.SOFT_CLOSED: _("{month} of {name} is soft-closed: entries go to the next open month."),
    }
    messages.success(request, words[state].format(month=text, name=book.name))
    return _back(request, seat, book, month)


@require_POST
@page(right=Right.CLOSE_PERIOD, whole=True)
def revalue_month(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Posts the unrealised exchange differences of a month end, taken back on the next day."""
    book, month = _book(request, seat)
    text = format_month(month, get_language() or "en")
    try:
        entries = revalue(book.id, month, **actor(request))
    except Refusal as refusal:
        return _periods(request, seat, reason=f"{text}: {refusal_text(refusal)}", status=400)
    if entries:
        done = ngettext(
            "{month} revalued: {n} currency, taken back on the next day.",
            "{month} revalued: {n} currencies, taken back on the next day.",
            len(entries),
        ).format(month=text, n=len(entries))
        link = address(seat.kept, "entry", entry_id_text(entries[0]))
        messages.success(request, format_html('{} <a href="{}">{}</a>', done, link, _("See the entry")))
    else:
        messages.success(request, _("{month}: nothing to revalue.").format(month=text))
    return _back(request, seat, book, month)


# -- exchange rates ----------------------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@page
def show_rates(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Exchange rates into the currencies of one's books, and another one added."""
    reason = ""
    if request.method == "POST":
        try:
            return _add_rate(request, seat)
        except Forbidden:
            raise
        except Refusal as refusal:
            reason = refusal_text(refusal)
    bases = sorted({row.currency for row in seat.entities})
    ask = read_list(request, sort="", sorts=())
    currency = request.GET.get("currency", "")[:3]
    choices = [(code, code, "") for code in closing.rate_currencies(bases)]
    given = request.POST
    context = {
        "rows": closing.rate_page(bases, currency=currency, page=ask.page, size=ask.size),
        "currency_chips": chips_of(request, "currency", choices, active=currency, optional=True),
        "bases": sorted(
            {row.currency for row in seat.entities if seat.can_whole(Right.EDIT_RATES, row.id) and seat.frame.is_now}
        ),
        "given": given,
        "reason": reason,
        "valid_from": given.get("valid_from", seat.frame.today.isoformat()),
    }
    return show(request, seat, "settings/rates.html", context, room="settings", status=400 if reason else 200)


def _add_rate(request: HttpRequest, seat: Seat) -> HttpResponse:
    given, base = request.POST, request.POST.get("base", "")
    if not seat.can_whole(Right.EDIT_RATES):
        raise missing(Right.EDIT_RATES)
    if not any(seat.can_whole(Right.EDIT_RATES, row.id) and row.currency == base for row in seat.entities):
        if any(row.currency == base for row in seat.entities):
            raise missing(Right.EDIT_RATES)
        raise Http404
    demand_now(seat)
    day = read_day(given.get("valid_from", "").strip()[:10])
    if day is None:
        raise Refusal("rate.no_day", "Say from which day the rate holds.")
    code, source = given.get("rate_currency", "").strip().upper()[:3], read_text(given, "source", 120)
    rate = Rate(code, base, day, read_rate(given), source)
    added = add_rates([rate], **actor(request))
    words = _("1 {currency} = {rate} {base} from {day} on.") if added else _("This rate was known already.")
    messages.success(
        request, words.format(currency=code, rate=f"{rate.rate.normalize():f}", base=base, day=day.isoformat())
    )
    return redirect(address(seat.kept, "rates"))


def read_rate(given: QueryDict) -> Decimal:
    """A positive decimal with at most ten places. Refuses ``rate.unreadable`` and ``rate.too_precise``."""
    text = given.get("rate", "").strip()[:40]
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        raise Refusal("rate.unreadable", "{text} is not a rate; write it as 7.1234", text=text)
    exponent: Any = value.normalize().as_tuple().exponent
    if exponent < -10:
        raise Refusal("rate.too_precise", "A rate has at most ten decimal places.")
    return value
