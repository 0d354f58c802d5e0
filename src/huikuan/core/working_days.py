"""Working days: counting them, and moving a day that is none to one that is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

ONE_DAY = timedelta(days=1)
_LOOK_MAX = 60
"""Days without a working day among them that no calendar has."""


class WorkingDays(Protocol):
    """Which days are worked on; ``engines.working_days`` knows those of countries."""

    def is_working(self, day: date) -> bool: ...


@dataclass(frozen=True, slots=True)
class Weekdays:
    """Every week alike. ``weekend``: weekdays off, Monday being 0."""

    weekend: frozenset[int] = frozenset({5, 6})

    def is_working(self, day: date) -> bool:
        return day.weekday() not in self.weekend


def roll(day: date, calendar: WorkingDays, *, before: bool = False) -> date:
    """The day itself where it is a working day, else the next one (or, ``before``, the last one before it)."""
    step = -ONE_DAY if before else ONE_DAY
    for _ in range(_LOOK_MAX):
        if calendar.is_working(day):
            return day
        day += step
    return day


def add_working_days(day: date, count: int, calendar: WorkingDays) -> date:
    """``count`` working days after ``day`` (before it, where negative); the day itself is not counted.

    Worked example: three working days before Monday 25 May 2026 is Wednesday 20 May. Nothing added to a day off is
    the next working day.
    """
    if not count:
        return roll(day, calendar)
    step = ONE_DAY if count > 0 else -ONE_DAY
    for _ in range(abs(count)):
        day = roll(day + step, calendar, before=count < 0)
    return day


def month_day(year: int, month: int, number: int) -> date:
    """The ``number``-th of a month; its last day where the month is shorter (31 is the last day of any)."""
    following = date(year + month // 12, month % 12 + 1, 1)
    return min(date(year, month, 1) + timedelta(days=number - 1), following - ONE_DAY)


def months_between(first: date, last: date) -> Iterator[tuple[int, int]]:
    """Year and month of every month from that of ``first`` to that of ``last``."""
    at, end = first.year * 12 + first.month - 1, last.year * 12 + last.month - 1
    for number in range(at, end + 1):
        yield number // 12, number % 12 + 1
