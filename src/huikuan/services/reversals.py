"""Taking entries back: unapply, reverse a receipt (a bounced payment), an item, anything. Nothing is ever deleted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from huikuan.core.accounts import EntryKind, LedgerAccount
from huikuan.core.journal import PostingDraft, reverse_draft
from huikuan.core.refusals import Refusal
from huikuan.services.auditing import record
from huikuan.services.books import Books, open_books
from huikuan.services.idempotency import once
from huikuan.services.writing import Unit
from huikuan.store.models import JournalEntry, OpenItemBalance, Posting, ReceiptBalance


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
    an item first takes its applications back, so the money is unapplied again. Counts from ``on``, in an open period.
    Refuses ``entry.unknown``, ``entry.already_reversed``, ``entry.is_reversal``, ``entry.before_original``.
    """

    def work() -> dict[str, list[int]]:
        books = open_books(entity_id)
        unit = Unit(entity_id, actor_id, now)
        ids = add_reversals(unit, books, [entry_id], on=on, memo=memo)
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
    """Collects the reversals of entries and of all that stands on them, newest first; the caller flushes."""
    wanted = _with_dependents(unit.entity_id, entry_ids)
    legs_by_entry = _legs_of([entry.id for entry in wanted])
    touched_items = {leg.item_id for legs in legs_by_entry.values() for leg in legs if leg.item_id is not None}
    touched_receipts = {leg.receipt_id for legs in legs_by_entry.values() for leg in legs if leg.receipt_id is not None}
    list(OpenItemBalance.objects.select_for_update().filter(item_id__in=touched_items).order_by("item_id"))
    list(ReceiptBalance.objects.select_for_update().filter(receipt_id__in=touched_receipts).order_by("receipt_id"))
    ids = []
    for entry in sorted(wanted, key=lambda row: row.id, reverse=True):
        day = books.posting_day(max(on, entry.effective_date))
        draft = reverse_draft(
            entry.id,
            legs_by_entry[entry.id],
            effective_date=day.effective_date,
            posting_date=max(day.posting_date, entry.posting_date),
            memo=memo,
        )
        ids.append(unit.add_entry(draft))
    return ids


def _with_dependents(entity_id: int, entry_ids: Sequence[int]) -> list[JournalEntry]:
    """The entries asked for and those later ones, not reversed themselves, that use the items or receipts they made."""
    found: dict[int, JournalEntry] = {}
    for entry in JournalEntry.objects.select_for_update(of=("self",)).filter(id__in=list(entry_ids), entity_id=entity_id):
        _check_reversible(entry)
        found[entry.id] = entry
    missing = set(entry_ids) - set(found)
    if missing:
        raise Refusal("entry.unknown", "there is no entry {entry_id} in this entity", entry_id=min(missing))
    for entry in list(found.values()):
        if entry.kind in (EntryKind.ITEM, EntryKind.RECEIPT):
            for dependent in _dependents(entry):
                found.setdefault(dependent.id, dependent)
    return list(found.values())


def _check_reversible(entry: JournalEntry) -> None:
    if entry.kind == EntryKind.REVERSAL:
        raise Refusal("entry.is_reversal", "a reversal is not reversed; post the entry again", entry_id=entry.id)
    if JournalEntry.objects.filter(reverses_id=entry.id).exists():
        raise Refusal("entry.already_reversed", "this entry has been reversed already", entry_id=entry.id)


def _dependents(entry: JournalEntry) -> list[JournalEntry]:
    if entry.kind == EntryKind.ITEM:
        using = Posting.objects.filter(item__entry_id=entry.id)
    else:
        using = Posting.objects.filter(receipt__entry_id=entry.id)
    later = JournalEntry.objects.filter(id__in=using.values("entry_id")).exclude(id=entry.id)
    return list(later.exclude(kind=EntryKind.REVERSAL).filter(reversed_by__isnull=True))


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
