"""What settlement agreements look like to programs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import Field, StringConstraints, model_validator

from huikuan.api.paging import Asked
from huikuan.api.schemas import Amount, Code, Day, EntityCode, Given, Id, Name, money
from huikuan.core.agreements import AgreementKind, AgreementState, AgreementStep, PartyKind, ThingKind
from huikuan.queries.agreements import AgreementLife, AgreementRow, StepRow

Number = Annotated[
    str, StringConstraints(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$")
]
Short = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Lines = Annotated[list["ItemAmount"], Field(min_length=1, max_length=200)]


class AgreementsAsked(Asked):
    entity: Code = ""
    customer: Annotated[str, StringConstraints(pattern=r"^([a-z]{3}_[0-9a-z]{13})?$")] = ""
    kind: AgreementKind | None = None
    state: AgreementState | None = Field(None, description="Without one: every state.")


class AgreementOut(Schema):
    """An agreement. Customers are released from `amount`, of debts of `debt_amount`. For a thing `signed` means agreed,
    `posted` that title has passed, `done` that its invoice is there and the rest of the debt decided."""

    id: str
    kind: AgreementKind
    state: AgreementState
    number: str
    entity: str
    customer: str
    currency: str
    amount: str
    debt_amount: str
    thing: str
    proposed_on: date
    posted_on: date | None
    waits_for: list[str] = Field(description="Who has not signed.")


class AgreementList(Schema):
    rows: list[AgreementOut]
    next: str | None
    more: bool


class PartyOut(Schema):
    """`party` is its number within the agreement; it gives up and is released from the same."""

    party: int
    kind: PartyKind
    name: str
    gives_up: str
    released_from: str
    signed_on: date | None
    document: str | None


class ClaimOut(Schema):
    owed_by: str
    owed_to: str
    amount: str


class AgreementLineOut(Schema):
    item: str
    document_number: str
    entity: str
    amount: str
    debt_amount: str
    open_amount: str


class AgreementStepOut(Schema):
    """A step. `text`: who valued a thing, or its invoice's number; `amount` at what, `tax` in it."""

    step: AgreementStep
    party: str
    on: date
    document: str | None
    amount: str | None
    tax: str | None
    text: str
    memo: str
    entries: list[str]
    recorded_at: datetime


class AgreementRead(AgreementOut):
    """With its parties, the items that may be seen, and what happened. `approval`: a request that waits."""

    thing_kind: ThingKind | None
    place: str
    memo: str
    parties: list[PartyOut]
    claims: list[ClaimOut]
    lines: list[AgreementLineOut]
    steps: list[AgreementStepOut]
    approval: int | None


class ItemAmount(Given):
    """So much of an item; of a credit too the amount is positive."""

    item: Id
    amount: Amount


class PartyIn(Given):
    """One of three: one of our entities, a customer, or the name of somebody outside this ledger."""

    entity: EntityCode | None = None
    customer: Id | None = None
    name: Short | None = None

    @model_validator(mode="after")
    def _one(self) -> PartyIn:
        if sum(given is not None for given in (self.entity, self.customer, self.name)) != 1:
            raise ValueError("name one of entity, customer and name")
        return self


class ClaimIn(Given):
    owed_by: PartyIn
    owed_to: PartyIn
    amount: Amount


class ThreePartyIn(Given):
    """`items` are what customers are released from (and credits we give up owing), `claims` every other debt of the
    round. `entity` keeps the agreement; items may be of other entities too."""

    entity: EntityCode
    number: Number
    items: Lines
    claims: Annotated[list[ClaimIn], Field(max_length=50)]
    on: Day | None = None
    memo: Name = ""


class InKindIn(Given):
    """A thing is taken for `price` of the `debts` of one customer, the oldest first."""

    entity: EntityCode
    number: Number
    debts: Lines
    price: Amount
    thing: Annotated[Name, StringConstraints(min_length=1)]
    thing_kind: ThingKind = ThingKind.OTHER
    place: Short = ""
    on: Day | None = None
    memo: Name = ""


class SignIn(Given):
    """`parties`: their numbers within the agreement; without any, all who have not signed. `document`: a document kept
    with a customer of the agreement."""

    document: Id
    parties: Annotated[list[Annotated[int, Field(ge=1, le=200)]], Field(max_length=50)] = []
    on: Day | None = None


class ValueIn(Given):
    amount: Amount
    valuer: Short
    document: Id
    on: Day | None = None


class PostIn(Given):
    """`document` proves that title passed, for a thing. `request_approval`: where it must be approved first, ask for
    that (202)."""

    document: Id | None = None
    on: Day | None = None
    request_approval: bool = False


class InvoiceIn(Given):
    number: Short
    tax: Amount
    document: Id
    on: Day | None = None


class RestIn(Given):
    """`keep`: what the thing did not cover stays open; `lose`: it is written off, for the reason in `memo`."""

    decision: Literal["keep", "lose"]
    memo: Name = ""
    on: Day | None = None
    request_approval: bool = False


class WhyIn(Given):
    memo: Name = ""
    on: Day | None = None


def agreement_out(row: AgreementRow) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "kind": AgreementKind(row.kind),
        "state": AgreementState(row.state),
        "number": row.number,
        "entity": row.entity_code,
        "customer": row.customer_public_id,
        "currency": row.currency,
        "amount": money(row.amount_minor, row.currency),
        "debt_amount": money(row.debt_minor, row.currency),
        "thing": row.thing,
        "proposed_on": row.proposed_on,
        "posted_on": row.posted_on,
        "waits_for": list(row.waits_for),
    }


def agreement_read(life: AgreementLife) -> AgreementRead:
    row, code = life.row, life.row.currency
    return AgreementRead(
        **agreement_out(row),
        thing_kind=ThingKind(life.thing_kind) if life.thing_kind else None,
        place=life.place,
        memo=life.memo,
        parties=[
            PartyOut(
                party=one.ordinal,
                kind=PartyKind(one.kind),
                name=one.name,
                gives_up=money(one.given_minor, code),
                released_from=money(one.released_minor, code),
                signed_on=one.signed_on,
                document=one.document_public_id or None,
            )
            for one in life.parties
        ],
        claims=[
            ClaimOut(owed_by=one.owed_by, owed_to=one.owed_to, amount=money(one.amount_minor, code))
            for one in life.claims
        ],
        lines=[
            AgreementLineOut(
                item=one.item_public_id,
                document_number=one.document_number,
                entity=one.entity_code,
                amount=money(one.amount_minor, code),
                debt_amount=money(one.debt_minor, code),
                open_amount=money(one.open_minor, code),
            )
            for one in life.lines
        ],
        steps=[_step(one, code) for one in life.steps],
        approval=life.approval_id,
    )


def _step(one: StepRow, currency: str) -> AgreementStepOut:
    return AgreementStepOut(
        step=AgreementStep(one.step),
        party=one.party,
        on=one.on,
        document=one.document_public_id or None,
        amount=None if one.amount_minor is None else money(one.amount_minor, currency),
        tax=None if one.tax_minor is None else money(one.tax_minor, currency),
        text=one.text,
        memo=one.memo,
        entries=[entry for _code, entry in one.entries],
        recorded_at=one.recorded_at,
    )
