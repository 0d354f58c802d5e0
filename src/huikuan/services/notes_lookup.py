"""Finding the note a person names: by its opaque id or its number."""

from __future__ import annotations

from django.db.models import Q

from huikuan.core.notes import NoteState
from huikuan.core.refusals import Refusal
from huikuan.services.lookup import Found
from huikuan.services.notes_standing import states_of
from huikuan.store.models import Note
from huikuan.store.public_ids import inner_id


def find_note(text: str) -> Found:
    """A number that several notes had (parts, notes taken again) means the one that still stands.

    Refuses ``note.unknown`` and ``note.ambiguous``.
    """
    number = inner_id("bil", text)
    rows = list(Note.objects.filter(Q(id=number) if number is not None else Q(number=text)).order_by("id"))
    if len(rows) > 1:
        gone = (NoteState.RETURNED, NoteState.VOID, NoteState.SPLIT)
        states = states_of(Note.objects.filter(number=text))
        rows = [row for row in rows if states[row.pk] not in gone]
    if not rows:
        raise Refusal("note.unknown", "there is no such note in this entity")
    if len(rows) > 1:
        raise Refusal("note.ambiguous", "{text} fits several: use the opaque id", text=text)
    row = rows[0]
    return Found(row.pk, row.entity_id, row.currency, 0)
