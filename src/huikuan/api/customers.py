"""Customers: listed, read, added, changed; what each owes; its people."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Header, Path, Query, Router, Schema
from pydantic import Field, StringConstraints

from huikuan.api.answers import demand_match, tagged
from huikuan.api.callers import Caller, caller_of
from huikuan.api.paging import Cursor
from huikuan.api.parts import entity_for, frame_of
from huikuan.api.problems import NotThere, Problem
from huikuan.api.schemas import (
    EntityCode,
    Given,
    Id,
    Identity,
    ListAsked,
    Name,
    Standpoint,
    Text,
    money,
)
from huikuan.core.rights import Right
from huikuan.queries import customers as queries
from huikuan.queries.feeds_customers import CustomerFacts, customer_of_account, customer_slice, one_customer
from huikuan.services.customer_file import change_customer
from huikuan.services.customers import NewCustomer, add_customers
from huikuan.services.field_changes import Change, ChangedMeanwhile
from huikuan.services.rights import missing

router = Router(tags=["Customers"])

Short = Annotated[str, StringConstraints(max_length=60, pattern=r"^[^\x00-\x1f\x7f]*$")]
Registration = Annotated[str, StringConstraints(max_length=40, pattern=r"^[^\x00-\x1f\x7f]*$")]
Country = Annotated[str, StringConstraints(pattern=r"^([A-Z]{2})?$")]
Language = Annotated[str, StringConstraints(pattern=r"^[A-Za-z-]{0,10}$")]


class RefOut(Schema):
    source: str
    external_id: str


class AccountOut(Schema):
    """The customer's account with one of your entities. ``credit_limit`` is in the currency of its books."""

    entity: str
    terms_days: int | None
    credit_limit: str | None
    owner: str | None
    collector: str | None
    refs: list[RefOut]


class CustomerOut(Schema):
    """A customer, known to the whole group, with its accounts in the entities you see."""

    id: str
    name: str
    aliases: list[str]
    registration_number: str
    country: str
    region: str
    address: str
    language: str
    industry: str
    segment: str
    currency: str
    tax_number: str
    parent: str | None
    accounts: list[AccountOut]


class CustomerList(Schema):
    rows: list[CustomerOut]
    next: str | None
    more: bool


_SAME = "name registration_number country region address language industry segment currency tax_number".split()


def customer_out(found: CustomerFacts) -> CustomerOut:
    return CustomerOut(
        **{name: getattr(found.customer, name) for name in _SAME},
        id=found.public_id,
        aliases=list(found.aliases),
        parent=found.parent or None,
        accounts=[
            AccountOut(
                entity=account.entity,
                terms_days=account.terms_days,
                credit_limit=None
                if account.credit_limit_minor is None
                else money(account.credit_limit_minor, account.currency),
                owner=account.owner or None,
                collector=account.collector or None,
                refs=[RefOut(source=ref.source, external_id=ref.external_id) for ref in account.refs],
            )
            for account in found.accounts
        ],
    )


class CustomersAsked(ListAsked):
    external_id: Text = ""
    registration_number: Registration = ""


@router.get("", response=CustomerList, summary="List customers")
def list_customers(request: HttpRequest, asked: Query[CustomersAsked]) -> object:
    """Customers in the order in which they came."""
    cursor = Cursor("customers", asked, asked.cursor)
    found = customer_slice(
        frame_of(request, asked),
        external_id=asked.external_id,
        registration_number=asked.registration_number,
        after=cursor.after,
        limit=asked.limit,
    )
    return cursor.page(found, customer_out)


@router.get("/{customer_id}", response=CustomerOut, summary="Read a customer")
def read_customer(request: HttpRequest, customer_id: Path[Id]) -> HttpResponse:
    """One customer, with its ETag."""
    return tagged(request, _read(request, customer_id))


def _read(request: HttpRequest, customer_id: str) -> CustomerOut:
    found = one_customer(caller_of(request).frame(), customer_id)
    if found is None:
        raise NotThere
    return customer_out(found)


class CustomerIn(Given):
    """A customer as a source knows it. One with the same (source, entity, external_id) is brought up to date."""

    entity: EntityCode
    source: Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=r"^[^\x00-\x1f\x7f]+$")] = "api"
    external_id: Identity
    name: Annotated[
        str, StringConstraints(min_length=1, max_length=300, pattern=r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$")
    ]
    aliases: list[Annotated[str, StringConstraints(min_length=1, max_length=300)]] = Field([], max_length=20)
    registration_number: Registration = ""
    country: Country = ""
    language: Language = ""
    segment: Short = ""
    terms_days: int | None = Field(None, ge=0, le=3650)


@router.post("", response={201: CustomerOut}, summary="Add a customer")
def create_customer(request: HttpRequest, body: CustomerIn) -> HttpResponse:
    """Adds a customer and its account with an entity, or brings it up to date. Sent twice, it is one customer."""
    caller = caller_of(request)
    entity_id = entity_for(caller, body.entity, Right.EDIT_CUSTOMER)
    given = body.model_dump(exclude={"entity", "source", "aliases"})
    new = NewCustomer(**given, aliases=tuple(body.aliases))
    account_id = add_customers(entity_id, [new], source=body.source, **caller.actor)[body.external_id]
    found = customer_of_account(caller.frame(), account_id)
    if found is None:
        raise NotThere
    response = tagged(request, customer_out(found), status=201)
    response["Location"] = f"/api/v1/customers/{found.public_id}"
    return response


class CustomerPatch(Given):
    """What shall be different; what is left out stays. A former name stays as an alias."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=r"^[^\x00-\x1f\x7f]+$")] | None = None
    registration_number: Registration | None = None
    country: Country | None = None
    region: Short | None = None
    address: Name | None = None
    language: Language | None = None
    industry: Short | None = None
    segment: Short | None = None
    currency: Annotated[str, StringConstraints(pattern=r"^([A-Z]{3})?$")] | None = None
    tax_number: Registration | None = None


@router.patch("/{customer_id}", response=CustomerOut, summary="Change a customer")
def patch_customer(
    request: HttpRequest,
    customer_id: Path[Id],
    body: CustomerPatch,
    if_match: Annotated[str | None, Header(alias="If-Match", description="The ETag you read.")] = None,
) -> HttpResponse:
    """Changes master data, if nobody else has meanwhile (If-Match)."""
    caller = caller_of(request)
    found = one_customer(caller.frame(), customer_id)
    if found is None:
        raise NotThere
    demand_editing(caller, found)
    demand_match(request, customer_out(found))
    wanted = {name: text for name, text in body.model_dump().items() if text is not None}
    changes = {name: Change(text, getattr(found.customer, name)) for name, text in wanted.items()}
    try:
        change_customer(found.customer.pk, changes, **caller.actor)
    except ChangedMeanwhile:
        raise Problem(412, "api.changed", "somebody else has changed it meanwhile: read it again") from None
    return tagged(request, _read(request, customer_id))


def demand_editing(caller: Caller, found: CustomerFacts) -> None:
    """Refuses ``right.missing`` where customers may be changed in none of the entities this one has accounts with."""
    mine = {account.entity for account in found.accounts}
    if not any(caller.held[row.id].can(Right.EDIT_CUSTOMER) for row in caller.entities if row.code in mine):
        raise missing(Right.EDIT_CUSTOMER)


class BalanceOut(Schema):
    """What is owed in one currency. ``open`` is the ageing total, unapplied money (negative) included."""

    currency: str
    open: str
    overdue: str
    not_due: str
    unapplied: str
    items: int


class BalanceList(Schema):
    rows: list[BalanceOut]


@router.get("/{customer_id}/balances", response=BalanceList, summary="What a customer owes")
def read_balances(request: HttpRequest, customer_id: Path[Id], asked: Query[Standpoint]) -> object:
    """By currency, as of a day, as known on a day."""
    found = queries.customer(frame_of(request, asked), customer_id)
    if found is None:
        raise NotThere
    return BalanceList(
        rows=[
            BalanceOut(
                currency=row.currency,
                open=money(row.open_minor, row.currency),
                overdue=money(row.overdue_minor, row.currency),
                not_due=money(row.not_due_minor, row.currency),
                unapplied=money(row.unapplied_minor, row.currency),
                items=row.items,
            )
            for row in found.balances
        ]
    )
