"""On which days a customer pays: days of the month and weekdays, told from chance.

All pure. The question is always the same: if payments fell on any working day alike, how likely would so many of them
fall on this one? Every candidate that is tried makes luck likelier, so the answer is multiplied by their number.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from huikuan.core.chance import binomial_tail
from huikuan.core.working_days import ONE_DAY, WorkingDays, month_day, months_between

CHANCE_MAX = 0.01
"""A customer who pays on random days gets a day of the month with at most this probability, and a weekday likewise."""
DAYS_MIN = 4
"""Payment days below which nothing is said."""
SHARE_MIN = 0.5
"""A habit holds for at least half of the payment days."""
RECENT_DAYS = 6
"""A day that none of so many latest payment days kept is no habit any more."""
LATE_MAX = 2
"""Working days after the day itself that a payment may come and still be of that day."""
_PARTS_MAX = 4


@dataclass(frozen=True, slots=True)
class MonthDay:
    """Pays on the ``number``-th of the month (31 is its last day), or up to ``late`` working days after it.

    A day off moves to the next working day, or, ``before``, to the last one before it.
    """

    number: int
    late: int
    before: bool
    hits: int


@dataclass(frozen=True, slots=True)
class PayWeekday:
    """Pays on this weekday; Monday is 0."""

    weekday: int
    hits: int


@dataclass(frozen=True, slots=True)
class Pattern:
    """What was found among ``days`` payment days: ``parts`` explain ``kept`` of them; nothing found is no part.

    ``chance``: the probability that random days would show the first part, all that were tried considered. ``few``:
    there were not enough days to say anything.
    """

    days: int
    kept: tuple[date, ...] = ()
    missed: tuple[date, ...] = ()
    month_days: tuple[MonthDay, ...] = ()
    weekdays: tuple[PayWeekday, ...] = ()
    chance: float = 1.0

    @property
    def few(self) -> bool:
        return self.days < DAYS_MIN

    @property
    def found(self) -> bool:
        return bool(self.month_days or self.weekdays)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """``spots`` are the places (in the span of days) which it explains."""

    part: MonthDay | PayWeekday
    spots: frozenset[int]
    order: tuple[int, ...]


def find_month_days(paid_on: Iterable[date], calendar: WorkingDays) -> Pattern:
    """The days of the month on which payments come, up to four of them."""
    days = sorted(set(paid_on))
    if len(days) < DAYS_MIN:
        return Pattern(len(days))
    span = _Span.of(days[0].replace(day=1), month_day(days[-1].year, days[-1].month, 31), calendar)
    return _explain(days, span, _month_candidates(days, span))


def find_weekdays(paid_on: Iterable[date], calendar: WorkingDays) -> Pattern:
    """The weekdays on which payments come, up to four of them; a holiday is a weekday too."""
    days = sorted(set(paid_on))
    if len(days) < DAYS_MIN:
        return Pattern(len(days))
    first, last = days[0], days[-1]
    span = _Span.of(first - ONE_DAY * first.weekday(), last + ONE_DAY * (6 - last.weekday()), calendar)
    spots: dict[int, set[int]] = {}
    for place in range(span.length):
        spots.setdefault(span.day(place).weekday(), set()).add(place)
    found = [_Candidate(PayWeekday(day, 0), frozenset(of), (day,)) for day, of in sorted(spots.items())]
    return _explain(days, span, found)


@dataclass(frozen=True, slots=True)
class _Span:
    """The days from ``first`` on, counted from 0; ``working`` are the places of working days, in order.

    Chance is asked separately of working days and of days off: a payment on a day off could have come on any other day
    off, one on a working day on any other working day.
    """

    first: date
    length: int
    working: tuple[int, ...]
    on: frozenset[int]

    @classmethod
    def of(cls, first: date, last: date, calendar: WorkingDays) -> _Span:
        length = (last - first).days + 1
        working = tuple(n for n in range(length) if calendar.is_working(first + ONE_DAY * n))
        return cls(first, length, working, frozenset(working))

    def day(self, place: int) -> date:
        return self.first + ONE_DAY * place

    def place(self, day: date) -> int:
        return (day - self.first).days


def _month_candidates(days: Sequence[date], span: _Span) -> list[_Candidate]:
    """Every day of the month, kept to the day or up to ``LATE_MAX`` working days late, moved forward or back over days
    off; where more than a tenth of the payments came on days off, also not moved at all."""
    months = list(months_between(days[0], days[-1]))
    found: dict[frozenset[int], _Candidate] = {}
    unmoved = sum(span.place(day) not in span.on for day in days) > len(days) / 10
    working = span.working
    for number in range(1, 32):
        named = [span.place(month_day(year, month, number)) for year, month in months]
        if unmoved:
            found.setdefault(frozenset(named), _Candidate(MonthDay(number, 0, False, 0), frozenset(named), (9, number)))
        for before in (False, True):
            ranks = (bisect_right(working, at) - 1 if before else bisect_left(working, at) for at in named)
            starts = [rank for rank in ranks if 0 <= rank < len(working)]
            for late in range(LATE_MAX + 1):
                spots = frozenset(
                    working[start + n] for start in starts for n in range(late + 1) if start + n < len(working)
                )
                order = (late, before == (number < 28), -number if before else number)
                known = found.get(spots)
                if known is None or order < known.order:
                    found[spots] = _Candidate(MonthDay(number, late, before, 0), spots, order)
    return list(found.values())


def _explain(days: Sequence[date], span: _Span, candidates: Sequence[_Candidate]) -> Pattern:
    """Takes the candidate that chance explains least, then the next among what it leaves, while chance is unlikely."""
    paid = [span.place(day) for day in days]
    left, room = set(paid), set(range(span.length))
    taken: list[tuple[_Candidate, set[int]]] = []
    first_chance = 1.0
    while len(taken) < _PARTS_MAX:
        best = _best(left, room, span.on, candidates)
        if best is None or best[0] * len(candidates) > CHANCE_MAX:
            break
        chance, candidate, hits = best
        if not taken:
            first_chance = chance * len(candidates)
        taken.append((candidate, hits))
        left, room = left - hits, room - candidate.spots
    recent = set(paid[-RECENT_DAYS:])
    taken = [(candidate, hits) for candidate, hits in taken if hits & recent]
    kept = set().union(*(hits for _, hits in taken)) if taken else set()
    still = len(kept & recent) >= len(recent) * SHARE_MIN
    if len(kept) < len(days) * SHARE_MIN or not still:
        return Pattern(len(days), (), tuple(days))
    parts = [(candidate.part, len(hits)) for candidate, hits in taken]
    return Pattern(
        len(days),
        kept=tuple(day for day, spot in zip(days, paid, strict=True) if spot in kept),
        missed=tuple(day for day, spot in zip(days, paid, strict=True) if spot not in kept),
        month_days=tuple(
            sorted(
                (MonthDay(one.number, one.late, one.before, hits) for one, hits in parts if isinstance(one, MonthDay)),
                key=lambda one: one.number,
            )
        ),
        weekdays=tuple(
            sorted(
                (PayWeekday(one.weekday, hits) for one, hits in parts if isinstance(one, PayWeekday)),
                key=lambda one: one.weekday,
            )
        ),
        chance=first_chance,
    )


def _best(
    left: set[int], room: set[int], working: frozenset[int], candidates: Sequence[_Candidate]
) -> tuple[float, _Candidate, set[int]] | None:
    """The candidate least explained by chance, its probability, and the payments it explains.

    By chance a payment on a working day falls on any working day alike, and one on a day off on any day off.
    """
    best: tuple[float, tuple[int, ...], _Candidate, set[int]] | None = None
    room_on, left_on = room & working, len(left & working)
    room_off, left_off = len(room) - len(room_on), len(left) - left_on
    for candidate in candidates:
        hits = left & candidate.spots
        if not hits:
            continue
        spots_on = len(candidate.spots & room_on)
        spots_off = len(candidate.spots & room) - spots_on
        expected = left_on * spots_on / (len(room_on) or 1) + left_off * spots_off / (room_off or 1)
        if len(hits) <= expected:
            continue  # no more than chance gives
        chance = binomial_tail(len(hits), len(left), expected / len(left))
        if best is None or (chance, candidate.order) < best[:2]:
            best = (chance, candidate.order, candidate, hits)
    return None if best is None else (best[0], best[2], best[3])
