"""How evidence becomes a probability before a company has a history of its own. Written by ``tools/match_prior.py``:
per trait its mean, its spread and its weight in log-odds."""

from __future__ import annotations

from huikuan.engines.match_model import EXTRA, Calibration
from huikuan.engines.match_score import NAMES

TRAITS: dict[str, tuple[float, float, float]] = {
    "named_exact": (0.55112, 0.49738, 0.58822),
    "named_discount": (0.03737, 0.18968, 0.29760),
    "named_late_discount": (0.01367, 0.11610, -0.04042),
    "named_habit_discount": (0.00008, 0.05000, 0.00468),
    "named_charge": (0.02096, 0.14324, -0.64598),
    "named_exchange": (0.00333, 0.05764, -0.04882),
    "named_short": (0.00500, 0.07053, -0.09208),
    "named_part": (0.00833, 0.09091, -0.18996),
    "named_over": (0.00517, 0.07169, -0.58493),
    "named_account": (0.00000, 1.00000, 0.00000),
    "named_none": (0.00000, 1.00000, 0.00000),
    "bare_exact": (0.22325, 0.41642, 0.53918),
    "bare_discount": (0.01337, 0.11487, 0.39546),
    "bare_late_discount": (0.00525, 0.07227, 0.16947),
    "bare_habit_discount": (0.00013, 0.05000, 0.10689),
    "bare_charge": (0.01033, 0.10113, -0.20392),
    "bare_exchange": (0.00013, 0.05000, 0.02115),
    "bare_short": (0.00000, 1.00000, 0.00000),
    "bare_part": (0.00021, 0.05000, 0.07574),
    "bare_over": (0.00013, 0.05000, -0.45345),
    "bare_account": (0.05983, 0.23718, -1.07412),
    "bare_none": (0.04229, 0.20125, -0.38322),
    "rarity": (4.15985, 3.67084, -0.12241),
    "complete": (0.62408, 0.48436, 0.36004),
    "unnamed_items": (0.00674, 0.05999, 0.09951),
    "missed_open": (0.08140, 0.66591, 0.04846),
    "missed_paid": (0.07690, 0.67081, 0.03142),
    "soft_only": (0.05379, 0.22561, -0.20799),
    "order": (0.05033, 0.21863, -0.04706),
    "strength": (0.84756, 0.25962, 0.15652),
    "count": (0.73605, 1.12539, 0.21325),
    "rival": (0.03434, 0.13012, -0.00139),
    "group": (0.01267, 0.11183, 0.13598),
    "stranger": (0.01171, 0.10757, -0.09371),
    "strangers_name": (0.01071, 0.10293, 0.06401),
    "others": (0.01820, 0.13102, -0.01731),
    "items": (0.09002, 0.29607, -0.26129),
    "structured": (0.01883, 0.13594, 0.06244),
    "period": (0.01096, 0.10411, 0.26494),
    "sum": (0.01721, 0.13005, 0.11711),
    "global": (0.00308, 0.05544, 0.19590),
    "credits": (0.01937, 0.13784, -0.00946),
    "pool": (0.42232, 0.81322, 0.18167),
    "late": (0.16902, 0.23849, 0.06209),
    "early": (0.00046, 0.05000, -0.35726),
    "undue": (0.14434, 0.40369, -0.39786),
    "round": (0.12071, 0.61452, 0.23850),
    "habit": (0.18520, 0.72498, 0.55126),
    "late_discount_days": (0.06392, 0.63790, 0.34763),
    "known_deduction": (0.07467, 0.45933, 0.73661),
    "deduction_size": (0.00222, 0.05000, -0.32317),
    "nobody_share": (0.06122, 0.32958, 0.20053),
    "nobody_words": (0.44531, 2.25594, 0.41348),
    "nobody_payer": (0.00000, 1.00000, 0.00000),
    "duplicate": (0.00100, 0.05000, 0.04318),
    "paid_account": (0.00100, 0.05000, 0.04318),
    "has_mentions_account": (0.00433, 0.06569, 0.19605),
    "margin": (8.64579, 4.20307, 0.08455),
    "margin_3": (2.78857, 0.71096, -0.34719),
    "margin_6": (5.01239, 1.66532, 0.42228),
    "share": (0.95656, 0.12885, 0.31726),
    "log_odds": (9.15374, 4.86114, 0.20678),
    "lost": (0.00708, 0.08386, 0.19134),
    "rivals": (0.01904, 0.13758, 0.03609),
    "choices": (1.62552, 0.37031, -0.18227),
    "ambiguous": (0.02138, 0.14463, -0.50994),
    "score": (10.69383, 3.88295, 0.82189),
    "many": (0.09796, 0.29726, -0.04297),
}
ALONE = 6.54616


def prior_calibration() -> Calibration:
    """The probabilities before any history; traits that are not listed weigh nothing."""
    import numpy as np

    rows = [TRAITS.get(name, (0.0, 1.0, 0.0)) for name in (*NAMES, *EXTRA)]
    held = np.asarray(rows, dtype=np.float64)
    return Calibration(held[:, 0].copy(), held[:, 1].copy(), np.append(held[:, 2], ALONE))
