"""Settlement agreements by the interface and in the shell: the same steps, the same refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from huikuan.cli.agreement import agreement as command
from huikuan.core.approvals import ApprovalKind
from huikuan.core.documents import EvidenceType, LinkKind
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Role
from huikuan.services.approvals import set_ladder
from huikuan.services.documents import add_document
from huikuan.store.models import CustomerAccount, OpenItem, OpenItemBalance, SettlementAgreement
from huikuan.store.public_ids import public_id
from tests.api.calling import Program, make_key, problem_of
from tests.databases import LedgerDb
from tests.web.world import START, World, build_world

pytestmark = pytest.mark.practice("D5", "K2")


@pytest.fixture
def world(ledger_db: LedgerDb) -> World:
    return build_world()


def open_of(number: str) -> int:
    return OpenItemBalance.objects.get(item__document_number=number).open_minor


def item(number: str) -> str:
    return public_id("itm", OpenItem.objects.get(document_number=number).pk)


def hualian(world: World) -> CustomerAccount:
    return CustomerAccount.objects.filter(entity_id=world.cn).order_by("id")[0]


def paper(world: World) -> str:
    links = [(LinkKind.ACCOUNT, hualian(world).pk)]
    who: dict[str, Any] = {"actor_id": None, "now": START}
    return public_id("doc", add_document(b"signed", "a.txt", evidence_type=EvidenceType.CONTRACT, links=links, **who))


def step(program: Program, address: str, body: dict[str, Any], status: int = 200) -> Any:
    response = program.post(address, body)
    assert response.status_code == status, response.content.decode()
    return json.loads(response.content)


def a_round(world: World, amount: str = "2500.50") -> dict[str, Any]:
    customer = {"customer": public_id("cus", hualian(world).customer_id)}
    us, them = {"entity": "CN01"}, {"name": "Blue Paint Ltd"}
    return {
        "entity": "CN01",
        "number": "M-1",
        "items": [{"item": item("INV-2"), "amount": amount}],
        "claims": [
            {"owed_by": us, "owed_to": them, "amount": amount},
            {"owed_by": them, "owed_to": customer, "amount": amount},
        ],
        "on": "2026-03-05",
    }


def test_a_round_by_the_interface(world: World) -> None:
    program = Program(make_key("clerk"))
    unequal = a_round(world)
    unequal["claims"][0]["amount"] = "1.00"
    assert problem_of(program.post("agreements/three-party", unequal))["code"] == "agreement.unbalanced"
    both = a_round(world)
    both["claims"][0]["owed_by"] = {"entity": "CN01", "name": "x"}
    assert program.post("agreements/three-party", both).status_code == 422
    nobody = a_round(world)
    nobody["claims"][1]["owed_to"] = {"customer": "cus_0000000000000"}
    assert program.post("agreements/three-party", nobody).status_code == 422
    made = program.posted("agreements/three-party", a_round(world))
    path = f"agreements/{made['id']}"
    assert (made["state"], made["amount"], len(made["parties"]), len(made["claims"])) == ("proposed", "2500.50", 3, 3)
    assert [row["id"] for row in program.json("agreements?state=proposed&kind=three_party")["rows"]] == [made["id"]]
    early = program.post(f"{path}/posting", {"on": "2026-03-06"})
    assert problem_of(early)["code"] == "agreement.not_signed"
    document = paper(world)
    step(program, f"{path}/signatures", {"document": document, "parties": [1], "on": "2026-03-05"})
    signed = step(program, f"{path}/signatures", {"document": document, "on": "2026-03-05"})
    assert signed["state"] == "signed" and signed["waits_for"] == []
    posted = step(program, f"{path}/posting", {"on": "2026-03-06"})
    assert posted["state"] == "done" and posted["posted_on"] == "2026-03-06" and open_of("INV-2") == 0
    assert posted["steps"][-1]["entries"] and posted["lines"][0]["open_amount"] == "0.00"
    assert problem_of(program.post(f"{path}/undo", {}))["code"] == "agreement.say_why"
    assert step(program, f"{path}/undo", {"memo": "wrong"})["state"] == "undone" and open_of("INV-2") == 2_500_50
    assert problem_of(program.post(f"{path}/withdrawal", {}))["code"] == "agreement.state"
    assert Program(make_key("auditor")).get(path).status_code == 404


def test_a_thing_by_the_interface_with_approvals(world: World) -> None:
    program = Program(make_key("clerk"))
    body = {
        "entity": "CN01",
        "number": "K-1",
        "debts": [{"item": item("INV-2"), "amount": "2500.50"}],
        "price": "2000.00",
        "thing": "Van, 2023",
        "thing_kind": "vehicle",
        "on": "2026-03-05",
    }
    made = program.posted("agreements/in-kind", body)
    path, document = f"agreements/{made['id']}", paper(world)
    step(program, f"{path}/signatures", {"document": document, "on": "2026-03-05"})
    step(program, f"{path}/valuation", {"amount": "2100.00", "valuer": "Li", "document": document, "on": "2026-03-05"})
    for kind in (ApprovalKind.OFFSET, ApprovalKind.WRITE_OFF):
        set_ladder(world.cn, kind, [(Role.CFO, 100_00)], actor_id=None, now=START)
    boss = Program(make_key("boss"))

    def approved(address: str, given: dict[str, Any]) -> None:
        assert problem_of(program.post(address, given))["code"] == "approval.needed"
        number = step(program, address, {**given, "request_approval": True}, 202)["approval"]
        assert program.json(path)["approval"] == number
        assert boss.post(f"approvals/{number}/decision", {"decision": "approve"}).status_code == 200

    approved(f"{path}/posting", {"document": document, "on": "2026-03-06"})
    assert open_of("INV-2") == 500_50 and program.json(path)["state"] == "posted"
    invoiced = step(program, f"{path}/invoice", {"number": "254420", "tax": "230.09", "document": document})
    assert invoiced["steps"][-1]["tax"] == "230.09"
    approved(f"{path}/rest", {"decision": "lose", "memo": "nothing more", "on": "2026-03-06"})
    found = program.json(path)
    assert found["state"] == "done" and open_of("INV-2") == 0 and found["thing_kind"] == "vehicle"


def run(*given: str) -> str:
    result = CliRunner().invoke(command, list(given), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output.strip()


def test_the_same_in_the_shell(world: World, tmp_path: Path) -> None:
    signed = tmp_path / "agreement.txt"
    signed.write_text("signed")
    kept = ("--paper", str(signed), "--on", "2026-03-05")
    claims = ("--claim", "CN01>Blue Paint=300.00", "--claim", "Blue Paint>Acme <b>Components</b> Ltd=300.00")
    made = run("three-party", "M-1", "--entity", "CN01", "--item", "INV-3=300.00", *claims, "--on", "2026-03-05")
    assert run("list").split("\t")[:3] == ["M-1", "proposed", "300.00"]
    assert run("sign", "M-1", "--party", "1", *kept) == "proposed"
    assert run("sign", made, *kept) == "signed"
    assert run("post", "M-1", "--on", "2026-03-06").startswith("ent_") and open_of("INV-3") == 0
    assert run("list") == "" and "done" in run("list", "--all")
    run("undo", "M-1", "--memo", "wrong", "--on", "2026-03-06")
    assert open_of("INV-3") == 300_00
    debt = ("--entity", "CN01", "--item", "INV-3=300.00", "--on", "2026-03-05")
    run("in-kind", "K-1", "Van", "200.00", "--kind", "vehicle", *debt)
    run("sign", "K-1", *kept)
    run("value", "K-1", "250.00", "--by", "Li", *kept)
    run("post", "K-1", *kept)
    assert run("invoice", "K-1", "254420", "--tax", "23.01", *kept) == "posted"
    run("rest", "K-1", "lose", "--memo", "gone", "--on", "2026-03-06")
    assert SettlementAgreement.objects.get(number="K-1").state == "done" and open_of("INV-3") == 0
    made = run("in-kind", "K-2", "Van", "1.00", "--entity", "CN01", "--item", "INV-2=2.00", "--on", "2026-03-05")
    run("withdraw", made, "--on", "2026-03-06")
    for wrong in ("three-party", "in-kind"):
        with pytest.raises(Refusal, match="no such agreement"):
            run("undo", wrong, "--memo", "x", "--on", "2026-03-06")


def test_the_rest_kept_in_the_shell(world: World, tmp_path: Path) -> None:
    signed = tmp_path / "agreement.txt"
    signed.write_text("signed")
    kept = ("--paper", str(signed), "--on", "2026-03-05")
    run("in-kind", "K-1", "Van", "200.00", "--entity", "CN01", "--item", "INV-3=300.00", "--on", "2026-03-05")
    run("sign", "K-1", *kept)
    run("value", "K-1", "250.00", "--by", "Li", *kept)
    run("post", "K-1", *kept)
    assert run("rest", "K-1", "keep", "--on", "2026-03-06") == "posted" and open_of("INV-3") == 100_00
