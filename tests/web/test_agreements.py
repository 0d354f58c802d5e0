"""Settlement agreements on the pages: proposed, signed, posted, taken back; a thing with its loss; nothing retyped."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from huikuan.core.approvals import ApprovalKind
from huikuan.core.documents import EvidenceType, LinkKind
from huikuan.core.rights import Role
from huikuan.services.approvals import set_ladder
from huikuan.services.documents import add_document
from huikuan.store.models import (
    ApprovalRequest,
    CustomerAccount,
    Document,
    OpenItem,
    SettlementAgreement,
)
from huikuan.store.public_ids import public_id
from tests.databases import LedgerDb
from tests.web.test_pages import text_of
from tests.web.world import START, World, build_world, signed_in

pytestmark = pytest.mark.practice("D5")
NEW = "/cash/agreements/new/"


@pytest.fixture
def world(ledger_db: LedgerDb) -> World:
    return build_world()


def hualian(world: World) -> CustomerAccount:
    return CustomerAccount.objects.filter(entity_id=world.cn).order_by("id")[0]


def paper(world: World) -> str:
    links = [(LinkKind.ACCOUNT, hualian(world).pk)]
    who: dict[str, Any] = {"actor_id": None, "now": START}
    add_document(b"signed", "agreement.txt", evidence_type=EvidenceType.CONTRACT, links=links, **who)
    return public_id("doc", Document.objects.get(name="agreement.txt").pk)


def item_field(number: str) -> str:
    return f"a-{public_id('itm', OpenItem.objects.get(document_number=number).pk)}"


def only() -> SettlementAgreement:
    return SettlementAgreement.objects.get()


def page_of(step: str = "") -> str:
    base = f"/cash/agreements/{public_id('agr', only().pk)}/"
    return f"{base}step/?step={step}" if step else base


def sent(client: Client, address: str, **form: object) -> str:
    response = client.post(address, form, follow=True)
    assert response.redirect_chain, text_of(response)
    return text_of(response)


def told(client: Client, address: str, status: int = 400, **form: object) -> str:
    response = client.post(address, form)
    assert response.status_code == status
    return text_of(response)


def propose(client: Client, world: World, **form: object) -> str:
    new = f"{NEW}?customer={public_id('cus', hualian(world).customer_id)}"
    usual = {
        "number": "M-2026-1",
        item_field("INV-2"): "2,500.50",
        "owed_by": ["上海示例有限公司", "Blue Paint Ltd"],
        "owed_to": ["Blue Paint Ltd", "北京华联商贸有限公司"],
        "claim": ["", ""],
    }
    return sent(client, new, **{**usual, **form})


def test_a_round_from_the_customer_to_the_books_and_back(world: World) -> None:
    clerk = signed_in("clerk")
    customer = f"/customers/{public_id('cus', hualian(world).customer_id)}/"
    assert "Propose an agreement" in text_of(clerk.get(customer))
    assert "No agreement is under way" in text_of(clerk.get("/cash/agreements/"))
    assert "北京华联商贸有限公司" in text_of(clerk.get(f"{NEW}?q=华联"))
    form = text_of(clerk.get(f"{NEW}?customer={customer.split('/')[2]}"))
    assert "INV-1" in form and "INV-3" not in form
    shown = propose(clerk, world)
    assert "Agreement M-2026-1 is proposed." in shown and "Blue Paint Ltd owes 北京华联商贸有限公司 2,500.50" in shown
    assert "Add the paper to the customer's documents first" in text_of(clerk.get(page_of("sign")))
    document = paper(world)
    assert "has moved on" in text_of(clerk.get(page_of("post")))
    sent(clerk, page_of("sign"), party="1", paper=document)
    assert "not signed by 上海示例有限公司, Blue Paint Ltd" in text_of(clerk.get("/cash/agreements/"))
    assert "has signed already" in told(clerk, page_of("sign"), party="1", paper=document)
    assert "Signed by all" in sent(clerk, page_of("sign"), party="all", paper=document)
    done = sent(clerk, page_of("post"), key="k")
    assert "Posted for agreement M-2026-1." in done and "Take it all back" in done
    item = OpenItem.objects.get(document_number="INV-2")
    assert item.balance.open_minor == 0
    assert "M-2026-1" in text_of(clerk.get(f"/receivables/items/{public_id('itm', item.pk)}/"))
    assert "M-2026-1" in text_of(clerk.get(customer))
    again = told(clerk, f"{page_of()}undo/", memo="")
    assert "say why" in again
    assert "is taken back" in sent(clerk, f"{page_of()}undo/", memo="never delivered")
    assert OpenItem.objects.get(document_number="INV-2").balance.open_minor == 2_500_50
    assert "M-2026-1" in text_of(clerk.get("/cash/agreements/?which=undone&q=Blue"))


def test_what_is_refused_keeps_what_was_typed(world: World) -> None:
    clerk = signed_in("clerk")
    new = f"{NEW}?customer={public_id('cus', hualian(world).customer_id)}"
    field = item_field("INV-2")
    both = {"owed_by": ["上海示例有限公司", "Blue Paint Ltd"], "owed_to": ["Blue Paint Ltd", "北京华联商贸有限公司"]}
    said = told(clerk, new, number="M-1", **{field: "100"}, **both, claim=["90", "100"])
    assert "上海示例有限公司 would give up 100.00 CNY and be released from 90.00 CNY" in said
    response = clerk.post(new, {"number": "M-1", field: "100", **both, "claim": ["90", "100"]})
    body = response.content.decode()
    assert 'value="90"' in body and 'value="Blue Paint Ltd"' in body and 'value="M-1"' in body
    assert "name the items" in told(clerk, new, number="M-1", **both, claim=["90", "90"])
    half = told(clerk, new, number="M-1", **{field: "1"}, owed_by="B", owed_to="", claim="")
    assert "each debt needs who owes it" in half
    over = told(clerk, new, number="M-1", **{field: "2,500.51"}, **both, claim=["", ""])
    assert "2,500.51 CNY is more than the 2,500.50 CNY still open" in over
    assert clerk.get(f"{NEW}?customer=cus_0000000000000").status_code == 404
    propose(clerk, world)
    assert clerk.get(page_of("nonsense")).status_code == 404
    assert "Withdrawn" in sent(clerk, page_of("withdraw"), memo="")
    assert signed_in("auditor").get(page_of()).status_code == 404


def test_a_thing_and_the_loss_on_it(world: World) -> None:
    clerk = signed_in("clerk")
    new = f"{NEW}?customer={public_id('cus', hualian(world).customer_id)}&kind=in_kind"
    form = {"number": "K-1", item_field("INV-2"): "2,500.50", "thing": "Van, 2023", "thing_kind": "vehicle"}
    assert "2,600.00 CNY is more than the 2,500.50 CNY of debt" in told(clerk, new, **form, price="2600")
    shown = sent(clerk, new, **form, price="2,000", place="Ningbo")
    assert "Van, 2023 Vehicle" in shown and "Not covered 500.50" in shown
    add = f"/documents/add/customer/{public_id('cus', hualian(world).customer_id)}/"
    assert f'href="{add}"' in clerk.get(page_of("sign")).content.decode(), "without a paper there is a way to one"
    document = paper(world)
    sent(clerk, page_of("sign"), party="all", paper=document)
    assert "Agreed" in text_of(clerk.get(page_of()))
    sent(clerk, page_of("value"), amount="1999", valuer="Li and partners", paper=document)
    assert "2,000.00 CNY is more than the 1,999.00 CNY it was valued at" in told(clerk, page_of("post"), paper=document)
    sent(clerk, page_of("value"), amount="2100", valuer="Li and partners", paper=document)
    assert "Title passed" in sent(clerk, page_of("post"), paper=document)
    sent(clerk, page_of("invoice"), number="25442000000012345678", tax="230.09", paper=document)
    set_ladder(world.cn, ApprovalKind.WRITE_OFF, [(Role.CFO, 100_00)], actor_id=None, now=START)
    asks = told(clerk, page_of("lose"), 409, memo="nothing more to be had")
    assert "must be approved first" in asks
    sent(clerk, page_of("lose"), memo="nothing more to be had", ask="1")
    request = ApprovalRequest.objects.get()
    boss = signed_in("boss")
    detail = text_of(boss.get(f"/approvals/{request.pk}/"))
    assert "K-1" in detail and "500.50" in detail
    assert "waits for its decision" in text_of(clerk.get(page_of()))
    sent(boss, f"/approvals/{request.pk}/decide/", decision="approve")
    assert only().state == "done" and OpenItem.objects.get(document_number="INV-2").balance.open_minor == 0


def test_the_rest_may_stay_open(world: World) -> None:
    clerk = signed_in("clerk")
    new = f"{NEW}?customer={public_id('cus', hualian(world).customer_id)}&kind=in_kind"
    sent(clerk, new, number="K-1", **{item_field("INV-2"): "2500"}, thing="Van", thing_kind="x", price="2000")
    document = paper(world)
    sent(clerk, page_of("sign"), party="all", paper=document)
    sent(clerk, page_of("value"), amount="2000", valuer="Li", paper=document)
    sent(clerk, page_of("post"), paper=document)
    assert "The rest stays open" in sent(clerk, page_of("keep"), memo="")
    assert "Done" in sent(clerk, page_of("invoice"), number="1", tax="", paper=document)
