"""Bank accounts and lines: what a line is, which account a number names, where statements leave a gap."""

from __future__ import annotations

from datetime import date

import pytest

from huikuan.core.banking import LineKind, Span, decide_line_kind, find_gaps, is_same_number, plain_number

pytestmark = pytest.mark.practice("E2")


@pytest.mark.parametrize(
    ("minor", "is_return", "said", "kind"),
    [
        (100, False, "", LineKind.RECEIPT),
        (100, True, "return of our own payment", LineKind.RECEIPT),
        (0, False, "", LineKind.NOTHING),
        (-100, True, "", LineKind.RETURN),
        (-100, False, "网银转账手续费", LineKind.FEE),
        (-100, False, "PMNT-MCOP-CHRG", LineKind.FEE),
        (-100, False, "Account fee", LineKind.FEE),
        (-100, False, "利息", LineKind.INTEREST),
        (-100, False, "Miete", LineKind.PAYMENT),
        (-100, False, "coffee", LineKind.PAYMENT),
    ],
)
def test_what_a_line_is(minor: int, is_return: bool, said: str, kind: LineKind) -> None:
    assert decide_line_kind(minor, is_return=is_return, said=said) is kind


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("DE89 3704 0044 0532 0130 00", "de89370400440532013000", True),
        ("DE89370400440532013000", "0532013000", True),
        ("DE89370400440532013000", "3704 0044/0532013000", True),
        ("DE89370400440532013000", "3013000", False),
        ("6222021234567890123", "622202******0123", True),
        ("6222021234567890123", "622202******9999", False),
        ("6222021234567890123", "***0123", False),
        ("shop@example.com", "Shop@Example.com ", True),
        ("", "", False),
    ],
)
def test_which_account_a_number_names(one: str, other: str, same: bool) -> None:
    assert is_same_number(plain_number(one), plain_number(other)) is same
    assert is_same_number(plain_number(other), plain_number(one)) is same


def span(key: int, first: int, last: int, opening: int | None, closing: int | None) -> Span:
    return Span(key, date(2026, 11, first), date(2026, 11, last), opening, closing)


@pytest.mark.parametrize(
    ("spans", "gaps"),
    [
        ([span(1, 16, 16, 100, 117), span(2, 17, 17, 117, 120)], {}),
        ([span(1, 16, 16, 100, 117), span(2, 20, 20, 117, 120)], {}),
        ([span(1, 16, 16, 100, 117), span(2, 20, 20, 150, 151)], {2: 33}),
        # The same days told again, and more of them.
        ([span(1, 16, 16, 100, 117), span(2, 16, 17, 100, 142)], {}),
        ([span(1, 16, 16, 100, 117), span(2, 16, 17, 100, 142), span(3, 18, 18, 142, 150)], {}),
        # Two statements of one day follow each other, handed in the other way round.
        ([span(1, 15, 15, 90, 100), span(2, 16, 16, 110, 120), span(3, 16, 16, 100, 110)], {}),
        # A second telling of a wrong beginning does not excuse the first.
        ([span(1, 15, 15, 90, 100), span(2, 16, 16, 110, 120), span(3, 16, 17, 110, 130)], {2: 10}),
        ([span(1, 15, 15, 90, 100), span(2, 16, 16, None, None), span(3, 17, 17, 100, 90)], {}),
    ],
)
def test_gaps_between_statements(spans: list[Span], gaps: dict[int, int]) -> None:
    assert find_gaps(spans) == gaps
