"""Credits make a collection smaller: the customer's open credit memos, never below nothing."""

from __future__ import annotations

from datetime import date

import pytest

from huikuan.core.accounts import ItemKind
from huikuan.core.direct_debits import Bundle
from huikuan.services.debit_planning import NewRun, plan_run
from huikuan.services.debit_runs import approve_run, cancel_run, mark_sent
from huikuan.services.line_undoing import undo_decision
from huikuan.store.models import DebitPayment, Receipt
from tests.core.test_money import refused
from tests.databases import LedgerDb
from tests.services.debits import NOW, WHO, Debits, row, states
from tests.simulation.invariants import check_invariants

pytestmark = pytest.mark.practice("E1")
FIRST = "DD-E1-2026-0001-1"


@pytest.fixture
def debits(ledger_db: LedgerDb) -> Debits:
    found = Debits()
    found.mandate()
    return found


def credit(debits: Debits, amount: int, **more: object) -> int:
    return debits.item(-amount, kind=ItemKind.CREDIT_MEMO, **more)  # type: ignore[arg-type]


def parts(payment: DebitPayment) -> list[int]:
    return list(payment.items.order_by("id").values_list("amount_minor", flat=True))


def test_credits_are_netted_settled_and_stay_applied_when_the_money_goes_back(debits: Debits) -> None:
    """The figures of docs/design/direct-debits.md."""
    first, second = debits.item(1_200_00), debits.item(300_00)
    memo = credit(debits, 100_00, due=date(2026, 12, 31))
    disputed = credit(debits, 50_00, disputed=True)
    run = debits.at_bank()
    payment = run.payments.get()
    assert payment.amount_minor == 1_400_00 and parts(payment) == [1_200_00, 300_00, -100_00]
    assert debits.open_of(memo) == -100_00, "nothing is posted before the money comes"

    debits.statement([row(1_400_00, e2e=FIRST)])
    assert states(run) == ["collected"]
    assert [debits.open_of(one) for one in (first, second, memo, disputed)] == [0, 0, 0, -50_00]
    check_invariants()

    debits.statement([row(-1_400_00, e2e=FIRST, returned="AM04")])
    assert states(run) == ["returned"]
    # The memo paid 100.00 of the first item and goes on doing so: 1,400.00 are owed again.
    assert [debits.open_of(one) for one in (first, second, memo)] == [1_100_00, 300_00, 0]
    assert plan_run(debits.entity_id, NewRun(), today=NOW.date()).amount_minor == 1_400_00
    check_invariants()


def test_what_was_settled_is_undone_with_its_credits(debits: Debits) -> None:
    item, memo = debits.item(300_00), credit(debits, 100_00)
    run = debits.at_bank()
    debits.statement([row(200_00, e2e=FIRST)])
    payment = run.payments.get()
    assert payment.decision_id is not None
    undo_decision(debits.entity_id, payment.decision_id, **WHO)
    assert states(run) == ["sent"]
    assert [debits.open_of(one) for one in (item, memo)] == [300_00, -100_00]
    check_invariants()


def test_credits_as_large_as_the_debt_leave_nothing_to_collect(debits: Debits) -> None:
    debits.mandate("C2")
    debits.item(100_00), debits.item(50_00)
    credit(debits, 150_00)
    debits.item(70_00, "C2")
    plan = plan_run(debits.entity_id, NewRun(), today=NOW.date())
    assert [one.amount_minor for one in plan.payments] == [70_00]
    assert plan.left_out == {"credit": 2}


def test_one_payment_for_each_item_uses_a_credit_once(debits: Debits) -> None:
    debits.item(10_00)
    run = debits.at_bank()
    debits.statement([row(10_00, e2e=FIRST)])
    assert states(run) == ["collected"]
    for amount in (100_00, 200_00, 300_00):
        debits.item(amount)
    credit(debits, 150_00)
    plan = plan_run(debits.entity_id, NewRun(bundle=Bundle.ITEM), today=NOW.date())
    assert [one.amount_minor for one in plan.payments] == [150_00, 300_00]
    assert plan.left_out == {"credit": 1}
    # What one run counts on is no other run's: 100.00 of it are left for the first item.
    second = debits.propose(bundle=Bundle.ITEM)
    plan = plan_run(debits.entity_id, NewRun(), today=NOW.date())
    assert plan.payments == [] and plan.left_out == {"credit": 1, "in_run": 2}
    cancel_run(second.pk, **WHO)
    assert plan_run(debits.entity_id, NewRun(), today=NOW.date()).amount_minor == 450_00


def test_a_credit_used_elsewhere_stops_the_run_or_leaves_a_debt(debits: Debits) -> None:
    item, memo = debits.item(300_00), credit(debits, 100_00)
    other = debits.item(40_00, due=date(2027, 1, 1))
    run = debits.propose()
    entry = debits.ledger.apply_credit(memo, (other, 40_00))
    with refused("debit_run.credit_changed"):
        approve_run(run.pk, **WHO)
    debits.ledger.reverse(entry)
    approve_run(run.pk, **WHO)
    mark_sent(run.pk, on=NOW.date(), **WHO)
    debits.ledger.apply_credit(memo, (other, 40_00))
    debits.statement([row(200_00, e2e=FIRST)])
    assert [debits.open_of(one) for one in (item, memo, other)] == [40_00, 0, 0]
    receipt = Receipt.objects.get(id=run.payments.get().receipt_id or 0)
    assert receipt.balance.unapplied_minor == 0  # type: ignore[attr-defined]
    check_invariants()
