"""A bank's report about direct debits (pain.002) wherever files of the bank are handed in."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from huikuan.core.refusals import Refusal
from huikuan.services.bank_files import BankFile
from huikuan.services.bank_outcomes import Outcome
from huikuan.services.bank_uploads import keep_upload, work_upload
from huikuan.services.debit_reports import take_report
from huikuan.services.watching_bank import import_bank_file
from huikuan.store.models import DebitCreditor
from tests.databases import LedgerDb
from tests.services.bank_files import camt053
from tests.services.debits import NOW, WHO, Debits, pain002, row, states
from tests.simulation.invariants import check_invariants

pytestmark = pytest.mark.practice("E1", "E2")
REPORT = pain002("DD-E1-2026-0001", [("DD-E1-2026-0001-2", "MD01"), ("SOMEBODY-ELSE", "AM04")])


@pytest.fixture
def debits(ledger_db: LedgerDb) -> Debits:
    found = Debits()
    found.mandate("C1")
    found.mandate("C2")
    found.item(100_00)
    found.item(200_00, "C2")
    return found


def hand_in(data: bytes, entity_id: int | None = None) -> Outcome:
    [outcome] = work_upload(keep_upload([BankFile("report.xml", data)], entity_id=entity_id, **WHO), **WHO)
    return outcome


def test_a_report_among_bank_files_takes_back_what_it_names(debits: Debits) -> None:
    run = debits.at_bank()
    told = hand_in(REPORT)
    assert (told.state, told.format, told.account_id) == ("imported", "pain.002", None)
    assert (told.lines_new, told.lines_known, told.waiting) == (1, 0, 1)
    assert states(run) == ["sent", "rejected"]
    again = hand_in(REPORT, debits.entity_id)
    assert (again.state, again.lines_new, again.lines_known) == ("known", 0, 1)
    # Money that had come goes back.
    debits.statement([row(100_00, e2e="DD-E1-2026-0001-1")])
    assert states(run) == ["collected", "rejected"]
    assert hand_in(pain002("DD-E1-2026-0001", [("DD-E1-2026-0001-1", "MD06")])).lines_new == 1
    assert states(run) == ["returned", "rejected"]
    check_invariants()


def test_a_message_refused_whole_needs_nobody_to_say_whose_it_is(debits: Debits) -> None:
    run = debits.at_bank()
    told = hand_in(pain002(run.number, [], group="RJCT"))
    assert (told.state, told.lines_new) == ("imported", 2)
    assert states(run) == ["rejected", "rejected"]


def test_an_advice_takes_a_payment_back_and_the_statement_after_it_tells_nothing_new(debits: Debits) -> None:
    run = debits.at_bank()
    debits.statement([row(100_00, e2e=f"{run.number}-1"), row(200_00, e2e=f"{run.number}-2")])
    back = row(-100_00, e2e=f"{run.number}-1", returned="MD06")
    statement = camt053([back], first="2026-04-08", last="2026-04-08", number="9").decode()
    advice = re.sub(r"<Bal>.*?</Bal>", "", statement, flags=re.DOTALL)
    for name, other in (("camt.053", "camt.054"), ("BkToCstmrStmt", "BkToCstmrDbtCdtNtfctn"), ("Stmt>", "Ntfctn>")):
        advice = advice.replace(name, other)
    assert (hand_in(advice.encode()).format, states(run)) == ("camt.054", ["returned", "collected"])
    debits.statement([back])
    assert states(run) == ["returned", "collected"]
    check_invariants()


def test_a_watched_folder_reads_reports_too(debits: Debits, tmp_path: Path) -> None:
    run = debits.at_bank()
    file = tmp_path / "status.xml"
    file.write_bytes(REPORT)
    assert import_bank_file(debits.entity_id, file, NOW).params["n"] == 1
    assert states(run) == ["sent", "rejected"]


def test_what_is_nobodys_or_could_be_two_peoples_is_refused(debits: Debits) -> None:
    run = debits.at_bank()
    strange = hand_in(pain002("DD-1999-0001", [("DD-1999-0001-1", "MD01")]))
    assert (strange.state, (strange.failure or {}).get("code")) == ("refused", "debit_report.not_ours")
    lines = ()
    assert take_report([debits.entity_id], None, lines, **WHO).known == 0, "a bank that refused nothing"
    DebitCreditor.objects.all().delete()
    nobody = hand_in(REPORT)
    assert (nobody.failure or {})["code"] == "debit_report.not_ours"
    assert states(run) == ["sent", "sent"]


def test_numbers_of_two_entities_are_asked_about(debits: Debits) -> None:
    from huikuan.bank.reading import read_statements

    run = debits.at_bank()
    [statement] = read_statements(REPORT, "r.xml", currency="EUR")
    with pytest.raises(Refusal) as refusal:
        take_report([debits.entity_id, debits.entity_id], None, statement.lines, **WHO)
    assert refusal.value.code == "debit_report.several"
    assert states(run) == ["sent", "sent"]
