"""Imports: hand in a file, see every fault and every change before anything is posted, then post."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.engines.files import ColumnGuess
from huikuan.queries import imports as queries
from huikuan.queries.import_work import import_work
from huikuan.queries.settlements import settlements_waiting
from huikuan.services import imports as services
from huikuan.services import imports_background as background
from huikuan.web.frames import Seat, read_day
from huikuan.web.pages import page, refusal_text, show
from huikuan.web.tables.asks import read_table
from huikuan.web.tables.grid import grid_of
from huikuan.web.tables.imports import IMPORTS
from huikuan.web.tags import address
from huikuan.web.words import FIELDS, word_of

KINDS = ("items", "customers", "receipts", "applications")
FEEDS = ("incremental", "snapshot")


@require_safe
@page(right=Right.SEE_LEDGER, whole=True)
def list_imports(request: HttpRequest, seat: Seat) -> HttpResponse:
    ask = read_table(request, seat, IMPORTS)
    rows = IMPORTS.rows(seat.frame, ask.wanted, "", ask.basics.page, ask.basics.size)
    context = {"grid": grid_of(request, seat, ask, rows), "rows": rows, "waiting": settlements_waiting(seat.frame)}
    return show(request, seat, "imports/list.html", context, room="imports")


@dataclass(frozen=True, slots=True)
class UploadForm:
    """What the form said; shown again when the file is refused, so that nothing is chosen twice."""

    kind: str = "items"
    feed: str = "incremental"
    profile: str = ""
    currency: str = ""
    entity: str = ""
    source: str = ""
    snapshot_date: str = ""
    create_entities: str = ""


def read_form(data: QueryDict, seat: Seat) -> UploadForm:
    kind, feed = data.get("kind", "items"), data.get("feed", "incremental")
    return UploadForm(
        kind=kind if kind in KINDS else "items",
        feed=feed if feed in FEEDS else "incremental",
        profile=data.get("profile", "").strip()[:60],
        currency=data.get("currency", "").strip().upper()[:3],
        entity=data.get("entity_code", "") or (seat.entity.code if seat.entity else ""),
        source=data.get("source", "").strip()[:40],
        snapshot_date=data.get("snapshot_date", "").strip()[:10],
        create_entities=data.get("create_entities", "").strip().upper()[:3],
    )


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.IMPORT, whole=True)
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
    # A large upload lies in a temporary file already and is not read into memory.
    path = upload.temporary_file_path() if isinstance(upload, TemporaryUploadedFile) else None
    asked: dict[str, Any] = {
        "actor_id": request.user.pk,
        "now": timezone.now(),
        "file_name": upload.name,
        "path": path,
        "data": None if path else upload.read(),
        "kind": form.kind,
        "profile": form.profile or None,
        "currency": form.currency or None,
        "entity_id": _entity_id(seat, form.entity),
        "feed": form.feed,
        "source": form.source or None,
        "snapshot_date": read_day(form.snapshot_date),
        "create_entities": form.create_entities or None,
    }
    if background.is_large(upload.size or 0):
        return redirect(address(seat.kept, "import", background.start_preview(**asked)))
    return redirect(address(seat.kept, "import", services.preview_upload(**asked).batch_id))


def _entity_id(seat: Seat, code: str) -> int | None:
    """The chosen entity, among those this user may see."""
    if not code:
        return None
    for row in seat.entities:
        if row.code == code:
            return row.id
    raise Http404


def _detail(request: HttpRequest, seat: Seat, batch_id: int) -> queries.ImportDetail:
    """The import, for those who may see every entity it touches; one that touches none yet, for who handed it in."""
    found = queries.import_detail(batch_id)
    allowed = {row.id for row in seat.entities if row.sees is None}
    if found is None or not set(found.entity_ids) <= allowed:
        raise Http404
    user: Any = request.user
    if not found.entity_ids and not user.is_superuser and found.created_by != (user.get_full_name() or user.username):
        raise Http404
    return found


def _failure(found: queries.ImportDetail) -> str:
    """Why the worker did not do what was asked last; nothing while it tries again or has done it."""
    failure = found.failure
    if failure is None or found.state not in ("staged", "stopped", "checking"):
        return ""
    return refusal_text(Refusal(failure["code"], failure["template"], **failure["params"]))


@dataclass(frozen=True, slots=True)
class MappingLine:
    guess: ColumnGuess
    choices: list[tuple[str, str]]


@require_safe
@page(right=Right.SEE_LEDGER, whole=True)
def show_import(request: HttpRequest, seat: Seat, batch_id: int) -> HttpResponse:
    found = _detail(request, seat, batch_id)
    choices = [(name, word_of(FIELDS, name)) for name in found.fields]
    context = {
        "batch": found,
        "work": import_work(batch_id) if found.state in ("checking", "queued", "publishing") else None,
        "failure": _failure(found),
        "may_give_up": seat.can_whole(Right.IMPORT) and found.state == "stopped",
        "mapping": [MappingLine(guess, choices) for guess in found.mapping],
        "may_change": seat.can_whole(Right.IMPORT) and found.state == "staged",
        "can_post": found.state == "staged" and found.rows_good > 0 and not found.errors_total,
        "can_post_good": found.state == "staged" and found.rows_good > 0 and found.errors_total > 0,
        "waiting": settlements_waiting(seat.frame, batch_id=batch_id),
        "changes": [
            (code, found.changes[code])
            for code in ("new", "unchanged", "changed", "not_reposted", "vanished", "reduced", "late")
            if found.changes.get(code) or (code == "new" and code in found.changes)
        ],
    }
    return show(request, seat, "imports/detail.html", context, room="imports")


@require_POST
@page(right=Right.IMPORT, whole=True)
def check_again(request: HttpRequest, seat: Seat, batch_id: int) -> HttpResponse:
    """The same file read with the columns a person named."""
    found = _detail(request, seat, batch_id)
    named = ((request.POST.get(f"field-{index}", ""), guess.column) for index, guess in enumerate(found.mapping))
    mapping = {field: column for field, column in named if field}
    asked: dict[str, Any] = {
        "batch_id": batch_id,
        "actor_id": request.user.pk,
        "now": timezone.now(),
        "mapping": mapping,
    }
    if background.is_large_batch(batch_id):
        return redirect(address(seat.kept, "import", background.start_check_again(**asked)))
    return redirect(address(seat.kept, "import", services.preview_again(**asked).batch_id))


@require_POST
@page(right=Right.IMPORT, whole=True)
def retry_check(request: HttpRequest, seat: Seat, batch_id: int) -> HttpResponse:
    """A check that stopped is handed to the worker again."""
    _detail(request, seat, batch_id)
    background.retry_check(batch_id=batch_id)
    return redirect(address(seat.kept, "import", batch_id))


@require_POST
@page(right=Right.IMPORT, whole=True)
def post_import(request: HttpRequest, seat: Seat, batch_id: int) -> HttpResponse:
    _detail(request, seat, batch_id)
    asked: dict[str, Any] = {
        "batch_id": batch_id,
        "actor_id": request.user.pk,
        "now": timezone.now(),
        "good_rows_only": request.POST.get("good_rows_only") == "yes",
    }
    if background.is_large_batch(batch_id):
        background.start_publish(**asked)
        return redirect(address(seat.kept, "import", batch_id))
    result = services.publish(**asked)
    text = ngettext("Posted {n} row.", "Posted {n} rows.", result.rows).format(n=f"{result.rows:,}")
    messages.success(request, text)
    return redirect(address(seat.kept, "import", batch_id))


@require_POST
@page(right=Right.IMPORT, whole=True)
def discard_import(request: HttpRequest, seat: Seat, batch_id: int) -> HttpResponse:
    """Gives up a file that was checked and not posted."""
    _detail(request, seat, batch_id)
    services.discard(batch_id, actor_id=request.user.pk)
    return redirect(address(seat.kept, "imports"))


@require_safe
@page(right=Right.SEE_LEDGER, whole=True)
def download_annotated(request: HttpRequest, seat: Seat, batch_id: int) -> FileResponse:
    """The file as handed in with a column that says what is wrong in each row, to mend and hand in again."""
    _detail(request, seat, batch_id)
    name, path = services.annotated(batch_id)
    return FileResponse(path.open("rb"), as_attachment=True, filename=name)
