"""Cash, papers of other payers and rules of channels: by REST and in the shell, with the pages' refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from huikuan.cli.cash import cash
from huikuan.core.documents import EvidenceType, LinkKind
from huikuan.core.payment_reference import rf_of
from huikuan.core.refusals import Refusal
from huikuan.services.documents import add_document
from huikuan.store.models import (
    CashHandIn,
    ChannelPolicy,
    CustomerAccount,
    OpenItem,
    OpenItemBalance,
    PaymentMandate,
)
from huikuan.store.public_ids import public_id
from tests.api.calling import Program, make_key, problem_of
from tests.databases import LedgerDb
from tests.web.test_pages import text_of
from tests.web.world import START, World, build_world, signed_in

pytestmark = pytest.mark.practice("E1", "E8", "K2")


@pytest.fixture
def world(ledger_db: LedgerDb) -> World:
    return build_world()


def open_of(number: str) -> int:
    return OpenItemBalance.objects.get(item__document_number=number).open_minor


def done(program: Program, address: str, body: dict[str, Any]) -> Any:
    response = program.post(address, body)
    assert response.status_code == 200, response.content.decode()
    return json.loads(response.content)


CASH = {
    "entity": "CN01",
    "customer": "0001",
    "currency": "CNY",
    "amount": "500.50",
    "payer": "Li Hua",
    "reason": "no bank nearby",
    "on": "2026-03-06",
}


def test_cash_by_rest(world: World) -> None:
    program = Program(make_key("boss"))
    item = public_id("itm", OpenItem.objects.get(document_number="INV-2").pk)
    over = program.post("cash-slips", {**CASH, "amount": "2500.51", "item": item})
    assert problem_of(over)["code"] == "cash.over_invoice"
    assert program.post("cash-slips", {**CASH, "item": "itm_0000000000000"}).status_code == 422
    made = program.posted("cash-slips", {**CASH, "item": item})
    assert (made["number"], made["amount"], made["counts"]) == ("2026-000001", "500.50", True)
    assert open_of("INV-2") == 2_000_00
    assert [row["id"] for row in program.json("cash-slips?which=out")["rows"]] == [made["id"]]
    handed = done(program, f"cash-slips/{made['id']}/hand-in", {"place": "cashier", "on": "2026-03-06"})
    assert handed["handed_in_on"] == "2026-03-06"
    assert done(program, f"cash-slips/{made['id']}/hand-in", {"place": "cashier", "on": "2026-03-06"}) == handed
    again = program.post(f"cash-slips/{made['id']}/hand-in", {"place": "bank", "on": "2026-03-06"})
    assert problem_of(again)["code"] == "cash.handed_in"
    assert program.json("cash-slips?which=out")["rows"] == []
    assert Program(make_key("auditor")).get(f"cash-slips/{made['id']}").status_code == 404
    assert program.json(f"receipts/{made['receipt']}")["channel"] == "cash"


def test_what_came_in_by_channel(world: World) -> None:
    program = Program(make_key("boss"))
    program.posted("cash-slips", {**CASH, "customer": "0001"})
    days = "value_from=2026-03-01&value_to=2026-03-31"
    rows: list[dict[str, Any]] = [
        {"currency": "CNY", "channel": None, "is_bill": False, "receipts": 1, "amount": "600.00"},
        {"currency": "CNY", "channel": "cash", "is_bill": False, "receipts": 1, "amount": "500.50"},
    ]
    assert program.json(f"receipts/by-channel?{days}")["rows"] == rows
    assert program.json(f"receipts/by-channel?{days}&entity=DE01")["rows"] == []
    assert program.get("receipts/by-channel").status_code == 422
    told = run("received", "--from", "2026-03-01", "--to", "2026-03-31", "--entity", "CN01")
    assert [line.split() for line in told.splitlines()] == [
        ["CNY", "not", "said", "1", "600.00"],
        ["CNY", "cash", "1", "500.50"],
    ]
    as_json = run("received", "--from", "2026-03-01", "--to", "2026-03-31", "--entity", "CN01", "--json")
    assert json.loads(as_json) == [row | {"channel": row["channel"] or ""} for row in rows]


def test_what_came_in_by_channel_on_the_page(world: World) -> None:
    boss = signed_in("boss")
    told = text_of(boss.get("/cash/received/?value_from=2026-03-01&value_to=2026-03-31"))
    assert "not said 1 600.00" in told and "Money in all 1 600.00" in told
    assert "Nothing came in" in text_of(boss.get("/cash/received/?value_from=2026-01-01&value_to=2026-01-31"))
    assert boss.get("/cash/received/?value_from=soon").status_code == 400


def test_papers_by_rest(world: World) -> None:
    program = Program(make_key("boss"))
    account = CustomerAccount.objects.filter(entity_id=world.cn).order_by("id")[0]
    customer = public_id("cus", account.customer_id)
    links, who = [(LinkKind.ACCOUNT, account.pk)], {"actor_id": None, "now": START}
    number = add_document(b"signed", "p.txt", evidence_type=EvidenceType.PAYMENT_ORDER, links=links, **who)  # type: ignore[arg-type]
    body = {"entity": "CN01", "customer": customer, "payer_name": "李华", "valid_from": "2026-01-01"}
    without = program.post("payer-papers", {**body, "document": "doc_0000000000000"})
    assert problem_of(without)["code"] == "mandate.paper_missing"
    made = program.posted("payer-papers", {**body, "document": public_id("doc", number)})
    assert made["is_private"] and not made["withdrawn"]
    assert program.json(f"payer-papers?customer={customer}")["rows"] == [made]
    gone = done(program, f"payer-papers/{made['paper']}/withdrawal", {"customer": customer})
    assert gone["withdrawn"]
    assert program.post("payer-papers/999/withdrawal", {"customer": customer}).status_code == 404


def test_rules_by_rest(world: World) -> None:
    program = Program(make_key("boss"))
    assert program.json("channel-rules/CN01")["escort_from"] is None
    wanted = {"notes_settle": "at_maturity", "cheques_settle": "at_once", "escort_from": "10000.00", "references": "rf"}
    answer = program.send("PUT", "channel-rules/CN01", wanted)
    assert json.loads(answer.content) == {"entity": "CN01", **wanted}
    assert program.json("channel-rules/CN01")["escort_from"] == "10000.00"
    refused = Program(make_key("auditor")).send("PUT", "channel-rules/DE01", wanted)
    assert refused.status_code == 403
    assert program.send("PUT", "channel-rules/CN01", {**wanted, "references": "giro"}).status_code == 422


def test_documents_have_the_payment_references_decided_for_their_entity(world: World) -> None:
    program = Program(make_key("boss"))
    assert {row["payment_reference"] for row in program.json("items")["rows"]} == {""}
    rules = {"notes_settle": "at_once", "cheques_settle": "at_once", "references": "rf"}
    assert program.send("PUT", "channel-rules/CN01", rules).status_code == 200
    found = {row["external_id"]: row for row in program.json("items")["rows"]}
    assert found["INV-1"]["payment_reference"] == rf_of("INV1")
    assert found["CM-1"]["payment_reference"] == ""  # nobody is asked to pay a credit memo
    assert found["DE-1"]["payment_reference"] == ""  # another entity's
    assert program.json(f"items/{found['INV-1']['id']}")["payment_reference"] == rf_of("INV1")


def run(*given: str) -> str:
    result = CliRunner().invoke(cash, list(given), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output.strip()


def test_the_same_in_the_shell(world: World, tmp_path: Path) -> None:
    signed = tmp_path / "paper.txt"
    signed.write_text("signed")
    common = ("--entity", "CN01", "--on", "2026-03-06")
    taken = ("--customer", "0001", "--payer", "Li Hua", "--reason", "no bank nearby", *common)
    number, opaque = run("take", "500.50", "--for", "INV-2", *taken).split("\t")
    assert number == "2026-000001" and open_of("INV-2") == 2_000_00
    run("hand-in", number, "cashier", *common)
    assert CashHandIn.objects.get().place == "cashier"
    run("hand-in", opaque, "cashier", *common)  # the same once more changes nothing
    assert CashHandIn.objects.count() == 1
    with pytest.raises(Refusal, match="already"):
        run("hand-in", opaque, "bank", *common)
    for unknown in ("2026-000009", "nonsense"):
        with pytest.raises(Refusal, match="no such receipt"):
            run("hand-in", unknown, "cashier", *common)
    paper = run("paper", "李华", str(signed), "--customer", "0001", "--entity", "CN01", "--from", "2026-01-01")
    assert PaymentMandate.objects.get(id=int(paper)).is_private
    run("withdraw-paper", paper)
    assert PaymentMandate.objects.get().withdrawn_at is not None
    assert "never escorted" in run("rules", "--entity", "CN01")
    assert "from 10000.00 on" in run("rules", "--entity", "CN01", "--notes", "at_maturity", "--escort-from", "10000")
    assert ChannelPolicy.objects.get(entity_id=world.cn).notes_settle == "at_maturity"
    assert "never" in run("rules", "--entity", "CN01", "--escort-from", "never")
    assert run("rules", "--entity", "CN01", "--references", "ogm").endswith("documents: ogm")
    assert "bills settle at_maturity" in run("rules", "--entity", "CN01")
    assert run("rules", "--entity", "CN01", "--references", "none").endswith("documents: none")
