"""The same request twice is one change, also when both come at once."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import connections

from huikuan.core.refusals import Refusal
from huikuan.store.models import IdempotencyKey, JournalEntry
from tests.core.test_money import refused
from tests.databases import LedgerDb
from tests.services.ledger import Ledger, entry_of_item, entry_of_receipt


@pytest.fixture
def ledger(ledger_db: LedgerDb) -> Ledger:
    return Ledger()


def at_once(*calls: Callable[[], object]) -> list[object]:
    """Runs calls in threads let go together; gives their answers, or the refusal each met, in order."""
    barrier = threading.Barrier(len(calls))
    answers: list[object] = [None] * len(calls)

    def run(number: int, call: Callable[[], object]) -> None:
        try:
            barrier.wait()
            answers[number] = call()
        except Refusal as refusal:
            answers[number] = refusal
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(600)
    return answers


def test_each_operation_gives_its_answer_again(ledger: Ledger) -> None:
    item = ledger.item(100, external_id="I", key="k")
    money = ledger.receipt(100, external_id="R", customer=None, key="k")
    calls: list[Callable[[], object]] = [
        lambda: ledger.item(100, external_id="I", key="k"),
        lambda: ledger.receipt(100, external_id="R", customer=None, key="k"),
        lambda: ledger.identify(money, key="k"),
        lambda: ledger.apply(money, (item, 60), key="k"),
        lambda: ledger.park(money, 10, key="k"),
        lambda: ledger.refund(money, 10, key="k"),
        lambda: ledger.reverse(entry_of_item(item), key="k"),
    ]
    for call in calls:
        first = call()
        count = JournalEntry.objects.count()
        assert call() == first
        assert JournalEntry.objects.count() == count
    assert IdempotencyKey.objects.count() == len(calls)


def test_a_key_belongs_to_one_body(ledger: Ledger) -> None:
    item, money = ledger.item(100), ledger.receipt(100)
    ledger.apply(money, (item, 60), key="k")
    with refused("idempotency.other_body"):
        ledger.apply(money, (item, 40), key="k")
    ledger.apply(money, (item, 40), key="other")


def test_keys_are_each_entitys_and_operations_own(ledger: Ledger) -> None:
    other = Ledger(code="E2")
    assert ledger.item(5, external_id="I", key="k") != other.item(5, external_id="I", key="k")
    ledger.receipt(5, key="k")
    assert IdempotencyKey.objects.count() == 3


def test_a_refused_request_keeps_no_key(ledger: Ledger) -> None:
    item, money = ledger.item(100), ledger.receipt(50)
    with refused("application.fund_exceeded"):
        ledger.apply(money, (item, 60), key="k")
    assert not IdempotencyKey.objects.exists()
    ledger.apply(money, (item, 50), key="k")


@pytest.mark.parametrize("turn", range(3))
def test_twins_at_once_get_one_answer(ledger: Ledger, turn: int) -> None:
    """All of the money, and an identity that exists once: whoever comes second must not be refused."""
    item, money = ledger.item(100), ledger.receipt(100)
    answers = at_once(*[lambda: ledger.apply(money, (item, 100), key="k")] * 4)
    assert len(set(answers)) == 1, answers
    assert isinstance(answers[0], int)
    items = at_once(*[lambda: ledger.item(7, external_id="same", key="k")] * 4)
    assert len(set(items)) == 1, items
    reversals = at_once(*[lambda: tuple(ledger.reverse(entry_of_receipt(money), key="k"))] * 3)
    assert len(set(reversals)) == 1, reversals
    assert ledger.open_of(item) == (100, 100)
