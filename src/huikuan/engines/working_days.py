"""Working days of countries, by the ``holidays`` library: public holidays, and the weekend days that China works in
return for its long ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

from huikuan.core.working_days import Weekdays, WorkingDays


@dataclass(slots=True)
class CountryDays:
    """The working days of a country, nationwide. Beyond the years it has published, its usual holidays."""

    source: Any
    _known: dict[date, bool] = field(default_factory=dict)

    def is_working(self, day: date) -> bool:
        known = self._known.get(day)
        if known is None:
            known = self._known[day] = bool(self.source.is_working_day(day))
        return known


@lru_cache(maxsize=64)
def working_days_of(country: str) -> WorkingDays:
    """The calendar of a country by its two letters; Monday to Friday where the country is not known."""
    if not country:
        return Weekdays()
    import holidays  # a sixth of a second, paid by who asks for a calendar

    try:
        return CountryDays(holidays.country_holidays(country))
    except NotImplementedError:
        return Weekdays()
