"""One customer on one screen: who owes what since when, whom to call for what, everything that happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from huikuan.core.contacts import NoteKind
from huikuan.core.rights import Right
from huikuan.queries import customers as queries
from huikuan.queries.agreements import agreements_of_customer
from huikuan.queries.customer_file import CustomerFile, customer_file, survivor_of
from huikuan.queries.documents import documents_of_customer
from huikuan.queries.duplicates import merges_into
from huikuan.queries.presence import has_documents
from huikuan.queries.short_payments import short_payments_of_customer
from huikuan.queries.targets import account_targets
from huikuan.queries.timeline import KINDS, Event, timeline
from huikuan.web.acting import Deed
from huikuan.web.agreement_words import agreement_line
from huikuan.web.assigning import assign_context
from huikuan.web.customer_file import may
from huikuan.web.customer_words import FILE_FIELDS, NOTE_KINDS, TIMELINE_KINDS
from huikuan.web.documents import documents_card
from huikuan.web.frames import Seat
from huikuan.web.items import ITEM_SORTS, amount_labels, state_chips
from huikuan.web.lists import chips_of
from huikuan.web.pages import page, read_int, read_list, show
from huikuan.web.short_payments import case_context
from huikuan.web.tags import address
from huikuan.web.words import word_of

LANGUAGES = {"zh": "中文", "zh-hans": "中文", "en": "English", "de": "Deutsch", "fr": "Français", "es": "Español"}
EVENTS = 15
"""Events on a page of the timeline."""


@dataclass(frozen=True, slots=True)
class BalanceLine:
    balance: Any
    cells: list[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class EventLine:
    """An event with the address of what it is about and the words for its fields."""

    event: Event
    href: str
    fields: str
    is_mine: bool


@require_safe
@page
def show_customer(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    file = customer_file(seat.frame, public_id)
    target = request.headers.get("HX-Target", "")
    if file is not None and target == "events":
        return render(request, "customers/timeline.html", _alone(request, seat, file))
    if file is not None and target == "whose":
        return render(
            request, "people/assigned.html", {**assign_context(seat, public_id, choosing=True), "kept": seat.kept}
        )
    found = queries.customer(seat.frame, public_id)
    if found is None or file is None:
        survivor = survivor_of(public_id)
        if not survivor or queries.customer(seat.frame, survivor) is None:
            raise Http404
        return redirect(address(seat.kept, "customer", survivor))
    context = {
        **_file(seat, file),
        "customer": found,
        "balances": [
            BalanceLine(
                row, [(cell.bucket, cell.open_minor) for cell in found.buckets if cell.currency == row.currency]
            )
            for row in found.balances
        ],
    }
    if "drawer" not in target:  # which shows no more than this
        context |= _below(request, seat, public_id, file, found)
    return show(request, seat, "customers/detail.html", context, room="customers")


def _below(
    request: HttpRequest, seat: Seat, public_id: str, file: CustomerFile, found: queries.CustomerDetail
) -> dict[str, Any]:
    """What stands below the balance and the people: lists, documents, the file. The timeline is fetched when a person
    scrolls to it, unless the address asks for it."""
    asked = "events" in request.GET or "t_page" in request.GET
    accounts = [account.id for account in file.accounts]
    return {
        **assign_context(seat, public_id, choosing="whose" in request.GET),
        **_items(request, seat, public_id),
        **(_timeline(request, seat, file) if asked else {"timeline_waits": True, **_note_form()}),
        "short_cases": [case_context(one) for one in short_payments_of_customer(seat.frame, accounts)]
        if "short_payments" in file.has
        else [],
        "short_customer": public_id,
        "agreements": [agreement_line(one) for one in agreements_of_customer(seat.frame, accounts)]
        if "agreements" in file.has
        else [],
        "may_agree": public_id if seat.frame.is_now and may(seat, file, Right.POST_ADJUSTMENT) else "",
        "documents_about": True,
        "document_entities": account_targets(seat.frame, public_id),
        **documents_card(
            seat,
            "customer",
            public_id,
            documents_of_customer(seat.frame, public_id) if has_documents(file.has) else [],
            [account.entity_id for account in found.accounts],
        ),
    }


def _alone(request: HttpRequest, seat: Seat, file: CustomerFile) -> dict[str, Any]:
    """The timeline as a piece of the page."""
    return {
        **_timeline(request, seat, file),
        "kept": seat.kept,
        "frame": seat.frame,
        "customer": file,
        "file": file,
        "may_write": may(seat, file, Right.ADD_DOCUMENT),
    }


def _note_form() -> dict[str, Any]:
    return {"note_kinds": [(one.value, word_of(NOTE_KINDS, one.value)) for one in NoteKind]}


def _items(request: HttpRequest, seat: Seat, public_id: str) -> dict[str, Any]:
    state = "all" if request.GET.get("state") == "all" else "open"
    ask = read_list(request, sort="due_date", sorts=ITEM_SORTS)
    return {
        "ask": ask,
        "rows": queries.customer_items(
            seat.frame, public_id, state=state, sort=ask.sort, page=ask.page, size=min(ask.size, 25)
        ),
        "receipts": queries.customer_receipts(
            seat.frame, public_id, page=read_int(request, "r_page", 1, low=1, high=10_000_000), size=10
        ),
        "state": state,
        "state_chips": state_chips(request, state),
        "one_currency": False,
        **amount_labels(),
    }


def _file(seat: Seat, file: CustomerFile) -> dict[str, Any]:
    """People, master data and what may be done with them."""
    may_edit = may(seat, file, Right.EDIT_CUSTOMER)
    deeds = []
    if may_edit:
        deeds = [
            Deed(_("Edit"), address(seat.kept, "customer_edit", file.public_id)),
            Deed(_("Add a contact"), address(seat.kept, "contact_add", file.public_id)),
        ]
    if may(seat, file, Right.MERGE_CUSTOMER):
        deeds.append(Deed(_("Merge a duplicate"), address(seat.kept, "customer_merge", file.public_id)))
    external = [(name, word_of(FILE_FIELDS, name)) for name in FILE_FIELDS if name in file.values and name != "parent"]
    shown = file.values | {"language": LANGUAGES.get(file.values["language"], file.values["language"])}
    merges = merges_into(list(file.family)) if "merges" in file.has else []
    return {
        "file": file,
        "file_deeds": deeds,
        "file_facts": [(label, shown[name]) for name, label in external if shown[name] and name != "name"],
        "merges": [row for row in merges if row.undone_at is None],
        "may_edit_file": may_edit,
        "may_edit_payers": may(seat, file, Right.EDIT_PAYER_ACCOUNT),
        "may_unmask": may(seat, file, Right.UNMASK),
        "may_merge": may(seat, file, Right.MERGE_CUSTOMER),
        "may_write": may(seat, file, Right.ADD_DOCUMENT),
    }


def _timeline(request: HttpRequest, seat: Seat, file: CustomerFile) -> dict[str, Any]:
    kind = request.GET.get("events", "")
    kind = kind if kind in KINDS else ""
    number = read_int(request, "t_page", 1, low=1, high=1_000)
    found = timeline(seat.frame, file, kind=kind, page=number, size=EVENTS)
    choices = [("", _("Everything"), ""), *((code, word_of(TIMELINE_KINDS, code), "") for code in KINDS)]
    return {
        "events": found,
        "event_lines": [_event_line(request, seat, file, event) for event in found.rows],
        "event_chips": chips_of(request, "events", choices, active=kind),
        **_note_form(),
    }


def _event_line(request: HttpRequest, seat: Seat, file: CustomerFile, event: Event) -> EventLine:
    href = ""
    if event.page == "customer_history":
        href = address(seat.kept, event.page, file.public_id)
    elif event.page and (event.page != "import" or seat.can_whole(Right.SEE_LEDGER)):
        href = address(seat.kept, event.page, event.public_id)
    names = [name for name in event.more.get("fields", "").split(",") if name]
    fields = ", ".join(dict.fromkeys(word_of(FILE_FIELDS, name) for name in names))
    is_mine = event.kind == "notes" and event.actor_id is not None and event.actor_id == request.user.pk
    return EventLine(event, href, fields, is_mine)
