"""Exact sums of items: which sets add up to an amount, and how many there are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

EXACT_MAX = 26
"""Items of which every set is looked at, by meeting in the middle."""
SMALL_MAX = 240
"""Items of which every set of up to three is looked at."""
TRIPLES_MAX = 60
"""Items of which every set of three is looked at; of more, every pair."""
PAIRS_MAX = 4000
"""Sets that are written out; more are only counted."""


@dataclass(frozen=True, slots=True)
class Sums:
    """Sets found (positions, rising), smallest first, then earliest; ``count`` of all sets that fit with up to
    ``size_max`` items. ``is_exact``: every set was looked at; else ``count`` is an estimate for the larger ones."""

    sets: tuple[tuple[int, ...], ...]
    count: float
    is_exact: bool


NOTHING = Sums((), 0.0, True)


def find_sums(amounts: Sequence[int], target: int, *, size_max: int = 99, keep: int = 12) -> Sums:
    """Sets of one or more ``amounts`` that add up to ``target`` exactly, credit memos (negative) included."""
    count = len(amounts)
    if not count:
        return NOTHING
    above = sum(amount for amount in amounts if amount > 0)
    below = sum(amount for amount in amounts if amount < 0)
    if not below <= target <= above:
        return NOTHING
    if count <= EXACT_MAX:
        return _meet(amounts, target, size_max, keep)
    small = _small(amounts, target, min(size_max, 3), keep) if count <= SMALL_MAX else _singles(amounts, target, keep)
    if size_max <= 3 and count <= SMALL_MAX:
        return small
    guess = estimate_count(amounts, target) if size_max > 3 else 0.0
    return Sums(small.sets, max(guess, small.count), False)


def _half(amounts: Sequence[int]) -> tuple[Any, Any]:
    """The sum and the size of every subset; the subset is its position's bits."""
    sums, sizes = np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int8)
    for amount in amounts:
        sums, sizes = np.concatenate([sums, sums + amount]), np.concatenate([sizes, sizes + 1])
    return sums, sizes


def _meet(amounts: Sequence[int], target: int, size_max: int, keep: int) -> Sums:
    middle = len(amounts) // 2
    left, left_sizes = _half(amounts[:middle])
    right, right_sizes = _half(amounts[middle:])
    order = np.argsort(right, kind="stable")
    ordered = right[order]
    wanted = target - left
    start = np.searchsorted(ordered, wanted, "left")
    stop = np.searchsorted(ordered, wanted, "right")
    hits = np.nonzero(stop > start)[0]
    total = int((stop[hits] - start[hits]).sum())
    if not total:
        return NOTHING
    found, counted = [], 0
    for at in hits.tolist():
        for place in order[start[at] : stop[at]].tolist():
            size = int(left_sizes[at]) + int(right_sizes[place])
            if 0 < size <= size_max:
                counted += 1
                found.append((size, at, place))
        if len(found) > PAIRS_MAX:
            return Sums(_written(found, middle, keep), float(total), True)
    return Sums(_written(found, middle, keep), float(counted), True)


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


def _singles(amounts: Sequence[int], target: int, keep: int) -> Sums:
    sets = [(at,) for at, amount in enumerate(amounts) if amount == target]
    return Sums(tuple(sets[:keep]), float(len(sets)), True)


def _small(amounts: Sequence[int], target: int, size_max: int, keep: int) -> Sums:
    """Sets of one, two or three."""
    places: dict[int, list[int]] = {}
    for at, amount in enumerate(amounts):
        places.setdefault(amount, []).append(at)
    sets: list[tuple[int, ...]] = [(at,) for at in places.get(target, ())]
    if size_max >= 2:
        for at, amount in enumerate(amounts):
            sets += [(at, other) for other in places.get(target - amount, ()) if other > at]
    if size_max >= 3 and len(amounts) <= TRIPLES_MAX:
        for one, other in combinations(range(len(amounts)), 2):
            rest = target - amounts[one] - amounts[other]
            sets += [(one, other, third) for third in places.get(rest, ()) if third > other]
            if len(sets) > PAIRS_MAX:
                break
    sets.sort(key=lambda one: (len(one), one))
    return Sums(tuple(sets[:keep]), float(len(sets)), True)


def estimate_count(amounts: Sequence[int], target: int) -> float:
    """About how many sets add up to ``target`` where they are too many to look at: the saddle point of the number of
    sets as if sums were spread evenly over the multiples of the amounts' greatest common divisor."""
    grain = math.gcd(*amounts)
    if target % grain:
        return 0.0
    values = np.asarray(amounts, dtype=np.float64) / grain
    goal = target / grain
    low, high = -60.0 / np.abs(values).max(), 60.0 / np.abs(values).max()
    for _ in range(28):
        tilt = (low + high) / 2
        chosen = 1.0 / (1.0 + np.exp(np.clip(tilt * values, -700, 700)))
        if float((values * chosen).sum()) > goal:
            low = tilt
        else:
            high = tilt
    spread = float((values**2 * chosen * (1 - chosen)).sum())
    if spread < 1.0:
        return 0.0
    exponent = float(np.logaddexp(0.0, -tilt * values).sum()) + tilt * goal
    logarithm = exponent - 0.5 * math.log(2 * math.pi * spread)
    return math.exp(min(logarithm, 300.0))
