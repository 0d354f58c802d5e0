"""Taking entries back: unapply, reverse a receipt (a bounced payment), an item, anything. Nothing is ever deleted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from django.db.models import Q

from huikuan.core.accounts import EntryKind, LedgerAccount
from huikuan.core.journal import PostingDraft, reverse_draft
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.core.texts import NAME_MAX, check_text
from huikuan.services.agreements_standing import check_not_of_agreement, in_agreements
from huikuan.services.auditing import record
from huikuan.services.books import Books, open_books
from huikuan.services.idempotency import once
from huikuan.services.notes_standing import check_not_of_note
from huikuan.services.reversal_checks import check_unused, used_since
from huikuan.services.rights import demand_legs, demand_some
from huikuan.services.transaction import run_in_transaction
from huikuan.services.writing import Unit
from huikuan.store.models import JournalEntry, OpenItem, OpenItemBalance, Posting, Receipt, ReceiptBalance

_LAST = {EntryKind.IDENTIFY: 1, EntryKind.RECEIPT: 2, EntryKind.ITEM: 2}
"""What others stand on is taken back after them. Numbers do not tell: two writers take theirs in blocks."""


def reverse_entry(
    entity_id: int,
    entry_id: int,
    *,
    on: date,
    actor_id: int | None,
    now: datetime,
    memo: str = "",
    key: str | None = None,
) -> list[int]:
    """Reverses an entry and, before it, every later entry that stands on it; gives the ids of the reversals.

    Unapplying is reversing an application. Reversing a receipt (it bounced) first unapplies it everywhere; reversing
    an item first takes its applications back, so the money is unapplied again; reversing an identification first
    unapplies what was applied. Counts from ``on``, in an open period. Refuses ``entry.unknown``,
    ``entry.already_reversed``, ``entry.is_reversal``, ``entry.before_original`` and ``entry.used_since`` (money parked
    and used, written off and recovered, settled and met, received and sent back: reverse that first).
    """

    check_text("memo", memo, NAME_MAX)

    def work() -> dict[str, list[int]]:
        demand_some(actor_id, Right.REVERSE, entity_id=entity_id)
        books = open_books(entity_id, actor_id=actor_id)
        unit = Unit(entity_id, actor_id, now)
        found = JournalEntry.objects.filter(id=entry_id, entity_id=entity_id).first()
        if found is not None and on < found.effective_date:
            raise Refusal("entry.before_original", "an entry is not reversed before its own day", entry_id=entry_id)
        check_not_of_note([entry_id])
        check_not_of_agreement([entry_id])
        ids = add_reversals(unit, books, [entry_id], on=on, memo=memo)
        for _, draft in unit.entries:
            demand_legs(actor_id, Right.REVERSE, entity_id=entity_id, legs=draft.postings)
        unit.flush()
        record("entry.reverse", now=now, actor_id=actor_id, entity_id=entity_id, subject=f"entry:{entry_id}", memo=memo)
        return {"entries": ids}

    answer = once(
        entity_id=entity_id,
        actor_id=actor_id,
        operation="entry.reverse",
        key=key,
        request=(entry_id, on, memo),
        now=now,
        work=work,
    )
    return list(answer["entries"])


def add_reversals(unit: Unit, books: Books, entry_ids: Sequence[int], *, on: date, memo: str = "") -> list[int]:
    """Collects the reversals of entries and of all that stands on them, what came last first; the caller flushes.

    None of them counts from a day before its original, whatever ``on`` says.
    """
    wanted = _with_dependents(unit.entity_id, entry_ids)
    legs_by_entry = _legs_of([entry.id for entry in wanted])
    _lock_rows(leg for legs in legs_by_entry.values() for leg in legs)
    drafts = []
    for entry in sorted(wanted, key=lambda row: (_LAST.get(EntryKind(row.kind), 0), -row.id)):
        day = books.posting_day(max(on, entry.effective_date))
        draft = reverse_draft(
            entry.id,
            legs_by_entry[entry.id],
            effective_date=day.effective_date,
            posting_date=books.posting_day(max(day.posting_date, entry.posting_date)).posting_date,
            memo=memo,
        )
        drafts.append(draft)
    check_unused(drafts)
    return [unit.add_entry(draft) for draft in drafts]


def reversal_plan(entity_id: int, entry_id: int) -> list[tuple[int, EntryKind]]:
    """What reversing an entry would reverse, itself last: (entry id, kind). Changes nothing; refuses what
    ``reverse_entry`` refuses for the entry's own sake."""

    def work() -> list[tuple[int, EntryKind]]:
        wanted = _with_dependents(entity_id, [entry_id])
        wanted.sort(key=lambda row: (row.id == entry_id, _LAST.get(EntryKind(row.kind), 0), -row.id))
        return [(entry.id, EntryKind(entry.kind)) for entry in wanted]

    return run_in_transaction(work)


def _lock_rows(legs: Iterable[PostingDraft]) -> None:
    """Receipts before items, each in id order, as those who apply do."""
    items, receipts = set(), set()
    for leg in legs:
        if leg.item_id is not None:
            items.add(leg.item_id)
        if leg.receipt_id is not None:
            receipts.add(leg.receipt_id)
    list(ReceiptBalance.objects.select_for_update().filter(receipt_id__in=receipts).order_by("receipt_id"))
    list(OpenItemBalance.objects.select_for_update().filter(item_id__in=items).order_by("item_id"))


def _with_dependents(entity_id: int, entry_ids: Sequence[int]) -> list[JournalEntry]:
    """The entries asked for and those later ones, not reversed themselves, that use the items or receipts they made."""
    found: dict[int, JournalEntry] = {}
    asked = JournalEntry.objects.select_for_update(of=("self",)).filter(id__in=list(entry_ids), entity_id=entity_id)
    for entry in asked.order_by("id"):
        _check_reversible(entry)
        found[entry.id] = entry
    missing = set(entry_ids) - set(found)
    if missing:
        raise Refusal("entry.unknown", "there is no entry {entry_id} in this entity", entry_id=min(missing))
    _lock_rows(leg for legs in _legs_of(list(found)).values() for leg in legs)
    for entry in list(found.values()):
        for dependent in _dependents(entry):
            # That a payment bounced does not bring back what we sent out of it.
            if dependent.kind == EntryKind.REFUND and dependent.id not in found:
                raise used_since(entry_id=dependent.id)
            found.setdefault(dependent.id, dependent)
    # An agreement is taken back as a whole, in every entity: not because one of its items changed.
    if (number := in_agreements(found.keys() - set(entry_ids))) is not None:
        raise used_since(entry_id=number)
    return list(found.values())


def _check_reversible(entry: JournalEntry) -> None:
    if entry.kind == EntryKind.REVERSAL:
        raise Refusal("entry.is_reversal", "a reversal is not reversed; post the entry again", entry_id=entry.id)
    if JournalEntry.objects.filter(reverses_id=entry.id).exists():
        raise Refusal("entry.already_reversed", "this entry has been reversed already", entry_id=entry.id)


def _dependents(entry: JournalEntry) -> list[JournalEntry]:
    if entry.kind == EntryKind.ITEM:
        using = Posting.objects.filter(item_id__in=_ids(OpenItem, entry))
    elif entry.kind == EntryKind.RECEIPT:
        using = Posting.objects.filter(receipt_id__in=_ids(Receipt, entry))
    elif entry.kind == EntryKind.IDENTIFY:
        moved = Posting.objects.filter(entry_id=entry.id, receipt__isnull=False).values_list("receipt_id", flat=True)
        identified = Q(ledger_account__in=[LedgerAccount.UNAPPLIED.value, LedgerAccount.ADVANCES.value])
        using = Posting.objects.filter(identified, receipt_id__in=set(moved), item=None)
    else:
        return []
    later = JournalEntry.objects.filter(id__in=using.values("entry_id")).exclude(id=entry.id)
    return list(later.exclude(kind=EntryKind.REVERSAL).filter(reversed_by__isnull=True))


def _ids(model: type[OpenItem] | type[Receipt], entry: JournalEntry) -> list[int]:
    """What an entry brought in, as a list: a sub-query would be planned without knowing how short it is."""
    return list(model.objects.filter(entry_id=entry.id).values_list("id", flat=True))


def _legs_of(entry_ids: Sequence[int]) -> dict[int, list[PostingDraft]]:
    legs: dict[int, list[PostingDraft]] = {number: [] for number in entry_ids}
    for posting in Posting.objects.filter(entry_id__in=list(entry_ids)).order_by("entry_id", "line"):
        legs[posting.entry_id].append(
            PostingDraft(
                LedgerAccount(posting.ledger_account),
                posting.currency,
                posting.amount_minor,
                posting.base_minor,
                posting.account_id,
                posting.item_id,
                posting.receipt_id,
            )
        )
    return legs
