"""Splitting a divisible note: its value, and what it covered, go to its parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from huikuan.core.money import split as split_minor
from huikuan.core.notes import AcceptorClass, NoteKind, NoteStep, Settles, split_legs, split_ranges
from huikuan.core.refusals import Refusal
from huikuan.services.notes import NewNote, note_item
from huikuan.services.notes_posting import Made, Taking
from huikuan.services.notes_standing import counting
from huikuan.services.notes_steps import take_step
from huikuan.services.sources import source_id_of
from huikuan.services.writing import Unit
from huikuan.store.models import Note, NoteCover, NoteEvent


def split_note(entity_id: int, note_id: int, amounts: Sequence[int], *, on: date, **rest: Any) -> list[int]:
    """Divides a divisible note (or a certificate) into parts of these amounts, in the order of their ranges; gives the
    notes that are the parts. Refuses ``note.split_two``, ``note.split_sum``, ``note.not_divisible``."""

    def do(at: Taking) -> Made:
        ranges = split_ranges(at.terms, amounts)
        if at.amount_minor != at.note.amount_minor:
            raise Refusal("note.part_settled", "part of note {number} is settled already", number=at.note.number)
        items, entry_id = _split_items(at, amounts)
        day = at.posted_day
        parts = []
        for amount, (first, last), item_id in zip(amounts, ranges, items, strict=True):
            part = Note.objects.get(pk=at.note.pk)
            part.pk, part.parent_id = None, at.note.pk
            part.item_id, part.amount_minor, part.range_first, part.range_last = item_id, amount, first, last
            part.recorded_at, part.actor_id = at.now, at.actor_id
            part._state.adding = True
            part.save(force_insert=True)
            NoteEvent.objects.create(
                note=part,
                ordinal=1,
                step=NoteStep.RECEIVED,
                on=day.effective_date,
                counts_from=day.posting_date,
                entry_id=entry_id,
                recorded_at=at.now,
                actor_id=at.actor_id,
            )
            parts.append(part)
        _split_covers(at.note, parts)
        return Made(entry_id=entry_id)

    take_step(entity_id, note_id, NoteStep.SPLIT, do, request=tuple(amounts), on=on, **rest)
    taken = counting(NoteEvent.objects.filter(note__parent_id=note_id, ordinal=1))
    return list(taken.order_by("note_id").values_list("note_id", flat=True))


def _split_items(at: Taking, amounts: Sequence[int]) -> tuple[list[int | None], int | None]:
    """The items of the parts, and the entry that moves the note's value to them; none where it settles at maturity."""
    if at.row is None:
        return [None] * len(amounts), None
    unit = Unit(at.books.entity_id, at.actor_id, at.now, source_id_of("notes"))
    item_ids = unit.new_ids("item", len(amounts))
    entry_id = unit.new_id("entry")
    bases = split_minor(at.row.open_base_minor, list(amounts))
    for item_id, amount, base in zip(item_ids, amounts, bases, strict=True):
        row = note_item(
            at.books,
            _as_new(at.note, amount),
            at.on,
            item_id=item_id,
            entry_id=entry_id,
            source_id=unit.source_id or 0,
        )
        unit.items.append(replace(row, base_minor=base))
    at.add(unit, split_legs(at.row, list(zip(item_ids, amounts, bases, strict=True))), entry_id=entry_id)
    return list(item_ids), entry_id


def _as_new(note: Note, amount_minor: int) -> NewNote:
    return NewNote(
        account_id=note.account_id,
        kind=NoteKind(note.kind),
        number=note.number,
        acceptor=note.acceptor,
        acceptor_class=AcceptorClass(note.acceptor_class),
        currency=note.currency,
        amount_minor=amount_minor,
        issue_date=note.issue_date,
        maturity_date=note.maturity_date,
        settles=Settles(note.settles),
    )


def _split_covers(note: Note, parts: Sequence[Note]) -> None:
    """What a note covered its parts cover, the first part the first items."""
    left = [(cover.item_id, cover.amount_minor) for cover in note.covers.order_by("id")]
    for part in parts:
        room = part.amount_minor
        while left and room:
            item_id, minor = left.pop(0)
            taken = min(minor, room)
            NoteCover.objects.create(note=part, item_id=item_id, amount_minor=taken)
            room -= taken
            if minor > taken:
                left.insert(0, (item_id, minor - taken))
