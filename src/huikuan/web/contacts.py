"""People at a customer and notes about it: added and changed on pages of their own, shown on the customer's."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from huikuan.core.contacts import ContactPart, NoteKind
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.engines.phones import show_phone
from huikuan.queries import customer_file as queries
from huikuan.queries.customer_file import CustomerFile
from huikuan.services import contacts as services
from huikuan.services.field_changes import Change, ChangedMeanwhile
from huikuan.web.acting import act, actor, read_on, read_text
from huikuan.web.customer_file import back_to, crumbs, file_or_404, part_or_404
from huikuan.web.customer_words import CONTACT_PARTS
from huikuan.web.frames import Seat, number_of
from huikuan.web.pages import page, refusal_text, show
from huikuan.web.words import word_of

TEXTS = ("name", "title", "mail", "language", "note")
HIDDEN = ("phone", "wechat")
"""Never sent to the form: empty leaves them as they are, a dash takes them away."""


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.EDIT_CUSTOMER)
def add_contact(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    file = file_or_404(seat, public_id, Right.EDIT_CUSTOMER)
    reason, status = "", 200
    if request.method == "POST":
        try:
            services.add_contact(file.id, _typed(request.POST), **actor(request))
        except Refusal as refusal:
            reason, status = refusal_text(refusal), 400
        else:
            messages.success(request, _("{name} has been added.").format(name=read_text(request.POST, "name", 120)))
            return redirect(back_to(seat, file, "people"))
    context = _context(seat, file, _typed(request.POST), reason) | {"title": _("Add a contact"), "contact": None}
    return show(request, seat, "customers/contact.html", context, room="customers", status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.EDIT_CUSTOMER)
def edit_contact(request: HttpRequest, seat: Seat, public_id: str, part_id: str) -> HttpResponse:
    file = file_or_404(seat, public_id, Right.EDIT_CUSTOMER)
    number = part_or_404(file, "con", part_id)
    stored = queries.contact_values(number)
    reason, status, conflicts = "", 200, []
    if request.method == "POST":
        try:
            services.change_contact(number, _changes(request.POST), **actor(request))
        except ChangedMeanwhile as refusal:
            reason, status, conflicts = refusal_text(refusal), 409, refusal.conflicts
        except Refusal as refusal:
            reason, status = refusal_text(refusal), 400
        else:
            messages.success(request, _("The contact is up to date."))
            return redirect(back_to(seat, file, "people"))
    values = _typed(request.POST) if request.method == "POST" else stored
    was = (
        stored
        if conflicts or request.method != "POST"
        else {name: request.POST.get(f"was-{name}", "") for name in stored}
    )
    contact = next((one for one in file.contacts if one.public_id == part_id), None)
    context = _context(seat, file, values, reason) | {
        "title": _("Edit the contact"),
        "contact": contact,
        "was": was,
        "conflicts": [one for one in conflicts if one.field not in HIDDEN],
    }
    return show(request, seat, "customers/contact.html", context, room="customers", status=status)


def _context(seat: Seat, file: CustomerFile, values: dict[str, str], reason: str) -> dict[str, Any]:
    held = values.get("parts", "").split(",")
    return {
        "file": file,
        "crumbs": crumbs(seat, file),
        "back": back_to(seat, file, "people"),
        "values": values,
        "reason": reason,
        "parts": [(part.value, word_of(CONTACT_PARTS, part.value), part.value in held) for part in ContactPart],
        "entities": [(str(one.entity_id), one.entity_name) for one in file.accounts],
        "languages": [("", ""), ("zh-hans", "中文"), ("en", "English")],
    }


def _typed(given: QueryDict) -> dict[str, str]:
    values = {name: read_text(given, name, services.FIELDS[name] + 1) for name in (*TEXTS, *HIDDEN, "signs_step")}
    values["parts"] = ",".join(part.value for part in ContactPart if part.value in given.getlist("parts"))
    values["do_not_contact"] = "yes" if given.get("do_not_contact") == "yes" else ""
    values["entity"] = str(number_of(given.get("entity_id", "")) or "")
    return values


def _changes(given: QueryDict) -> dict[str, Change]:
    typed = _typed(given)
    changes = {name: Change(text, given.get(f"was-{name}")) for name, text in typed.items() if name not in HIDDEN}
    for name in HIDDEN:
        if typed[name]:
            changes[name] = Change("" if typed[name] in ("-", "–") else typed[name])
    return changes


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.EDIT_CUSTOMER)
def erase_contact(request: HttpRequest, seat: Seat, public_id: str, part_id: str) -> HttpResponse:
    file = file_or_404(seat, public_id, Right.EDIT_CUSTOMER)
    number = part_or_404(file, "con", part_id)
    name = queries.contact_values(number)["name"]

    def context(given: QueryDict) -> dict[str, Any]:
        return {
            "title": _("Erase the contact"),
            "about": name,
            "facts": [],
            "crumbs": crumbs(seat, file),
            "back": back_to(seat, file, "people"),
            "says": _("Name, numbers and addresses are gone for good. This cannot be undone."),
            "button": _("Erase"),
            "blocked": "" if name else _("The contact is gone already."),
            "fields": [],
        }

    def do(given: QueryDict, key: str) -> HttpResponse:
        services.erase_contact(number, **actor(request))
        messages.success(request, _("The contact has been erased."))
        return redirect(back_to(seat, file, "people"))

    return act(request, seat, "actions/act.html", context, do, room="customers")


@require_POST
@page(right=Right.UNMASK)
def unmask_contact(request: HttpRequest, seat: Seat, public_id: str, part_id: str) -> HttpResponse:
    """Telephone and WeChat in full, as a piece of the page; the look is logged."""
    file = file_or_404(seat, public_id, Right.UNMASK)
    shown = services.unmask_contact(part_or_404(file, "con", part_id), **actor(request)).values
    context = {"phone": shown["phone"], "phone_text": show_phone(shown["phone"]), "wechat": shown["wechat"]}
    return render(request, "customers/unmasked.html", context)


# -- notes -----------------------------------------------------------------------------------------------------------
@require_POST
@page(right=Right.ADD_DOCUMENT)
def add_note(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    file = file_or_404(seat, public_id, Right.ADD_DOCUMENT)
    given = request.POST
    contact = queries.owns(file, "con", given.get("contact", "")) if given.get("contact") else None
    kind = given.get("kind", "")
    services.add_note(
        file.id,
        given.get("text", "").replace("\r\n", "\n"),
        kind=kind if kind in {one.value for one in NoteKind} else NoteKind.NOTE,
        happened_on=read_on(given, seat.frame.today),
        contact_id=contact,
        **actor(request),
    )
    messages.success(request, _("It is in the timeline now."))
    return redirect(back_to(seat, file, "timeline"))


@require_POST
@page(right=Right.ADD_DOCUMENT)
def withdraw_note(request: HttpRequest, seat: Seat, public_id: str, part_id: str) -> HttpResponse:
    file = file_or_404(seat, public_id, Right.ADD_DOCUMENT)
    services.withdraw_note(part_or_404(file, "nte", part_id), **actor(request))
    return redirect(back_to(seat, file, "timeline"))
