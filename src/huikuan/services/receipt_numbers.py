"""Numbers of money that is typed in by hand: ``RC-2026-000123``, rising by entity and year.

A number is taken with the posting and given back when that fails. Until then only others who type money into the same
entity wait. Unlike receipts for cash, gaps would be allowed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import connection

from huikuan.services.books import Books
from huikuan.store.models import Receipt

if TYPE_CHECKING:
    from huikuan.services.receipts import NewReceipt

_TAKE = (
    "INSERT INTO store_receiptcounter (entity_id, year, last) VALUES (%s, %s, 1)"
    " ON CONFLICT (entity_id, year) DO UPDATE SET last = store_receiptcounter.last + 1 RETURNING last"
)


def number_receipts(books: Books, receipts: Sequence[NewReceipt], source_id: int, now: datetime) -> list[NewReceipt]:
    """Those without an external id get the next number of the year in which they are typed."""
    year = books.day_of(now).year
    return [
        one if one.external_id else replace(one, external_id=_take(books.entity_id, source_id, year))
        for one in receipts
    ]


def _take(entity_id: int, source_id: int, year: int) -> str:
    """The next number that nothing from this source goes by: a file may have used one like it."""
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_TAKE, [entity_id, year])
            text = f"RC-{year}-{cursor.fetchone()[0]:06d}"
        if not Receipt.objects.filter(entity_id=entity_id, source_id=source_id, external_id=text).exists():
            return text
