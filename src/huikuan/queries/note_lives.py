"""One note with all its steps, what it covers and its parts; and the notes that cover an item."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import F, Q, Sum

from huikuan.core.accounts import EntryKind
from huikuan.core.notes import IN_HAND, PASSED_ON, NoteKind, NoteState, NoteStep, steps_open
from huikuan.queries.approvals import request_waiting
from huikuan.queries.frame import Frame
from huikuan.queries.notes import STEP_OF, NoteRow, note_rows, standing_notes
from huikuan.queries.presence import item_has
from huikuan.store.models import JournalEntry, Note, NoteCover, NoteEvent, OpenItem, Posting
from huikuan.store.public_ids import inner_id, public_id

ENDED_UNPAID = frozenset({NoteState.DISHONOURED, NoteState.RETURNED})


@dataclass(frozen=True, slots=True)
class EventRow:
    """A step. ``is_undone``: it was taken back later; ``is_undo``: it takes one back."""

    step: str
    on: date
    counts_from: date
    party: str
    with_recourse: bool
    rate_percent: Decimal | None
    days: int | None
    interest_minor: int
    fee_minor: int
    memo: str
    entry_public_id: str
    receipt_public_id: str
    actor: str
    recorded_at: datetime
    is_undone: bool
    is_undo: bool


@dataclass(frozen=True, slots=True)
class CoverRow:
    """An item and how much of it a note covers; ``open_minor`` is what is open on it now."""

    public_id: str
    document_number: str
    due_date: date
    amount_minor: int
    open_minor: int


@dataclass(frozen=True, slots=True)
class NoteLife:
    """A note with its steps, what it covers and its parts. ``steps``: what may be done with it next; ``approval_id``: a
    request for approval that waits."""

    row: NoteRow
    events: list[EventRow]
    covers: list[CoverRow]
    parts: list[NoteRow]
    parent: NoteRow | None
    item_public_id: str
    receipt_public_id: str
    open_minor: int
    steps: frozenset[NoteStep]
    may_undo: bool
    approval_id: int | None
    last_on: date = field(default=date.min)

    @property
    def open_again_minor(self) -> int:
        """What is open now of that which it covered."""
        return sum(max(min(one.amount_minor, one.open_minor), 0) for one in self.covers)


def note_life(frame: Frame, text: str) -> NoteLife | None:
    """A note of the frame by its opaque id."""
    number = inner_id("bil", text)
    if number is None:
        return None
    kept = standing_notes(frame).select_related("account__customer", "entity", "item__balance")
    note = kept.filter(pk=number).first()
    if note is None:
        return None
    [row] = note_rows(frame, [note])
    balance = note.item.balance if note.item is not None else None
    open_minor = note.amount_minor if balance is None else balance.open_minor
    state = NoteState(row.state)
    steps = steps_open(
        NoteKind(note.kind), state, with_recourse=row.with_recourse, divisible=note.range_first is not None
    )
    events = _events(note)
    plain = kept.select_related("account__customer", "entity")
    undoable = state not in (NoteState.HELD, NoteState.DISHONOURED, NoteState.RETURNED, NoteState.VOID)
    return NoteLife(
        row=row,
        events=events,
        covers=_covers(note, note.events.order_by("ordinal").last() if state in ENDED_UNPAID else None),
        parts=note_rows(frame, plain.filter(parent=note).order_by("pk")),
        parent=next(iter(note_rows(frame, plain.filter(pk=note.parent_id or 0))), None),
        item_public_id=public_id("itm", note.item_id) if note.item_id else "",
        receipt_public_id=public_id("rcp", note.receipt_id) if note.receipt_id else "",
        open_minor=open_minor,
        steps=steps if open_minor else frozenset(),
        may_undo=undoable,
        approval_id=request_waiting(f"bill:{note.pk}"),
        last_on=max((event.on for event in events if not event.is_undone and not event.is_undo), default=date.min),
    )


def _events(note: Note) -> list[EventRow]:
    rows = note.events.select_related("actor", "undone_by", "entry__reversed_by", "undoes").order_by("ordinal")
    found = []
    for event in rows:
        who: Any = event.actor
        entry = event.entry
        is_reversed = entry is not None and hasattr(entry, "reversed_by")
        found.append(
            EventRow(
                step=event.step,
                on=event.on,
                counts_from=event.counts_from,
                party=event.party,
                with_recourse=event.with_recourse,
                rate_percent=event.rate_percent,
                days=event.days,
                interest_minor=event.interest_minor,
                fee_minor=event.fee_minor,
                memo=event.memo,
                entry_public_id=public_id("ent", event.entry_id) if event.entry_id else "",
                receipt_public_id=public_id("rcp", event.receipt_id) if event.receipt_id else "",
                actor=(who.get_full_name() or who.get_username()) if who else "",
                recorded_at=event.recorded_at,
                is_undone=hasattr(event, "undone_by") or (is_reversed and event.step != NoteStep.RECEIVED),
                is_undo=event.undoes_id is not None,
            )
        )
    return found


def _covers(note: Note, ended: NoteEvent | None) -> list[CoverRow]:
    """What a note covers; where it had settled items until it ``ended`` without money, those."""
    covered = {cover.item_id: cover.amount_minor for cover in note.covers.order_by("id")}
    if not covered and ended is not None and note.parent_id is None and note.receipt_id:
        covered = _settled_until(note.receipt_id, note.item_id, ended)
    items = OpenItem.objects.select_related("balance").in_bulk(covered)
    return [
        CoverRow(
            public_id("itm", number),
            items[number].document_number,
            items[number].due_date,
            minor,
            items[number].balance.open_minor,
        )
        for number, minor in covered.items()
    ]


def _settled_until(receipt_id: int, own_item_id: int | None, ended: NoteEvent) -> dict[int, int]:
    """What a note's value was applied to when its end took that back: by item, its own left out."""
    taken_back = JournalEntry.objects.filter(
        kind=EntryKind.APPLICATION.value,
        postings__receipt_id=receipt_id,
        reversed_by__recorded_at=ended.recorded_at,
    )
    legs = Posting.objects.filter(entry__in=taken_back.values("id"), ledger_account=F("item__ledger_account"))
    sums = legs.exclude(item_id=own_item_id).order_by("item_id").values_list("item_id").annotate(Sum("amount_minor"))
    return {number: -minor for number, minor in sums}


def covering(frame: Frame, item_public_id: str) -> list[tuple[NoteRow, int]]:
    """The notes that cover an item and have settled nothing yet, with how much of it each covers."""
    number = inner_id("itm", item_public_id)
    if number is None or "notes" not in item_has(number):
        return []
    covers = dict(NoteCover.objects.filter(item_id=number).values_list("note_id", "amount_minor"))
    steps = [STEP_OF[state] for state in IN_HAND | PASSED_ON]
    found = standing_notes(frame).filter(pk__in=covers, step__in=steps)
    gone = Q(step__in=[STEP_OF[state] for state in PASSED_ON], recourse=False)
    rows = found.exclude(gone).select_related("account__customer", "entity").order_by("maturity_date", "pk")
    return [(row, covers[row.id]) for row in note_rows(frame, rows)]
