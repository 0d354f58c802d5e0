"""How evidence is weighed and becomes a probability before a company has a history of its own."""

from __future__ import annotations

import numpy as np

from huikuan.engines.match_model import EXTRA, Calibration
from huikuan.engines.match_score import NAMES
from huikuan.engines.match_weights import ALONE, TRAITS


def prior_calibration() -> Calibration:
    """The probabilities before any history; traits that are not listed weigh nothing."""
    rows = [TRAITS.get(name, (0.0, 1.0, 0.0)) for name in (*NAMES, *EXTRA)]
    held = np.asarray(rows, dtype=np.float64)
    return Calibration(held[:, 0].copy(), held[:, 1].copy(), np.append(held[:, 2], ALONE))
