"""One field for customers, people, numbers, documents, receipts and amounts, and the palette of commands."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from huikuan.queries.asking import asking
from huikuan.queries.cash import CashFilters, cash_page
from huikuan.queries.contacts_found import find_contacts
from huikuan.queries.customers import customer_page
from huikuan.queries.items import ItemFilters, item_page
from huikuan.web.frames import Seat
from huikuan.web.pages import as_of_context, page, rooms_of, show
from huikuan.web.tags import address

COMMANDS: tuple[tuple[str, str | Promise], ...] = (
    ("cash_new", _("Record a receipt")),
    ("import_new", _("Import a file")),
    ("settlements", _("Settlements to review")),
    ("periods", _("Periods and revaluation")),
    ("rates", _("Exchange rates")),
)
"""Pages below the rooms that the palette goes to."""


@require_safe
@page
def show_results(request: HttpRequest, seat: Seat) -> HttpResponse:
    q = request.GET.get("q", "").strip()[:200]
    suggesting = request.GET.get("part") == "suggest"
    if suggesting and len(q) < 2:
        return HttpResponse("")
    context: dict[str, Any] = {"q": q, "kept": seat.kept}
    if q:
        context |= find_all(seat, q, size=5 if suggesting else 20, suggesting=suggesting)
        if not suggesting and (only := _only_one(context)):
            return redirect(address(seat.kept, *only))
    if suggesting:
        return render(request, "search/suggest.html", context)
    return show(request, seat, "search/results.html", context, room="search")


def find_all(seat: Seat, q: str, *, size: int, suggesting: bool = False) -> dict[str, Any]:
    """What is found of every kind, the first ``size`` of each. Suggestions are not counted, and leave out documents and
    receipts that are found by their customer's name alone: the customer stands there."""
    frame, whose = seat.frame, not suggesting
    items = ItemFilters(search=q, state="all", by_customer=whose)
    receipts = CashFilters(search=q, state="all", by_customer=whose)
    with asking():
        found: dict[str, Any] = {
            "customers": customer_page(frame, search=q, sort="-open", size=size, counted=whose),
            "items": item_page(frame, filters=items, sort="document_number", size=size, counted=whose),
            "receipts": cash_page(frame, filters=receipts, sort="-value_date", size=size, counted=whose),
        }
    found["contacts"] = find_contacts(frame, q, limit=size)
    found["found"] = bool(found["contacts"]) or any(found[kind].total for kind in ("customers", "items", "receipts"))
    return found


def _only_one(found: dict[str, Any]) -> tuple[str, str] | None:
    """The page of the one thing found."""
    customers, items, receipts = found["customers"], found["items"], found["receipts"]
    if customers.total + items.total + receipts.total + len(found["contacts"]) != 1:
        return None
    if found["contacts"]:
        return "customer", found["contacts"][0].customer_public_id
    if customers.total:
        return "customer", customers.rows[0].public_id
    return ("item", items.rows[0].public_id) if items.total else ("receipt", receipts.rows[0].row.public_id)


@require_safe
@page(right=None)
def show_palette(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Commands to choose from by typing, and the keys; fetched when first asked for."""
    rooms = rooms_of(seat)
    pages = [(room.name, room.word) for room in rooms]
    pages += [(name, word) for room in rooms for name, word in room.pages if name != room.name]
    known = {name for name, _word in pages}
    hidden = set() if "imports" in known else {"import_new", "settlements"}
    hidden |= set() if "cash" in known else {"cash_new"}
    pages += [(name, word) for name, word in COMMANDS if name not in hidden]
    context = {"pages": pages, "kept": seat.kept, "seat": seat, **as_of_context(request, seat)}
    return render(request, "search/palette.html", context)
