"""Direct debits by the interface and on the pages: from a mandate kept to a payment that came back."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from huikuan.core.documents import EvidenceType, LinkKind
from huikuan.core.rights import Right
from huikuan.services.bank_accounts import NewAccount, add_account
from huikuan.services.debit_mandates import NewCreditor, set_creditor
from huikuan.services.documents import add_document
from huikuan.store.models import CustomerAccount, DebitPayment, DebitRun, RoleGrant, User
from huikuan.store.public_ids import public_id
from tests.api.calling import EVERY, Program, make_key, problem_of
from tests.databases import LedgerDb
from tests.services.bank_files import IBAN
from tests.services.debits import CREDITOR, PAYERS, pain002
from tests.web.world import PASSWORD, START, World, build_world, signed_in

pytestmark = pytest.mark.practice("E1", "K2")


@pytest.fixture
def world(sqlite_db: LedgerDb) -> World:
    world = build_world()
    who: dict[str, Any] = {"actor_id": None, "now": START}
    account = add_account(world.de, NewAccount("Main", IBAN, currency="EUR"), **who)
    set_creditor(world.de, NewCreditor(CREDITOR, account), **who)
    chief = User.objects.create_user("chief", "c@example.com", PASSWORD)
    RoleGrant.objects.create(user=chief, entity_id=world.de, role="cfo", granted_at=START)
    return world


def _paper(world: World) -> str:
    """The signed mandate of customer 9, as the interface names it."""
    account = CustomerAccount.objects.get(entity_id=world.de, refs__external_id="9")
    kept = add_document(
        b"signed", "mandate.txt", evidence_type=EvidenceType.CONTRACT, links=[(LinkKind.ACCOUNT, account.pk)],
        actor_id=None, now=START,
    )  # fmt: skip
    return public_id("doc", kept)


def test_a_collection_by_programs(world: World) -> None:
    clerk, chief = Program(make_key("boss")), Program(make_key("chief", EVERY))
    given = {"entity": "DE01", "customer": "9", "reference": "M-9", "iban": PAYERS["C1"], "signed_on": "2026-01-05"}
    mandate = clerk.posted("mandates", given)
    assert (mandate["state"], mandate["iban"], mandate["document"]) == ("active", "6199", "")
    signed = given | {"reference": "M-11", "document": _paper(world)}
    assert clerk.posted("mandates", signed)["document"] == signed["document"]
    for strange in ("doc_0000000000000", public_id("doc", 4711)):
        wrong = clerk.post("mandates", signed | {"reference": "M-12", "document": strange})
        assert problem_of(wrong)["code"] == "debit_mandate.paper"
    assert clerk.post(f"mandates/{clerk.json('mandates')['rows'][1]['id']}/revoke", {}).status_code == 200
    assert problem_of(clerk.post("mandates", given | {"reference": "M-10", "iban": PAYERS["C1"][:-1] + "8"}))[
        "code"
    ] == ("debit_mandate.iban")
    run = clerk.posted("debit-runs", {"entity": "DE01"})
    (payment,) = run["rows"]
    assert (run["state"], run["amount"], payment["sequence"]) == ("proposed", "77.00", "FRST")
    path = f"debit-runs/{run['id']}"
    assert problem_of(clerk.post(f"{path}/approve", {}))["code"] == "debit_run.own"
    assert problem_of(clerk.get(f"{path}/file"))["code"] == "debit_run.state"
    approved = json.loads(chief.post(f"{path}/approve", {}).content)
    assert (approved["state"], approved["approved_by"]) == ("approved", "chief")
    assert problem_of(chief.get(f"{path}/file"))["code"] == "right.missing"
    file = clerk.get(f"{path}/file")
    assert file["Content-Type"] == "application/xml" and b"DD-" in file.content
    assert json.loads(clerk.post(f"{path}/notified", {}).content)["notified_on"]
    assert json.loads(clerk.post(f"{path}/sent", {}).content)["state"] == "sent"
    assert problem_of(clerk.post(f"{path}/settle", {"line": "bln_0000000000000"}))["status"] in (404, 422)
    asked = json.loads(clerk.post(f"{path}/recall", {"reason": "DUPL"}).content)["rows"][0]
    assert (
        asked["recall"] == f"{run['number']}-C1"
        and b"camt.055" in clerk.get(f"{path}/recalls/{asked['recall']}").content
    )
    assert problem_of(clerk.get(f"{path}/recalls/none"))["status"] == 404
    assert problem_of(clerk.post(f"{path}/recall", {"reason": "CUST"}))["code"] == "debit_recall.nothing"
    said = {"payment": payment["id"], "accepted": False, "reason": "LEGL"}
    assert json.loads(clerk.post(f"{path}/recall-answer", said).content)["rows"][0]["recall_answer"] == "LEGL"
    amended = json.loads(clerk.post(f"mandates/{mandate['id']}/amend", {"reference": "M-9a"}).content)
    assert (amended["reference"], amended["iban"]) == ("M-9a", "6199")
    sent = json.loads(
        clerk.post(f"{path}/back", {"payment": payment["id"], "reason": "AC04 closed", "charges": "3.50"}).content
    )
    assert (sent["rows"][0]["state"], sent["rows"][0]["charges"], sent["failed"]) == ("rejected", "3.50", 1)
    assert clerk.json(f"mandates/{mandate['id']}")["blocked_reason"] == "AC04"
    assert clerk.json("debit-runs?which=done")["rows"][0]["id"] == run["id"]
    assert clerk.json("debit-runs?which=open")["rows"] == []
    again = json.loads(clerk.post(f"mandates/{mandate['id']}/revoke", {}).content)
    assert again["state"] == "revoked" and clerk.json("mandates")["rows"][0] == again
    reader = Program(make_key("boss", [Right.SEE_LEDGER.value]))
    assert problem_of(reader.post("debit-runs", {"entity": "DE01"}))["code"] == "right.missing"


def test_the_pages_from_the_mandate_to_the_report(world: World) -> None:
    boss, chief = signed_in("boss"), signed_in("chief")
    customer = Program(make_key("boss")).json("customers?entity=DE01")["rows"][0]["id"]
    page = f"/customers/{customer}/direct-debits/"
    form = {"reference": "M-9", "payer_iban": "DE00", "signed_on": "2026-01-05", "scheme": "CORE", "use": "recurrent"}
    found = re.search(r'name="account" value="(\d+)"', boss.get(page).content.decode())
    assert found is not None
    account = found[1]
    wrong = boss.post(page, form | {"account": account})
    assert wrong.status_code == 400 and "check digits" in wrong.content.decode()
    assert boss.post(page, form | {"account": account, "payer_iban": PAYERS["C1"]}).status_code == 302
    text = boss.get("/cash/direct-debits/mandates/").content.decode()
    assert "M-9" in text and "•••• 6199" in text and PAYERS["C1"] not in text
    text = boss.get("/cash/direct-debits/new/?entity_code=DE01").content.decode()
    assert "77.00" in text and "Nordic Timber AB" in text
    made = boss.post("/cash/direct-debits/new/", {"entity_code": "DE01", "key": "k"})
    run = made["Location"].split("?")[0]
    text = boss.get(run).content.decode()
    assert "who proposes a collection does not" in text and "approve/" not in text
    assert chief.post(f"{run}approve/").status_code == 302
    assert boss.get(f"{run}file").content.startswith(b"<?xml")
    assert boss.post(f"{run}do/", {"step": "notified"}).status_code == 302
    assert boss.post(f"{run}do/", {"step": "sent"}).status_code == 302
    number = DebitRun.objects.get().number
    assert "Recall from the bank" in boss.get(run).content.decode()
    assert boss.post(f"{run}recall/", {"reason": ""}).status_code == 400
    assert boss.post(f"{run}recall/", {"reason": "TECH"}).status_code == 302
    text = boss.get(run).content.decode()
    assert "recall asked for" in text and f"{number}-C1" in text
    assert b"<Cd>TECH</Cd>" in boss.get(f"{run}recall/{number}-C1/").content
    mine = DebitPayment.objects.get()
    kept = {"payment": public_id("ddp", mine.pk), "step": "kept"}
    assert boss.post(f"{run}recall/answer/", kept).status_code == 302
    assert "not recalled: no reason given (RJCR)" in boss.get(run).content.decode()
    assert boss.get(f"{run}recall/").content.decode().count("was not recalled already") == 1
    whose = boss.get("/cash/direct-debits/mandates/new/?who=Nordic")
    assert whose.status_code == 302 and whose["Location"].startswith(page)
    amend = f"{page}{public_id('ddm', mine.mandate_id)}/amend/"
    assert boss.post(amend, {"reference": "M-9"}).status_code == 400
    assert boss.post(amend, {"reference": "M-9", "payer_iban": PAYERS["C2"]}).status_code == 302
    text = boss.get(page).content.decode()
    assert "M-9, •••• 6199" in text and "•••• 2606" in text
    report = SimpleUploadedFile("r.xml", pain002(number, [(f"{number}-1", "MD01")]))
    assert boss.post("/cash/direct-debits/report/", {"entity_code": "DE01", "file": report}).status_code == 302
    text = boss.get(run).content.decode()
    assert "no valid mandate (MD01)" in text
    assert "no valid mandate" in boss.get(page).content.decode()
    response: Any = boss.get(f"/tables/debitpayments/export.csv?run={run.rstrip('/').rpartition('/')[2]}")
    sheet = b"".join(response.streaming_content).decode()
    assert "Nordic Timber AB" in sheet and "M-9" in sheet
    broken = SimpleUploadedFile("r.xml", b"<x")
    assert boss.post("/cash/direct-debits/report/", {"entity_code": "DE01", "file": broken}).status_code == 400
    first = boss.get("/settings/direct-debits/").content.decode()
    shown = re.findall(r'name="(notice_days|bank_days)"[^>]*value="(\d*)"', first)
    assert shown
    assert set(shown) <= {("notice_days", "14"), ("bank_days", "1")}, "what is usual stands there at first"
    rules = {"entity_code": "DE01", "creditor_id": "DE00", "bank_account": "", "notice_days": "14", "bank_days": "1"}
    assert boss.post("/settings/direct-debits/", rules).status_code == 400
