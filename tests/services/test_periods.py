"""Months: a late entry counts in the next open one and keeps its true day."""

from __future__ import annotations

from datetime import date

import pytest

from huikuan.core.periods import PeriodState
from huikuan.store.models import JournalEntry, OpenItem, Period, Receipt
from tests.databases import LedgerDb
from tests.services.ledger import Ledger, entry_of_item

pytestmark = pytest.mark.practice("D8")
JAN, FEB, MAR = date(2026, 1, 20), date(2026, 2, 20), date(2026, 3, 20)
OPEN, SOFT, CLOSED = PeriodState.OPEN, PeriodState.SOFT_CLOSED, PeriodState.CLOSED


@pytest.fixture
def ledger(ledger_db: LedgerDb) -> Ledger:
    return Ledger()


def days_of(entry_id: int) -> tuple[date, date]:
    row = JournalEntry.objects.get(id=entry_id)
    return row.effective_date, row.posting_date


def test_a_late_entry_goes_to_the_next_open_month(ledger: Ledger) -> None:
    early = ledger.item(100, on=JAN)
    ledger.set_period(JAN, CLOSED)
    ledger.set_period(FEB, SOFT)
    item, money = ledger.item(100, on=JAN), ledger.receipt(100, on=FEB)
    assert days_of(entry_of_item(item)) == (JAN, date(2026, 3, 1))
    assert OpenItem.objects.get(id=item).document_date == JAN
    assert (Receipt.objects.get(id=money).value_date, Receipt.objects.get(id=money).posting_date) == (
        FEB, date(2026, 3, 1)
    )  # fmt: skip
    assert days_of(ledger.apply(money, (early, 10), on=JAN)) == (JAN, date(2026, 3, 1))
    assert days_of(entry_of_item(early)) == (JAN, JAN)


def test_a_month_before_a_closed_one_takes_nothing_even_if_it_never_had_an_entry(ledger: Ledger) -> None:
    ledger.item(100, on=FEB)
    ledger.set_period(FEB, CLOSED)
    assert days_of(entry_of_item(ledger.item(100, on=JAN))) == (JAN, date(2026, 3, 1))
    ledger.set_period(JAN, CLOSED)


def test_a_reversal_counts_in_an_open_month_and_never_before_its_original(ledger: Ledger) -> None:
    item = ledger.item(100, on=JAN)
    ledger.set_period(JAN, SOFT)
    late = ledger.item(100, on=JAN)
    ledger.set_period(JAN, OPEN)
    ledger.set_period(FEB, SOFT)
    [reversal] = ledger.reverse(entry_of_item(late), on=JAN)
    assert days_of(entry_of_item(late)) == (JAN, date(2026, 2, 1))
    assert days_of(reversal) == (JAN, date(2026, 3, 1))
    assert days_of(ledger.reverse(entry_of_item(item), on=JAN)[0]) == (JAN, JAN)


def test_months_are_each_entitys_own(ledger: Ledger) -> None:
    other = Ledger(code="E2")
    ledger.set_period(JAN, CLOSED)
    assert days_of(entry_of_item(other.item(5, on=JAN))) == (JAN, JAN)


def test_states_go_to_and_fro_until_closed(ledger: Ledger) -> None:
    for state in (SOFT, OPEN, SOFT, CLOSED, CLOSED):
        ledger.set_period(JAN, state)
        assert Period.objects.get().state == state
    assert Period.objects.get().month == date(2026, 1, 1)


def test_months_without_entries_need_not_be_closed_first(ledger: Ledger) -> None:
    ledger.item(5, on=FEB)
    ledger.set_period(FEB, CLOSED)
    ledger.set_period(MAR, CLOSED)
