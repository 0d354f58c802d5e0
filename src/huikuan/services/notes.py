"""Taking notes: what is written on one, when it settles, what it is for. Further steps: ``services.notes_steps``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db.models import Q, Sum

from huikuan.core.accounts import EntryKind, ItemKind, LedgerAccount
from huikuan.core.applications import Order, distribute
from huikuan.core.channels import Channel
from huikuan.core.journal import EntryDraft
from huikuan.core.money import check_size, exponent_of
from huikuan.core.notes import (
    AcceptorClass,
    NoteKind,
    NoteState,
    NoteStep,
    NoteTerms,
    Settles,
    check_terms,
    received_legs,
)
from huikuan.core.periods import PostingDay
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.core.texts import NAME_MAX, check_text
from huikuan.services.applications import Named, apply_receipt
from huikuan.services.auditing import record
from huikuan.services.books import Books, open_books
from huikuan.services.channels import keep_channels, settles_by_policy
from huikuan.services.idempotency import once
from huikuan.services.items import NewItem, check_accounts, decide_item
from huikuan.services.locking import lock_items, open_item_ids
from huikuan.services.notes_standing import counting, states_of
from huikuan.services.receipts import NewReceipt, decide_receipt
from huikuan.services.rights import demand
from huikuan.services.sources import source_id_of
from huikuan.services.writing import ItemRow, Unit
from huikuan.store.models import Entity, Note, NoteCover, NoteEvent

_TEXTS = {"number": 60, "acceptor": 200, "drawer": 200, "guarantor": 200}
_SOURCE = "notes"


@dataclass(frozen=True, slots=True)
class NewNote:
    """A note as it is taken. ``named``: for which items, and how much of each; ``oldest_first`` spreads it instead.
    ``settles`` is the entity's policy where it is not said."""

    account_id: int
    kind: NoteKind
    number: str
    acceptor: str
    acceptor_class: AcceptorClass
    currency: str
    amount_minor: int
    issue_date: date
    maturity_date: date
    drawer: str = ""
    guarantor: str = ""
    range_first: int | None = None
    range_last: int | None = None
    settles: Settles | None = None
    named: tuple[tuple[int, int], ...] = ()
    oldest_first: bool = False

    @property
    def terms(self) -> NoteTerms:
        return NoteTerms(
            self.kind,
            self.currency,
            self.amount_minor,
            self.issue_date,
            self.maturity_date,
            self.range_first,
            self.range_last,
        )


def take_note(
    entity_id: int,
    new: NewNote,
    *,
    on: date,
    actor_id: int | None,
    now: datetime,
    memo: str = "",
    key: str | None = None,
) -> int:
    """Takes a note from a customer; gives its number. Settling at once it comes to stand on ``notes`` and the customer
    gets as much to be applied; settling at maturity nothing is posted, and the items named are covered.

    Refuses ``note.exists`` (the same note, or parts of it, is with us already), ``note.cover_exceeds``,
    ``note.number_missing``, ``note.acceptor_missing``, what ``check_terms`` refuses and what applying refuses.
    """
    new = replace(new, number=new.number.strip())
    _check(new)
    check_text("memo", memo, NAME_MAX)

    def work() -> dict[str, int]:
        demand(actor_id, Right.POST_NOTE, entity_id=entity_id, account_id=new.account_id)
        books = open_books(entity_id, actor_id=actor_id)
        check_accounts(entity_id, {new.account_id})
        _check_new(entity_id, new)
        settles = new.settles or settles_by_policy(entity_id, new.kind)
        note, day, entry_id = _keep(books, new, settles, on, actor_id, now)
        NoteEvent.objects.create(
            note=note,
            ordinal=1,
            step=NoteStep.RECEIVED,
            on=day.effective_date,
            counts_from=day.posting_date,
            entry_id=entry_id,
            memo=memo,
            recorded_at=now,
            actor_id=actor_id,
        )
        if settles == Settles.AT_ONCE:
            _apply(entity_id, note, new, on, actor_id, now)
        else:
            _cover(entity_id, note, new)
        record(
            "note.received",
            now=now,
            actor_id=actor_id,
            entity_id=entity_id,
            subject=f"bill:{note.pk}",
            kind=new.kind.value,
            settles=settles.value,
        )
        return {"note": int(note.pk)}

    request = (new, on, memo)
    answer = once(
        entity_id=entity_id, actor_id=actor_id, operation="note.take", key=key, request=request, now=now, work=work
    )
    return int(answer["note"])


def _check(new: NewNote) -> None:
    for name, size in _TEXTS.items():
        check_text(name, getattr(new, name), size)
    exponent_of(new.currency)
    check_size(new.amount_minor, new.currency)
    if not new.number.strip():
        raise Refusal("note.number_missing", "a note has a number")
    if not new.acceptor.strip():
        raise Refusal("note.acceptor_missing", "say who must pay the note")
    check_terms(new.terms)


def _check_new(entity_id: int, new: NewNote) -> None:
    """The same note is not taken twice while it is with us; of a divisible one other parts may come."""
    # Two people taking the same note at once: the second waits here and then finds it.
    list(Entity.objects.select_for_update(no_key=True).filter(id=entity_id))
    same = Note.objects.filter(entity_id=entity_id, number=new.number)
    if new.range_first is not None and new.range_last is not None:
        same = same.filter(Q(range_first=None) | Q(range_first__lte=new.range_last, range_last__gte=new.range_first))
    gone = {NoteState.RETURNED, NoteState.DISHONOURED, NoteState.ENDORSED, NoteState.VOID, NoteState.SPLIT}
    if any(state not in gone for state in states_of(same).values()):
        raise Refusal("note.exists", "note {number} is with us already", number=new.number)


def _keep(
    books: Books, new: NewNote, settles: Settles, on: date, actor_id: int | None, now: datetime
) -> tuple[Note, PostingDay, int | None]:
    day, item_id, receipt_id, entry_id = books.posting_day(on), None, None, None
    if settles == Settles.AT_ONCE:
        unit = Unit(books.entity_id, actor_id, now, source_id_of(_SOURCE))
        item_id, receipt_id, entry_id = unit.new_id("item"), unit.new_id("receipt"), unit.new_id("entry")
        name = f"{new.number}/{item_id}"
        unit.items.append(note_item(books, new, on, item_id=item_id, entry_id=entry_id, source_id=unit.source_id or 0))
        money = NewReceipt(
            name, on, new.currency, new.amount_minor, new.account_id, reference=new.number, payer_name=new.drawer
        )
        unit.receipts.append(
            decide_receipt(books, money, receipt_id=receipt_id, entry_id=entry_id, source_id=unit.source_id or 0)
        )
        base = books.to_base(new.amount_minor, new.currency, on)
        legs = received_legs(new.account_id, item_id, receipt_id, new.currency, new.amount_minor, base)
        unit.add_entry(EntryDraft(EntryKind.RECEIPT, day.effective_date, day.posting_date, legs), entry_id)
        unit.flush()
        keep_channels([(receipt_id, Channel.CHEQUE if new.kind == NoteKind.CHEQUE else Channel.NOTE)])
    note = Note.objects.create(
        entity_id=books.entity_id,
        account_id=new.account_id,
        item_id=item_id,
        receipt_id=receipt_id,
        kind=new.kind,
        number=new.number,
        range_first=new.range_first,
        range_last=new.range_last,
        drawer=new.drawer,
        acceptor=new.acceptor,
        acceptor_class=new.acceptor_class,
        guarantor=new.guarantor,
        currency=new.currency,
        amount_minor=new.amount_minor,
        issue_date=new.issue_date,
        maturity_date=new.maturity_date,
        settles=settles,
        recorded_at=now,
        actor_id=actor_id,
    )
    return note, day, entry_id


def note_item(books: Books, new: NewNote, on: date, *, item_id: int, entry_id: int, source_id: int) -> ItemRow:
    """The open item of a note that settles at once."""
    item = NewItem(
        account_id=new.account_id,
        external_id=f"{new.number}/{item_id}",
        document_number=new.number,
        document_date=new.issue_date,
        due_date=new.maturity_date,
        currency=new.currency,
        amount_minor=new.amount_minor,
        kind=ItemKind.NOTE,
        effective_date=on,
    )
    return decide_item(books, item, item_id=item_id, entry_id=entry_id, source_id=source_id)


def _apply(entity_id: int, note: Note, new: NewNote, on: date, actor_id: int | None, now: datetime) -> None:
    """What the customer got for the note goes to the items it is for."""
    receipt_id = note.receipt_id
    if receipt_id is None:
        raise AssertionError("a note that settles at once has a receipt")
    who: dict[str, Any] = {"actor_id": actor_id, "now": now}
    if new.named:
        named = [Named(item_id, minor) for item_id, minor in new.named]
        apply_receipt(entity_id, receipt_id, named, on=on, right=Right.POST_NOTE, **who)
    elif new.oldest_first and open_item_ids(entity_id, new.account_id, new.currency):
        wanted = [line for line in oldest_open(entity_id, new) if line[1]]
        if wanted:
            apply_receipt(entity_id, receipt_id, [Named(*line) for line in wanted], on=on, right=Right.POST_NOTE, **who)


def oldest_open(entity_id: int, new: NewNote) -> list[tuple[int, int]]:
    """What the note comes to on the customer's oldest items, other than notes and than what others cover."""
    rows = lock_items(entity_id, open_item_ids(entity_id, new.account_id, new.currency)).values()
    trade = [row for row in rows if row.ledger_account == LedgerAccount.TRADE]
    covered = covered_of([row.item_id for row in trade])
    left = new.amount_minor
    found = []
    for line in distribute(10**18, trade, Order.OLDEST_FIRST):
        part = min(left, line.amount_minor - covered.get(line.row.item_id, 0))
        if part > 0:
            found.append((line.row.item_id, part))
            left -= part
    return found


def _cover(entity_id: int, note: Note, new: NewNote) -> None:
    lines: Sequence[tuple[int, int]] = new.named or (oldest_open(entity_id, new) if new.oldest_first else ())
    rows = lock_items(entity_id, [item_id for item_id, _minor in lines])
    covered = covered_of(list(rows))
    if sum(minor for _item, minor in lines) > note.amount_minor:
        raise Refusal(
            "note.cover_exceeds",
            "{amount} is more than the {available} that can be covered",
            amount=sum(minor for _item, minor in lines),
            available=note.amount_minor,
            currency=note.currency,
        )
    for item_id, minor in lines:
        row = rows[item_id]
        if row.account_id != note.account_id:
            raise Refusal(
                "application.other_customer",
                "item {item_id} belongs to another customer than the money",
                item_id=item_id,
            )
        available = row.open_minor - covered.get(item_id, 0)
        if row.currency != note.currency or not 0 < minor <= available:
            raise Refusal(
                "note.cover_exceeds",
                "{amount} is more than the {available} that can be covered",
                amount=minor,
                available=max(available, 0),
                currency=row.currency,
            )
    NoteCover.objects.bulk_create(NoteCover(note=note, item_id=item_id, amount_minor=minor) for item_id, minor in lines)


def covered_of(item_ids: Sequence[int]) -> dict[int, int]:
    """By item, how much is covered by notes that settle at maturity and still stand."""
    covers = NoteCover.objects.filter(item_id__in=item_ids)
    standing = [
        number
        for number, state in states_of(Note.objects.filter(covers__in=covers)).items()
        if state in (NoteState.HELD, NoteState.PRESENTED, NoteState.DISCOUNTED, NoteState.ENDORSED)
    ]
    settled = counting(NoteEvent.objects.filter(note_id__in=standing, receipt__isnull=False))
    covers = covers.filter(note_id__in=standing).exclude(note_id__in=settled.values("note_id"))
    sums = covers.order_by().values("item_id").annotate(total=Sum("amount_minor"))
    return {row["item_id"]: int(row["total"]) for row in sums}
