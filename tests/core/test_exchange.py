"""Exchange rates: the rate of the day, between minor units of any size."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huikuan.core.exchange import Rate, RateTable, convert
from huikuan.core.money import EXPONENTS, exponent_of
from tests.core.test_money import refused

JAN, FEB = date(2026, 1, 1), date(2026, 2, 1)
TABLE = RateTable("CNY", {"USD": [Rate("USD", "CNY", JAN, Decimal("7.1")), Rate("USD", "CNY", FEB, Decimal("7.2"))]})
rates = st.decimals(Decimal("0.0001"), 10**5, places=8)


@pytest.mark.practice("D7")
def test_a_rate_holds_from_its_day_until_the_next() -> None:
    assert TABLE.rate_on("USD", JAN) == Decimal("7.1")
    assert TABLE.rate_on("USD", FEB - timedelta(days=1)) == Decimal("7.1")
    assert TABLE.rate_on("USD", FEB) == TABLE.rate_on("USD", date(2030, 1, 1)) == Decimal("7.2")
    assert TABLE.rate_on("CNY", JAN) == 1
    with refused("exchange.no_rate"):
        TABLE.rate_on("USD", JAN - timedelta(days=1))
    with refused("exchange.no_rate"):
        TABLE.rate_on("EUR", FEB)


@pytest.mark.parametrize(
    ("minor", "currency", "base", "rate", "result"),
    [
        (100_00, "USD", "JPY", "150.5", 15050),
        (15050, "JPY", "USD", "0.00664452", 10000),
        (1_000, "KWD", "CNY", "23.1", 2310),
        (1, "JPY", "KWD", "0.002", 2),
        (5, "CNY", "JPY", "10", 1),
        (-5, "CNY", "JPY", "10", -1),
        (4, "CNY", "JPY", "10", 0),
    ],
)
def test_minor_units_of_different_sizes(minor: int, currency: str, base: str, rate: str, result: int) -> None:
    assert convert(minor, currency, base, Decimal(rate)) == result


@given(st.integers(-(10**13), 10**13), st.sampled_from(sorted(EXPONENTS)), st.sampled_from(sorted(EXPONENTS)), rates)
def test_conversion_is_off_by_half_a_unit_at_most_and_odd(minor: int, currency: str, base: str, rate: Decimal) -> None:
    exact = Fraction(minor) * Fraction(rate) * Fraction(10) ** (exponent_of(base) - exponent_of(currency))
    converted = convert(minor, currency, base, rate)
    assert abs(converted - exact) <= Fraction(1, 2)
    assert convert(-minor, currency, base, rate) == -converted


def test_a_value_too_large_in_the_books_currency_is_refused() -> None:
    table = RateTable("IDR", {"KWD": [Rate("KWD", "IDR", JAN, Decimal(60_000))]})
    with refused("money.too_large"):
        table.to_base(10**16, "KWD", JAN)
