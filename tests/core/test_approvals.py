"""The rule of approvals by amount."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huikuan.core.approvals import (
    ApprovalState,
    ApprovalStep,
    Decided,
    check_decider,
    check_ladder,
    next_step,
    state_after,
    steps_due,
)
from huikuan.core.refusals import Conflict, Refusal
from huikuan.core.rights import Role

LADDER = (ApprovalStep(1, Role.SALES_MANAGER, 0), ApprovalStep(2, Role.CFO, 10_000_00))


@pytest.mark.practice("K1")
@pytest.mark.parametrize(
    ("amount", "roles"),
    [(1, ["sales_manager"]), (9_999_99, ["sales_manager"]), (10_000_00, ["sales_manager", "cfo"])],
)
def test_the_amount_decides_the_steps(amount: int, roles: list[str]) -> None:
    assert [step.role for step in steps_due(LADDER, amount)] == roles
    assert steps_due(LADDER, amount) == steps_due(LADDER, -amount)


def test_a_ladder_starts_where_it_says() -> None:
    assert steps_due((ApprovalStep(1, Role.CFO, 500),), 499) == ()


@given(st.lists(st.integers(0, 10**9), max_size=5), st.integers(-(10**10), 10**10))
def test_more_money_never_needs_fewer_eyes(amounts: list[int], amount: int) -> None:
    ladder = [ApprovalStep(number, Role.CFO, floor) for number, floor in enumerate(sorted(amounts), 1)]
    check_ladder(ladder)
    assert len(steps_due(ladder, amount)) <= len(steps_due(ladder, 2 * amount))


@pytest.mark.parametrize("amounts", [(10, 5), (-1, 5)])
def test_thresholds_do_not_fall(amounts: tuple[int, ...]) -> None:
    ladder = [ApprovalStep(number, Role.CFO, amount) for number, amount in enumerate(amounts, 1)]
    with pytest.raises(Refusal, match="later step") as refused:
        check_ladder(ladder)
    assert refused.value.code == "approval.bad_ladder"


def test_steps_pass_in_order_and_one_no_ends_it() -> None:
    due = steps_due(LADDER, 20_000_00)
    first = Decided(1, 7, True)
    assert next_step(due, []) == due[0] and next_step(due, [first]) == due[1]
    assert state_after(due, [first]) == ApprovalState.OPEN
    assert state_after(due, [first, Decided(2, 8, True)]) == ApprovalState.APPROVED
    assert state_after(due, [Decided(1, 7, False)]) == ApprovalState.REJECTED


def test_four_eyes() -> None:
    with pytest.raises(Refusal) as own:
        check_decider(7, 7, ApprovalState.OPEN, [])
    with pytest.raises(Refusal) as twice:
        check_decider(7, 3, ApprovalState.OPEN, [Decided(1, 7, True)])
    with pytest.raises(Conflict) as closed:
        check_decider(7, 3, ApprovalState.APPROVED, [])
    assert [one.value.code for one in (own, twice, closed)] == ["approval.own", "approval.twice", "approval.closed"]
