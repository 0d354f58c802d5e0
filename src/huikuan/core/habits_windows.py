"""The days that a habit would explain: windows around a day of the month, or a weekday, on a span of days.

All pure. A set of days is an integer with a bit for each day of the span: what is asked of some thousand pairs of
windows is then a few operations each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate

from huikuan.core.working_days import ONE_DAY, WorkingDays, month_day, months_between

LATE_MAX = 2
"""Working days after the day itself that a payment may come and still be of that day."""
AROUND_MAX = 2
"""Days on either side of a day of the month that are still about that day."""


@dataclass(frozen=True, slots=True)
class MonthDay:
    """Pays on the ``number``-th of the month (31 is its last day), or up to ``late`` working days after it, or, with
    ``around``, so many days on either side of it.

    A day off moves to the next working day, or, ``before``, to the last one before it.
    """

    number: int
    late: int
    before: bool
    hits: int
    around: int = 0


@dataclass(frozen=True, slots=True)
class PayWeekday:
    """Pays on this weekday; Monday is 0."""

    weekday: int
    hits: int


@dataclass(frozen=True, slots=True)
class Window:
    """``spots``: the days which ``part`` explains. Of windows that explain alike the first by ``order`` is taken."""

    part: MonthDay | PayWeekday
    spots: int
    order: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """The days from ``first`` on, counted from 0; ``working`` are the places of working days, ``on`` the same as a set.

    ``ahead`` and ``back``: for each day, which of the working days it is moved to, later or earlier.

    Chance is asked separately of working days and of days off: a payment on a day off could have come on any other day
    off, one on a working day on any other working day.
    """

    first: date
    length: int
    working: tuple[int, ...]
    on: int
    ahead: tuple[int, ...]
    back: tuple[int, ...]

    @classmethod
    def of(cls, first: date, last: date, calendar: WorkingDays) -> Span:
        length = (last - first).days + 1
        working = tuple(n for n in range(length) if calendar.is_working(first + ONE_DAY * n))
        on = sum(1 << n for n in working)
        earlier = list(accumulate(on >> n & 1 for n in range(length)))  # working days up to this one
        return cls(
            first,
            length,
            working,
            on,
            tuple(n - (on >> at & 1) for at, n in enumerate(earlier)),
            tuple(n - 1 for n in earlier),
        )

    @property
    def all(self) -> int:
        return (1 << self.length) - 1

    def day(self, place: int) -> date:
        return self.first + ONE_DAY * place

    def place(self, day: date) -> int:
        return (day - self.first).days

    def moved(self, place: int, *, before: bool, late: int = 0) -> int:
        """The days (as a set) that are ``place``, or what it is moved to, and ``late`` working days more; nothing where
        that is outside the span."""
        if not 0 <= place < self.length:
            return 0
        start = (self.back if before else self.ahead)[place]
        if not 0 <= start < len(self.working):
            return 0
        spots = 0
        for spot in self.working[start : start + late + 1]:
            spots |= 1 << spot
        return spots


def weekday_windows(span: Span) -> list[Window]:
    """The seven weekdays; a holiday is a weekday too."""
    spots = [0] * 7
    for place in range(span.length):
        spots[span.day(place).weekday()] |= 1 << place
    return [Window(PayWeekday(day, 0), of, (day,)) for day, of in enumerate(spots)]


def month_windows(days: Sequence[date], span: Span) -> list[list[Window]]:
    """Every day of the month, by kind of window: to the day or up to ``LATE_MAX`` working days late, or up to
    ``AROUND_MAX`` days on either side; moved on or back over days off. Where more than a tenth of the payments came on
    days off, also not moved at all."""
    months = list(months_between(days[0], days[-1]))
    named = {number: [span.place(month_day(*month, number)) for month in months] for number in range(1, 32)}
    unmoved = sum(not span.on >> span.place(day) & 1 for day in days) > len(days) / 10
    found: list[list[Window]] = []
    arounds = range(1, AROUND_MAX + 1)
    for before in (False, True):
        found += [
            [_late(number, late, before, at, span) for number, at in named.items()] for late in range(LATE_MAX + 1)
        ]
        moved = {place: span.moved(place, before=before) for place in range(span.length)}
        found += [[_around(number, near, before, at, moved) for number, at in named.items()] for near in arounds]
    if unmoved:
        moved = {place: 1 << place for place in range(span.length)}
        found += [[_around(number, near, False, at, moved) for number, at in named.items()] for near in (0, *arounds)]
    return found


def _late(number: int, late: int, before: bool, named: Sequence[int], span: Span) -> Window:
    spots = 0
    for place in named:
        spots |= span.moved(place, before=before, late=late)
    order = (0, late, before == (number < 28), -number if before else number)
    return Window(MonthDay(number, late, before, 0), spots, order)


def _around(number: int, around: int, before: bool, named: Sequence[int], moved: Mapping[int, int]) -> Window:
    """``moved``: where each day of the span is moved to, as a set."""
    spots = 0
    for place in named:
        for near in range(place - around, place + around + 1):
            spots |= moved.get(near, 0)
    order = (1, around, before == (number < 28), _handy(number))
    return Window(MonthDay(number, 0, before, 0, around), spots, order)


def _handy(number: int) -> int:
    """Of days that explain alike, the one a person would name."""
    return number if number % 5 == 0 or number in (1, 31) else number + 31
