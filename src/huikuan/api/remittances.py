"""Remittance advices: handed in, listed, linked to the line of money they are about."""

from __future__ import annotations

from datetime import date, datetime

from django.http import HttpRequest, HttpResponse
from ninja import File, Form, Path, Query, Router, Schema
from ninja.files import UploadedFile
from pydantic import Field

from huikuan.api.answers import tagged
from huikuan.api.callers import Caller, caller_of
from huikuan.api.paging import Asked, Cursor
from huikuan.api.parts import entity_for
from huikuan.api.problems import NotThere, Problem
from huikuan.api.schemas import Code, EntityCode, Given, Id, money
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.queries.ids import bank_line_number, remittance_id_text
from huikuan.queries.remittances import AdviceLine, advice_detail, advice_slice
from huikuan.services.remittances import keep_advices, link_advice, unlink_advice

router = Router(tags=["Remittance advices"])
SIZE_MAX = 30 * 1024 * 1024


class AdvicesAsked(Asked):
    entity: Code = ""
    open: bool = Field(False, description="Only those that have not found their line.")


class AdviceOut(Schema):
    """What a payer wrote about a payment. `line`: the bank line it is about, once found."""

    id: str
    entity: str
    file_name: str
    payer_name: str
    reference: str
    dated: date | None
    currency: str
    total: str | None
    documents: int
    received_at: datetime
    line: str | None


class AdviceList(Schema):
    rows: list[AdviceOut]
    next: str | None
    more: bool


class AdviceRowOut(Schema):
    document_number: str
    amount: str | None
    deduction: str | None


class AdviceRead(AdviceOut):
    """With the documents it names: what is paid for each, and what the payer kept."""

    rows: list[AdviceRowOut]


class AdvicesKept(Schema):
    """The advices of a file. `known`: so many were there already; `linked`: so many found their line."""

    advices: list[AdviceRead]
    known: int
    linked: int


class AdviceForm(Schema):
    entity: EntityCode


class LinkIn(Given):
    """`line`: the bank line of the payment; null takes the link back."""

    line: Id | None


def _values(row: AdviceLine) -> dict[str, object]:
    same = "file_name payer_name reference dated currency documents received_at".split()
    return {
        **{name: getattr(row, name) for name in same},
        "id": row.public_id,
        "entity": row.entity_code,
        "total": None if row.total_minor is None else money(row.total_minor, row.currency),
        "line": row.line_public_id or None,
    }


def _read(caller: Caller, text: str) -> tuple[AdviceLine, AdviceRead]:
    found = advice_detail(caller.frame(), text)
    if found is None:
        raise NotThere
    rows = [
        AdviceRowOut(
            document_number=one.document_number,
            amount=None if one.amount_minor is None else money(one.amount_minor, found.currency),
            deduction=None if one.deduction_minor is None else money(one.deduction_minor, found.currency),
        )
        for one in (found.advice.rows if found.advice else ())
    ]
    return found, AdviceRead.model_validate({**_values(found), "rows": rows})


@router.get("", response=AdviceList, summary="List remittance advices")
def list_advices(request: HttpRequest, asked: Query[AdvicesAsked]) -> object:
    """Advices in the order in which they came, of the entities of which you see every customer."""
    cursor = Cursor("remittances", asked, asked.cursor)
    frame = caller_of(request).frame(asked.entity)
    found = advice_slice(frame, open_only=asked.open, after=cursor.after, limit=asked.limit)
    return cursor.page(found, lambda row: AdviceOut.model_validate(_values(row)))


@router.get("/{advice_id}", response=AdviceRead, summary="Read a remittance advice")
def read_advice(request: HttpRequest, advice_id: Path[Id]) -> HttpResponse:
    """One advice with the documents it names, and its ETag."""
    return tagged(request, _read(caller_of(request), advice_id)[1])


@router.post("", response={201: AdvicesKept}, summary="Hand in a remittance advice")
def create_advices(request: HttpRequest, form: Form[AdviceForm], file: File[UploadedFile]) -> HttpResponse:
    """A mail with its attachments, remt.001, PDF, Excel or CSV. Each advice is linked to its line where that is
    certain; the same file again adds nothing."""
    caller = caller_of(request)
    entity_id = entity_for(caller, form.entity, Right.ADD_DOCUMENT)
    caller.demand_whole(Right.ADD_DOCUMENT, entity_id)
    if not file.name:
        raise Problem(422, "import.no_file", "the file has no name", {"#/file": "the file has no name"})
    if (file.size or 0) > SIZE_MAX:
        raise Refusal("document.too_large", "The file is larger than {megabytes} MB.", megabytes=SIZE_MAX >> 20)
    kept = keep_advices(entity_id, file.read(), file.name, **caller.actor)
    advices = [_read(caller, remittance_id_text(number))[1] for number in kept.advice_ids]
    return tagged(request, AdvicesKept(advices=advices, known=kept.known, linked=kept.linked), status=201)


@router.put("/{advice_id}/line", response=AdviceRead, summary="Say which line an advice is about")
def link(request: HttpRequest, advice_id: Path[Id], body: LinkIn) -> HttpResponse:
    """A line of its amount around its day; `null` takes the link back."""
    caller = caller_of(request)
    found, _advice = _read(caller, advice_id)
    caller.demand_whole(Right.ADD_DOCUMENT, found.entity_id)
    if body.line is None:
        unlink_advice(found.id, **caller.actor)
    else:
        number = bank_line_number(body.line)
        if number is None:
            raise NotThere
        link_advice(found.id, number, **caller.actor)
    return tagged(request, _read(caller, advice_id)[1])
