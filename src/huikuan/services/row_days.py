"""From which day items and receipts count, so that nothing is posted to them before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from django.db import connection

from huikuan.core.journal import PostingDraft
from huikuan.core.periods import PostingDay
from huikuan.services.books import Books

_PART = 5_000
_ITEMS = "SELECT id, posting_date FROM store_openitem WHERE id IN"
_RECEIPTS = "SELECT id, posting_date FROM store_receipt WHERE id IN"


def _day(value: date | str) -> date:
    """SQLite gives dates as text to queries that do not go through a model."""
    return date.fromisoformat(value) if isinstance(value, str) else value


@dataclass(slots=True)
class RowDays:
    """Posting dates of items and receipts, read once each: they never change."""

    items: dict[int, date] = field(default_factory=dict)
    receipts: dict[int, date] = field(default_factory=dict)

    def read(self, item_ids: Iterable[int], receipt_ids: Iterable[int]) -> None:
        wanted = (
            (_ITEMS, self.items, sorted(set(item_ids) - self.items.keys())),
            (_RECEIPTS, self.receipts, sorted(set(receipt_ids) - self.receipts.keys())),
        )
        with connection.cursor() as cursor:
            for sql, known, missing in wanted:
                for start in range(0, len(missing), _PART):
                    part = missing[start : start + _PART]
                    cursor.execute(f"{sql} ({', '.join(['%s'] * len(part))})", part)
                    known.update((number, _day(value)) for number, value in cursor.fetchall())

    def posting_day(self, books: Books, on: date, legs: Iterable[PostingDraft]) -> PostingDay:
        """The day an entry counts from: by the entity's periods, and not before the rows it moves are there.

        Money applied on the 5th to an invoice of the 10th counts from the 10th; until then it is unapplied. The true
        day stays as the effective date.
        """
        item_ids = {leg.item_id for leg in legs if leg.item_id is not None}
        receipt_ids = {leg.receipt_id for leg in legs if leg.receipt_id is not None}
        self.read(item_ids, receipt_ids)
        day = books.posting_day(on)
        rows = [self.items[number] for number in item_ids] + [self.receipts[number] for number in receipt_ids]
        latest = max(rows, default=day.posting_date)
        if latest <= day.posting_date:
            return day
        return PostingDay(day.effective_date, books.posting_day(latest).posting_date)
