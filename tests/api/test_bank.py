"""Bank accounts, statements and lines, by a program."""

from __future__ import annotations

import json
from typing import Any

import pytest

from huikuan.core.rights import Right
from tests.api.calling import Program, make_key, problem_of
from tests.api.test_files import send
from tests.databases import LedgerDb
from tests.services.bank_files import Row, camt053
from tests.web.world import World, build_world

pytestmark = pytest.mark.practice("E2", "K2")
NUMBER = "6222000012345678"
ROWS = [Row("600.00", ref="P1", name="华联", text="INV-2"), Row("-5.00", ref="P2", code="PMNT/MCOP/CHRG")]


@pytest.fixture
def world(sqlite_db: LedgerDb) -> World:
    return build_world()


@pytest.fixture
def boss(world: World) -> Program:
    return Program(make_key("boss"))


def file_of(rows: list[Row], **more: Any) -> bytes:
    return camt053(rows, **{"iban": NUMBER, "currency": "CNY"} | more)


def test_an_account_a_file_its_statement_and_its_lines(boss: Program) -> None:
    body = {"entity": "CN01", "name": "ICBC", "number": NUMBER}
    made = boss.send("POST", "bank-accounts", body)
    assert made.status_code == 201, made.content.decode()
    account = json.loads(made.content)
    assert (account["currency"], account["balance"]) == ("CNY", None)
    assert problem_of(boss.send("POST", "bank-accounts", body))["code"] == "bank_account.exists"

    handed = send(boss, "bank-statements", "a.xml", file_of(ROWS), entity="CN01")
    assert handed.status_code == 201, handed.content.decode()
    upload = json.loads(handed.content)
    (outcome,) = upload["statements"]
    assert (upload["state"], outcome["state"], outcome["new_lines"], outcome["receipts"]) == ("done", "imported", 2, 1)
    assert boss.json(handed["Location"].removeprefix("/api/v1/")) == upload

    (statement,) = boss.json(f"bank-statements?account={account['id']}&state=open")["rows"]
    assert statement["id"] == outcome["statement"]
    assert (statement["opening_balance"], statement["closing_balance"]) == ("1000.00", "1595.00")
    read = boss.json(f"bank-statements/{statement['id']}")
    assert {**read, "imported_at": ""} == {**statement, "imported_at": ""}
    lines = boss.all_rows(f"bank-lines?statement={statement['id']}", limit=1)
    assert [(line["kind"], line["amount"], line["state"]) for line in lines] == [
        ("receipt", "600.00", "unidentified"),
        ("fee", "-5.00", ""),
    ]
    assert boss.json(f"bank-lines/{lines[0]['id']}") == lines[0]
    assert boss.json(f"receipts/{lines[0]['receipt']}")["state"] == "unidentified"
    assert boss.json("bank-accounts")["rows"][0]["balance"] == "1595.00"

    again = json.loads(send(boss, "bank-statements", "a.xml", file_of(ROWS), entity="CN01").content)
    assert (again["statements"][0]["state"], again["statements"][0]["known_lines"]) == ("known", 2)


def test_what_is_refused_says_why(boss: Program) -> None:
    boss.send("POST", "bank-accounts", {"entity": "CN01", "name": "ICBC", "number": NUMBER})
    untied = json.loads(send(boss, "bank-statements", "a.xml", file_of(ROWS, closing="1.00"), entity="CN01").content)
    assert untied["statements"][0]["state"] == "not_tied"
    assert "1,595.00" in untied["statements"][0]["faults"][0]
    unknown = json.loads(send(boss, "bank-statements", "b.xml", file_of(ROWS, iban="999900001"), entity="CN01").content)
    assert unknown["statements"][0]["state"] == "needs_account"
    text = b"Date,Description,Amount\n2026-03-14,from A,10.00\n"
    account = boss.json("bank-accounts")["rows"][0]["id"]
    told = json.loads(send(boss, "bank-statements", "c.csv", text, entity="CN01", account=account).content)
    assert told["statements"][0]["state"] == "imported"
    wrong = send(boss, "bank-statements", "c.csv", text, entity="DE01", account=account)
    assert problem_of(wrong)["code"] == "bank_account.unknown"


def test_a_key_needs_its_scope(world: World) -> None:
    reader = Program(make_key("boss", [Right.SEE_LEDGER.value]))
    assert problem_of(send(reader, "bank-statements", "a.xml", file_of(ROWS), entity="CN01"))["status"] == 403
    assert reader.send("POST", "bank-accounts", {"entity": "CN01", "name": "X", "number": "1"}).status_code == 403
    stranger = Program(make_key("auditor"))
    assert problem_of(stranger.get("bank-statements?entity=CN01"))["status"] == 404
    assert problem_of(stranger.get("bank-statements/bst_0000000000000"))["status"] == 404
    assert problem_of(stranger.get("bank-lines/bln_0000000000000"))["status"] == 404
    assert problem_of(stranger.get("bank-statements/uploads/bup_0000000000000"))["status"] == 404
