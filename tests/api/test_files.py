"""Files handed in, and documents, by a program."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse

from huikuan.core.rights import Right
from tests.api.calling import Program, make_key, problem_of
from tests.databases import LedgerDb
from tests.web.world import World, build_world

pytestmark = pytest.mark.practice("K2")
GOOD = (
    "item_id,customer_id,document_number,document_date,due_date,currency,amount\n"
    "F-1,0001,F-1,2026-03-01,2026-03-31,CNY,10.50\n"
)
BAD = GOOD + "F-2,0001,F-2,soon,2026-03-31,CNY,7\n"
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n%%EOF\n"


@pytest.fixture
def world(sqlite_db: LedgerDb) -> World:
    return build_world()


@pytest.fixture
def boss(world: World) -> Program:
    return Program(make_key("boss"))


def send(program: Program, address: str, name: str, data: bytes, **fields: Any) -> HttpResponse:
    body = {"file": SimpleUploadedFile(name, data), **fields}
    return program.http.post(f"/api/v1/{address}", body, headers=program.headers({}))  # type: ignore[return-value]


def test_a_file_is_checked_published_once_and_seen(boss: Program) -> None:
    made = send(boss, "imports", "items.csv", GOOD.encode(), kind="items", entity="CN01", source="erp")
    assert made.status_code == 201, made.content.decode()
    batch = json.loads(made.content)
    assert (batch["state"], batch["rows_good"], batch["faults"]) == ("staged", 1, 0)
    assert batch["totals"] == [{"currency": "CNY", "rows": 1, "amount": "10.50"}]
    place = f"imports/{batch['id']}"
    assert made["Location"].endswith(place)
    assert boss.json(place)["state"] == "staged"
    for _ in range(2):
        done = boss.send("POST", f"{place}/publish", {})
        assert done.status_code == 200 and json.loads(done.content)["state"] == "published"
    assert len(boss.json("items?document_number=F-1")["rows"]) == 1
    assert [row["id"] for row in boss.json("imports")["rows"]] == [batch["id"]]
    assert problem_of(boss.send("POST", f"{place}/discard", {}))["status"] == 422


def test_faults_are_told_and_refuse_the_file_unless_left_out(boss: Program) -> None:
    made = send(boss, "imports", "items.csv", BAD.encode(), kind="items", entity="CN01")
    place = f"imports/{json.loads(made.content)['id']}"
    (fault,) = boss.json(f"{place}/faults")["rows"]
    assert (fault["row"], fault["column"]) == (3, "document_date")
    refused = problem_of(boss.send("POST", f"{place}/publish", {}))
    assert refused["code"] == "data.refused" and refused["errors"][0]["row"] == 3
    done = boss.send("POST", f"{place}/publish", {"good_rows_only": True})
    assert json.loads(done.content)["rows_posted"] == 1


def test_a_file_given_up(boss: Program) -> None:
    made = send(boss, "imports", "items.csv", GOOD.encode(), kind="items", entity="CN01")
    place = f"imports/{json.loads(made.content)['id']}"
    assert json.loads(boss.send("POST", f"{place}/discard", {}).content)["state"] == "discarded"


def test_imports_need_their_right_in_the_entity(world: World, boss: Program) -> None:
    reader = Program(make_key("boss", [Right.SEE_LEDGER.value]))
    refused = send(reader, "imports", "i.csv", GOOD.encode(), kind="items", entity="CN01")
    assert problem_of(refused)["code"] == "right.missing"
    made = json.loads(send(boss, "imports", "i.csv", GOOD.encode(), kind="items", entity="CN01").content)
    assert problem_of(reader.send("POST", f"imports/{made['id']}/publish", {}))["code"] == "right.missing"
    other = Program(make_key("boss", entity_ids=[world.de]))
    assert problem_of(other.get(f"imports/{made['id']}"))["status"] == 404
    assert problem_of(other.send("POST", f"imports/{made['id']}/publish", {}))["status"] == 404
    assert problem_of(send(other, "imports", "i.csv", GOOD.encode(), kind="items", entity="CN01"))["status"] == 404
    assert problem_of(send(boss, "imports", "i.csv", GOOD.encode(), kind="cheese"))["status"] == 422
    assert problem_of(boss.http.post("/api/v1/imports", {"kind": "items"}, headers=boss.headers({})))["status"] == 422


def test_a_document_is_added_found_and_downloaded(boss: Program, tmp_path: Path) -> None:
    item = boss.json("items?document_number=INV-1")["rows"][0]
    made = send(boss, "documents", "签收单.pdf", PDF, of=item["id"], evidence_type="delivery_note", note="gate 3")
    assert made.status_code == 201, made.content.decode()
    document = json.loads(made.content)
    assert document["links"][0]["id"] == item["id"] and document["note"] == "gate 3"
    assert (
        json.loads(send(boss, "documents", "x.pdf", PDF, of=item["id"], evidence_type="delivery_note").content)["id"]
        == document["id"]
    )
    for of in (item["id"], item["customer"]):
        assert [row["id"] for row in boss.json(f"documents?of={of}")["rows"]] == [document["id"]]
    content = boss.get(f"documents/{document['id']}/content")
    assert content.content == PDF and content["Content-Type"] == "application/pdf"
    assert "attachment" in content["Content-Disposition"] and content["X-Content-Type-Options"] == "nosniff"
    again = boss.get(f"documents/{document['id']}/content", **{"if-none-match": content["ETag"]})
    assert again.status_code == 304
    auditor = Program(make_key("auditor"))
    for address in (f"documents/{document['id']}", f"documents/{document['id']}/content"):
        assert problem_of(auditor.get(address))["status"] == 404
    assert auditor.json(f"documents?of={item['id']}")["rows"] == []
    refused = send(boss, "documents", "x.exe", b"MZ\x00\x00", of=item["id"])
    assert problem_of(refused)["status"] == 422
