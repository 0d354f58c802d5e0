"""Which backups are kept: the newest of each of the last days, weeks and months that have one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

DAYS, WEEKS, MONTHS = 7, 4, 12


def decide_kept(
    taken: Iterable[datetime], *, days: int = DAYS, weeks: int = WEEKS, months: int = MONTHS
) -> set[datetime]:
    """Of the instants at which backups were taken, those to keep: the newest of each of the last ``days`` days,
    ``weeks`` ISO weeks and ``months`` months that have any. Time alone removes nothing: a site that took no backup for
    a year keeps what it has."""
    ordered = sorted(taken, reverse=True)
    kept: set[datetime] = set()
    for count, key in (
        (days, lambda at: at.date()),
        (weeks, lambda at: at.isocalendar()[:2]),
        (months, lambda at: (at.year, at.month)),
    ):
        newest: dict[object, datetime] = {}
        for at in ordered:
            newest.setdefault(key(at), at)
        kept.update(list(newest.values())[:count])
    return kept
