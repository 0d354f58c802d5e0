"""Taking back: what stands on an entry goes with it, or the entry stays."""

from __future__ import annotations

from datetime import timedelta

import pytest

from huikuan.core.accounts import EntryKind, LedgerAccount
from huikuan.core.applications import Order
from huikuan.core.refusals import Refusal
from huikuan.store.models import JournalEntry, Posting
from tests.core.test_money import refused
from tests.databases import LedgerDb
from tests.services.ledger import DAY, Ledger, entry_of_item, entry_of_receipt, legs_of

pytestmark = pytest.mark.practice("D5")


@pytest.fixture
def ledger(ledger_db: LedgerDb) -> Ledger:
    return Ledger()


def test_unapplying_puts_everything_back(ledger: Ledger) -> None:
    item, money = ledger.item(100), ledger.receipt(60)
    entry = ledger.apply(money, (item, 60))
    [reversal] = ledger.reverse(entry, on=DAY + timedelta(days=3), memo="wrong customer")
    row = JournalEntry.objects.get(id=reversal)
    assert (row.reverses_id, row.memo, row.posting_date) == (entry, "wrong customer", DAY + timedelta(days=3))
    assert legs_of(reversal) == [("unapplied", "CNY", -60, -60), ("trade", "CNY", 60, 60)]
    assert ledger.open_of(item) == (100, 100)
    assert ledger.money_of(money) == (0, 60, 0)


def test_a_bounced_payment_reopens_what_it_paid(ledger: Ledger) -> None:
    one, two, money = ledger.item(100), ledger.item(50), ledger.receipt(120)
    ledger.apply(money, (one, 100))
    ledger.apply(money, (two, 20))
    reversals = ledger.reverse(entry_of_receipt(money))
    assert len(reversals) == 3
    assert JournalEntry.objects.get(id=reversals[-1]).reverses_id == entry_of_receipt(money)
    assert ledger.open_of(one) == (100, 100)
    assert ledger.open_of(two) == (50, 50)
    assert ledger.money_of(money) == (0, 0, 0)


def test_a_reversed_item_gives_its_money_back(ledger: Ledger) -> None:
    item, memo, money = ledger.item(100), ledger.item(-30), ledger.receipt(40)
    ledger.apply(money, (item, 40))
    ledger.apply_credit(memo, (item, 30))
    ledger.settle(EntryKind.WRITE_OFF, item, 30)
    ledger.reverse(entry_of_item(item))
    assert ledger.open_of(item) == (0, 0)
    assert ledger.open_of(memo) == (-30, -30)
    assert ledger.money_of(money) == (0, 40, 0)


def test_what_was_unapplied_before_is_not_unapplied_again(ledger: Ledger) -> None:
    item, money = ledger.item(100), ledger.receipt(100)
    ledger.reverse(ledger.apply(money, (item, 100)))
    ledger.apply(money, (item, 30))
    assert len(ledger.reverse(entry_of_receipt(money))) == 2
    assert ledger.open_of(item) == (100, 100)


def test_a_wrong_identification_takes_its_applications_along(ledger: Ledger) -> None:
    item, money = ledger.item(100), ledger.receipt(100, customer=None)
    identified = ledger.identify(money)
    ledger.apply(money, (item, 60))
    ledger.park(money, 10)
    assert len(ledger.reverse(identified)) == 3
    assert ledger.money_of(money) == (100, 0, 0)
    assert ledger.owner_of(money) is None
    ledger.identify(money, "C2")
    assert ledger.owner_of(money) == ledger.accounts["C2"]


def test_order_does_not_hang_on_numbers(ledger: Ledger) -> None:
    """Two writers take their numbers in blocks: an application may have a lower one than the identification."""
    from huikuan.services import reversals

    money = ledger.receipt(100, customer=None)
    identified = ledger.identify(money)
    ledger.apply(money, (ledger.item(50), 50))
    kinds = [EntryKind.RECEIPT, EntryKind.IDENTIFY, EntryKind.APPLICATION]
    rank = [reversals._LAST.get(kind, 0) for kind in kinds]
    assert rank == sorted(rank, reverse=True)
    ledger.reverse(identified)
    assert ledger.owner_of(money) is None


def test_money_stays_its_customers_when_a_refund_from_suspense_is_taken_back(ledger: Ledger) -> None:
    money = ledger.receipt(100, customer=None)
    refund = ledger.refund(money, 30, from_account=LedgerAccount.SUSPENSE)
    ledger.identify(money)
    ledger.reverse(refund)
    assert ledger.money_of(money) == (30, 70, 0)
    assert ledger.owner_of(money) == ledger.accounts["C1"]
    with refused("receipt.other_customer"):
        ledger.identify(money, "C2")
    ledger.identify(money)
    assert ledger.money_of(money) == (0, 100, 0)


def test_what_something_stands_on_is_not_pulled_away(ledger: Ledger) -> None:
    item, money = ledger.item(100), ledger.receipt(100)
    parked = ledger.park(money, 50)
    spent = ledger.apply(money, (item, 20), from_account=LedgerAccount.ADVANCES)
    with refused("entry.used_since"):
        ledger.reverse(parked)
    ledger.reverse(spent)
    ledger.reverse(parked)
    written_off = ledger.settle(EntryKind.WRITE_OFF, item, 60)
    more = ledger.settle(EntryKind.WRITE_OFF, item, 10)
    recovered = ledger.recover(item, money, 55)
    with refused("entry.used_since"):
        ledger.reverse(written_off)
    ledger.reverse(more)
    ledger.reverse(recovered)
    ledger.reverse(written_off)
    assert ledger.open_of(item) == (100, 100)
    assert ledger.money_of(money) == (0, 100, 0)


def test_a_payment_that_was_sent_back_does_not_bounce(ledger: Ledger) -> None:
    money = ledger.receipt(100)
    refund = ledger.refund(money, 30)
    with refused("entry.used_since"):
        ledger.reverse(entry_of_receipt(money))
    ledger.reverse(refund)
    ledger.reverse(entry_of_receipt(money))
    assert ledger.money_of(money) == (0, 0, 0)


def test_what_is_not_reversed(ledger: Ledger) -> None:
    item, money = ledger.item(100), ledger.receipt(100)
    entry = ledger.apply(money, (item, 60))
    with refused("entry.before_original"):
        ledger.reverse(entry, on=DAY - timedelta(days=1))
    [reversal] = ledger.reverse(entry)
    with refused("entry.already_reversed"):
        ledger.reverse(entry)
    with refused("entry.is_reversal"):
        ledger.reverse(reversal)
    with refused("entry.unknown"):
        ledger.reverse(10**9)
    other = Ledger(code="E2")
    with refused("entry.unknown"):
        other.reverse(entry)


def test_a_chain_of_corrections_ends_where_it_began(ledger: Ledger) -> None:
    ledger.rate("USD", "7.13")
    items = [ledger.item(333, "USD") for _ in range(3)]
    money = ledger.receipt(777, "USD")
    before = ledger.open_of(items[0])
    for _ in range(5):
        entries = [ledger.spread(money, order, amount=100) for order in Order]
        for entry in entries:
            ledger.reverse(entry)
    assert [ledger.open_of(item) for item in items] == [before] * 3
    assert ledger.money_of(money) == (0, 777, 0)


def test_taken_back_settlements_leave_no_trace_in_any_sum(ledger: Ledger) -> None:
    ledger.rate("USD", "7.13")
    ledger.rate("EUR", "7.79")
    item, money = ledger.item(1001, "USD"), ledger.receipt(999, "EUR")
    from huikuan.services.applications import Named

    entry = ledger.apply(money, Named(item, 700, paid_minor=651))
    ledger.reverse(entry)
    for account in LedgerAccount:
        mine = Posting.objects.filter(ledger_account=account.value).exclude(entry__kind__in=["item", "receipt"])
        assert sum(leg.amount_minor for leg in mine) == sum(leg.base_minor for leg in mine) == 0, account


def test_two_at_once_ask_for_a_reversal_by_name(ledger: Ledger) -> None:
    entry = ledger.apply(ledger.receipt(10), (ledger.item(10), 10))
    ledger.reverse(entry)
    with pytest.raises(Refusal) as caught:
        ledger.reverse(entry)
    assert caught.value.params == {"entry_id": entry}
