"""What bills and cheques look like to programs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import Field, StringConstraints

from huikuan.api.schemas import Amount, Currency, Day, EntityCode, Given, Id, ListAsked, Name, money
from huikuan.core.notes import AcceptorClass, NoteKind, NoteState, NoteStep, Settles, Warn
from huikuan.queries.note_lives import EventRow, NoteLife
from huikuan.queries.notes import NoteRow

Number = Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f\x7f]+$")]
Who = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Part = Annotated[int, Field(ge=1, lt=10**17)]
Rate = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,2}(\.[0-9]{1,6})?$")]


class NotesAsked(ListAsked):
    which: Literal["held", "risk", "dishonoured", "all"] = Field(
        "all", description="`held`: in hand; `risk`: passed on with recourse and not paid yet."
    )
    kind: NoteKind | None = None
    acceptor_class: AcceptorClass | None = None
    currency: Currency | Literal[""] = ""
    matures_from: Day | None = None
    matures_to: Day | None = None


class NoteOut(Schema):
    """A note as it stood. ``party`` has it where it was passed on; ``with_recourse``: and can come back on us."""

    id: str
    entity: str
    customer: str
    kind: NoteKind
    number: str
    state: NoteState
    settles: Settles
    drawer: str
    acceptor: str
    acceptor_class: AcceptorClass
    guarantor: str
    currency: str
    amount: str
    issue_date: date
    maturity_date: date
    range_first: int | None
    range_last: int | None
    party: str
    with_recourse: bool
    warnings: list[Warn]


class NoteStepOut(Schema):
    """A step. ``undone``: it was taken back; ``is_undo``: it takes one back."""

    step: NoteStep
    on: date
    party: str
    with_recourse: bool
    rate_percent: str | None
    days: int | None
    interest: str
    fee: str
    memo: str
    entry: str | None
    receipt: str | None
    recorded_at: datetime
    undone: bool
    is_undo: bool


class CoverOut(Schema):
    item: str
    document_number: str
    amount: str


class NoteDetailOut(NoteOut):
    """A note with its steps; ``item`` and ``receipt`` where it settled at once, ``covers`` where it does at maturity.
    ``next_steps``: what may be done with it now."""

    item: str | None
    receipt: str | None
    open_amount: str
    covers: list[CoverOut]
    parts: list[str]
    parent: str | None
    next_steps: list[NoteStep]
    steps: list[NoteStepOut]


class NoteList(Schema):
    rows: list[NoteOut]
    next: str | None
    more: bool


class NotesPosted(Schema):
    """The notes that came of it: the one taken or moved on, or the parts of a split."""

    notes: list[NoteDetailOut]


class NoteLineIn(Given):
    item: Id
    amount: Amount


class NoteIn(Given):
    """``lines``: for which items, and how much of each; ``oldest_first`` spreads it instead. ``settles`` is the
    entity's rule where it is not given."""

    entity: EntityCode
    customer: Number
    kind: NoteKind = NoteKind.ACCEPTANCE
    number: Number
    acceptor: Who
    acceptor_class: AcceptorClass
    currency: Currency
    amount: Amount
    issue_date: Day
    maturity_date: Day
    drawer: Who = ""
    guarantor: Who = ""
    range_first: Part | None = None
    range_last: Part | None = None
    settles: Settles | None = None
    lines: list[NoteLineIn] = Field(default_factory=list, max_length=500)
    oldest_first: bool = False
    on: Day | None = None
    memo: Name = ""


class StepIn(Given):
    on: Day | None = None
    memo: Name = ""


class PresentIn(StepIn):
    bank: Who = ""


class DiscountIn(StepIn):
    """``interest`` is the bank's own figure; without it, it follows from the rate and the days to maturity.
    ``fee``: what the bank takes besides."""

    bank: Who
    rate_percent: Rate | None = None
    days: int | None = Field(None, ge=0, le=3660)
    interest: Amount | None = None
    fee: Amount = "0"
    with_recourse: bool = True
    request_approval: bool = False


class EndorseIn(StepIn):
    to: Who
    with_recourse: bool = True
    request_approval: bool = False


class SplitIn(StepIn):
    amounts: list[Amount] = Field(min_length=2, max_length=500)


def note_out(row: NoteRow) -> dict[str, Any]:
    same = (
        "kind number state settles drawer acceptor acceptor_class guarantor currency issue_date maturity_date"
        " range_first range_last party with_recourse"
    ).split()
    return {
        **{name: getattr(row, name) for name in same},
        "id": row.public_id,
        "entity": row.entity_code,
        "customer": row.customer_public_id,
        "amount": money(row.amount_minor, row.currency),
        "warnings": list(row.warnings),
    }


def _step_out(event: EventRow, currency: str) -> NoteStepOut:
    same = "step on party with_recourse days memo recorded_at is_undo".split()
    return NoteStepOut(
        **{name: getattr(event, name) for name in same},
        rate_percent=None if event.rate_percent is None else f"{event.rate_percent.normalize():f}",
        interest=money(event.interest_minor, currency),
        fee=money(event.fee_minor, currency),
        entry=event.entry_public_id or None,
        receipt=event.receipt_public_id or None,
        undone=event.is_undone,
    )


def note_detail(life: NoteLife) -> NoteDetailOut:
    row = life.row
    return NoteDetailOut(
        **note_out(row),
        item=life.item_public_id or None,
        receipt=life.receipt_public_id or None,
        open_amount=money(life.open_minor, row.currency),
        covers=[
            CoverOut(
                item=one.public_id, document_number=one.document_number, amount=money(one.amount_minor, row.currency)
            )
            for one in life.covers
        ],
        parts=[part.public_id for part in life.parts],
        parent=life.parent.public_id if life.parent else None,
        next_steps=sorted(life.steps),
        steps=[_step_out(event, row.currency) for event in life.events],
    )
