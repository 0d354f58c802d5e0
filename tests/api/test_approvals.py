"""What must be approved first: refused, asked for, followed and decided by programs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from huikuan.core.approvals import ApprovalKind
from huikuan.core.rights import ROLE_RIGHTS, Right, Role
from huikuan.services.approvals import set_ladder
from huikuan.store.models import ApprovalRequest, AuditEvent, JournalEntry, RoleGrant, User
from tests.api.calling import EVERY, Program, invoice, make_key, problem_of, receipt
from tests.databases import LedgerDb
from tests.web.world import START, World, build_world

pytestmark = [pytest.mark.practice("K1"), pytest.mark.practice("K2")]
PEOPLE = {"cora": "collector", "cesar": "cfo", "rita": "ar_clerk", "sam": "sales_rep"}


@pytest.fixture
def world(ledger_db: LedgerDb) -> World:
    """Write-offs from 100.00 and refunds from 50.00 need the CFO."""
    made = build_world()
    for name, role in PEOPLE.items():
        user = User.objects.create_user(name, first_name=name.title())
        RoleGrant.objects.create(user=user, entity_id=made.cn, role=role, granted_at=START)
    set_ladder(made.cn, ApprovalKind.WRITE_OFF, [(Role.CFO, 100_00)], actor_id=None, now=START)
    set_ladder(made.cn, ApprovalKind.REFUND, [(Role.CFO, 50_00)], actor_id=None, now=START)
    return made


def program(name: str, scopes: list[str] | None = None) -> Program:
    held = RoleGrant.objects.get(user__username=name).role
    mine = [right.value for right in ROLE_RIGHTS[Role(held)]]
    return Program(make_key(name, mine if scopes is None else scopes))


def new_item(amount: str = "300.00", **more: Any) -> str:
    rows = {"entity": "CN01", "source": "shop", "items": [invoice("A-1", amount, **more)]}
    (item,) = Program(make_key("boss", EVERY)).posted("items", rows)["items"]
    return str(item["id"])


def asked(caller: Program, address: str, body: dict[str, Any]) -> int:
    response = caller.post(address, {**body, "request_approval": True})
    assert response.status_code == 202, response.content.decode()
    return int(json.loads(response.content)["approval"])


def test_a_small_write_off_is_posted_and_says_by_which_key(world: World) -> None:
    item, cora = new_item(), program("cora")
    body = {"amount": "99.99", "memo": "rounding", "on": "2026-03-05"}
    (entry,) = cora.posted(f"items/{item}/write-off", body)["entries"]
    assert cora.json(f"items/{item}")["open_amount"] == "200.01"
    assert cora.json(f"journal/{entry}")["kind"] == "write_off"
    event = AuditEvent.objects.get(code="item.write_off")
    assert event.data["api_key"] == cora.key.split("_")[1]
    # What no key did names none.
    assert "api_key" not in AuditEvent.objects.filter(code="approval.ladder").first().data  # type: ignore[union-attr]


def test_a_large_one_is_refused_then_asked_then_approved(world: World) -> None:
    item, cora, cesar = new_item(), program("cora"), program("cesar")
    body = {"amount": "250", "memo": "insolvent", "on": "2026-03-05"}
    refused = cora.post(f"items/{item}/write-off", body)
    assert refused.status_code == 409 and problem_of(refused)["code"] == "approval.needed"
    before = JournalEntry.objects.count()
    number = asked(cora, f"items/{item}/write-off", body)
    again = cora.post(f"items/{item}/write-off", {**body, "request_approval": True})
    assert problem_of(again)["code"] == "approval.open"
    assert JournalEntry.objects.count() == before
    (row,) = cesar.json("approvals?which=waiting")["rows"]
    assert (row["number"], row["about"], row["amount"], row["waits_for"]) == (number, item, "250.00", "cfo")
    assert cora.json("approvals?which=waiting")["rows"] == []
    assert [one["number"] for one in cora.json("approvals?which=asked")["rows"]] == [number]
    own = cora.post(f"approvals/{number}/decision", {"decision": "approve"})
    assert problem_of(own)["code"] == "approval.own"
    answer = cesar.post(f"approvals/{number}/decision", {"decision": "approve", "note": "agreed"}, "k1")
    assert answer.status_code == 200
    done = json.loads(answer.content)
    assert done["state"] == "approved" and done["entry"] and done["steps"][0]["decided_by"] == "Cesar"
    assert cesar.post(f"approvals/{number}/decision", {"decision": "approve", "note": "agreed"}, "k1").content == (
        answer.content
    )
    late = cesar.post(f"approvals/{number}/decision", {"decision": "approve"})
    assert late.status_code == 409 and problem_of(late)["code"] == "approval.closed"
    assert cora.json(f"items/{item}")["open_amount"] == "50.00"
    assert cora.json(f"approvals/{number}") == {**done, "you_may_decide": False}


def test_offset_and_assignment_are_posted(world: World) -> None:
    item, cora = new_item(), program("cora")
    for deed in ("offset", "assign"):
        cora.posted(f"items/{item}/{deed}", {"amount": "100", "memo": "agreed", "on": "2026-03-05"})
    assert cora.json(f"items/{item}")["open_amount"] == "100.00"
    found = problem_of(cora.post(f"items/{item}/offset", {"amount": "-1", "memo": "x"}))
    assert found["code"] == "form.not_positive" and found["errors"][0]["pointer"] == "#/amount"
    assert problem_of(cora.post(f"items/{item}/offset", {"amount": "1"}))["code"] == "api.invalid"
    clerk = program("rita")
    assert clerk.post(f"items/{item}/offset", {"amount": "1", "memo": "x"}).status_code == 403


def test_a_refund_is_asked_for_and_rejected(world: World) -> None:
    rita, cesar = program("rita"), program("cesar")
    rows = {"entity": "CN01", "source": "bank", "receipts": [receipt("B-9", "80", customer="0001")]}
    (money,) = rita.posted("receipts", rows)["receipts"]
    body = {"amount": "60", "memo": "paid twice", "on": "2026-03-06"}
    assert rita.post(f"receipts/{money['id']}/refund", body).status_code == 409
    number = asked(rita, f"receipts/{money['id']}/refund", body)
    found = cesar.post(f"approvals/{number}/decision", {"decision": "reject"})
    assert problem_of(found)["code"] == "approval.say_why"
    done = cesar.post(f"approvals/{number}/decision", {"decision": "reject", "note": "not proved"})
    assert json.loads(done.content)["state"] == "rejected"
    assert rita.json(f"receipts/{money['id']}")["refunded"] == "0.00"
    number = asked(rita, f"receipts/{money['id']}/refund", body)
    assert cesar.post(f"approvals/{number}/decision", {"decision": "withdraw"}).status_code == 403
    assert rita.post(f"approvals/{number}/decision", {"decision": "withdraw"}).status_code == 200
    assert set(ApprovalRequest.objects.values_list("state", flat=True)) == {"rejected", "withdrawn"}


def test_strangers_and_keys_without_the_scope_decide_nothing(world: World) -> None:
    item, cora = new_item(), program("cora")
    number = asked(cora, f"items/{item}/write-off", {"amount": "250", "memo": "insolvent"})
    reading = program("cesar", [Right.SEE_LEDGER.value])
    answer = reading.post(f"approvals/{number}/decision", {"decision": "approve"})
    assert answer.status_code == 403 and problem_of(answer)["code"] == "right.missing"
    foreigner = Program(make_key("auditor", [Right.SEE_LEDGER.value, Right.DECIDE_APPROVAL.value]))
    assert foreigner.get(f"approvals/{number}").status_code == 404
    assert foreigner.post(f"approvals/{number}/decision", {"decision": "approve"}).status_code == 404
    assert foreigner.json("approvals")["rows"] == []
    assert ApprovalRequest.objects.get(id=number).state == "open"


def test_the_list_goes_on_with_a_cursor(world: World) -> None:
    rows = {"entity": "CN01", "source": "shop", "items": [invoice(f"L-{n}", "300") for n in range(5)]}
    items = Program(make_key("boss", EVERY)).posted("items", rows)["items"]
    cora = program("cora")
    numbers = [asked(cora, f"items/{one['id']}/write-off", {"amount": "250", "memo": "x"}) for one in items]
    assert [row["number"] for row in cora.all_rows("approvals?entity=CN01")] == numbers
