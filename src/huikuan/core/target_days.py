"""The days on which euro payments are settled between banks (TARGET): no weekends, and six days off in a year."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta


def easter_of(year: int) -> date:
    """Easter Sunday of a year of the Gregorian calendar (Meeus)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = b // 4, b % 4
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = c // 4, c % 4
    lean = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * lean) // 451
    month, day = divmod(h + lean - 7 * m + 114, 31)
    return date(year, month, day + 1)


@dataclass(frozen=True, slots=True)
class TargetDays:
    """A calendar for ``core.working_days``: New Year's Day, Good Friday, Easter Monday, 1 May, 25 and 26 December and
    weekends are days off, in every country alike."""

    def is_working(self, day: date) -> bool:
        if day.weekday() >= 5 or (day.month, day.day) in ((1, 1), (5, 1), (12, 25), (12, 26)):
            return False
        easter = easter_of(day.year)
        return day not in (easter - timedelta(days=2), easter + timedelta(days=1))
