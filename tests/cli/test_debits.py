"""``huikuan debits``: from the mandate to the bank's report, by commands."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from huikuan.bank.pain008_check import check_pain008
from huikuan.cli.main import group
from huikuan.services.bank_accounts import NewAccount, add_account
from huikuan.store.models import DebitMandate
from tests.databases import LedgerDb
from tests.services.bank_files import IBAN
from tests.services.debits import CREDITOR, PAYERS, pain002
from tests.services.ledger import Ledger

pytestmark = pytest.mark.practice("E1")


def run(*words: str) -> str:
    done = CliRunner().invoke(group, ["debits", *words])
    assert done.exit_code == 0, done.output + repr(done.exception)
    return done.output.strip()


def test_a_collection_by_commands(sqlite_db: LedgerDb, tmp_path: Path) -> None:
    ledger = Ledger(currency="EUR")
    now = datetime.now(UTC)
    add_account(ledger.entity_id, NewAccount("Main", IBAN, currency="EUR"), actor_id=None, now=now)
    due = now.date() - timedelta(days=3)
    item = ledger.item(120_00, on=date(2026, 1, 5), due=due)
    assert run("creditor", CREDITOR, "--account", IBAN) == CREDITOR
    given = ["--customer", "C1", "--iban", PAYERS["C1"], "--signed", "2026-01-05"]
    assert run("mandate", "M-1", *given).startswith("ddm_")
    assert "1 payments  120.00 EUR" in run("propose", "--dry-run")
    number = run("propose")
    run("approve", number)
    run("file", number, "-o", str(tmp_path / "out.xml"))
    assert check_pain008((tmp_path / "out.xml").read_bytes()) == []
    run("sent", number)
    (tmp_path / "report.xml").write_bytes(pain002(number, [(f"{number}-1", "AC04")]))
    told = run("report", str(tmp_path / "report.xml"))
    assert told == "rejected 1, returned 0, known 0"
    (row,) = json.loads(run("list", "--json"))
    assert (row["number"], row["state"], row["failed"]) == (number, "sent", 1)
    (mandate,) = json.loads(run("mandates", "--json"))
    assert (mandate["state"], mandate["iban"]) == ("blocked", "...6199")
    assert ledger.open_of(item)[0] == 120_00
    assert DebitMandate.objects.get().blocked_reason == "AC04"
