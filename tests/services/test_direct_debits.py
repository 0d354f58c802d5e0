"""Direct debits from the mandate to the return: what is collected, who approves, what the bank's lines do."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from lxml import etree

from huikuan.bank.pain008_check import check_pain008
from huikuan.core.direct_debits import Bundle, Scheme, Use
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Grant, Role
from huikuan.services.bank_accounts import NewAccount, add_account
from huikuan.services.bank_ties import bounce_receipt
from huikuan.services.debit_mandates import (
    NewCreditor,
    end_debit_mandate,
    revoke_debit_mandate,
    set_creditor,
    unblock_debit_mandate,
)
from huikuan.services.debit_planning import NewRun, plan_run
from huikuan.services.debit_reports import read_report
from huikuan.services.debit_returns import return_payment
from huikuan.services.debit_runs import (
    approve_run,
    cancel_run,
    mark_sent,
    note_customers_told,
    propose_run,
    run_file,
    withdraw_payment,
)
from huikuan.services.debit_settling import lines_for_run, settle_line
from huikuan.services.line_undoing import undo_decision
from huikuan.services.people import grant
from huikuan.services.short_payments import open_short_payment
from huikuan.store.models import (
    BankLineReceipt,
    CustomerPayerAccount,
    DebitMandate,
    DebitPayment,
    DebitRun,
    LineDecision,
    Receipt,
    ReceiptChannel,
    User,
)
from tests.core.test_money import refused
from tests.databases import LedgerDb
from tests.services.bank_files import camt053
from tests.services.debits import CREDITOR, DUE, NOW, PAYERS, WHO, Debits, pain002, row, states
from tests.services.ledger import Ledger
from tests.services.test_idempotency import at_once
from tests.simulation.invariants import check_invariants

pytestmark = pytest.mark.practice("E1")


@pytest.fixture
def debits(ledger_db: LedgerDb) -> Debits:
    return Debits()


def test_the_worked_example_from_mandate_to_return(debits: Debits) -> None:
    """The figures of docs/design/direct-debits.md."""
    debits.mandate("C1")
    debits.mandate("C2", scheme=Scheme.B2B)
    first, second = debits.item(1_200_00), debits.item(300_00)
    third = debits.item(250_00, "C2")
    run = debits.propose(asked_on=date(2026, 4, 2))
    assert (run.number, run.due_on, run.notice_on, run.file_on) == (
        "DD-E1-2026-0001", DUE, date(2026, 3, 24), date(2026, 4, 2),
    )  # fmt: skip
    assert list(run.payments.values_list("amount_minor", "sequence")) == [(1_500_00, "FRST"), (250_00, "FRST")]
    note_customers_told(run.pk, on=NOW.date(), **WHO)
    approve_run(run.pk, **WHO)
    file = run_file(run.pk, **WHO)
    assert run_file(run.pk, **WHO) == file and not check_pain008(file.data)
    told = etree.fromstring(file.data)
    assert [one.text for one in told.iter("{*}EndToEndId")] == ["DD-E1-2026-0001-2", "DD-E1-2026-0001-1"]
    assert [one.text for one in told.iter("{*}CtrlSum")] == ["1750.00", "250.00", "1500.00"]
    mark_sent(run.pk, on=NOW.date(), **WHO)

    debits.statement([row(1_500_00, e2e="DD-E1-2026-0001-1"), row(250_00, e2e="DD-E1-2026-0001-2")])
    assert states(run) == ["collected", "collected"]
    assert [debits.open_of(one) for one in (first, second, third)] == [0, 0, 0]
    assert set(ReceiptChannel.objects.values_list("channel", flat=True)) == {"direct_debit"}

    (line,) = debits.statement([row(-1_503_50, e2e="DD-E1-2026-0001-1", returned="MS03")])
    payment = run.payments.get(ordinal=1)
    assert (payment.state, payment.return_reason, payment.charges_minor) == ("returned", "MS03", 3_50)
    assert payment.return_line_id == line
    assert BankLineReceipt.objects.get(line_id=line).tie == "bounced"
    assert [debits.open_of(one) for one in (first, second, third)] == [1_200_00, 300_00, 0]
    assert DebitMandate.objects.get(reference="M-C1").blocked_at is None
    # It may be collected again, and is no first time any more.
    again = debits.propose()
    assert list(again.payments.values_list("amount_minor", "sequence")) == [(1_500_00, "RCUR")]
    check_invariants()


def test_one_line_for_the_batch_settles_each_payment_and_one_goes_back_alone(debits: Debits) -> None:
    for name in PAYERS:
        debits.mandate(name)
    items = [debits.item(amount, name) for amount, name in ((100_00, "C1"), (200_00, "C2"), (300_00, "C3"))]
    run = debits.at_bank()
    (line,) = debits.statement([row(600_00)], batch="DD-E1-2026-0001-1")
    assert states(run) == ["collected"] * 3
    assert [debits.open_of(one) for one in items] == [0, 0, 0]
    receipts = set(run.payments.values_list("receipt__amount_minor", flat=True))
    assert receipts == {100_00, 200_00, 300_00}
    debits.statement([row(-200_00, e2e="DD-E1-2026-0001-2", returned="AC04")])
    assert states(run) == ["collected", "returned", "collected"]
    assert [debits.open_of(one) for one in items] == [0, 200_00, 0]
    mandate = DebitMandate.objects.get(reference="M-C2")
    assert mandate.blocked_reason == "AC04"
    plan = plan_run(debits.entity_id, NewRun(), today=NOW.date())
    assert (plan.payments, plan.left_out) == ([], {"mandate_blocked": 1})
    unblock_debit_mandate(mandate.pk, **WHO)
    assert len(plan_run(debits.entity_id, NewRun(), today=NOW.date()).payments) == 1
    with refused("debit_mandate.not_blocked"):
        unblock_debit_mandate(mandate.pk, **WHO)
    assert LineDecision.objects.get(line_id=line).is_automatic
    check_invariants()


def test_a_line_without_any_id_is_settled_by_a_person_and_taken_back(debits: Debits) -> None:
    debits.mandate("C1")
    debits.mandate("C2")
    items = [debits.item(100_00), debits.item(200_00, "C2")]
    run = debits.at_bank()
    line, other = debits.statement([row(300_00), row(299_00)])
    assert states(run) == ["sent", "sent"] and lines_for_run(run.pk) == [line]
    with refused("debit_run.other_amount"):
        settle_line(run.pk, other, **WHO)
    decision = settle_line(run.pk, line, key="once", **WHO)
    assert settle_line(run.pk, line, key="once", **WHO) == decision
    assert [debits.open_of(one) for one in items] == [0, 0] and lines_for_run(run.pk) == []
    with refused("match.decided"):
        settle_line(run.pk, line, **WHO)
    undo_decision(debits.entity_id, decision, **WHO)
    assert states(run) == ["sent", "sent"] and lines_for_run(run.pk) == [line]
    assert [debits.open_of(one) for one in items] == [100_00, 200_00]
    settle_line(run.pk, line, **WHO)
    assert [debits.open_of(one) for one in items] == [0, 0]
    check_invariants()


def test_a_report_before_the_money_and_the_same_news_again(debits: Debits) -> None:
    debits.mandate("C1")
    debits.mandate("C2")
    items = [debits.item(100_00), debits.item(200_00, "C2")]
    run = debits.at_bank()
    report = pain002("DD-E1-2026-0001", [("DD-E1-2026-0001-2", "MD01"), ("SOMEBODY-ELSE", "AM04")])
    result = read_report(debits.entity_id, report, "r.xml", **WHO)
    assert (result.rejected, result.known, result.foreign) == (1, 0, ("SOMEBODY-ELSE",))
    assert read_report(debits.entity_id, report, "r.xml", **WHO).known == 1
    assert states(run) == ["sent", "rejected"]
    assert DebitMandate.objects.get(reference="M-C2").blocked_reason == "MD01"
    # The bank credits what is left, without a word which.
    (line,) = debits.statement([row(100_00)])
    settle_line(run.pk, line, **WHO)
    assert [debits.open_of(one) for one in items] == [0, 200_00]
    with refused("debit_report.not_one"):
        read_report(debits.entity_id, camt053([row(5_00)]), "r.xml", **WHO)
    check_invariants()


def test_the_whole_batch_is_credited_though_one_was_rejected(debits: Debits) -> None:
    debits.mandate("C1")
    debits.mandate("C2")
    items = [debits.item(100_00), debits.item(200_00, "C2")]
    run = debits.at_bank()
    debits.statement([row(-200_00, e2e="DD-E1-2026-0001-2", returned="AM04")])
    assert states(run) == ["sent", "rejected"]
    debits.statement([row(300_00)], batch="DD-E1-2026-0001-1")
    assert states(run) == ["collected", "returned"]
    assert [debits.open_of(one) for one in items] == [0, 200_00]
    check_invariants()


def test_the_whole_message_was_refused(debits: Debits) -> None:
    debits.mandate()
    item = debits.item(100_00)
    run = debits.at_bank()
    read_report(debits.entity_id, pain002("DD-E1-2026-0001", [], group="RJCT"), "r.xml", **WHO)
    assert states(run) == ["rejected"]
    # The first one stays the first: nothing was ever collected by this mandate.
    assert list(debits.propose().payments.values_list("sequence", flat=True)) == ["FRST"]
    assert debits.open_of(item) == 100_00


def test_the_page_of_a_bank_line_takes_back_one_payment_alone(debits: Debits) -> None:
    debits.mandate("C1")
    debits.mandate("C2")
    items = [debits.item(100_00), debits.item(200_00, "C2")]
    run = debits.at_bank()
    debits.statement([row(300_00)], batch="DD-E1-2026-0001-1")
    (line,) = debits.statement([row(-200_00, returned="AM04")])
    receipt = run.payments.get(ordinal=2).receipt_id
    assert receipt is not None
    bounce_receipt(line, receipt, **WHO)
    assert states(run) == ["collected", "returned"]
    assert [debits.open_of(one) for one in items] == [0, 200_00]
    check_invariants()


def test_what_is_left_out_is_counted(debits: Debits) -> None:
    debits.mandate("C1")
    kept = debits.item(100_00)
    short = debits.item(200_00)
    debits.item(300_00, disputed=True)
    debits.item(400_00, due=date(2026, 9, 1))
    debits.item(500_00, "C2")
    revoked = debits.mandate("C3")
    debits.item(600_00, "C3")
    revoke_debit_mandate(revoked, on=NOW.date(), **WHO)
    with refused("debit_mandate.revoked"):
        revoke_debit_mandate(revoked, on=NOW.date(), **WHO)
    open_short_payment(debits.entity_id, short, 10_00, reason_code="unstated", **WHO)
    plan = plan_run(debits.entity_id, NewRun(), today=NOW.date())
    assert [one.parts for one in plan.payments] == [((kept, 100_00),)]
    assert plan.left_out == {"no_mandate": 1, "short_payment": 1, "disputed": 1, "mandate_revoked": 1}
    debits.propose()
    assert plan_run(debits.entity_id, NewRun(), today=NOW.date()).left_out["in_run"] == 1
    with refused("debit_run.nothing"):
        debits.propose()


def test_sequences_follow_the_history_of_the_mandate(debits: Debits) -> None:
    mandate = debits.mandate("C1")
    debits.mandate("C2", use=Use.ONE_OFF)
    debits.item(100_00), debits.item(50_00)
    debits.item(70_00, "C2"), debits.item(80_00, "C2")
    run = debits.at_bank(bundle=Bundle.ITEM)
    assert list(run.payments.values_list("sequence", "amount_minor")) == [("FRST", 150_00), ("OOFF", 150_00)]
    debits.item(10_00), debits.item(20_00), debits.item(30_00, "C2")
    second = debits.propose(bundle=Bundle.ITEM)
    assert list(second.payments.values_list("sequence", "amount_minor")) == [("RCUR", 10_00), ("RCUR", 20_00)]
    # The first one fails before the second is approved: then that one is the first.
    read_report(debits.entity_id, pain002("DD-E1-2026-0001", [("DD-E1-2026-0001-1", "AM04")]), "r.xml", **WHO)
    approve_run(second.pk, **WHO)
    assert list(second.payments.order_by("ordinal").values_list("sequence", flat=True)) == ["FRST", "RCUR"]
    cancel_run(second.pk, **WHO)
    end_debit_mandate(mandate, is_ending=True, **WHO)
    last = debits.at_bank(bundle=Bundle.ITEM)
    assert list(last.payments.values_list("sequence", "amount_minor")) == [("FNAL", 180_00)]
    debits.item(5_00)
    assert plan_run(debits.entity_id, NewRun(), today=NOW.date()).left_out["mandate_used_up"] == 2


def test_who_proposes_does_not_approve(debits: Debits) -> None:
    clerk, chief = (User.objects.create_user(name) for name in ("clerk", "chief"))
    boss = User.objects.create_superuser("boss")
    grant(clerk.pk, Grant(debits.entity_id, Role.AR_CLERK), **WHO)
    grant(chief.pk, Grant(debits.entity_id, Role.CFO), **WHO)
    debits.mandate()
    debits.item(100_00)
    with refused("right.missing"):
        propose_run(debits.entity_id, NewRun(), actor_id=chief.pk, now=NOW)
    run = propose_run(debits.entity_id, NewRun(), actor_id=clerk.pk, now=NOW)
    with refused("right.missing"):
        approve_run(run, actor_id=clerk.pk, now=NOW)
    approve_run(run, actor_id=chief.pk, now=NOW)
    cancel_run(run, actor_id=clerk.pk, now=NOW)
    own = propose_run(debits.entity_id, NewRun(), actor_id=boss.pk, now=NOW)
    with refused("debit_run.own"):
        approve_run(own, actor_id=boss.pk, now=NOW)


def test_between_proposing_and_sending_things_change(debits: Debits) -> None:
    mandate = debits.mandate("C1")
    debits.mandate("C2")
    first, _ = debits.item(100_00), debits.item(200_00, "C2")
    run = debits.propose()
    debits.ledger.apply(debits.ledger.receipt(40_00), (first, 40_00))
    with refused("debit_run.item_changed"):
        approve_run(run.pk, **WHO)
    withdraw_payment(run.payments.get(ordinal=1).pk, **WHO)
    with refused("debit_run.state"):
        withdraw_payment(run.payments.get(ordinal=1).pk, **WHO)
    with refused("debit_run.last_payment"):
        withdraw_payment(run.payments.get(ordinal=2).pk, **WHO)
    with refused("debit_run.too_late"):
        approve_run(run.pk, actor_id=None, now=datetime(2026, 4, 3, 9, 0, tzinfo=UTC))
    approve_run(run.pk, **WHO)
    with refused("debit_run.state"):
        approve_run(run.pk, **WHO)
    other = debits.propose()
    revoke_debit_mandate(mandate, on=NOW.date(), **WHO)
    with refused("debit_run.mandate_gone"):
        approve_run(other.pk, **WHO)
    with refused("debit_run.not_sent"):
        return_payment(run.payments.get(ordinal=2).pk, "AM04", on=NOW.date(), **WHO)
    mark_sent(run.pk, on=NOW.date(), **WHO)
    with refused("debit_run.say_why"):
        return_payment(run.payments.get(ordinal=2).pk, " ", on=NOW.date(), **WHO)
    with refused("debit_run.state"):
        cancel_run(run.pk, **WHO)
    with refused("debit_run.unknown"):
        cancel_run(999, **WHO)


def test_money_for_what_was_paid_meanwhile_stays_with_the_customer(debits: Debits) -> None:
    debits.mandate()
    item = debits.item(100_00)
    debits.at_bank()
    debits.ledger.apply(debits.ledger.receipt(100_00), (item, 100_00))
    debits.statement([row(100_00, e2e="DD-E1-2026-0001-1")])
    payment = DebitPayment.objects.get()
    assert payment.state == "collected" and payment.receipt_id is not None
    balance = Receipt.objects.get(id=payment.receipt_id).balance  # type: ignore[attr-defined]
    assert balance.unapplied_minor == 100_00
    check_invariants()


def test_mandates_are_checked(debits: Debits) -> None:
    for code, given in (
        ("debit_mandate.iban", {"payer_iban": "DE75512108001245126198"}),
        ("debit_mandate.reference", {"reference": "Ü-1"}),
        ("debit_mandate.reference", {"reference": "/1"}),
        ("debit_mandate.bic", {"payer_bic": "NOPE"}),
        ("debit_mandate.signed_ahead", {"signed_on": date(2026, 3, 21)}),
        ("debit_mandate.paper", {"document_id": 77}),
    ):
        with refused(code):
            debits.mandate(**given)
    number = debits.mandate(payer_iban=" de75 5121 0800 1245 1261 99 ")
    assert DebitMandate.objects.get(id=number).payer_iban == PAYERS["C1"]
    assert CustomerPayerAccount.objects.filter(number=PAYERS["C1"]).exists()
    with refused("debit_mandate.exists"):
        debits.mandate()
    one_off = debits.mandate("C2", use=Use.ONE_OFF)
    with refused("debit_mandate.one_off"):
        end_debit_mandate(one_off, is_ending=True, **WHO)
    with refused("debit_mandate.unknown"):
        unblock_debit_mandate(999, **WHO)


def test_the_creditor_is_checked(debits: Debits) -> None:
    good = NewCreditor(CREDITOR, debits.account_id)
    till = add_account(debits.entity_id, NewAccount("No IBAN", "12345", currency="EUR"), **WHO)
    for code, more in (
        ("debit_creditor.identifier", {"creditor_id": "DE97ZZZ09999999999"}),
        ("debit_creditor.account", {"bank_account_id": till}),
        ("debit_creditor.days", {"bank_days": 0}),
        ("debit_mandate.bic", {"bic": "X"}),
    ):
        with refused(code):
            set_creditor(debits.entity_id, replace(good, **more), **WHO)  # type: ignore[arg-type]
    other = Ledger(currency="EUR", code="E2")
    with refused("debit_creditor.missing"):
        plan_run(other.entity_id, NewRun(), today=NOW.date())
    with refused("debit_run.due_by"):
        plan_run(debits.entity_id, NewRun(due_by=date(2027, 1, 1)), today=NOW.date())


def test_two_people_propose_at_once_and_one_finds_nothing(debits: Debits) -> None:
    debits.mandate()
    debits.item(100_00)

    def propose() -> int:
        return propose_run(debits.entity_id, NewRun(), **WHO)

    answers = at_once(propose, propose)
    assert DebitRun.objects.count() == 1
    assert {one.code for one in answers if isinstance(one, Refusal)} == {"debit_run.nothing"}
