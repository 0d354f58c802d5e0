"""The matcher's book of an entity, ready: kept in this process and brought up to the ledger by what changed.

A line is worked out against everything that is open. Putting all that in order takes long where much is open, and
between two lines little of it changes. What changed is read from the journal: entries only ever come, and those since
the last look are the ones that are not sealed or have a later number. So it does not matter which process made them.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection

from huikuan.engines.match_book import Book, units_of
from huikuan.engines.match_grown import grown, place_of
from huikuan.engines.match_payers import Directory
from huikuan.mirror.reader import Snapshot, open_snapshot
from huikuan.queries.matching_tables import customers_table, items_table, open_items_table

MANY = 2_000
"""So many items touched are better read together with all others."""
GROWN_MAX = 20_000
"""Items that came or went since all was last read, from which on it is read anew: what goes leaves its names behind."""
ITEMS_MAX = 1_500_000
"""Items in the books a process keeps: of a million it takes some 800 MB."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A book of what is open, and the directory of its customers. Neither is changed by those who use it."""

    book: Book
    directory: Directory


@dataclass(slots=True)
class _Kept:
    ready: Ready
    today: date
    customers: Any
    seq: int
    changes: int = 0


@dataclass(slots=True)
class _Shelf:
    """Books by ledger and entity, the longest unused first."""

    kept: OrderedDict[Hashable, _Kept] = field(default_factory=OrderedDict)
    locks: dict[Hashable, threading.Lock] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def lock_of(self, key: Hashable) -> threading.Lock:
        with self.lock:
            return self.locks.setdefault(key, threading.Lock())

    def put(self, key: Hashable, one: _Kept) -> None:
        with self.lock:
            self.kept[key] = one
            self.kept.move_to_end(key)
            while len(self.kept) > 1 and sum(len(held.ready.book.shown) for held in self.kept.values()) > ITEMS_MAX:
                dropped, _ = self.kept.popitem(last=False)
                self.locks.pop(dropped, None)
            if len(one.ready.book.shown) > ITEMS_MAX:
                del self.kept[key]

    def clear(self) -> None:
        with self.lock:
            self.kept.clear()


shelf = _Shelf()


def ready_book(entity_id: int, *, today: date) -> Ready:
    """What is open in an entity now and was written until ``today``, with its customers as they are now."""
    with open_snapshot() as snapshot:
        key, seq = (snapshot.ledger, entity_id), snapshot.known_seq
        with shelf.lock_of(key):
            kept = shelf.kept.get(key)
            customers = customers_table(entity_id, on=today)
            one = None
            if kept is not None and kept.today == today:
                one = _brought_up(kept, entity_id, customers, snapshot)
            if one is None:
                book = Book(_until(open_items_table(entity_id), today), customers)
                one = _Kept(Ready(book, Directory(book)), today, customers, seq)
            shelf.put(key, one)
            return one.ready


def _brought_up(kept: _Kept, entity_id: int, customers: Any, snapshot: Snapshot) -> _Kept | None:
    """The book kept as it would be read now; ``None`` where it has to be read."""
    touched = _touched(snapshot, kept.seq)
    if touched is None or kept.changes > GROWN_MAX or not customers.equals(kept.customers):
        return None
    book, today = kept.ready.book, kept.today
    rows = items_table(entity_id, touched)
    rows = rows.filter(pa.array(_differs(book, rows, today), pa.bool_()))
    if not rows.num_rows:
        return _Kept(kept.ready, today, customers, snapshot.known_seq, kept.changes)
    pairs = zip(rows.column("customer_id").to_pylist(), rows.column("item_id").to_pylist(), strict=True)
    still = rows.filter(pc.not_equal(rows.column("open_amount"), 0))
    made = grown(book, pairs, _until(still, today))
    if made is None:
        return None
    changes = kept.changes + rows.num_rows
    return _Kept(Ready(made, kept.ready.directory), today, customers, snapshot.known_seq, changes)


def _touched(snapshot: Snapshot, seq: int) -> list[int] | None:
    """Items that entries after a sealed number name; ``None`` where these are many."""
    journal, in_files = snapshot.relations.tails["journal"], snapshot.relations.in_files
    later = pc.fill_null(pc.greater(journal["ledger_seq"], seq), True)
    found = set(pc.unique(journal.filter(later)["item_id"]).drop_null().to_pylist())
    if in_files > seq and len(found) <= MANY:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT DISTINCT p.item_id FROM store_seal s JOIN store_posting p ON p.entry_id = s.entry_id"
                " WHERE s.ledger_seq > %s AND s.ledger_seq <= %s AND p.item_id IS NOT NULL LIMIT %s",
                [seq, in_files, MANY + 1],
            )
            found.update(number for (number,) in cursor.fetchall())
    return None if len(found) > MANY else sorted(found)


def _differs(book: Book, rows: Any, today: date) -> list[bool]:
    """Which of the rows the book does not have as they are."""
    found = []
    columns = (rows.column(name).to_pylist() for name in ("customer_id", "item_id", "document_date"))
    for customer, item, written, units in zip(*columns, units_of(rows.column("open_amount")).tolist(), strict=True):
        at = place_of(book, customer, item)
        held = 0 if at is None else int(book.open_amounts[at])
        found.append(held != (units if written <= today else 0))
    return found


def _until(items: Any, day: date) -> Any:
    return items.filter(pc.less_equal(items.column("document_date"), pa.scalar(day, pa.date32())))
