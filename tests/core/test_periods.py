"""Months: which day an entry counts from."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huikuan.core.periods import (
    PeriodState,
    closed_through,
    decide_period_change,
    decide_posting_date,
    month_end,
    month_of,
    next_month,
    state_of,
)
from tests.core.test_money import refused

OPEN, SOFT, CLOSED = PeriodState.OPEN, PeriodState.SOFT_CLOSED, PeriodState.CLOSED
days = st.dates(date(1900, 1, 1), date(2190, 12, 31))
months = st.integers(0, 30).map(lambda number: date(2024 + number // 12, number % 12 + 1, 1))
states = st.dictionaries(months, st.sampled_from([SOFT, CLOSED]), max_size=12)


@given(days)
def test_months_tile_the_calendar(day: date) -> None:
    assert month_of(day) <= day <= month_end(day)
    assert next_month(month_of(day)) == month_end(day) + timedelta(days=1)
    assert next_month(month_of(day)).day == 1


@pytest.mark.practice("D8")
@given(st.dates(date(2024, 1, 1), date(2026, 12, 31)), states, st.booleans())
def test_an_entry_counts_from_its_day_or_the_next_month_that_takes_it(day: date, states, may: bool) -> None:
    decided = decide_posting_date(day, states, may_post_soft_closed=may)
    takes = {OPEN, SOFT} if may else {OPEN}
    assert decided.effective_date == day
    assert decided.posting_date >= day
    assert state_of(month_of(decided.posting_date), states) in takes
    assert decided.is_late == (state_of(month_of(day), states) not in takes)
    if decided.is_late:
        assert decided.posting_date.day == 1
        month = month_of(day)
        while month < decided.posting_date:
            assert state_of(month, states) not in takes
            month = next_month(month)


def test_a_month_that_never_had_an_entry_is_closed_with_the_later_ones() -> None:
    states = {date(2026, 3, 1): CLOSED, date(2026, 4, 1): SOFT}
    assert closed_through(states) == date(2026, 3, 1)
    assert closed_through({}) is None
    assert state_of(date(2025, 12, 1), states) == CLOSED
    assert decide_posting_date(date(2025, 12, 24), states).posting_date == date(2026, 5, 1)
    assert decide_posting_date(date(2025, 12, 24), states, may_post_soft_closed=True).posting_date == date(2026, 4, 1)


@pytest.mark.parametrize("day", [date(1899, 12, 31), date(2200, 1, 1), date(1, 1, 1), date(9999, 12, 31)])
def test_implausible_days_are_refused(day: date) -> None:
    with refused("period.bad_date"):
        decide_posting_date(day, {})


def test_which_changes_of_a_month_are_refused() -> None:
    for old, new in ((OPEN, SOFT), (SOFT, OPEN), (SOFT, CLOSED), (OPEN, CLOSED), (CLOSED, CLOSED)):
        decide_period_change(old, new, earlier_open=False)
    for new in (OPEN, SOFT):
        with refused("period.closed_for_good"):
            decide_period_change(CLOSED, new, earlier_open=False)
    with refused("period.earlier_open"):
        decide_period_change(OPEN, CLOSED, earlier_open=True)
    decide_period_change(OPEN, SOFT, earlier_open=True)
