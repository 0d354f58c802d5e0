"""Money: exact, refused rather than rounded, split to the last unit."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huikuan.core.money import (
    EXPONENTS,
    MINOR_MAX,
    Money,
    check_size,
    exponent_of,
    from_decimal,
    parse_amount,
    round_half_up,
    said_in_money,
    share,
    split,
    to_decimal,
)
from huikuan.core.refusals import Refusal

currencies = st.sampled_from(sorted(EXPONENTS))
minors = st.integers(-MINOR_MAX + 1, MINOR_MAX - 1)


def refused(code: str):
    """Expects a refusal by its code."""
    return pytest.raises(Refusal, check=lambda refusal: refusal.code == code)


@pytest.mark.practice("D2")
@given(minors, currencies)
def test_what_is_written_is_read_back(minor: int, currency: str) -> None:
    text = f"{to_decimal(minor, currency):f}"
    assert parse_amount(text, currency) == minor
    assert -to_decimal(minor, currency).as_tuple().exponent == exponent_of(currency)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("12.3", "CNY", 1230),
        ("+0.01", "CNY", 1),
        ("-7", "CNY", -700),
        ("1500", "JPY", 1500),
        ("1500.00", "JPY", 1500),
        ("1.234", "KWD", 1234),
        ("1.2345", "CLF", 12345),
        ("99999999999999.99", "CNY", 10**16 - 1),
    ],
)
def test_amounts_are_read_exactly(text: str, currency: str, minor: int) -> None:
    assert parse_amount(text, currency) == minor


@pytest.mark.parametrize(
    "text", ["", " 1", "1,000.00", "1.", ".5", "1e5", "NaN", "Infinity", "--1", "１２", "¥5", "(5)", "0x10"]
)
def test_what_is_no_plain_decimal_is_refused(text: str) -> None:
    with refused("money.unparseable"):
        parse_amount(text, "CNY")


def test_places_the_currency_does_not_have_are_refused() -> None:
    for text, currency in (("0.001", "CNY"), ("0.5", "JPY"), ("0.00001", "UYW")):
        with refused("money.too_precise"):
            parse_amount(text, currency)
    assert parse_amount("0.010000", "CNY") == 1


def test_sizes_that_would_overflow_a_column_are_refused() -> None:
    for amount in (MINOR_MAX, -MINOR_MAX):
        with refused("money.too_large"):
            check_size(amount, "CNY")
    with refused("money.too_large"):
        from_decimal(Decimal(10**15), "CNY")
    assert check_size(MINOR_MAX - 1, "CNY") == MINOR_MAX - 1
    assert 92 * MINOR_MAX < 2**63


@pytest.mark.parametrize("code", ["", "cny", "RMB", "XXX", "CNYY"])
def test_currencies_are_those_of_iso_4217(code: str) -> None:
    with refused("money.unknown_currency"):
        exponent_of(code)


def test_different_currencies_do_not_add_up() -> None:
    assert Money(5, "CNY") + Money(7, "CNY") - Money(2, "CNY") == Money(10, "CNY")
    assert str(-Money(5, "KWD")) == "-0.005 KWD"
    with refused("money.currency_mismatch"):
        Money(1, "CNY") + Money(1, "EUR")


@given(minors, st.lists(st.integers(0, 10**12), min_size=1, max_size=30).filter(any))
def test_a_split_loses_and_invents_nothing(total: int, weights: list[int]) -> None:
    parts = split(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(total * weight, sum(weights))) < 1
        assert weight or not part
        assert part * total >= 0


@given(minors, st.lists(st.integers(0, 10**12), min_size=1, max_size=12).filter(any))
def test_a_split_is_odd(total: int, weights: list[int]) -> None:
    assert split(-total, weights) == [-part for part in split(total, weights)]


def test_the_largest_remainder_gets_the_odd_unit_and_ties_the_earlier() -> None:
    assert split(100, [1, 1, 1]) == [34, 33, 33]
    assert split(10, [6, 3, 2]) == [5, 3, 2]
    assert split(-5, [1, 1]) == [-3, -2]
    for weights in ([], [0, 0], [1, -1]):
        with refused("money.bad_weights"):
            split(1, weights)


@given(st.fractions())
def test_halves_go_away_from_zero(value: Fraction) -> None:
    rounded = round_half_up(value)
    assert abs(rounded - value) <= Fraction(1, 2)
    assert round_half_up(-value) == -rounded
    if abs(rounded - value) == Fraction(1, 2):
        assert abs(rounded) > abs(value)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**12), max_value=10**12))
def test_decimals_and_fractions_round_alike(value: Decimal) -> None:
    assert round_half_up(value) == round_half_up(Fraction(value))


@given(st.integers(0, 10**15), st.lists(st.integers(1, 10**6), min_size=1, max_size=20))
def test_shares_taken_one_after_another_leave_nothing_behind(amount: int, parts: list[int]) -> None:
    left, whole = amount, sum(parts)
    for part in parts:
        taken = share(left, part, whole)
        assert 0 <= taken <= left
        left, whole = left - taken, whole - part
    assert left == 0


@given(st.integers(-(10**15), 10**15), st.integers(-(10**9), 10**9), st.integers(-(10**9), 10**9).filter(bool))
def test_a_share_is_the_fraction_rounded(amount: int, part: int, whole: int) -> None:
    assert share(amount, part, whole) == round_half_up(Fraction(amount * part, whole))


def test_a_refusal_says_money_in_its_currency() -> None:
    over = Refusal("x", "{amount} of {open} for {n}", amount=123, open=4, n=5, currency="KWD")
    assert said_in_money(over, over.template) == "0.123 KWD of 0.004 KWD for 5"
    bare = Refusal("x", "{amount}", amount=123)
    assert said_in_money(bare, bare.template) == "123"
    assert said_in_money(Refusal("x", "{as it is}"), "{as it is}") == "{as it is}"
