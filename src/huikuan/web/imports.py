"""Imports: hand in a file, see every fault and every change before anything is posted, then post."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from huikuan.core.refusals import Refusal
from huikuan.queries import imports as queries
from huikuan.services import imports as services
from huikuan.web.frames import Seat
from huikuan.web.pages import page, read_list, refusal_text, show
from huikuan.web.tags import address
from huikuan.web.words import FIELDS, word_of

KINDS = ("items", "customers", "receipts", "applications")
FEEDS = ("incremental", "snapshot")


@require_safe
@page
def list_imports(request: HttpRequest, seat: Seat) -> HttpResponse:
    ask = read_list(request, sort="-created_at", sorts=("created_at",))
    rows = queries.import_page(seat.frame, page=ask.page, size=ask.size)
    return show(request, seat, "imports/list.html", {"rows": rows, "ask": ask}, room="imports")


@dataclass(frozen=True, slots=True)
class UploadForm:
    """What the form said; shown again when the file is refused, so that nothing is chosen twice."""

    kind: str = "items"
    feed: str = "incremental"
    profile: str = ""
    currency: str = ""
    entity: str = ""
    source: str = ""


def read_form(data: Any, seat: Seat) -> UploadForm:
    kind, feed = data.get("kind", "items"), data.get("feed", "incremental")
    return UploadForm(
        kind=kind if kind in KINDS else "items",
        feed=feed if feed in FEEDS else "incremental",
        profile=data.get("profile", "").strip()[:60],
        currency=data.get("currency", "").strip().upper()[:3],
        entity=data.get("entity_code", "") or (seat.entity.code if seat.entity else ""),
        source=data.get("source", "").strip()[:40],
    )


@require_http_methods(["GET", "HEAD", "POST"])
@page
def new_import(request: HttpRequest, seat: Seat) -> HttpResponse:
    reason, status = "", 200
    if request.method == "POST":
        form = read_form(request.POST, seat)
        try:
            return _check_upload(request, seat, form)
        except Refusal as refusal:
            reason, status = refusal_text(refusal), 400
    else:
        form = read_form(request.GET, seat)
    context = {"form": form, "kinds": KINDS, "feeds": FEEDS, "profiles": services.profile_names(), "reason": reason}
    return show(request, seat, "imports/new.html", context, room="imports", status=status)


def _check_upload(request: HttpRequest, seat: Seat, form: UploadForm) -> HttpResponse:
    upload = request.FILES.get("file")
    if not isinstance(upload, UploadedFile) or not upload.name:
        raise Refusal("import.no_file", "Choose a file first.")
    preview = services.preview_upload(
        actor=request.user,
        now=timezone.now(),
        file_name=upload.name,
        data=upload.read(),
        kind=form.kind,
        profile=form.profile or None,
        mapping=None,
        currency=form.currency or None,
        entity=_entity_id(seat, form.entity),
        feed=form.feed,
    )
    return redirect(address(seat.kept, "import", preview.batch_id))


def _entity_id(seat: Seat, code: str) -> int | None:
    """The chosen entity, among those this user may see."""
    if not code:
        return None
    for row in seat.entities:
        if row.code == code:
            return row.id
    raise Http404


def _detail(seat: Seat, batch_id: int) -> Any:
    found = queries.import_detail(batch_id)
    if found is None or (found.entity_id is not None and found.entity_id not in {row.id for row in seat.entities}):
        raise Http404
    return found


@dataclass(frozen=True, slots=True)
class MappingLine:
    guess: Any
    choices: list[tuple[str, str]]


@require_safe
@page
def show_import(request: HttpRequest, seat: Seat, batch_id: int) -> HttpResponse:
    found = _detail(seat, batch_id)
    choices = [(name, word_of(FIELDS, name)) for name in found.fields]
    context = {
        "batch": found,
        "mapping": [MappingLine(guess, choices) for guess in found.mapping],
        "can_post": found.state == "staged" and found.rows_good > 0 and not found.errors_total,
        "can_post_good": found.state == "staged" and found.rows_good > 0 and found.errors_total > 0,
        "changes": [
            (code, found.changes[code]) for code in ("new", "unchanged", "changed", "vanished") if code in found.changes
        ],
    }
    return show(request, seat, "imports/detail.html", context, room="imports")


@require_POST
@page
def check_again(request: HttpRequest, seat: Seat, batch_id: int) -> HttpResponse:
    """The same file read with the columns a person named."""
    found = _detail(seat, batch_id)
    mapping = {
        guess.column: field
        for index, guess in enumerate(found.mapping)
        if (field := request.POST.get(f"field-{index}", ""))
    }
    preview = services.preview_again(batch_id=batch_id, actor=request.user, now=timezone.now(), mapping=mapping)
    return redirect(address(seat.kept, "import", preview.batch_id))


@require_POST
@page
def post_import(request: HttpRequest, seat: Seat, batch_id: int) -> HttpResponse:
    _detail(seat, batch_id)
    good_rows_only = request.POST.get("good_rows_only") == "yes"
    result = services.publish(batch_id=batch_id, actor=request.user, now=timezone.now(), good_rows_only=good_rows_only)
    text = ngettext("Posted {n} row.", "Posted {n} rows.", result.rows).format(n=f"{result.rows:,}")
    messages.success(request, text)
    return redirect(address(seat.kept, "import", batch_id))


@require_safe
@page
def download_annotated(request: HttpRequest, seat: Seat, batch_id: int) -> HttpResponse:
    """The file as handed in with a column that says what is wrong in each row, to mend and hand in again."""
    _detail(seat, batch_id)
    name, data = services.annotated(batch_id)
    response = HttpResponse(data, content_type="application/octet-stream")
    response.headers["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return response
