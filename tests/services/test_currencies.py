"""Currencies: realised differences at settlement, settlement across currencies, unrealised at the period's end."""

from __future__ import annotations

from datetime import date

import pytest

from huikuan.core.accounts import EntryKind, LedgerAccount
from huikuan.core.periods import PeriodState
from huikuan.services.applications import Named
from huikuan.store.models import ExchangeRate, JournalEntry
from tests.databases import LedgerDb
from tests.services.ledger import DAY, Ledger, legs_of, sum_of

pytestmark = pytest.mark.practice("D7")
FEB, MAR, APR = date(2026, 2, 15), date(2026, 3, 20), date(2026, 4, 20)


@pytest.fixture
def ledger(ledger_db: LedgerDb) -> Ledger:
    """Books in CNY; the dollar is at 7.10 in February, 7.20 in March, 7.00 from April on."""
    ledger = Ledger()
    for rate, since in (("7.10", FEB), ("7.20", MAR), ("7.00", APR)):
        ledger.rate("USD", rate, since.replace(day=1))
    return ledger


def test_a_difference_is_realised_when_money_meets_the_item(ledger: Ledger) -> None:
    item, money = ledger.item(100_00, "USD", on=FEB), ledger.receipt(100_00, "USD", on=MAR)
    assert ledger.open_of(item) == (100_00, 710_00)
    assert legs_of(ledger.apply(money, (item, 40_00), on=MAR)) == [
        ("unapplied", "USD", 40_00, 288_00),
        ("trade", "USD", -40_00, -284_00),
        ("exchange_difference", "USD", 0, -4_00),
    ]
    ledger.apply(money, (item, 60_00), on=MAR)
    assert ledger.open_of(item) == (0, 0)
    assert sum_of(LedgerAccount.EXCHANGE_DIFFERENCE) == (0, -10_00)
    assert sum_of(LedgerAccount.UNAPPLIED) == (0, 0)


def test_a_credit_memo_at_another_rate_realises_too(ledger: Ledger) -> None:
    item, memo = ledger.item(100_00, "USD", on=FEB), ledger.item(-30_00, "USD", on=MAR)
    assert legs_of(ledger.apply_credit(memo, (item, 30_00), on=MAR)) == [
        ("trade", "USD", 30_00, 216_00),
        ("trade", "USD", -30_00, -213_00),
        ("exchange_difference", "USD", 0, -3_00),
    ]


def test_yuan_settle_a_dollar_item_through_clearing(ledger: Ledger) -> None:
    item, money = ledger.item(100_00, "USD", on=FEB), ledger.receipt(725_00, on=MAR)
    entry = ledger.apply(money, Named(item, 100_00, paid_minor=725_00), on=MAR)
    assert legs_of(entry) == [
        ("unapplied", "CNY", 725_00, 725_00),
        ("trade", "USD", -100_00, -710_00),
        ("exchange_clearing", "CNY", -725_00, -725_00),
        ("exchange_clearing", "USD", 100_00, 725_00),
        ("exchange_difference", "USD", 0, -15_00),
    ]
    assert ledger.open_of(item) == (0, 0)
    assert sum_of(LedgerAccount.EXCHANGE_CLEARING)[1] == 0


def test_dollars_settle_a_euro_item_in_yuan_books_with_discount(ledger: Ledger) -> None:
    ledger.rate("EUR", "7.80")
    item = ledger.item(100_00, "EUR", on=MAR, discount_date=MAR, discount_bp=200)
    money = ledger.receipt(110_00, "USD", on=MAR)
    legs = legs_of(ledger.apply(money, Named(item, 98_00, take_discount=True, paid_minor=107_00), on=MAR))
    assert legs == [
        ("unapplied", "USD", 107_00, 770_40),
        ("trade", "EUR", -100_00, -780_00),
        ("discount", "EUR", 2_00, 15_60),
        ("exchange_clearing", "USD", -107_00, -770_40),
        ("exchange_clearing", "EUR", 98_00, 770_40),
        ("exchange_difference", "EUR", 0, -6_00),
    ]


def test_yen_and_dinar_keep_their_places(ledger: Ledger) -> None:
    ledger.rate("JPY", "0.0478")
    ledger.rate("KWD", "23.4567")
    yen, dinar = ledger.item(1_000, "JPY"), ledger.item(1_001, "KWD")
    assert ledger.open_of(yen) == (1_000, 47_80)
    assert ledger.open_of(dinar) == (1_001, 23_48)


def test_open_rows_are_revalued_at_the_end_of_the_month(ledger: Ledger) -> None:
    ledger.item(100_00, "USD", on=FEB)
    ledger.item(-10_00, "USD", on=FEB)
    ledger.receipt(20_00, "USD", on=FEB)
    ledger.item(999_99, on=FEB)
    [entry] = ledger.revalue(MAR)
    row = JournalEntry.objects.get(id=entry)
    assert (row.kind, row.effective_date) == (EntryKind.REVALUATION, date(2026, 3, 31))
    assert legs_of(entry) == [("revaluation", "USD", 0, 7_00), ("exchange_unrealised", "USD", 0, -7_00)]
    back = JournalEntry.objects.get(reverses_id=entry)
    assert (back.kind, back.effective_date) == (EntryKind.REVERSAL, date(2026, 4, 1))
    assert sum_of(LedgerAccount.REVALUATION) == (0, 0)


def test_a_second_run_posts_only_what_is_missing(ledger: Ledger) -> None:
    ledger.item(100_00, "USD", on=FEB)
    assert len(ledger.revalue(MAR)) == 1
    assert ledger.revalue(MAR) == []
    ledger.item(50_00, "USD", on=FEB)
    [more] = ledger.revalue(MAR)
    assert legs_of(more)[0] == ("revaluation", "USD", 0, 5_00)
    ExchangeRate.objects.filter(valid_from=MAR.replace(day=1)).update(rate="7.15")
    [less] = ledger.revalue(MAR)
    assert legs_of(less)[0] == ("revaluation", "USD", 0, -7_50)
    assert ledger.revalue(MAR) == []


def test_each_month_starts_from_the_book_value(ledger: Ledger) -> None:
    ledger.item(100_00, "USD", on=FEB)
    ledger.revalue(MAR)
    [april] = ledger.revalue(APR)
    assert legs_of(april)[0] == ("revaluation", "USD", 0, -10_00)


def test_what_is_paid_is_not_revalued(ledger: Ledger) -> None:
    item = ledger.item(100_00, "USD", on=FEB)
    ledger.apply(ledger.receipt(100_00, "USD", on=MAR), (item, 100_00), on=MAR)
    assert ledger.revalue(MAR) == []
    assert len(ledger.revalue(FEB)) == 0
    ledger.rate("USD", "7.11", FEB.replace(day=28))
    assert len(ledger.revalue(FEB)) == 1


def test_a_soft_closed_month_is_revalued(ledger: Ledger) -> None:
    ledger.item(100_00, "USD", on=FEB)
    ledger.set_period(FEB, PeriodState.SOFT_CLOSED)
    ledger.set_period(MAR, PeriodState.SOFT_CLOSED)
    [entry] = ledger.revalue(MAR)
    assert JournalEntry.objects.get(id=entry).posting_date == date(2026, 3, 31)


def test_taking_back_a_settlement_takes_back_its_difference(ledger: Ledger) -> None:
    item, money = ledger.item(100_00, "USD", on=FEB), ledger.receipt(725_00, on=MAR)
    ledger.reverse(ledger.apply(money, Named(item, 100_00, paid_minor=725_00), on=MAR), on=APR)
    assert ledger.open_of(item) == (100_00, 710_00)
    assert sum_of(LedgerAccount.EXCHANGE_DIFFERENCE) == sum_of(LedgerAccount.EXCHANGE_CLEARING) == (0, 0)
    assert DAY < APR
