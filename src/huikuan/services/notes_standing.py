"""Where notes stand: the steps that were not taken back, and what the last of them made of the note."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection
from django.db.models import QuerySet

from huikuan.core.notes import NoteState, NoteStep, NoteTerms, state_after
from huikuan.core.refusals import Refusal
from huikuan.queries.notes import terms_of
from huikuan.store.models import Note, NoteEvent


@dataclass(frozen=True, slots=True)
class Standing:
    """A locked note with the steps that count, in order."""

    note: Note
    steps: tuple[NoteEvent, ...]

    @property
    def state(self) -> NoteState:
        return state_after([NoteStep(event.step) for event in self.steps])

    @property
    def last(self) -> NoteEvent:
        return self.steps[-1]

    @property
    def terms(self) -> NoteTerms:
        return terms_of(self.note)


def counting(events: QuerySet[NoteEvent]) -> QuerySet[NoteEvent]:
    """Steps that were not taken back, neither by another step nor by reversing their entry."""
    return events.filter(undoes=None, undone_by=None, entry__reversed_by=None)


def states_of(notes: QuerySet[Note]) -> dict[int, NoteState]:
    """Where each of these notes stands now."""
    found = dict.fromkeys(notes.values_list("pk", flat=True), NoteState.VOID)
    rows = counting(NoteEvent.objects.filter(note_id__in=list(found))).order_by("note_id", "ordinal")
    steps: dict[int, list[NoteStep]] = {}
    for note_id, step in rows.values_list("note_id", "step"):
        steps.setdefault(note_id, []).append(NoteStep(step))
    return found | {number: state_after(one) for number, one in steps.items()}


def lock_note(entity_id: int, note_id: int) -> Standing:
    """Refuses ``note.unknown``."""
    found = Note.objects.filter(id=note_id, entity_id=entity_id)
    note = (found if connection.vendor == "sqlite" else found.select_for_update()).first()
    if note is None:
        raise Refusal("note.unknown", "there is no such note in this entity")
    return standing_of(note)


def standing_of(note: Note) -> Standing:
    return Standing(note, tuple(counting(note.events.all()).order_by("ordinal")))


def next_ordinal(note: Note) -> int:
    """The number of the next step, those taken back counted too."""
    return int(note.events.count()) + 1


def check_not_of_note(entry_ids: Iterable[int]) -> None:
    """For who reverses an entry by itself: what a note's step posted is taken back on the note. Money that came for a
    note may bounce like any other. Refuses ``note.step_entry``."""
    found = NoteEvent.objects.filter(entry_id__in=list(entry_ids)).exclude(step=NoteStep.PAID)
    event = found.select_related("note").first()
    if event is not None:
        raise Refusal(
            "note.step_entry", "this was posted for note {number}: take the step back there", number=event.note.number
        )
