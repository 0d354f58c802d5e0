"""Mandates for direct debits: kept, read, revoked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router, Schema
from pydantic import Field, StringConstraints

from huikuan.api.answers import post_once, tagged
from huikuan.api.callers import Caller, caller_of
from huikuan.api.paging import Asked, Cursor
from huikuan.api.parts import OnceKey, entity_for, read_account, read_on
from huikuan.api.problems import NotThere
from huikuan.api.schemas import Code, Day, EntityCode, Given, Id, Identity
from huikuan.core.direct_debits import MandateState, Scheme, Use
from huikuan.core.rights import Right
from huikuan.queries import debit_mandates as mandates_asked
from huikuan.queries.agreement_choices import document_number
from huikuan.services.debit_amending import Amendment, amend_debit_mandate
from huikuan.services.debit_mandates import NewDebitMandate, add_debit_mandate, revoke_debit_mandate

router = Router(tags=["Direct debits"])

Iban = Annotated[str, StringConstraints(min_length=15, max_length=42, pattern=r"^[A-Za-z0-9 ]+$")]


class MandatesAsked(Asked):
    entity: Code = ""
    customer: Annotated[str, StringConstraints(pattern=r"^([a-z]{3}_[0-9a-z]{13})?$")] = ""


class MandateOut(Schema):
    """A mandate. `iban`: its last four characters. `state` is what holds for a collection today; `blocked_reason`: the
    ISO code of the return that blocked it; `document`: the signed paper."""

    id: str
    entity: str
    customer: str
    reference: str
    scheme: Scheme
    use: Use
    account_holder: str
    iban: str
    signed_on: date
    state: MandateState
    is_ending: bool
    blocked_reason: str
    revoked_on: date | None
    last_used_on: date | None
    expires_on: date
    document: str


class MandateList(Schema):
    rows: list[MandateOut]
    next: str | None
    more: bool


class MandateIn(Given):
    """A mandate as it was signed. `account_holder` empty: the customer."""

    entity: EntityCode
    customer: Identity
    reference: Annotated[str, StringConstraints(min_length=1, max_length=35, pattern=r"^[\x20-\x7e]+$")]
    iban: Iban
    bic: Annotated[str, StringConstraints(pattern=r"^([A-Z0-9]{8}([A-Z0-9]{3})?)?$")] = ""
    account_holder: Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    signed_on: Day
    scheme: Scheme = Scheme.CORE
    use: Use = Use.RECURRENT
    document: Id | Literal[""] = Field("", description="The signed paper, among the customer's documents.")


class AmendIn(Given):
    """What is different from now on; what is empty stays. `document`: the customer's word for it."""

    reference: Annotated[str, StringConstraints(max_length=35, pattern=r"^[\x20-\x7e]*$")] = ""
    iban: Iban | Literal[""] = ""
    bic: Annotated[str, StringConstraints(pattern=r"^([A-Z0-9]{8}([A-Z0-9]{3})?)?$")] = ""
    account_holder: Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    document: Id | Literal[""] = ""


class RevokeIn(Given):
    on: Day | None = None


def _mandate_out(row: mandates_asked.MandateRow) -> MandateOut:
    same = ("reference scheme use signed_on state is_ending blocked_reason revoked_on last_used_on expires_on").split()
    return MandateOut(
        **{name: getattr(row, name) for name in same},
        id=row.public_id,
        entity=row.entity_code,
        customer=row.customer_public_id,
        account_holder=row.payer_name,
        iban=row.payer_iban[-4:],
        document=row.document_public_id,
    )


def _mandate(caller: Caller, text: str) -> mandates_asked.MandateRow:
    found = next(iter(mandates_asked.mandate_rows(caller.frame(), mandate=text)), None)
    if found is None:
        raise NotThere
    return found


@router.get("", response=MandateList, summary="List mandates")
def list_mandates(request: HttpRequest, asked: Query[MandatesAsked]) -> object:
    """Mandates in the order in which they were kept."""
    cursor = Cursor("mandates", asked, asked.cursor)
    frame = caller_of(request).frame(asked.entity)
    found = mandates_asked.mandate_slice(frame, customer=asked.customer, after=cursor.after, limit=asked.limit)
    return cursor.page(found, _mandate_out)


@router.get("/{mandate_id}", response=MandateOut, summary="Read a mandate")
def read_mandate(request: HttpRequest, mandate_id: Path[Id]) -> HttpResponse:
    """One mandate, with its ETag."""
    return tagged(request, _mandate_out(_mandate(caller_of(request), mandate_id)))


@router.post("", response={201: MandateOut}, summary="Keep a mandate")
def create_mandate(request: HttpRequest, body: MandateIn, key: OnceKey) -> HttpResponse:
    """The customer signed it. Its account becomes one the customer is known to pay from."""
    caller = caller_of(request)
    entity_id = entity_for(caller, body.entity, Right.EDIT_PAYER_ACCOUNT)

    def work() -> MandateOut:
        new = NewDebitMandate(
            account_id=read_account(caller, entity_id, body.customer, "#/customer"),
            reference=body.reference,
            payer_iban=body.iban,
            signed_on=body.signed_on,
            payer_name=body.account_holder,
            payer_bic=body.bic,
            scheme=body.scheme,
            use=body.use,
            document_id=(document_number(body.document) or 0) if body.document else None,
        )
        number = add_debit_mandate(new, **caller.actor)
        return _mandate_out(_mandate(caller, mandates_asked.mandate_id_text(number)))

    return post_once(request, caller, entity_id, "mandate.add", key, body, work)


@router.post("/{mandate_id}/amend", response=MandateOut, summary="Amend a mandate")
def amend(request: HttpRequest, mandate_id: Path[Id], body: AmendIn, key: OnceKey) -> HttpResponse:
    """The customer has another account, or the mandate another reference; the next collection tells the bank."""

    def do(caller: Caller, row: mandates_asked.MandateRow) -> None:
        new = Amendment(
            reference=body.reference,
            payer_iban=body.iban,
            payer_bic=body.bic,
            payer_name=body.account_holder,
            document_id=(document_number(body.document) or 0) if body.document else None,
        )
        amend_debit_mandate(row.id, new, **caller.actor)

    return _step(request, mandate_id, "amend", body, key, do)


@router.post("/{mandate_id}/revoke", response=MandateOut, summary="Revoke a mandate")
def revoke(request: HttpRequest, mandate_id: Path[Id], body: RevokeIn, key: OnceKey) -> HttpResponse:
    """The customer took the leave back."""

    def do(caller: Caller, row: mandates_asked.MandateRow) -> None:
        revoke_debit_mandate(row.id, on=read_on(body.on, row.entity_id, caller.now), **caller.actor)

    return _step(request, mandate_id, "revoke", body, key, do)


def _step(
    request: HttpRequest,
    mandate_id: str,
    name: str,
    body: Given,
    key: str,
    do: Callable[[Caller, mandates_asked.MandateRow], None],
) -> HttpResponse:
    caller = caller_of(request)
    row = _mandate(caller, mandate_id)
    caller.demand(Right.EDIT_PAYER_ACCOUNT, row.entity_id)

    def work() -> MandateOut:
        do(caller, row)
        return _mandate_out(_mandate(caller, mandate_id))

    return post_once(request, caller, row.entity_id, f"mandate.{name}", key, body, work, status=200)
