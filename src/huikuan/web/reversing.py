"""Taking entries back in the browser: the button on an entry, unapply on a line of a life, the page that says what
goes with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from huikuan.core.accounts import EntryKind
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.queries import desk
from huikuan.queries.desk import EntryNow
from huikuan.queries.ids import entry_id_text
from huikuan.services.reversals import reversal_plan, reverse_entry
from huikuan.web.acting import (
    Deed,
    Field,
    act,
    actor,
    bar,
    demand_posting_to,
    done,
    may_post_to,
    read_on,
    read_text,
    told,
)
from huikuan.web.format import format_day
from huikuan.web.frames import Seat
from huikuan.web.lives import LifeLine
from huikuan.web.pages import page
from huikuan.web.tags import address
from huikuan.web.words import ENTRY_KINDS, word_of


def entry_bar(seat: Seat, public_id: str) -> dict[str, Any]:
    """The button of an entry's page, for who may post."""
    entry = desk.entry_now(seat.frame, public_id, timezone.now())
    if entry is None or entry.is_reversed or entry.kind == EntryKind.REVERSAL:
        return bar(seat, [])
    if not may_post_to(seat, entry.entity_id, Right.REVERSE):
        return bar(seat, [])
    word = _("Unapply …") if entry.kind == EntryKind.APPLICATION else _("Reverse …")
    return bar(seat, [Deed(word, address(seat.kept, "entry_reverse", public_id))])


def undoable(seat: Seat, entity_id: int, lines: Sequence[LifeLine]) -> list[LifeLine]:
    """The lines of a life; applications that stand get the way to unapply them, for who may post, now."""
    if not seat.frame.is_now or not may_post_to(seat, entity_id, Right.REVERSE):
        return list(lines)
    gone = {line.row.reverses_public_id for line in lines}
    return [
        replace(line, undo_href=address(seat.kept, "entry_reverse", line.row.entry_public_id))
        if line.row.entry_kind == EntryKind.APPLICATION and line.row.entry_public_id not in gone
        else line
        for line in lines
    ]


def reversed_words(others: int) -> str:
    """What else was taken back, as the end of a sentence; empty where nothing was."""
    if others <= 0:
        return ""
    text = ngettext(
        "{n} entry that stood on it was reversed first.", "{n} entries that stood on it were reversed first.", others
    )
    return " " + text.format(n=f"{others:,}")


def bounce_context(seat: Seat, entry: EntryNow, given: QueryDict) -> dict[str, Any]:
    """Reason, day, and what goes with the entry; ``blocked`` where it cannot be reversed."""
    fields = [
        Field("text", "memo", _("Why"), given.get("memo", "")),
        Field("day", "on", _("Day"), given.get("on", entry.today.isoformat())),
    ]
    try:
        plan = reversal_plan(entry.entity_id, entry.id)
    except Refusal as refusal:
        # A form sent again after it was done is answered by its key; only the form itself has nothing to offer.
        return {"fields": fields, "blocked": told(refusal, ""), "undone": [], "remedy": _later(seat, refusal)}
    undone = []
    for number, kind in plan[:-1][:50]:
        href = address(seat.kept, "entry", entry_id_text(number))
        undone.append((href, word_of(ENTRY_KINDS, kind.value)))
    says = _("Nothing is deleted: an opposite entry is posted.")
    if len(plan) > 1:
        more = ngettext(
            "This entry stands on it and is reversed first:",
            "These {n} entries stand on it and are reversed first:",
            len(plan) - 1,
        )
        says += " " + more.format(n=f"{len(plan) - 1:,}")
    return {"fields": fields, "blocked": "", "says": says, "undone": undone}


def _later(seat: Seat, refusal: Refusal) -> tuple[str, str] | None:
    """The way to what stands on an entry, where that is why it is not reversed."""
    number = refusal.params.get("entry_id")
    if refusal.code != "entry.used_since" or not isinstance(number, int):
        return None
    return address(seat.kept, "entry", entry_id_text(number)), _("Show the later entry")


_AFTER: dict[str, Any] = {
    EntryKind.APPLICATION: lambda: _("What was applied is open again, and the money or credit is unapplied again."),
    EntryKind.RECEIPT: lambda: _("The receipt is gone; what it had settled is open again."),
    EntryKind.ITEM: lambda: _("The item is gone; money applied to it is unapplied again."),
    EntryKind.WRITE_OFF: lambda: _("What was written off is open again."),
}


@require_http_methods(["GET", "HEAD", "POST"])
@page
def reverse(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    """Reverses an entry and what stands on it, with a reason."""
    entry = desk.entry_now(seat.frame, public_id, timezone.now())
    if entry is None:
        raise Http404
    demand_posting_to(seat, entry.entity_id, Right.REVERSE)
    is_application = entry.kind == EntryKind.APPLICATION
    back = address(seat.kept, "entry", public_id)

    def context(given: QueryDict) -> dict[str, Any]:
        shown = bounce_context(seat, entry, given)
        after = _AFTER.get(entry.kind)
        says = " ".join(part for part in (after() if after else "", shown.get("says", "")) if part)
        return {
            "title": _("Unapply") if is_application else _("Reverse the entry"),
            "about": word_of(ENTRY_KINDS, entry.kind),
            "facts": [(_("Happened on"), format_day(entry.effective_date, get_language() or "en"))],
            "crumbs": [(back, word_of(ENTRY_KINDS, entry.kind))],
            "back": back,
            "button": _("Post: unapply") if is_application else _("Post the reversal"),
            **shown,
            "says": says,
        }

    def do(given: QueryDict, key: str) -> HttpResponse:
        memo, on = read_text(given, "memo", 200), read_on(given, entry.today)
        if not memo:
            raise Refusal("form.reason_missing", "Say why.")
        entries = reverse_entry(entry.entity_id, entry.id, on=on, memo=memo, key=key, **actor(request))
        text = _("Unapplied.") if is_application else _("Reversed.")
        return done(request, seat, text + reversed_words(len(entries) - 1), entries[-1], "entry", public_id)

    return act(request, seat, "actions/act.html", context, do, room="items")
