"""How long names and texts of payers are kept: a number of days for each kind, and nothing is erased by default."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum

from huikuan.core.refusals import Refusal

DAYS_MIN = 90
"""Sooner nothing is erased: money of so few days is still being applied, bounced and asked about."""


class Kept(StrEnum):
    BANK_TEXTS = "bank_texts"
    """Names, accounts and texts of bank lines, of the receipts they became, and what the matcher learned of them."""
    REMITTANCES = "remittances"
    """Names of payers and remarks in remittance advices."""


def parse_keeping(text: str) -> dict[Kept, int]:
    """``bank_texts=1095,remittances=400`` as days by kind; empty is nothing, which erases nothing.

    Refuses ``keeping.unknown``, ``keeping.bad_days`` and ``keeping.too_short``.
    """
    found: dict[Kept, int] = {}
    for part in (one.strip() for one in text.split(",")):
        if not part:
            continue
        name, _, days = (one.strip() for one in part.partition("="))
        if name not in set(Kept):
            raise Refusal("keeping.unknown", "{name} is nothing that is kept for some days", name=name[:40])
        if not (days.isascii() and days.isdigit() and len(days) <= 5):
            raise Refusal("keeping.bad_days", "{text} is no number of days", text=part[:40])
        if int(days) < DAYS_MIN:
            raise Refusal("keeping.too_short", "{name} is kept for {days} days at least", name=name, days=DAYS_MIN)
        found[Kept(name)] = int(days)
    return found


def erase_before(days: int, today: date) -> date:
    """The day before which something kept for so many days is erased. Kept for 400 days, on 2026-11-22 what is of
    2025-10-18 or later stays."""
    return today - timedelta(days=days)
