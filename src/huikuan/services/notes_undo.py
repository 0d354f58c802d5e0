"""Taking the last step of a note back: it was written down wrongly. What became of the note for good stays."""

from __future__ import annotations

from datetime import date, datetime

from huikuan.core.notes import NoteState, NoteStep
from huikuan.core.refusals import Refusal
from huikuan.core.texts import NAME_MAX, check_text
from huikuan.services.approvals import lapse_requests
from huikuan.services.auditing import record
from huikuan.services.books import open_books
from huikuan.services.idempotency import once
from huikuan.services.notes_standing import lock_note, next_ordinal, standing_of
from huikuan.services.notes_steps import RIGHT_OF_STEP
from huikuan.services.reversals import add_reversals
from huikuan.services.rights import demand
from huikuan.services.writing import Unit
from huikuan.store.models import Note, NoteEvent

_FINAL = (NoteStep.DISHONOURED, NoteStep.RETURNED)


def undo_step(
    entity_id: int,
    note_id: int,
    *,
    on: date,
    actor_id: int | None,
    now: datetime,
    memo: str = "",
    key: str | None = None,
) -> list[int]:
    """Takes a note's last step back, with what it posted; gives the reversals.

    Refuses ``note.nothing_to_undo`` (a note that was only taken is returned), ``note.final`` (dishonoured or returned:
    take it anew), ``note.parts_moved`` and what reversing refuses.
    """
    check_text("memo", memo, NAME_MAX)

    def work() -> dict[str, list[int]]:
        books = open_books(entity_id, actor_id=actor_id)
        standing = lock_note(entity_id, note_id)
        note = standing.note
        if not standing.steps or standing.last.step == NoteStep.RECEIVED:
            raise Refusal("note.nothing_to_undo", "note {number} was only taken: return it instead", number=note.number)
        last = standing.last
        step = NoteStep(last.step)
        if step in _FINAL:
            raise Refusal("note.final", "this cannot be taken back: record note {number} anew", number=note.number)
        demand(actor_id, RIGHT_OF_STEP[step], entity_id=entity_id, account_id=note.account_id)
        undone = [last, *_parts_of(note)] if step == NoteStep.SPLIT else [last]
        for event in undone:
            if event.note_id != note.pk:
                lapse_requests(f"bill:{event.note_id}", NoteState.VOID.value, actor_id=actor_id, now=now)
        posted = last.entry_id if last.receipt is None else last.receipt.entry_id
        reversals: list[int] = []
        if posted is not None:
            unit = Unit(entity_id, actor_id, now)
            reversals = add_reversals(unit, books, [posted], on=on, memo=memo)
            unit.flush()
        day = books.posting_day(on)
        for event in undone:
            NoteEvent.objects.create(
                note_id=event.note_id,
                ordinal=next_ordinal(event.note),
                step=event.step,
                undoes=event,
                on=on,
                counts_from=day.posting_date,
                memo=memo,
                recorded_at=now,
                actor_id=actor_id,
            )
        record(
            "note.undone", now=now, actor_id=actor_id, entity_id=entity_id, subject=f"bill:{note.pk}", step=step.value
        )
        return {"entries": reversals}

    request = (note_id, on, memo)
    answer = once(
        entity_id=entity_id, actor_id=actor_id, operation="note.undo", key=key, request=request, now=now, work=work
    )
    return list(answer["entries"])


def _parts_of(note: Note) -> list[NoteEvent]:
    """The taking of each part of a split note; refuses ``note.parts_moved`` where one of them went on."""
    found = []
    for part in note.parts.order_by("id"):
        steps = standing_of(part).steps
        if not steps:
            continue
        if len(steps) > 1 or steps[0].step != NoteStep.RECEIVED:
            raise Refusal(
                "note.parts_moved", "a part of note {number} has moved on: take that back first", number=note.number
            )
        found.append(steps[0])
    return found
