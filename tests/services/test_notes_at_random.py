"""After any steps of any notes: debits equal credits, nothing is over-applied, the notes account is the notes held."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from huikuan.core.accounts import LedgerAccount
from huikuan.core.notes import AcceptorClass, NoteKind, NoteState, NoteStep, Settles, steps_open
from huikuan.core.refusals import Refusal
from huikuan.queries.frame import frame_at
from huikuan.queries.notes import maturities, note_counts
from huikuan.services.notes import NewNote, covered_of, take_note
from huikuan.services.notes_split import split_note
from huikuan.services.notes_standing import standing_of, states_of
from huikuan.services.notes_steps import (
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
from huikuan.store.models import Note, OpenItem, OpenItemBalance
from tests.databases import LedgerDb
from tests.services.ledger import DAY, NOW, Ledger, sum_of
from tests.simulation.invariants import check_invariants

pytestmark = pytest.mark.practice("E1")
STEPS = 45
EXPECTED = {"note.parts_moved", "note.final", "note.settled", "application.over_applied"}


def take(ledger: Ledger, dice: random.Random, day: date) -> None:
    currency = dice.choice(["CNY", "CNY", "USD"])
    amount = dice.randrange(2, 90_000)
    divisible = dice.random() < 0.5
    first = dice.randrange(1, 1000)
    new = NewNote(
        account_id=ledger.customer("C1"),
        kind=dice.choice([NoteKind.ACCEPTANCE, NoteKind.ACCEPTANCE, NoteKind.CERTIFICATE, NoteKind.CHEQUE]),
        number=ledger.next_name("B"),
        acceptor="Bank",
        acceptor_class=dice.choice(list(AcceptorClass)),
        currency=currency,
        amount_minor=amount,
        issue_date=day,
        maturity_date=day + timedelta(days=dice.randrange(0, 200)),
        settles=dice.choice(list(Settles)),
        range_first=first if divisible else None,
        range_last=first + amount - 1 if divisible else None,
        oldest_first=True,
    )
    take_note(ledger.entity_id, new, on=day, **ledger.common)


def move(ledger: Ledger, dice: random.Random, note: Note, day: date) -> None:
    standing = standing_of(note)
    common: dict[str, Any] = {"on": day, **ledger.common}
    where = (ledger.entity_id, note.pk)
    if standing.steps and standing.last.step != NoteStep.RECEIVED and dice.random() < 0.25:
        undo_step(*where, **common)
        return
    recourse = standing.last.with_recourse if standing.steps else False
    kind = NoteKind(note.kind)
    steps = steps_open(kind, standing.state, with_recourse=recourse, divisible=standing.terms.divisible)
    if not steps:
        return
    step = dice.choice(sorted(steps))
    if step == NoteStep.DISCOUNTED:
        rate = Decimal(dice.randrange(0, 900)) / 100
        discount_note(*where, Discount("Bank", rate, 90, None, dice.random() < 0.6), **common)
    elif step == NoteStep.ENDORSED:
        endorse_note(*where, Endorsement("Supplier", dice.random() < 0.6), **common)
    elif step == NoteStep.SPLIT and note.amount_minor > 1:
        part = dice.randrange(1, note.amount_minor)
        split_note(*where, [part, note.amount_minor - part], **common)
    elif step == NoteStep.PAID:
        pay_note(*where, **common)
    elif step == NoteStep.PRESENTED:
        present_note(*where, **common)
    elif step == NoteStep.DISHONOURED:
        dishonour_note(*where, memo="no funds", **common)
    elif step == NoteStep.RETURNED:
        return_note(*where, memo="wrong", **common)


def check(ledger: Ledger, day: date) -> None:
    check_invariants()
    states = states_of(Note.objects.all())
    standing = (NoteState.HELD, NoteState.PRESENTED, NoteState.DISCOUNTED, NoteState.ENDORSED)
    held = [
        note
        for note in Note.objects.filter(settles=Settles.AT_ONCE)
        if states[note.pk] in standing and (states[note.pk] in standing[:2] or standing_of(note).last.with_recourse)
    ]
    assert sum_of(LedgerAccount.NOTES)[0] == sum(note.amount_minor for note in held)
    owed = [
        note for note in Note.objects.all() if states[note.pk] in standing[2:] and standing_of(note).last.with_recourse
    ]
    assert sum_of(LedgerAccount.ASSIGNED)[0] == -sum(note.amount_minor for note in owed)
    frame = frame_at(now=NOW, entity_ids=(ledger.entity_id,), as_of=day)
    lines = maturities(frame)
    in_hand = [note for note in Note.objects.all() if states[note.pk] in standing[:2]]
    assert sum(line.held_minor for line in lines) == sum(note.amount_minor for note in in_hand)
    assert sum(line.risk_minor for line in lines) == sum(note.amount_minor for note in owed)
    assert note_counts(frame)["held"] == len(in_hand)
    items = list(OpenItem.objects.filter(kind="invoice").values_list("id", flat=True))
    open_by_item = dict(OpenItemBalance.objects.filter(item_id__in=items).values_list("item_id", "open_minor"))
    assert all(0 <= minor <= open_by_item[number] for number, minor in covered_of(items).items())


@pytest.mark.parametrize("seed", range(3))
def test_whatever_happens_to_notes_the_books_hold(ledger_db: LedgerDb, seed: int) -> None:
    dice = random.Random(seed)
    ledger = Ledger()
    ledger.rate("USD", "7.10")
    ledger.rate("USD", "7.23", DAY + timedelta(days=20))
    for currency in ("CNY", "USD", "CNY", "USD"):
        ledger.item(dice.randrange(1000, 90_000), currency)
    day, done = DAY, 0
    for _ in range(STEPS):
        day += timedelta(days=dice.randrange(0, 2))
        notes = list(Note.objects.order_by("id"))
        try:
            if len(notes) < 3 or dice.random() < 0.25:
                take(ledger, dice, day)
            else:
                move(ledger, dice, dice.choice(notes), day)
            done += 1
        except Refusal as refusal:
            if refusal.code not in EXPECTED:
                raise
    check(ledger, day)
    assert done > STEPS // 2
