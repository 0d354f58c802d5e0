"""What a source reported as settled: proposed, decided by a person, met by money, never counted twice."""

from __future__ import annotations

from datetime import date

import pytest

from huikuan.core.accounts import LedgerAccount
from huikuan.core.applications import Order
from huikuan.services.source_settlements import decide_settlements, proposals_of, propose
from huikuan.store.models import ImportBatch, OpenItem, SourceSettlement
from tests.core.test_money import refused
from tests.databases import LedgerDb
from tests.services.ledger import DAY, NOW, Ledger, legs_of, sum_of
from tests.services.test_idempotency import at_once
from tests.simulation.invariants import check_invariants

pytestmark = pytest.mark.practice("D4")


@pytest.fixture
def ledger(ledger_db: LedgerDb) -> Ledger:
    return Ledger()


def proposed(item: int, amount: int) -> int:
    """Proposes a settlement as an import does; gives its id."""
    batch = ImportBatch.objects.create(
        kind="items",
        source_id=OpenItem.objects.get(id=item).source_id,
        feed="snapshot",
        file_name="-",
        file_sha256="-",
        folder="-",
        created_at=NOW,
    )
    assert propose(batch.id, [(item, amount)], settled_on=DAY) == 1
    [number] = proposals_of(batch.id)
    return number


def decide(*numbers: int, accept: bool = True) -> list[int]:
    return decide_settlements(numbers, accept=accept, actor_id=None, now=NOW)


def state_of(number: int) -> tuple[str, int]:
    row = SourceSettlement.objects.get(id=number)
    return row.state, row.met_minor


def test_accepted_it_settles_the_item_and_waits_for_money(ledger: Ledger) -> None:
    item = ledger.item(100)
    number = proposed(item, 60)
    assert ledger.open_of(item) == (100, 100)
    decide(number)
    assert ledger.open_of(item) == (40, 40)
    assert state_of(number) == ("posted", 0)
    entry = SourceSettlement.objects.get(id=number).entry_id
    assert entry is not None
    assert legs_of(entry) == [("trade", "CNY", -60, -60), ("source_settlement", "CNY", 60, 60)]


def test_rejected_it_changes_nothing(ledger: Ledger) -> None:
    item = ledger.item(100)
    number = proposed(item, 60)
    decide(number, accept=False)
    assert (state_of(number), ledger.open_of(item)) == (("rejected", 0), (100, 100))


def test_money_meets_it_first_and_in_parts(ledger: Ledger) -> None:
    item, money = ledger.item(100), ledger.receipt(90)
    number = proposed(item, 60)
    decide(number)
    ledger.apply(money, (item, 25))
    assert (state_of(number), ledger.open_of(item)) == (("posted", 25), (40, 40))
    ledger.apply(money, (item, 50))
    assert (state_of(number), ledger.open_of(item)) == (("met", 60), (25, 25))
    assert sum_of(LedgerAccount.SOURCE_SETTLEMENT) == (0, 0)
    check_invariants()


def test_money_taken_back_leaves_it_unmet(ledger: Ledger) -> None:
    item, money = ledger.item(100), ledger.receipt(60)
    number = proposed(item, 60)
    decide(number)
    entry = ledger.apply(money, (item, 60))
    assert state_of(number) == ("met", 60)
    ledger.reverse(entry)
    assert (state_of(number), ledger.open_of(item)) == (("posted", 0), (40, 40))
    check_invariants()


def test_taken_back_itself_it_counts_as_rejected_but_not_while_money_stands_on_it(ledger: Ledger) -> None:
    item, money = ledger.item(100), ledger.receipt(60)
    number = proposed(item, 60)
    decide(number)
    posted = SourceSettlement.objects.get(id=number).entry_id
    assert posted is not None
    entry = ledger.apply(money, (item, 10))
    with refused("entry.used_since"):
        ledger.reverse(posted)
    ledger.reverse(entry)
    ledger.reverse(posted)
    assert (state_of(number), ledger.open_of(item)) == (("rejected", 0), (100, 100))
    ledger.apply(money, (item, 60))
    assert ledger.open_of(item) == (40, 40)
    check_invariants()


def test_what_was_paid_meanwhile_is_not_settled_again(ledger: Ledger) -> None:
    item, money = ledger.item(100), ledger.receipt(100)
    some, none = proposed(item, 60), 0
    ledger.apply(money, (item, 70))
    decide(some)
    assert ledger.open_of(item) == (0, 0)
    assert SourceSettlement.objects.get(id=some).amount_minor == 30
    none = proposed(item, 60)
    decide(none)
    assert state_of(none) == ("rejected", 0)
    check_invariants()


def test_a_newer_proposal_takes_the_place_of_an_older(ledger: Ledger) -> None:
    item = ledger.item(100)
    old, new = proposed(item, 60), proposed(item, 100)
    assert (state_of(old)[0], state_of(new)[0]) == ("rejected", "proposed")
    with refused("settlement.decided"):
        decide(old)
    decide(new)
    with refused("settlement.decided"):
        decide(new)


def test_a_credit_memo_that_vanished(ledger: Ledger) -> None:
    memo = ledger.item(-50)
    number = proposed(memo, -50)
    decide(number)
    assert ledger.open_of(memo) == (0, 0)
    assert sum_of(LedgerAccount.SOURCE_SETTLEMENT) == (-50, -50)
    check_invariants()


def test_foreign_currency_leaves_with_its_value(ledger: Ledger) -> None:
    ledger.rate("USD", "7.10")
    ledger.rate("USD", "7.30", date(2026, 3, 11))
    item, money = ledger.item(100_00, "USD"), ledger.receipt(100_00, "USD", on=date(2026, 3, 12))
    decide(proposed(item, 100_00))
    ledger.apply(money, (item, 100_00), on=date(2026, 3, 12))
    assert ledger.open_of(item) == (0, 0)
    assert sum_of(LedgerAccount.SOURCE_SETTLEMENT) == (0, 0)
    assert sum_of(LedgerAccount.EXCHANGE_DIFFERENCE) == (0, -20_00)


def test_two_decide_at_once(ledger: Ledger) -> None:
    item = ledger.item(100)
    number = proposed(item, 60)
    answers = at_once(*[lambda: decide(number)] * 3)
    assert sum(answer == [number] for answer in answers) == 1
    assert ledger.open_of(item) == (40, 40)
    check_invariants()


def test_money_that_names_nothing_meets_what_waits_before_newer_items(ledger: Ledger) -> None:
    item, newer = ledger.item(100, due=DAY), ledger.item(50, due=date(DAY.year + 1, 1, 1))
    decide(proposed(item, 100))
    ledger.spread(ledger.receipt(120), Order.OLDEST_FIRST)
    assert ledger.open_of(item) == (0, 0)
    assert ledger.open_of(newer) == (30, 30)
    assert state_of(SourceSettlement.objects.get(item_id=item).id) == ("met", 100)
    assert sum_of(LedgerAccount.SOURCE_SETTLEMENT) == (0, 0)
    check_invariants()
