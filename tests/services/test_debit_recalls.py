"""Direct debits recalled while the bank has them, its answers, and what mandates amended tell the bank."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from lxml import etree

from huikuan.bank.pain008_check import check_pain008
from huikuan.core.direct_debits import RecallReason
from huikuan.services.bank_files import BankFile
from huikuan.services.bank_uploads import keep_upload, work_upload
from huikuan.services.debit_amending import Amendment, amend_debit_mandate
from huikuan.services.debit_mandates import NewCreditor, revoke_debit_mandate, set_creditor
from huikuan.services.debit_recalls import accept_recall, ask_recall, keep_recall, recall_file
from huikuan.services.debit_reports import read_report
from huikuan.services.debit_runs import approve_run, mark_sent, run_file
from huikuan.store.models import BankLineReceipt, DebitMandate, DebitMandateVersion, DebitRun
from tests.core.test_money import refused
from tests.databases import LedgerDb
from tests.services.debits import CREDITOR, NOW, PAYERS, WHO, Debits, camt029, pain002, row, states
from tests.simulation.invariants import check_invariants

pytestmark = pytest.mark.practice("E1")
RUN = "DD-E1-2026-0001"


@pytest.fixture
def debits(ledger_db: LedgerDb) -> Debits:
    return Debits()


@pytest.fixture
def sent(debits: Debits) -> DebitRun:
    """A run of three payments at the bank."""
    for name, amount in (("C1", 100_00), ("C2", 200_00), ("C3", 300_00)):
        debits.mandate(name)
        debits.item(amount, name)
    return debits.at_bank()


# -- recalls ---------------------------------------------------------------------------------------------------------
def test_a_run_is_recalled_and_the_bank_answers(debits: Debits, sent: DebitRun) -> None:
    one = sent.payments.get(ordinal=3).pk
    first = ask_recall(sent.pk, RecallReason.DUPL, payment_ids=[one], **WHO)
    file = recall_file(first, **WHO)
    assert recall_file(first, **WHO) == file and file.name == f"{RUN}-C1.xml"
    told = etree.fromstring(file.data)
    for tag, value in (
        ("OrgnlMsgId", RUN), ("OrgnlPmtInfId", f"{RUN}-1"), ("OrgnlEndToEndId", f"{RUN}-3"),
        ("OrgnlInstdAmt", "300.00"), ("OrgnlReqdColltnDt", "2026-04-07"), ("Cd", "DUPL"),
    ):  # fmt: skip
        assert [found.text for found in told.iter(f"{{*}}{tag}")] == [value], tag
    ask_recall(sent.pk, RecallReason.CUST, **WHO)
    with refused("debit_recall.nothing"):
        ask_recall(sent.pk, RecallReason.CUST, **WHO)
    # One is recalled, one is collected all the same, of one the bank says nothing yet.
    answer = camt029(RUN, [(f"{RUN}-1", "RJCR", "LEGL"), (f"{RUN}-2", "PDCR", ""), (f"{RUN}-3", "ACCR", "")])
    result = read_report(debits.entity_id, answer, "c.xml", **WHO)
    assert (result.rejected, result.not_recalled, result.known) == (1, 1, 0)
    assert read_report(debits.entity_id, answer, "c.xml", **WHO).known == 2
    assert states(sent) == ["sent", "sent", "rejected"]
    assert list(sent.payments.order_by("ordinal").values_list("recall_answer", "return_reason")) == [
        ("LEGL", ""), ("", ""), ("", "DUPL"),
    ]  # fmt: skip
    # What was recalled may be collected again; its first time is still to come.
    again = debits.propose()
    assert list(again.payments.values_list("amount_minor", "sequence")) == [(300_00, "FRST")]
    check_invariants()


def test_an_answer_among_bank_files_for_a_whole_batch(debits: Debits, sent: DebitRun) -> None:
    ask_recall(sent.pk, RecallReason.TECH, **WHO)
    data = camt029(RUN, [], conf="CNCL")
    [told] = work_upload(keep_upload([BankFile("answer.xml", data)], **WHO), **WHO)
    assert (told.state, told.format, told.lines_new) == ("imported", "camt.029", 3)
    assert states(sent) == ["rejected"] * 3


def test_money_that_came_before_the_answer_goes_back_by_its_line(debits: Debits, sent: DebitRun) -> None:
    payment = sent.payments.get(ordinal=1)
    ask_recall(sent.pk, RecallReason.DUPL, payment_ids=[payment.pk], **WHO)
    debits.statement([row(100_00, e2e=f"{RUN}-1")])
    assert states(sent)[0] == "collected"
    assert not keep_recall(payment.pk, "LEGL", **WHO), "the money says so already"
    accept_recall(payment.pk, on=NOW.date(), **WHO)
    assert states(sent)[0] == "collected"
    (line,) = debits.statement([row(-100_00, e2e=f"{RUN}-1", returned="MS03")])
    assert states(sent)[0] == "returned" and BankLineReceipt.objects.get(line_id=line).tie == "bounced"
    check_invariants()


def test_the_bank_credits_a_batch_and_takes_what_was_recalled_out_of_it(debits: Debits, sent: DebitRun) -> None:
    payment = sent.payments.get(ordinal=2)
    ask_recall(sent.pk, RecallReason.FRAD, payment_ids=[payment.pk], **WHO)
    accept_recall(payment.pk, on=NOW.date(), **WHO)
    debits.statement([row(400_00)], batch=f"{RUN}-1")
    assert states(sent) == ["collected", "rejected", "collected"]
    check_invariants()


def test_what_may_not_be_recalled(debits: Debits, sent: DebitRun) -> None:
    payment = sent.payments.get(ordinal=1)
    with refused("debit_recall.not_asked"):
        accept_recall(payment.pk, on=NOW.date(), **WHO)
    late: dict[str, Any] = {"actor_id": None, "now": datetime(2026, 4, 8, 9, 0, tzinfo=UTC)}
    with refused("debit_recall.too_late"):
        ask_recall(sent.pk, RecallReason.CUST, **late)
    with refused("debit_recall.unknown"):
        recall_file(999, **WHO)
    debits.item(5_00)
    with refused("debit_run.state"):
        ask_recall(debits.propose().pk, RecallReason.CUST, **WHO)


# -- amendments ------------------------------------------------------------------------------------------------------
def amended(run: DebitRun) -> list[str]:
    """What the run's file tells of amendments, in the order of its payments."""
    file = run_file(run.pk, **WHO)
    assert not check_pain008(file.data)
    details = etree.fromstring(file.data).iter("{*}AmdmntInfDtls")
    return [" ".join(text.strip() for text in one.itertext() if text.strip()) for one in details]


def collect(debits: Debits, amount: int) -> DebitRun:
    debits.item(amount)
    run = debits.at_bank()
    debits.statement([row(amount, e2e=run.payments.get().end_to_end_id)])
    return run


def test_what_was_amended_is_told_with_the_next_collection_alone(debits: Debits) -> None:
    """The figures of docs/design/direct-debits.md."""
    number = debits.mandate()
    assert amended(collect(debits, 100_00)) == []
    amend_debit_mandate(number, Amendment("M-NEW", PAYERS["C3"]), **WHO)
    before = DebitMandateVersion.objects.get()
    assert (before.reference, before.payer_iban) == ("M-C1", PAYERS["C1"])
    set_creditor(debits.entity_id, NewCreditor("DE98ABC09999999999", debits.account_id), **WHO)
    run = collect(debits, 200_00)
    assert amended(run) == [f"M-C1 {CREDITOR} SEPA SMNDA"]
    told = etree.fromstring(run_file(run.pk, **WHO).data)
    assert [one.text for one in told.iter("{*}MndtId")] == ["M-NEW"]
    assert next(told.iter("{*}DbtrAcct")).findtext(".//{*}IBAN") == PAYERS["C3"]
    assert amended(collect(debits, 300_00)) == [], "the bank knows it by now"
    check_invariants()


def test_a_file_stays_what_it_was_when_its_mandate_is_amended(debits: Debits) -> None:
    number = debits.mandate()
    debits.item(100_00)
    run = debits.propose()
    amend_debit_mandate(number, Amendment(payer_iban=PAYERS["C2"]), **WHO)
    approve_run(run.pk, **WHO)
    payment = run.payments.get()
    assert (payment.payer_iban, payment.is_new_account) == (PAYERS["C2"], False), "the bank never heard of the other"
    file = run_file(run.pk, **WHO)
    amend_debit_mandate(number, Amendment(payer_iban=PAYERS["C1"]), **WHO)
    mark_sent(run.pk, on=NOW.date(), **WHO)
    assert run_file(run.pk, **WHO) == file
    # It was refused before the payer's bank had it: the next one tells nothing of an account nobody heard of.
    read_report(debits.entity_id, pain002(RUN, [(f"{RUN}-1", "AC01")]), "r.xml", **WHO)
    assert DebitMandate.objects.get(id=number).blocked_reason == "AC01"


def test_amendments_are_checked(debits: Debits) -> None:
    number, other = debits.mandate(), debits.mandate("C2")
    for code, new in (
        ("debit_mandate.not_amended", Amendment()),
        ("debit_mandate.not_amended", Amendment(payer_iban=PAYERS["C1"])),
        ("debit_mandate.iban", Amendment(payer_iban="DE75512108001245126198")),
        ("debit_mandate.bic", Amendment(payer_bic="X")),
        ("debit_mandate.reference", Amendment("Ü")),
        ("debit_mandate.exists", Amendment("M-C2")),
        ("debit_mandate.paper", Amendment("M-9", document_id=7)),
    ):
        with refused(code):
            amend_debit_mandate(number, new, **WHO)
    amend_debit_mandate(number, Amendment("M-9"), **WHO)
    # A reference that a mandate once had is nobody else's.
    with refused("debit_mandate.exists"):
        amend_debit_mandate(other, Amendment("M-C1"), **WHO)
    with refused("debit_mandate.exists"):
        debits.mandate("C3", reference="M-C1")
    amend_debit_mandate(number, Amendment("M-C1"), **WHO)
    revoke_debit_mandate(number, on=date(2026, 3, 20), **WHO)
    with refused("debit_mandate.revoked"):
        amend_debit_mandate(number, Amendment("M-8"), **WHO)
