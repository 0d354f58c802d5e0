"""What wallets keep, as their bills tell it: booked where the payment is, so that the receipt is what the payer paid.

A fee is set off against payables, as a platform's fee is: the wallet's invoice for it is an expense there when it
arrives. What is given back with a refund is booked the other way round.
"""

from __future__ import annotations

from collections.abc import Sequence

from huikuan.core.accounts import EntryKind, LedgerAccount
from huikuan.core.journal import EntryDraft, PostingDraft
from huikuan.services.bank_fitting import FittedLine
from huikuan.services.books import Books
from huikuan.services.writing import Unit
from huikuan.store.rows import insert_rows

Fee = tuple[int, int, int]
"""The line's number, the entry's, and the fee."""


def add_fees(unit: Unit, books: Books, lines: Sequence[tuple[int, FittedLine]], memo: str) -> list[Fee]:
    """Collects the entries of what was kept of lines (number, line); the caller flushes, then ``keep_fees``."""
    kept = [(number, one) for number, one in lines if one.kept_minor]
    entry_ids = unit.new_ids("entry", len(kept)) if kept else []
    for entry_id, (_, one) in zip(entry_ids, kept, strict=True):
        unit.add_entry(_entry(books, one, memo), entry_id)
    return [(number, entry_id, one.kept_minor) for entry_id, (number, one) in zip(entry_ids, kept, strict=True)]


def _entry(books: Books, one: FittedLine, memo: str) -> EntryDraft:
    currency, minor = one.line.currency, one.kept_minor
    day = books.posting_day(one.value_date)
    base = books.to_base(minor, currency, day.effective_date)
    legs = (
        PostingDraft(LedgerAccount.PAYABLES, currency, minor, base),
        PostingDraft(LedgerAccount.BANK, currency, -minor, -base),
    )
    return EntryDraft(EntryKind.OFFSET, day.effective_date, day.posting_date, legs, memo=memo)


def keep_fees(fees: Sequence[Fee]) -> None:
    """Remembers which entry is which line's fee."""
    insert_rows("store_banklinefee", ("line_id", "entry_id", "amount_minor"), fees)
