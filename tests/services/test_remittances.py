"""Remittance advices: kept once, and linked to the money they are about where that is certain."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from huikuan.bank.statement import BadStatement
from huikuan.core.refusals import Conflict, Refusal
from huikuan.queries.bank_lines import advices_of, lines_by_id, open_lines
from huikuan.services import bank_accounts, remittances
from huikuan.services.bank_accounts import NewAccount
from huikuan.services.bank_files import BankFile
from huikuan.services.bank_uploads import keep_upload, work_upload
from huikuan.services.matching import fresh_pane, run_matching
from huikuan.services.verifying import verify
from huikuan.store.files import path_of
from huikuan.store.models import AuditEvent, BankLine, RemittanceAdvice
from tests.databases import LedgerDb
from tests.services.bank_files import IBAN, Row, camt053
from tests.services.ledger import NOW, Ledger

pytestmark = pytest.mark.practice("E5")

SYSTEM: dict[str, Any] = {"actor_id": None, "now": NOW}


def mail(total: str = "350.50", payer: str = "Alpha GmbH", day: str = "Tue, 10 Mar 2026 09:00:00 +0000") -> bytes:
    return f"""From: {payer} <pay@alpha.example>
To: ar@us.example
Date: {day}
Subject: Remittance advice
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

Dear all, we pay today:

Invoice       Amount
INV-10023     100.00
INV-10024     250.50

Total {total} EUR
""".encode()


@pytest.fixture
def books(ledger_db: LedgerDb) -> Ledger:
    made = Ledger("EUR")
    bank_accounts.add_account(made.entity_id, NewAccount("Main", IBAN), **SYSTEM)
    return made


def bring(*rows: Row) -> None:
    work_upload(keep_upload([BankFile("a.xml", camt053(rows))], **SYSTEM), **SYSTEM)


def line(reference: str) -> BankLine:
    return BankLine.objects.get(bank_reference=reference)


def test_an_advice_finds_money_that_is_there(books: Ledger) -> None:
    bring(Row("350.50", ref="A", name="ALPHA"), Row("350.50", ref="B", name="Omega Ltd"))
    result = remittances.keep_advices(books.entity_id, mail(), "advice.eml", **SYSTEM)
    assert (len(result.advice_ids), result.known, result.linked) == (1, 0, 1)
    found = advices_of([line("A").pk, line("B").pk])
    assert found.keys() == {line("A").pk}
    (advice,) = found[line("A").pk]
    assert (advice.payer_name, advice.total_minor, advice.currency) == ("Alpha GmbH", 35_050, "EUR")
    assert [(one.document_number, one.amount_minor) for one in advice.rows] == [
        ("INV-10023", 10_000),
        ("INV-10024", 25_050),
    ]
    again = remittances.keep_advices(books.entity_id, mail(), "advice.eml", **SYSTEM)
    assert (again.advice_ids, again.known, again.linked) == (result.advice_ids, 1, 0)
    assert AuditEvent.objects.filter(code="remittance.linked").count() == 1


def test_an_advice_that_comes_after_the_matching_is_read_when_its_line_is_opened(books: Ledger) -> None:
    for number, amount in (("INV-20001", 350_50), ("INV-10023", 100_00), ("INV-10024", 250_50)):
        books.item(amount, document_number=number)
    bring(Row("350.50", ref="A", name="ALPHA", text="your advice"))
    (open_line,) = lines_by_id([line("A").pk]).values()
    run_matching(books.entity_id, **SYSTEM)

    def first() -> list[str]:
        pane, _is_open = fresh_pane(open_line, user_id=None, now=NOW)
        return [item.document_number for item in pane.cards[0].items]

    before = first()
    (advice,) = remittances.keep_advices(books.entity_id, mail(), "advice.eml", **SYSTEM).advice_ids
    assert first() == ["INV-10023", "INV-10024"] != before
    remittances.unlink_advice(advice, **SYSTEM)
    assert first() == before


def test_an_advice_that_comes_first_is_found_by_its_money(books: Ledger) -> None:
    remittances.keep_advices(books.entity_id, mail(), "advice.eml", **SYSTEM)
    bring(Row("350.50", ref="A", name="Alpha GmbH"), Row("100.00", ref="C", name="Alpha GmbH"))
    assert RemittanceAdvice.objects.get().line == line("A")
    assert [one.payer_name for one in open_lines(books.entity_id)] == ["Alpha GmbH", "Alpha GmbH"]


def test_two_payments_of_one_amount_are_left_to_a_person(books: Ledger) -> None:
    bring(Row("350.50", ref="A", name="Alpha GmbH"), Row("350.50", ref="B", name="Alpha GmbH"))
    (advice_id,) = remittances.keep_advices(books.entity_id, mail(), "advice.eml", **SYSTEM).advice_ids
    assert RemittanceAdvice.objects.get().line is None
    assert remittances.candidate_lines(advice_id) == [line("A").pk, line("B").pk]
    remittances.link_advice(advice_id, line("B").pk, **SYSTEM)
    with pytest.raises(Conflict, match="linked to a line already"):
        remittances.link_advice(advice_id, line("A").pk, **SYSTEM)
    remittances.unlink_advice(advice_id, **SYSTEM)
    remittances.unlink_advice(advice_id, **SYSTEM)
    assert RemittanceAdvice.objects.get().line is None
    with pytest.raises(Refusal, match="no such remittance"):
        remittances.unlink_advice(4_711, **SYSTEM)


def test_a_line_of_another_amount_or_time_is_not_its(books: Ledger) -> None:
    bring(Row("350.49", ref="A", name="Alpha GmbH"))
    (advice_id,) = remittances.keep_advices(books.entity_id, mail(), "advice.eml", **SYSTEM).advice_ids
    with pytest.raises(Refusal, match="not of the advice's amount"):
        remittances.link_advice(advice_id, line("A").pk, **SYSTEM)
    bring(Row("350.50", ref="B", day="2026-05-30", name="Alpha GmbH"))
    assert RemittanceAdvice.objects.get().line is None


def test_another_payer_is_not_taken_for_certain(books: Ledger) -> None:
    bring(Row("350.50", ref="A", name="Omega Ltd"))
    remittances.keep_advices(books.entity_id, mail(), "advice.eml", **SYSTEM)
    assert RemittanceAdvice.objects.get().line is None
    bring(Row("350.50", ref="B", name="", day="2026-03-11"))
    assert RemittanceAdvice.objects.get().line is None, "two lines of the amount, and neither is named so"


def test_what_is_no_advice_is_refused(books: Ledger) -> None:
    with pytest.raises(BadStatement):
        remittances.keep_advices(books.entity_id, b"Dear all, nothing.", "a.txt", **SYSTEM)
    with pytest.raises(Refusal, match="cannot have"):
        remittances.keep_advices(books.entity_id, mail().replace(b"EUR", b"JPY"), "a.eml", **SYSTEM)
    assert not RemittanceAdvice.objects.exists()


def test_a_lost_file_is_noticed(books: Ledger) -> None:
    remittances.keep_advices(books.entity_id, mail(), "advice.eml", **SYSTEM)
    assert {check.name: check.ok for check in verify().checks}["bank files"]
    path_of(RemittanceAdvice.objects.get().file_sha256).unlink()
    lost = next(check for check in verify().checks if check.name == "bank files")
    assert not lost.ok and "remittance advice 1" in lost.detail
    assert date(2026, 3, 10) == RemittanceAdvice.objects.get().dated
