"""Who may come in, with which rights, how often; what is not theirs is not there."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client, override_settings

from huikuan.api import callers
from huikuan.api.callers import Budget, budget
from huikuan.api.site import description
from huikuan.core.rights import Right, Role
from huikuan.services.api_keys import add_key, revoke_key
from huikuan.store.models import ApiKey, AuditEvent, CustomerAccount, RoleGrant, User
from tests.api.calling import EVERY, Program, invoice, make_key, problem_of, receipt
from tests.core.test_money import refused
from tests.databases import LedgerDb
from tests.web.world import World, build_world, signed_in, visitor

pytestmark = pytest.mark.practice("K2", "K1")
NOW = datetime(2026, 6, 15, 8, 30, tzinfo=UTC)


@pytest.fixture
def world(sqlite_db: LedgerDb) -> World:
    budget.shares.clear()
    return build_world()


def addresses() -> list[tuple[str, str]]:
    """Every operation described, with an example of its address."""
    samples = {
        "{item_id}": "itm_0000000000000",
        "{receipt_id}": "rcp_0000000000000",
        "{entry_id}": "ent_0000000000000",
        "{customer_id}": "cus_0000000000000",
        "{import_id}": "imp_0000000000000",
        "{document_id}": "doc_0000000000000",
        "{note_id}": "bil_0000000000000",
        "{mandate_id}": "ddm_0000000000000",
        "{run_id}": "ddr_0000000000000",
        "{case_id}": "shp_0000000000000",
        "{agreement_id}": "agr_0000000000000",
        "{slip_id}": "csh_0000000000000",
        "{advice_id}": "rem_0000000000000",
        "{shop_id}": "sho_0000000000000",
        "{payout_id}": "pay_0000000000000",
        "{line_id}": "bln_0000000000000",
        "{decision_id}": "dec_0000000000000",
        "{statement_id}": "bst_0000000000000",
        "{upload_id}": "bup_0000000000000",
        "{place}": "1",
        "{code}": "CN01",
        "{number}": "1",
    }
    found = []
    for template, methods in description()["paths"].items():
        address = template
        for part, sample in samples.items():
            address = address.replace(part, sample)
        assert "{" not in address, address
        found += [(method, address) for method in methods]
    return found


def test_every_operation_wants_a_key(world: World) -> None:
    for method, address in addresses():
        for headers in ({}, {"authorization": "Bearer hk_0000000000_" + "0" * 40}, {"authorization": "Basic YTpi"}):
            response = visitor().generic(method.upper(), address, headers={"host": "localhost", **headers})
            assert response.status_code == 401, (method, address)
            assert problem_of(response)["code"] == "api.sign_in"
            assert response["WWW-Authenticate"].startswith("Bearer")


def test_a_key_with_no_fitting_right_changes_and_reads_nothing(world: World) -> None:
    program = Program(make_key("boss", [Right.EDIT_RATES.value]))
    assert program.json("entities")["rows"] == []
    for address in ("items", "receipts", "customers", "journal", "applications"):
        assert program.json(address)["rows"] == []
        assert problem_of(program.get(f"{address}?entity=CN01"))["status"] == 404
    body = {"entity": "CN01", "items": [invoice("A")]}
    assert problem_of(program.post("items", body))["status"] == 404
    assert problem_of(program.get("audit"))["status"] == 403


def test_scopes_narrow_what_the_person_may(world: World) -> None:
    reader = Program(make_key("boss", [Right.SEE_LEDGER.value]))
    (money,) = reader.json("receipts")["rows"]
    item = reader.json("items")["rows"][0]["id"]
    entry = reader.json("applications")["rows"][1]["id"]
    customer = reader.json("customers")["rows"][0]["id"]
    asks: list[tuple[str, str, Any]] = [
        ("POST", "items", {"entity": "CN01", "items": [invoice("A")]}),
        ("POST", "receipts", {"entity": "CN01", "receipts": [receipt("A")]}),
        ("POST", f"receipts/{money['id']}/identify", {"customer": "0001"}),
        ("POST", f"receipts/{money['id']}/apply", {}),
        ("POST", f"receipts/{money['id']}/park", {"amount": "1"}),
        ("POST", f"receipts/{money['id']}/refund", {"amount": "1"}),
        ("POST", f"receipts/{money['id']}/bounce", {}),
        ("POST", f"receipts/{money['id']}/reinstate", {}),
        ("POST", f"items/{item}/credit", {"lines": [{"item": item, "amount": "1"}]}),
        ("POST", f"journal/{entry}/reverse", {}),
        ("POST", f"applications/{entry}/unapply", {}),
        ("POST", "customers", {"entity": "CN01", "external_id": "5", "name": "x"}),
        ("PATCH", f"customers/{customer}", {"segment": "x"}),
        ("POST", f"customers/{customer}/contacts", {"name": "x"}),
    ]
    for method, address, body in asks:
        response = reader.send(method, address, body, idempotency_key="k", if_match="*")
        assert problem_of(response)["code"] == "right.missing", address
    assert problem_of(reader.get("audit"))["status"] == 403
    assert problem_of(reader.get("ageing", accept="text/csv"))["status"] == 403


def test_scopes_give_nothing_the_person_has_not(world: World) -> None:
    auditor = Program(make_key("auditor", EVERY))
    assert [row["code"] for row in auditor.json("entities")["rows"]] == ["DE01"]
    assert {row["entity"] for row in auditor.json("items")["rows"]} == {"DE01"}
    body = {"entity": "DE01", "items": [{**invoice("A"), "customer": "9", "currency": "EUR"}]}
    assert problem_of(auditor.post("items", body))["status"] == 403
    boss = Program(make_key("boss"))
    for address in ("items", "receipts", "journal", "customers"):
        foreign = next(row["id"] for row in boss.json(f"{address}?entity=CN01")["rows"])
        assert problem_of(auditor.get(f"{address}/{foreign}"))["status"] == 404, address
    foreign = boss.json("receipts")["rows"][0]["id"]
    assert problem_of(auditor.post(f"receipts/{foreign}/park", {"amount": "1"}))["status"] == 404


def test_a_key_for_one_entity(world: World) -> None:
    program = Program(make_key("boss", EVERY, entity_ids=[world.de]))
    assert {row["entity"] for row in program.json("items")["rows"]} == {"DE01"}
    assert problem_of(program.post("items", {"entity": "CN01", "items": [invoice("A")]}))["status"] == 404
    assert all(row["entity"] == "DE01" for row in program.json("audit")["rows"])


def test_a_rep_sees_own_customers_alone(world: World) -> None:
    rep = User.objects.create_user("rep", "rep@example.com", "correct horse 12")
    RoleGrant.objects.create(user=rep, entity_id=world.cn, role=Role.SALES_REP.value, reach="own", granted_at=NOW)
    mine = CustomerAccount.objects.get(refs__external_id="0002")
    CustomerAccount.objects.filter(id=mine.pk).update(owner=rep)
    program = Program(make_key("rep"))
    assert {row["customer_number"] for row in program.json("items")["rows"]} == {"0002"}
    assert [row["name"] for row in program.json("customers")["rows"]] == ["Acme <b>Components</b> Ltd"]
    assert program.json("receipts")["rows"] == [] and program.json("applications")["rows"] == []
    legs = [leg for row in program.json("journal")["rows"] for leg in row["postings"]]
    assert legs and len({leg["customer"] for leg in legs}) == 1
    total = program.json("ageing")["totals"][0]
    assert total["total"] == "260.00"
    assert "华联" not in json.dumps(program.json("ageing"), ensure_ascii=False)


def test_expired_revoked_and_of_people_who_are_gone(world: World) -> None:
    boss = User.objects.get(username="boss")
    soon = datetime.now(UTC) + timedelta(seconds=60)
    key_id, text = add_key(boss.pk, "x", EVERY, expires_at=soon, actor_id=boss.pk, now=datetime.now(UTC))
    program = Program(text)
    assert program.get("entities").status_code == 200
    assert ApiKey.objects.get(id=key_id).last_used_at is not None
    ApiKey.objects.filter(id=key_id).update(expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert program.get("entities").status_code == 401
    other = Program(make_key("boss"))
    revoke_key(ApiKey.objects.latest("id").pk, actor_id=boss.pk, now=datetime.now(UTC))
    assert other.get("entities").status_code == 401
    third = Program(make_key("auditor"))
    User.objects.filter(username="auditor").update(is_active=False)
    assert third.get("entities").status_code == 401
    assert text.encode() not in json.dumps(list(AuditEvent.objects.values_list("data", flat=True))).encode()
    assert text.rpartition("_")[2] not in str(ApiKey.objects.values().get(id=key_id))


def test_who_may_make_and_revoke_keys(world: World) -> None:
    boss, clerk = (User.objects.get(username=name).pk for name in ("boss", "clerk"))
    common: dict[str, Any] = {"now": NOW}
    with refused("api_key.not_yours"):
        add_key(clerk, "x", EVERY, actor_id=boss, **common)
    changes: dict[str, dict[str, Any]] = {
        "api_key.no_name": {"name": " "},
        "api_key.no_scopes": {"scopes": []},
        "api_key.unknown_scope": {"scopes": ["fly"]},
        "api_key.expired": {"expires_at": NOW},
        "entity.unknown": {"entity_ids": [99]},
        "user.unknown": {"user_id": 99, "actor_id": None},
    }
    for code, change in changes.items():
        with refused(code):
            asked: dict[str, Any] = {"user_id": clerk, "name": "x", "scopes": EVERY, "actor_id": clerk, **common}
            add_key(**(asked | change))
    key_id, _ = add_key(boss, "x", EVERY, actor_id=None, **common)
    with refused("right.missing"):
        revoke_key(key_id, actor_id=clerk, now=NOW)
    revoke_key(key_id, actor_id=boss, now=NOW)
    with refused("api_key.unknown"):
        revoke_key(999, actor_id=boss, now=NOW)


def test_a_browsers_session_reads_and_writes_with_its_token(world: World) -> None:
    browser = signed_in("boss")
    assert browser.get("/api/v1/entities").status_code == 200
    strict = Client(enforce_csrf_checks=True, headers={"host": "localhost"})
    strict.force_login(User.objects.get(username="boss"))
    body = json.dumps({"entity": "CN01", "items": [invoice("S-1")]})
    headers = {"idempotency-key": "k", "host": "localhost"}
    refused_one = strict.generic("POST", "/api/v1/items", body, "application/json", headers=headers)
    assert problem_of(refused_one)["code"] == "api.csrf"
    token = "a" * 32
    strict.cookies["huikuan_csrf"] = token
    sent = strict.generic("POST", "/api/v1/items", body, "application/json", headers={**headers, "x-csrftoken": token})
    assert sent.status_code == 201


def test_too_many_requests(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    program = Program(make_key("boss"))
    # A budget of its own: what is used up here would be used up for the first key of every database of this minute.
    monkeypatch.setattr(callers, "budget", Budget())
    with override_settings(API_REQUESTS_PER_MINUTE=3):
        answers = [program.get("entities") for _ in range(8)]
    statuses = [answer.status_code for answer in answers]
    assert statuses[:3] == [200, 200, 200] and 429 in statuses
    limited = next(answer for answer in answers if answer.status_code == 429)
    assert problem_of(limited)["code"] == "api.too_many"
    assert 0 < int(limited["Retry-After"]) <= 60 and limited["RateLimit-Remaining"] == "0"


def test_processes_share_what_a_key_may_ask(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes, forty requests a minute in shares of two: together they serve forty, and the next minute anew."""
    (key,) = (ApiKey.objects.get(prefix=text.split("_")[1]).id for text in [make_key("boss")])
    monkeypatch.setattr(time, "time", lambda: 600.0)
    processes = [Budget(), Budget()]
    with override_settings(API_REQUESTS_PER_MINUTE=40):
        served = sum(processes[n % 3 == 0].take(key).left >= 0 for n in range(60))
        assert served == 40
        assert all(one.take(key).left < 0 for one in processes)
        monkeypatch.setattr(time, "time", lambda: 660.0)
        assert processes[0].take(key).left == 39
        assert processes[1].take(key).left == 37


def test_the_description_declares_every_error(world: World) -> None:
    document = json.loads(visitor().get("/api/v1/openapi.json").content)
    assert document["openapi"] == "3.1.0"
    for address, methods in document["paths"].items():
        for method, operation in methods.items():
            wanted = {"401", "403", "404", "406", "422", "429"} | ({"400", "409"} if method != "get" else set())
            assert wanted <= operation["responses"].keys(), (method, address)
            assert operation["summary"] and operation["description"], address


def test_what_never_reaches_the_interface_is_told_as_everything_else(world: World) -> None:
    stranger = Client(headers={"accept-encoding": "gzip"})
    lost = stranger.get("/api/v1/items", headers={"host": "no!host"})
    assert problem_of(lost)["status"] == 400
    other = stranger.delete("/api/v1/payouts")
    assert problem_of(other)["status"] == 405
    assert "POST" in other["Allow"]
