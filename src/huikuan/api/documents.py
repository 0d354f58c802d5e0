"""Documents as evidence: listed by what they are linked to, read, downloaded, added."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from ninja import File, Form, Path, Query, Router, Schema
from ninja.files import UploadedFile
from pydantic import Field, StringConstraints

from huikuan.api.answers import tagged
from huikuan.api.callers import caller_of
from huikuan.api.problems import NotThere, Problem
from huikuan.api.schemas import Day, Id
from huikuan.core.documents import SIZE_MAX, EvidenceType
from huikuan.core.rights import Right
from huikuan.queries import documents as queries
from huikuan.queries.desk import entry_now, item_now, receipt_now
from huikuan.services.documents import add_document

router = Router(tags=["Documents"])

KINDS = {"itm": "item", "rcp": "receipt", "ent": "entry"}


class LinkOut(Schema):
    """What it is linked to; ``id`` is the customer's for an account."""

    kind: str
    id: str
    label: str


class DocumentOut(Schema):
    """A document. ``is_withdrawn``: it no longer counts as evidence."""

    id: str
    name: str
    media_type: str
    size_bytes: int
    sha256: str
    evidence_type: EvidenceType
    dated: date | None
    note: str
    uploaded_at: datetime
    is_withdrawn: bool
    withdrawn_reason: str
    links: list[LinkOut]


class DocumentList(Schema):
    rows: list[DocumentOut]


def document_out(row: queries.DocumentRow) -> DocumentOut:
    same = (
        "name media_type size_bytes sha256 evidence_type dated note uploaded_at is_withdrawn withdrawn_reason"
    ).split()
    return DocumentOut(
        **{name: getattr(row, name) for name in same},
        id=row.public_id,
        links=[LinkOut(kind=link.kind, id=link.public_id, label=link.label) for link in row.links],
    )


class DocumentsAsked(Schema):
    of: Id = Field(description="An item, a receipt, an entry or a customer.")


@router.get("", response=DocumentList, summary="Documents of something")
def list_documents(request: HttpRequest, asked: Query[DocumentsAsked]) -> object:
    """The documents linked to it, the newest first (200 at most)."""
    frame = caller_of(request).frame()
    if asked.of.startswith("cus_"):
        found = queries.documents_of_customer(frame, asked.of)
    elif (kind := KINDS.get(asked.of[:3])) is not None:
        found = queries.documents_of(frame, kind, asked.of)
    else:
        detail = "documents are linked to items, receipts, entries and customers"
        raise Problem(422, "document.no_target", detail)
    return DocumentList(rows=[document_out(row) for row in found])


def _document(request: HttpRequest, text: str) -> queries.DocumentRow:
    found = queries.document(caller_of(request).frame(), text)
    if found is None:
        raise NotThere
    return found


@router.get("/{document_id}", response=DocumentOut, summary="Read a document's facts")
def read_document(request: HttpRequest, document_id: Path[Id]) -> HttpResponse:
    """What it is and what it is linked to."""
    return tagged(request, document_out(_document(request, document_id)))


@router.get("/{document_id}/content", summary="Download a document")
def read_content(request: HttpRequest, document_id: Path[Id]) -> HttpResponse:
    """Its bytes, as they were handed in; the ETag is their SHA-256."""
    row = _document(request, document_id)
    tag = f'"{row.sha256}"'
    if request.headers.get("If-None-Match", "").strip() == tag:
        return HttpResponse(status=304, headers={"ETag": tag})
    name = f"attachment; filename*=UTF-8''{quote(row.name)}"
    headers = {"ETag": tag, "Content-Disposition": name, "X-Content-Type-Options": "nosniff"}
    return HttpResponse(queries.document_bytes(row), content_type=row.media_type, headers=headers)


class DocumentForm(Schema):
    of: Id = Field(description="The item, receipt or entry it is evidence of.")
    evidence_type: EvidenceType = EvidenceType.OTHER
    dated: Day | None = None
    note: Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""


@router.post("", response={201: DocumentOut}, summary="Add a document")
def create_document(request: HttpRequest, form: Form[DocumentForm], file: File[UploadedFile]) -> HttpResponse:
    """Keeps a document as evidence of an item, a receipt or an entry. The same bytes again are the same document."""
    caller = caller_of(request)
    frame, kind = caller.frame(), KINDS.get(form.of[:3], "")
    finders = {"item": item_now, "receipt": receipt_now, "entry": entry_now}
    target = finders[kind](frame, form.of, caller.now) if kind else None
    if target is None:
        raise NotThere
    caller.demand(Right.ADD_DOCUMENT, target.entity_id)
    if (file.size or 0) > SIZE_MAX:
        raise Problem(413, "document.too_large", f"a document has up to {SIZE_MAX >> 20} MB")
    number = add_document(
        file.read(),
        file.name or "document",
        evidence_type=form.evidence_type,
        links=[(kind, target.id)],
        dated=form.dated,
        note=form.note,
        **caller.actor,
    )
    found = next(row for row in queries.documents_of(frame, kind, form.of) if row.id == number)
    return tagged(request, document_out(found), status=201)
