"""The audit trail on its page: found, filtered, exported, seen by who may; every code has words."""

from __future__ import annotations

import ast
import io
import re
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest

from huikuan import services
from huikuan.core.accounts import EntryKind
from huikuan.core.matching import Deed
from huikuan.core.notes import NoteStep
from huikuan.core.periods import PeriodState
from huikuan.queries.audit import AuditRow
from huikuan.services.sign_ins import record_sign_in
from huikuan.store.models import AuditEvent, RoleGrant, User
from huikuan.web.audit_fields import AUDIT_FIELDS, details
from huikuan.web.audit_subjects import SUBJECTS, subject_word
from huikuan.web.audit_words import AUDIT_CODES
from tests.databases import LedgerDb
from tests.web.world import PASSWORD, START, World, build_world, signed_in

pytestmark = pytest.mark.practice("I5")
RECORDERS = {"record": 0, "_record": 0, "post_one": 1}


def texts(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from texts(node.body)
        yield from texts(node.orelse)
    elif isinstance(node, ast.JoinedStr):
        head = str(node.values[0].value) if isinstance(node.values[0], ast.Constant) else ""
        kinds = {
            "item.": ["write_off", "offset", "assignment"],
            "match.": [deed.value for deed in Deed],
            "note.": [step.value for step in NoteStep],
            "period.": [state.value for state in PeriodState],
        }
        yield from (f"{head}{kind}" for kind in kinds.get(head, ["?"]))


def recorded_codes() -> set[str]:
    found: set[str] = set()
    for path in Path(services.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            name = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
            if isinstance(node, ast.Call) and name in RECORDERS and len(node.args) > RECORDERS[name]:
                found |= set(texts(node.args[RECORDERS[name]]))
    return {code for code in found if "." in code}


def test_every_code_has_words() -> None:
    codes = recorded_codes()
    assert {"user.add", "item.write_off", "period.soft_closed", "settlement.rejected"} <= codes
    assert not sorted(codes - AUDIT_CODES.keys())
    assert EntryKind.WRITE_OFF.value == "write_off"


def recorded_fields() -> set[str]:
    """Names under which services record what belongs to an event."""
    found: set[str] = set()
    for path in Path(services.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "record":
                found |= {word.arg for word in node.keywords if word.arg}
    return found - {"now", "actor_id", "entity_id", "subject"}


def test_every_recorded_field_has_words() -> None:
    fields = recorded_fields()
    assert {"role", "reason", "sha256"} <= fields
    assert not sorted(fields - AUDIT_FIELDS.keys())


def test_what_was_recorded_is_said_in_words() -> None:
    said = details({"role": "cfo", "is_done": True, "points": ["rates"], "note": "", "count": 3})
    assert said == "Role: CFO · Done: yes · Points: Each open currency has a rate of the month · Number: 3"


@pytest.fixture
def world(ledger_db: LedgerDb) -> World:
    world = build_world()
    boss = User.objects.get(username="boss")
    record_sign_in(boss.pk, method="password", now=START)
    return world


def page(login: str, query: str = "", status: int = 200) -> str:
    response = signed_in(login).get(f"/settings/audit/{query}")
    assert response.status_code == status
    return response.content.decode()


def test_what_people_did_is_found(world: World) -> None:
    text = page("boss")
    assert "Money applied" in text and "Signed in" in text
    assert "Signed in" not in page("boss", "?code=application.post")
    assert "Money applied" not in page("boss", "?actor=-")
    assert "Money applied" in page("boss", "?q=application.post&actor=boss")
    assert "Nothing matches." in page("boss", "?until=2001-01-01")


def test_one_event_says_all(world: World) -> None:
    event = AuditEvent.objects.filter(code="entity.add").first()
    assert event is not None
    text = signed_in("boss").get(f"/settings/audit/{event.pk}/").content.decode()
    assert "Legal entity opened" in text and "entity.add" in text
    assert signed_in("boss").get("/settings/audit/999999/").status_code == 404


def test_what_an_event_concerns_is_said_in_words() -> None:
    def said(about: str, subject: str = "") -> str:
        return subject_word(AuditRow(1, START, "x", "", "", about, subject or about, "", ""))

    assert said("entry:7", "write_off") == "Write-off"
    assert said("item:7", "INV-7") == "INV-7"
    assert (said("table:ageing"), said("table:notes")) == ("Table Ageing", "Table Bills and cheques")
    assert (said("period:2026-06"), said("team:3"), said("")) == ("Period 2026-06", "Team 3", "")


def test_every_sort_of_subject_has_words() -> None:
    """Those whose names are looked up besides."""
    source = "".join(path.read_text() for path in Path(services.__file__).parent.glob("*.py"))
    named = {"agreement", "bill", "customer", "debit_run", "entry", "import", "item", "line", "receipt", "user"}
    assert set(re.findall(r'subject=f"(\w+):', source)) - set(SUBJECTS) == {*named, "bank_account"}


def test_an_auditor_sees_the_entities_of_the_office_only(world: World) -> None:
    """An auditor of one entity sees neither the other's events nor those of the house."""
    text = page("auditor")
    assert "CN01" not in text and "Signed in" not in text
    elsewhere = AuditEvent.objects.filter(entity_id=world.cn).first()
    assert elsewhere is not None
    assert signed_in("auditor").get(f"/settings/audit/{elsewhere.pk}/").status_code == 404


def test_who_has_no_right_sees_nothing(world: World) -> None:
    user = User.objects.create_user("rep", "rep@example.com", PASSWORD)
    RoleGrant.objects.create(user=user, entity_id=world.cn, role="sales_rep", granted_at=START)
    page("rep", status=403)
    for form in ("xlsx", "csv"):
        assert signed_in("rep").get(f"/tables/audit/export.{form}").status_code in (403, 404)


def test_the_file_holds_what_is_filtered(world: World) -> None:
    client = signed_in("boss")
    address = client.get("/settings/audit/?code=application.post").content.decode()
    start = address.index("/tables/audit/export.xlsx")
    link = address[start : address.index('"', start)].replace("&amp;", "&")
    response = client.get(link)
    assert response.status_code == 200
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(response))).active
    assert sheet is not None
    rows = [row for row in sheet.iter_rows(values_only=True) if row[2] == "Money applied"]
    assert len(rows) == AuditEvent.objects.filter(code="application.post").count()
    assert AuditEvent.objects.filter(code="ledger.exported").exists()
