"""Amounts, shares and dates as they are written for a reader of each language."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huikuan.core.money import EXPONENTS, to_decimal
from huikuan.web.format import format_amount, format_day, format_moment, format_month, format_share, on_clock


@pytest.mark.parametrize(
    ("minor", "currency", "english", "chinese"),
    [
        (0, "CNY", "0.00", "0.00"),
        (123456789, "CNY", "1,234,567.89", "1,234,567.89"),
        (-5, "CNY", "(0.05)", "-0.05"),
        (-123456, "JPY", "(123,456)", "-123,456"),
        (1234567, "KWD", "1,234.567", "1,234.567"),
        (10**17 - 1, "USD", "999,999,999,999,999.99", "999,999,999,999,999.99"),
    ],
)
def test_an_amount_has_its_currency_s_places_and_the_language_s_minus(
    minor: int, currency: str, english: str, chinese: str
) -> None:
    assert format_amount(minor, currency, "en") == english
    assert format_amount(minor, currency, "zh-hans") == chinese


@given(st.integers(-(10**17), 10**17), st.sampled_from(sorted(EXPONENTS)))
def test_an_amount_reads_back_to_the_same_minor_units(minor: int, currency: str) -> None:
    text = format_amount(minor, currency, "zh-hans")
    assert Decimal(text.replace(",", "")) == to_decimal(minor, currency)


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (1, 3, "33.3%"),
        (2, 3, "66.7%"),
        (1, 1, "100.0%"),
        (0, 7, "0.0%"),
        (1, 0, "–"),
        (-1, 3, "-33.3%"),
        (1, 2000, "0.1%"),
    ],
)
def test_a_share_is_rounded_half_up_to_one_place(part: int, whole: int, text: str) -> None:
    assert format_share(part, whole) == text


def test_dates_are_iso_in_chinese_and_unambiguous_in_english() -> None:
    assert format_day(date(2026, 3, 4), "zh-hans") == "2026-03-04"
    assert format_day(date(2026, 3, 4), "en") == "4 Mar 2026"
    assert format_day(None, "en") == "–"
    assert format_month(date(2026, 3, 31), "zh-hans") == "2026-03"
    assert format_month(date(2026, 3, 31), "en") == "Mar 2026"


def test_an_instant_is_shown_in_utc_and_says_so() -> None:
    moment = datetime(2026, 3, 4, 7, 30, 5, tzinfo=timezone(timedelta(hours=8)))
    assert format_moment(moment, "zh-hans") == "2026-03-03 23:30:05 UTC"
    assert format_moment(datetime(2026, 3, 4, tzinfo=UTC), "en") == "4 Mar 2026 00:00:00 UTC"
    assert format_moment(None, "en") == "–"


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("Asia/Shanghai", "2026-03-04 07:30:05 UTC+8"),
        ("America/New_York", "2026-03-03 18:30:05 UTC-5"),
        ("Asia/Kolkata", "2026-03-04 05:00:05 UTC+5:30"),
        ("Europe/London", "2026-03-03 23:30:05 UTC"),
        ("UTC", "2026-03-03 23:30:05 UTC"),
        ("", "2026-03-03 23:30:05 UTC"),
        ("Nowhere/At_All", "2026-03-03 23:30:05 UTC"),
        ("../../etc/passwd", "2026-03-03 23:30:05 UTC"),
    ],
)
def test_moments_are_told_on_the_readers_clock(zone: str, shown: str) -> None:
    moment = datetime(2026, 3, 3, 23, 30, 5, tzinfo=UTC)
    with on_clock(zone):
        assert format_moment(moment, "zh-hans") == shown
        assert format_day(moment, "zh-hans") == shown[:10]
    assert format_moment(moment, "zh-hans") == "2026-03-03 23:30:05 UTC"
