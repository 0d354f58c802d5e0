"""What pages about one entity's books share: whose books, which month, and that the whole entity is seen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from django.http import Http404, HttpRequest, QueryDict
from django.utils.translation import gettext

from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.letters.gl_formats import FORMATS
from huikuan.queries.frame import EntityRow
from huikuan.web.acting import demand_posting_to
from huikuan.web.book_words import OPTIONS, POINTS
from huikuan.web.frames import Seat, read_day
from huikuan.web.words import LEDGER_ACCOUNTS, word_of


def whole_books(seat: Seat) -> list[EntityRow]:
    """The entities of the frame of which the reader sees everything."""
    return [row for row in seat.entities if row.id in seat.frame.whole_ids]


def book_shown(request: HttpRequest, seat: Seat) -> EntityRow | None:
    """The entity a page is about: the one named (``book``), the one chosen above, else the first. 404 where it is not
    seen whole."""
    books, code = whole_books(seat), request.GET.get("book", "")
    if code:
        found = next((row for row in books if row.code == code), None)
        if found is None:
            raise Http404
        return found
    return books[0] if books else None


def book_posted(data: QueryDict, seat: Seat, right: Right) -> EntityRow:
    """The entity a form is about. 404 where it is not seen whole, 403 without the right."""
    found = next((row for row in whole_books(seat) if row.code == data.get("book", "")), None)
    if found is None:
        raise Http404
    demand_posting_to(seat, found.id, right)
    return found


def month_given(text: str, today: date) -> date:
    """A month as ``2026-01``; the last full one where none is given. 404 for what is no month."""
    if not text:
        return (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    try:
        day = read_day(f"{text[:7]}-01")
    except Refusal:
        day = None
    if day is None:
        raise Http404
    return day


def book_refusal(refusal: Refusal) -> str:
    """A refusal about the books in the reader's language, its accounts, points and questions called as on the page."""
    words: dict[str, Callable[[str], str]] = {
        "accounts": lambda text: ", ".join(_account(one) for one in text.split(", ")),
        "points": lambda text: ", ".join(str(POINTS.get(one, one)) for one in text.split(", ")),
        "option": lambda text: str(OPTIONS.get(text, text)),
        "format": lambda text: FORMATS[text].title if text in FORMATS else text,
    }
    params = {name: words[name](str(value)) if name in words else value for name, value in refusal.params.items()}
    template = gettext(refusal.template)
    return template.format(**params) if params else template


def _account(text: str) -> str:
    account, _space, currency = text.partition(" ")
    return f"{word_of(LEDGER_ACCOUNTS, account)} {currency}".strip()
