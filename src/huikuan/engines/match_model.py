"""From evidence to a probability: a logistic model over the best explanation and its rivals, learned from the
replay."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from huikuan.engines.match_explanation import AMBIGUOUS
from huikuan.engines.match_joint import Judged
from huikuan.engines.match_learn import Knowledge
from huikuan.engines.match_score import NAMES
from huikuan.engines.match_types import BarReport

VERSION = 2
"""Of how confidences are told: a bar of another one does not hold."""
FOLDS = 5
RIDGE = 3.0
"""Strength of the pull towards the coefficients before any history."""
KNEE, MODESTY, MODESTY_ABOVE = 6.0, 0.83, 1.1
"""Log-odds are told so many times smaller, up to the knee; beyond it they rise a little faster again."""
EXTRA = (
    "margin",
    "margin_3",
    "margin_6",
    "share",
    "log_odds",
    "lost",
    "rivals",
    "choices",
    "ambiguous",
    "score",
    "many",
    "shaky",
    "way",
)


def traits_of(judged: Sequence[Judged]) -> Any:
    """The numbers the probabilities are judged by, a row for each line: the best explanation's features, its lead, what
    else was there."""
    features = np.frombuffer(b"".join([one.ranked[0].features for one in judged]))
    scores = [[made.score for made in one.ranked] for one in judged]
    chances = np.exp([min(max(score - each[0], -50.0), 20.0) for each in scores for score in each])
    stop, rows = 0, []
    for one, each in zip(judged, scores, strict=True):
        start, stop = stop, stop + len(each)
        rows.append(_beside(one, each, 1.0 / float(np.add.reduce(chances[start:stop]))))
    return np.concatenate((features.reshape(len(judged), -1), rows), axis=1)


def _beside(judged: Judged, scores: list[float], share: float) -> tuple[float, ...]:
    """The values of ``EXTRA``. ``share``: the best explanation's of all, by the scores."""
    best = judged.ranked[0]
    second = scores[1] if len(scores) > 1 else scores[0] - 12.0
    lead = min(max(scores[0] - second, -3.0), 12.0)
    return (
        *(lead, min(lead, 3.0), min(lead, 6.0), share),
        math.log(share + 1e-9) - math.log(1 - share + 1e-6),
        float(judged.lost > 0),
        float(min(judged.rivals, 3)),
        math.log1p(len(scores)),
        float(best.others >= AMBIGUOUS),
        min(best.score, 15.0),
        float(len(best.items) > 1),
        float(best.is_shaky),
        float(best.is_way),
    )


def _within(values: Any, limit: float) -> Any:
    """``np.clip`` between minus and plus ``limit``, in half its time on a few values."""
    return np.minimum(np.maximum(values, -limit), limit)


@dataclass(slots=True)
class Calibration:
    """Coefficients over standardised traits; the last one stands alone."""

    center: Any
    scale: Any
    coefficients: Any

    def odds(self, traits: Any) -> Any:
        """Log-odds that explanations with these traits (a row each) are right."""
        standard = _within((np.asarray(traits) - self.center) / self.scale, 8.0)
        return standard @ self.coefficients[:-1] + self.coefficients[-1]

    def to_json(self) -> dict[str, Any]:
        return {
            name: [round(float(value), 9) for value in held]
            for name, held in (("center", self.center), ("scale", self.scale), ("coefficients", self.coefficients))
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Sequence[float]]) -> Calibration:
        return cls(*(np.asarray(values[name], dtype=np.float64) for name in ("center", "scale", "coefficients")))


def probability(odds: Any) -> Any:
    """Log-odds → probability."""
    return 1.0 / (1.0 + np.exp(-_within(odds, 35.0)))


def confidence_of(odds: Any) -> Any:
    """Log-odds as a model tells them → the probability that is told to people.

    Models are a little too sure of themselves: lines to come lie further from what was learned than lines of the past
    do. By how much was learned on the generator's development seeds. The order of the lines stays, so the bar lets the
    same ones through.
    """
    odds = np.asarray(odds)
    return probability(np.where(odds <= KNEE, MODESTY * odds, MODESTY * KNEE + MODESTY_ABOVE * (odds - KNEE)))


def fit_calibration(traits: Any, right: Any, prior: Calibration | None = None, ridge: float = RIDGE) -> Calibration:
    """The most probable coefficients given which explanations were right, pulled towards ``prior``."""
    if prior is not None:
        center, scale, start = prior.center, prior.scale, prior.coefficients
    else:
        center, scale = traits.mean(axis=0), traits.std(axis=0)
        scale = np.where(scale < 1e-6, 1.0, np.maximum(scale, 0.05))
        start = np.zeros(traits.shape[1] + 1)
    standard = np.clip((traits - center) / scale, -8.0, 8.0)
    full = np.column_stack([standard, np.ones(len(standard))])
    pull = np.full(len(start), ridge)
    pull[-1] = 0.01 if prior is None else 0.3
    return Calibration(center, scale, _newton(full, right, start, pull))


def _newton(full: Any, right: Any, start: Any, pull: Any) -> Any:
    """Newton's method with steps that are halved until they help."""

    def loss(coefficients: Any) -> float:
        odds = full @ coefficients
        return float((np.logaddexp(0.0, odds) - right * odds).sum() + 0.5 * (pull * (coefficients - start) ** 2).sum())

    coefficients, current = start.copy(), loss(start)
    for _ in range(60):
        chance = probability(full @ coefficients)
        slope = full.T @ (chance - right) + pull * (coefficients - start)
        curve = (full * (chance * (1 - chance) + 1e-9)[:, None]).T @ full + np.diag(pull)
        step = np.linalg.solve(curve, slope)
        size = 1.0
        while size > 1e-4 and loss(coefficients - size * step) > current:
            size /= 2
        coefficients = coefficients - size * step
        before, current = current, loss(coefficients)
        if before - current < 1e-6 * (1 + abs(before)):
            break
    return coefficients


def parts_of(count: int) -> Any:
    """To which of the ``FOLDS`` parts of the past each of so many lines belongs."""
    return (np.arange(count) * 7) // 5 % FOLDS


def cross_fit(traits: Any, right: Any, prior: Calibration | None) -> Any:
    """Log-odds of each line from a model that did not see its part of the past (interleaved fifths)."""
    count = len(right)
    fold = parts_of(count)
    odds = np.zeros(count)
    for part in range(FOLDS):
        mine = fold == part
        odds[mine] = fit_calibration(traits[~mine], right[~mine], prior).odds(traits[mine])
    return odds


@dataclass(slots=True)
class MatchModel:
    """What matching further lines needs: what was learned, how evidence becomes a probability, the bar. ``is_gross``:
    confirmed lines count deductions into ``applied``. Plain JSON both ways."""

    knowledge: Knowledge
    calibration: Calibration
    bar: BarReport
    is_gross: bool = False
    names: tuple[str, ...] = field(default=(*NAMES, *EXTRA))

    def to_json(self) -> dict[str, Any]:
        return {
            "version": VERSION,
            "names": list(self.names),
            "knowledge": self.knowledge.to_rows(),
            "calibration": self.calibration.to_json(),
            "bar": self.bar.to_json(),
            "is_gross": self.is_gross,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> MatchModel:
        """Reads back ``to_json``. A model of another version keeps what it learned and loses its bar."""
        from huikuan.engines.match_prior import prior_calibration

        knowledge = Knowledge.from_rows(values["knowledge"])
        if values["version"] != VERSION or tuple(values["names"]) != (*NAMES, *EXTRA):
            return cls(knowledge, prior_calibration(), BarReport(reason="no_history"))
        calibration = Calibration.from_json(values["calibration"])
        return cls(knowledge, calibration, BarReport.from_json(values["bar"]), values["is_gross"])

    def judge(self, judged: Sequence[Judged]) -> None:
        """Sets the confidence of every line and explanation. The first explanation's is its probability; the others
        share what is left by their scores."""
        some = [one for one in judged if one.ranked]
        if not some:
            return
        chances = confidence_of(self.calibration.odds(traits_of(some))).tolist()
        others = [one.ranked[1:] for one in some]
        weights = np.exp([min(max(made.score - rest[0].score, -30.0), 5.0) for rest in others for made in rest])
        stop = 0
        for one, rest, chance in zip(some, others, chances, strict=True):
            one.confidence = one.ranked[0].confidence = chance
            start, stop = stop, stop + len(rest)
            mine = weights[start:stop]
            shares = (mine / np.add.reduce(mine)).tolist() if rest else ()
            for made, share in zip(rest, shares, strict=True):
                made.confidence = min((1 - chance) * share * 0.8, chance)
