"""Documents on the pages: adding them where they belong, looking at one, taking a copy, withdrawing it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from huikuan.core.documents import PDF, SIZE_MAX, EvidenceType, LinkKind, decode_text
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.engines import preview
from huikuan.queries import documents as queries
from huikuan.queries.customers import customer as find_customer
from huikuan.queries.documents import DocumentRow
from huikuan.queries.items import entry as find_entry
from huikuan.queries.items import item_life
from huikuan.queries.lives import receipt_life
from huikuan.queries.targets import Target, account_targets, target_of
from huikuan.services.documents import add_document, withdraw_document
from huikuan.web.acting import Field, act, actor, read_text
from huikuan.web.frames import Seat, read_day
from huikuan.web.pages import page, refusal_text, show
from huikuan.web.tags import address
from huikuan.web.words import EVIDENCE_TYPES, word_of

FILES_MAX = 20
TEXT_SHOWN = 200_000
"""Characters of a text that the preview shows."""
SEALED_OFF = "default-src 'none'; sandbox"
"""The policy of what others made: nothing in it runs or loads."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a document is added: what it is about, in words, and the page to go back to."""

    kind: str
    public_id: str
    label: str
    page: str
    targets: list[Target]


def may_add(seat: Seat, entity_id: int) -> bool:
    return any(row.id == entity_id and row.can(Right.ADD_DOCUMENT) for row in seat.entities)


def documents_card(seat: Seat, kind: str, public_id: str, rows: list[DocumentRow], entity_ids: Iterable[int]) -> Any:
    """What the card of documents on a page needs (``documents/card.html``)."""
    return {
        "documents": rows,
        "documents_add": address(seat.kept, "document_add", kind, public_id)
        if any(may_add(seat, number) for number in entity_ids)
        else "",
        "evidence_types": [(one.value, word_of(EVIDENCE_TYPES, one.value)) for one in EvidenceType],
        "document_megabytes": SIZE_MAX >> 20,
    }


def _place(seat: Seat, kind: str, public_id: str) -> Place:
    """404 for what the frame does not show, 403 for who may not add there."""
    label, targets = "", []
    if kind == "customer" and (customer := find_customer(seat.frame, public_id)) is not None:
        label, targets = customer.name, account_targets(seat.frame, public_id)
    elif kind == "item" and (item := item_life(seat.frame, public_id)) is not None:
        label, targets = item.item.document_number, [target_of(LinkKind.ITEM, public_id, item.item.entity_id)]
    elif kind == "receipt" and (receipt := receipt_life(seat.frame, public_id)) is not None:
        label = receipt.receipt.row.reference
        targets = [target_of(LinkKind.RECEIPT, public_id, receipt.receipt.entity_id)]
    elif kind == "entry" and (entry := find_entry(seat.frame, public_id)) is not None:
        label, targets = word_of({}, entry.kind), [target_of(LinkKind.ENTRY, public_id, entry.entity_id)]
    if not targets:
        raise Http404
    allowed = [target for target in targets if may_add(seat, target.entity_id)]
    if not allowed:
        raise PermissionDenied
    return Place(kind, public_id, label, kind, allowed)


@require_http_methods(["GET", "HEAD", "POST"])
@page
def add(request: HttpRequest, seat: Seat, kind: str, public_id: str) -> HttpResponse:
    place = _place(seat, kind, public_id)
    reason, status = "", 200
    if request.method == "POST":
        try:
            count = _take(request, place)
        except Refusal as refusal:
            reason, status = refusal_text(refusal), 400
        else:
            text = ngettext("{n} document added.", "{n} documents added.", count).format(n=count)
            messages.success(request, text)
            return redirect(f"{address(seat.kept, place.page, place.public_id)}#documents")
    context = {
        "place": place,
        "given": request.POST,
        "reason": reason,
        "back": address(seat.kept, place.page, place.public_id),
        **documents_card(seat, kind, public_id, [], [target.entity_id for target in place.targets]),
    }
    return show(request, seat, "documents/add.html", context, room="customers", status=status)


def _take(request: HttpRequest, place: Place) -> int:
    given = request.POST
    uploads = [one for one in request.FILES.getlist("files") if isinstance(one, UploadedFile) and one.name]
    if not uploads:
        raise Refusal("document.no_file", "Choose a file first.")
    if len(uploads) > FILES_MAX:
        raise Refusal("document.too_many", "At most {count} files at a time.", count=FILES_MAX)
    target = next((one for one in place.targets if str(one.entity_id) == given.get("entity_id")), place.targets[0])
    dated = read_day(given.get("dated", "").strip()[:10])
    for upload in uploads:
        if (upload.size or 0) > SIZE_MAX:
            raise Refusal("document.too_large", "The file is larger than {megabytes} MB.", megabytes=SIZE_MAX >> 20)
    for upload in uploads:
        add_document(
            upload.read(),
            upload.name or "",
            evidence_type=given.get("evidence_type", ""),
            links=[(target.kind, target.object_id)],
            dated=dated,
            note=read_text(given, "note", 500),
            **actor(request),
        )
    return len(uploads)


def _document(seat: Seat, public_id: str) -> DocumentRow:
    found = queries.document(seat.frame, public_id)
    if found is None:
        raise Http404
    return found


@require_safe
@page
def show_document(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    row = _document(seat, public_id)
    shown: dict[str, Any] = {"kind": "", "fault": ""}
    try:
        data = queries.document_bytes(row)
        if row.media_type == PDF.name:
            shown |= {"kind": "pdf", "pages": range(1, preview.count_pages(data) + 1)}
        elif row.media_type in ("image/png", "image/jpeg", "image/gif", "image/webp"):
            shown["kind"] = "image"
        elif row.media_type in ("text/plain", "message/rfc822", "application/xml"):
            text = decode_text(data) or ""
            shown |= {"kind": "text", "text": text[:TEXT_SHOWN], "cut": len(text) > TEXT_SHOWN}
    except Refusal as refusal:
        shown["fault"] = refusal_text(refusal)
    context = {
        "row": row,
        "shown": shown,
        "may_withdraw": not row.is_withdrawn and any(may_add(seat, link.entity_id) for link in row.links),
    }
    return show(request, seat, "documents/document.html", context, room="customers")


@require_safe
@page
def download(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    """The bytes as they were handed in, to be saved and never shown in place."""
    row = _document(seat, public_id)
    return _bytes(queries.document_bytes(row), row.media_type, row.name, inline=False)


@require_safe
@page
def show_image(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    row = _document(seat, public_id)
    if row.media_type not in ("image/png", "image/jpeg", "image/gif", "image/webp"):
        raise Http404
    return _bytes(queries.document_bytes(row), row.media_type, row.name, inline=True)


@require_safe
@page
def show_pdf_page(request: HttpRequest, seat: Seat, public_id: str, number: int) -> HttpResponse:
    row = _document(seat, public_id)
    if row.media_type != PDF.name:
        raise Http404
    return _bytes(preview.draw_page(queries.document_bytes(row), number), "image/png", f"{number}.png", inline=True)


def _bytes(data: bytes, media_type: str, name: str, *, inline: bool) -> HttpResponse:
    response = HttpResponse(data, content_type=media_type)
    response.headers["Content-Disposition"] = content_disposition_header(not inline, name) or "attachment"
    response.headers["Content-Security-Policy"] = SEALED_OFF
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@page
def withdraw(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    row = _document(seat, public_id)
    if not any(may_add(seat, link.entity_id) for link in row.links):
        raise PermissionDenied
    back = address(seat.kept, "document", public_id)

    def context(given: QueryDict) -> dict[str, Any]:
        return {
            "title": _("Withdraw the document"),
            "about": row.name,
            "facts": [],
            "crumbs": [(back, row.name)],
            "back": back,
            "says": _("It stays on file with your reason, and no longer counts as evidence."),
            "button": _("Withdraw"),
            "blocked": _("The document has been withdrawn already.") if row.is_withdrawn else "",
            "fields": [Field("text", "reason", _("Reason"), given.get("reason", ""))],
        }

    def do(given: QueryDict, key: str) -> HttpResponse:
        withdraw_document(row.id, reason=read_text(given, "reason", 300), **actor(request))
        messages.success(request, _("{name} has been withdrawn.").format(name=row.name))
        return redirect(back)

    return act(request, seat, "actions/act.html", context, do, room="customers")
