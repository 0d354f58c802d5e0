"""Many at once: every writer gets its way or a named refusal, and the sums hold."""

from __future__ import annotations

import random
import threading
from datetime import date

import pytest
from django.db import connections

from huikuan.core.accounts import EntryKind
from huikuan.core.applications import Order
from huikuan.core.periods import PeriodState
from huikuan.core.refusals import Refusal
from huikuan.services.customers import NewCustomer, add_customers
from huikuan.store.models import Customer, JournalEntry
from tests.core.test_money import refused
from tests.databases import LedgerDb
from tests.services.ledger import DAY, Ledger, entry_of_item, entry_of_receipt
from tests.services.test_idempotency import at_once
from tests.simulation.invariants import check_invariants


@pytest.fixture
def ledger(ledger_db: LedgerDb) -> Ledger:
    return Ledger()


def codes(answers: list[object]) -> list[str]:
    return sorted(answer.code if isinstance(answer, Refusal) else "done" for answer in answers)


def test_two_people_apply_the_same_receipt(ledger: Ledger) -> None:
    one, two, money = ledger.item(100), ledger.item(100), ledger.receipt(100)
    answers = at_once(lambda: ledger.apply(money, (one, 80)), lambda: ledger.apply(money, (two, 80)))
    assert codes(answers) == ["application.fund_exceeded", "done"]
    assert sorted([ledger.open_of(one)[0], ledger.open_of(two)[0]]) == [20, 100]
    check_invariants()


def test_two_receipts_that_both_fit_one_item(ledger: Ledger) -> None:
    item = ledger.item(100)
    money = [ledger.receipt(60), ledger.receipt(40), ledger.receipt(1)]
    answers = at_once(lambda: ledger.apply(money[0], (item, 60)), lambda: ledger.apply(money[1], (item, 40)))
    assert codes(answers) == ["done", "done"]
    assert ledger.open_of(item) == (0, 0)
    check_invariants()


def test_two_receipts_of_which_one_fits(ledger: Ledger) -> None:
    item, one, two = ledger.item(100), ledger.receipt(70), ledger.receipt(70)
    answers = at_once(lambda: ledger.apply(one, (item, 70)), lambda: ledger.apply(two, (item, 70)))
    assert codes(answers) == ["application.over_applied", "done"]
    assert ledger.open_of(item) == (30, 30)
    check_invariants()


def test_money_applied_while_it_bounces(ledger: Ledger) -> None:
    for _ in range(4):
        item, money = ledger.item(100), ledger.receipt(100)
        entry = entry_of_receipt(money)
        answers = at_once(lambda m=money, i=item: ledger.apply(m, (i, 100)), lambda e=entry: ledger.reverse(e))
        assert codes(answers) in (["application.fund_exceeded", "done"], ["done", "done"])
        assert ledger.open_of(item) == (100, 100)
        assert ledger.money_of(money) == (0, 0, 0)
    check_invariants()


def test_an_item_paid_while_it_is_taken_back(ledger: Ledger) -> None:
    for _ in range(4):
        item, money = ledger.item(100), ledger.receipt(100)
        entry = entry_of_item(item)
        answers = at_once(lambda m=money, i=item: ledger.apply(m, (i, 100)), lambda e=entry: ledger.reverse(e))
        assert codes(answers) in (["application.over_applied", "done"], ["done", "done"])
        assert ledger.open_of(item) == (0, 0)
        assert ledger.money_of(money) == (0, 100, 0)
    check_invariants()


def test_one_entry_is_taken_back_once(ledger: Ledger) -> None:
    entry = ledger.apply(ledger.receipt(100), (ledger.item(100), 100))
    answers = at_once(*[lambda: ledger.reverse(entry)] * 4)
    assert codes(answers) == ["done", *["entry.already_reversed"] * 3]
    check_invariants()


def test_the_same_document_comes_twice(ledger: Ledger) -> None:
    answers = at_once(*[lambda: ledger.item(5, external_id="same")] * 3)
    assert codes(answers) == ["done", "item.exists", "item.exists"]


def test_two_write_off_what_is_there_once(ledger: Ledger) -> None:
    item = ledger.item(100)
    answers = at_once(*[lambda: ledger.settle(EntryKind.WRITE_OFF, item, 100)] * 3)
    assert codes(answers) == ["application.over_applied", "application.over_applied", "done"]
    assert ledger.open_of(item) == (0, 0)


def test_opposite_orders_end_well(ledger: Ledger) -> None:
    """Items named forwards and backwards, receipts crosswise: waits, perhaps a deadlock, never an error."""
    items = [ledger.item(1000) for _ in range(6)]
    receipts = [ledger.receipt(1000) for _ in range(4)]

    def work(number: int) -> None:
        shuffled = random.Random(number)
        for _ in range(6):
            order = shuffled.sample(items, 4)
            entry = ledger.apply(shuffled.choice(receipts), *[(item, 3) for item in order])
            if shuffled.random() < 0.5:
                ledger.reverse(entry)

    answers = at_once(*[lambda n=number: work(n) for number in range(4)])
    assert answers == [None] * 4
    check_invariants()


def test_oldest_first_from_many_sides(ledger: Ledger) -> None:
    items = [ledger.item(10) for _ in range(10)]
    receipts = [ledger.receipt(30) for _ in range(4)]
    answers = at_once(*[lambda r=money: ledger.spread(r, Order.OLDEST_FIRST) for money in receipts])
    assert set(codes(answers)) <= {"done", "application.nothing"}
    left = sum(ledger.open_of(item)[0] for item in items)
    unapplied = sum(ledger.money_of(money)[1] for money in receipts)
    assert unapplied - left == 120 - 100
    assert left == 0
    check_invariants()


@pytest.mark.practice("D8")
def test_a_month_closes_while_people_post(ledger: Ledger) -> None:
    """Whoever came before the close counts in the month; whoever came after does not; nobody slips in."""
    ledger.item(1)
    done = threading.Event()
    seen: list[int] = []

    def post() -> None:
        try:
            while not done.is_set():
                seen.append(ledger_item())
        finally:
            done.set()

    def ledger_item() -> int:
        with lock:
            name = ledger.next_name("X")
        return ledger.item(1, external_id=name)

    def close() -> int:
        while len(seen) < 10 and not done.is_set():
            done.wait(0.005)
        ledger.set_period(DAY, PeriodState.CLOSED)
        last = JournalEntry.objects.filter(posting_date__lt=date(2026, 4, 1)).count()
        goal = len(seen) + 10
        while len(seen) < goal and not done.is_set():
            done.wait(0.005)
        done.set()
        return last

    lock = threading.Lock()
    answers = at_once(post, post, close)
    count = JournalEntry.objects.filter(posting_date__lt=date(2026, 4, 1)).count()
    assert answers[2] == count
    assert JournalEntry.objects.filter(posting_date=date(2026, 4, 1)).count() == len(seen) + 1 - count
    connections.close_all()
    check_invariants()


@pytest.mark.practice("D7")
def test_a_month_is_revalued_once_by_two(ledger: Ledger) -> None:
    ledger.rate("USD", "7")
    ledger.rate("USD", "8", date(2026, 3, 31))
    ledger.item(100, "USD")
    answers = at_once(*[lambda: len(ledger.revalue(DAY))] * 3)
    assert sorted(answers, key=str) == [0, 0, 1]


def test_many_bring_the_same_customer(ledger: Ledger) -> None:
    new = [NewCustomer(f"N{number}", f"Customer {number}") for number in range(5)]

    def add() -> tuple[int, ...]:
        return tuple(add_customers(ledger.entity_id, new, source="manual", **ledger.common).values())

    answers = at_once(add, add, add)
    assert len(set(answers)) == 1, answers
    assert Customer.objects.count() == 1 + 5


def test_a_name_in_the_data_does_not_name_the_refusal(ledger: Ledger) -> None:
    ledger.item(5, external_id="reverses_id item_balance_bounded")
    with refused("item.exists"):
        ledger.item(5, external_id="reverses_id item_balance_bounded")
