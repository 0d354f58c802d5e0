"""Posting: once per key, all or none, with the place of every fault."""

from __future__ import annotations

import json
import threading

import pytest
from django.db import connections

from huikuan.store.models import IdempotencyKey, JournalEntry, OpenItem
from tests.api.calling import Program, invoice, make_key, problem_of, receipt
from tests.databases import LedgerDb
from tests.web.world import World, build_world, signed_in

pytestmark = pytest.mark.practice("K2")


@pytest.fixture
def world(ledger_db: LedgerDb) -> World:
    return build_world()


@pytest.fixture
def boss(world: World) -> Program:
    return Program(make_key("boss"))


def items(*rows: dict[str, object]) -> dict[str, object]:
    return {"entity": "CN01", "source": "shop", "items": list(rows)}


def receipts(*rows: dict[str, object]) -> dict[str, object]:
    return {"entity": "CN01", "source": "bank", "receipts": list(rows)}


def test_an_invoice_paid_taken_back_and_paid_again(boss: Program) -> None:
    (item,) = boss.posted("items", items(invoice("A-1", "100.50")))["items"]
    assert item["open_amount"] == item["amount"] == "100.50" and item["posting_date"] == "2026-03-01"
    assert boss.json(f"items/{item['id']}") == item
    (money,) = boss.posted("receipts", receipts(receipt("B-1", "80", payer_name="华联")))["receipts"]
    assert money["state"] == "unidentified" and money["customer"] is None
    assert boss.json(f"receipts/{money['id']}") == money
    boss.posted(f"receipts/{money['id']}/identify", {"customer": "0001", "on": "2026-03-05"})
    line = {"item": item["id"], "amount": "60.00"}
    (entry,) = boss.posted(f"receipts/{money['id']}/apply", {"lines": [line], "on": "2026-03-06"})["entries"]
    assert boss.json(f"items/{item['id']}")["open_amount"] == "40.50"
    assert boss.json(f"receipts/{money['id']}")["state"] == "partly_applied"
    boss.posted(f"applications/{entry}/unapply", {"on": "2026-03-07", "memo": "wrong one"})
    assert boss.json(f"items/{item['id']}")["open_amount"] == "100.50"
    boss.posted(f"receipts/{money['id']}/apply", {"on": "2026-03-08", "amount": "10"})
    boss.posted(f"receipts/{money['id']}/park", {"amount": "5", "on": "2026-03-08"})
    boss.posted(f"receipts/{money['id']}/refund", {"amount": "5", "on": "2026-03-08", "from": "unapplied"})
    now = boss.json(f"receipts/{money['id']}")
    assert (now["on_account"], now["refunded"], now["unapplied"]) == ("5.00", "5.00", "60.00")


def test_a_payment_bounces(boss: Program) -> None:
    (item,) = boss.posted("items", items(invoice("A-1")))["items"]
    (money,) = boss.posted("receipts", receipts(receipt("B-1", customer="0001")))["receipts"]
    boss.posted(f"receipts/{money['id']}/apply", {"lines": [{"item": item["id"], "amount": "100"}]})
    assert len(boss.posted(f"receipts/{money['id']}/bounce", {"memo": "no funds"})["entries"]) == 2
    assert boss.json(f"receipts/{money['id']}")["state"] == "reversed"
    assert boss.json(f"items/{item['id']}")["open_amount"] == "100.00"
    (anew,) = boss.posted(f"receipts/{money['id']}/reinstate", {"memo": "another payment"})["receipts"]
    assert (anew["id"] != money["id"], anew["unapplied"]) == (True, "100.00")
    assert boss.json(f"items/{item['id']}")["open_amount"] == "0.00"
    refused = boss.post(f"receipts/{money['id']}/reinstate", {})
    assert problem_of(refused)["code"] == "receipt.posted_anew"


def test_a_credit_memo_is_applied_and_its_entry_reversed(boss: Program) -> None:
    rows = items(invoice("A-1", "50"), invoice("C-1", "-20", kind="credit_memo"))
    item, credit = boss.posted("items", rows)["items"]
    line = {"item": item["id"], "amount": "20"}
    (entry,) = boss.posted(f"items/{credit['id']}/credit", {"lines": [line]})["entries"]
    assert boss.json(f"items/{item['id']}")["open_amount"] == "30.00"
    boss.posted(f"journal/{entry}/reverse", {})
    assert boss.json(f"items/{credit['id']}")["open_amount"] == "-20.00"
    assert problem_of(boss.post(f"journal/{entry}/reverse", {}))["code"] == "entry.already_reversed"


def test_the_same_request_gets_the_same_answer(boss: Program) -> None:
    body = items(invoice("A-1"))
    first = boss.post("items", body, "key-1")
    again = boss.post("items", body, "key-1")
    assert first.status_code == again.status_code == 201 and first.content == again.content
    assert again["Idempotent-Replay"] == "true" and "Idempotent-Replay" not in first
    (item,) = json.loads(first.content)["items"]
    (money,) = boss.posted("receipts", receipts(receipt("B-1", customer="0001")))["receipts"]
    apply = {"lines": [{"item": item["id"], "amount": "100"}]}
    paid = boss.post(f"receipts/{money['id']}/apply", apply, "key-1")
    assert paid.status_code == 201
    # Also after the world has moved on: the answer of then.
    assert boss.post("items", body, "key-1").content == first.content
    assert boss.post(f"receipts/{money['id']}/apply", apply, "key-1").content == paid.content
    other = boss.post("items", items(invoice("A-1", "99")), "key-1")
    assert problem_of(other)["code"] == "idempotency.other_body" and other.status_code == 409


def test_a_post_without_a_key_is_refused(boss: Program) -> None:
    found = problem_of(boss.send("POST", "items", items(invoice("A-1"))))
    assert found["status"] == 422
    assert found["errors"][0]["parameter"] == "Idempotency-Key"


@pytest.mark.parametrize("turn", range(2))
def test_twins_at_once_post_once(boss: Program, turn: int) -> None:
    body, barrier, answers = items(invoice("T-1"), invoice("T-2")), threading.Barrier(4), [(0, b"")] * 4
    before = JournalEntry.objects.count()

    def run(number: int) -> None:
        program = Program(boss.key)
        barrier.wait()
        response = program.post("items", body, "twin")
        answers[number] = (response.status_code, response.content)
        connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(600)
    assert len(set(answers)) == 1 and answers[0][0] == 201, answers
    assert JournalEntry.objects.count() == before + 2
    assert IdempotencyKey.objects.filter(key="twin").count() == 1


def test_all_or_none_and_where_the_fault_is(boss: Program) -> None:
    before = OpenItem.objects.count()
    found = problem_of(boss.post("items", items(invoice("A-1"), invoice("A-2", "1.234"))))
    assert (found["status"], found["code"], found["errors"][0]["pointer"]) == (
        422,
        "money.too_precise",
        "#/items/1/amount",
    )
    found = problem_of(boss.post("items", items(invoice("A-1"), invoice("A-2", customer="nobody"))))
    assert (found["code"], found["errors"][0]["pointer"]) == ("account.unknown", "#/items/1/customer")
    found = problem_of(boss.post("items", items({**invoice("A-1"), "amuont": "1"})))
    assert found["errors"][0]["pointer"] == "#/items/0/amuont"
    assert OpenItem.objects.count() == before


@pytest.mark.parametrize(
    ("row", "status", "code"),
    [
        (invoice("A", "-5"), 422, "item.wrong_sign"),
        (invoice("A", "0"), 422, "item.zero"),
        (invoice("A", currency="XXX"), 422, "money.unknown_currency"),
        (invoice("A", currency="USD"), 422, "exchange.no_rate"),
        (invoice("A", amount=1.5), 422, "api.invalid"),
        (invoice("A", amount="1e5"), 422, "api.invalid"),
        (invoice("A", due_date="soon"), 422, "api.invalid"),
        (invoice(""), 422, "api.invalid"),
    ],
)
def test_refused_items(boss: Program, row: dict[str, object], status: int, code: str) -> None:
    found = problem_of(boss.post("items", items(row)))
    assert (found["status"], found["code"]) == (status, code)


def test_what_exists_already_is_a_conflict(boss: Program) -> None:
    boss.posted("items", items(invoice("A-1")))
    assert problem_of(boss.post("items", items(invoice("A-1"))))["status"] == 409
    boss.posted("receipts", receipts(receipt("B-1")))
    assert problem_of(boss.post("receipts", receipts(receipt("B-1"))))["code"] == "receipt.exists"


def test_refusals_of_money(boss: Program) -> None:
    (item,) = boss.posted("items", items(invoice("A-1", "10")))["items"]
    (money,) = boss.posted("receipts", receipts(receipt("B-1", "50")))["receipts"]
    line = {"item": item["id"], "amount": "10"}
    apply = f"receipts/{money['id']}/apply"
    assert problem_of(boss.post(apply, {"lines": [line]}))["code"] == "receipt.unidentified"
    boss.posted(f"receipts/{money['id']}/identify", {"customer": "0001"})
    assert problem_of(boss.post(apply, {"lines": [line | {"amount": "11"}]}))["code"] == "application.over_applied"
    assert problem_of(boss.post(apply, {"lines": [line], "on": "2199-01-01"}))["code"] == "form.day_ahead"
    gone = line | {"item": "itm_0000000000000"}
    assert problem_of(boss.post(apply, {"lines": [gone]}))["status"] == 404
    assert problem_of(boss.post("receipts/rcp_0000000000000/park", {"amount": "1"}))["status"] == 404
    assert problem_of(boss.post(f"receipts/{money['id']}/refund", {"amount": "51"}))["code"] == (
        "application.fund_exceeded"
    )
    assert problem_of(boss.post(f"applications/{item['entry']}/unapply", {}))["status"] == 404


def test_errors_in_chinese(boss: Program) -> None:
    chinese = boss.post("items", items(invoice("A", "0")), accept_language="zh-hans")
    english = boss.post("items", items(invoice("A", "0")))
    assert problem_of(chinese)["code"] == problem_of(english)["code"]
    assert problem_of(chinese)["detail"] != problem_of(english)["detail"]


def test_a_customer_is_added_and_changed_by_who_saw_it_last(boss: Program) -> None:
    body = {"entity": "CN01", "external_id": "77", "name": "新客户", "country": "CN", "terms_days": 45}
    made = boss.send("POST", "customers", body)
    assert made.status_code == 201
    customer = json.loads(made.content)
    assert boss.get(f"customers/{customer['id']}")["ETag"] == made["ETag"]
    assert json.loads(boss.send("POST", "customers", body).content)["id"] == customer["id"]
    place = f"customers/{customer['id']}"
    assert problem_of(boss.send("PATCH", place, {"segment": "A"}))["status"] == 428
    tag = boss.get(place)["ETag"]
    changed = boss.send("PATCH", place, {"segment": "A", "name": "新客户二"}, if_match=tag)
    assert changed.status_code == 200 and json.loads(changed.content)["aliases"] == ["新客户"]
    assert problem_of(boss.send("PATCH", place, {"segment": "B"}, if_match=tag))["status"] == 412
    assert boss.send("PATCH", place, {"segment": "B"}, if_match=changed["ETag"]).status_code == 200
    assert problem_of(boss.send("PATCH", place, {"nmae": "x"}, if_match="*"))["status"] == 422
    assert problem_of(boss.send("PATCH", place, {"country": "cn"}, if_match="*"))["status"] == 422


def test_people_at_a_customer_come_masked(boss: Program) -> None:
    customer = boss.json("customers?external_id=0001")["rows"][0]["id"]
    body = {"name": "王芳", "parts": ["pays"], "phone": "13812345678", "mail": "wang@example.com"}
    made = boss.send("POST", f"customers/{customer}/contacts", body)
    assert made.status_code == 201, made.content.decode()
    (row,) = boss.json(f"customers/{customer}/contacts")["rows"]
    assert row == json.loads(made.content) and row["parts"] == ["pays"]
    assert "13812345678" not in made.content.decode() and row["phone"]
    assert (
        problem_of(boss.send("POST", f"customers/{customer}/contacts", {"name": "x", "parts": ["flies"]}))["status"]
        == 422
    )
    assert problem_of(boss.send("POST", f"customers/{customer}/contacts", {"name": "x", "mail": "no"}))["code"] == (
        "customer.bad_mail"
    )
    assert problem_of(boss.get("customers/cus_0000000000000/contacts"))["status"] == 404


def test_unreadable_bodies(boss: Program) -> None:
    headers = boss.headers({"idempotency-key": "k"})
    broken = boss.http.generic("POST", "/api/v1/items", b"{", "application/json", headers=headers)
    assert problem_of(broken)["status"] == 400
    broken = boss.http.generic("POST", "/api/v1/items", b"[]", "application/json", headers=headers)
    assert problem_of(broken)["status"] == 422


def test_the_channel_of_a_receipt_is_said_and_asked_for(world: World) -> None:
    program = Program(make_key("boss"))
    common = {"value_date": "2026-03-05", "currency": "CNY", "customer": "0001"}
    rows = [{**common, "external_id": "C-1", "amount": "10.00", "channel": "card"}]
    rows += [{**common, "external_id": "C-2", "amount": "11.00"}]
    card, plain = program.posted("receipts", {"entity": "CN01", "receipts": rows})["receipts"]
    assert (card["channel"], plain["channel"]) == ("card", None)
    assert program.json(f"receipts/{card['id']}")["channel"] == "card"
    assert [row["external_id"] for row in program.json("receipts?channel=card")["rows"]] == ["C-1"]
    odd = {**common, "external_id": "C-3", "amount": "1.00", "channel": "cash"}
    assert program.post("receipts", {"entity": "CN01", "receipts": [odd]}).status_code == 422
    shown = signed_in("boss").get("/cash/?state=all&channel=card").content.decode()
    assert "10.00" in shown and "11.00" not in shown
