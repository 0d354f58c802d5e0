"""What pages that post share: who may, only now, the key that posts once, refusals told in money, words when done."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext as _

from huikuan.core.money import MONEY_FIELDS, parse_amount
from huikuan.core.refusals import Conflict, Refusal
from huikuan.core.rights import Right
from huikuan.queries.desk import entry_by_number
from huikuan.queries.frame import EntityRow
from huikuan.services.approvals import ApprovalNeeded, request_approval
from huikuan.services.rights import Forbidden, missing
from huikuan.web.format import format_amount, format_day
from huikuan.web.frames import Seat, read_day
from huikuan.web.pages import refusal_text, show
from huikuan.web.people_words import ROLES
from huikuan.web.tags import address

Word = str | Promise

_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")


@dataclass(frozen=True, slots=True)
class Deed:
    """Something a person may do with the object shown; a link to its form."""

    word: Word
    href: str
    primary: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """A line of a form. ``kind``: money, day, text, choice (``choices``: value and word) or who (a customer)."""

    kind: str
    name: str
    label: Word
    value: str = ""
    hint: Word = ""
    required: bool = True
    choices: tuple[tuple[str, str], ...] = ()


# -- rights ----------------------------------------------------------------------------------------------------------
def may_post_to(seat: Seat, entity_id: int, right: Right) -> bool:
    """Whether this person holds a right in that entity, for some customers at least; the services ask whose it is."""
    return seat.can(right, entity_id)


def demand_posting_to(seat: Seat, entity_id: int, right: Right) -> None:
    """403 for someone without the right there; refuses ``frame.past`` where the frame is not now."""
    if not may_post_to(seat, entity_id, right):
        raise missing(right)
    demand_now(seat)


def demand_now(seat: Seat) -> None:
    if not seat.frame.is_now:
        raise Refusal("frame.past", "You are looking at another day. Go back to now to post.")


def bar(seat: Seat, deeds: Iterable[Deed]) -> dict[str, Any]:
    """What the row of buttons needs; on another day they are shown, do nothing and say why."""
    listed = list(deeds)
    why = "" if seat.frame.is_now or not listed else _("You are looking at another day. Go back to now to post.")
    return {"deeds": listed, "deeds_why": why}


# -- reading a form --------------------------------------------------------------------------------------------------
def read_money(text: str, currency: str) -> int:
    """What a person typed → minor units: ``1,234.50``, ``1234.5``, full-width figures. Refuses what is no amount."""
    plain = re.sub(r"[\s¥￥$€£]", "", unicodedata.normalize("NFKC", text))
    return parse_amount(plain.replace(",", "") if _GROUPED.fullmatch(plain) else plain, currency)


def read_positive(data: QueryDict, name: str, currency: str) -> int:
    """Refuses ``form.amount_missing`` and ``form.not_positive``."""
    text = data.get(name, "").strip()
    if not text:
        raise Refusal("form.amount_missing", "Give an amount.")
    minor = read_money(text, currency)
    if minor <= 0:
        raise Refusal("form.not_positive", "The amount must be more than nothing.")
    return minor


def read_on(data: QueryDict, today: date, *, since: date | None = None, name: str = "on") -> date:
    """The day something truly happened: today where none is given. ``since``: the day from which what it is done to is
    there. Refuses ``form.day_ahead`` and ``form.day_before``."""
    day = read_day(data.get(name, "").strip()[:10]) or today
    if day > today:
        raise Refusal("form.day_ahead", "{day} lies in the future.", day=day.isoformat())
    if since is not None and day < since:
        raise Refusal(
            "form.day_before",
            "On {day} it was not there yet: it came on {since}.",
            day=day.isoformat(),
            since=since.isoformat(),
        )
    return day


def read_text(data: QueryDict, name: str, size: int) -> str:
    """One line of text: no control characters, no more than ``size`` characters."""
    text = "".join(char if char.isprintable() else " " for char in data.get(name, ""))
    return " ".join(text.split())[:size]


def new_key() -> str:
    return uuid4().hex


def amount_text(minor: int, currency: str) -> str:
    """An amount with its currency, as messages say it."""
    return f"{format_amount(minor, currency, get_language() or 'en')} {currency}"


def typed_amount(minor: int, currency: str) -> str:
    """An amount as it stands in a field; never in brackets."""
    return format_amount(abs(minor), currency, "zh")


# -- doing it --------------------------------------------------------------------------------------------------------
def told(refusal: Refusal, currency: str) -> str:
    """A refusal in the reader's language, minor units shown as money of its currency or of ``currency``."""
    if refusal.code == "idempotency.other_body":
        return _("This form has been posted before with other figures; nothing was posted now. Check, then post again.")
    code = str(refusal.params.get("currency", currency))
    params = {
        name: amount_text(value, code) if name in MONEY_FIELDS and isinstance(value, int) and code else value
        for name, value in refusal.params.items()
    }
    template = gettext(refusal.template)
    return template.format(**params) if params else template


def act(
    request: HttpRequest,
    seat: Seat,
    template: str,
    context: Callable[[QueryDict], dict[str, Any]],
    do: Callable[[QueryDict, str], HttpResponse],
    *,
    currency: str = "",
    room: str = "cash",
) -> HttpResponse:
    """Shows a form; when it is sent, does what it asks, once per key. A refusal shows it again, nothing retyped.

    ``context`` makes the form from what was typed so far; ``do`` posts and gives where to go.
    """
    given, reason, status, asks = request.POST, "", 200, False
    key = given.get("key", "")[:64] or new_key()
    if request.method == "POST":
        try:
            return do(given, key)
        except Forbidden:
            raise
        except ApprovalNeeded as refusal:
            if given.get("ask"):
                try:
                    return _ask(request, seat, refusal)
                except Refusal as why:
                    reason = told(why, currency)
            reason, status, asks = reason or told_needed(refusal), 409, True
        except Refusal as refusal:
            reason, status = told(refusal, currency), 409 if isinstance(refusal, Conflict) else 400
            key = new_key() if refusal.code == "idempotency.other_body" else key
    shown = {"given": given, "key": key, "reason": reason, "currency": currency, "asks": asks, **context(given)}
    return show(request, seat, template, shown, room=room, status=status)


def told_needed(refusal: ApprovalNeeded) -> str:
    """Who must approve, by the role's word."""
    role = str(ROLES.get(str(refusal.params["role"]), refusal.params["role"]))
    return _("This amount must be approved first, by: {role}. You can send it for approval.").format(role=role)


def _ask(request: HttpRequest, seat: Seat, refusal: ApprovalNeeded) -> HttpResponse:
    """Sends for approval what was about to be posted."""
    number = request_approval(refusal.proposal, **actor(request))
    messages.success(request, _("Sent for approval. It is posted when the last step approves it."))
    return redirect(address(seat.kept, "approval", number))


def done(request: HttpRequest, seat: Seat, text: str, entry_id: int, page: str, *args: str) -> HttpResponse:
    """Says what happened with a link to the entry, and goes to ``page``. A late entry says from when it counts."""
    entry = entry_by_number(seat.frame, entry_id, timezone.now())
    if entry is None:
        messages.success(request, text)
        return redirect(address(seat.kept, page, *args))
    if entry.posting_date != entry.effective_date:
        late = _("The month of {day} is closed, so it counts from {counts}.").format(
            day=format_day(entry.effective_date, get_language() or "en"),
            counts=format_day(entry.posting_date, get_language() or "en"),
        )
        text = f"{text} {late}"
    link = address(seat.kept, "entry", entry.public_id)
    messages.success(request, format_html('{} <a href="{}">{}</a>', text, link, _("See the entry")))
    return redirect(address(seat.kept, page, *args))


def actor(request: HttpRequest) -> dict[str, Any]:
    """Who does it and when, as every service asks."""
    return {"actor_id": request.user.pk, "now": timezone.now()}


def save_rules(
    request: HttpRequest, rows: Iterable[EntityRow], save: Callable[[HttpRequest, EntityRow], None], back: str
) -> tuple[HttpResponse | None, str]:
    """A form of rules posted for one of the entities of ``rows``: where to go once they are saved, else why not.
    Nothing was posted: neither. Another entity than these is not there."""
    if request.method != "POST":
        return None, ""
    entity = next((row for row in rows if row.code == request.POST.get("entity_code", "")), None)
    if entity is None:
        raise Http404
    try:
        save(request, entity)
    except Refusal as refusal:
        return None, refusal_text(refusal)
    messages.success(request, _("Rules of {name} saved.").format(name=entity.name))
    return redirect(back), ""
