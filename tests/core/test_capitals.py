"""Amounts in Chinese capitals: the examples of the rule, and reading them back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huikuan.core.capitals import YUAN_MAX, capitals
from tests.core.test_money import refused

pytestmark = pytest.mark.practice("E1")


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        # The examples of the annex.
        ("1409.50", "壹仟肆佰零玖元伍角"),
        ("6007.14", "陆仟零柒元壹角肆分"),
        ("1680.32", "壹仟陆佰捌拾元零叁角贰分"),
        ("107000.53", "壹拾万柒仟元零伍角叁分"),
        ("16409.02", "壹万陆仟肆佰零玖元零贰分"),
        ("325.04", "叁佰贰拾伍元零肆分"),
        # Others.
        ("0.00", "零元整"),
        ("0.05", "伍分"),
        ("0.50", "伍角"),
        ("10.00", "壹拾元整"),
        ("10.05", "壹拾元零伍分"),
        ("100.00", "壹佰元整"),
        ("101.00", "壹佰零壹元整"),
        ("110.00", "壹佰壹拾元整"),
        ("1000.00", "壹仟元整"),
        ("1001.10", "壹仟零壹元壹角"),
        ("10000.00", "壹万元整"),
        ("10001.00", "壹万零壹元整"),
        ("100500.00", "壹拾万零伍佰元整"),
        ("100000000.00", "壹亿元整"),
        ("100000001.00", "壹亿零壹元整"),
        ("100010000.00", "壹亿零壹万元整"),
        ("1000000000000.00", "壹万亿元整"),
        ("2030405060.07", "贰拾亿叁仟零肆拾万伍仟零陆拾元零柒分"),
    ],
)
def test_known_amounts(amount: str, text: str) -> None:
    assert capitals(int(amount.replace(".", ""))) == text


def read_back(text: str) -> int:
    """Fen from capitals, by a reader of its own."""
    digits, places = {one: at for at, one in enumerate("零壹贰叁肆伍陆柒捌玖")}, {"拾": 10, "佰": 100, "仟": 1000}
    yuan_text, mark, rest = text.partition("元")
    if not mark:
        yuan_text, rest = "", text

    def whole(part: str) -> int:
        for unit, size in (("亿", 10**8), ("万", 10**4)):
            if unit in part:
                # The last 亿 divides (壹万亿 is ten thousand of them).
                high, _, low = part.rpartition(unit) if unit == "亿" else part.partition(unit)
                return whole(high) * size + whole(low)
        total, digit = 0, 0
        for char in part:
            if char in digits:
                digit = digits[char]
            else:
                total, digit = total + digit * places[char], 0
        return total + digit

    fen, digit = whole(yuan_text) * 100, 0
    for char in rest.rstrip("整"):
        if char in digits:
            digit = digits[char]
        else:
            fen += digit * {"角": 10, "分": 1}[char]
    return fen


@given(st.one_of(st.integers(0, 10**7), st.integers(0, YUAN_MAX * 100 - 1)))
def test_every_amount_reads_back(fen: int) -> None:
    text = capitals(fen)
    assert read_back(text) == fen
    assert "零零" not in text
    assert not text.startswith("零") or fen == 0
    assert text.endswith("整") == (fen % 100 == 0)


@pytest.mark.parametrize("fen", [-1, YUAN_MAX * 100])
def test_what_is_not_written(fen: int) -> None:
    with refused("capitals.out_of_range"):
        capitals(fen)
