"""Cash with its numbered receipts, papers of other payers, and what an entity decided about channels."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router, Schema
from pydantic import Field, StringConstraints

from huikuan.api.answers import as_json, post_once, tagged
from huikuan.api.callers import Caller, caller_of
from huikuan.api.paging import Asked, Cursor
from huikuan.api.parts import Number, OnceKey, entity_for, read_account, read_minor, read_on
from huikuan.api.problems import NotThere, invalid
from huikuan.api.schemas import Amount, Code, Currency, Day, EntityCode, Given, Id, Identity, money
from huikuan.core.notes import Settles
from huikuan.core.payment_reference import ReferenceScheme
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.core.third_party import is_private_name
from huikuan.queries.agreement_choices import document_number
from huikuan.queries.cash_slips import SlipRow, slip, slip_id_text, slip_slice
from huikuan.queries.desk import item_now
from huikuan.queries.directory import entities_table
from huikuan.queries.mandates import MandateRow, mandates_of
from huikuan.services.cash_slips import NewCash, hand_in_cash, take_cash
from huikuan.services.channels import policy_of, set_policy
from huikuan.services.mandates import NewMandate, add_mandate, withdraw_mandate

slips = Router(tags=["Cash"])
papers = Router(tags=["Payer papers"])
rules = Router(tags=["Channel rules"])

Words = Annotated[
    str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$")
]
Text = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]


# -- cash --------------------------------------------------------------------------------------------------------------
class SlipsAsked(Asked):
    entity: Code = ""
    which: Literal["out", "late", "all"] = Field("all", description="`out`: not handed in yet; `late`: past its day.")


class SlipOut(Schema):
    """A numbered receipt for cash. ``counts``: false where the money was taken back."""

    id: str
    number: str
    entity: str
    customer: str
    receipt: str
    item: str | None
    currency: str
    amount: str
    payer: str
    purpose: str
    reason: str
    escort: str
    received_on: date
    due_on: date
    handed_in_on: date | None
    place: str
    days_late: int
    counts: bool


class SlipList(Schema):
    rows: list[SlipOut]
    next: str | None
    more: bool


class SlipIn(Given):
    """Cash a customer paid. With `item` it is checked against that invoice and settles it."""

    entity: EntityCode
    customer: Identity = Field(description="An opaque id or a number.")
    currency: Currency
    amount: Amount
    payer: Words = Field(description="Who handed it over.")
    reason: Words = Field(description="Why it was no transfer.")
    purpose: Text = ""
    escort: Text = ""
    item: Id | None = None
    on: Day | None = None


class HandInIn(Given):
    place: Words = Field(description="To whom or where it was handed in.")
    on: Day | None = None


def _slip(row: SlipRow) -> SlipOut:
    same = "number currency payer purpose reason escort received_on due_on handed_in_on place days_late".split()
    return SlipOut(
        **{name: getattr(row, name) for name in same},
        id=row.public_id,
        entity=row.entity_code,
        customer=row.customer_public_id,
        receipt=row.receipt_public_id,
        item=row.item_public_id or None,
        amount=money(row.amount_minor, row.currency),
        counts=not row.is_reversed,
    )


def _known_slip(caller: Caller, text: str) -> SlipRow:
    found = slip(caller.frame(), text)
    if found is None:
        raise NotThere
    return found


@slips.get("", response=SlipList, summary="List receipts for cash")
def list_slips(request: HttpRequest, asked: Query[SlipsAsked]) -> object:
    """Numbered receipts in the order in which they were written."""
    cursor = Cursor("cash slips", asked, asked.cursor)
    frame = caller_of(request).frame(asked.entity)
    return cursor.page(slip_slice(frame, which=asked.which, after=cursor.after, limit=asked.limit), _slip)


@slips.get("/{slip_id}", response=SlipOut, summary="Read a receipt for cash")
def read_slip(request: HttpRequest, slip_id: Path[Id]) -> HttpResponse:
    """One receipt for cash, with its ETag."""
    return tagged(request, _slip(_known_slip(caller_of(request), slip_id)))


@slips.post("", response={201: SlipOut}, summary="Take cash")
def create_slip(request: HttpRequest, body: SlipIn, key: OnceKey) -> HttpResponse:
    """Posts the money and gives its numbered receipt."""
    caller = caller_of(request)
    entity_id = entity_for(caller, body.entity, Right.POST_CASH)

    def work() -> SlipOut:
        item = None
        if body.item is not None:
            item = item_now(caller.frame(), body.item, caller.now)
            if item is None:
                raise invalid("#/item", Refusal("cash.no_item", "there is no such item"))
        new = NewCash(
            account_id=read_account(caller, entity_id, body.customer, "#/customer"),
            currency=body.currency,
            amount_minor=read_minor(body.amount, body.currency, "#/amount"),
            payer=body.payer,
            purpose=body.purpose,
            reason=body.reason,
            item_id=item.id if item else None,
            collected_by=caller.user.pk,
            escort=body.escort,
        )
        number = take_cash(entity_id, new, on=read_on(body.on, entity_id, caller.now), **caller.actor)
        return _slip(_known_slip(caller, slip_id_text(number)))

    return post_once(request, caller, entity_id, "cash.take", key, body, work)


@slips.post("/{slip_id}/hand-in", response=SlipOut, summary="Cash was handed in")
def hand_in(request: HttpRequest, slip_id: Path[Id], body: HandInIn, key: OnceKey) -> HttpResponse:
    """To the cashier or the bank; once."""
    caller = caller_of(request)
    found = _known_slip(caller, slip_id)
    caller.demand(Right.POST_CASH, found.entity_id)

    def work() -> SlipOut:
        on = read_on(body.on, found.entity_id, caller.now)
        hand_in_cash(found.id, on=on, place=body.place, **caller.actor)
        return _slip(_known_slip(caller, slip_id))

    return post_once(request, caller, found.entity_id, "cash.hand_in", key, body, work, status=200)


# -- papers ------------------------------------------------------------------------------------------------------------
class PapersAsked(Given):
    customer: Id


class PaperOut(Schema):
    """A paper by which somebody else pays for a customer. ``is_private``: a person."""

    paper: int
    entity: str
    payer_name: str
    is_private: bool
    valid_from: date
    valid_to: date | None
    withdrawn: bool
    document: str | None


class PaperList(Schema):
    rows: list[PaperOut]


class PaperIn(Given):
    """`document`: the signed paper, a document of the customer in that entity. `payer_account` empty: any of theirs."""

    entity: EntityCode
    customer: Identity
    payer_name: Words
    payer_account: Annotated[str, StringConstraints(max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    valid_from: Day
    valid_to: Day | None = None
    document: Id


class WithdrawIn(Given):
    """Nothing to say."""

    customer: Id


def _paper(row: MandateRow) -> PaperOut:
    same = "payer_name is_private valid_from valid_to".split()
    return PaperOut(
        **{name: getattr(row, name) for name in same},
        paper=row.id,
        entity=entities_table()[row.entity_id].code,
        withdrawn=row.is_withdrawn,
        document=row.document_public_id or None,
    )


@papers.get("", response=PaperList, summary="List the papers of a customer's other payers")
def list_papers(request: HttpRequest, asked: Query[PapersAsked]) -> object:
    """The newest first, those withdrawn included. Accounts of payers are not told."""
    return PaperList(rows=[_paper(row) for row in mandates_of(caller_of(request).frame(), asked.customer)])


@papers.post("", response={201: PaperOut}, summary="Keep the paper of another payer")
def create_paper(request: HttpRequest, body: PaperIn, key: OnceKey) -> HttpResponse:
    """While it is good, money of that payer is taken for the customer without a warning."""
    caller = caller_of(request)
    entity_id = entity_for(caller, body.entity, Right.EDIT_PAYER_ACCOUNT)

    def work() -> PaperOut:
        account_id = read_account(caller, entity_id, body.customer, "#/customer")
        same = "payer_name payer_account valid_from valid_to".split()
        given = {name: getattr(body, name) for name in same}
        new = NewMandate(account_id=account_id, document_id=document_number(body.document), **given)
        number = add_mandate(new, **caller.actor)
        return PaperOut(
            paper=number,
            entity=body.entity,
            payer_name=body.payer_name.strip(),
            is_private=is_private_name(body.payer_name),
            valid_from=body.valid_from,
            valid_to=body.valid_to,
            withdrawn=False,
            document=body.document,
        )

    return post_once(request, caller, entity_id, "paper.add", key, body, work)


@papers.post("/{number}/withdrawal", response=PaperOut, summary="Withdraw the paper of another payer")
def withdraw_paper(request: HttpRequest, number: Path[Number], body: WithdrawIn, key: OnceKey) -> HttpResponse:
    """It is good no more, from now on."""
    caller = caller_of(request)

    def known() -> MandateRow:
        row = next((one for one in mandates_of(caller.frame(), body.customer) if one.id == number), None)
        if row is None:
            raise NotThere
        return row

    found = known()
    caller.demand(Right.EDIT_PAYER_ACCOUNT, found.entity_id)

    def work() -> PaperOut:
        withdraw_mandate(found.id, **caller.actor)
        return _paper(known())

    return post_once(request, caller, found.entity_id, "paper.withdraw", key, body, work, status=200)


# -- rules -------------------------------------------------------------------------------------------------------------
class RulesOut(Schema):
    """When bills and cheques settle, from which sum cash is escorted (the books' currency; null: never), and which kind
    of payment references documents have (empty: none)."""

    entity: str
    notes_settle: Settles
    cheques_settle: Settles
    escort_from: str | None
    references: ReferenceScheme


class RulesIn(Given):
    notes_settle: Settles
    cheques_settle: Settles
    escort_from: Amount | None = None
    references: ReferenceScheme = ReferenceScheme.NONE


def _rules(caller: Caller, code: str) -> RulesOut:
    row = caller.entity(code)
    policy = policy_of(row.id)
    sum_from = policy.escort_from_minor
    return RulesOut(
        entity=row.code,
        notes_settle=Settles(policy.notes_settle),
        cheques_settle=Settles(policy.cheques_settle),
        escort_from=None if sum_from is None else money(sum_from, row.currency),
        references=ReferenceScheme(policy.reference_scheme),
    )


@rules.get("/{code}", response=RulesOut, summary="Read the channel rules of an entity")
def read_rules(request: HttpRequest, code: Path[EntityCode]) -> HttpResponse:
    """What the entity has decided, with its ETag."""
    return tagged(request, _rules(caller_of(request), code))


@rules.put("/{code}", response=RulesOut, summary="Decide the channel rules of an entity")
def change_rules(request: HttpRequest, code: Path[EntityCode], body: RulesIn) -> HttpResponse:
    """For bills and cash to come; those there keep what was decided when they were taken. References are worked out
    from document numbers: theirs hold at once for all."""
    caller = caller_of(request)
    row = caller.entity(code)
    caller.demand_whole(Right.MANAGE_POLICY, row.id)
    minor = None if body.escort_from is None else read_minor(body.escort_from, row.currency, "#/escort_from")
    set_policy(
        row.id,
        notes_settle=body.notes_settle,
        cheques_settle=body.cheques_settle,
        escort_from_minor=minor,
        reference_scheme=body.references,
        **caller.actor,
    )
    return HttpResponse(as_json(_rules(caller, code)), content_type="application/json")
