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
    """``spots`` are the places (in the list of all days that could be) which it explains."""

    part: MonthDay | PayWeekday
    spots: frozenset[int]
    order: tuple[int, ...]


def find_month_days(paid_on: Iterable[date], calendar: WorkingDays) -> Pattern:
    """The days of the month on which payments come, up to four of them."""
    days = sorted(set(paid_on))
    if len(days) < DAYS_MIN:
        return Pattern(len(days))
    possible = _possible(days, calendar, whole_months=True)
    return _explain(days, possible, _month_candidates(days, possible))


def find_weekdays(paid_on: Iterable[date], calendar: WorkingDays) -> Pattern:
    """The weekdays on which payments come, up to four of them."""
    days = sorted(set(paid_on))
    if len(days) < DAYS_MIN:
        return Pattern(len(days))
    possible = _possible(days, calendar, whole_months=False)
    spots: dict[int, set[int]] = {}
    for place, day in enumerate(possible):
        spots.setdefault(day.weekday(), set()).add(place)
    found = [_Candidate(PayWeekday(day, 0), frozenset(of), (day,)) for day, of in sorted(spots.items())]
    return _explain(days, possible, found)


def _possible(days: Sequence[date], calendar: WorkingDays, *, whole_months: bool) -> list[date]:
    """Every day on which a payment could have come: working days, or, where more than a tenth came on other days, all
    days; of the months, or the weeks, from the first payment to the last."""
    first, last = days[0], days[-1]
    if whole_months:
        first, last = first.replace(day=1), month_day(last.year, last.month, 31)
    else:
        first, last = first - ONE_DAY * first.weekday(), last + ONE_DAY * (6 - last.weekday())
    any_day = sum(not calendar.is_working(day) for day in days) > len(days) / 10
    every = (first + ONE_DAY * n for n in range((last - first).days + 1))
    return [day for day in every if any_day or calendar.is_working(day)]


def _month_candidates(days: Sequence[date], possible: Sequence[date]) -> list[_Candidate]:
    """Every day of the month, kept to the day or up to ``LATE_MAX`` days late, moved forward or back over days off."""
    months = list(months_between(days[0], days[-1]))
    found: dict[frozenset[int], _Candidate] = {}
    for number in range(1, 32):
        for before in (False, True):
            starts = []
            for year, month in months:
                named = month_day(year, month, number)
                start = bisect_right(possible, named) - 1 if before else bisect_left(possible, named)
                if 0 <= start < len(possible):
                    starts.append(start)
            for late in range(LATE_MAX + 1):
                spots = frozenset(start + n for start in starts for n in range(late + 1) if start + n < len(possible))
                order = (late, before == (number < 28), -number if before else number)
                known = found.get(spots)
                if known is None or order < known.order:
                    found[spots] = _Candidate(MonthDay(number, late, before, 0), spots, order)
    return list(found.values())


def _explain(days: Sequence[date], possible: Sequence[date], candidates: Sequence[_Candidate]) -> Pattern:
    """Takes the candidate that chance explains least, then the next among what it leaves, while chance is unlikely."""
    place = {day: n for n, day in enumerate(possible)}
    paid = [place.get(day, -1 - n) for n, day in enumerate(days)]
    left, room = set(paid), set(range(len(possible)))
    taken: list[tuple[_Candidate, set[int]]] = []
    first_chance = 1.0
    while len(taken) < _PARTS_MAX:
        best = _best(left, room, candidates)
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
    left: set[int], room: set[int], candidates: Sequence[_Candidate]
) -> tuple[float, _Candidate, set[int]] | None:
    best: tuple[float, tuple[int, ...], _Candidate, set[int]] | None = None
    if not left or not room:
        return None
    for candidate in candidates:
        hits = left & candidate.spots
        if not hits:
            continue
        chance = binomial_tail(len(hits), len(left), len(candidate.spots & room) / len(room))
        if best is None or (chance, candidate.order) < best[:2]:
            best = (chance, candidate.order, candidate, hits)
    return None if best is None else (best[0], best[2], best[3])
