"""Dates and instants: ISO and year-first always, day/month order only when a whole column leaves one reading."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from huikuan.core.refusals import DataError, DataWarning
from huikuan.engines.files_faults import Faults, quote
from huikuan.engines.files_text import Wrong, as_text, parse_unique
from huikuan.engines.schemas import INSTANT

FIRST, LAST = date(1900, 1, 1), date(2200, 12, 31)
SERIAL_ZERO = date(1899, 12, 30)
"""Day 0 of a spreadsheet's day numbers (valid from 1 March 1900 on)."""
DATE_FORMATS = ("ymd", "dmy", "mdy", "excel")
"""Named readings; a profile may also give a pattern with ``%`` signs (``%d%m%y``)."""
EMPTY_DATES = frozenset({"00000000", "0000-00-00", "00.00.0000", "0000/00/00", "0"})
"""What an ERP writes for "no date"."""

_ISO = r"^\d{4}-\d{2}-\d{2}$"
_TIME = re.compile(r"[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?(?: ?([AaPp])[Mm])?(?:Z|[+-]\d{2}:?\d{2})?$")
_YEAR_FIRST = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})|(\d{4})年(\d{1,2})月(\d{1,2})日?|(\d{4})(\d{2})(\d{2})")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})")
_NAMED = re.compile(r"(\d{1,2})[-/. ]([A-Za-z]{3,9})[-/., ]+(\d{4})|([A-Za-z]{3,9})[. ]+(\d{1,2}),? +(\d{4})")
_SERIAL = re.compile(r"\d{5,6}(?:\.0+)?")
_MONTH_NAMES = [
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
]
_MONTHS = {name[:3]: number for number, name in enumerate(_MONTH_NAMES, 1)}


def _split_time(text: str) -> tuple[str, bool]:
    """The text without a time of day, and whether that time was other than midnight."""
    found = _TIME.search(text)
    if not found:
        return text, False
    hour, minute, second, half = int(found[1]), int(found[2]), int(found[3] or 0), (found[4] or "").lower()
    midnight = (hour, minute, second) == (0, 0, 0) or (half == "a" and (hour, minute, second) == (12, 0, 0))
    return text[: found.start()], not midnight


def _month(name: str) -> int:
    low = name.lower()
    number = _MONTHS.get(low[:3], 0)
    return number if number and (len(low) == 3 or low == _MONTH_NAMES[number - 1] or low == "sept") else 0


def _unordered(text: str) -> date | Wrong | None:
    """Reads the forms that have one meaning only; ``None`` where the text has another form."""
    found = _YEAR_FIRST.fullmatch(text)
    if found:
        parts = [part for part in found.groups() if part and part.isdigit()]
        return _make(int(parts[0]), int(parts[1]), int(parts[2]), text)
    named = _NAMED.fullmatch(text)
    if named:
        day, name, year = (named[1], named[2], named[3]) if named[1] else (named[5], named[4], named[6])
        return _make(int(year), _month(name), int(day), text)
    if _SERIAL.fullmatch(text):
        return _in_range(SERIAL_ZERO + timedelta(days=int(float(text))), text)
    return None


def _make(year: int, month: int, day: int, text: str) -> date | Wrong:
    try:
        return _in_range(date(year, month, day), text)
    except ValueError:
        return Wrong("date.unparseable", f"{quote(text)} is not a day of the calendar")


def _in_range(value: date, text: str) -> date | Wrong:
    if FIRST <= value <= LAST:
        return value
    return Wrong("date.out_of_range", f"{quote(text)} is outside {FIRST.year} to {LAST.year}")


def parse_date(text: str, order: str) -> date | Wrong | None:
    """One cell as a date; ``order`` is ``ymd``, ``dmy``, ``mdy``, ``excel`` or a pattern with ``%`` signs."""
    if text in EMPTY_DATES:
        return None
    if "%" in order:
        try:
            return _in_range(datetime.strptime(text, order).date(), text)  # noqa: DTZ007
        except ValueError:
            return Wrong("date.unparseable", f"{quote(text)} does not fit the date format {order}")
    bare, _ = _split_time(text)
    value = _unordered(bare)
    if value is not None:
        return value
    found = _YEAR_LAST.fullmatch(bare)
    if found and order in {"dmy", "mdy"}:
        first, second, year = int(found[1]), int(found[3]), int(found[4])
        day, month = (first, second) if order == "dmy" else (second, first)
        return _make(year, month, day, text)
    return Wrong("date.unparseable", f"{quote(text)} is not a date: write it like 2026-03-31")


@dataclass(slots=True)
class DateSurvey:
    """What the cells of one column say about the order of day and month."""

    first_max: int = 0
    second_max: int = 0
    serial: bool = False
    timed: bool = False
    example: str = ""
    clear: str = ""
    _seen: set[str] = field(default_factory=set)

    def feed(self, array: Any) -> None:
        """Looks at one more stretch of the column (trimmed strings)."""
        other = array.filter(pc.invert(pc.match_substring_regex(array, _ISO)))
        for text in pc.unique(other).to_pylist():
            if text is not None and text not in self._seen:
                self._feed_one(text)
                if len(self._seen) < 100_000:
                    self._seen.add(text)

    def _feed_one(self, text: str) -> None:
        bare, timed = _split_time(text)
        self.timed = self.timed or timed
        self.serial = self.serial or _SERIAL.fullmatch(bare) is not None
        found = _YEAR_LAST.fullmatch(bare)
        if not found:
            return
        first, second = int(found[1]), int(found[3])
        self.example = self.example or text
        if max(first, second) > 12:
            self.clear = self.clear or text
        self.first_max, self.second_max = max(self.first_max, first), max(self.second_max, second)

    def decide(self, file: str, column: str) -> tuple[str, list[DataWarning], DataError | None]:
        """The order to read the column in, what to tell, and the reason to refuse the column, if any."""
        warnings = []
        if self.serial:
            reason = "whole numbers are read as a spreadsheet's day numbers"
            warnings.append(DataWarning(file, None, column, reason, "date.serial"))
        if self.timed:
            warnings.append(DataWarning(file, None, column, "times of day are dropped", "date.time_dropped"))
        if not self.example:
            return "ymd", warnings, None
        day_first, month_first = self.first_max > 12, self.second_max > 12
        if day_first == month_first:
            why = "both orders occur" if day_first else f"{quote(self.example)} may be day/month or month/day"
            reason = f"the dates are ambiguous, {why}: choose a date format (dmy or mdy) or a profile"
            return "ymd", warnings, DataError(file, None, column, reason, "date.ambiguous", self.example)
        order, words = ("dmy", "day/month/year") if day_first else ("mdy", "month/day/year")
        reason = f"dates are read as {words}, as {quote(self.clear)} shows"
        return order, [*warnings, DataWarning(file, None, column, reason, "date.guessed")], None


def read_dates(array: Any, order: str, faults: Faults, column: str | None) -> Any:
    """A column of any type as dates; what is no date is refused."""
    kind = array.type
    if pa.types.is_timestamp(kind):
        clock = pc.cast(array, pa.timestamp("us", tz=kind.tz), safe=False)
        local = pc.local_timestamp(clock) if kind.tz else clock
        days = pc.floor_temporal(local, unit="day")
        faults.warn(pc.not_equal(days, local), column, "date.time_dropped", "the time of day is dropped", local)
        array = pc.cast(days, pa.date32())
    elif pa.types.is_date64(kind):
        array = pc.cast(array, pa.date32())
    if pa.types.is_date32(array.type):
        return _checked(array, faults, column)
    text = as_text(array, faults, column)
    return parse_unique(text, lambda cell: parse_date(cell, order), pa.date32(), faults, column)


def _checked(array: Any, faults: Faults, column: str | None) -> Any:
    outside = pc.or_(pc.less(array, pa.scalar(FIRST)), pc.greater(array, pa.scalar(LAST)))
    if pc.any(outside).as_py():
        reason = f"the date is outside {FIRST.year} to {LAST.year}"
        faults.refuse(outside, column, "date.out_of_range", reason)
        array = pc.if_else(outside, pa.scalar(None, pa.date32()), array)
    return array


def parse_instant(text: str, zone: tzinfo | None) -> datetime | Wrong:
    """One cell as an instant. It carries an offset, or the profile names the zone of its clock; a bare date means
    the start of that day (UTC, or the profile's zone)."""
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        return Wrong("instant.unparseable", f"{quote(text)} is not an instant like 2026-03-31T17:00:00+08:00")
    if value.tzinfo is None:
        bare = len(text) <= 10
        if zone is None and not bare:
            return Wrong("instant.no_offset", f"{quote(text)} has no offset from UTC: write +08:00 or Z after it")
        value = value.replace(tzinfo=zone or UTC)
    if not FIRST <= value.date() <= LAST:
        return Wrong("date.out_of_range", f"{quote(text)} is outside {FIRST.year} to {LAST.year}")
    return value.astimezone(UTC)


def read_instants(array: Any, timezone: str | None, faults: Faults, column: str | None) -> Any:
    """A column of any type as instants in UTC, to the microsecond."""
    zone = ZoneInfo(timezone) if timezone else None
    kind = array.type
    if pa.types.is_timestamp(kind):
        micro = pc.cast(array, pa.timestamp("us", tz=kind.tz), safe=False)
        if kind.tz:
            return pc.cast(micro, INSTANT)
        if zone:
            local = pc.assume_timezone(micro, timezone, ambiguous="earliest", nonexistent="latest")
            return pc.cast(local, INSTANT)
        faults.refuse(pc.is_valid(array), column, "instant.no_offset", "the column's times have no time zone")
        return pa.nulls(len(array), INSTANT)
    if pa.types.is_date(kind):
        return start_of_day(pc.cast(array, pa.date32()))
    text = as_text(array, faults, column)
    return parse_unique(text, lambda cell: parse_instant(cell, zone), INSTANT, faults, column)


def start_of_day(dates: Any) -> Any:
    """Midnight UTC of each date."""
    return pc.cast(pc.cast(dates, pa.timestamp("us")), INSTANT)
