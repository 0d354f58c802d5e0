"""Distribution and legs: nothing over-applied, everything balanced, base value gone with the last cent."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huikuan.core.accounts import Charge, LedgerAccount
from huikuan.core.applications import (
    Fund,
    Line,
    OpenRow,
    Order,
    credit_legs,
    discount_allowed,
    distribute,
    fund_legs,
    fund_out_legs,
    settlement_legs,
)
from huikuan.core.journal import PostingDraft, check_balanced
from tests.core.test_money import refused

DAY = date(2026, 1, 1)
amounts = st.integers(1, 10**9)


def row(item_id: int = 1, open_minor: int = 100, base: int | None = None, currency: str = "CNY", **more) -> OpenRow:
    days = more.pop("due", 0)
    return OpenRow(
        item_id=item_id,
        account_id=more.pop("account_id", 5),
        ledger_account=more.pop("ledger_account", LedgerAccount.TRADE),
        currency=currency,
        open_minor=open_minor,
        open_base_minor=open_minor if base is None else base,
        due_date=DAY + timedelta(days=days),
        document_date=DAY,
        original_minor=more.pop("original", open_minor),
        **more,
    )


def fund(available: int, base: int | None = None, currency: str = "CNY") -> Fund:
    return Fund(9, 5, LedgerAccount.UNAPPLIED, currency, available, available if base is None else base)


@st.composite
def open_rows(draw) -> list[OpenRow]:
    size = draw(st.integers(0, 12))
    return [
        row(
            number,
            draw(st.integers(-500, 1000)),
            due=draw(st.integers(-3, 3)),
            charge=draw(st.sampled_from(list(Charge))),
        )
        for number in range(1, size + 1)
    ]


def spread(lines: list[Line]) -> dict[int, int]:
    return {line.row.item_id: line.amount_minor for line in lines}


@pytest.mark.practice("D4")
@given(st.integers(-5, 5000), open_rows(), st.sampled_from(list(Order)))
def test_as_much_as_fits_is_spread_and_no_more(amount: int, rows: list[OpenRow], order: Order) -> None:
    lines = distribute(amount, rows, order)
    owed = sum(max(item.open_minor, 0) for item in rows)
    assert sum(line.amount_minor for line in lines) == max(min(amount, owed), 0)
    for line in lines:
        assert 0 < line.amount_minor <= line.row.open_minor
    assert len(spread(lines)) == len(lines)


@given(st.integers(1, 5000), open_rows(), st.sampled_from(list(Order)), st.randoms())
def test_the_order_of_reading_decides_nothing_but_ties(amount: int, rows: list[OpenRow], order: Order, random) -> None:
    if order == Order.PRO_RATA:
        return
    shuffled = list(rows)
    random.shuffle(shuffled)
    assert spread(distribute(amount, rows, order)) == spread(distribute(amount, shuffled, order))


def test_oldest_first() -> None:
    rows = [row(1, 100, due=30), row(2, 100, due=10), row(3, 100, due=10), row(4, -50, due=0)]
    assert spread(distribute(150, rows, Order.OLDEST_FIRST)) == {2: 100, 3: 50}


def test_pro_rata_by_largest_remainder() -> None:
    rows = [row(1, 300), row(2, 200), row(3, 100)]
    assert spread(distribute(100, rows, Order.PRO_RATA)) == {1: 50, 2: 33, 3: 17}


def test_costs_before_interest_before_principal() -> None:
    rows = [
        row(1, 1000, due=-90),
        row(2, 80, due=5, charge=Charge.INTEREST),
        row(3, 40, due=9, charge=Charge.COST),
        row(4, 20, due=2, charge=Charge.COST),
    ]
    assert spread(distribute(200, rows, Order.COSTS_INTEREST_PRINCIPAL)) == {4: 20, 3: 40, 2: 80, 1: 60}


def legs_on(legs: tuple[PostingDraft, ...], account: LedgerAccount) -> tuple[int, int]:
    mine = [leg for leg in legs if leg.ledger_account == account]
    return sum(leg.amount_minor for leg in mine), sum(leg.base_minor for leg in mine)


@st.composite
def applications(draw) -> tuple[Fund, list[Line]]:
    """A receipt and lines that fit it, in its currency and another, some with discount."""
    lines = []
    for number in range(1, draw(st.integers(1, 6)) + 1):
        opened, base = draw(amounts), draw(amounts)
        settled = draw(st.integers(1, opened))
        discount = draw(st.integers(0, settled - 1))
        currency = draw(st.sampled_from(["CNY", "USD"]))
        paid = draw(amounts) if currency == "USD" else None
        lines.append(Line(row(number, opened, base, currency), settled - discount, discount, paid))
    total = sum(line.amount_minor if line.paid_minor is None else line.paid_minor for line in lines)
    return fund(total + draw(st.integers(0, 10**6)), draw(amounts)), lines


@pytest.mark.practice("D7")
@given(applications())
def test_money_applied_balances_and_never_takes_more_than_there_is(case: tuple[Fund, list[Line]]) -> None:
    money, lines = case
    legs = fund_legs(money, lines)
    check_balanced(legs)
    paid, paid_base = legs_on(legs, LedgerAccount.UNAPPLIED)
    assert 0 < paid <= money.available_minor
    assert 0 <= paid_base <= money.base_minor
    if paid == money.available_minor:
        assert paid_base == money.base_minor
    for line in lines:
        mine = [leg for leg in legs if leg.item_id == line.row.item_id and leg.ledger_account == LedgerAccount.TRADE]
        assert [-leg.amount_minor for leg in mine] == [line.amount_minor + line.discount_minor]
        assert 0 <= -mine[0].base_minor <= line.row.open_base_minor
        if line.amount_minor + line.discount_minor == line.row.open_minor:
            assert -mine[0].base_minor == line.row.open_base_minor
    assert legs_on(legs, LedgerAccount.EXCHANGE_CLEARING)[1] == 0


@given(st.integers(1, 1000), st.integers(0, 10**6), st.lists(st.integers(1, 400), min_size=1, max_size=8))
def test_the_base_value_leaves_an_item_to_the_last_cent(opened: int, base: int, parts: list[int]) -> None:
    item = row(1, opened, base)
    for wanted in parts:
        part = min(wanted, item.open_minor)
        if not part:
            break
        legs = fund_legs(fund(part, 1), [Line(item, part)])
        amount, value = legs_on(legs, LedgerAccount.TRADE)
        item = replace(item, open_minor=item.open_minor + amount, open_base_minor=item.open_base_minor + value)
        assert item.open_minor >= 0
        assert item.open_base_minor >= 0
    if item.open_minor == 0:
        assert item.open_base_minor == 0


@given(st.integers(1, 10**6), st.lists(st.tuples(amounts, amounts), min_size=1, max_size=6))
def test_credits_applied_balance(credit: int, owed: list[tuple[int, int]]) -> None:
    memo = row(99, -credit, -credit * 7)
    lines, left = [], credit
    for number, (opened, base) in enumerate(owed, start=1):
        part = min(opened, left)
        if part:
            lines.append(Line(row(number, opened, base), part))
            left -= part
    legs = credit_legs(memo, lines)
    check_balanced(legs)
    mine = [leg for leg in legs if leg.item_id == 99]
    assert [leg.amount_minor for leg in mine] == [credit - left]
    if not left:
        assert mine[0].base_minor == credit * 7


@given(st.integers(-(10**6), 10**6).filter(bool), st.integers(1, 10**6), st.integers(1, 10**6))
def test_settling_without_money_balances(opened: int, base: int, part: int) -> None:
    sign = 1 if opened > 0 else -1
    item = row(1, opened, sign * base)
    part = sign * min(part, abs(opened))
    legs = settlement_legs(item, part, LedgerAccount.BAD_DEBT)
    check_balanced(legs)
    assert legs_on(legs, LedgerAccount.TRADE)[0] == -part
    if part == opened:
        assert legs_on(legs, LedgerAccount.TRADE)[1] == -item.open_base_minor


@given(amounts, amounts, amounts)
def test_money_leaving_a_receipt_balances(available: int, base: int, part: int) -> None:
    part = min(part, available)
    for contra in (LedgerAccount.BANK, LedgerAccount.ADVANCES, LedgerAccount.RECOVERY):
        legs = fund_out_legs(fund(available, base), part, contra)
        check_balanced(legs)
        assert legs[0].receipt_id == 9
        assert legs[1].receipt_id == (9 if contra == LedgerAccount.ADVANCES else None)


def test_what_applying_money_refuses() -> None:
    money = fund(100)
    for code, lines in {
        "application.nothing": [],
        "application.wrong_sign": [Line(row(), 0)],
        "application.over_applied": [Line(row(open_minor=50), 51)],
        "application.fund_exceeded": [Line(row(open_minor=200), 101)],
        "application.item_twice": [Line(row(), 10), Line(row(), 10)],
        "application.other_customer": [Line(row(account_id=6), 10)],
        "application.currency_needs_amount": [Line(row(currency="USD"), 10)],
    }.items():
        with refused(code):
            fund_legs(money, lines)
    for wrong in (Line(row(), -5), Line(row(), 5, -1), Line(row(), 5, 0, 6)):
        with refused("application.wrong_sign"):
            fund_legs(money, [wrong])
    with refused("application.over_applied"):
        fund_legs(money, [Line(row(open_minor=100), 99, 2)])
    with refused("application.over_applied"):
        fund_legs(money, [Line(row(open_minor=-100), 5)])


def test_what_applying_a_credit_refuses() -> None:
    memo = row(99, -50)
    for code, credit, lines in [
        ("application.nothing", memo, []),
        ("application.not_a_credit", row(99, 50), [Line(row(), 5)]),
        ("application.not_a_credit", row(99, 0), [Line(row(), 5)]),
        ("application.fund_exceeded", memo, [Line(row(), 51)]),
        ("application.credit_currency", memo, [Line(row(currency="USD"), 5)]),
        ("application.other_customer", memo, [Line(row(account_id=6), 5)]),
        ("application.item_twice", memo, [Line(row(), 5), Line(row(), 5)]),
        ("application.over_applied", memo, [Line(memo, 5)]),
        ("discount.on_credit", memo, [Line(row(), 5, 1)]),
    ]:
        with refused(code):
            credit_legs(credit, lines)


def test_what_settling_and_paying_out_refuse() -> None:
    for amount in (0, -1, 101):
        with refused("application.over_applied"):
            settlement_legs(row(), amount, LedgerAccount.BAD_DEBT)
    for amount in (0, -1, 101):
        with refused("application.fund_exceeded"):
            fund_out_legs(fund(100), amount, LedgerAccount.BANK)


def test_the_discount_window() -> None:
    item = row(1, 10_000, discount_date=DAY, discount_bp=250)
    assert discount_allowed(item, DAY) == 250
    assert discount_allowed(item, DAY - timedelta(days=9)) == 250
    assert discount_allowed(item, DAY, taken_minor=100) == 150
    assert discount_allowed(item, DAY, taken_minor=250) == 0
    assert discount_allowed(replace(item, open_minor=40), DAY) == 40
    assert discount_allowed(replace(item, original_minor=10_020), DAY) == 251
    with refused("discount.window_closed"):
        discount_allowed(item, DAY + timedelta(days=1))
    with refused("discount.none_agreed"):
        discount_allowed(row(), DAY)
