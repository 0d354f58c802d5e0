"""Amounts, dates and instants as a reader of a language expects them. Integers in, text out: no float on the way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from huikuan.core.clocks import utc_distance
from huikuan.core.money import exponent_of

_reader_zone: ContextVar[tzinfo] = ContextVar("reader_zone", default=UTC)
_ZONE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+-]{1,20}(/[A-Za-z0-9_+-]{1,30}){0,2}")
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def is_chinese(language: str) -> bool:
    return language.lower().startswith("zh")


def format_amount(minor: int, currency: str, language: str) -> str:
    """Minor units → ``1,234.50``. Negative: ``(1,234.50)`` in English, ``-1,234.50`` in Chinese."""
    places = exponent_of(currency)
    whole, part = divmod(abs(minor), 10**places)
    text = f"{whole:,}.{part:0{places}d}" if places else f"{whole:,}"
    if minor >= 0:
        return text
    return f"-{text}" if is_chinese(language) else f"({text})"


def format_count(number: int) -> str:
    return f"{number:,}"


def format_share(part: int, whole: int) -> str:
    """``part`` of ``whole`` as a percentage with one place, rounded half up; a dash where there is no whole."""
    if not whole:
        return "–"
    tenths = (abs(part) * 2000 + abs(whole)) // (abs(whole) * 2)
    sign = "-" if (part < 0) != (whole < 0) and tenths else ""
    return f"{sign}{tenths // 10}.{tenths % 10}%"


def format_day(day: date | None, language: str) -> str:
    """ISO in Chinese (``2020-05-20``), ``20 May 2020`` in English; a dash where there is none.

    The day of an instant is the one on the reader's clock.
    """
    if day is None:
        return "–"
    if isinstance(day, datetime) and day.tzinfo is not None:
        day = day.astimezone(_reader_zone.get())
    if is_chinese(language):
        return day.strftime("%Y-%m-%d")
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def format_month(day: date, language: str) -> str:
    return day.strftime("%Y-%m") if is_chinese(language) else f"{_MONTHS[day.month - 1]} {day.year}"


def format_moment(moment: datetime | None, language: str) -> str:
    """An instant to the second on the reader's own clock, with its distance from UTC: ``2026-05-20 14:31:58 UTC+8``."""
    if moment is None:
        return "–"
    local = moment.astimezone(_reader_zone.get())
    return f"{format_day(local.date(), language)} {local:%H:%M:%S} {utc_distance(local)}"


@contextmanager
def on_clock(zone: str) -> Iterator[None]:
    """Moments are told in this time zone (a name of the tz database) inside; in UTC where there is no such zone."""
    token = _reader_zone.set(_zone_named(zone))
    try:
        yield
    finally:
        _reader_zone.reset(token)


@lru_cache(maxsize=256)
def _zone_named(zone: str) -> tzinfo:
    # The name comes from a cookie: only shapes of the tz database reach its files.
    if not _ZONE_NAME.fullmatch(zone):
        return UTC
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def mask_number(number: str) -> str:
    """A bank account as a page shows it: its last four characters."""
    return f"•••• {number[-4:]}" if len(number) > 4 else "••••" if number else ""
