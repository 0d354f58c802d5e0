"""Things taken for debts: valuation, title, invoice, and what becomes of the rest."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from huikuan.core.agreements import AgreementState, ThingKind
from huikuan.core.approvals import ApprovalKind
from huikuan.core.rights import Role
from huikuan.services.agreements import (
    NewInKind,
    propose_in_kind,
    value_thing,
)
from huikuan.services.agreements_posting import (
    invoice_thing,
    keep_rest,
    lose_rest,
    post_agreement,
    undo_agreement,
)
from huikuan.services.approvals import decide_approval, request_approval, set_ladder
from tests.databases import LedgerDb
from tests.services.agreements import (
    LATER,
    WHO,
    asks_first,
    paper,
    person,
    proven,
    refuses,
    sign_all,
    state_of,
)
from tests.services.ledger import DAY, NOW, Ledger, legs_of

pytestmark = pytest.mark.practice("D5")


@pytest.fixture
def ledger(ledger_db: LedgerDb) -> Ledger:
    return Ledger()


def take(ledger: Ledger, *debts: tuple[int, int], price: int = 80_00, **more: Any) -> int:
    new = NewInKind(ledger.entity_id, "K-1", debts, price, "Van, 2023", ThingKind.VEHICLE, "Ningbo")
    return propose_in_kind(replace(new, **more), on=DAY, **WHO)


def test_a_thing_closes_the_oldest_debts_and_the_rest_is_lost(ledger: Ledger) -> None:
    old, new = ledger.item(50_00), ledger.item(50_00, due=DAY + timedelta(days=30))
    number = take(ledger, (new, 50_00), (old, 50_00))
    document = paper(ledger)
    sign_all(ledger, number)
    refuses("agreement.not_valued", post_agreement, number, on=LATER, document_id=document, **WHO)
    refuses("agreement.valuer", value_thing, number, 90_00, " ", document, on=DAY, **WHO)
    refuses("agreement.price", value_thing, number, 0, "Li", document, on=DAY, **WHO)
    refuses("agreement.paper_missing", value_thing, number, 90_00, "Li", None, on=DAY, **WHO)
    value_thing(number, 79_99, "Li and partners", document, on=DAY, **WHO)
    refuses("agreement.above_valuation", post_agreement, number, on=LATER, document_id=document, **WHO)
    value_thing(number, 90_00, "Li and partners", document, on=DAY, **WHO)
    refuses("agreement.paper_missing", post_agreement, number, on=LATER, **WHO)
    refuses("agreement.state", lose_rest, number, on=LATER, memo="x", **WHO)
    [entry] = post_agreement(number, on=LATER, document_id=document, **WHO)
    assert legs_of(entry) == [
        ("trade", "CNY", -50_00, -50_00), ("assets_received", "CNY", 50_00, 50_00),
        ("trade", "CNY", -30_00, -30_00), ("assets_received", "CNY", 30_00, 30_00),
    ]  # fmt: skip
    assert state_of(number) == "posted" and ledger.open_of(new) == (20_00, 20_00)
    refuses("agreement.invoice_number", invoice_thing, number, " ", 0, document, on=LATER, **WHO)
    refuses("agreement.tax", invoice_thing, number, "25442000000012345678", 80_00, document, on=LATER, **WHO)
    assert invoice_thing(number, "25442000000012345678", 9_20, document, on=LATER, **WHO) == AgreementState.POSTED
    refuses("agreement.invoiced", invoice_thing, number, "2", 0, document, on=LATER, **WHO)
    refuses("agreement.say_why", lose_rest, number, on=LATER, memo="", **WHO)
    [loss] = lose_rest(number, on=LATER, memo="nothing more to be had", **WHO)
    assert legs_of(loss) == [("trade", "CNY", -20_00, -20_00), ("bad_debt", "CNY", 20_00, 20_00)]
    assert state_of(number) == "done" and ledger.open_of(new) == (0, 0)
    refuses("agreement.entry", ledger.reverse, loss, LATER)
    undo_agreement(number, on=LATER, memo="the van was stolen", **WHO)
    assert ledger.open_of(old) == ledger.open_of(new) == (50_00, 50_00)
    proven()


def test_the_rest_may_stay_open(ledger: Ledger) -> None:
    item = ledger.item(100_00)
    number = take(ledger, (item, 100_00))
    document = paper(ledger)
    sign_all(ledger, number)
    value_thing(number, 80_00, "Li", document, on=DAY, **WHO)
    post_agreement(number, on=LATER, document_id=document, **WHO)
    assert keep_rest(number, on=LATER, memo="he pays by March", **WHO) == AgreementState.POSTED
    refuses("agreement.no_rest", lose_rest, number, on=LATER, memo="x", **WHO)
    assert invoice_thing(number, "1", 0, document, on=LATER, **WHO) == AgreementState.DONE
    refuses("agreement.state", keep_rest, number, on=LATER, **WHO)
    assert ledger.open_of(item) == (20_00, 20_00)


def test_what_a_thing_may_be_taken_for(ledger: Ledger) -> None:
    item, others, credit = ledger.item(100_00), ledger.item(10_00, customer="C2"), ledger.item(-5_00)
    refuses("agreement.thing", take, ledger, (item, 100_00), thing=" ")
    refuses("agreement.price", take, ledger, (item, 100_00), price=0)
    refuses("agreement.over_debt", take, ledger, (item, 100_00), price=100_01)
    refuses("agreement.one_customer", take, ledger, (item, 100_00), (others, 10_00))
    refuses("agreement.one_customer", take, ledger, (credit, -5_00))
    refuses("agreement.no_items", take, ledger)
    number = take(ledger, (item, 100_00), price=100_00)
    sign_all(ledger, number)
    value_thing(number, 100_00, "Li", paper(ledger), on=DAY, **WHO)
    post_agreement(number, on=LATER, document_id=paper(ledger), **WHO)
    refuses("agreement.no_rest", lose_rest, number, on=LATER, memo="x", **WHO)
    refuses("agreement.no_rest", keep_rest, number, on=LATER, **WHO)


def test_a_rest_paid_meanwhile_is_not_lost(ledger: Ledger) -> None:
    item = ledger.item(100_00)
    number = take(ledger, (item, 100_00))
    sign_all(ledger, number)
    value_thing(number, 80_00, "Li", paper(ledger), on=DAY, **WHO)
    post_agreement(number, on=LATER, document_id=paper(ledger), **WHO)
    receipt = ledger.receipt(20_00)
    ledger.apply(receipt, (item, 20_00), on=LATER)
    refuses("agreement.no_rest", lose_rest, number, on=LATER, memo="x", **WHO)


def test_a_loss_needs_the_approval_of_a_write_off(ledger: Ledger) -> None:
    item = ledger.item(100_00)
    number = take(ledger, (item, 100_00))
    document = paper(ledger)
    sign_all(ledger, number)
    value_thing(number, 80_00, "Li", document, on=DAY, **WHO)
    entity = ledger.entity_id
    asks, chief = person("asks", (entity, Role.COLLECTOR)), person("chief", (entity, Role.CFO))
    set_ladder(entity, ApprovalKind.WRITE_OFF, [(Role.CFO, 10_00)], **WHO)
    who: dict[str, Any] = {"actor_id": asks, "now": NOW}
    post_agreement(number, on=LATER, document_id=document, **who)
    needed = asks_first(lose_rest, number, on=LATER, memo="gone", **who)
    assert needed.proposal.base_minor == 20_00
    request = request_approval(needed.proposal, **who)
    _, entry = decide_approval(request, True, actor_id=chief, now=NOW, today=LATER)
    assert entry is not None and ledger.open_of(item) == (0, 0)
