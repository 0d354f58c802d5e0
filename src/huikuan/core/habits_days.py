"""On which days a customer pays: days of the month and weekdays, told from chance.

All pure. The question is always the same: if payments fell on any working day alike, how likely would so many of them
fall on this one, or on these two? Every window that is tried makes luck likelier, so the answer is multiplied by
their number.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from huikuan.core.chance import binomial_tail
from huikuan.core.habits_windows import MonthDay, PayWeekday, Span, Window, month_windows, weekday_windows
from huikuan.core.working_days import ONE_DAY, WorkingDays, month_day

CHANCE_MAX = 0.01
"""A customer who pays on random days gets a day of the month with at most this probability, and a weekday likewise."""
DAYS_MIN = 4
"""Payment days below which nothing is said."""
SHARE_MIN = 0.5
"""A habit holds for at least half of the payment days."""
RECENT_DAYS = 6
"""A day that none of so many latest payment days kept is no habit any more."""
PAIR_HITS_MIN = 2
"""Payments that each day of a pair explains at least, and a quarter of what both explain."""
_TO_THE_DAY, _ABOUT, _PAIRS = 0.9, 0.03, 0.07
"""How ``CHANCE_MAX`` is shared out: to one day kept to the day or late, to one day kept about, to two days."""
_PARTS_MAX = 4


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
class _Family:
    """Windows tried as one question. ``ways``: how many were tried, by the share of ``CHANCE_MAX`` that is theirs."""

    windows: tuple[Window, ...]
    ways: float


@dataclass(frozen=True, slots=True)
class _Tried:
    """``pair_ways``: how many pairs of two windows of one kind there are, by their share."""

    families: tuple[_Family, ...]
    pairs: tuple[tuple[Window, ...], ...] = ()
    pair_ways: float = 0.0


@dataclass(frozen=True, slots=True)
class _Found:
    """Windows that explain payments, and how likely chance would: all that were tried considered."""

    chance: float
    order: tuple[tuple[int, ...], ...]
    windows: tuple[Window, ...]

    @property
    def rank(self) -> tuple[float, int, tuple[tuple[int, ...], ...]]:
        return (self.chance, len(self.windows), self.order)


def find_month_days(paid_on: Iterable[date], calendar: WorkingDays) -> Pattern:
    """The days of the month on which payments come, up to four of them."""
    days = sorted(set(paid_on))
    if len(days) < DAYS_MIN:
        return Pattern(len(days))
    span = Span.of(days[0].replace(day=1), month_day(days[-1].year, days[-1].month, 31), calendar)
    return _explain(days, span, _tried(month_windows(days, span)))


def find_weekdays(paid_on: Iterable[date], calendar: WorkingDays) -> Pattern:
    """The weekdays on which payments come, up to four of them; a holiday is a weekday too."""
    days = sorted(set(paid_on))
    if len(days) < DAYS_MIN:
        return Pattern(len(days))
    first, last = days[0], days[-1]
    span = Span.of(first - ONE_DAY * first.weekday(), last + ONE_DAY * (6 - last.weekday()), calendar)
    windows = tuple(weekday_windows(span))
    return _explain(days, span, _Tried((_Family(windows, len(windows)),)))


def _tried(kinds: Sequence[Sequence[Window]]) -> _Tried:
    """Windows of the month, alone and in pairs of one kind. Those that explain the same days are one way, not two."""
    alone: dict[int, Window] = {}
    for window in (window for kind in kinds for window in kind):
        known = alone.get(window.spots)
        if known is None or window.order < known.order:
            alone[window.spots] = window
    about = tuple(one for one in alone.values() if isinstance(one.part, MonthDay) and one.part.around)
    exact = tuple(one for one in alone.values() if isinstance(one.part, MonthDay) and not one.part.around)
    pairs = sum(len(kind) * (len(kind) - 1) / 2 for kind in kinds)
    return _Tried(
        (_Family(exact, len(exact) / _TO_THE_DAY), _Family(about, len(about) / _ABOUT)),
        tuple(tuple(kind) for kind in kinds),
        pairs / _PAIRS,
    )


def _explain(days: Sequence[date], span: Span, tried: _Tried) -> Pattern:
    """Takes what chance explains least, then the next among what it leaves, while chance is unlikely."""
    paid = [span.place(day) for day in days]
    chances = _Chances(sum(1 << spot for spot in paid), span.all, span.on)
    taken: list[tuple[Window, int]] = []
    first_chance = 1.0
    while len(taken) < _PARTS_MAX:
        best = chances.best(tried)
        if best is None or best.chance > CHANCE_MAX:
            break
        if not taken:
            first_chance = best.chance
        taken += [(window, chances.take(window)) for window in best.windows]
    recent = sum(1 << spot for spot in paid[-RECENT_DAYS:])
    taken = [(window, hits) for window, hits in taken if hits & recent]
    kept = 0
    for _, hits in taken:
        kept |= hits
    if kept.bit_count() < len(days) * SHARE_MIN or _is_over(kept, recent, len(days)):
        return Pattern(len(days), (), tuple(days))
    parts = [replace(window.part, hits=hits.bit_count()) for window, hits in taken]
    return Pattern(
        len(days),
        kept=tuple(day for day, spot in zip(days, paid, strict=True) if kept >> spot & 1),
        missed=tuple(day for day, spot in zip(days, paid, strict=True) if not kept >> spot & 1),
        month_days=tuple(sorted((one for one in parts if isinstance(one, MonthDay)), key=lambda one: one.number)),
        weekdays=tuple(sorted((one for one in parts if isinstance(one, PayWeekday)), key=lambda one: one.weekday)),
        chance=first_chance,
    )


def _is_over(kept: int, recent: int, days: int) -> bool:
    """Whether the latest payment days kept the habit so seldom, for one kept as often as it was, that it has ended.

    Kept on 38 of 51 days, it is kept on two of six or fewer once in 25 times: no sign of an end. On one or none once
    in 200 times: it has ended.
    """
    lately, of = (kept & recent).bit_count(), recent.bit_count()
    return 1.0 - binomial_tail(lately + 1, of, kept.bit_count() / days) < CHANCE_MAX


@dataclass(slots=True)
class _Chances:
    """What is not explained yet: payments ``left`` on days with ``room``.

    By chance a payment on a working day falls on any working day alike, and one on a day off on any day off.
    """

    left: int
    room: int
    on: int
    tails: dict[tuple[int, int, int], float] = field(default_factory=dict)

    def take(self, window: Window) -> int:
        """The payments that the window explains; they and its days are looked at no more."""
        hits = self.left & window.spots
        self.left, self.room = self.left ^ hits, self.room & ~window.spots
        self.tails.clear()
        return hits

    def best(self, tried: _Tried) -> _Found | None:
        best: _Found | None = None
        for family in tried.families:
            for window in family.windows:
                if self.left & window.spots:
                    found = _Found(self.tail(window.spots) * family.ways, (window.order,), (window,))
                    best = found if best is None or found.rank < best.rank else best
        for kind in tried.pairs:
            best = self._best_pair(kind, tried.pair_ways, best)
        return best

    def _best_pair(self, kind: Sequence[Window], ways: float, best: _Found | None) -> _Found | None:
        """Two windows that do not overlap, where they explain more than what was ``best`` so far."""
        known = [(one, hits) for one in kind if (hits := (self.left & one.spots).bit_count()) >= PAIR_HITS_MIN]
        for at, (one, hits) in enumerate(known):
            for other, more in known[at + 1 :]:
                if one.spots & other.spots or min(hits, more) * 4 < hits + more:
                    continue
                chance = self.tail(one.spots | other.spots) * ways
                if best is None or chance <= best.chance:
                    found = _Found(chance, (one.order, other.order), (one, other))
                    best = found if best is None or found.rank < best.rank else best
        return best

    def tail(self, spots: int) -> float:
        """The probability that chance alone puts at least as many of the payments on these days."""
        hits = (self.left & spots).bit_count()
        of_working, of_all = (spots & self.room & self.on).bit_count(), (spots & self.room).bit_count()
        known = self.tails.get((hits, of_working, of_all))
        if known is not None:
            return known
        all_left, left_on = self.left.bit_count(), (self.left & self.on).bit_count()
        room_on = (self.room & self.on).bit_count()
        room_off = self.room.bit_count() - room_on
        expected = left_on * of_working / (room_on or 1)
        expected += (all_left - left_on) * (of_all - of_working) / (room_off or 1)
        chance = binomial_tail(hits, all_left, expected / all_left) if hits > expected else 1.0
        self.tails[(hits, of_working, of_all)] = chance
        return chance
