"""How likely chance alone is: the tails by which a habit is told from luck."""

from __future__ import annotations

from math import exp, lgamma, log, log1p


def binomial_tail(hits: int, trials: int, share: float) -> float:
    """The probability of at least ``hits`` in ``trials`` when each hits with probability ``share``."""
    if hits <= 0:
        return 1.0
    if hits > trials or share <= 0:
        return 0.0
    if share >= 1:
        return 1.0
    odds = share / (1 - share)
    ways = lgamma(trials + 1) - lgamma(hits + 1) - lgamma(trials - hits + 1)
    term = exp(ways + hits * log(share) + (trials - hits) * log1p(-share))
    total = term
    for k in range(hits, trials):
        term *= (trials - k) / (k + 1) * odds
        total += term
        if term < total * 1e-16 and k > trials * share:
            break
    return min(total, 1.0)


def spread_tail(marks: int, spans: int, empty: int) -> float:
    """``marks`` fall on ``spans`` (months, weeks), one on the first and one on the last of them: the probability that
    at most ``empty`` of the spans between stay empty when the others fall anywhere.

    Twelve payments within twelve months, none of the months empty: 1 in 17,063 by chance.
    """
    inner = spans - 2
    if inner <= 0 or marks < 2:
        return 1.0
    taken = [1.0] + [0.0] * inner  # by how many of the inner spans have a mark
    for _ in range(marks - 2):
        taken = [
            taken[n] * (spans - inner + n) / spans + (taken[n - 1] * (inner - n + 1) / spans if n else 0.0)
            for n in range(inner + 1)
        ]
    return sum(taken[max(inner - empty, 0) :])
