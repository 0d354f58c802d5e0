"""Amounts, dates and instants as a reader of a language expects them. Integers in, text out: no float on the way."""

from __future__ import annotations

from datetime import UTC, date, datetime

from huikuan.core.money import exponent_of

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
    """ISO in Chinese (``2020-05-20``), ``20 May 2020`` in English; a dash where there is none."""
    if day is None:
        return "–"
    if is_chinese(language):
        return day.strftime("%Y-%m-%d")
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def format_month(day: date, language: str) -> str:
    return day.strftime("%Y-%m") if is_chinese(language) else f"{_MONTHS[day.month - 1]} {day.year}"


def format_moment(moment: datetime | None, language: str) -> str:
    """An instant to the second, in UTC and saying so, because the ledger's order is what a reader checks by it."""
    if moment is None:
        return "–"
    utc = moment.astimezone(UTC)
    return f"{format_day(utc.date(), language)} {utc:%H:%M:%S} UTC"


def mask_number(number: str) -> str:
    """A bank account as a page shows it: its last four characters."""
    return f"•••• {number[-4:]}" if len(number) > 4 else "••••" if number else ""
