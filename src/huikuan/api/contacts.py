"""People at a customer. Telephone and WeChat come masked: they are shown in full to people, whose look is logged."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Path, Router, Schema
from pydantic import Field, StringConstraints

from huikuan.api.answers import tagged
from huikuan.api.callers import caller_of
from huikuan.api.customers import demand_editing
from huikuan.api.problems import NotThere
from huikuan.api.schemas import Given, Id
from huikuan.core.contacts import ContactPart
from huikuan.queries.customer_file import ContactRow, CustomerFile, customer_file
from huikuan.queries.feeds_customers import one_customer
from huikuan.queries.ids import contact_id_text
from huikuan.services.contacts import add_contact

router = Router(tags=["Contacts"])

Line = Annotated[str, StringConstraints(max_length=120, pattern=r"^[^\x00-\x1f\x7f]*$")]
Short = Annotated[str, StringConstraints(max_length=60, pattern=r"^[^\x00-\x1f\x7f]*$")]


class ContactOut(Schema):
    """A person. ``parts``: the person's parts in a payment; ``signs_step``: which signature is theirs."""

    id: str
    name: str
    parts: list[str]
    signs_step: int | None
    title: str
    phone: str
    mail: str
    wechat: str
    language: str
    note: str
    do_not_contact: bool


class ContactList(Schema):
    rows: list[ContactOut]


def _out(row: ContactRow) -> ContactOut:
    same = "name signs_step title phone mail wechat language note do_not_contact".split()
    return ContactOut(**{name: getattr(row, name) for name in same}, id=row.public_id, parts=list(row.parts))


def _file(request: HttpRequest, customer_id: str) -> CustomerFile:
    found = customer_file(caller_of(request).frame(), customer_id)
    if found is None:
        raise NotThere
    return found


@router.get("/{customer_id}/contacts", response=ContactList, summary="People at a customer")
def list_contacts(request: HttpRequest, customer_id: Path[Id]) -> object:
    """Who decides, accepts, pays and signs there."""
    return ContactList(rows=[_out(row) for row in _file(request, customer_id).contacts])


class ContactIn(Given):
    name: Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]+$")]
    parts: list[ContactPart] = Field([], max_length=10)
    signs_step: int | None = Field(None, ge=1, le=20)
    title: Line = ""
    phone: Short = ""
    mail: Annotated[str, StringConstraints(max_length=254, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    wechat: Short = ""
    language: Annotated[str, StringConstraints(pattern=r"^[A-Za-z-]{0,10}$")] = ""
    note: Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    do_not_contact: bool = False


@router.post("/{customer_id}/contacts", response={201: ContactOut}, summary="Add a person")
def create_contact(request: HttpRequest, customer_id: Path[Id], body: ContactIn) -> HttpResponse:
    """Adds a person at the customer."""
    caller, found = caller_of(request), _file(request, customer_id)
    known = one_customer(caller.frame(), customer_id)
    if known is None:
        raise NotThere
    demand_editing(caller, known)
    values = {name: str(text) for name, text in body.model_dump().items() if isinstance(text, str)}
    values["parts"] = ",".join(part.value for part in body.parts)
    values["signs_step"] = "" if body.signs_step is None else str(body.signs_step)
    values["do_not_contact"] = "yes" if body.do_not_contact else ""
    number = contact_id_text(add_contact(found.id, values, **caller.actor))
    made = next(row for row in _file(request, customer_id).contacts if row.public_id == number)
    return tagged(request, _out(made), status=201)
