"""Papers of other payers: a warning on the receipt until one is kept."""

from __future__ import annotations

import pytest

from huikuan.core.documents import EvidenceType, LinkKind
from huikuan.services.documents import add_document
from huikuan.services.receipts import NewReceipt, post_receipts
from huikuan.services.sealing import seal
from huikuan.store.models import CustomerAccount, DocumentLink, PaymentMandate
from huikuan.store.public_ids import public_id
from tests.databases import LedgerDb
from tests.web.test_pages import text_of
from tests.web.world import START, World, build_world, signed_in

pytestmark = pytest.mark.practice("E8")


@pytest.fixture
def world(ledger_db: LedgerDb) -> World:
    return build_world()


def test_a_warning_until_a_paper_is_kept(world: World) -> None:
    account = CustomerAccount.objects.filter(entity_id=world.cn).order_by("id")[0]
    new = NewReceipt("BK-5", START.date(), "CNY", 10_00, account.pk, reference="BK-5", payer_name="李华")
    [receipt] = post_receipts(world.cn, [new], actor_id=None, now=START)
    seal(now=START)
    boss = signed_in("boss")
    page = f"/receivables/receipts/{public_id('rcp', receipt)}/"
    assert "李华 paid, a person and not the customer" in text_of(boss.get(page))
    papers = f"/customers/{public_id('cus', account.customer_id)}/mandates/"
    assert "Add the signed paper" in text_of(boss.get(papers))
    add_document(
        b"signed",
        "mandate.txt",
        evidence_type=EvidenceType.LETTER,
        links=[(LinkKind.ACCOUNT, account.pk)],
        actor_id=None,
        now=START,
    )
    link = DocumentLink.objects.get()
    form = {"payer_name": "李华", "valid_from": "2026-01-01", "paper": f"{account.pk}:{link.document_id}"}
    assert boss.post(papers, form | {"paper": ""}).status_code == 400
    assert boss.post(papers, form | {"payer_name": " "}).status_code == 400
    assert boss.post(papers, form | {"valid_to": "2025-01-01"}).status_code == 400
    assert "The paper of 李华 is kept." in text_of(boss.post(papers, form, follow=True))
    assert "a person and not the customer" not in text_of(boss.get(page))
    paper = PaymentMandate.objects.get()
    boss.post(f"{papers}{paper.pk}/withdraw/")
    assert "a person and not the customer" in text_of(boss.get(page))
    assert boss.post(f"{papers}{paper.pk}/withdraw/").status_code == 400
