"""Shops and payouts by the interface and on the command line: the same as in the browser."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner
from django.core.files.uploadedfile import SimpleUploadedFile

from huikuan.cli.main import group
from huikuan.core.refusals import Refusal
from huikuan.queries.ids import bank_line_id_text
from huikuan.services.bank_accounts import NewAccount, add_account
from huikuan.services.bank_files import BankFile
from huikuan.services.bank_uploads import keep_upload, work_upload
from huikuan.store.models import Payout
from tests.api.calling import Program, make_key
from tests.databases import LedgerDb
from tests.services.bank_files import Row, camt053
from tests.web.world import START, World, build_world

pytestmark = pytest.mark.practice("E6", "K2")
SYSTEM: dict[str, Any] = {"actor_id": None, "now": START}
NUMBER = "6222000012345678"
SHOP = {
    "entity": "CN01",
    "customer": "0002",
    "name": "Bazaar",
    "kind": "marketplace",
    "currency": "CNY",
    "settle_days": 2,
    "payer_names": ["Bazaar Pay"],
    "fees": [{"rate_bp": 500}],
}
SALES = b"Order ID,Order date,Amount\nT1,2026-02-20,160.00\nT2,2026-02-21,200.00\n"


@pytest.fixture
def world(ledger_db: LedgerDb) -> World:
    world = build_world()
    add_account(world.cn, NewAccount("Main", NUMBER, currency="CNY"), **SYSTEM)
    rows = [
        Row("152.00", day="2026-02-22", ref="P1", name="Bazaar Pay"),
        Row("188.00", day="2026-02-23", ref="P2", name="Bazaar Pay"),
    ]
    days = {"first": "2026-02-22", "last": "2026-02-23"}
    upload = keep_upload([BankFile("b.xml", camt053(rows, iban=NUMBER, currency="CNY", **days))], **SYSTEM)
    work_upload(upload, **SYSTEM)
    return world


def hand_in(program: Program, address: str, data: bytes) -> Any:
    response = program.http.post(
        f"/api/v1/{address}", {"file": SimpleUploadedFile("sales.csv", data)}, headers=program.headers({})
    )
    assert response.status_code == 201, response.content.decode()
    return json.loads(response.content)


def test_a_shop_from_setting_up_to_taking_back(world: World) -> None:
    program = Program(make_key("boss"))
    shop = program.posted("shops", SHOP, "once")
    assert program.posted("shops", SHOP, "once")["id"] == shop["id"]
    assert (shop["fees"], shop["to_come"]) == ([{"pay_method": "", "rate_bp": 500, "fixed": "0.00"}], "0.00")
    path = f"shops/{shop['id']}"
    told = hand_in(program, f"{path}/files", SALES)
    assert (told["rows_new"], told["items"], told["is_details"]) == (2, 2, False)
    assert hand_in(program, f"{path}/files", SALES)["rows_known"] == 2
    matched = json.loads(program.post(f"{path}/match", {}).content)["rows"]
    assert [(one["how"], one["why"]) for one in matched] == [("on_time", ""), (None, "no_sales")]
    payout = program.json(f"payouts/{matched[0]['payout']}")
    assert (payout["paid"], payout["fee_booked"], payout["parts"][0]["gross"]) == ("152.00", "8.00", "160.00")

    late = program.json(f"{path}/days")["rows"][0]
    assert (late["sold"], late["expected"], late["state"]) == ("200.00", "190.00", "late")
    body = {"shop": shop["id"], "line": matched[1]["line"], "units": late["units"]}
    second = program.posted("payouts", body)
    assert (second["short"], second["parts"][0]["left"]) == ("2.00", "2.00")
    [less] = program.json(f"{path}/differences")["rows"]
    assert (less["kind"], less["amount"]) == ("paid_less", "2.00")
    said = {"kind": "paid_less", "key": less["key"], "amount": "2.00", "reason": "fee_accepted"}
    narrow = Program(make_key("boss", ["ledger.see", "short_payment.handle"]))
    assert narrow.post(f"{path}/differences", said).status_code == 403, "a fee is booked as an adjustment"
    program.posted(f"{path}/differences", said)
    assert program.json(f"{path}/differences")["rows"] == []
    assert len(program.json(f"{path}/payouts")["rows"]) == 2
    assert program.json("shops")["rows"][0]["differences"] == 0

    answer = program.post(f"payouts/{payout['id']}/undo", {})
    assert json.loads(answer.content)["undone"] is True
    assert program.json(f"{path}/days")["rows"][1]["state"] == "late"
    reader = Program(make_key("auditor"))
    assert reader.json("shops")["rows"] == []
    assert reader.get(path).status_code == 404


def test_what_is_agreed_is_changed(world: World) -> None:
    program = Program(make_key("boss"))
    path = f"shops/{program.posted('shops', SHOP)['id']}"
    terms = {name: value for name, value in SHOP.items() if name not in ("entity", "currency")}
    wanted = {**terms, "settle_days": 7, "fees": [{"rate_bp": 300, "fixed": "0.10"}], "is_active": False}
    answer = program.send("PUT", path, wanted, idempotency_key="change")
    assert answer.status_code == 200, answer.content.decode()
    shop = program.json(path)
    assert (shop["settle_days"], shop["is_active"], shop["currency"]) == (7, False, "CNY")
    assert shop["fees"] == [{"pay_method": "", "rate_bp": 300, "fixed": "0.10"}]
    assert program.send("PUT", path, {**wanted, "is_active": True}, idempotency_key="open").status_code == 200
    hand_in(program, f"{path}/files", SALES)
    moved = program.send("PUT", path, {**wanted, "currency": "EUR"}, idempotency_key="move")
    assert moved.status_code in (400, 409, 422) and b"shop.in_use" in moved.content
    reader = Program(make_key("auditor"))
    refused = reader.send("PUT", path, wanted, idempotency_key="no")
    assert refused.status_code in (403, 404)


def test_the_same_on_the_command_line(world: World, tmp_path: Any) -> None:
    def run(*words: str) -> str:
        result = CliRunner().invoke(group, ["payouts", *words])
        assert result.exit_code == 0, result.output
        return result.output

    file = tmp_path / "sales.csv"
    file.write_bytes(SALES)
    terms = ("--customer", "0002", "--kind", "marketplace", "--days", "2", "--fee", "5", "--fee", "Card=1.5")
    shop = run("add", "Bazaar", "--entity", "CN01", *terms, "--payer", "Bazaar Pay").strip()
    assert "2 new, 0 known, 2 items" in run("import", "Bazaar", str(file))
    assert "1 settled, 1 wait" in run("match", shop)
    assert Payout.objects.get().booked_minor == 8_00
    assert "2026-02-21" in run("days", "Bazaar") and "late" in run("days", "Bazaar")
    rows = json.loads(run("differences", "Bazaar", "--json"))
    assert {row["kind"] for row in rows} == {"not_paid", "unknown_payout"}
    assert "2 open" in run("differences", "Bazaar")
    assert json.loads(run("shops", "--json"))[0]["waiting"] == 1
    assert "1 shops" in run("shops")
    # What is not certain is settled by hand, explained, and taken back.
    waiting = next(row["key"] for row in rows if row["kind"] == "unknown_payout")
    line = bank_line_id_text(int(waiting)) if waiting.isdigit() else waiting
    with pytest.raises(Refusal, match="Nothing was sold"):
        CliRunner().invoke(group, ["payouts", "settle", shop, line, "--day", "2026-02-25"], catch_exceptions=False)
    payout = run("settle", shop, line, "--day", "2026-02-21").strip()
    assert [one["paid"] for one in json.loads(run("list", "Bazaar", "--json"))] == ["188.00", "152.00"]
    (less,) = json.loads(run("differences", "Bazaar", "--json"))
    why = ("--reason", "claimed", "--on", "2026-03-06")
    assert "explained" in run("explain", shop, less["kind"], less["key"], less["amount"], *why)
    assert "0 open" in run("differences", "Bazaar")
    assert "taken back" in run("undo", payout) and "1 payouts" in run("list", "Bazaar")
