"""What the matcher says of bank lines, and deciding about them: the workbench for programs."""

from __future__ import annotations

from datetime import date
from typing import Literal

from django.http import HttpRequest, HttpResponse
from ninja import Path, Router, Schema
from pydantic import Field

from huikuan.api.answers import post_once
from huikuan.api.callers import Caller, caller_of
from huikuan.api.parts import OnceKey, read_account, read_minor
from huikuan.api.problems import NotThere, invalid
from huikuan.api.schemas import Id
from huikuan.core.matching import Deed, Leg, NotCustomers, Rest
from huikuan.core.money import to_decimal
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.queries import workbench_line as queries
from huikuan.queries.bank_lines import MatchLine
from huikuan.queries.ids import entry_id_text, line_decision_id_text, line_decision_number
from huikuan.queries.workbench_edit import items_named
from huikuan.queries.workbench_line import Card
from huikuan.services.line_asides import park_line, unpark_line
from huikuan.services.line_decisions import Choice, decide_line
from huikuan.services.line_undoing import undo_decision
from huikuan.services.matching import accept_explanation, fresh_pane

router = Router(tags=["Bank lines"])


class ExplainedItem(Schema):
    """``amount``: what of the line's money goes to the item, of a credit memo with a minus; ``kept_back``: what the
    payer kept of it, and why."""

    item: str
    document_number: str
    customer: str
    due_date: date
    amount: str
    kept_back: str
    kept_back_reason: str


class ExplanationOut(Schema):
    """One way to understand a line. ``ambiguous``: how many other combinations fit; ``confidence``: the probability
    that all of it is right."""

    rank: int
    kind: str
    confidence: float
    customer: str
    items: list[ExplainedItem]
    unapplied: str
    ambiguous: int
    reason_en: str
    reason_zh: str


class ProposalsOut(Schema):
    """``token``: name it when you accept; if the explanations were worked out anew meanwhile you are told."""

    line: str
    open_amount: str
    currency: str
    is_open: bool
    token: str
    explanations: list[ExplanationOut]


class LegIn(Schema):
    item: str = Field(max_length=40)
    amount: str = Field(max_length=40, description="of a credit memo with a minus")
    kept_back: str = Field("", max_length=40)
    kept_back_reason: Literal["", "early_payment_discount", "bank_charge", "exchange", "short_payment"] = ""


class DecisionIn(Schema):
    """``accept`` an explanation by its ``rank``; ``apply`` amounts to items; ``unapplied`` or ``on_account`` for a
    ``customer``; ``not_customer`` of a ``money_class``."""

    deed: Literal["accept", "apply", "unapplied", "on_account", "not_customer"]
    rank: int = Field(1, ge=1, le=20)
    token: str = Field("", max_length=40)
    items: list[LegIn] = Field(default_factory=list, max_length=500)
    rest: Rest = Rest.UNAPPLIED
    customer: str = Field("", max_length=120)
    money_class: NotCustomers = NotCustomers.OTHER


class UndoIn(Schema):
    note: str = Field("", max_length=200)


class ParkIn(Schema):
    reason: str = Field(min_length=1, max_length=300)


class UnparkIn(Schema):
    """Nothing to say."""


class LineState(Schema):
    """``parked``: why the line is put aside; empty where it is not."""

    line: str
    parked: str


class DecisionMade(Schema):
    """``entries``: what was posted."""

    decision: str
    entries: list[str]


def _line(caller: Caller, text: str, right: Right = Right.DECIDE_MATCH) -> MatchLine:
    """A line of money in of an entity the caller sees whole. 404 where there is none."""
    found = queries.line_at(caller.frame().whole_ids, text)
    if found is None:
        raise NotThere
    caller.demand(right, found.entity_id)
    return found


@router.get("/{line_id}/proposals", response=ProposalsOut, summary="Read what the matcher says of a line")
def read_proposals(request: HttpRequest, line_id: Path[Id]) -> ProposalsOut:
    """Explanations of the line, the likeliest first, worked out anew where something changed since."""
    caller = caller_of(request)
    line = _line(caller, line_id)
    pane, is_open = fresh_pane(line, user_id=None, now=caller.now)
    return ProposalsOut(
        line=line_id,
        open_amount=_amount(line.open_minor, line.currency),
        currency=line.currency,
        is_open=is_open,
        token=queries.token_of(line.line_id),
        explanations=[_explanation(card, line.currency) for card in pane.cards] if is_open else [],
    )


def _amount(minor: int, currency: str) -> str:
    return str(to_decimal(minor, currency))


def _explanation(card: Card, currency: str) -> ExplanationOut:
    return ExplanationOut(
        rank=card.made.rank,
        kind=card.made.kind,
        confidence=round(card.made.confidence, 6),
        customer=card.customer_public_id,
        items=[
            ExplainedItem(
                item=item.public_id,
                document_number=item.document_number,
                customer=item.customer,
                due_date=item.due_date,
                amount=_amount(item.leg.minor, currency),
                kept_back=_amount(item.leg.deduction_minor, currency),
                kept_back_reason=item.leg.deduction_reason,
            )
            for item in card.items
        ],
        unapplied=_amount(card.made.unapplied_minor, currency),
        ambiguous=card.made.ambiguous,
        reason_en=card.made.reason.get("en", ""),
        reason_zh=card.made.reason.get("zh", ""),
    )


@router.post("/{line_id}/decisions", response={201: DecisionMade}, summary="Decide about a line")
def create_decision(request: HttpRequest, line_id: Path[Id], body: DecisionIn, key: OnceKey) -> HttpResponse:
    """Accepts an explanation or does what is named; one transaction. Taken back with `/undo`."""
    caller = caller_of(request)
    line = _line(caller, line_id)

    def work() -> DecisionMade:
        if body.deed == "accept":
            made = accept_explanation(line.entity_id, line.line_id, body.rank, token=body.token, **caller.actor)
        else:
            made = decide_line(line.entity_id, line.line_id, _choice(caller, line, body), **caller.actor)
        return _made(made)

    return post_once(request, caller, line.entity_id, "match.decide", key, body, work)


def _choice(caller: Caller, line: MatchLine, body: DecisionIn) -> Choice:
    if body.deed == "not_customer":
        return Choice(Deed.NOT_CUSTOMER, detail=body.money_class.value)
    if body.deed == "apply":
        return Choice(Deed.APPLY, legs=tuple(_legs(line, body)), rest=body.rest)
    account_id = read_account(caller, line.entity_id, body.customer, "#/customer")
    return Choice(Deed(body.deed), account_id=account_id)


def _legs(line: MatchLine, body: DecisionIn) -> list[Leg]:
    found = items_named(line.entity_id, [one.item for one in body.items])
    legs = []
    for at, one in enumerate(body.items):
        item = found.get(one.item)
        if item is None:
            refusal = Refusal("item.unknown", "there is no item {item_id} in this entity", item_id=one.item)
            raise invalid(f"#/items/{at}/item", refusal)
        kept = read_minor(one.kept_back, line.currency, f"#/items/{at}/kept_back") if one.kept_back else 0
        if kept < 0:
            refusal = Refusal("form.not_positive", "The amount must be more than nothing.")
            raise invalid(f"#/items/{at}/kept_back", refusal)
        legs.append(
            Leg(
                item_id=item.item_id,
                account_id=item.account_id,
                minor=read_minor(one.amount, line.currency, f"#/items/{at}/amount"),
                deduction_minor=kept,
                deduction_reason=(one.kept_back_reason or "short_payment") if kept else "",
            )
        )
    return legs


def _made(decision_id: int) -> DecisionMade:
    return DecisionMade(
        decision=line_decision_id_text(decision_id),
        entries=[entry_id_text(number) for number in queries.entries_of_decision(decision_id)],
    )


@router.post(
    "/{line_id}/decisions/{decision_id}/undo", response={201: DecisionMade}, summary="Take a decision about a line back"
)
def undo(request: HttpRequest, line_id: Path[Id], decision_id: Path[Id], body: UndoIn, key: OnceKey) -> HttpResponse:
    """Reverses what the decision posted; the line is open again."""
    caller = caller_of(request)
    line = _line(caller, line_id)
    number = line_decision_number(decision_id)
    if number is None or not queries.is_decision_of(number, line.line_id):
        raise NotThere

    def work() -> DecisionMade:
        return _made(undo_decision(line.entity_id, number, note=body.note, **caller.actor))

    return post_once(request, caller, line.entity_id, "match.undo", key, body, work)


@router.post("/{line_id}/park", response={201: LineState}, summary="Put a line aside")
def park(request: HttpRequest, line_id: Path[Id], body: ParkIn, key: OnceKey) -> HttpResponse:
    """With why; it never posts itself until it is brought back. Deciding about it brings it back, too."""
    caller = caller_of(request)
    line = _line(caller, line_id)

    def work() -> LineState:
        park_line(line.entity_id, line.line_id, body.reason, **caller.actor)
        return LineState(line=line_id, parked=body.reason.strip())

    return post_once(request, caller, line.entity_id, "match.park", key, body, work)


@router.post("/{line_id}/unpark", response={201: LineState}, summary="Bring a line back that was put aside")
def unpark(request: HttpRequest, line_id: Path[Id], body: UnparkIn, key: OnceKey) -> HttpResponse:
    """It is to do again."""
    caller = caller_of(request)
    line = _line(caller, line_id)

    def work() -> LineState:
        unpark_line(line.entity_id, line.line_id, **caller.actor)
        return LineState(line=line_id, parked="")

    return post_once(request, caller, line.entity_id, "match.unpark", key, body, work)
