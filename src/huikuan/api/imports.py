"""Files handed in by programs: checked, looked at, published or given up."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from django.core.files.uploadedfile import TemporaryUploadedFile
from django.http import HttpRequest, HttpResponse
from ninja import File, Form, Path, Query, Router, Schema
from ninja.files import UploadedFile
from pydantic import Field, StringConstraints

from huikuan.api.answers import tagged
from huikuan.api.callers import caller_of
from huikuan.api.paging import Asked, Cursor
from huikuan.api.problems import NotThere, Problem
from huikuan.api.schemas import Code, Currency, Day, Given, Id, money
from huikuan.core.rights import Right
from huikuan.queries import imports as queries
from huikuan.queries.feeds import Slice
from huikuan.queries.ids import import_id_text, import_number
from huikuan.services import imports as services
from huikuan.services import imports_background as background
from huikuan.services.rights import missing

router = Router(tags=["Imports"])

Line = Annotated[str, StringConstraints(max_length=60, pattern=r"^[^\x00-\x1f\x7f]*$")]


class TotalOut(Schema):
    currency: str
    rows: int
    amount: str


class ImportOut(Schema):
    """A file handed in. ``state``: checking, stopped, staged, queued, publishing, published or discarded."""

    id: str
    file_name: str
    kind: str
    feed: str
    source: str
    state: str
    rows_total: int
    rows_good: int
    faults: int
    warnings: int
    changes: dict[str, int]
    totals: list[TotalOut]
    rows_posted: int
    settlements: int
    failure: str | None = Field(description="Why the last try was refused.")
    created_at: datetime
    created_by: str
    published_at: datetime | None


class ImportRowOut(Schema):
    id: str
    file_name: str
    kind: str
    feed: str
    source: str
    state: str
    rows_total: int
    rows_good: int
    faults: int
    created_at: datetime
    published_at: datetime | None


class ImportList(Schema):
    rows: list[ImportRowOut]
    next: str | None
    more: bool


class FaultOut(Schema):
    row: int | None
    column: str | None
    code: str
    reason: str
    value: str | None


class FaultList(Schema):
    rows: list[FaultOut]
    next: str | None
    more: bool


class ImportsAsked(Asked):
    entity: Code = ""


@router.get("", response=ImportList, summary="List imports")
def list_imports(request: HttpRequest, asked: Query[ImportsAsked]) -> object:
    """Files handed in, the newest first."""
    cursor = Cursor("imports", asked, asked.cursor)
    number = cursor.after // asked.limit + 1
    found = queries.import_page(caller_of(request).frame(asked.entity), page=number, size=asked.limit)
    last = number * asked.limit
    return cursor.page(Slice(found.rows, last, found.total > last), _row)


def _row(row: queries.ImportRow) -> ImportRowOut:
    same = "file_name kind feed source state rows_total rows_good created_at published_at".split()
    return ImportRowOut(
        **{name: getattr(row, name) for name in same}, id=import_id_text(row.id), faults=row.errors_total
    )


class ImportForm(Schema):
    kind: Literal["items", "customers", "receipts", "applications"]
    entity: Code = Field("", description="For rows that name no entity.")
    feed: Literal["incremental", "snapshot"] = "incremental"
    profile: Line = ""
    source: Annotated[str, StringConstraints(max_length=40, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    currency: Currency | Literal[""] = ""
    snapshot_date: Day | None = None


@router.post("", response={201: ImportOut}, summary="Hand in a file")
def create_import(request: HttpRequest, form: Form[ImportForm], file: File[UploadedFile]) -> HttpResponse:
    """Checks a CSV, Excel or Parquet file; nothing is posted. The worker checks a large one: ask for its state."""
    caller = caller_of(request)
    entity_id = caller.entity(form.entity).id if form.entity else None
    if entity_id is not None:
        caller.demand_whole(Right.IMPORT, entity_id)
    elif not caller.entities_with(Right.IMPORT):
        raise missing(Right.IMPORT)
    if not file.name:
        raise Problem(422, "import.no_file", "the file has no name", {"#/file": "the file has no name"})
    path = file.temporary_file_path() if isinstance(file, TemporaryUploadedFile) else None
    asked: dict[str, Any] = {
        "file_name": file.name,
        "path": path,
        "data": None if path else file.read(),
        "kind": form.kind,
        "profile": form.profile or None,
        "currency": form.currency or None,
        "entity_id": entity_id,
        "feed": form.feed,
        "source": form.source or None,
        "snapshot_date": form.snapshot_date,
        **caller.actor,
    }
    if background.is_large(file.size or 0):
        number = background.start_preview(**asked)
    else:
        number = services.preview_upload(**asked).batch_id
    response = tagged(request, _out(_seen(request, number)), status=201)
    response["Location"] = f"/api/v1/imports/{import_id_text(number)}"
    return response


@router.get("/{import_id}", response=ImportOut, summary="Read an import")
def read_import(request: HttpRequest, import_id: Path[Id]) -> HttpResponse:
    """How far it is and what it would change, or has changed."""
    return tagged(request, _out(_found(request, import_id)))


@router.get("/{import_id}/faults", response=FaultList, summary="Faults of an import")
def read_faults(request: HttpRequest, import_id: Path[Id], asked: Query[Asked]) -> object:
    """Every fault with its row and column, in the order of the file."""
    found = _found(request, import_id)
    cursor = Cursor(f"faults:{import_id}", asked, asked.cursor)
    faults = services.errors_of(found.id)
    last = cursor.after + asked.limit
    part = Slice(faults[cursor.after : last], last, len(faults) > last)
    return cursor.page(
        part,
        lambda fault: FaultOut(
            row=fault.row, column=fault.column, code=fault.code, reason=fault.reason, value=fault.value
        ),
    )


class PublishIn(Given):
    good_rows_only: bool = Field(False, description="Leave faulty rows out; otherwise one fault refuses the file.")


@router.post("/{import_id}/publish", response={200: ImportOut}, summary="Publish an import")
def publish_import(request: HttpRequest, import_id: Path[Id], body: PublishIn) -> HttpResponse:
    """Posts it, once, however often it is asked. A large one is posted by the worker: ask for its state."""
    found = _mine(request, import_id)
    asked: dict[str, Any] = {"batch_id": found.id, "good_rows_only": body.good_rows_only, **caller_of(request).actor}
    if found.state == "published":
        return tagged(request, _out(found))
    if background.is_large_batch(found.id):
        background.start_publish(**asked)
    else:
        services.publish(**asked)
    return tagged(request, _out(_seen(request, found.id)))


@router.post("/{import_id}/discard", response={200: ImportOut}, summary="Give up an import")
def discard_import(request: HttpRequest, import_id: Path[Id]) -> HttpResponse:
    """Gives up a file that was checked and not posted."""
    found = _mine(request, import_id)
    services.discard(found.id, actor_id=caller_of(request).user.pk)
    return tagged(request, _out(_seen(request, found.id)))


def _found(request: HttpRequest, import_id: str) -> queries.ImportDetail:
    number = import_number(import_id)
    if number is None:
        raise NotThere
    return _seen(request, number)


def _seen(request: HttpRequest, number: int) -> queries.ImportDetail:
    """The import, for those who see every entity it touches; one that touches none yet, for who handed it in."""
    caller = caller_of(request)
    found = queries.import_detail(number)
    allowed = {row.id for row in caller.entities if row.sees is None}
    if found is None or not set(found.entity_ids) <= allowed:
        raise NotThere
    name = caller.user.get_full_name() or caller.user.get_username()
    if not found.entity_ids and not caller.user.is_superuser and found.created_by != name:
        raise NotThere
    return found


def _mine(request: HttpRequest, import_id: str) -> queries.ImportDetail:
    """An import the caller may publish or give up: the right is held in every entity it touches."""
    found, caller = _found(request, import_id), caller_of(request)
    for entity_id in found.entity_ids:
        caller.demand_whole(Right.IMPORT, entity_id)
    if not found.entity_ids and not caller.entities_with(Right.IMPORT):
        raise missing(Right.IMPORT)
    return found


def _out(found: queries.ImportDetail) -> ImportOut:
    same = (
        "file_name kind feed source state rows_total rows_good changes rows_posted settlements created_at created_by"
        " published_at"
    ).split()
    failure = found.failure or {}
    return ImportOut(
        **{name: getattr(found, name) for name in same},
        id=import_id_text(found.id),
        faults=found.errors_total,
        warnings=found.warnings_total,
        failure=failure.get("code") if found.state in ("staged", "stopped") else None,
        totals=[
            TotalOut(currency=total.currency, rows=total.rows, amount=money(total.amount_minor, total.currency))
            for total in found.totals
        ],
    )
