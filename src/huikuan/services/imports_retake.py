"""Applications taken back because a document changed, posted again on its new version as far as they fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from huikuan.core.accounts import CONTROL_ACCOUNTS, EntryKind, LedgerAccount
from huikuan.core.applications import Line, OpenRow, credit_legs, fund_legs, settlement_legs
from huikuan.core.journal import EntryDraft, PostingDraft
from huikuan.core.money import share
from huikuan.queries.funds import fund_of
from huikuan.services.books import Books
from huikuan.services.locking import lock_items, lock_receipt
from huikuan.services.source_settlements import unmet_settlements
from huikuan.services.writing import Unit
from huikuan.store.models import JournalEntry, OpenItem, Posting, Receipt, SourceSettlement

_FUNDS = (LedgerAccount.UNAPPLIED, LedgerAccount.ADVANCES)
Legs = Sequence[PostingDraft]


def retake_entries(
    books: Books,
    entries: Sequence[JournalEntry],
    items: Mapping[int, int],
    receipts: Mapping[int, int],
    actor_id: int | None,
    now: datetime,
    *,
    account_id: int | None = None,
) -> int:
    """Posts entries again that were reversed with an item or receipt, on the version that replaced it.

    ``items`` and ``receipts``: former id → new id. An amount that no longer fits is cut; the money stays unapplied.
    What has no simple counterpart (a refund, a payment across currencies) is left for a person. ``account_id``: whose a
    changed receipt is now; items of another customer are not paid from it. Gives how many were posted again.
    """
    done = 0
    for entry in entries:
        legs = [_mapped(leg, items, receipts) for leg in legs_of(entry.id)]
        fresh = _decide(books, entry, legs, account_id)
        if fresh is None:
            continue
        effective = books.posting_day(max(entry.effective_date, _first_day(legs, "effective_date")))
        posting = books.posting_day(max(entry.posting_date, effective.posting_date, _first_day(legs, "posting_date")))
        unit = Unit(books.entity_id, actor_id, now, entry.source_id)
        number = unit.add_entry(
            EntryDraft(
                EntryKind(entry.kind),
                effective.effective_date,
                posting.posting_date,
                fresh,
                memo=entry.memo,
                external_id=entry.external_id,
                source_recorded_at=entry.source_recorded_at,
            )
        )
        unit.flush()
        for former, new in items.items():
            SourceSettlement.objects.filter(entry_id=entry.id, item_id=former).update(entry_id=number, item_id=new)
        done += 1
    return done


def legs_of(entry_id: int) -> list[PostingDraft]:
    """The legs of a posted entry, in order."""
    return [
        PostingDraft(
            LedgerAccount(row.ledger_account),
            row.currency,
            row.amount_minor,
            row.base_minor,
            row.account_id,
            row.item_id,
            row.receipt_id,
        )
        for row in Posting.objects.filter(entry_id=entry_id).order_by("line")
    ]


def _mapped(leg: PostingDraft, items: Mapping[int, int], receipts: Mapping[int, int]) -> PostingDraft:
    return replace(
        leg,
        item_id=items.get(leg.item_id, leg.item_id) if leg.item_id is not None else None,
        receipt_id=receipts.get(leg.receipt_id, leg.receipt_id) if leg.receipt_id is not None else None,
    )


def _first_day(legs: Legs, name: str) -> date:
    items = {leg.item_id for leg in legs if leg.item_id is not None}
    receipts = {leg.receipt_id for leg in legs if leg.receipt_id is not None}
    days: list[date] = list(OpenItem.objects.filter(id__in=items).values_list(name, flat=True))
    days += Receipt.objects.filter(id__in=receipts).values_list(name, flat=True)
    return max(days)


def _decide(books: Books, entry: JournalEntry, legs: Legs, account_id: int | None) -> tuple[PostingDraft, ...] | None:
    """The legs of the entry on the rows as they are now; ``None`` where nothing of it fits or it is not simple."""
    if any(leg.ledger_account == LedgerAccount.EXCHANGE_CLEARING for leg in legs):
        return None
    rows = lock_items(books.entity_id, [leg.item_id for leg in legs if leg.item_id is not None])
    if any(leg.item_id is not None and _opens(leg, rows[leg.item_id]) for leg in legs):
        return _reopened(books, legs, rows)
    funds = [leg for leg in legs if leg.item_id is None and leg.receipt_id is not None and leg.ledger_account in _FUNDS]
    if funds:
        if entry.kind != EntryKind.APPLICATION or len(funds) != 1:
            return None
        return _from_money(books, funds[0], legs, rows, account_id)
    item_legs = [leg for leg in legs if leg.item_id is not None and leg.ledger_account in CONTROL_ACCOUNTS]
    if len(item_legs) == 1 and len(legs) == 2:
        row = rows[item_legs[0].item_id or 0]
        contra = next(leg for leg in legs if leg is not item_legs[0])
        amount = _capped(-item_legs[0].amount_minor, row.open_minor)
        return settlement_legs(row, amount, contra.ledger_account) if amount else None
    if entry.kind == EntryKind.APPLICATION and len(item_legs) == sum(leg.item_id is not None for leg in legs):
        return _from_credit(item_legs, rows)
    return None


def _opens(leg: PostingDraft, row: OpenRow) -> bool:
    """Whether a leg takes back (part of) an earlier application to its item."""
    return leg.ledger_account == row.ledger_account and leg.amount_minor * row.original_minor > 0


def _reopened(books: Books, legs: Legs, rows: Mapping[int, OpenRow]) -> tuple[PostingDraft, ...] | None:
    """An application partly taken back is taken back again, where no item would be open for more than it is. Two legs
    in a foreign currency get the base value the item has now; more of them are left for a person."""
    if any(leg.currency != books.currency for leg in legs):
        if len(legs) != 2:
            return None
        legs = _revalued(legs, rows)
    for leg in legs:
        row = rows.get(leg.item_id or 0)
        if row is not None and leg.ledger_account == row.ledger_account:
            left = row.open_minor + leg.amount_minor
            if left * row.original_minor < 0 or abs(left) > abs(row.original_minor):
                return None
        if leg.receipt_id is not None and leg.item_id is None:
            receipt, balance = lock_receipt(books.entity_id, leg.receipt_id)
            if not 0 <= balance.unapplied_minor - leg.amount_minor <= receipt.amount_minor:
                return None
    return tuple(legs)


def _revalued(legs: Legs, rows: Mapping[int, OpenRow]) -> Legs:
    opening = next(leg for leg in legs if leg.item_id is not None and _opens(leg, rows[leg.item_id]))
    item = OpenItem.objects.get(id=opening.item_id or 0)
    base = share(item.base_minor, opening.amount_minor, item.amount_minor)
    return [replace(leg, base_minor=base if leg is opening else -base) for leg in legs]


def _capped(wanted: int, available: int) -> int:
    """As much of ``wanted`` as there is, in its own sign; nothing where the signs differ."""
    if wanted * available <= 0:
        return 0
    return min(wanted, available) if wanted > 0 else max(wanted, available)


def _from_money(
    books: Books, fund_leg: PostingDraft, legs: Legs, rows: Mapping[int, OpenRow], account_id: int | None
) -> tuple[PostingDraft, ...] | None:
    receipt, balance = lock_receipt(books.entity_id, fund_leg.receipt_id or 0)
    fund = fund_of(receipt, balance, fund_leg.ledger_account)
    if account_id is not None and fund.account_id != account_id:
        return None
    unmet = unmet_settlements(rows)
    left, lines = fund.available_minor, []
    for leg in legs:
        if leg.item_id is None or leg.amount_minor >= 0:
            continue
        settled = leg.ledger_account == LedgerAccount.SOURCE_SETTLEMENT
        row = unmet.get(leg.item_id) if settled else rows[leg.item_id]
        if row is None or row.currency != fund.currency or row.account_id != fund.account_id:
            continue
        discount = sum(
            one.amount_minor
            for one in legs
            if one.item_id == leg.item_id and one.ledger_account == LedgerAccount.DISCOUNT
        )
        discount = 0 if settled else discount
        amount = max(min(-leg.amount_minor - discount, row.open_minor, left), 0)
        discount = max(min(discount, row.open_minor - amount), 0)
        if amount:
            lines.append(Line(row, amount, discount))
            left -= amount
    return fund_legs(fund, lines) if lines else None


def _from_credit(item_legs: Legs, rows: Mapping[int, OpenRow]) -> tuple[PostingDraft, ...] | None:
    credits_ = [leg for leg in item_legs if leg.amount_minor > 0]
    if len(credits_) != 1:
        return None
    credit = rows[credits_[0].item_id or 0]
    left, lines = -credit.open_minor, []
    for leg in item_legs:
        if leg.amount_minor < 0:
            row = rows[leg.item_id or 0]
            amount = max(min(-leg.amount_minor, row.open_minor, left), 0)
            if amount and row.account_id == credit.account_id and row.currency == credit.currency:
                lines.append(Line(row, amount))
                left -= amount
    return credit_legs(credit, lines) if lines else None
