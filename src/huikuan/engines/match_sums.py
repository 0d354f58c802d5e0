"""Exact sums of items: which sets add up to an amount, and how many there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

EXACT_MAX = 26
"""Items of which every set is looked at, by meeting in the middle."""
QUICK_MAX = 16
"""Items small enough to be in a set of which so many are first asked whether any set fits; mostly none does."""
SMALL_MAX = 240
"""Items of which every set of up to three is looked at."""
TRIPLES_MAX = 60
"""Items of which every set of three is looked at; of more, every pair."""
PAIRS_MAX = 4000
"""Sets that are written out; more are only counted."""

HELD_MAX = 16
"""What was asked last is asked again of the same line: so many answers are kept."""
COUNTED_MAX = 200
"""Sets among which those of one size are looked for."""


@dataclass(frozen=True, slots=True)
class Sums:
    """Sets found (positions, rising), smallest first, then earliest; ``count`` of those that fit with up to
    ``size_max`` items. ``is_exact``: every set was looked at; else larger ones may fit as well."""

    sets: tuple[tuple[int, ...], ...]
    count: float
    is_exact: bool


NOTHING = Sums((), 0.0, True)


def find_sums(amounts: Sequence[int], target: int, *, size_max: int = 99, keep: int = 12) -> Sums:
    """Sets of one or more ``amounts`` that add up to ``target`` exactly, credit memos (negative) included."""
    count = len(amounts)
    least = sum([one for one in amounts if one < 0])
    if not count or not least <= target <= sum(amounts) - least:
        return NOTHING
    if count <= EXACT_MAX:
        if not _may_add_up(tuple([one for one in amounts if one <= target - least]), target):
            return NOTHING
        return _meet(tuple(amounts), target, size_max, keep)
    if count <= SMALL_MAX:
        return _small(amounts, target, size_max, keep)
    sets = [(at,) for at, one in enumerate(amounts) if one == target]
    return Sums(tuple(sets[:keep]), float(len(sets)), False)


def find_counted(amounts: Sequence[int], target: int, size: int) -> Sums | None:
    """Sets of exactly ``size`` amounts that add up to ``target``; nothing where there is none, or too many to tell."""
    sums = find_sums(amounts, target, size_max=size, keep=COUNTED_MAX)
    sets = tuple(one for one in sums.sets if len(one) == size)
    if not sets or sums.count > COUNTED_MAX:
        return None
    return Sums(sets, float(len(sets)), sums.is_exact)


@lru_cache(maxsize=HELD_MAX)
def _may_add_up(amounts: tuple[int, ...], target: int) -> bool:
    """Whether any set adds up, none included; of more than ``QUICK_MAX`` it is not asked."""
    if len(amounts) > QUICK_MAX:
        return True
    middle = len(amounts) // 2
    right = set(_subsets(amounts[middle:]))
    return not right.isdisjoint([target - one for one in _subsets(amounts[:middle])])


def _subsets(amounts: Sequence[int]) -> list[int]:
    """The sum of every subset."""
    sums = [0]
    for amount in amounts:
        sums += [one + amount for one in sums]
    return sums


def cancels(amounts: Sequence[int]) -> bool:
    """Two or three of the amounts cancel each other out: an invoice and its credit memo, two invoices and one credit
    memo over both, one invoice and two credit memos."""
    if not any(amount < 0 for amount in amounts) or len(amounts) > SMALL_MAX:
        return False
    return bool(_small(amounts, 0, 3, 1).sets)


def _half(values: Sequence[int]) -> Any:
    """The sum of every subset; the subset is its position's bits."""
    sums = np.zeros(1 << len(values), dtype=np.int64)
    for at, amount in enumerate(values):
        np.add(sums[: 1 << at], amount, out=sums[1 << at : 2 << at])
    return sums


@lru_cache(maxsize=HELD_MAX)
def _halves(values: tuple[int, ...]) -> tuple[Any, Any, Any]:
    """The sums of the subsets of both halves, and those of the second one in order."""
    middle = len(values) // 2
    right = _half(values[middle:])
    ordered = right.copy()
    ordered.sort()
    return _half(values[:middle]), right, ordered


def _meet(values: tuple[int, ...], target: int, size_max: int, keep: int) -> Sums:
    middle = len(values) // 2
    left, right, ordered = _halves(values)
    wanted = target - left
    start = ordered.searchsorted(wanted, "left")
    hits = np.flatnonzero(ordered[np.minimum(start, len(ordered) - 1)] == wanted)
    if not len(hits):
        return NOTHING
    rests = wanted[hits].tolist()
    fitting = _places_of(right, rests)
    found: list[tuple[int, int, int]] = []
    held: dict[tuple[int, int], list[int]] = {}
    for at, rest in zip(hits.tolist(), rests, strict=True):
        size = at.bit_count()
        # Of equal amounts millions of sets may be too large: none of them is written out.
        key = (rest, size_max - size)
        places = held.get(key)
        if places is None:
            places = held[key] = [one for one in fitting[rest] if one.bit_count() <= key[1]]
        found += [(size + place.bit_count(), at, place) for place in places if at or place]
        if len(found) > PAIRS_MAX:
            total = ordered.searchsorted(wanted[hits], "right") - start[hits]
            return Sums(_written(found, middle, keep), float(total.sum()), True)
    return Sums(_written(found, middle, keep), float(len(found)), True)


def _places_of(sums: Any, wanted: Sequence[int]) -> dict[int, list[int]]:
    """Where each of the wanted sums stands, rising."""
    few = np.unique(wanted)
    hits = np.flatnonzero(few[np.minimum(few.searchsorted(sums), len(few) - 1)] == sums)
    found: dict[int, list[int]] = {one: [] for one in wanted}
    for place, one in zip(hits.tolist(), sums[hits].tolist(), strict=True):
        found[one].append(place)
    return found


def _written(found: list[tuple[int, int, int]], middle: int, keep: int) -> tuple[tuple[int, ...], ...]:
    found.sort()
    sets = [_bits(at) + tuple(middle + bit for bit in _bits(place)) for _, at, place in found[: keep * 8]]
    sets.sort(key=lambda one: (len(one), one))
    return tuple(sets[:keep])


def _bits(value: int) -> tuple[int, ...]:
    bits, at = [], 0
    while value:
        if value & 1:
            bits.append(at)
        value >>= 1
        at += 1
    return tuple(bits)


def _small(amounts: Sequence[int], target: int, size_max: int, keep: int) -> Sums:
    """Sets of one, two or three. An item that all credit memos together do not bring down to the target is in none."""
    most = target - sum([one for one in amounts if one < 0])
    kept = [at for at, amount in enumerate(amounts) if amount <= most]
    places: dict[int, list[int]] = {}
    for at in kept:
        places.setdefault(amounts[at], []).append(at)
    sets: list[tuple[int, ...]] = [(at,) for at in places.get(target, ())]
    if size_max >= 2:
        for amount, held in places.items():
            others = places.get(target - amount, ())
            sets += [(at, other) for other in others for at in held if other > at]
    has_triples = len(amounts) <= TRIPLES_MAX
    if size_max >= 3 and has_triples and len(kept) > 2:
        values = np.asarray([amounts[at] for at in kept], dtype=np.int64)
        one, other = _pairs(len(kept))
        rest = target - values[one] - values[other]
        values.sort()
        for at in _held(values, rest):
            first, second = kept[one[at]], kept[other[at]]
            sets += [(first, second, third) for third in places[int(rest[at])] if third > second]
            if len(sets) > PAIRS_MAX:
                break
    sets.sort(key=lambda one: (len(one), one))
    return Sums(tuple(sets[:keep]), float(len(sets)), size_max <= (3 if has_triples else 2))


def _held(held: Any, wanted: Any) -> list[int]:
    """Where ``wanted`` stands among the sorted values."""
    at = np.minimum(held.searchsorted(wanted), len(held) - 1)
    found: list[int] = (held[at] == wanted).nonzero()[0].tolist()
    return found


@lru_cache(maxsize=TRIPLES_MAX)
def _pairs(count: int) -> tuple[Any, Any]:
    """Every two of so many positions, in order."""
    return np.triu_indices(count, 1)
