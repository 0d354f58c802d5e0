"""Duplicates: proposals with their reasons, two customers side by side, merging and taking it back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.queries import customer_file as files
from huikuan.queries import customers as customer_queries
from huikuan.queries import duplicates as queries
from huikuan.services import merging as services
from huikuan.web.acting import act, actor, read_text
from huikuan.web.customer_file import back_to, crumbs, file_or_404
from huikuan.web.frames import Seat
from huikuan.web.pages import page, read_int, read_size, refusal_text, show
from huikuan.web.tags import address

merging = page(right=Right.MERGE_CUSTOMER)


@require_safe
@merging
def list_duplicates(request: HttpRequest, seat: Seat) -> HttpResponse:
    whose = request.GET.get("customer", "")[:60]
    rows = queries.duplicate_page(
        seat.frame,
        page=read_int(request, "page", 1, low=1, high=1_000_000),
        size=read_size(request),
        customer=whose,
    )
    file = files.customer_file(seat.frame, whose) if whose else None
    return show(request, seat, "customers/duplicates.html", {"rows": rows, "file": file}, room="customers")


@require_POST
@merging
def keep_apart(request: HttpRequest, seat: Seat) -> HttpResponse:
    """A person says that two are not the same."""
    one = file_or_404(seat, request.POST.get("first", ""))
    other = file_or_404(seat, request.POST.get("second", ""))
    services.keep_apart(one.id, other.id, **actor(request))
    text = _("{one} and {other} are kept apart.").format(one=one.values["name"], other=other.values["name"])
    messages.success(request, text)
    return redirect(address(seat.kept, "duplicates"))


@require_http_methods(["GET", "HEAD", "POST"])
@merging
def merge(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    """Two customers side by side, the one to stay chosen; the other is found by name where it is not named."""
    file = file_or_404(seat, public_id, Right.MERGE_CUSTOMER)
    given = request.POST if request.method == "POST" else request.GET
    reason, status = "", 200
    other = files.customer_file(seat.frame, given.get("other", "")) if given.get("other") else None
    if other is None and given.get("who", "").strip():
        try:
            other = _found(seat, file.id, given["who"].strip()[:200])
        except Refusal as refusal:
            reason, status = refusal_text(refusal), 400
    if other is not None and other.id == file.id:
        other = None
    if request.method == "POST" and other is not None:
        try:
            return _do(request, seat, file, other)
        except Refusal as refusal:
            reason, status = refusal_text(refusal), 400
    sides = [
        (side, customer_queries.customer(seat.frame, side.public_id)) for side in (file, other) if side is not None
    ]
    context = {
        "file": file,
        "other": other,
        "sides": sides,
        "crumbs": crumbs(seat, file),
        "back": back_to(seat, file),
        "given": given,
        "stays": given.get("stays") or file.public_id,
        "reason": reason,
    }
    return show(request, seat, "customers/merge.html", context, room="customers", status=status)


def _found(seat: Seat, not_this: int, text: str) -> files.CustomerFile:
    """Refuses ``customer.unclear``."""
    numbers = [number for number in files.numbers_of(seat.frame, text) if number[0] != not_this]
    if len(numbers) != 1:
        raise Refusal(
            "customer.unclear",
            "{count} other customers match {text}: give the whole name or the number.",
            count=len(numbers),
            text=text,
        )
    found = files.customer_file(seat.frame, numbers[0][1])
    if found is None:
        raise Http404
    return found


def _do(request: HttpRequest, seat: Seat, file: files.CustomerFile, other: files.CustomerFile) -> HttpResponse:
    stays, goes = (other, file) if request.POST.get("stays") == other.public_id else (file, other)
    why = read_text(request.POST, "reason", 300)
    services.merge_customers(goes.id, stays.id, reason=why, **actor(request))
    text = _("{merged} is now part of {survivor}.").format(merged=goes.values["name"], survivor=stays.values["name"])
    messages.success(request, text)
    return redirect(back_to(seat, stays))


@require_http_methods(["GET", "HEAD", "POST"])
@merging
def undo_merge(request: HttpRequest, seat: Seat, public_id: str, part_id: str) -> HttpResponse:
    file = file_or_404(seat, public_id, Right.MERGE_CUSTOMER)
    number = files.number_of("mrg", part_id)
    row = next((one for one in queries.merges_into(list(file.family)) if one.id == number), None)
    if row is None:
        raise Http404

    def context(given: QueryDict) -> dict[str, Any]:
        return {
            "title": _("Undo the merge"),
            "about": row.merged_name,
            "facts": [(_("Merged into"), row.survivor_name), (_("Reason"), row.reason)],
            "crumbs": crumbs(seat, file),
            "back": back_to(seat, file),
            "says": _("The accounts it came with go back to it, exactly as they were."),
            "button": _("Undo the merge"),
            "blocked": _("The merge has been undone already.") if row.undone_at is not None else "",
            "fields": [],
        }

    def do(given: QueryDict, key: str) -> HttpResponse:
        services.undo_merge(row.id, **actor(request))
        messages.success(request, _("{name} is a customer of its own again.").format(name=row.merged_name))
        return redirect(back_to(seat, file))

    return act(request, seat, "actions/act.html", context, do, room="customers")
