"""Money that takes turns: decided twice, returned after a split, unlinked after a decision, two people at once."""

from __future__ import annotations

import traceback
from datetime import date
from functools import partial
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError

from huikuan.core.accounts import EntryKind
from huikuan.core.documents import EvidenceType, LinkKind
from huikuan.core.matching import Deed, Rest
from huikuan.core.notes import Settles
from huikuan.core.refusals import Refusal
from huikuan.core.short_payments import Outcome
from huikuan.services import bank_ties
from huikuan.services.adjustments import settle_item
from huikuan.services.bank_accounts import NewAccount, add_account
from huikuan.services.bank_files import BankFile
from huikuan.services.bank_uploads import give_up, keep_upload, take_untied, work_upload
from huikuan.services.documents import add_document
from huikuan.services.line_asides import ask_about_line
from huikuan.services.line_decisions import Choice
from huikuan.services.matching_audit import say_outcome
from huikuan.services.matching_policy import Policy, set_policy
from huikuan.services.receipts import NewReceipt, post_receipts
from huikuan.services.remittances import AdviceResult, keep_advices
from huikuan.services.reversals import reverse_entry
from huikuan.services.rights import Forbidden
from huikuan.services.short_payments import accept_short_payment, open_short_payment
from huikuan.services.transaction import run_in_transaction
from huikuan.store.models import (
    BankLine,
    BankLineReceipt,
    BankUpload,
    DocumentLink,
    LineDecision,
    LinePart,
    MatchAudit,
    MatchLearned,
    Receipt,
    RemittanceAdvice,
    ShortPayment,
    User,
)
from tests.core.test_money import refused
from tests.databases import LedgerDb
from tests.services.bank_files import Row, camt053
from tests.services.desk import SYSTEM, Counter, money_of, open_on
from tests.services.ledger import NOW, Ledger
from tests.services.test_concurrency import codes
from tests.services.test_idempotency import at_once
from tests.services.test_line_decisions import clerk, sound
from tests.services.test_matching_runs import run, sure
from tests.services.test_notes import item_of, steps, take

pytestmark = pytest.mark.practice("E4")
DAY = date(2026, 3, 10)


@pytest.fixture
def desk(ledger_db: LedgerDb) -> Counter:
    return Counter.open()


def typed(desk: Counter, name: str, minor: int, **more: Any) -> int:
    """A receipt recorded by hand."""
    new = NewReceipt(name, DAY, "EUR", minor, **more)
    (number,) = post_receipts(desk.books.entity_id, [new], **SYSTEM)
    return number


def linked(desk: Counter, name: str, minor: int, **more: Any) -> int:
    """A line that is a receipt recorded by hand."""
    receipt = typed(desk, name, minor, **more)
    line = desk.line(f"{minor / 100:.2f}")
    bank_ties.link_line(line, receipt, **SYSTEM)
    return line


# -- whose money it is ------------------------------------------------------------------------------------------------
def test_what_is_left_of_a_customers_money_is_not_kept_for_another(desk: Counter) -> None:
    item, other = desk.books.item(60_00), desk.books.customer("C2")
    line = desk.line("100.00", name="Alpha", account="DE02120300000000202051")
    desk.apply(line, desk.leg(item, 60_00), rest=Rest.OPEN)
    for deed in (Deed.UNAPPLIED, Deed.ON_ACCOUNT):
        with refused("match.is_customers"):
            desk.decide(line, Choice(deed, account_id=other))
    assert not MatchLearned.objects.filter(customer=str(other)).exists()
    desk.decide(line, Choice(Deed.UNAPPLIED, account_id=desk.books.customer("C1")))
    sound()


def test_a_line_linked_to_a_customers_receipt_is_not_kept_for_another(desk: Counter) -> None:
    line = linked(desk, "R-1", 100_00, account_id=desk.books.customer("C1"))
    with refused("match.is_customers"):
        desk.decide(line, Choice(Deed.UNAPPLIED, account_id=desk.books.customer("C2")))


# -- a line that was linked -------------------------------------------------------------------------------------------
def test_a_line_decided_about_is_not_unlinked(desk: Counter) -> None:
    """The decision would speak of money that is no longer the line's, and its parts would bounce with another's."""
    mine, theirs = desk.books.item(60_00), desk.books.item(40_00, customer="C2")
    line = linked(desk, "R-1", 100_00)
    made = desk.apply(line, desk.leg(mine, 60_00), desk.leg(theirs, 40_00))
    with refused("bank_line.decided"):
        bank_ties.unlink_line(line, **SYSTEM)
    desk.undo(made)
    bank_ties.unlink_line(line, **SYSTEM)
    assert not BankLineReceipt.objects.filter(line_id=line).exists()
    sound()


def test_a_receipt_with_a_stroke_in_its_number_is_split(desk: Counter) -> None:
    mine, theirs = desk.books.item(60_00), desk.books.item(40_00, customer="C2")
    line = linked(desk, "RC/1", 100_00)
    typed(desk, "RC/3", 5_00)
    for _ in range(2):
        desk.undo(desk.apply(line, desk.leg(mine, 60_00), desk.leg(theirs, 40_00)))
    desk.apply(line, desk.leg(mine, 60_00), desk.leg(theirs, 40_00))
    assert all(
        name.startswith("RC/1")
        for name in Receipt.objects.filter(line_part__line=line).values_list("external_id", flat=True)
    )
    sound()


def test_a_document_of_a_receipt_goes_with_its_parts(desk: Counter) -> None:
    mine, theirs = desk.books.item(60_00), desk.books.item(40_00, customer="C2")
    line = linked(desk, "R-1", 100_00)
    links = [(LinkKind.RECEIPT, BankLineReceipt.objects.get(line_id=line).receipt_id)]
    add_document(b"%PDF-1.7 advice", "advice.pdf", evidence_type=EvidenceType.OTHER, links=links, **SYSTEM)
    made = desk.apply(line, desk.leg(mine, 60_00), desk.leg(theirs, 40_00))
    parts = set(LinePart.objects.filter(line_id=line).values_list("receipt_id", flat=True))
    assert parts <= set(DocumentLink.objects.filter(kind="receipt").values_list("object_id", flat=True))
    desk.undo(made)
    whole = BankLineReceipt.objects.get(line_id=line).receipt_id
    assert DocumentLink.objects.filter(kind="receipt", object_id=whole).count() == 1


# -- money that goes back ---------------------------------------------------------------------------------------------
def returned(desk: Counter, amount: str) -> int:
    (line,) = desk.lines(Row(f"-{amount}", ref="RET", returned="AC04", name="Alpha", code="PMNT/RCDT/RRTN"))
    assert BankLine.objects.get(id=line).kind == "return"
    return line


def split(desk: Counter) -> tuple[int, int, int, int]:
    mine, theirs = desk.books.item(60_00), desk.books.item(40_00, customer="C2")
    line = desk.line("100.00", name="Holding")
    return line, desk.apply(line, desk.leg(mine, 60_00), desk.leg(theirs, 40_00)), mine, theirs


def test_a_split_payment_goes_back_as_a_whole(desk: Counter) -> None:
    line, made, mine, theirs = split(desk)
    back = returned(desk, "100.00")
    part = LinePart.objects.filter(line_id=line).latest("receipt_id").receipt_id
    bank_ties.bounce_receipt(back, part, **SYSTEM)
    assert (open_on(mine), open_on(theirs), money_of(line)) == (60_00, 40_00, (0, 0, 0))
    with refused("entry.already_reversed"):
        desk.undo(made)
    sound()


def test_a_part_taken_back_by_hand_does_not_keep_the_rest_from_going_back(desk: Counter) -> None:
    line, _made, mine, theirs = split(desk)
    first, second = LinePart.objects.filter(line_id=line).order_by("receipt_id").values_list("receipt_id", flat=True)
    reverse_entry(desk.books.entity_id, Receipt.objects.get(id=first).entry_id, on=DAY, **SYSTEM)
    bank_ties.bounce_receipt(returned(desk, "100.00"), second, **SYSTEM)
    assert (open_on(mine), open_on(theirs)) == (60_00, 40_00)
    sound()


def test_a_payment_bounces_while_it_is_split(desk: Counter) -> None:
    mine, theirs = desk.books.item(60_00), desk.books.item(40_00, customer="C2")
    line = desk.line("100.00", name="Holding")
    back = returned(desk, "100.00")
    receipt = BankLineReceipt.objects.get(line_id=line).receipt_id
    answers = at_once(
        lambda: desk.apply(line, desk.leg(mine, 60_00), desk.leg(theirs, 40_00)),
        lambda: bank_ties.bounce_receipt(back, receipt, **SYSTEM),
    )
    assert "done" in codes(answers)
    assert len([one for one in answers if isinstance(one, Refusal)]) <= 1
    sound()


def test_a_payment_bounces_while_its_decision_is_taken_back(desk: Counter) -> None:
    line, made, mine, theirs = split(desk)
    back = returned(desk, "100.00")
    part = LinePart.objects.filter(line_id=line).earliest("receipt_id").receipt_id
    answers = at_once(lambda: desk.undo(made), lambda: bank_ties.bounce_receipt(back, part, **SYSTEM))
    assert "done" in codes(answers)
    assert (open_on(mine), open_on(theirs)) == (60_00, 40_00)
    sound()


def test_one_payment_goes_back_once(desk: Counter) -> None:
    line = desk.line("100.00")
    receipt = BankLineReceipt.objects.get(line_id=line).receipt_id
    backs = desk.lines(
        Row("-100.00", ref="X1", returned="AC04", code="PMNT/RCDT/RRTN"),
        Row("-100.00", ref="X2", returned="AC04", code="PMNT/RCDT/RRTN"),
    )
    answers = at_once(*(lambda at=at: bank_ties.bounce_receipt(at, receipt, **SYSTEM) for at in backs))
    assert codes(answers) == ["done", "entry.already_reversed"]
    sound()


def test_money_reversed_by_mistake_is_posted_anew(desk: Counter) -> None:
    line = desk.line("100.00", name="Alpha")
    for _ in range(2):
        receipt = Receipt.objects.get(bank_lines__line_id=line)
        with refused("bank_line.has_receipt"):
            bank_ties.post_line(line, **SYSTEM)
        reverse_entry(desk.books.entity_id, receipt.entry_id, on=DAY, **SYSTEM)
        answers = at_once(*[lambda: bank_ties.post_line(line, **SYSTEM)] * 2)
        assert codes(answers) == ["bank_line.has_receipt", "done"]
    item = desk.books.item(100_00)
    desk.apply(line, desk.leg(item, 100_00))
    bank_ties.bounce_receipt(returned(desk, "100.00"), Receipt.objects.get(bank_lines__line_id=line).pk, **SYSTEM)
    with refused("bank_line.has_receipt"):
        bank_ties.post_line(line, **SYSTEM)
    assert (open_on(item), money_of(line)) == (100_00, (0, 0, 0))
    sound()


# -- two at once ------------------------------------------------------------------------------------------------------
def test_two_lines_of_a_payer_nobody_knew_are_decided_at_once(desk: Counter) -> None:
    """Both teach the same thing for the first time."""
    for at in range(2):
        _decide_both(desk, at)
    assert LineDecision.objects.count() == 4
    sound()


def _decide_both(desk: Counter, at: int) -> None:
    items = [desk.books.item(100_00), desk.books.item(100_00)]
    who = {"name": f"Gamma {at} SARL", "account": f"FR763000600001123456789010{at}", "text": f"facture {at}"}
    lines = [desk.line("100.00", **who), desk.line("100.00", **who)]
    answers = at_once(
        lambda: desk.apply(lines[0], desk.leg(items[0], 100_00)),
        lambda: desk.apply(lines[1], desk.leg(items[1], 100_00)),
    )
    assert codes(answers) == ["done", "done"]
    learned = MatchLearned.objects.filter(kind="account", key__endswith=f"010{at}")
    assert list(learned.values_list("count", flat=True)) == [2]


def test_an_advice_handed_in_twice_at_once_is_kept_once(desk: Counter) -> None:
    data = (
        b"Remittance advice\nDate: 2026-03-09\nPayer: Alpha GmbH\nInvoice;Amount\nINV 10023;100.00\nTotal;100.00 EUR\n"
    )

    def keep() -> object:
        return keep_advices(desk.books.entity_id, data, "advice.txt", **SYSTEM)

    answers = at_once(keep, keep)
    assert sorted(one.known for one in answers if isinstance(one, AdviceResult)) == [0, 1]
    assert RemittanceAdvice.objects.count() == 1


def test_two_statements_of_one_upload_are_decided_about_at_once(desk: Counter) -> None:
    """Each outcome is kept, whoever is done first."""
    files = [camt053((Row(f"{at}0.00", ref=f"A{at}"),), closing="9.00", number=f"9{at}") for at in (1, 2)]
    listed = [BankFile(f"{at}.xml", data) for at, data in enumerate(files)]
    upload = keep_upload(listed, entity_id=desk.books.entity_id, **SYSTEM)
    work_upload(upload, **SYSTEM)
    at_once(*(partial(take_untied, upload, file, 0, "the bank's error", **SYSTEM) for file in (0, 1)))
    assert [one["state"] for one in BankUpload.objects.get(id=upload).outcomes] == ["imported", "imported"]
    assert Receipt.objects.count() == 2
    with pytest.raises(Forbidden):
        give_up(upload, actor_id=clerk(desk, "auditor", "auditor"), now=NOW)


# -- what posts itself ------------------------------------------------------------------------------------------------
@pytest.mark.practice("E3")
def test_the_largest_sum_that_posts_itself_is_of_the_books_currency(
    desk: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dollar is two euros here: 100.00 USD are more than 150.00 EUR."""
    sure(monkeypatch)
    entity, iban = desk.books.entity_id, "DE02500105170137075030"
    desk.books.rate("USD", "2")
    set_policy(entity, Policy(is_automatic=True, amount_minor_max=150_00), **SYSTEM)
    add_account(entity, NewAccount("Dollars", iban, currency="USD"), **SYSTEM)
    item = desk.books.item(100_00, "USD", document_number="INV-10020")
    data = camt053((Row("100.00", ref="U1", text="INV-10020", name="Alpha"),), iban=iban, currency="USD")
    work_upload(keep_upload([BankFile("u.xml", data)], entity_id=entity, **SYSTEM), **SYSTEM)
    assert run(desk).held_back == {"amount": 1}
    set_policy(entity, Policy(is_automatic=True, amount_minor_max=200_00), **SYSTEM)
    assert run(desk).posted == 1
    assert open_on(item) == 0


@pytest.mark.practice("E3")
def test_who_audits_takes_back_what_was_wrong(desk: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    """A CFO audits and does not decide about lines."""
    sure(monkeypatch)
    entity = desk.books.entity_id
    set_policy(entity, Policy(is_automatic=True, audit_bp=10_000), **SYSTEM)
    item = desk.books.item(100_00, document_number="INV-10020")
    desk.line("100.00", text="INV-10020", name="Alpha")
    run(desk)
    drawn = MatchAudit.objects.get().decision_id
    cfo = clerk(desk, "cfo", "cfo")
    with pytest.raises(Forbidden):
        desk.undo(drawn, actor_id=cfo)
    say_outcome(entity, drawn, right=False, note="another customer's", actor_id=cfo, now=NOW)
    assert (open_on(item), MatchAudit.objects.get().outcome) == (100_00, "wrong")
    sound()


# -- erased -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("ledger_db", ["sqlite"], indirect=True)
def test_a_payer_who_is_erased_stands_nowhere(desk: Counter) -> None:
    """Not in a text, a receipt, a question, an advice or anything learned: every table is looked through."""
    who = {"name": "Zebulon Quirk", "account": "DE02120300000000202051", "text": "INV-1 from Zebulon Quirk"}
    mine, theirs = desk.books.item(60_00, document_number="INV-1"), desk.books.item(40_00, customer="C2")
    split_up, other = desk.line("100.00", **who), desk.line("60.00", **who)
    run(desk)
    desk.apply(split_up, desk.leg(mine, 60_00), desk.leg(theirs, 40_00))
    ask_about_line(desk.books.entity_id, other, clerk(desk, "rep", "sales_rep"), "Who is Zebulon Quirk?", **SYSTEM)
    keep_advices(desk.books.entity_id, b"Payer: Zebulon Quirk\nINV-1 60.00\nTotal 60.00 EUR\n", "a.txt", **SYSTEM)
    assert len(_named("quirk")) > 4
    bank_ties.erase_texts(date(2027, 1, 1), entity_id=desk.books.entity_id, **SYSTEM)
    assert _named("quirk") | _named("202051") == set()


def test_an_error_nobody_expected_names_the_rule_and_not_the_row(ledger_db: LedgerDb) -> None:
    User.objects.create_user("zebulon", "z@example.com", "x")
    with pytest.raises(IntegrityError) as broken:
        run_in_transaction(lambda: User.objects.create_user("zebulon", "y@example.com", "x"))
    told = "".join(traceback.format_exception(broken.value))
    assert "user" in str(broken.value) and "already exists" not in told and "(zebulon)" not in told


def _named(text: str) -> set[tuple[str, str]]:
    """Tables and columns in which a text stands."""
    return {
        (model.__name__, field.attname)
        for model in apps.get_app_config("store").get_models()
        for row in model._default_manager.all()
        for field in model._meta.concrete_fields
        if text in str(getattr(row, field.attname)).casefold()
    }


# -- short payments ---------------------------------------------------------------------------------------------------
@pytest.mark.practice("E7")
def test_money_is_not_the_credit_memo_that_was_promised(ledger_db: LedgerDb) -> None:
    """Of 1,000.00 a bonus of 50.00 is accepted, a credit memo is to come; the customer pays 300.00 of the rest."""
    books = Ledger()
    item = books.item(1_000_00)
    case = open_short_payment(books.entity_id, item, 50_00, **SYSTEM)
    accept_short_payment(case, Outcome.CREDIT_MEMO, note="bonus", on=DAY, **SYSTEM)
    books.apply(books.receipt(300_00), (item, 300_00))
    assert ShortPayment.objects.get().settling_entry_id is None
    entry = books.apply_credit(books.item(-50_00), (item, 50_00))
    assert ShortPayment.objects.get().settling_entry_id == entry
    sound()


# -- notes ------------------------------------------------------------------------------------------------------------
@pytest.mark.practice("E1")
def test_a_note_with_a_blank_behind_its_number_is_the_same_note(ledger_db: LedgerDb) -> None:
    ledger = Ledger()
    take(ledger, 100_00, number="5313001", settles=Settles.AT_ONCE)
    with refused("note.exists"):
        take(ledger, 100_00, number="5313001 ", settles=Settles.AT_ONCE)


@pytest.mark.practice("E1")
def test_a_note_of_which_part_was_written_off_is_not_dishonoured_before_that_is_taken_back(ledger_db: LedgerDb) -> None:
    ledger = Ledger()
    invoice = ledger.item(100_00)
    note = take(ledger, 100_00, (invoice, 100_00))
    gone = settle_item(ledger.entity_id, EntryKind.WRITE_OFF, item_of(note), 30_00, on=DAY, **ledger.common)
    with refused("note.part_settled"):
        steps(ledger, note)("dishonour")
    ledger.reverse(gone)
    steps(ledger, note)("dishonour")
    assert ledger.open_of(invoice)[0] == 100_00
    sound()
