"""Payment terms that say an early-payment discount so that a program can read it (XRechnung, extension of BT-20)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

_SKONTO = re.compile(r"#SKONTO#TAGE=(\d{1,3})#PROZENT=(\d{1,2}\.\d{2})#(BASISBETRAG=[-\d.]+#)?")


@dataclass(frozen=True, slots=True)
class EarlyPayment:
    """``percent`` less when paid within ``days`` of the invoice."""

    days: int
    percent: Decimal


def early_payment_of(terms: str) -> EarlyPayment | None:
    """The first discount on the whole amount; ``None`` where there is none, or only on a part."""
    for days, percent, base in _SKONTO.findall(terms):
        if not base:
            return EarlyPayment(int(days), Decimal(percent))
    return None
