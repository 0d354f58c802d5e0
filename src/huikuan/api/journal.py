"""The journal as a feed, single entries taken back, and applications."""

from __future__ import annotations

from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router

from huikuan.api.answers import post_once, tagged
from huikuan.api.callers import caller_of
from huikuan.api.paging import Cursor
from huikuan.api.parts import OnceKey, frame_of, read_on
from huikuan.api.problems import NotThere
from huikuan.api.schemas import Day, EntriesPosted, EntryList, EntryOut, Id, ListAsked, ReverseIn, Standpoint, entry_out
from huikuan.core.accounts import EntryKind
from huikuan.core.rights import Right
from huikuan.queries.desk import entry_now
from huikuan.queries.feeds_journal import EntryWish, application_slice, entry_slice, one_entry
from huikuan.queries.ids import entry_id_text
from huikuan.services.reversals import reverse_entry

router = Router(tags=["Journal"])
applications = Router(tags=["Applications"])


class ApplicationsAsked(ListAsked):
    customer: Id | Literal[""] = ""
    item: Id | Literal[""] = ""
    receipt: Id | Literal[""] = ""
    posting_from: Day | None = None
    posting_to: Day | None = None


class JournalAsked(ApplicationsAsked):
    kind: EntryKind | Literal[""] = ""


def _wish(asked: ApplicationsAsked) -> EntryWish:
    given: dict[str, Any] = {name: getattr(asked, name, "") for name in EntryWish.__slots__}
    return EntryWish(**given)


@router.get("", response=EntryList, summary="Follow the journal")
def list_entries(request: HttpRequest, asked: Query[JournalAsked]) -> object:
    """Sealed entries by their number: a feed. `next` is always given; keep it, ask again, and nothing is missed."""
    cursor = Cursor("journal", asked, asked.cursor)
    found = entry_slice(frame_of(request, asked), _wish(asked), after=cursor.after, limit=asked.limit)
    return cursor.page(found, entry_out, is_feed=True)


@router.get("/{entry_id}", response=EntryOut, summary="Read an entry")
def read_entry(request: HttpRequest, entry_id: Path[Id], asked: Query[Standpoint]) -> HttpResponse:
    """One entry, with its ETag."""
    found = one_entry(frame_of(request, asked), entry_id)
    if found is None:
        raise NotThere
    return tagged(request, entry_out(found))


@router.post("/{entry_id}/reverse", response={201: EntriesPosted}, summary="Reverse an entry")
def reverse(request: HttpRequest, entry_id: Path[Id], body: ReverseIn, key: OnceKey) -> HttpResponse:
    """Takes an entry back, and before it every later entry that stands on it."""
    return _reverse(request, entry_id, body, key, Right.REVERSE)


def _reverse(
    request: HttpRequest, entry_id: str, body: ReverseIn, key: str, right: Right, kind: str = ""
) -> HttpResponse:
    caller = caller_of(request)
    found = entry_now(caller.frame(), entry_id, caller.now)
    if found is None or (kind and found.kind != kind):
        raise NotThere
    caller.demand(right, found.entity_id)
    number, entity_id = found.id, found.entity_id

    def work() -> EntriesPosted:
        on = read_on(body.on, entity_id, caller.now)
        ids = reverse_entry(entity_id, number, on=on, memo=body.memo, **caller.actor)
        return EntriesPosted(entries=[entry_id_text(one) for one in ids])

    return post_once(request, caller, entity_id, "entry.reverse", key, body, work)


@applications.get("", response=EntryList, summary="List applications")
def list_applications(request: HttpRequest, asked: Query[ApplicationsAsked]) -> object:
    """Applications in the order in which they came; `is_reversed` says which were taken back."""
    cursor = Cursor("applications", asked, asked.cursor)
    found = application_slice(frame_of(request, asked), _wish(asked), after=cursor.after, limit=asked.limit)
    return cursor.page(found, entry_out)


@applications.post("/{entry_id}/unapply", response={201: EntriesPosted}, summary="Unapply")
def unapply(request: HttpRequest, entry_id: Path[Id], body: ReverseIn, key: OnceKey) -> HttpResponse:
    """Takes an application back: the money is unapplied again."""
    return _reverse(request, entry_id, body, key, Right.REVERSE, EntryKind.APPLICATION.value)
