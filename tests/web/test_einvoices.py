"""E-invoices through the browser's forms: every rule shown, posted once, net and tax on the item's page."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils.translation import override

import huikuan
from huikuan.store.models import AuditEvent, EInvoice, Entity, OpenItem
from huikuan.store.public_ids import public_id
from huikuan.web.einvoice_words import SENTENCES
from tests.databases import LedgerDb
from tests.invoices import builders as build
from tests.invoices.builders import Fapiao
from tests.web.test_pages import text_of
from tests.web.world import World, build_world, signed_in

pytestmark = pytest.mark.practice("D10")

NEW = "/receivables/einvoices/new/"
BLUE = Fapiao()
RED = Fapiao(number="26312000000000000025", rows=(("*设备*泵", "-1000.00", "13%", "-130.00"),), takes_back=BLUE.number)


@pytest.fixture
def world(ledger_db: LedgerDb) -> World:
    return build_world()


def hand_in(client: Client, *files: tuple[str, bytes], entity: str = "CN01") -> Any:
    uploads = [SimpleUploadedFile(name, data) for name, data in files]
    return client.post(NEW, {"entity_code": entity, "files": uploads})


def page_of(item: OpenItem) -> str:
    return f"/receivables/items/{public_id('itm', item.id)}/"


def test_checked_then_posted_then_shown_on_the_item(world: World) -> None:
    client = signed_in("clerk")
    assert "No e-invoice yet" in text_of(client.get("/receivables/einvoices/"))
    address = hand_in(client, ("blue.xml", build.fapiao_xml(BLUE)), ("red.ofd", build.ofd_attached(RED)))["Location"]
    shown = text_of(client.get(address))
    assert BLUE.number in shown and RED.number in shown
    assert "new item" in shown
    assert "by the seller's name alone" in shown
    assert "Post 2 invoices" in shown
    assert not OpenItem.objects.filter(document_number=BLUE.number).exists()
    done = client.post(f"{address}post/", follow=True)
    assert "Posted 2 invoices." in text_of(done)
    assert "1,342.00" in text_of(done)
    blue, red = (OpenItem.objects.get(document_number=one.number) for one in (BLUE, RED))
    page = text_of(client.get(page_of(blue)))
    for text in ("13%", "130.00", "6%", "12.00", "1,200.00", "142.00", "Corrected by", RED.number, "blue.xml"):
        assert text in page, text
    other = text_of(client.get(page_of(red)))
    assert "Corrects" in other and BLUE.number in other
    # posted twice: nothing more
    client.post(f"{address}post/")
    assert EInvoice.objects.count() == 2
    assert "in the ledger" in text_of(client.get(address))
    client.cookies["django_language"] = "zh-hans"
    assert "税率" in text_of(client.get(page_of(blue)))
    assert "已在账" in text_of(client.get(address))


def test_what_is_refused_is_shown_and_left_out(world: World) -> None:
    client = signed_in("clerk")
    stranger = replace(BLUE, number="26312000000000000033", buyer="新客户有限公司", buyer_id="")
    wrong = RED.but(gross="-1.00")
    address = hand_in(
        client,
        ("good.xml", build.fapiao_xml(BLUE)),
        ("wrong.xml", build.fapiao_xml(wrong)),
        ("new.xml", build.fapiao_xml(stranger)),
        ("junk.pdf", b"junk"),
    )["Location"]
    shown = text_of(client.get(address))
    for text in (
        "CN-06",
        "-1130.00",
        "新客户有限公司 is no customer yet",
        "junk.pdf is no e-invoice",
        "Leave 3 refused",
    ):
        assert text in shown, text
    client.cookies["django_language"] = "zh-hans"
    chinese = text_of(client.get(address))
    assert "价税合计写为 -1.00，金额加税额为 -1130.00" in chinese
    assert "新客户有限公司 还不是客户" in chinese
    client.cookies["django_language"] = "en"
    refused = client.post(f"{address}post/", follow=True)
    assert "Nothing was posted" in text_of(refused)
    assert EInvoice.objects.count() == 0
    assert "new customer" in text_of(client.get(f"{address}?new_customers=yes"))
    client.post(f"{address}post/", {"good_only": "yes", "new_customers": "yes"})
    assert EInvoice.objects.count() == 2


def test_the_number_of_the_seller_is_kept_by_an_administrator(world: World) -> None:
    clerk, boss = signed_in("clerk"), signed_in("boss")
    assert "An administrator can set it" in text_of(clerk.get(NEW))
    given = {"entity_code": "CN01", "tax_id": build.SELLER_CN}
    assert clerk.post("/receivables/einvoices/seller/", given).status_code == 403
    boss.post("/receivables/einvoices/seller/", given)
    assert Entity.objects.get(code="CN01").tax_id == build.SELLER_CN
    assert AuditEvent.objects.filter(code="entity.tax_id").exists()
    address = hand_in(clerk, ("a.xml", build.fapiao_xml(replace(BLUE, seller_id=build.BUYER_CN))))["Location"]
    assert "the seller is 上海示例有限公司" in text_of(clerk.get(address))


def test_who_may_see_and_who_may_post(world: World) -> None:
    clerk, auditor, boss = (signed_in(name) for name in ("clerk", "auditor", "boss"))
    address = hand_in(clerk, ("a.xml", build.fapiao_xml(BLUE)))["Location"]
    assert auditor.get(NEW).status_code == 403
    assert auditor.get(address).status_code == 403
    assert boss.get(address).status_code == 200
    theirs = hand_in(boss, ("a.xml", build.fapiao_xml(BLUE)), entity="DE01")["Location"]
    assert clerk.get(theirs).status_code == 404
    assert clerk.post(NEW, {"entity_code": "DE01", "files": [SimpleUploadedFile("a", b"x")]}).status_code == 400
    clerk.post(f"{address}post/")
    assert BLUE.number in text_of(boss.get("/receivables/einvoices/"))
    assert BLUE.number not in text_of(auditor.get("/receivables/einvoices/"))
    assert BLUE.number in text_of(clerk.get(f"/receivables/einvoices/?q={BLUE.number[-6:]}"))
    assert "Nothing fits" in text_of(clerk.get("/receivables/einvoices/?q=nothing"))


def test_forms_that_cannot_be_read_say_why(world: World) -> None:
    client = signed_in("boss")
    assert "Choose a file first" in text_of(client.post(NEW, {"entity_code": "CN01"}))
    no_entity = client.post(NEW, {"files": [SimpleUploadedFile("a.xml", b"<x/>")]})
    assert (no_entity.status_code, "Say whose invoices" in text_of(no_entity)) == (400, True)
    empty = hand_in(client, ("empty.xml", b""))
    assert "empty.xml is empty" in text_of(empty)


def sentences(path: Path) -> set[str]:
    """Sentences a reader or a rule may say that stand in no call the catalogs are made from."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            skipped.add(id(node.value))
        elif isinstance(node, ast.JoinedStr | ast.Raise):
            told = node.exc if isinstance(node, ast.Raise) else node
            is_refusal = isinstance(told, ast.Call) and getattr(told.func, "id", "") in ("Refusal", "AssertionError")
            if is_refusal or isinstance(node, ast.JoinedStr):
                skipped |= {id(part) for part in ast.walk(told or node)}
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Refusal":
            skipped |= {id(part) for part in ast.walk(node)}
    texts = (
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped
    )
    return {text for text in texts if text.count(" ") >= 2 and (text[0].islower() or text[0] == "{")}


def test_every_sentence_of_the_rules_is_translated() -> None:
    package = Path(huikuan.__file__).parent
    files = [*sorted((package / "invoices").glob("*.py")), package / "services" / "einvoices_deciding.py"]
    said = set().union(*(sentences(path) for path in files))
    with override("en"):
        known = {str(text) for text in SENTENCES}
    assert said - known == set()
    with override("zh-hans"):
        assert [str(text) for text in SENTENCES if str(text) in known] == []
