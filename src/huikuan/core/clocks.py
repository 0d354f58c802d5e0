"""What a clock shows, and whose it is."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from zoneinfo import available_timezones


@cache
def zone_names() -> frozenset[str]:
    """The time zones there are, read once: six hundred files are looked at."""
    return frozenset(available_timezones())


def utc_distance(local: datetime) -> str:
    """How far the clock of a local time is from UTC: ``UTC+8``, ``UTC-3:30``, ``UTC``."""
    offset = local.utcoffset() or timedelta()
    hours, minutes = divmod(abs(int(offset.total_seconds())) // 60, 60)
    sign = "-" if offset < timedelta() else "+"
    return "UTC" + (f"{sign}{hours}" + (f":{minutes:02}" if minutes else "") if offset else "")
