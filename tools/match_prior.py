"""Writes ``engines/match_prior.py``: how evidence becomes a probability before a company has a history of its own.

Learned on the development seeds of the benchmark's generators, never on those its figures are measured with:
``python -m tools.match_prior``.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks._match_data import make_company
from huikuan.engines.files import normalise
from huikuan.engines.match_book import Book
from huikuan.engines.match_history import read_past
from huikuan.engines.match_model import EXTRA, fit_calibration
from huikuan.engines.match_payers import Directory
from huikuan.engines.match_replay import replay
from huikuan.engines.match_score import NAMES, prior_weights

TARGET = Path(__file__).parent.parent / "src/huikuan/engines/match_prior.py"
SEEDS = (1, 2, 3)

HEAD = '''"""How evidence becomes a probability before a company has a history of its own. Written by ``tools/match_prior.py``:
per trait its mean, its spread and its weight in log-odds."""

from __future__ import annotations

from huikuan.engines.match_model import EXTRA, Calibration
from huikuan.engines.match_score import NAMES

TRAITS: dict[str, tuple[float, float, float]] = {
'''
TAIL = '''

def prior_calibration() -> Calibration:
    """The probabilities before any history; traits that are not listed weigh nothing."""
    import numpy as np

    rows = [TRAITS.get(name, (0.0, 1.0, 0.0)) for name in (*NAMES, *EXTRA)]
    held = np.asarray(rows, dtype=np.float64)
    return Calibration(held[:, 0].copy(), held[:, 1].copy(), np.append(held[:, 2], ALONE))
'''


def main() -> None:
    """Replays the development companies and writes what was learned."""
    traits, right = [], []
    for seed in SEEDS:
        company = make_company(seed, lines=100, history=8000)
        items, customers, history = (
            normalise(table, kind).table
            for table, kind in (
                (company.items, "items"),
                (company.customers, "customers"),
                (company.history, "history"),
            )
        )
        book = Book(items, customers)
        for one in replay(book, Directory(book), read_past(history, book), prior_weights()):
            traits.append(one.traits)
            right.append(float(one.right == 0))
    fitted = fit_calibration(np.asarray(traits), np.asarray(right), ridge=20.0)
    text = HEAD
    for name, center, scale, weight in zip(
        (*NAMES, *EXTRA), fitted.center, fitted.scale, fitted.coefficients[:-1], strict=True
    ):
        text += f'    "{name}": ({center:.5f}, {scale:.5f}, {weight:.5f}),\n'
    text += "}\n" + f"ALONE = {fitted.coefficients[-1]:.5f}\n" + TAIL
    TARGET.write_text(text)


if __name__ == "__main__":
    main()
