"""Accounting periods: months that are open, soft-closed or closed, and where a late entry goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from huikuan.core.refusals import Refusal


class PeriodState(StrEnum):
    OPEN = "open"
    SOFT_CLOSED = "soft_closed"  # only holders of the right to post into it may
    CLOSED = "closed"


def month_of(day: date) -> date:
    """The first day of the month; periods are keyed by it."""
    return day.replace(day=1)


def next_month(month: date) -> date:
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)


def month_end(day: date) -> date:
    return next_month(month_of(day)) - timedelta(days=1)


def last_month_end(day: date) -> date:
    """The last day of the month before."""
    return month_of(day) - timedelta(days=1)


def last_quarter_end(day: date) -> date:
    """The last day of the quarter before."""
    return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1) - timedelta(days=1)


def last_year_end(day: date) -> date:
    """The last day of the year before."""
    return day.replace(month=1, day=1) - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PostingDay:
    effective_date: date
    posting_date: date

    @property
    def is_late(self) -> bool:
        return self.posting_date != self.effective_date


def decide_posting_date(
    effective_date: date, states: Mapping[date, PeriodState], *, may_post_soft_closed: bool = False
) -> PostingDay:
    """The day an entry counts from: its own day, or the first day of the next period that takes it.

    ``states`` maps the first day of each month that is not open to its state. A late entry keeps its true date as
    ``effective_date``. Refuses ``period.bad_date`` outside 1900-2200.
    """
    if not 1900 <= effective_date.year < 2200:
        raise Refusal("period.bad_date", "{day} is not a plausible date", day=effective_date.isoformat())
    month, day = month_of(effective_date), effective_date
    closed = closed_through(states)
    if closed is not None and month <= closed:
        month = day = next_month(closed)
    while not _takes(states.get(month, PeriodState.OPEN), may_post_soft_closed):
        month = day = next_month(month)
    return PostingDay(effective_date, day)


def closed_through(states: Mapping[date, PeriodState]) -> date | None:
    """The newest closed month: it and every month before it take nothing more, even those that never had an entry."""
    return max((month for month, state in states.items() if state == PeriodState.CLOSED), default=None)


def state_of(month: date, states: Mapping[date, PeriodState]) -> PeriodState:
    """The state of a month, by its first day; a month before a closed one is closed."""
    closed = closed_through(states)
    if closed is not None and month <= closed:
        return PeriodState.CLOSED
    return states.get(month, PeriodState.OPEN)


def _takes(state: PeriodState, may_post_soft_closed: bool) -> bool:
    return state == PeriodState.OPEN or (state == PeriodState.SOFT_CLOSED and may_post_soft_closed)


def decide_period_change(old: PeriodState, new: PeriodState, *, earlier_open: bool) -> None:
    """Refuses closing a month while an earlier one is open, and re-opening one that is closed for good."""
    if old == PeriodState.CLOSED and new != PeriodState.CLOSED:
        raise Refusal("period.closed_for_good", "a closed period is not opened again; correct it in the next one")
    if new == PeriodState.CLOSED and earlier_open:
        raise Refusal("period.earlier_open", "close the earlier periods first")
