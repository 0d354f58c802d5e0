"""Settlement agreements: proposed, signed, posted and taken back by programs. What they are is docs/agreements.md."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router
from pydantic import BaseModel

from huikuan.api.agreement_schemas import (
    AgreementList,
    AgreementOut,
    AgreementRead,
    AgreementsAsked,
    InKindIn,
    InvoiceIn,
    ItemAmount,
    PartyIn,
    PostIn,
    RestIn,
    SignIn,
    ThreePartyIn,
    ValueIn,
    WhyIn,
    agreement_out,
    agreement_read,
)
from huikuan.api.answers import post_once, tagged
from huikuan.api.callers import Caller, caller_of
from huikuan.api.paging import Cursor
from huikuan.api.parts import OnceKey, entity_for, read_minor, read_on
from huikuan.api.problems import NotThere, invalid
from huikuan.api.schemas import ApprovalAsked, Id
from huikuan.core.agreements import Claim, Party, PartyKind
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.queries.agreement_choices import document_number, party_of_customer
from huikuan.queries.agreements import AgreementLife, agreement, agreement_slice
from huikuan.queries.desk import ItemNow, item_now
from huikuan.queries.ids import agreement_id_text
from huikuan.services import agreements as services
from huikuan.services.agreements import NewInKind, NewThreeParty
from huikuan.services.agreements_posting import invoice_thing, keep_rest, lose_rest, post_agreement, undo_agreement
from huikuan.services.approvals import ApprovalNeeded, request_approval

router = Router(tags=["Settlement agreements"])
RIGHT = Right.POST_ADJUSTMENT
DONE = {200: AgreementRead}
ASKED = {200: AgreementRead, 202: ApprovalAsked}


def _known(caller: Caller, text: str, right: Right) -> AgreementLife:
    """An agreement in every entity of which the caller holds the right."""
    found = agreement(caller.frame(), text)
    if found is None:
        raise NotThere
    for entity_id in found.row.entity_ids:
        caller.demand(right, entity_id)
    return found


def _read(caller: Caller, text: str) -> AgreementRead:
    found = agreement(caller.frame(), text)
    if found is None:
        raise NotThere
    return agreement_read(found)


@router.get("", response=AgreementList, summary="List settlement agreements")
def list_agreements(request: HttpRequest, asked: Query[AgreementsAsked]) -> object:
    """Agreements in the order in which they were proposed."""
    caller = caller_of(request)
    cursor = Cursor("agreements", asked, asked.cursor)
    found = agreement_slice(
        caller.frame(asked.entity),
        states=[asked.state.value] if asked.state else [],
        kind=asked.kind.value if asked.kind else "",
        customer=asked.customer,
        after=cursor.after,
        limit=asked.limit,
    )
    return cursor.page(found, lambda row: AgreementOut(**agreement_out(row)))


@router.post("/three-party", response={201: AgreementRead}, summary="Propose a settlement of several parties")
def create_three_party(request: HttpRequest, body: ThreePartyIn, key: OnceKey) -> HttpResponse:
    """Everybody must give up as much as it is released from; nothing is posted until all have signed."""
    caller = caller_of(request)
    entity_id = entity_for(caller, body.entity, RIGHT)

    def work() -> AgreementRead:
        lines, currency = _lines(caller, body.items, "items")
        claims = tuple(
            Claim(
                _party(caller, claim.owed_by, f"#/claims/{at}/owed_by"),
                _party(caller, claim.owed_to, f"#/claims/{at}/owed_to"),
                read_minor(claim.amount, currency, f"#/claims/{at}/amount"),
            )
            for at, claim in enumerate(body.claims)
        )
        new = NewThreeParty(entity_id, body.number, lines, claims, body.memo)
        on = read_on(body.on, entity_id, caller.now)
        return _read(caller, agreement_id_text(services.propose_three_party(new, on=on, **caller.actor)))

    return post_once(request, caller, entity_id, "agreement.three_party", key, body, work)


@router.post("/in-kind", response={201: AgreementRead}, summary="Propose to take a thing for debts")
def create_in_kind(request: HttpRequest, body: InKindIn, key: OnceKey) -> HttpResponse:
    """The price closes the oldest debts first; the rest of them is decided upon later."""
    caller = caller_of(request)
    entity_id = entity_for(caller, body.entity, RIGHT)

    def work() -> AgreementRead:
        debts, currency = _lines(caller, body.debts, "debts")
        price = read_minor(body.price, currency, "#/price")
        new = NewInKind(entity_id, body.number, debts, price, body.thing, body.thing_kind, body.place, body.memo)
        on = read_on(body.on, entity_id, caller.now)
        return _read(caller, agreement_id_text(services.propose_in_kind(new, on=on, **caller.actor)))

    return post_once(request, caller, entity_id, "agreement.in_kind", key, body, work)


@router.get("/{agreement_id}", response=AgreementRead, summary="Read a settlement agreement")
def read_agreement(request: HttpRequest, agreement_id: Path[Id]) -> HttpResponse:
    """One agreement with what happened to it, and its ETag."""
    return tagged(request, _read(caller_of(request), agreement_id))


def _lines(caller: Caller, given: Sequence[ItemAmount], field: str) -> tuple[tuple[tuple[int, int], ...], str]:
    """The items with signed amounts, and their currency."""
    found: list[tuple[ItemNow, int]] = []
    for at, line in enumerate(given):
        item = item_now(caller.frame(), line.item, caller.now)
        if item is None:
            raise invalid(f"#/{field}/{at}/item", Refusal("agreement.no_item", "there is no such item"))
        caller.demand(RIGHT, item.entity_id)
        minor = read_minor(line.amount, item.currency, f"#/{field}/{at}/amount")
        found.append((item, -minor if item.is_credit else minor))
    return tuple((item.id, minor) for item, minor in found), found[0][0].currency


def _party(caller: Caller, given: PartyIn, pointer: str) -> Party:
    """Who is meant. 422 at ``pointer`` for a customer that is not seen."""
    if given.entity is not None:
        row = caller.entity(given.entity)
        caller.demand(RIGHT, row.id)
        return Party(PartyKind.ENTITY, row.name, row.id)
    if given.name is not None:
        return Party(PartyKind.OTHER, given.name)
    party = party_of_customer(caller.frame(), given.customer or "")
    if party is None:
        raise invalid(pointer, Refusal("agreement.party_unknown", "there is no such party"))
    return party


def _step(
    request: HttpRequest,
    agreement_id: str,
    name: str,
    key: str,
    body: Any,
    do: Callable[[Caller, AgreementLife, date], object],
    *,
    right: Right = RIGHT,
    ask: bool = False,
) -> HttpResponse:
    """Takes a step and gives the agreement as it stands then, or the request for approval that it takes."""
    caller = caller_of(request)
    life = _known(caller, agreement_id, right)

    def work() -> BaseModel:
        on = read_on(body.on, life.row.entity_id, caller.now)
        try:
            do(caller, life, on)
        except ApprovalNeeded as needed:
            if not ask:
                raise
            return ApprovalAsked(approval=request_approval(needed.proposal, **caller.actor))
        return _read(caller, agreement_id)

    return post_once(request, caller, life.row.entity_id, f"agreement.{name}", key, body, work, status=200)


@router.post("/{agreement_id}/signatures", response=DONE, summary="Say who has signed")
def sign(request: HttpRequest, agreement_id: Path[Id], body: SignIn, key: OnceKey) -> HttpResponse:
    """One paper may carry several signatures. Once everybody has signed the agreement can be posted."""

    def do(caller: Caller, life: AgreementLife, on: date) -> object:
        waiting = [one.ordinal for one in life.parties if one.signed_on is None]
        paper = document_number(body.document)
        return services.sign_agreement(life.row.id, body.parties or waiting, paper, on=on, **caller.actor)

    return _step(request, agreement_id, "sign", key, body, do)


@router.post("/{agreement_id}/valuation", response=DONE, summary="Say what a thing is worth")
def value(request: HttpRequest, agreement_id: Path[Id], body: ValueIn, key: OnceKey) -> HttpResponse:
    """By whom it was valued and at what; the last valuation counts. It is not taken for more than that."""

    def do(caller: Caller, life: AgreementLife, on: date) -> None:
        minor, paper = read_minor(body.amount, life.row.currency, "#/amount"), document_number(body.document)
        services.value_thing(life.row.id, minor, body.valuer, paper, on=on, **caller.actor)

    return _step(request, agreement_id, "value", key, body, do)


@router.post("/{agreement_id}/posting", response=ASKED, summary="Post a settlement agreement")
def post(request: HttpRequest, agreement_id: Path[Id], body: PostIn, key: OnceKey) -> HttpResponse:
    """Closes the debts on one day, in every entity or in none. Approval by the ladder for offsets."""

    def do(caller: Caller, life: AgreementLife, on: date) -> object:
        paper = document_number(body.document or "")
        return post_agreement(life.row.id, on=on, document_id=paper, **caller.actor)

    return _step(request, agreement_id, "post", key, body, do, ask=body.request_approval)


@router.post("/{agreement_id}/invoice", response=DONE, summary="Keep the invoice of a thing")
def invoice(request: HttpRequest, agreement_id: Path[Id], body: InvoiceIn, key: OnceKey) -> HttpResponse:
    """The customer's invoice over the price agreed on."""

    def do(caller: Caller, life: AgreementLife, on: date) -> object:
        minor, paper = read_minor(body.tax, life.row.currency, "#/tax"), document_number(body.document)
        return invoice_thing(life.row.id, body.number, minor, paper, on=on, **caller.actor)

    return _step(request, agreement_id, "invoice", key, body, do)


@router.post("/{agreement_id}/rest", response=ASKED, summary="Decide on what a thing did not cover")
def rest(request: HttpRequest, agreement_id: Path[Id], body: RestIn, key: OnceKey) -> HttpResponse:
    """It stays open, or is a loss. Approval by the ladder for write-offs."""

    def do(caller: Caller, life: AgreementLife, on: date) -> object:
        decide = keep_rest if body.decision == "keep" else lose_rest
        return decide(life.row.id, on=on, memo=body.memo, **caller.actor)

    return _step(request, agreement_id, "rest", key, body, do, ask=body.request_approval)


@router.post("/{agreement_id}/withdrawal", response=DONE, summary="Withdraw a settlement agreement")
def withdraw(request: HttpRequest, agreement_id: Path[Id], body: WhyIn, key: OnceKey) -> HttpResponse:
    """Ends one that was not posted; its items are free again."""

    def do(caller: Caller, life: AgreementLife, on: date) -> None:
        services.withdraw_agreement(life.row.id, on=on, memo=body.memo, **caller.actor)

    return _step(request, agreement_id, "withdraw", key, body, do)


@router.post("/{agreement_id}/undo", response=DONE, summary="Take a settlement agreement back")
def undo(request: HttpRequest, agreement_id: Path[Id], body: WhyIn, key: OnceKey) -> HttpResponse:
    """Everything it posted is reversed, in every entity; a reason is needed."""

    def do(caller: Caller, life: AgreementLife, on: date) -> object:
        return undo_agreement(life.row.id, on=on, memo=body.memo, **caller.actor)

    return _step(request, agreement_id, "undo", key, body, do, right=Right.REVERSE)
