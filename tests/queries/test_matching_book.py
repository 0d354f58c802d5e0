"""The matcher's book kept in a process is, after whatever was posted by whomever, the book read and built anew."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

import pytest

from huikuan.engines.match_book import Book
from huikuan.queries import matching_book
from huikuan.queries.matching_book import ready_book
from huikuan.queries.matching_tables import customers_table, open_items_table
from huikuan.services.customer_file import add_alias
from huikuan.services.sealing import seal
from huikuan.store.models import CustomerAccount, OpenItemBalance
from tests.engines.test_match_grown import parts
from tests.services.ledger import DAY, NOW, Ledger

pytestmark = pytest.mark.practice("E3")
TODAY = DAY + timedelta(days=60)


class Desk:
    """A ledger, the books two processes keep of it, and how often they were built from everything."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.books, self.patch, self.built = Ledger("EUR"), monkeypatch, 0
        self.shelves = [matching_book._Shelf(), matching_book._Shelf()]
        self.paid: list[int] = []
        monkeypatch.setattr(matching_book, "open_items_table", self._read)

    def _read(self, entity_id: int) -> Any:
        self.built += 1
        return open_items_table(entity_id)

    def check(self, process: int, today: date = TODAY) -> None:
        self.patch.setattr(matching_book, "shelf", self.shelves[process])
        made = parts(ready_book(self.books.entity_id, today=today).book)
        items = matching_book._until(open_items_table(self.books.entity_id), today)
        assert made == parts(Book(items, customers_table(self.books.entity_id, on=today)))

    def step(self, lots: Random, number: int) -> None:
        """One thing that happens in a company."""
        opened = [one.item_id for one in OpenItemBalance.objects.filter(open_minor__gt=0, is_current=True)]
        deed = lots.choice(("item", "item", "credit", "pay", "pay", "pay", "seal", "mirror", "reverse"))
        if deed in ("item", "credit"):
            minor = lots.randrange(100, 900) * (1 if deed == "item" else -1)
            shown = f"INV-{10_000 + number % 7}" if lots.random() < 0.3 else f"RE/2026/{number:05}"
            day = DAY + timedelta(days=lots.randrange(-9, 9))
            self.books.item(minor, customer=f"C{lots.randrange(1, 5)}", document_number=shown, on=day)
        elif deed == "pay" and opened:
            item = lots.choice(opened)
            owner, left = OpenItemBalance.objects.values_list("account_id", "open_minor").get(item_id=item)
            name = next(name for name, account in self.books.accounts.items() if account == owner)
            part, day = lots.choice((left, left // 2 or left)), DAY + timedelta(days=9)
            receipt = self.books.receipt(part, customer=name, on=day)
            self.paid.append(self.books.apply(receipt, (item, part), on=day))
        elif deed == "reverse" and self.paid:
            self.books.reverse(self.paid.pop(), on=DAY + timedelta(days=9))
        elif deed in ("seal", "mirror"):
            seal(now=NOW + timedelta(minutes=number), mirror=deed == "mirror")


def test_the_book_kept_is_the_book_read(ledger_db: object, monkeypatch: pytest.MonkeyPatch) -> None:
    desk, lots = Desk(monkeypatch), Random(7)
    for number in range(1, 5):
        desk.books.customer(f"C{number}")
    seal(now=NOW)
    for number in range(80):
        desk.step(lots, number)
        if number % 3:
            desk.check(process=number % 2)
    assert desk.built == 2, "built once in each process, and brought up from then on"


def test_customers_and_days_count(ledger_db: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name more, a customer more, another day: each changes what a line may mean."""
    desk = Desk(monkeypatch)
    desk.books.item(100, document_number="INV-1", on=DAY)
    desk.books.item(100, document_number="INV-2", on=DAY + timedelta(days=2))
    desk.check(0, DAY)
    add_alias(CustomerAccount.objects.get().customer_id, "Known otherwise", actor_id=None, now=NOW)
    desk.check(0, DAY)
    desk.books.item(100, customer="C2", document_number="INV-3", on=DAY)
    desk.check(0, DAY)
    desk.check(0, DAY + timedelta(days=2))
    assert desk.built == 4
    assert len(desk.shelves[0].kept) == 1, "yesterday's book is of no use any more"


def test_what_is_too_much_to_keep_is_not_kept(ledger_db: object, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(monkeypatch)
    monkeypatch.setattr(matching_book, "ITEMS_MAX", 1)
    desk.books.item(100, document_number="INV-1", on=DAY)
    desk.check(0)
    assert len(desk.shelves[0].kept) == 1
    desk.books.item(100, document_number="INV-2", on=DAY)
    desk.check(0)
    assert len(desk.shelves[0].kept) == 0
