"""Bank statements into the books: every line once, money in posted at once, refused where the figures do not tie."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from huikuan.bank.statement import Line, Statement, StatementFormat
from huikuan.core.banking import LineKind, Tie
from huikuan.core.refusals import BadData, Conflict, Refusal
from huikuan.services import bank_accounts, bank_import, bank_ties, bank_uploads
from huikuan.services.bank_accounts import NewAccount
from huikuan.services.bank_files import BankFile
from huikuan.services.bank_fitting import fit_statement
from huikuan.services.bank_known import split_new
from huikuan.services.bank_outcomes import Outcome
from huikuan.services.bank_reading import read_statement
from huikuan.services.bank_spool import SpoolFile
from huikuan.services.bank_uploads import choose_account, keep_upload, take_untied, work_upload
from huikuan.services.verifying import verify
from huikuan.store.models import (
    AuditEvent,
    BankLine,
    BankLineReceipt,
    BankLineText,
    BankStatement,
    BankUpload,
    OpenItemBalance,
    Receipt,
    ReceiptBalance,
    ReceiptChannel,
    ReceiptParty,
    RoleGrant,
    User,
)
from tests.databases import LedgerDb
from tests.services.bank_files import IBAN, Row, camt053
from tests.services.ledger import NOW, Ledger
from tests.services.test_idempotency import at_once

pytestmark = pytest.mark.practice("E2")

SYSTEM: dict[str, Any] = {"actor_id": None, "now": NOW}
ROWS = (
    Row("100.00", ref="B1", name="Alpha GmbH", account="DE02120300000000202051", text="INV 10023", e2e="E-1"),
    Row("250.50", ref="B2", name="Beta AG", text="INV 10024"),
    Row("-3.50", ref="B3", code="PMNT/MCOP/CHRG", text="Account fees"),
)


class Bank:
    """Books in EUR with one bank account."""

    def __init__(self) -> None:
        self.books = Ledger("EUR")
        self.account = bank_accounts.add_account(self.books.entity_id, NewAccount("Main", IBAN), **SYSTEM)

    def bring(self, *files: bytes, entity_id: int | None = None) -> tuple[int, list[Outcome]]:
        listed = [BankFile(f"{number}.xml", data) for number, data in enumerate(files, start=1)]
        upload = keep_upload(listed, entity_id=entity_id, **SYSTEM)
        return upload, work_upload(upload, **SYSTEM)


def ties() -> list[str]:
    return list(BankLineReceipt.objects.order_by("line_id").values_list("tie", flat=True))


@pytest.fixture
def bank(ledger_db: LedgerDb) -> Bank:
    return Bank()


def test_money_in_is_in_the_books_at_once(bank: Bank) -> None:
    _, (outcome,) = bank.bring(camt053(ROWS))
    assert set(ReceiptChannel.objects.values_list("channel", flat=True)) == {"transfer"}
    assert (outcome.state, outcome.lines_new, outcome.posted, outcome.waiting) == ("imported", 3, 2, 0)
    statement = BankStatement.objects.get()
    assert (statement.opening_minor, statement.closing_minor) == (100_000, 134_700)
    assert (statement.in_minor, statement.out_minor, statement.lines_new) == (35_050, -350, 3)
    kinds = list(BankLine.objects.order_by("ordinal").values_list("kind", flat=True))
    assert kinds == [LineKind.RECEIPT, LineKind.RECEIPT, LineKind.FEE]
    first = BankLine.objects.order_by("ordinal").first()
    assert first is not None
    assert (first.amount_minor, first.bank_reference, first.end_to_end_id) == (10_000, "B1", "E-1")
    assert BankLineText.objects.get(line=first).payer_name == "Alpha GmbH"
    receipt = Receipt.objects.get(bank_lines__line=first)
    assert (receipt.account_id, receipt.amount_minor, receipt.reference) == (None, 10_000, "E-1")
    assert ReceiptBalance.objects.get(receipt=receipt).unidentified_minor == 10_000
    assert ReceiptParty.objects.get(receipt=receipt).remittance_text == "INV 10023"
    assert ties() == [Tie.POSTED, Tie.POSTED]
    assert AuditEvent.objects.filter(code="bank_statement.imported", subject=f"bank_statement:{statement.pk}").exists()
    assert all(check.ok for check in verify().checks)


def test_the_same_file_again_adds_nothing(bank: Bank) -> None:
    bank.bring(camt053(ROWS))
    _, (again,) = bank.bring(camt053(ROWS))
    assert (again.state, again.lines_new, again.lines_known) == ("known", 0, 3)
    assert again.statement_id == BankStatement.objects.get().pk
    assert (BankLine.objects.count(), Receipt.objects.count()) == (3, 2)


def test_an_overlapping_file_adds_what_is_new(bank: Bank) -> None:
    bank.bring(camt053(ROWS))
    more = (*ROWS, Row("7.00", day="2026-03-11", ref="B4", name="Gamma"))
    _, (wider,) = bank.bring(camt053(more, last="2026-03-11", number="2"))
    assert (wider.state, wider.lines_new, wider.lines_known, wider.posted) == ("imported", 1, 3, 1)
    assert BankLine.objects.count() == 4


def test_two_genuine_equal_payments_both_survive(bank: Bank) -> None:
    twice = [Row("40.00", name="Shop", text="daily"), Row("40.00", name="Shop", text="daily")]
    _, (first,) = bank.bring(camt053(twice))
    assert first.posted == 2
    thrice = [*twice, Row("40.00", name="Shop", text="daily")]
    _, (second,) = bank.bring(camt053(thrice, number="2"))
    assert (second.lines_new, second.lines_known) == (1, 2)
    assert Receipt.objects.count() == 3


def test_what_is_not_booked_yet_is_left_out(bank: Bank) -> None:
    _, (outcome,) = bank.bring(camt053([*ROWS, Row("9.00", status="PDNG")]))
    assert (outcome.posted, outcome.unbooked) == (2, 1)


def test_balances_must_tie_or_a_person_says_why(bank: Bank) -> None:
    upload, (outcome,) = bank.bring(camt053(ROWS, closing="1350.00"))
    assert outcome.state == "not_tied"
    assert "1,347.00" in outcome.faults[0]["reason"]
    assert not BankLine.objects.exists()
    with pytest.raises(Refusal, match="Say why"):
        take_untied(upload, 0, 0, "  ", **SYSTEM)
    take_untied(upload, 0, 0, "The bank confirmed 3.00 on paper", **SYSTEM)
    statement = BankStatement.objects.get()
    assert statement.override_reason == "The bank confirmed 3.00 on paper"
    assert BankUpload.objects.get(id=upload).outcomes[0]["state"] == "imported"
    assert AuditEvent.objects.filter(code="bank_statement.overridden").exists()


def test_an_unknown_account_is_asked_for_once(bank: Bank) -> None:
    other = camt053(ROWS, iban="GB29NWBK60161331926819")
    upload, (outcome,) = bank.bring(other)
    assert (outcome.state, outcome.told_account) == ("needs_account", "GB29NWBK60161331926819")
    choose_account(upload, 0, 0, bank.account, **SYSTEM)
    assert BankUpload.objects.get(id=upload).outcomes[0]["state"] == "imported"
    _, (next_one,) = bank.bring(camt053([Row("5.00", day="2026-03-12", ref="N1")], iban="GB29NWBK60161331926819"))
    assert next_one.state == "imported"
    with pytest.raises(Refusal, match="no such statement"):
        choose_account(upload, 0, 0, bank.account, **SYSTEM)


def test_a_statement_in_another_currency_is_refused(bank: Bank) -> None:
    _, (outcome,) = bank.bring(camt053(ROWS, currency="USD"))
    assert (outcome.state, outcome.failure and outcome.failure["code"]) == (
        "refused",
        "bank_statement.other_currency",
    )


def test_a_receipt_typed_by_hand_is_offered_and_not_booked_twice(bank: Bank) -> None:
    typed = bank.books.receipt(10_000, on=date(2026, 3, 10))
    _, (outcome,) = bank.bring(camt053(ROWS))
    assert (outcome.posted, outcome.waiting) == (1, 1)
    line = BankLine.objects.get(bank_reference="B1")
    bank_ties.link_line(line.pk, typed, **SYSTEM)
    assert Receipt.objects.count() == 2
    with pytest.raises(Conflict, match="decided"):
        bank_ties.post_line(line.pk, **SYSTEM)
    bank_ties.unlink_line(line.pk, **SYSTEM)
    receipt = bank_ties.post_line(line.pk, **SYSTEM)
    assert Receipt.objects.get(id=receipt).amount_minor == 10_000
    assert Receipt.objects.count() == 3
    other = BankLine.objects.get(bank_reference="B2")
    with pytest.raises(Conflict, match="decided"):
        bank_ties.link_line(other.pk, typed, **SYSTEM)


def test_only_an_exact_twin_can_be_linked(bank: Bank) -> None:
    bank.books.receipt(10_000, on=date(2026, 3, 10))
    unlike = bank.books.receipt(9_999, on=date(2026, 3, 10))
    bank.bring(camt053(ROWS))
    line = BankLine.objects.get(bank_reference="B1")
    with pytest.raises(Refusal, match="differs from the line"):
        bank_ties.link_line(line.pk, unlike, **SYSTEM)
    with pytest.raises(Refusal, match="not linked by hand"):
        bank_ties.unlink_line(BankLine.objects.get(bank_reference="B2").pk, **SYSTEM)
    with pytest.raises(Refusal, match="brings no money in"):
        bank_ties.post_line(BankLine.objects.get(bank_reference="B3").pk, **SYSTEM)


def test_a_payment_that_bounced_opens_its_items_again(bank: Bank) -> None:
    item = bank.books.item(10_000)
    bank.bring(camt053(ROWS))
    receipt = Receipt.objects.get(bank_lines__line__bank_reference="B1")
    bank.books.identify(receipt.pk)
    bank.books.apply(receipt.pk, (item, 10_000))
    back = Row("-100.00", day="2026-03-13", ref="B9", e2e="E-1", returned="AC04", code="PMNT/ICDT/RRTN")
    bank.bring(camt053([back], opening="1347.00", first="2026-03-13", last="2026-03-13", number="2"))
    line = BankLine.objects.get(bank_reference="B9")
    assert (line.kind, line.return_reason) == (LineKind.RETURN, "AC04")
    fee = BankLine.objects.get(bank_reference="B3")
    with pytest.raises(Refusal, match="takes no payment back"):
        bank_ties.bounce_receipt(fee.pk, receipt.pk, **SYSTEM)
    larger = Receipt.objects.get(bank_lines__line__bank_reference="B2")
    with pytest.raises(Refusal, match="larger"):
        bank_ties.bounce_receipt(line.pk, larger.pk, **SYSTEM)
    bank_ties.bounce_receipt(line.pk, receipt.pk, **SYSTEM)
    assert OpenItemBalance.objects.get(item_id=item).open_minor == 10_000
    with pytest.raises(Conflict):
        bank_ties.bounce_receipt(line.pk, receipt.pk, **SYSTEM)
    assert all(check.ok for check in verify().checks)


def test_a_faulty_file_says_where(bank: Bank) -> None:
    _, outcomes = bank.bring(camt053(ROWS).replace(b"<Amt Ccy='EUR'>250.50", b"<Amt Ccy='EUR'>25O.50"), camt053(ROWS))
    assert [one.state for one in outcomes] == ["refused", "imported"]
    assert outcomes[0].faults_total >= 1


def test_a_day_far_ahead_is_a_fault_of_the_file(bank: Bank) -> None:
    """Today is 15 June; what is valued next week is taken, 6 November is 11 June read the wrong way round."""
    _, (outcome,) = bank.bring(camt053((Row("10.00", day="2026-06-22"), Row("20.00", day="2026-11-06"))))
    assert (outcome.state, [fault["code"] for fault in outcome.faults]) == ("refused", ["bank.day_ahead"])
    assert not BankLine.objects.exists()
    _, (outcome,) = bank.bring(camt053((Row("10.00", day="2026-06-22"),)))
    assert outcome.state == "imported"


def test_texts_can_be_erased_and_the_file_is_known_all_the_same(bank: Bank) -> None:
    rows = [Row("40.00", name="Shop", text="daily"), Row("40.00", name="Shop", text="daily"), *ROWS]
    bank.bring(camt053(rows))
    assert bank_ties.erase_texts(date(2026, 3, 11), entity_id=bank.books.entity_id, **SYSTEM) == 5
    assert not BankLineText.objects.exclude(payer_name="").exists()
    assert not ReceiptParty.objects.exclude(payer_name="").exists()
    _, (again,) = bank.bring(camt053(rows))
    assert (again.state, again.lines_known) == ("known", 5)


def test_a_quiet_day_is_kept_for_its_balance(bank: Bank) -> None:
    bank.bring(camt053(ROWS))
    quiet = camt053([], opening="1347.00", first="2026-03-11", last="2026-03-11", number="2")
    _, (outcome,) = bank.bring(quiet)
    assert (outcome.state, outcome.lines) == ("imported", 0)
    _, (again,) = bank.bring(quiet)
    assert again.state == "known"
    assert BankStatement.objects.count() == 2


def test_amounts_the_currency_cannot_hold_are_named(bank: Bank, tmp_path: Path) -> None:
    day = date(2026, 3, 10)
    bad = Line(ordinal=1, row=7, booking_date=day, amount=Decimal("1.005"), currency="EUR")
    with pytest.raises(BadData) as refused:
        fit_statement(read_statement(Statement(StatementFormat.CAMT053, lines=(bad,))), "EUR", SpoolFile(tmp_path))
    assert [(one.row, one.code) for one in refused.value.errors] == [(7, "money.too_precise")]


def test_accounts_are_named_once(bank: Bank) -> None:
    with pytest.raises(Conflict, match="with this number"):
        bank_accounts.add_account(bank.books.entity_id, NewAccount("Other", "de89 3704 0044 0532 0130 00"), **SYSTEM)
    with pytest.raises(Refusal, match="Give the account a name"):
        bank_accounts.add_account(bank.books.entity_id, NewAccount(" ", "1"), **SYSTEM)
    with pytest.raises(Refusal, match="account's number"):
        bank_accounts.add_account(bank.books.entity_id, NewAccount("Other"), **SYSTEM)
    with pytest.raises(Refusal, match="no kind"):
        bank_accounts.add_account(bank.books.entity_id, NewAccount("Other", "1", kind="sofa"), **SYSTEM)
    bank_accounts.add_account(bank.books.entity_id, NewAccount("Till", kind="cash"), **SYSTEM)
    bank_accounts.set_account_active(bank.account, False, **SYSTEM)
    _, (outcome,) = bank.bring(camt053(ROWS))
    assert outcome.failure is not None
    assert outcome.failure["code"] == "bank_account.is_shut"
    bank_accounts.set_account_active(bank.account, True, **SYSTEM)
    bank_accounts.change_account(bank.account, name="House bank", number=IBAN, bank="Bank", **SYSTEM)
    assert AuditEvent.objects.get(code="bank_account.changed").data == {"fields": ["name", "bank"]}


def test_what_is_typed_as_an_iban_has_check_digits_that_fit(bank: Bank) -> None:
    book, wrong = bank.books.entity_id, "DE88 3704 0044 0532 0130 00"
    for typed in (wrong, wrong.lower(), wrong[:-3]):
        with pytest.raises(Refusal, match="The check digits of the IBAN do not fit: look at it again") as refused:
            bank_accounts.add_account(book, NewAccount("Slip", typed), **SYSTEM)
        assert refused.value.code == "bank_account.iban"
    with pytest.raises(Refusal, match="check digits"):
        bank_accounts.change_account(bank.account, name="Main", number=wrong, bank="", **SYSTEM)
    # Numbers that are no IBANs are taken as they are, and one that a bank's own file names so.
    for plain in ("6222 0212 0300 4567 890", "CN0012345678901234", "kasse@example.com"):
        bank_accounts.add_account(book, NewAccount(plain, plain), **SYSTEM)
    kept = bank_accounts.add_account(book, NewAccount("As told", wrong, is_told=True), **SYSTEM)
    bank_accounts.change_account(kept, name="Renamed", number=wrong, bank="", **SYSTEM)


def test_an_upload_needs_files(bank: Bank) -> None:
    with pytest.raises(Refusal, match="Choose a file"):
        keep_upload([], **SYSTEM)
    with pytest.raises(Refusal, match="at most"):
        keep_upload([BankFile("a", b"x")] * 51, **SYSTEM)
    with pytest.raises(Refusal, match="no such upload"):
        bank_uploads.get_upload(4_711)


def test_two_people_with_the_same_file_post_it_once(bank: Bank) -> None:
    data = camt053([Row(f"{n}.00", ref=f"R{n}", name="Shop") for n in range(1, 40)])
    uploads = [keep_upload([BankFile("same.xml", data)], **SYSTEM) for _ in range(3)]
    answers = at_once(*(partial(work_upload, upload, **SYSTEM) for upload in uploads))
    states = sorted(one.state for answer in answers if isinstance(answer, list) for one in answer)
    assert states == ["imported", "known", "known"]
    assert (BankLine.objects.count(), Receipt.objects.count()) == (39, 39)
    assert all(check.ok for check in verify().checks)


@pytest.mark.parametrize(("role", "refused"), [("ar_clerk", False), ("cfo", True), ("sales_rep", True)])
def test_only_who_posts_cash_brings_money_in(bank: Bank, role: str, refused: bool) -> None:
    user = User.objects.create_user(role, password="x" * 12)
    RoleGrant.objects.create(user=user, entity_id=bank.books.entity_id, role=role, granted_at=NOW)
    who = {"actor_id": user.pk, "now": NOW}
    if not refused:
        (outcome,) = work_upload(keep_upload([BankFile("a.xml", camt053(ROWS))], **who), **who)
        assert outcome.state == "imported"
        return
    with pytest.raises(Refusal) as told:
        keep_upload([BankFile("a.xml", camt053(ROWS))], **who)
    assert told.value.code == "right.missing"
    (outcome,) = work_upload(keep_upload([BankFile("a.xml", camt053(ROWS))], **SYSTEM), **who)
    assert outcome.state == "needs_account", "an account one may not post to is none of one's accounts"


def test_a_statement_that_fails_on_the_way_leaves_nothing(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: object, **_more: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(bank_import, "record", broken)
    upload, (outcome,) = bank.bring(camt053(ROWS))
    assert outcome.failure is not None
    assert outcome.failure["code"] == "import.stopped"
    assert not BankLine.objects.exists()
    assert not Receipt.objects.exists()
    monkeypatch.undo()
    (again,) = work_upload(upload, **SYSTEM)
    assert (again.state, again.posted) == ("imported", 2)


def test_facts_are_refused_any_change_by_the_database(bank: Bank) -> None:
    bank.bring(camt053(ROWS))
    for change in (
        lambda: BankLine.objects.update(amount_minor=1),
        lambda: BankStatement.objects.update(closing_minor=1),
        lambda: connection.cursor().execute("DELETE FROM store_bankline"),
    ):
        with pytest.raises(DatabaseError, match="append only"), transaction.atomic():
            change()


def test_lines_that_came_while_a_statement_was_compared_are_not_taken_twice(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A statement is compared before its account is locked: what another brings meanwhile is compared again."""
    split, was_locked = split_new, []

    def meanwhile(*given: Any) -> Any:
        found = split(*given)
        was_locked.append(connection.in_atomic_block)
        monkeypatch.setattr(bank_import, "split_new", split)
        bank.bring(camt053(ROWS[:2]))
        return found

    in_test = connection.in_atomic_block
    monkeypatch.setattr(bank_import, "split_new", meanwhile)
    _, (outcome,) = bank.bring(camt053(ROWS, number="2"))
    assert was_locked == [in_test]
    assert (outcome.state, outcome.lines_new, outcome.lines_known) == ("imported", 1, 2)
    assert (BankLine.objects.count(), Receipt.objects.count()) == (3, 2)
    assert all(check.ok for check in verify().checks)
