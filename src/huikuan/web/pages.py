"""What every page shares: the seat, the rooms a person sees, lists' parameters, and how a refusal is shown."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial, wraps
from typing import Any, overload

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.functional import Promise
from django.utils.translation import activate, get_language, gettext
from django.utils.translation import gettext_lazy as _

from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.queries.asking import asking
from huikuan.queries.going_live import not_live
from huikuan.services.rights import Forbidden, missing, out_of_reach
from huikuan.web.elsewhere import show_list_instead
from huikuan.web.format import format_day, on_clock
from huikuan.web.frames import Seat, read_seat
from huikuan.web.people_words import right_word

SIZES = (25, 50, 100, 200)


@dataclass(frozen=True, slots=True)
class Room:
    name: str
    icon: str
    word: str | Promise
    pages: tuple[tuple[str, str | Promise], ...] = ()

    @property
    def page_names(self) -> tuple[str, ...]:
        return tuple(name for name, _word in self.pages)


ROOMS = (
    Room("home", "today", _("Today")),
    Room("customers", "customers", _("Customers")),
    Room(
        "items",
        "receivables",
        _("Receivables"),
        (
            ("items", _("Open items")),
            ("ageing", _("Ageing")),
            ("journal", _("Journal")),
            ("einvoices", _("E-invoices")),
            ("imports", _("Imports")),
        ),
    ),
    Room(
        "cash",
        "cash",
        _("Cash"),
        (
            ("workbench", _("Workbench")),
            ("cash", _("Receipts")),
            ("collected", _("Received by channel")),
            ("notes", _("Bills and cheques")),
            ("debits", _("Direct debits")),
            ("agreements", _("Settlement agreements")),
            ("slips", _("Receipts for cash")),
            ("bank_statements", _("Bank statements")),
            ("short_payments", _("Short payments")),
            ("shops", _("Shops and platforms")),
        ),
    ),
    Room("settings", "settings", _("Settings")),
)


def rooms_of(seat: Seat) -> tuple[Room, ...]:
    """The rooms a person has something to do in."""
    shut: set[str] = set()
    if not seat.can(Right.SEE_LEDGER):
        shut |= {"customers", "items", "cash", "journal", "collected"}
    if not seat.can_whole(Right.SEE_LEDGER):
        shut |= {"imports", "bank_statements", "debits"}
    if not seat.can_whole(Right.DECIDE_MATCH):
        shut.add("workbench")
    return tuple(
        replace(room, pages=tuple(one for one in room.pages if one[0] not in shut))
        for room in ROOMS
        if room.name not in shut
    )


SeatedView = Callable[..., HttpResponseBase]


@overload
def page(view: SeatedView) -> SeatedView: ...
@overload
def page(*, right: Right | None, whole: bool = False) -> Callable[[SeatedView], SeatedView]: ...
def page(
    view: SeatedView | None = None, *, right: Right | None = Right.SEE_LEDGER, whole: bool = False
) -> SeatedView | Callable[[SeatedView], SeatedView]:
    """Gives a view its seat and turns a refusal into a page that says what is wrong.

    403 for one who holds ``right`` for no customer of any entity, or, with ``whole``, for all customers of none. Which
    entity and whose customer it is about, the view asks. ``None``: a page of everybody who is signed in.
    """
    if view is None:
        return partial(_seated, right=right, whole=whole)
    return _seated(view, right=right, whole=whole)


def _seated(view: SeatedView, *, right: Right | None, whole: bool) -> SeatedView:
    @wraps(view)
    def seated(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with (
            on_clock(request.COOKIES.get("zone", "")),
            asking() if request.method in ("GET", "HEAD") else nullcontext(),
        ):
            return answer(request, *args, **kwargs)

    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        kept = take_preferences(request)
        seat = read_seat(request)
        try:
            if right is not None and not seat.can(right):
                raise missing(right)
            if right is not None and whole and not seat.can_whole(right):
                raise out_of_reach(right)
            _check_typed(request)
            response: HttpResponseBase = view(request, seat, *args, **kwargs)
        except Http404:
            instead = show_list_instead(view, request, seat, *args, **kwargs)
            if instead is None:
                raise
            response = instead
        except Refusal as refusal:
            status = 403 if isinstance(refusal, Forbidden) else 400
            response = show(request, seat, "refused.html", {"reason": refusal_text(refusal)}, status=status)
        for cookie, text in kept.items():
            response.set_cookie(cookie, text, max_age=365 * 24 * 3600, samesite="Lax", secure=request.is_secure())
        patch_vary_headers(response, ["HX-Request", "HX-Target", "Cookie", "Accept-Language"])
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    return seated


def _check_typed(request: HttpRequest) -> None:
    """Refuses ``text.control`` for a zero byte, which no database keeps or looks for."""
    for given in (request.GET, request.POST):
        for name, texts in given.lists():
            if any("\0" in text for text in texts if isinstance(text, str)):
                raise Refusal("text.control", "{field} holds control characters", field=name[:40])


def take_preferences(request: HttpRequest) -> dict[str, str]:
    """A browser without cookies gets what the person chose elsewhere; gives the cookies to set."""
    user: Any = request.user
    wishes = {settings.LANGUAGE_COOKIE_NAME: user.language, "theme": user.theme}
    kept = {cookie: text for cookie, text in wishes.items() if text and cookie not in request.COOKIES}
    if language := kept.get(settings.LANGUAGE_COOKIE_NAME):
        activate(language)
    request.COOKIES.update(kept)
    return kept


def show(
    request: HttpRequest, seat: Seat, template: str, context: dict[str, Any], *, room: str = "", status: int = 200
) -> HttpResponse:
    """Renders a page in the frame, or alone where the drawer asked for it."""
    in_drawer = "drawer" in request.headers.get("HX-Target", "")
    full = {
        "seat": seat,
        "frame": seat.frame,
        "kept": seat.kept,
        "rooms": rooms_of(seat),
        "room": room,
        "layout": "layouts/drawer.html" if in_drawer else "layouts/page.html",
        "in_drawer": in_drawer,
        "may_import": seat.can_whole(Right.IMPORT),
        "may_export": seat.covers(Right.EXPORT),
        "may_open_books": seat.can_whole(Right.MANAGE_SYSTEM),
        "may_manage_people": seat.can_whole(Right.MANAGE_PEOPLE),
        "sees_ledger": seat.can(Right.SEE_LEDGER),
        "may_give_out": seat.can(Right.EDIT_CUSTOMER),
        "sees_whole": bool(seat.frame.whole_ids),
        "not_live": not_live(seat.frame.whole_ids) if seat.frame.whole_ids and not in_drawer else [],
        **as_of_context(request, seat),
        "seat_refusal": refusal_text(seat.refusal) if seat.refusal else "",
        **context,
    }
    return render(request, template, full, status=status)


def as_of_context(request: HttpRequest, seat: Seat) -> dict[str, Any]:
    """What the as-of / known-on chip shows and offers."""
    today, known_on = seat.frame.today, seat.kept.get("known_on", "")
    month = today.replace(day=1) - timedelta(days=1)
    quarter = today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1) - timedelta(days=1)
    year = today.replace(month=1, day=1) - timedelta(days=1)
    language = get_language() or "en"
    bare = len(known_on) == 10
    return {
        "known_input": known_on[:10],
        "known_text": format_day(date.fromisoformat(known_on), language) if bare else known_on,
        "quick_days": [
            (month.isoformat(), gettext("Last month end")),
            (quarter.isoformat(), gettext("Last quarter end")),
            (year.isoformat(), gettext("Last year end")),
        ],
        "other_params": [
            (name, text) for name, text in request.GET.items() if name not in ("as_of", "known_on", "page")
        ],
    }


def refusal_text(refusal: Refusal) -> str:
    """A refusal in the reader's language: its English template is the key."""
    template = gettext(refusal.template)
    if isinstance(refusal, Forbidden) or refusal.code == "duties.conflict":
        return template.format(**{name: right_word(str(value)) for name, value in refusal.params.items()})
    return template.format(**refusal.params) if refusal.params else template


@dataclass(frozen=True, slots=True)
class ListAsk:
    """How a list is asked for in the address: what to find, in which order, which slice."""

    search: str
    sort: str
    page: int
    size: int


def read_list(request: HttpRequest, *, sort: str, sorts: tuple[str, ...], prefix: str = "") -> ListAsk:
    """Reads ``q``, ``sort``, ``page`` and ``size``; anything the list does not know falls back to its usual order."""
    asked = request.GET.get(f"{prefix}sort", sort)
    return ListAsk(
        search=request.GET.get("q", "").strip()[:200] if not prefix else "",
        sort=asked if asked.removeprefix("-") in sorts else sort,
        page=read_int(request, f"{prefix}page", 1, low=1, high=10_000_000),
        size=read_size(request),
    )


def read_size(request: HttpRequest) -> int:
    size = read_int(request, "size", 50, low=1, high=max(SIZES))
    return size if size in SIZES else 50


def read_int(request: HttpRequest, name: str, default: int, *, low: int, high: int) -> int:
    text = request.GET.get(name, "")
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        return default
    return min(max(int(text), low), high)
