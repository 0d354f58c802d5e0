"""What the steps of notes post, in both ways a note settles; and taking back what it had settled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import Sum

from huikuan.core.accounts import EntryKind, LedgerAccount
from huikuan.core.applications import OpenRow, fund_out_legs
from huikuan.core.channels import Channel
from huikuan.core.journal import EntryDraft, PostingDraft
from huikuan.core.notes import PASSED_ON, NoteKind, NoteState, NoteTerms, evened, note_out, owed_back
from huikuan.core.periods import PostingDay
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.queries.funds import fund_of
from huikuan.services.applications import Named, apply_receipt
from huikuan.services.books import Books
from huikuan.services.channels import keep_channels
from huikuan.services.locking import lock_items, lock_receipt
from huikuan.services.notes_following import STEPS
from huikuan.services.notes_standing import Standing, next_ordinal
from huikuan.services.receipts import NewReceipt, add_receipts, decide_receipt
from huikuan.services.reversals import add_reversals
from huikuan.services.row_days import RowDays
from huikuan.services.sources import source_id_of
from huikuan.services.writing import Unit
from huikuan.store.models import JournalEntry, Note, Posting, Receipt


@dataclass(frozen=True, slots=True)
class Made:
    """What a step posted, and what is kept with it."""

    entry_id: int | None = None
    receipt_id: int | None = None
    facts: dict[str, Any] = field(default_factory=dict)


class Taking:
    """One step being taken: the locked note, the books, the day. ``row`` is its open item where it settled at once."""

    def __init__(
        self, standing: Standing, books: Books, right: Right, on: date, actor_id: int | None, now: datetime, memo: str
    ) -> None:
        self.standing, self.books, self.right = standing, books, right
        self.on, self.actor_id, self.now, self.memo = on, actor_id, now, memo
        self.note: Note = standing.note
        self.terms: NoteTerms = standing.terms
        self.posted_day: PostingDay = books.posting_day(on)
        self.row: OpenRow | None = None
        if self.note.item_id is not None:
            self.row = lock_items(books.entity_id, [self.note.item_id])[self.note.item_id]
            if not self.row.open_minor:
                raise Refusal("note.settled", "nothing of note {number} is open any more", number=self.note.number)

    @property
    def amount_minor(self) -> int:
        return self.note.amount_minor if self.row is None else self.row.open_minor

    @property
    def who(self) -> dict[str, Any]:
        return {"actor_id": self.actor_id, "now": self.now}

    def to_base(self, minor: int) -> int:
        return self.books.to_base(minor, self.note.currency, self.on)

    def add(
        self,
        unit: Unit,
        legs: Sequence[PostingDraft],
        kind: EntryKind = EntryKind.ITEM,
        *,
        entry_id: int | None = None,
    ) -> int:
        """Writes one entry with all else the unit holds; gives its number."""
        days = RowDays()
        days.items.update((row.item_id, row.posting_date) for row in unit.items)
        days.receipts.update((row.receipt_id, row.posting_date) for row in unit.receipts)
        self.posted_day = days.posting_day(self.books, self.on, legs)
        draft = EntryDraft(
            kind, self.posted_day.effective_date, self.posted_day.posting_date, tuple(legs), memo=self.memo
        )
        number = unit.add_entry(draft, entry_id)
        unit.flush()
        return number

    def new_unit(self) -> Unit:
        return Unit(self.books.entity_id, self.actor_id, self.now, source_id_of(STEPS))


def pass_on(at: Taking, given: Sequence[PostingDraft], *, with_recourse: bool) -> Made:
    """A note is handed to somebody else for what is ``given``. With recourse it stays ours, and what was given is owed
    back until it is paid; without, it leaves the books, or settles what it covered."""
    if with_recourse:
        owed = owed_back(at.note.account_id, at.note.currency, -at.amount_minor, -_base_of(given), at.note.item_id)
        return Made(at.add(at.new_unit(), [*given, owed], EntryKind.ASSIGNMENT))
    return _finish(at, given)


def pay(at: Taking) -> Made:
    """The note was paid. One passed on with recourse was paid to somebody else: nothing is owed back any more."""
    if at.standing.state in PASSED_ON:
        return _finish(at, [_no_longer_owed(at)])
    if at.row is None:
        base = at.to_base(at.amount_minor)
        return _finish(
            at, [PostingDraft(LedgerAccount.BANK, at.note.currency, at.amount_minor, base, at.note.account_id)]
        )
    unit = at.new_unit()
    [receipt_id] = add_receipts(unit, at.books, [_money(at)])
    unit.flush()
    keep_channels([(receipt_id, Channel.NOTE_PAID)])
    named = [Named(at.row.item_id, at.row.open_minor)]
    entry_id = apply_receipt(at.books.entity_id, receipt_id, named, on=at.on, right=at.right, **at.who)
    return Made(entry_id, receipt_id)


def dishonour(at: Taking) -> Made:
    """The note was not paid, or goes back: what it was passed on for is owed no more to that account but for good, and
    what it settled is open again. Refuses ``note.part_settled``: what settled the part is reversed first."""
    entry_id = None
    if at.standing.state in PASSED_ON:
        back = _no_longer_owed(at)
        account = LedgerAccount.BANK if at.standing.state == NoteState.DISCOUNTED else LedgerAccount.PAYABLES
        owed = PostingDraft(
            account,
            at.note.currency,
            -at.amount_minor,
            -at.to_base(at.amount_minor),
            at.note.account_id,
            at.note.item_id,
        )
        entry_id = at.add(at.new_unit(), evened([back, owed]), EntryKind.ASSIGNMENT)
    if at.row is None:
        return Made(entry_id)
    if at.row.open_minor != at.note.amount_minor:
        # What took part of it off the books stands on it: it would be left with less than nothing.
        raise Refusal("note.part_settled", "part of note {number} is settled already", number=at.note.number)
    if at.note.parent_id is None:
        unit = at.new_unit()
        taken = Receipt.objects.values_list("entry_id", flat=True).get(notes=at.note)
        reversals = add_reversals(unit, at.books, [taken], on=at.on, memo=at.memo)
        unit.flush()
        return Made(entry_id or reversals[-1])
    part_back = _take_part_back(at, at.row)
    return Made(entry_id or part_back)


def _no_longer_owed(at: Taking) -> PostingDraft:
    """What was owed back since the note was passed on, at the value at which it stands."""
    legs = Posting.objects.filter(
        entry_id=at.standing.last.entry_id, ledger_account=LedgerAccount.ASSIGNED.value
    ).aggregate(amount=Sum("amount_minor"), base=Sum("base_minor"))
    return owed_back(
        at.note.account_id, at.note.currency, -int(legs["amount"] or 0), -int(legs["base"] or 0), at.note.item_id
    )


def _finish(at: Taking, debits: Sequence[PostingDraft]) -> Made:
    """The end of a note that brought something: it leaves the books, or what it covered is settled by it now."""
    if at.row is not None:
        return Made(at.add(at.new_unit(), evened([*debits, note_out(at.row)]), EntryKind.ASSIGNMENT))
    unit = at.new_unit()
    receipt_id, entry_id = unit.new_id("receipt"), unit.new_id("entry")
    row = decide_receipt(at.books, _money(at), receipt_id=receipt_id, entry_id=entry_id, source_id=unit.source_id or 0)
    unit.receipts.append(row)
    credit = PostingDraft(
        LedgerAccount.UNAPPLIED,
        row.currency,
        -row.amount_minor,
        -row.base_minor,
        row.account_id,
        receipt_id=receipt_id,
    )
    at.add(unit, evened([*debits, credit]), EntryKind.RECEIPT, entry_id=entry_id)
    keep_channels([(receipt_id, Channel.CHEQUE if at.note.kind == NoteKind.CHEQUE else Channel.NOTE_PAID)])
    _settle_covered(at, receipt_id)
    return Made(entry_id, receipt_id)


def _settle_covered(at: Taking, receipt_id: int) -> None:
    """What the note covered and is still open is settled; the rest stays the customer's unapplied money."""
    covers = {cover.item_id: cover.amount_minor for cover in at.note.covers.order_by("id")}
    rows = lock_items(at.books.entity_id, covers)
    named = [
        Named(number, min(minor, rows[number].open_minor))
        for number, minor in covers.items()
        if rows[number].open_minor > 0
    ]
    if named:
        apply_receipt(at.books.entity_id, receipt_id, named, on=at.on, right=at.right, **at.who)


def _money(at: Taking) -> NewReceipt:
    return NewReceipt(
        f"{at.note.number}/{at.note.pk}/{next_ordinal(at.note)}",
        at.on,
        at.note.currency,
        at.amount_minor,
        at.note.account_id,
        reference=at.note.number,
        payer_name=at.note.acceptor,
    )


def _base_of(legs: Sequence[PostingDraft]) -> int:
    return sum(leg.base_minor for leg in legs)


# -- part of a note that was split -----------------------------------------------------------------------------------
_MOVES = (EntryKind.APPLICATION, EntryKind.PARK, EntryKind.RECOVERY)


def _take_part_back(at: Taking, row: OpenRow) -> int:
    """Takes the value of one part of a split note out of what the customer got for the whole. What was applied last is
    taken back first; what is thereby freed beyond it is applied again, the earliest first."""
    receipt_id = at.note.receipt_id
    if receipt_id is None:
        raise AssertionError("a note that settled at once has a receipt")
    entity_id, wanted = at.books.entity_id, row.open_minor
    _, balance = lock_receipt(entity_id, receipt_id)
    free = balance.unapplied_minor
    again: list[Named] = []
    if free < wanted:
        again = _free(at, receipt_id, wanted - free)
    receipt, balance = lock_receipt(entity_id, receipt_id)
    fund = fund_of(receipt, balance, LedgerAccount.UNAPPLIED)
    money, _ = fund_out_legs(fund, wanted, LedgerAccount.NOTES, item_id=row.item_id)
    entry_id = at.add(at.new_unit(), evened([money, note_out(row)]), EntryKind.REFUND)
    _apply_again(at, receipt_id, again, free_before=max(free - wanted, 0))
    return entry_id


def _free(at: Taking, receipt_id: int, missing: int) -> list[Named]:
    """Reverses what the receipt was last applied to until so much is free; gives what was applied, earliest first.
    Refuses ``note.money_used``."""
    using = JournalEntry.objects.filter(postings__receipt_id=receipt_id, kind__in=_MOVES, reversed_by=None).distinct()
    freed, lines, numbers = 0, [], []
    for entry in using.order_by("-recorded_at", "-id"):
        if freed >= missing:
            break
        legs = list(Posting.objects.filter(entry_id=entry.pk, receipt_id=receipt_id).order_by("-line"))
        freed += sum(leg.amount_minor for leg in legs if leg.ledger_account == LedgerAccount.UNAPPLIED)
        lines += [
            (leg.item_id, -leg.amount_minor)
            for leg in legs
            if leg.item_id is not None and leg.currency == at.note.currency
        ]
        numbers.append(entry.pk)
    if freed < missing:
        raise Refusal(
            "note.money_used",
            "what note {number} brought the customer was sent back meanwhile: reverse that first",
            number=at.note.number,
        )
    unit = at.new_unit()
    add_reversals(unit, at.books, numbers, on=at.on, memo=at.memo)
    unit.flush()
    return [Named(item_id, minor) for item_id, minor in reversed(lines)]


def _apply_again(at: Taking, receipt_id: int, lines: Sequence[Named], *, free_before: int) -> None:
    _, balance = lock_receipt(at.books.entity_id, receipt_id)
    left = balance.unapplied_minor - free_before
    rows = lock_items(at.books.entity_id, [line.item_id for line in lines])
    named: dict[int, int] = {}
    for line in lines:
        part = min(line.amount_minor, left, rows[line.item_id].open_minor - named.get(line.item_id, 0))
        if part > 0:
            named[line.item_id] = named.get(line.item_id, 0) + part
            left -= part
    if named:
        wanted = [Named(*pair) for pair in named.items()]
        apply_receipt(at.books.entity_id, receipt_id, wanted, on=at.on, right=at.right, **at.who)
