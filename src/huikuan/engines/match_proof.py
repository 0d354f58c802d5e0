"""How many wrong lines among so many prove that the share of wrong ones is small: exact bounds by count."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

ALLOWED = (*range(9), *(round(8 * 1.25**step) for step in range(1, 17)))
"""Numbers of wrong lines that are allowed for, each from its own number of lines on; between two, the smaller holds."""

LESS = 0.7
"""Each further number of wrong lines gets so much of the improbability that the one before it gets."""


def at_most(errors: int, count: int, share: float) -> float:
    """The probability of at most ``errors`` in ``count`` lines when each is wrong with probability ``share``."""
    if errors >= count:
        return 1.0
    return min(1.0, float(_chances(count, share, errors).sum()))


def upper_bound(errors: int, count: int, improbability: float) -> float:
    """Clopper and Pearson: the share that is exceeded with at most this probability (0.05 for 95 %)."""
    if count == 0 or errors >= count:
        return 1.0
    low, high = errors / count, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if at_most(errors, count, middle) > improbability:
            low = middle
        else:
            high = middle
    return high


def lines_needed(errors: int, share: float, improbability: float) -> int:
    """How many lines with so many errors prove the share: 2,995 without one, 4,742 with one (1 in 1,000, 95 %)."""
    low, high = errors + 1, 16
    while at_most(errors, high, share) > improbability:
        high *= 2
    while low < high:
        middle = (low + high) // 2
        if at_most(errors, middle, share) > improbability:
            low = middle + 1
        else:
            high = middle
    return low


@lru_cache(maxsize=256)
def allowances(whole: int, share: float, improbability: float) -> tuple[tuple[int, int], ...]:
    """From how many of the surest lines on how many may be wrong: pairs (lines, wrong), both rising; nothing where
    ``whole`` lines prove nothing.

    Lines that are each wrong with probability ``share`` have at any of these places as few wrong ones with
    ``improbability`` at most, all places together. A company whose first *n* lines are wrong more often than ``share``
    has counted at *n* at least as many (its count is the same process run faster), so whatever place is chosen after
    looking, it is a false one with that probability at most. Each number of wrong lines gets its part of it
    (``LESS``); there are as many as ``whole`` lines can prove.
    """
    found: tuple[tuple[int, int], ...] = ()
    low, high = 0, len(ALLOWED)
    while low < high:
        many = (low + high + 1) // 2
        made = _places(whole, share, improbability * (1 - LESS) / (1 - LESS**many), ALLOWED[:many])
        if len(made) == many:
            low, found = many, made
        else:
            high = many - 1
    return found


def _places(whole: int, share: float, part: float, allowed: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    """The places one after the other, each the first at which so few wrong ones are no likelier than its part, of those
    that had more at every place before."""
    states = np.zeros(allowed[-1] + 1)
    states[0] = 1.0
    at, found = 0, []
    for wrong in allowed:
        low, high = at, whole + 1
        while high - low > 1:
            middle = (low + high) // 2
            if _moved(states, middle - at, share)[: wrong + 1].sum() > part:
                low = middle
            else:
                high = middle
        if high > whole:
            break
        states, at = _moved(states, high - at, share), high
        states[: wrong + 1] = 0.0
        part *= LESS
        found.append((at, wrong))
    return tuple(found)


def _moved(states: Any, lines: int, share: float) -> Any:
    """The probabilities of each number of wrong lines, so many lines later."""
    return np.convolve(states, _chances(lines, share, len(states) - 1))[: len(states)]


def _chances(lines: int, share: float, most: int) -> Any:
    """The probability of 0, 1, ... ``most`` wrong ones in so many lines (binomial)."""
    wrong = np.arange(most + 1)
    with np.errstate(divide="ignore"):
        ways = np.log(np.maximum(lines - wrong[:-1], 0) / wrong[1:])
    logs = np.concatenate([[0.0], np.cumsum(ways)]) + wrong * math.log(share) + (lines - wrong) * math.log1p(-share)
    return np.exp(logs)
