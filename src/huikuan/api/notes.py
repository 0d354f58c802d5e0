"""Bills, cheques and other notes: listed, read, taken, and each of their steps. What each posts: docs/notes.md."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router
from pydantic import BaseModel

from huikuan.api.answers import post_once, tagged
from huikuan.api.callers import Caller, caller_of
from huikuan.api.note_schemas import (
    DiscountIn,
    EndorseIn,
    NoteDetailOut,
    NoteIn,
    NoteLineIn,
    NoteList,
    NoteOut,
    NotesAsked,
    NotesPosted,
    PresentIn,
    SplitIn,
    StepIn,
    note_detail,
    note_out,
)
from huikuan.api.paging import Cursor
from huikuan.api.parts import OnceKey, entity_for, frame_of, read_account, read_minor, read_on
from huikuan.api.problems import NotThere
from huikuan.api.schemas import (
    ApprovalAsked,
    Id,
    Standpoint,
)
from huikuan.core.notes import NoteStep
from huikuan.core.rights import Right
from huikuan.queries.desk import item_now
from huikuan.queries.ids import note_id_text
from huikuan.queries.note_lives import note_life
from huikuan.queries.notes import NoteFilters, NoteRow, note_slice
from huikuan.services.approvals import ApprovalNeeded, request_approval
from huikuan.services.notes import NewNote, take_note
from huikuan.services.notes_split import split_note
from huikuan.services.notes_steps import (
    RIGHT_OF_STEP,
    Discount,
    Endorsement,
    discount_note,
    dishonour_note,
    endorse_note,
    pay_note,
    present_note,
    return_note,
)
from huikuan.services.notes_undo import undo_step

router = Router(tags=["Bills and cheques"])


def _read(caller: Caller, *numbers: int) -> NotesPosted:
    found = [note_life(caller.frame(), note_id_text(number)) for number in numbers]
    return NotesPosted(notes=[note_detail(life) for life in found if life is not None])


@router.get("", response=NoteList, summary="List bills and cheques")
def list_notes(request: HttpRequest, asked: Query[NotesAsked]) -> object:
    """Notes in the order in which they came, as they stood on the day asked for."""
    cursor = Cursor("notes", asked, asked.cursor)
    filters = NoteFilters(
        which=asked.which,
        kind=asked.kind or "",
        acceptor_class=asked.acceptor_class or "",
        currency=asked.currency,
        matures_from=asked.matures_from,
        matures_to=asked.matures_to,
    )
    found = note_slice(frame_of(request, asked), filters, after=cursor.after, limit=asked.limit)
    return cursor.page(found, lambda row: NoteOut(**note_out(row)))


@router.get("/{note_id}", response=NoteDetailOut, summary="Read a bill or cheque")
def read_note(request: HttpRequest, note_id: Path[Id], asked: Query[Standpoint]) -> HttpResponse:
    """One note with its steps, with its ETag."""
    found = note_life(frame_of(request, asked), note_id)
    if found is None:
        raise NotThere
    return tagged(request, note_detail(found))


@router.post("", response={201: NotesPosted}, summary="Take a bill or cheque")
def create_note(request: HttpRequest, body: NoteIn, key: OnceKey) -> HttpResponse:
    """A customer gave it. Settling at once, its items are settled; settling at maturity, they are covered."""
    caller = caller_of(request)
    entity_id = entity_for(caller, body.entity, Right.POST_NOTE)

    def work() -> NotesPosted:
        same = (
            "kind number acceptor acceptor_class currency issue_date maturity_date drawer guarantor range_first"
            " range_last settles oldest_first"
        ).split()
        new = NewNote(
            **{name: getattr(body, name) for name in same},
            account_id=read_account(caller, entity_id, body.customer, "#/customer"),
            amount_minor=read_minor(body.amount, body.currency, "#/amount"),
            named=tuple(_line(caller, line, at) for at, line in enumerate(body.lines)),
        )
        on = read_on(body.on, entity_id, caller.now)
        return _read(caller, take_note(entity_id, new, on=on, memo=body.memo, **caller.actor))

    return post_once(request, caller, entity_id, "notes.take", key, body, work)


def _line(caller: Caller, line: NoteLineIn, at: int) -> tuple[int, int]:
    item = item_now(caller.frame(), line.item, caller.now)
    if item is None:
        raise NotThere("item.unknown", f"there is no item {line.item} in this entity")
    return item.id, read_minor(line.amount, item.currency, f"#/lines/{at}/amount")


def _step(
    request: HttpRequest,
    note_id: str,
    step: NoteStep,
    body: StepIn,
    key: str,
    do: Callable[[NoteRow, dict[str, Any]], list[int] | None],
    *,
    ask: bool = False,
    operation: str = "",
) -> HttpResponse:
    """Takes a step of a note the caller sees; ``do`` gives the notes to answer with where it is another than this.
    ``operation``: under which name the answer is kept, the step's where none is given."""
    caller = caller_of(request)
    found = note_life(caller.frame(), note_id)
    if found is None:
        raise NotThere
    row = found.row
    caller.demand(RIGHT_OF_STEP[step], row.entity_id)

    def work() -> BaseModel:
        given = {"on": read_on(body.on, row.entity_id, caller.now), "memo": body.memo, **caller.actor}
        try:
            numbers = do(row, given)
        except ApprovalNeeded as needed:
            if not ask:
                raise
            return ApprovalAsked(approval=request_approval(needed.proposal, **caller.actor))
        return _read(caller, *(numbers or [row.id]))

    return post_once(request, caller, row.entity_id, operation or f"note.{step.value}", key, body, work)


@router.post("/{note_id}/present", response={201: NotesPosted}, summary="Present a bill, deposit a cheque")
def present(request: HttpRequest, note_id: Path[Id], body: PresentIn, key: OnceKey) -> HttpResponse:
    """Handed in for payment; nothing is posted until it is paid."""

    def do(row: NoteRow, given: dict[str, Any]) -> None:
        present_note(row.entity_id, row.id, bank=body.bank, **given)

    return _step(request, note_id, NoteStep.PRESENTED, body, key, do)


@router.post("/{note_id}/discount", response={201: NotesPosted, 202: ApprovalAsked}, summary="Discount a bill")
def discount(request: HttpRequest, note_id: Path[Id], body: DiscountIn, key: OnceKey) -> HttpResponse:
    """A bank pays before maturity and keeps the interest. Where the amount must be approved first: `approval.needed`,
    or with `request_approval` a request for it."""

    def do(row: NoteRow, given: dict[str, Any]) -> None:
        interest = None if body.interest is None else read_minor(body.interest, row.currency, "#/interest")
        rate = None if body.rate_percent is None else Decimal(body.rate_percent)
        fee = read_minor(body.fee, row.currency, "#/fee")
        terms = Discount(body.bank, rate, body.days, interest, body.with_recourse, fee)
        discount_note(row.entity_id, row.id, terms, **given)

    return _step(request, note_id, NoteStep.DISCOUNTED, body, key, do, ask=body.request_approval)


@router.post("/{note_id}/endorse", response={201: NotesPosted, 202: ApprovalAsked}, summary="Endorse a bill")
def endorse(request: HttpRequest, note_id: Path[Id], body: EndorseIn, key: OnceKey) -> HttpResponse:
    """Handed on for a debt of ours. Approval as for a discount."""

    def do(row: NoteRow, given: dict[str, Any]) -> None:
        endorse_note(row.entity_id, row.id, Endorsement(body.to, body.with_recourse), **given)

    return _step(request, note_id, NoteStep.ENDORSED, body, key, do, ask=body.request_approval)


@router.post("/{note_id}/split", response={201: NotesPosted}, summary="Split a divisible bill")
def split(request: HttpRequest, note_id: Path[Id], body: SplitIn, key: OnceKey) -> HttpResponse:
    """Answers with the parts, in the order of the amounts."""

    def do(row: NoteRow, given: dict[str, Any]) -> list[int]:
        amounts = [read_minor(text, row.currency, f"#/amounts/{at}") for at, text in enumerate(body.amounts)]
        return split_note(row.entity_id, row.id, amounts, **given)

    return _step(request, note_id, NoteStep.SPLIT, body, key, do)


@router.post("/{note_id}/pay", response={201: NotesPosted}, summary="A bill was paid, a cheque has cleared")
def pay(request: HttpRequest, note_id: Path[Id], body: StepIn, key: OnceKey) -> HttpResponse:
    """Paid to us, or, where it was passed on with recourse, to who has it."""

    def do(row: NoteRow, given: dict[str, Any]) -> None:
        pay_note(row.entity_id, row.id, **given)

    return _step(request, note_id, NoteStep.PAID, body, key, do)


@router.post("/{note_id}/dishonour", response={201: NotesPosted}, summary="A bill was not paid, a cheque bounced")
def dishonour(request: HttpRequest, note_id: Path[Id], body: StepIn, key: OnceKey) -> HttpResponse:
    """What it settled is open again; what it was passed on for is owed. `memo` must say why."""

    def do(row: NoteRow, given: dict[str, Any]) -> None:
        dishonour_note(row.entity_id, row.id, **given)

    return _step(request, note_id, NoteStep.DISHONOURED, body, key, do)


@router.post("/{note_id}/return", response={201: NotesPosted}, summary="Give a bill or cheque back")
def give_back(request: HttpRequest, note_id: Path[Id], body: StepIn, key: OnceKey) -> HttpResponse:
    """What it settled is open again. `memo` must say why."""

    def do(row: NoteRow, given: dict[str, Any]) -> None:
        return_note(row.entity_id, row.id, **given)

    return _step(request, note_id, NoteStep.RETURNED, body, key, do)


@router.post("/{note_id}/undo", response={201: NotesPosted}, summary="Take the last step back")
def undo(request: HttpRequest, note_id: Path[Id], body: StepIn, key: OnceKey) -> HttpResponse:
    """The last step was written down wrongly: it and what it posted are taken back. Who may take the step may."""
    found = note_life(caller_of(request).frame(), note_id)
    last = NoteStep.PAID
    if found is not None:
        standing = (one.step for one in reversed(found.events) if not one.is_undone and not one.is_undo)
        last = NoteStep(next(standing, last))

    def do(row: NoteRow, given: dict[str, Any]) -> None:
        undo_step(row.entity_id, row.id, **given)

    # Not under the step's name: sent again, another step is the last one.
    return _step(request, note_id, last, body, key, do, operation="note.undo")
