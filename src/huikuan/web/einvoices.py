"""E-invoices: hand in files, see what each says and breaks, post them as items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from huikuan.core.refusals import BadData, Refusal
from huikuan.core.rights import Right
from huikuan.queries import einvoices as queries
from huikuan.queries.frame import EntityRow
from huikuan.services import einvoices as services
from huikuan.services.einvoices_types import InvoiceFile, Outcome, Report
from huikuan.web.acting import actor
from huikuan.web.einvoice_words import fault_sentence
from huikuan.web.frames import Seat
from huikuan.web.pages import page, refusal_text, show
from huikuan.web.tables.asks import read_table
from huikuan.web.tables.einvoices import EINVOICES
from huikuan.web.tables.grid import grid_of
from huikuan.web.tags import address

BY_NAME = "einvoice.seller_by_name"
"""Said once for all invoices of an upload."""
TOTAL_MAX = 100 * 1024 * 1024
"""Bytes of all files of one upload."""


@require_safe
@page
def list_einvoices(request: HttpRequest, seat: Seat) -> HttpResponse:
    ask = read_table(request, seat, EINVOICES)
    rows = EINVOICES.rows(seat.frame, ask.wanted, ask.basics.sort, ask.basics.page, ask.basics.size)
    context = {"grid": grid_of(request, seat, ask, rows), "rows": rows, "filtered": ask.is_narrowed}
    return show(request, seat, "einvoices/list.html", context, room="einvoices")


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.IMPORT, whole=True)
def new_einvoices(request: HttpRequest, seat: Seat) -> HttpResponse:
    entities = _entities(seat)
    chosen = request.POST.get("entity_code", "") or (seat.entity.code if seat.entity else "")
    reason, status = "", 200
    if request.method == "POST":
        try:
            upload = services.keep_upload(_files(request), entity_id=_entity(entities, chosen), **actor(request))
        except Refusal as refusal:
            reason, status = refusal_text(refusal), 400
        else:
            return redirect(address(seat.kept, "einvoice_upload", upload))
    missing = queries.missing_tax_ids(row.id for row in entities)
    context = {
        "entities": entities,
        "chosen": chosen,
        "reason": reason,
        "nameless": [row for row in entities if row.id in missing],
        "may_name": [row for row in entities if row.id in missing and seat.can(Right.MANAGE_SYSTEM, row.id)],
    }
    return show(request, seat, "einvoices/new.html", context, room="einvoices", status=status)


def _entities(seat: Seat) -> list[EntityRow]:
    """The entities whose invoices this person may bring in."""
    return [row for row in seat.entities if seat.can_whole(Right.IMPORT, row.id)]


def _entity(entities: Sequence[EntityRow], code: str) -> int:
    if not code and len(entities) == 1:
        return entities[0].id
    for row in entities:
        if row.code == code:
            return row.id
    raise Refusal("einvoice.no_entity", "Say whose invoices they are.")


def _files(request: HttpRequest) -> list[InvoiceFile]:
    """Refuses ``einvoice.too_much``."""
    uploads = [one for one in request.FILES.getlist("files") if isinstance(one, UploadedFile) and one.name]
    if sum(one.size or 0 for one in uploads) > TOTAL_MAX:
        raise Refusal("einvoice.too_much", "The files are larger than {size} MB together.", size=TOTAL_MAX >> 20)
    return [InvoiceFile(str(one.name), one.read()) for one in uploads]


@require_POST
@page(right=Right.MANAGE_SYSTEM, whole=True)
def name_seller(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Sets an entity's own VAT or taxpayer number."""
    code = request.POST.get("entity_code", "")
    for row in seat.entities:
        if row.code == code:
            services.set_tax_id(row.id, request.POST.get("tax_id", ""), **actor(request))
            messages.success(request, _("The number of {name} is kept.").format(name=row.name))
            return redirect(address(seat.kept, "einvoice_new"))
    raise Http404


@dataclass(frozen=True, slots=True)
class FaultLine:
    rule: str
    path: str
    text: str
    is_warning: bool


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """An invoice of an upload as the page shows it."""

    outcome: Outcome
    buyer: str
    profile: str
    issue_date: date | None
    faults: list[FaultLine]
    item_public_id: str
    is_good: bool


def lines_of(report: Report) -> list[InvoiceLine]:
    return [
        InvoiceLine(
            outcome=one,
            buyer=one.match.name or (one.document.buyer.name if one.document else ""),
            profile=(one.document.profile or one.document.specification)[:60] if one.document else "",
            issue_date=one.document.issue_date if one.document else None,
            faults=[
                FaultLine("" if "." in fault.rule else fault.rule, fault.path, fault_sentence(fault), fault.is_warning)
                for fault in sorted(one.faults, key=lambda fault: fault.is_warning)
                if fault.rule != BY_NAME
            ],
            item_public_id=queries.item_public_id(one.item_id),
            is_good=one.status != "refused",
        )
        for one in report.outcomes
    ]


@require_safe
@page(right=Right.IMPORT, whole=True)
def show_upload(request: HttpRequest, seat: Seat, upload_id: int) -> HttpResponse:
    new_customers = request.GET.get("new_customers") == "yes"
    entity_id, files = _upload(request, upload_id)
    report = services.import_invoices(
        files, entity_id=entity_id, dry_run=True, new_customers=new_customers, **actor(request)
    )
    unknown = {"einvoice.buyer_unknown", "einvoice.no_account"}
    context = {
        "upload_id": upload_id,
        "entity": next((row for row in seat.entities if row.id == entity_id), None),
        "files": len(files),
        "lines": lines_of(report),
        "counts": {name: report.count(name) for name in ("new", "attached", "known", "refused")},
        "new_customers": new_customers,
        "by_name": any(fault.rule == BY_NAME for one in report.outcomes for fault in one.faults),
        "unknown_buyers": new_customers
        or any(fault.rule in unknown for one in report.outcomes for fault in one.errors),
        "to_post": report.count("new") + report.count("attached"),
    }
    return show(request, seat, "einvoices/upload.html", context, room="einvoices")


def _upload(request: HttpRequest, upload_id: int) -> tuple[int, list[InvoiceFile]]:
    """404 for what is not there, or of an entity for which this person brings in nothing."""
    try:
        return services.upload_files(upload_id, actor_id=request.user.pk)
    except Refusal as refusal:
        if refusal.code not in ("einvoice.no_upload", "right.missing", "right.out_of_reach"):
            raise
        raise Http404 from None


@require_POST
@page(right=Right.IMPORT, whole=True)
def post_upload(request: HttpRequest, seat: Seat, upload_id: int) -> HttpResponse:
    _upload(request, upload_id)
    wanted = {name: request.POST.get(name) == "yes" for name in ("new_customers", "good_only")}
    try:
        report = services.post_upload(upload_id, actor_id=request.user.pk, now=timezone.now(), **wanted)
    except BadData:  # something changed since it was shown: show it again
        messages.error(request, _("Something is refused now: look again. Nothing was posted."))
        more = {"new_customers": "yes"} if wanted["new_customers"] else {}
        return redirect(address(seat.kept, "einvoice_upload", upload_id, **more))
    text = ngettext("Posted {n} invoice.", "Posted {n} invoices.", report.posted).format(n=report.posted)
    if report.attached:
        text += " " + ngettext("{n} joined its item.", "{n} joined their items.", report.attached).format(
            n=report.attached
        )
    messages.success(request, text)
    return redirect(address(seat.kept, "einvoices"))
