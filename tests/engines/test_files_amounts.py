"""Amounts: every way of writing that has one reading is read exactly, everything else is refused, nothing becomes 0."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huikuan.core.refusals import ErrorList
from huikuan.engines.files_amounts import (
    COMMA,
    DOT,
    NUMBER_FORMATS,
    PLAIN,
    NumberSurvey,
    parse_number,
    read_amounts,
    settle_float,
)
from huikuan.engines.files_faults import Faults
from huikuan.engines.files_text import Wrong
from huikuan.engines.schemas import AMOUNT

MONEY = st.decimals(min_value=-(10**11), max_value=10**11, places=2, allow_nan=False, allow_infinity=False)


def faults_for(count: int) -> Faults:
    return Faults("f", pa.array(range(2, count + 2), pa.int64()), ErrorList(), ErrorList())


@pytest.mark.parametrize(
    ("text", "number_format", "value"),
    [
        ("1234.56", PLAIN, "1234.56"),
        ("+5", PLAIN, "5"),
        ("-.5", PLAIN, "-0.5"),
        ("1.230000000", PLAIN, "1.23"),
        ("1,234.56", DOT, "1234.56"),
        ("12,34,567.00", DOT, "1234567"),
        ("(12.00)", DOT, "-12"),
        ("（12.00）", DOT, "-12"),
        ("12.00-", DOT, "-12"),
        ("−12.00", DOT, "-12"),
        ("¥1,234.00", DOT, "1234"),
        ("￥1，234.00", DOT, "1234"),
        ("-¥5", DOT, "-5"),
        ("¥-5", DOT, "-5"),
        ("1 234.50", DOT, "1234.50"),
        ("1'234.50", DOT, "1234.50"),
        ("12.5元", DOT, "12.5"),
        ("USD 5", DOT, "5"),
        ("1.234,56", COMMA, "1234.56"),
        ("1.234", COMMA, "1234"),
        ("12,5 €", COMMA, "12.5"),
        ("１２.５０", DOT, "12.5"),
    ],
)
def test_reads(text: str, number_format: str, value: str) -> None:
    assert parse_number(text, number_format) == Decimal(value)


@pytest.mark.parametrize("number_format", NUMBER_FORMATS)
@pytest.mark.parametrize(
    "text",
    ["", "-", "--5", "5-5", "(5", "5)", "(-5)", "1,23.45.6", "abc", "5 apples", "¥", "1..2", ",", ".", "1e5", "0x10",
     "NaN", "inf", "5万", "¥5€", "12,34.5", "1,2345", "#REF!", "5 CR", "½"],
)  # fmt: skip
def test_refuses(text: str, number_format: str) -> None:
    if (text, number_format) == ("1,2345", COMMA):
        return
    assert isinstance(parse_number(text, number_format), Wrong)


@settings(deadline=None)
@given(st.text(max_size=12), st.sampled_from(NUMBER_FORMATS))
def test_any_text_is_read_or_refused_and_zero_only_from_zero(text: str, number_format: str) -> None:
    value = parse_number(text, number_format)
    assert isinstance(value, Decimal | Wrong)
    if value == 0:
        assert not any(character in "123456789" for character in text)
        assert any(character.isdigit() for character in text)


@settings(deadline=None)
@given(MONEY)
def test_every_way_of_writing_an_amount_comes_back(value: Decimal) -> None:
    size = f"{abs(value):,.2f}"
    swapped = size.replace(",", "_").replace(".", ",").replace("_", ".")
    minus = "-" if value < 0 else ""
    assert parse_number(f"{value:.2f}", PLAIN) == value
    for text in (f"{minus}{size}", f"{minus}¥{size}", f"({size})" if minus else size, f"{size}{minus}"):
        assert parse_number(text, DOT) == value
    assert parse_number(minus + swapped, COMMA) == value


@settings(deadline=None)
@given(st.lists(MONEY, min_size=1, max_size=30), st.sampled_from([DOT, COMMA]), st.booleans())
def test_a_column_is_read_right_or_refused_whole(values: list[Decimal], number_format: str, grouped: bool) -> None:
    """Whatever the survey decides from the column, no amount comes out other than it was meant."""
    texts = [f"{value:,.2f}" if grouped else f"{value:.2f}" for value in values]
    if number_format == COMMA:
        texts = [text.replace(",", "_").replace(".", ",").replace("_", ".") for text in texts]
    survey = NumberSurvey()
    survey.feed(pa.array(texts))
    decided, _, fault = survey.decide("f", "amount")
    assert fault is None
    faults = faults_for(len(texts))
    assert read_amounts(pa.array(texts), decided, faults, "amount").to_pylist() == values
    assert faults.errors.total == 0


@settings(deadline=None)
@given(st.lists(st.integers(1, 999), min_size=1, max_size=9), st.sampled_from([",", "."]))
def test_thousands_without_decimals_are_ambiguous(values: list[int], mark: str) -> None:
    survey = NumberSurvey()
    survey.feed(pa.array([f"{value}{mark}500" for value in values]))
    assert survey.decide("f", "amount")[2] is not None


def test_three_places_are_clear_in_a_currency_of_three() -> None:
    survey = NumberSurvey()
    survey.feed(pa.array(["1.500"]), pa.array([True]))
    assert survey.decide("f", "amount") == (PLAIN, [], None)


@pytest.mark.parametrize(
    ("text", "value"),
    [("1234.5600000000002", "1234.56"), ("0.30000000000000004", "0.3"), ("12345678901.23", "12345678901.23"),
     ("1e+05", "100000"), ("-0.1", "-0.1")],
)  # fmt: skip
def test_floats_settle(text: str, value: str) -> None:
    assert settle_float(text) == Decimal(value)


@pytest.mark.parametrize("text", ["12345678901234.56", "0.1234567", "1e+20", "inf", "98765432109876.54"])
def test_floats_that_lost_digits_are_refused(text: str) -> None:
    assert isinstance(settle_float(text), Wrong)


@settings(deadline=None)
@given(MONEY)
def test_money_survives_a_spreadsheets_number(value: Decimal) -> None:
    faults = faults_for(1)
    assert read_amounts(pa.array([float(value)]), PLAIN, faults, "a").to_pylist() == [value]


def test_typed_columns() -> None:
    for array in (
        pa.array([1, None, -3], pa.int64()),
        pa.array([1, None, -3], pa.int8()),
        pa.array([Decimal("1.00"), None, Decimal("-3.00")], pa.decimal128(38, 10)),
        pa.array([Decimal("1.00"), None, Decimal("-3.00")], pa.decimal256(50, 2)),
        pa.array([1.0, None, -3.0], pa.float32()),
        pa.array([1.0, float("nan"), -3.0]),
    ):
        faults = faults_for(3)
        read = read_amounts(array, PLAIN, faults, "a")
        assert read.type == AMOUNT
        assert read.to_pylist() == [Decimal(1), None, Decimal(-3)]
        assert faults.errors.total == 0
    faults = faults_for(2)
    read_amounts(pa.array([Decimal("0.123456"), Decimal(10) ** 20], pa.decimal128(38, 10)), PLAIN, faults, "a")
    assert [error.code for error in faults.errors.errors] == ["money.too_large", "money.too_precise"]
    assert faults.good.to_pylist() == [False, False]
