"""Cash: a reason, a number without gaps, checked against the invoice, handed in."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from huikuan.core.notes import Settles
from huikuan.core.payment_reference import ReferenceScheme
from huikuan.queries.cash_slips import slip_counts, slip_page, slips_late
from huikuan.queries.frame import frame_at
from huikuan.services.cash_slips import NewCash, hand_in_cash, take_cash
from huikuan.services.channels import set_policy
from huikuan.store.models import AuditEvent, CashSlip, ReceiptChannel
from tests.core.test_money import refused
from tests.databases import LedgerDb
from tests.services.ledger import DAY, NOW, Ledger, entry_of_receipt
from tests.services.test_idempotency import at_once
from tests.simulation.invariants import check_invariants

pytestmark = pytest.mark.practice("E1")


@pytest.fixture
def ledger(ledger_db: LedgerDb) -> Ledger:
    return Ledger()


def cash(ledger: Ledger, amount: int = 500_00, *, on: date = DAY, key: str | None = None, **more: Any) -> int:
    new = {
        "account_id": ledger.customer("C1"),
        "currency": "CNY",
        "amount_minor": amount,
        "payer": "Li Hua",
        "purpose": "goods",
        "reason": "their bank was closed",
    } | more
    return take_cash(ledger.entity_id, NewCash(**new), on=on, key=key, **ledger.common)


def numbers() -> list[tuple[int, int]]:
    return list(CashSlip.objects.order_by("year", "number").values_list("year", "number"))


def test_cash_is_posted_with_a_number_and_settles_the_invoice(ledger: Ledger) -> None:
    invoice = ledger.item(500_00)
    slip = CashSlip.objects.get(id=cash(ledger, item_id=invoice))
    assert ledger.open_of(invoice) == (0, 0)
    assert (slip.year, slip.number, slip.due_on) == (2026, 1, DAY)
    assert slip.receipt.reference == "2026-000001"
    assert ReceiptChannel.objects.get(receipt=slip.receipt).channel == "cash"
    check_invariants()


def test_numbers_run_without_gaps_by_year_also_where_something_is_refused(ledger: Ledger) -> None:
    cash(ledger, key="a")
    assert cash(ledger, key="a")
    with refused("cash.over_invoice"):
        cash(ledger, item_id=ledger.item(100))
    cash(ledger)
    cash(ledger, on=date(2027, 1, 2))
    assert numbers() == [(2026, 1), (2026, 2), (2027, 1)]


def test_two_at_once_take_two_numbers(ledger: Ledger) -> None:
    ledger.customer("C1")
    at_once(lambda: cash(ledger), lambda: cash(ledger), lambda: cash(ledger))
    assert [number for _, number in numbers()] == [1, 2, 3]


def test_what_is_refused(ledger: Ledger) -> None:
    for code, more in (
        ("cash.say_why", {"reason": " "}),
        ("cash.payer_missing", {"payer": ""}),
        ("cash.other_invoice", {"item_id": ledger.item(500_00, customer="C2")}),
        ("user.unknown", {"collected_by": 99}),
        ("receipt.not_positive", {"amount": -5}),
    ):
        with refused(code):
            cash(ledger, **more)
    set_policy(
        ledger.entity_id,
        notes_settle=Settles.AT_ONCE,
        cheques_settle=Settles.AT_MATURITY,
        escort_from_minor=1_000_00,
        reference_scheme=ReferenceScheme.NONE,
        **ledger.common,
    )
    with refused("cash.escort_missing"):
        cash(ledger, 1_000_00)
    cash(ledger, 1_000_00, escort="Wang")
    with refused("channel.escort_negative"):
        set_policy(
            ledger.entity_id,
            notes_settle=Settles.AT_ONCE,
            cheques_settle=Settles.AT_ONCE,
            escort_from_minor=-1,
            reference_scheme=ReferenceScheme.NONE,
            **ledger.common,
        )


def test_handed_in_late_is_seen(ledger: Ledger) -> None:
    slip = cash(ledger)
    frame = frame_at(now=NOW, entity_ids=(ledger.entity_id,))
    assert slip_counts(frame) == {"out": 1, "late": 1, "all": 1}
    assert slips_late(frame) == 1
    [row] = slip_page(frame, which="late").rows
    assert row.days_late == (frame.today - DAY).days
    with refused("cash.before_taken"):
        hand_in_cash(slip, on=DAY - timedelta(days=1), place="cashier", **ledger.common)
    with refused("cash.place_missing"):
        hand_in_cash(slip, on=DAY, place=" ", **ledger.common)
    for _ in range(2):  # the same request again changes nothing
        hand_in_cash(slip, on=DAY + timedelta(days=2), place="cashier", **ledger.common)
    assert AuditEvent.objects.filter(code="cash.handed_in").count() == 1
    with refused("cash.handed_in"):
        hand_in_cash(slip, on=DAY, place="cashier", **ledger.common)
    with refused("cash.unknown"):
        hand_in_cash(slip + 9, on=DAY, place="cashier", **ledger.common)
    [row] = slip_page(frame).rows
    assert (row.days_late, row.place, slip_counts(frame)["out"], slips_late(frame)) == (2, "cashier", 0, 0)


def test_what_was_taken_back_is_not_handed_in(ledger: Ledger) -> None:
    slip = CashSlip.objects.get(id=cash(ledger))
    ledger.reverse(entry_of_receipt(slip.receipt_id))
    with refused("cash.no_longer_counts"):
        hand_in_cash(slip.pk, on=DAY, place="cashier", **ledger.common)
