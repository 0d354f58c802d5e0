"""Remittance advices by a program: handed in, listed, linked and unlinked."""

from __future__ import annotations

import json

import pytest

from tests.api.calling import Program, make_key, problem_of
from tests.api.test_files import send
from tests.databases import LedgerDb
from tests.services.bank_files import Row, camt053
from tests.web.world import World, build_world

pytestmark = pytest.mark.practice("E5", "K2")
ADVICE = b"""From: Alpha <pay@alpha.example>
Date: Tue, 10 Mar 2026 09:00:00 +0000
Subject: Remittance advice
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

Invoice       Amount
INV-10023     400.00
INV-10024     200.00

Total 600.00 CNY
"""


@pytest.fixture
def world(ledger_db: LedgerDb) -> World:
    return build_world()


def test_an_advice_finds_its_line(world: World) -> None:
    boss = Program(make_key("boss"))
    number = "6222000012345678"
    boss.send("POST", "bank-accounts", {"entity": "CN01", "name": "ICBC", "number": number})
    rows = [Row("600.00", ref="P1"), Row("5.00", ref="P2")]
    send(boss, "bank-statements", "a.xml", camt053(rows, iban=number, currency="CNY"), entity="CN01")
    handed = send(boss, "remittances", "advice.eml", ADVICE, entity="CN01")
    assert handed.status_code == 201, handed.content.decode()
    kept = json.loads(handed.content)
    (advice,) = kept["advices"]
    assert advice["total"] == "600.00" and advice["documents"] == 2
    assert [row["document_number"] for row in advice["rows"]] == ["INV-10023", "INV-10024"]
    again = json.loads(send(boss, "remittances", "advice.eml", ADVICE, entity="CN01").content)
    assert again["known"] == 1 and len(boss.json("remittances")["rows"]) == 1
    line = advice["line"]
    assert line is not None and boss.json("remittances?open=true")["rows"] == []
    path = f"remittances/{advice['id']}"
    free = json.loads(boss.send("PUT", f"{path}/line", {"line": None}).content)
    assert free["line"] is None and [row["id"] for row in boss.json("remittances?open=true")["rows"]] == [advice["id"]]
    assert json.loads(boss.send("PUT", f"{path}/line", {"line": line}).content)["line"] == line
    twice = boss.send("PUT", f"{path}/line", {"line": line})
    assert problem_of(twice)["code"] == "remittance.linked"
    assert boss.send("PUT", f"{path}/line", {"line": "bln_0000000000000"}).status_code in (404, 409, 422, 400)
    stranger = Program(make_key("auditor"))
    assert stranger.get(path).status_code == 404 and stranger.json("remittances")["rows"] == []


def test_what_is_no_advice_is_refused(world: World) -> None:
    boss = Program(make_key("boss"))
    odd = send(boss, "remittances", "picture.png", b"\x89PNG\r\n\x1a\n", entity="CN01")
    assert 400 <= odd.status_code < 500 and boss.json("remittances")["rows"] == []
