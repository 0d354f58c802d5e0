"""The pure rules of direct debits: days, mandates, sequences, bundles, and which payments a line is for."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huikuan.core.direct_debits import (
    AMOUNT_MAX_MINOR,
    Bundle,
    DueItem,
    Expected,
    MandateFacts,
    MandateState,
    PaymentState,
    SequenceType,
    Use,
    check_reference,
    collection_day,
    expires_on,
    file_day,
    is_blocking,
    mandate_state,
    months_after,
    next_sequence,
    payments_of_line,
    plan_payments,
    reason_code,
)
from huikuan.core.ibans import is_creditor_id
from huikuan.core.target_days import TargetDays, easter_of
from tests.core.test_money import refused

pytestmark = pytest.mark.practice("E1")
DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))


@pytest.mark.parametrize(
    ("year", "day"),
    [(2000, (4, 23)), (2008, (3, 23)), (2024, (3, 31)), (2025, (4, 20)), (2026, (4, 5)), (2038, (4, 25))],
)
def test_easter(year: int, day: tuple[int, int]) -> None:
    assert easter_of(year) == date(year, *day)


@given(DAYS)
def test_target_days_are_as_often_as_they_should(day: date) -> None:
    found = sum(TargetDays().is_working(date(day.year, 1, 1) + timedelta(n)) for n in range(365))
    assert 250 <= found <= 258
    assert easter_of(day.year).weekday() == 6


@given(DAYS, DAYS, st.integers(0, 60), st.integers(1, 10))
def test_a_collection_leaves_time_and_is_on_a_banking_day(asked: date, today: date, notice: int, bank: int) -> None:
    day = collection_day(asked, today, notice_days=notice, bank_days=bank)
    assert TargetDays().is_working(day) and day >= asked
    assert day >= today + timedelta(days=notice) and file_day(day, bank) >= today
    # No earlier banking day would do.
    for back in range(1, 8):
        before = day - timedelta(days=back)
        if TargetDays().is_working(before):
            assert before < max(asked, today + timedelta(days=notice)) or file_day(before, bank) < today
            break


def test_the_worked_days() -> None:
    assert collection_day(date(2026, 4, 2), date(2026, 3, 20)) == date(2026, 4, 7)
    assert file_day(date(2026, 4, 7)) == date(2026, 4, 2)
    assert months_after(date(2024, 2, 29), 36) == date(2027, 2, 28)
    assert months_after(date(2026, 1, 31), 1) == date(2026, 2, 28)


def test_where_a_mandate_stands() -> None:
    on = date(2026, 4, 7)
    facts = MandateFacts(Use.RECURRENT, date(2023, 4, 7))
    assert expires_on(facts) == on and mandate_state(facts, on) == MandateState.EXPIRED
    assert mandate_state(facts, on - timedelta(days=1)) == MandateState.ACTIVE
    used = MandateFacts(Use.RECURRENT, date(2020, 1, 1), last_used_on=date(2025, 1, 1), uses=9)
    assert mandate_state(used, on) == MandateState.ACTIVE
    assert mandate_state(MandateFacts(Use.ONE_OFF, on, on, 1), on) == MandateState.USED_UP
    assert mandate_state(MandateFacts(Use.RECURRENT, on, is_blocked=True), on) == MandateState.BLOCKED
    assert mandate_state(MandateFacts(Use.RECURRENT, on, is_blocked=True, is_revoked=True), on) == MandateState.REVOKED
    assert next_sequence(MandateFacts(Use.RECURRENT, on)) == SequenceType.FRST
    assert next_sequence(MandateFacts(Use.RECURRENT, on, uses=1), is_last=True) == SequenceType.FNAL


ITEMS = st.lists(
    st.builds(
        DueItem,
        item_id=st.integers(1, 1000),
        account_id=st.integers(1, 3),
        mandate_id=st.just(0),
        due_date=st.dates(date(2026, 1, 1), date(2026, 3, 1)),
        amount_minor=st.integers(-AMOUNT_MAX_MINOR, AMOUNT_MAX_MINOR + 5) | st.integers(-9, 9),
    ),
    unique_by=lambda one: one.item_id,
    max_size=12,
)


@given(ITEMS, st.sampled_from(list(Bundle)), st.integers(0, 2))
def test_each_item_is_asked_for_once_and_in_full(items: list[DueItem], bundle: Bundle, uses: int) -> None:
    items = [DueItem(one.item_id, one.account_id, one.account_id, one.due_date, one.amount_minor) for one in items]
    facts = {number: MandateFacts(Use.RECURRENT, date(2026, 1, 1), uses=uses) for number in (1, 2, 3)}
    planned = plan_payments(items, bundle, facts)
    parts = [part for one in planned for part in one.parts if part[1] > 0]
    amounts = {one.item_id: one.amount_minor for one in items}
    assert len({item for item, _ in parts}) == len(parts)
    assert all(amounts[item] == minor and 0 < minor <= AMOUNT_MAX_MINOR for item, minor in parts)
    assert all(0 <= one.amount_minor <= AMOUNT_MAX_MINOR for one in planned)
    # No credit gives more than it has, and each gives what it can of what is asked for.
    given = Counter({item: 0 for item, minor in amounts.items() if minor < 0})
    for one in planned:
        for item, minor in one.parts:
            given[item] -= min(minor, 0)
    assert all(given[item] <= -minor for item, minor in amounts.items() if minor < 0)
    for account in (1, 2, 3):
        mine = [one for one in planned if one.account_id == account]
        credit = -sum(one.amount_minor for one in items if one.account_id == account and one.amount_minor < 0)
        gross = sum(minor for one in mine for _, minor in one.parts if minor > 0)
        assert sum(one.amount_minor for one in mine) == max(gross - credit, 0)
    if uses:
        # Nothing that may be collected is left.
        assert {item for item, _ in parts} == {n for n, minor in amounts.items() if 0 < minor <= AMOUNT_MAX_MINOR}
        assert bundle == Bundle.CUSTOMER or all(one.items == 1 for one in planned)
    else:
        assert len({one.mandate_id for one in planned}) == len(planned)


@given(st.lists(st.integers(1, 10_000), min_size=1, max_size=6), st.data())
def test_a_line_settles_only_what_it_is_to_the_cent(amounts: list[int], data: st.DataObject) -> None:
    states = [data.draw(st.sampled_from([PaymentState.SENT, PaymentState.REJECTED])) for _ in amounts]
    expected = [
        Expected(n, f"E-{n}", f"B-{n % 2}", minor, state)
        for n, (minor, state) in enumerate(zip(amounts, states, strict=True))
    ]
    line = data.draw(st.integers(1, 60_000) | st.just(sum(amounts)))
    batch = data.draw(st.sampled_from(["", "B-0", "B-1", "B-9"]))
    found = payments_of_line(expected, line, batch=batch)
    assert not found or sum(amounts[n] for n in found) == line
    assert not found or any(states[n] == PaymentState.SENT for n in found)
    assert payments_of_line(expected, line, end_to_end_id="E-9", certain=True) == []
    for one in expected:
        named = payments_of_line(expected, one.amount_minor, end_to_end_id=one.end_to_end_id, certain=True)
        assert named == ([one.payment_id] if one.state == PaymentState.SENT else [])


def test_reasons_and_references() -> None:
    assert is_blocking("AC04 account closed") and not is_blocking("AM04") and not is_blocking("?")
    assert reason_code("returned: ms03 (unspecified)") == "MS03" and reason_code("no") == ""
    check_reference("M-2026/1 (a), b+c")
    for text in ("", "x" * 36, "Ü1", "/a", "a/", "a//b", " a", "a ", "a\n"):
        with refused("debit_mandate.reference"):
            check_reference(text)
    assert is_creditor_id("DE98ZZZ09999999999") and is_creditor_id("DE98ABC09999999999")
    assert not is_creditor_id("DE97ZZZ09999999999") and not is_creditor_id("DE98ZZZ")
