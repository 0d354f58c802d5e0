"""Remittance advices in watched folders: kept as a page keeps them, by the system, for the folder's entity."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from huikuan.core.said import Said
from huikuan.services.remittances import keep_advices

REMITTANCES = "remittances"
SUFFIXES = frozenset(".eml .pdf .xls .xlsx .csv .txt .xml".split())


def keep_advice_file(entity_id: int, path: Path, now: datetime) -> Said:
    """Keeps the advices of a file; gives the line of the log. Raises and refuses what ``keep_advices`` does."""
    kept = keep_advices(entity_id, path.read_bytes(), path.name, actor_id=None, now=now)
    new = len(kept.advice_ids) - kept.known
    return Said("new advices: {n}, linked to their lines: {linked}", {"n": new, "linked": kept.linked})
