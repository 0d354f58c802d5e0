"""Writes ``engines/match_weights.py``: how evidence is weighed, and how it becomes a probability, before a company has
a history of its own.

Learned on the development seeds of the benchmark's generator, never on those its figures are measured with:
``python -m tools.match_prior [LINES]``. The weights are pulled towards ``HAND``, what we think of each piece of
evidence.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._match_data import make_company
from huikuan.engines import match_weights
from huikuan.engines.files import normalise
from huikuan.engines.match_book import Book
from huikuan.engines.match_history import read_past
from huikuan.engines.match_model import EXTRA, fit_calibration
from huikuan.engines.match_payers import Directory
from huikuan.engines.match_replay import Replayed, replay
from huikuan.engines.match_score import NAMES, prior_weights

TARGET = Path(__file__).parent.parent / "src/huikuan/engines/match_weights.py"
SEEDS = (1, 2, 3)
PULL = 30.0
"""Strength of the pull of each weight towards ``HAND``."""

HAND: dict[str, float] = {
    "named_exact": 6.0,
    "named_discount": 4.6,
    "named_late_discount": 3.6,
    "named_habit_discount": 3.2,
    "named_charge": 3.6,
    "named_exchange": 2.4,
    "named_short": 2.0,
    "named_part": 1.6,
    "named_over": 1.4,
    "bare_exact": 3.6,
    "bare_discount": 2.2,
    "bare_late_discount": 1.2,
    "bare_habit_discount": 0.2,
    "bare_charge": 0.4,
    "bare_exchange": -1.0,
    "bare_short": -2.2,
    "bare_part": -1.6,
    "bare_over": -1.2,
    "bare_account": -0.6,
    "named_account": -0.6,
    "rarity": 0.45,
    "complete": 1.0,
    "unnamed_items": -1.6,
    "missed_open": -0.5,
    "missed_paid": -0.12,
    "soft_only": -0.8,
    "order": -0.3,
    "strength": 4.0,
    "count": 0.25,
    "rival": -2.5,
    "group": -0.2,
    "stranger": -1.2,
    "strangers_name": -1.0,
    "others": -1.2,
    "items": -0.35,
    "structured": 0.4,
    "period": 2.0,
    "sum": -1.0,
    "global": -0.8,
    "pool": -0.3,
    "late": 0.05,
    "early": -2.0,
    "undue": -0.25,
    "habit": 0.5,
    "late_discount_days": -0.05,
    "cut_written": 2.5,
    "known_deduction": 0.5,
    "deduction_size": -6.0,
    "named_sum": -1.0,
    "rest_round": -0.3,
    "round_exact": -0.3,
    "advance_account": 3.0,
    "advance_items": -1.0,
    "charge_own": 0.6,
    "charge_new": -0.8,
    "charge_crooked": -0.8,
    "credit_words": 1.0,
    "credit_words_missed": -2.0,
    "discount_words": 1.5,
    "part_words": 2.0,
    "part_words_whole": -0.5,
    "paid_before": -6.0,
    "swaps": -0.6,
    "many_customers": -0.5,
    "luck": -0.3,
    "known_open": 0.6,
    "nobody_share": 6.0,
    "nobody_words": 0.6,
    "nobody_payer": -4.0,
    "duplicate": 1.5,
    "paid_account": 2.0,
    "has_mentions_account": -0.8,
}

HEAD = '''"""What is learned before a company has a history of its own, written by ``tools/match_prior.py``.

``WEIGHTS``: of each piece of evidence in the score of an explanation. ``TRAITS``: per trait its mean, its spread and
its weight in the log-odds that the best explanation is right; ``ALONE`` stands for itself.
"""

'''


def replayed() -> list[Replayed]:
    """The histories of the development companies, judged."""
    answers = []
    lines = int(sys.argv[1]) if len(sys.argv) > 1 else 6000
    for seed in SEEDS:
        company = make_company(seed, lines=100, history=lines)
        given = (company.items, "items"), (company.customers, "customers"), (company.history, "history")
        items, customers, history = (normalise(table, kind).table for table, kind in given)
        book = Book(items, customers)
        answers += replay(book, Directory(book), read_past(history, book), prior_weights(), keep=True)
    return answers


def rank_weights(answers: list[Replayed]) -> Any:
    """Weights under which the right explanation of a line is likeliest among those found (conditional logit)."""
    groups = [
        (np.asarray([made.features for made in one.judged.ranked]), one.right)
        for one in answers
        if one.judged is not None and one.right >= 0 and len(one.judged.ranked) > 1 and not one.judged.lost
    ]
    start = np.asarray([HAND.get(name, 0.0) for name in NAMES])
    rows = np.concatenate([features for features, _ in groups])
    starts = np.cumsum([0, *(len(features) for features, _ in groups)])[:-1]
    places = np.asarray([first + right for first, (_, right) in zip(starts, groups, strict=True)])
    number = np.repeat(np.arange(len(groups)), [len(features) for features, _ in groups])

    def loss(weights: Any) -> tuple[float, Any]:
        scores = rows @ weights
        top = np.maximum.reduceat(scores, starts)
        grown = np.exp(scores - top[number])
        total = np.add.reduceat(grown, starts)
        value = float((np.log(total) + top - scores[places]).sum() + PULL / 2 * ((weights - start) ** 2).sum())
        return value, grown / total[number]

    weights = start.copy()
    value, chances = loss(weights)
    for _ in range(30):
        mean = np.add.reduceat(rows * chances[:, None], starts)
        slope = mean.sum(axis=0) - rows[places].sum(axis=0) + PULL * (weights - start)
        curve = (rows * chances[:, None]).T @ rows - mean.T @ mean + PULL * np.eye(len(weights))
        step, size = np.linalg.solve(curve, slope), 1.0
        while size > 1e-3 and loss(weights - size * step)[0] > value:
            size /= 2
        weights = weights - size * step
        before, (value, chances) = value, loss(weights)
        if before - value < 1e-4:
            break
    return weights


def write(weights: Any, fitted: Any) -> None:
    """Writes the module of constants."""
    text = HEAD + "from __future__ import annotations\n\nWEIGHTS: dict[str, float] = {\n"
    text += "".join(f'    "{name}": {weight:.4f},\n' for name, weight in zip(NAMES, weights, strict=True))
    text += "}\n\nTRAITS: dict[str, tuple[float, float, float]] = {\n"
    if fitted is not None:
        rows = zip((*NAMES, *EXTRA), fitted.center, fitted.scale, fitted.coefficients[:-1], strict=True)
        text += "".join(f'    "{name}": ({mean:.4f}, {spread:.4f}, {odds:.4f}),\n' for name, mean, spread, odds in rows)
    text += "}\n\nALONE = " + (f"{fitted.coefficients[-1]:.4f}" if fitted is not None else "0.0") + "\n"
    TARGET.write_text(text)


def main() -> None:
    """Weights first; with them the lines are replayed again for the probabilities."""
    weights = rank_weights(replayed())
    match_weights.WEIGHTS.update(zip(NAMES, (float(one) for one in weights), strict=True))
    answers = replayed()
    traits = np.asarray([one.traits for one in answers])
    right = np.asarray([float(one.right == 0) for one in answers])
    print(f"{len(answers)} lines, right first {right.mean():.4f}")
    write(weights, fit_calibration(traits, right, ridge=20.0))


if __name__ == "__main__":
    main()
