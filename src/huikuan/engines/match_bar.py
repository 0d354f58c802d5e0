"""The bar: from which confidence on lines may post themselves, proved on the replayed past, by count and by money."""

from __future__ import annotations

import math
import random
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from huikuan.engines.match_proof import allowances, at_most, lines_needed, upper_bound
from huikuan.engines.match_types import BarReport

LEAST = 0.9
"""No line posts itself that is less sure, even where so many errors would be allowed."""
SET_BACK = (0.0, 1.0, 4.0)
"""Log-odds by which lines of each degree of doubt (``Outcome.back``) stand behind equally sure ones of none when the
surest are looked at first. A confidence is a guess about lines like those of the past; what the text names to the cent
is the least of a guess."""
MEASURED, BEYOND = 8.0, 0.01
"""Log-odds up to which a line of some doubt counts as told (99.97 %), and how much of what lies beyond does: no past is
long enough to have measured more, and a line told at 100 % must not stand before everything that is named."""
MISSING_MAX = 1_000_000
"""More missing lines than this are not counted."""
SUREST = 1 - 1e-12
"""A confidence above this counts as this."""
DRIFT_P = 0.002
"""So improbable by chance must a worse latest part be to be called a drift."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A past line with the confidence it had (or, of an audit, was posted with), its amount in units of one currency
    (0: another currency), and whether it was right. ``may_post``: nothing but the bar kept it from posting itself;
    ``back``: its degree of doubt (``match_posting.back_of``)."""

    confidence: float
    right: bool
    amount: int = 0
    may_post: bool = True
    back: int = 0

    @property
    def standing(self) -> float:
        """By which the surest come first: log-odds, less what its degree of doubt sets it back."""
        odds = _log_odds(self.confidence)
        if self.back and odds > MEASURED:
            odds = MEASURED + (odds - MEASURED) * BEYOND
        return odds - SET_BACK[self.back]


def set_bar(
    outcomes: Sequence[Outcome],
    max_error: float,
    certainty: float,
    *,
    currency: str | None,
    money_cap: int | None = None,
) -> BarReport:
    """The least confidences at which the share of wrong postings is proved to be at most ``max_error``.

    ``outcomes`` in the order of the past. From how many of the surest lines on how many may be wrong is fixed
    beforehand, for all thresholds together (``allowances``), so the promise holds for the chosen one. A drift of the
    latest fifth lets only the latest two fifths count.
    """
    drift, drift_p = drift_of(outcomes)
    drifted = drift_p is not None and drift_p < DRIFT_P
    used = list(outcomes[len(outcomes) * 3 // 5 :]) if drifted else list(outcomes)
    report = BarReport(max_error, certainty, lines=len(outcomes), drift=drift, drift_p=drift_p)
    ranked = sorted((one for one in used if one.may_post), key=lambda one: -one.standing)
    chosen = _search([not one.right for one in ranked], max_error, 1 - certainty, _ties(ranked))
    if chosen is None:
        return _missing(report, ranked, max_error, 1 - certainty, drifted)
    above = ranked[:chosen]
    errors = sum(not one.right for one in above)
    lowest = above[-1].standing
    report = replace(
        _with_thresholds(report, [_least(above, lowest, back) for back in range(len(THRESHOLDS))]),
        above=chosen,
        errors=errors,
        bound=upper_bound(errors, chosen, 1 - certainty),
        share=chosen / len(used),
        reason="",
    )
    return _by_money(report, [one for one in used if one.may_post and one.standing >= lowest], currency, money_cap)


THRESHOLDS = ("threshold", "threshold_others", "threshold_doubted")
"""The fields of a report by degree of doubt."""


def _with_thresholds(report: BarReport, least: Sequence[float | None]) -> BarReport:
    return replace(report, threshold=least[0], threshold_others=least[1], threshold_doubted=least[2])


def _least(above: Sequence[Outcome], lowest: float, back: int) -> float:
    """The least confidence of a degree of doubt that the bar lets through."""
    told = max(_confidence(lowest, back), LEAST)
    return min((min(one.confidence, SUREST) for one in above if one.back == back), default=told)


def _confidence(standing: float, back: int) -> float:
    """The confidence with which a line of a degree of doubt stands there."""
    odds = standing + SET_BACK[back]
    if back and odds > MEASURED:
        odds = MEASURED + (odds - MEASURED) / BEYOND
    return 1 / (1 + math.exp(-odds)) if odds > -700 else 0.0


def _log_odds(confidence: float) -> float:
    held = min(max(confidence, 1 - SUREST), SUREST)
    return math.log(held / (1 - held))


def least_of(bar: BarReport, back: int) -> float | None:
    """The least confidence that the bar lets through of a degree of doubt; of a bar that knew none, that of all."""
    least: float | None = getattr(bar, THRESHOLDS[back])
    return bar.threshold if least is None else least


def is_over(bar: BarReport, confidence: float, back: int) -> bool:
    """Whether the bar lets a line of a confidence and a degree of doubt through."""
    least = least_of(bar, back)
    return least is not None and min(confidence, SUREST) >= least


def _search(wrong: Sequence[bool], max_error: float, improbability: float, ties: Sequence[bool] = ()) -> int | None:
    """How many of the ranked lines the chosen threshold lets through: the most of which no more are wrong than are
    allowed for (``allowances``). ``ties``: per line whether the next one stands alike: these are over a threshold
    together or not at all."""
    places = allowances(len(wrong), max_error, improbability)
    errors, chosen, passed = 0, None, -1
    for count, is_wrong in enumerate(wrong, 1):
        errors += is_wrong
        while passed + 1 < len(places) and places[passed + 1][0] <= count:
            passed += 1
        if passed >= 0 and errors <= places[passed][1] and not (ties and ties[count - 1]):
            chosen = count
    return chosen


def _ties(ranked: Sequence[Outcome]) -> list[bool]:
    return [one.standing == other.standing for one, other in pairwise(ranked)] + [False] * bool(ranked)


def _missing(
    report: BarReport, ranked: Sequence[Outcome], max_error: float, improbability: float, drifted: bool
) -> BarReport:
    """No bar: why, and how many more lines would do if none of those like the surest went wrong."""
    sure = [one for one in ranked if one.confidence >= LEAST] or list(ranked[: len(ranked) // 2])
    wrong = [at for at, one in enumerate(sure) if not one.right]
    share = max(len(sure) / max(report.lines, 1), 0.05)
    needed = math.ceil(_needed(wrong, len(sure), max_error, improbability) / share)
    enough = len(sure) >= lines_needed(0, max_error, improbability)
    reason = "drift" if drifted else "too_many_errors" if enough else "too_few"
    return replace(report, lines_missing=needed, reason=reason, above=len(sure), errors=len(wrong))


def _needed(wrong: Sequence[int], count: int, max_error: float, improbability: float) -> int:
    """How many more right lines, spread evenly among ``count`` of which those at the places ``wrong`` are wrong, would
    prove a threshold."""

    def is_enough(more: int) -> bool:
        places = allowances(count + more, max_error, improbability)
        grown = [at * (count + more) // max(count, 1) for at in wrong]
        return any(bisect_left(grown, lines) <= allowed for lines, allowed in places)

    low, high = 0, max(lines_needed(0, max_error, improbability) - count, 1)
    while high < MISSING_MAX and not is_enough(high):
        low, high = high, min(2 * high, MISSING_MAX)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    return high


def _by_money(report: BarReport, above: Sequence[Outcome], currency: str | None, money_cap: int | None) -> BarReport:
    """The promise by money: the largest cap (or the one asked for) under which it is proved, in the order of the
    past."""
    money = [one for one in above if one.amount > 0]
    if not money or currency is None:
        return report
    sizes = sorted(one.amount for one in money)
    shares = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.97, 0.99, 0.995, 0.999)
    caps = [money_cap] if money_cap else [sizes[int(len(sizes) * share)] for share in shares] + [sizes[-1]]
    best = None
    for cap in caps:
        if not is_proved(money, cap, report.max_error, 1 - report.certainty):
            break
        best = cap
    if best is None:
        return report
    count, errors = drawn_of(money, best)
    counted = sum(min(one.amount, best) for one in money)
    wrong = sum(min(one.amount, best) for one in money if not one.right)
    return replace(
        report,
        money_cap=_major(best),
        money_currency=currency,
        money_errors=_major(wrong),
        money_above=_major(counted),
        money_bound=upper_bound(errors, count, 1 - report.certainty),
    )


def _major(units: int) -> str:
    return f"{units // 10_000}.{units % 10_000 // 100:02d}"


def is_proved(money: Sequence[Outcome], cap: int, max_error: float, improbability: float) -> bool:
    """The wrong share of the money, each line counted up to ``cap``, is proved to be at most ``max_error``.

    Lines are drawn with a probability in proportion to what they count: a drawn line is then wrong exactly with the
    probability that a unit of the money is, and the count of wrong ones proves its share as it does for lines. The
    drawing is the same every time.
    """
    count, errors = drawn_of(money, cap)
    return count > 0 and at_most(errors, count, max_error) <= improbability


def drawn_of(money: Sequence[Outcome], cap: int) -> tuple[int, int]:
    """Lines drawn in proportion to their amounts up to ``cap``, and the wrong ones among them."""
    lots = random.Random(20261122)  # noqa: S311 - a sample, not a secret
    count = errors = 0
    for one in money:
        lot = lots.random()
        if lot * cap < one.amount:
            count += 1
            errors += not one.right
    return count, errors


def drift_of(outcomes: Sequence[Outcome]) -> tuple[float | None, float | None]:
    """How many times as often as its confidences say the latest fifth went wrong, relative to the time before (without
    the first fifth, when little was known), and how probable so many errors would be by chance."""
    count = len(outcomes)
    if count < 200:
        return None, None
    before, latest = outcomes[count // 5 : count * 4 // 5], outcomes[count * 4 // 5 :]
    expected_before = sum(1 - one.confidence for one in before) or 1e-9
    expected = sum(1 - one.confidence for one in latest) or 1e-9
    ratio = (sum(not one.right for one in before) + 1) / (expected_before + 1)
    wrong = sum(not one.right for one in latest)
    mean = max(expected * ratio, 1e-9)
    return (wrong + 1) / (mean + 1), _poisson_at_least(wrong, mean * 1.1)


def _poisson_at_least(count: int, mean: float) -> float:
    below = sum(math.exp(-mean + k * math.log(mean) - math.lgamma(k + 1)) for k in range(count))
    return max(0.0, 1.0 - below)


def draw_audit_sample(line_ids: Sequence[str], share: float, seed: int) -> list[str]:
    """A random share of automatic postings to be asked back, at least one; the same for the same lines and seed, in
    whatever order they come."""
    ordered = sorted(line_ids)
    if not ordered:
        return []
    count = max(1, round(len(ordered) * share))
    return sorted(random.Random(f"{seed}:{len(ordered)}:{ordered[0]}").sample(ordered, min(count, len(ordered))))  # noqa: S311 - a sample, not a secret


def update_bar(bar: BarReport, outcomes: Sequence[Outcome]) -> BarReport:
    """The bar after answers of the audit (randomly drawn automatic postings). It stays while they agree with the
    promise; when so many errors would come by chance in fewer than one case in twenty, it rises above the wrong ones in
    the order of the bar, by ``standing``: what stands before them is as proved as it was. Where one of them stood among
    the surest that the text names it falls away until the history is replayed again."""
    audited = bar.audited + len(outcomes)
    errors = bar.audit_errors + sum(not one.right for one in outcomes)
    moved = replace(bar, audited=audited, audit_errors=errors)
    wrong = [one.standing for one in outcomes if not one.right]
    if not wrong or bar.threshold is None:
        return moved
    if 1 - at_most(errors - 1, audited, bar.max_error) >= 1 - bar.certainty:
        return moved
    raised = [max(least_of(bar, back) or 0.0, _beyond(max(wrong), back)) for back in range(len(THRESHOLDS))]
    if raised[0] > 1 - (1 - bar.threshold) * 0.05:
        return replace(_with_thresholds(moved, [None] * len(THRESHOLDS)), reason="audit")
    return _with_thresholds(moved, raised)


def _beyond(standing: float, back: int) -> float:
    """The least confidence with which a line of a degree of doubt stands higher; 1 (which none reaches) where none
    does."""
    if Outcome(SUREST, True, back=back).standing <= standing:
        return 1.0
    return math.nextafter(_confidence(standing + 1e-9, back), 2.0)
