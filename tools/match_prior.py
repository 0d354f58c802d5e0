"""Writes ``engines/match_weights.py``: how evidence is weighed, and how it becomes a probability, before a company has a
history of its own.

Learned on the development seeds of the benchmark's generator, never on those its figures are measured with:
``python -m tools.match_prior [LINES]``. The weights are pulled towards ``HAND``, what we think of each piece of evidence.
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
    **dict(zip(("named_exact", "named_discount", "named_late_discount", "named_habit_discount"), (6, 4.6, 3.6, 3.2))),
    **dict(zip(("named_charge", "named_exchange", "named_short", "named_part", "named_over"), (3.6, 2.4, 2, 1.6, 1.4))),
    **dict(zip(("bare_exact", "bare_discount", "bare_late_discount", "bare_habit_discount"), (3.6, 2.2, 1.2, 0.2))),
    **dict(zip(("bare_charge", "bare_exchange", "bare_short", "bare_part", "bare_over"), (0.4, -1, -2.2, -1.6, -1.2))),
    **dict(zip(("bare_account", "named_account"), (-0.6, -0.6))),
    **dict(zip(("rarity", "complete", "unnamed_items", "missed_open", "missed_paid"), (0.45, 1, -1.6, -0.5, -0.12))),
    **dict(zip(("soft_only", "order", "strength", "count", "rival", "group"), (-0.8, -0.3, 4, 0.25, -2.5, -0.2))),
    **dict(zip(("stranger", "strangers_name", "others", "items", "structured"), (-1.2, -1, -1.2, -0.35, 0.4))),
    **dict(zip(("period", "sum", "global", "pool", "late", "early", "undue"), (2, -1, -0.8, -0.3, 0.05, -2, -0.25))),
    **dict(zip(("habit", "late_discount_days", "known_deduction", "deduction_size"), (0.5, -0.05, 0.5, -6))),
    **dict(
        zip(("named_sum", "rest_round", "round_exact", "advance_account", "advance_items"), (-1, -0.3, -0.3, 3, -1))
    ),
    **dict(zip(("charge_own", "charge_new", "charge_crooked", "credit_words"), (0.6, -0.8, -0.8, 1))),
    **dict(zip(("credit_words_missed", "discount_words", "part_words", "part_words_whole"), (-2, 1.5, 2, -0.5))),
    **dict(zip(("paid_before", "swaps", "many_customers", "luck", "known_open"), (-6, -0.6, -0.5, -0.3, 0.6))),
    **dict(zip(("nobody_share", "nobody_words", "nobody_payer", "duplicate"), (6, 0.6, -4, 1.5))),
    **dict(zip(("paid_account", "has_mentions_account"), (2, -0.8))),
}

HEAD = '''"""What is learned before a company has a history of its own, written by ``tools/match_prior.py``.

``WEIGHTS``: of each piece of evidence in the score of an explanation. ``TRAITS``: per trait its mean, its spread and its weight
in the log-odds that the best explanation is right; ``ALONE`` stands for itself.
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
    print(f"{len(answers)} lines, right first {right.mean():.4f}")  # noqa: T201 - a tool tells
    write(weights, fit_calibration(traits, right, ridge=20.0))


if __name__ == "__main__":
    main()
