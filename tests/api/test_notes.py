"""Bills by the interface: taken, discounted, dishonoured; approvals asked for; who may."""

from __future__ import annotations

import json

import pytest

from huikuan.core.approvals import ApprovalKind
from huikuan.core.rights import Role
from huikuan.services.approvals import set_ladder
from huikuan.store.models import OpenItem, OpenItemBalance
from huikuan.store.public_ids import public_id
from tests.api.calling import Program, make_key
from tests.databases import LedgerDb
from tests.web.world import START, World, build_world

pytestmark = pytest.mark.practice("E1", "K2")

BILL = {
    "entity": "CN01",
    "customer": "0001",
    "number": "5313001",
    "acceptor": "Bank",
    "acceptor_class": "major_bank",
    "currency": "CNY",
    "amount": "2000.00",
    "issue_date": "2026-03-10",
    "maturity_date": "2026-06-08",
    "on": "2026-03-10",
}


@pytest.fixture
def world(ledger_db: LedgerDb) -> World:
    return build_world()


def open_of(number: str) -> int:
    return OpenItemBalance.objects.get(item__document_number=number, item__kind="invoice").open_minor


def test_taken_discounted_dishonoured(world: World) -> None:
    clerk = Program(make_key("boss"))
    item = public_id("itm", OpenItem.objects.get(document_number="INV-2").pk)
    lines = [{"item": item, "amount": "2000.00"}]
    [note] = clerk.posted("notes", BILL | {"lines": lines})["notes"]
    assert (note["state"], note["open_amount"], open_of("INV-2")) == ("held", "2000.00", 500_50)
    assert set(note["next_steps"]) == {"presented", "paid", "discounted", "endorsed", "dishonoured", "returned"}
    path = f"notes/{note['id']}"
    terms = {"bank": "Bank", "rate_percent": "1.8", "on": "2026-03-10"}
    [note] = clerk.posted(f"{path}/discount", terms)["notes"]
    assert note["state"] == "discounted"
    assert [(step["step"], step["interest"], step["days"]) for step in note["steps"]][-1] == ("discounted", "9.00", 90)
    listed = clerk.json("notes?which=risk")["rows"]
    assert [row["number"] for row in listed] == ["5313001"]
    refused = clerk.post(f"{path}/dishonour", {"on": "2026-06-09"})
    assert json.loads(refused.content)["code"] == "note.say_why"
    [note] = clerk.posted(f"{path}/dishonour", {"on": "2026-06-09", "memo": "no funds"})["notes"]
    assert (note["state"], note["next_steps"], open_of("INV-2")) == ("dishonoured", [], 2_500_50)
    assert clerk.json(path)["state"] == "dishonoured"


def test_split_presented_paid_and_taken_back(world: World) -> None:
    clerk = Program(make_key("boss"))
    parts = {"range_first": 1, "range_last": 200_000, "settles": "at_maturity", "oldest_first": True}
    [note] = clerk.posted("notes", BILL | parts)["notes"]
    assert [line["document_number"] for line in note["covers"]] == ["INV-1", "INV-2"]
    both = clerk.posted(f"notes/{note['id']}/split", {"amounts": ["500.00", "1500.00"], "on": "2026-03-11"})["notes"]
    assert [(one["range_first"], one["range_last"]) for one in both] == [(1, 50_000), (50_001, 200_000)]
    path = f"notes/{both[0]['id']}"
    clerk.posted(f"{path}/present", {"bank": "Bank", "on": "2026-06-08"})
    clerk.posted(f"{path}/pay", {"on": "2026-06-09"})
    assert open_of("INV-1") == 50_00
    asked = {"on": "2026-06-09", "memo": "wrong bill"}
    [back] = clerk.posted(f"{path}/undo", asked, key="undo")["notes"]
    assert clerk.posted(f"{path}/undo", asked, key="undo")["notes"] == [back], "sent again, nothing more is undone"
    assert (back["state"], open_of("INV-1")) == ("presented", 550_00)
    [gone] = clerk.posted(f"notes/{both[1]['id']}/return", {"on": "2026-06-09", "memo": "wrong"})["notes"]
    assert gone["state"] == "returned"


def test_an_endorsement_that_must_be_approved(world: World) -> None:
    clerk = Program(make_key("clerk"))
    ladder = [(Role.CFO, 1_000_00)]
    set_ladder(world.cn, ApprovalKind.NOTE_ENDORSE, ladder, actor_id=None, now=START)
    [note] = clerk.posted("notes", BILL)["notes"]
    asked = {"to": "Supplier", "on": "2026-03-12", "memo": "paid with it"}
    refused = clerk.post(f"notes/{note['id']}/endorse", asked)
    assert (refused.status_code, json.loads(refused.content)["code"]) == (409, "approval.needed")
    answer = clerk.post(f"notes/{note['id']}/endorse", asked | {"request_approval": True})
    assert answer.status_code == 202
    boss = Program(make_key("boss"))
    number = json.loads(answer.content)["approval"]
    assert boss.post(f"approvals/{number}/decision", {"decision": "approve"}).status_code == 200
    found = boss.json(f"notes/{note['id']}")
    assert (found["state"], found["party"], found["with_recourse"]) == ("endorsed", "Supplier", True)


def test_who_only_takes_bills_does_not_discount_them(world: World) -> None:
    clerk = Program(make_key("clerk", ["ledger.see", "note.post", "cash.post"]))
    [note] = clerk.posted("notes", BILL)["notes"]
    refused = clerk.post(f"notes/{note['id']}/discount", {"bank": "Bank", "rate_percent": "2", "on": "2026-03-12"})
    assert refused.status_code == 403
    assert Program(make_key("auditor")).get(f"notes/{note['id']}").status_code == 404


def test_a_key_takes_no_discount_back_that_it_could_not_make(world: World) -> None:
    whole = Program(make_key("boss"))
    narrow = Program(make_key("boss", ["ledger.see", "note.post"]))
    [note] = whole.posted("notes", BILL)["notes"]
    path = f"notes/{note['id']}"
    whole.posted(f"{path}/discount", {"bank": "Bank", "rate_percent": "2", "on": "2026-03-12"})
    whole.posted(f"{path}/pay", {"on": "2026-06-09"})
    [back] = narrow.posted(f"{path}/undo", {"on": "2026-06-09"})["notes"]
    assert back["state"] == "discounted"
    assert narrow.post(f"{path}/undo", {"on": "2026-06-09"}).status_code == 403
    assert whole.json(path)["state"] == "discounted"
