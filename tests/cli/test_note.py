"""``huikuan note``: a bill taken, discounted, dishonoured from the shell."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from huikuan.cli.main import group
from tests.databases import LedgerDb
from tests.services.ledger import Ledger

pytestmark = pytest.mark.practice("E1")

BILL = "--issued 2026-03-10 --matures 2026-06-08 --acceptor Bank --class major_bank --on 2026-03-10".split()


def run(*words: str) -> str:
    done = CliRunner().invoke(group, ["note", *words])
    assert done.exit_code == 0, done.output + repr(done.exception)
    return done.output


def test_taken_discounted_dishonoured(sqlite_db: LedgerDb) -> None:
    books = Ledger()
    item = books.item(1_000_00, external_id="I-1")
    run("take", "B-1", "1000.00", "--customer", "C1", "--for", "I-1=1000.00", *BILL)
    assert books.open_of(item) == (0, 0)
    run("discount", "B-1", "--bank", "Bank", "--rate", "1.8", "--on", "2026-03-10")
    [line] = run("list", "--which", "risk", "--json").splitlines()
    assert json.loads(line)["state"] == "discounted"
    refused = CliRunner().invoke(group, ["note", "dishonour", "B-1", "--on", "2026-06-09"])
    assert refused.exit_code != 0
    run("dishonour", "B-1", "--memo", "no funds", "--on", "2026-06-09")
    assert books.open_of(item) == (1_000_00, 1_000_00)
    assert "dishonoured" in run("list", "--which", "all")


def test_the_other_steps(sqlite_db: LedgerDb) -> None:
    books = Ledger()
    item = books.item(1_000_00, external_id="I-1")
    terms = ["--customer", "C1", "--oldest-first", "--settles", "at_maturity", "--range", "1-100000"]
    run("take", "B-1", "1000.00", *terms, *BILL)
    first, second = run("split", "B-1", "400", "600", "--on", "2026-03-11").split()
    run("endorse", first, "--to", "Supplier", "--no-recourse", "--on", "2026-03-12")
    run("present", second, "--on", "2026-06-08")
    run("undo", second, "--on", "2026-06-08")
    run("pay", second, "--on", "2026-06-09")
    assert books.open_of(item) == (0, 0)
    run("take", "B-2", "5.00", "--customer", "C1", "--kind", "cheque", *BILL)
    run("return", "B-2", "--memo", "wrong", "--on", "2026-03-10")
    for wrong in (["pay", "B-9"], ["discount", "B-2", "--bank", "x", "--rate", "much"], ["pay", "B-1"]):
        assert CliRunner().invoke(group, ["note", *wrong, "--on", "2026-06-09"]).exit_code != 0
