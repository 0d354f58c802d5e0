"""Fees, the days a payout covers, what it settles: sums tie to the cent, nothing is lost."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import combinations

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from huikuan.core.payout_differences import (
    DetailFacts,
    DifferenceKind,
    PayoutFacts,
    ShopFacts,
    UnitFacts,
    find_differences,
)
from huikuan.core.payouts import (
    FeeRule,
    How,
    Portion,
    Sold,
    agreed_fee,
    decide_settlement,
    due_day,
    find_days,
)
from huikuan.core.refusals import Refusal
from huikuan.core.working_days import Weekdays

pytestmark = pytest.mark.practice("E6")
FIRST = date(2026, 3, 2)


def sold(*nets: int, settle: int = 1) -> list[Sold]:
    """Days in a row with these sums to come."""
    days = [FIRST + timedelta(days=at) for at in range(len(nets))]
    return [
        Sold(at + 1, day, day + timedelta(days=settle), "", net, 0)
        for at, (day, net) in enumerate(zip(days, nets, strict=True))
    ]


def test_fees_by_way_of_payment() -> None:
    rules = [FeeRule("", 60), FeeRule("Card", 150, 30)]
    assert agreed_fee(123_45, "Alipay", rules, returned=True) == 74  # 0.7407 goes up
    assert agreed_fee(100_00, "card", rules, returned=True) == 1_80
    assert agreed_fee(-100_00, "Alipay", rules, returned=True) == -60
    assert agreed_fee(-100_00, "Alipay", rules, returned=False) == 0
    assert agreed_fee(10, "Card", rules, returned=True) == 10  # never more than the sale
    assert agreed_fee(100_00, "Cash", [FeeRule("Card", 150)], returned=True) is None


def test_days_until_paid_out() -> None:
    friday = date(2026, 3, 6)
    assert due_day(friday, 1, None) == date(2026, 3, 7)
    assert due_day(friday, 1, Weekdays()) == date(2026, 3, 9)


def test_the_days_due_come_first() -> None:
    found = find_days(70_00, sold(30_00, 40_00, 70_00), FIRST + timedelta(days=2))
    assert found is not None
    assert (found.units, found.how, found.is_sure) == ((1, 2), How.ON_TIME, True)
    assert found.others in {0, 1}


def test_other_days_in_a_row_when_nothing_else_fits() -> None:
    found = find_days(30_00, sold(30_00, 41_00, 72_00), FIRST + timedelta(days=4))
    assert found is not None
    assert (found.units, found.how, found.others) == ((1,), How.RUN, 0)
    twice = find_days(30_00, sold(30_00, 30_00, 72_00), FIRST + timedelta(days=4))
    assert twice is not None
    assert (twice.how, twice.others, twice.is_sure) == (How.RUN, 1, False)


def test_a_set_of_days_is_only_proposed() -> None:
    found = find_days(102_00, sold(30_00, 41_00, 72_00), FIRST + timedelta(days=4))
    assert found is not None
    assert (found.units, found.how, found.is_sure) == ((1, 3), None, False)
    assert find_days(1, sold(30_00, 41_00), FIRST + timedelta(days=4)) is None


def test_what_is_not_due_for_long_is_left_out() -> None:
    assert find_days(30_00, sold(30_00, settle=30), FIRST) is None


@given(
    st.lists(st.integers(-500, 2_000).filter(bool), min_size=1, max_size=9),
    st.data(),
)
def test_every_answer_adds_up_and_no_answer_is_missed(nets: list[int], data: st.DataObject) -> None:
    rows = sold(*nets)
    picked = data.draw(st.lists(st.sampled_from(range(len(nets))), min_size=1, unique=True))
    paid = sum(nets[at] for at in picked)
    found = find_days(paid, rows, FIRST + timedelta(days=20))
    assert found is not None
    assert sum(rows[unit - 1].net_minor for unit in found.units) == paid
    if found.how is None:
        every = [
            one
            for size in range(1, len(nets) + 1)
            for one in combinations(range(len(nets)), size)
            if sum(nets[at] for at in one) == paid
        ]
        assert found.others == len(every) - 1
    shuffled = data.draw(st.permutations(rows))
    assert find_days(paid, shuffled, FIRST + timedelta(days=20)) == found


PORTIONS = st.lists(
    st.tuples(st.integers(-5_000, 20_000).filter(bool), st.integers(-300, 900), st.none() | st.integers(-300, 900)),
    min_size=1,
    max_size=8,
)


@given(PORTIONS, st.integers(1, 60_000))
def test_nothing_is_lost(rows: list[tuple[int, int, int | None]], paid: int) -> None:
    portions = [Portion(at, at, *row) for at, row in enumerate(rows)]
    try:
        settlement = decide_settlement(paid, portions)
    except Refusal as refusal:
        event(refusal.code)
        return
    assert settlement.money_minor + settlement.rest_minor == paid
    for part, portion in zip(settlement.parts, portions, strict=True):
        assert part.gross_minor == portion.gross_minor
        assert part.money_minor + part.booked_minor + part.left_minor == part.gross_minor
        assert abs(part.money_minor) <= abs(part.gross_minor)
        assert part.money_minor * part.gross_minor >= 0
        assert part.booked_minor * part.gross_minor >= 0
        if portion.gross_minor > 0 and portion.agreed_minor is not None:
            assert part.booked_minor <= max(portion.agreed_minor, 0)
    assert not (settlement.rest_minor and settlement.short_minor)


def test_refusals() -> None:
    with pytest.raises(Refusal, match="Choose the sales"):
        decide_settlement(1, [])
    with pytest.raises(Refusal, match="more than their sales"):
        decide_settlement(1, [Portion(1, 1, 100, 0), Portion(2, 2, -200, 0)])


def test_differences_of_every_kind() -> None:
    day = FIRST
    facts = ShopFacts(
        units=[
            UnitFacts(1, day, day + timedelta(days=1), "", 100_00, 5_00, over_minor=50, open_minor=100_00),
            UnitFacts(2, day, day, "Cash", 80_00, 0, counted_minor=81_00, open_minor=0, settled_minor=80_00),
            UnitFacts(3, day, day, "Cash", 80_00, 0, counted_minor=78_00, open_minor=80_00, responsible="Li"),
        ],
        payouts=[
            PayoutFacts(7, day, short_minor=3_00, rest_minor=0, charges_minor=1_00),
            PayoutFacts(8, day, short_minor=0, rest_minor=4_00, unknown_minor=4_00),
            PayoutFacts(9, day, short_minor=0, rest_minor=4_00),
        ],
        details=[
            DetailFacts("X", day, 9_50, False),
            DetailFacts("X", day, -4_00, True),
            DetailFacts("X", day, 1, False),
        ],
        no_items={"T1": (day, 10_00)},
        waiting={5: (day, 20_00)},
    )
    found = find_differences(facts, day + timedelta(days=3))
    told = {(one.kind.value, one.key): one.amount_minor for one in found}
    assert told == {
        ("not_paid", "2026-03-02/1"): 95_00,
        ("fee_above", "2026-03-02/1"): 50,
        ("cash_over", "2026-03-02/2"): -1_00,
        ("cash_short", "2026-03-02/3"): 2_00,
        ("not_paid", "2026-03-02/3"): 78_00,
        ("charge", "7"): 1_00,
        ("paid_less", "7"): 2_00,
        ("paid_more", "9"): -4_00,
        ("unknown_order", "X"): -9_50,
        ("unknown_order", "X#2"): -1,
        ("unknown_refund", "X"): 4_00,
        ("no_item", "T1"): 10_00,
        ("unknown_payout", "5"): -20_00,
    }
    assert {kind.value for kind in DifferenceKind} == {kind for kind, _ in told}
    assert list(find_differences(facts, day - timedelta(days=1))) == []
