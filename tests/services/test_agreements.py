"""Debts that end without money: settlements of three parties and more, and things taken for debts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from huikuan.core.accounts import LedgerAccount
from huikuan.core.agreements import AgreementState, Claim, Party, PartyKind
from huikuan.core.approvals import ApprovalKind, ApprovalState
from huikuan.core.notes import AcceptorClass, NoteKind, Settles
from huikuan.core.rights import Role
from huikuan.services.agreements import (
    NewThreeParty,
    propose_three_party,
    sign_agreement,
    value_thing,
    withdraw_agreement,
)
from huikuan.services.agreements_posting import (
    invoice_thing,
    post_agreement,
    undo_agreement,
)
from huikuan.services.approvals import decide_approval, request_approval, set_ladder
from huikuan.services.notes import NewNote, take_note
from huikuan.services.rights import Forbidden
from huikuan.store.models import (
    ApprovalRequest,
    AuditEvent,
    Customer,
    JournalEntry,
    SettlementAgreement,
)
from tests.databases import LedgerDb
from tests.services.agreements import (
    LATER,
    WHO,
    B,
    asks_first,
    paper,
    person,
    propose,
    proven,
    refuses,
    ring,
    sign_all,
    state_of,
    them,
    us,
)
from tests.services.ledger import DAY, NOW, Ledger, entry_of_item, legs_of, sum_of

pytestmark = pytest.mark.practice("D5")


@pytest.fixture
def ledger(ledger_db: LedgerDb) -> Ledger:
    return Ledger()


# -- three parties -----------------------------------------------------------------------------------------------------
def test_the_round_is_posted_and_taken_back_to_the_cent(ledger: Ledger) -> None:
    first, second = ledger.item(60_00), ledger.item(70_00)
    number = propose(ledger, (first, 60_00), (second, 40_00))
    assert state_of(number) == "proposed" and not JournalEntry.objects.filter(kind="offset").exists()
    sign_all(ledger, number)
    [entry] = post_agreement(number, on=LATER, **WHO)
    assert state_of(number) == "done"
    assert legs_of(entry) == [
        ("trade", "CNY", -60_00, -60_00),
        ("trade", "CNY", -40_00, -40_00),
        ("payables", "CNY", 100_00, 100_00),
    ]
    row = JournalEntry.objects.get(id=entry)
    assert (row.kind, row.effective_date) == ("offset", LATER) and "Blue Paint" in row.memo and "M-1" in row.memo
    assert ledger.open_of(first) == (0, 0) and ledger.open_of(second) == (30_00, 30_00)
    proven()
    refuses("agreement.entry", ledger.reverse, entry, LATER)
    refuses("agreement.say_why", undo_agreement, number, on=LATER, memo=" ", **WHO)
    refuses("agreement.day", undo_agreement, number, on=DAY, memo="wrong", **WHO)
    undo_agreement(number, on=LATER, memo="never agreed", **WHO)
    assert state_of(number) == "undone"
    assert ledger.open_of(first) == (60_00, 60_00) and ledger.open_of(second) == (70_00, 70_00)
    assert sum_of(LedgerAccount.PAYABLES) == (0, 0)
    refuses("agreement.state", undo_agreement, number, on=LATER, memo="again", **WHO)
    proven()


def test_what_must_hold_before_anything_is_kept(ledger: Ledger) -> None:
    item, dollars = ledger.item(100_00), None
    ledger.rate("USD", "7.2")
    dollars = ledger.item(50_00, "USD")
    propose_ = lambda *lines, **more: propose(ledger, *lines, **more)  # noqa: E731
    wrong = refuses(
        "agreement.unbalanced", propose_, (item, 100_00), claims=(Claim(us(ledger), B, 90_00), *ring(ledger)[1:])
    )
    assert wrong.params["given"] == 100_00 and wrong.params["released"] == 90_00
    refuses("agreement.too_few", propose_, (item, 100_00), claims=(Claim(us(ledger), them(ledger), 100_00),))
    refuses("agreement.own_debt", propose_, (item, 100_00), claims=(Claim(B, replace(B, name="blue paint ltd"), 1),))
    refuses("agreement.amount", propose_, (item, 100_00), claims=(Claim(us(ledger), B, 0),))
    refuses("agreement.name_items", propose_, (item, 1), claims=(Claim(them(ledger), us(ledger), 5),))
    for nobody in (Party(PartyKind.CUSTOMER, "", 99), Party(PartyKind.OTHER, " ")):
        refuses("agreement.party_unknown", propose_, (item, 1), claims=(Claim(us(ledger), nobody, 1),))
    refuses("agreement.currency", propose_, (item, 100_00), (dollars, 50_00))
    refuses("agreement.number", propose_, (item, 100_00), number=" ")
    refuses("agreement.no_items", propose_, claims=ring(ledger))
    refuses("application.item_twice", propose_, (item, 50_00), (item, 50_00))
    refuses("item.unknown", propose_, (item, 50_00), (9_999, 50_00))
    refuses("application.over_applied", propose_, (item, 100_01))
    refuses("application.over_applied", propose_, (item, -1))
    propose(ledger, (item, 60_00))
    refuses("agreement.number_taken", propose_, (item, 40_00))
    refuses("agreement.held", propose_, (item, 40_01), number="M-2")
    assert propose(ledger, (item, 40_00), number="M-3")
    assert SettlementAgreement.objects.count() == 2


def test_the_same_proposal_twice_is_one(ledger: Ledger) -> None:
    item = ledger.item(100_00)
    new = NewThreeParty(ledger.entity_id, "M-1", ((item, 100_00),), ring(ledger))
    first = propose_three_party(new, on=DAY, key="k", **WHO)
    assert propose_three_party(new, on=DAY, key="k", **WHO) == first
    refuses("idempotency.other_body", propose_three_party, replace(new, memo="x"), on=DAY, key="k", **WHO)


def test_signatures_come_before_posting(ledger: Ledger) -> None:
    item = ledger.item(100_00)
    number = propose(ledger, (item, 100_00))
    waiting = refuses("agreement.not_signed", post_agreement, number, on=LATER, **WHO)
    assert waiting.params["name"] == "Customer C1"
    document = paper(ledger)
    refuses("agreement.paper_missing", sign_agreement, number, [1], None, on=DAY, **WHO)
    refuses("agreement.no_party", sign_agreement, number, [], document, on=DAY, **WHO)
    refuses("agreement.no_party", sign_agreement, number, [4], document, on=DAY, **WHO)
    refuses("agreement.day", sign_agreement, number, [1], document, on=DAY - timedelta(days=1), **WHO)
    assert sign_agreement(number, [1, 2], document, on=DAY, **WHO) == AgreementState.PROPOSED
    refuses("agreement.signed_already", sign_agreement, number, [2], document, on=DAY, **WHO)
    assert refuses("agreement.not_signed", post_agreement, number, on=LATER, **WHO).params["name"] == B.name
    assert sign_agreement(number, [3], document, on=LATER, **WHO) == AgreementState.SIGNED
    refuses("agreement.state", sign_agreement, number, [3], document, on=LATER, **WHO)
    refuses("agreement.day", post_agreement, number, on=DAY, **WHO)
    refuses("agreement.bad_kind", value_thing, number, 1, "Li", document, on=DAY, **WHO)
    refuses("agreement.bad_kind", invoice_thing, number, "1", 0, document, on=DAY, **WHO)
    refuses("agreement.unknown", post_agreement, 99, on=LATER, **WHO)
    refuses("agreement.unknown", withdraw_agreement, 99, on=LATER, **WHO)
    post_agreement(number, on=LATER, **WHO)
    refuses("agreement.state", post_agreement, number, on=LATER, **WHO)
    refuses("agreement.state", withdraw_agreement, number, on=LATER, **WHO)
    codes = AuditEvent.objects.filter(subject=f"agreement:{number}").order_by("id").values_list("code", flat=True)
    assert list(codes) == ["agreement.proposed", *["agreement.signed"] * 3, "agreement.posted"]


def test_what_is_paid_or_covered_meanwhile_is_not_settled_again(ledger: Ledger) -> None:
    paid, covered = ledger.item(100_00), ledger.item(100_00)
    number = propose(ledger, (paid, 100_00))
    sign_all(ledger, number)
    receipt = ledger.receipt(30_00)
    application = ledger.apply(receipt, (paid, 30_00))
    over = refuses("application.over_applied", post_agreement, number, on=LATER, **WHO)
    assert (over.params["amount"], over.params["open"]) == (100_00, 70_00)
    ledger.reverse(application)
    assert post_agreement(number, on=LATER, **WHO)
    new = NewNote(
        account_id=ledger.accounts["C1"], kind=NoteKind.ACCEPTANCE, number="B-1", acceptor="Bank",
        acceptor_class=AcceptorClass.MAJOR_BANK, currency="CNY", amount_minor=60_00, issue_date=DAY,
        maturity_date=DAY + timedelta(days=90), settles=Settles.AT_MATURITY, named=((covered, 60_00),),
    )  # fmt: skip
    take_note(ledger.entity_id, new, on=DAY, **WHO)
    held = refuses("agreement.held", propose, ledger, (covered, 50_00), number="M-2")
    assert held.params["available"] == 40_00
    assert propose(ledger, (covered, 40_00), number="M-2")


def test_an_item_under_an_agreement_stays_in_the_books(ledger: Ledger) -> None:
    """Reversing the item would take one entity's part back alone."""
    item = ledger.item(100_00)
    number = propose(ledger, (item, 100_00))
    sign_all(ledger, number)
    post_agreement(number, on=LATER, **WHO)
    refuses("entry.used_since", ledger.reverse, entry_of_item(item), LATER)
    undo_agreement(number, on=LATER, memo="wrong", **WHO)
    ledger.reverse(entry_of_item(item), LATER)
    assert ledger.open_of(item) == (0, 0)


def test_two_of_our_entities_balance_each_in_its_own_books(ledger: Ledger) -> None:
    """A owes the first, the first owes the second, the second owes B, B owes A. Both post, or none."""
    other = Ledger("EUR", "E2")
    ledger.rate("USD", "7.2")
    other.rate("USD", "0.9")
    item = ledger.item(100_00, "USD")
    claims = (Claim(us(ledger), us(other), 100_00), Claim(us(other), B, 100_00), Claim(B, them(ledger), 100_00))
    number = propose(ledger, (item, 100_00), claims=claims)
    sign_all(ledger, number)
    first, second = post_agreement(number, on=LATER, **WHO)
    assert legs_of(first) == [("trade", "USD", -100_00, -720_00), ("payables", "USD", 100_00, 720_00)]
    assert legs_of(second) == [("payables", "USD", 100_00, 90_00), ("payables", "USD", -100_00, -90_00)]
    assert JournalEntry.objects.get(id=second).entity_id == other.entity_id
    assert AuditEvent.objects.filter(code="agreement.posted", entity_id=other.entity_id).exists()
    undo_agreement(number, on=LATER, memo="wrong", **WHO)
    assert ledger.open_of(item) == (100_00, 720_00) and sum_of(LedgerAccount.PAYABLES) == (0, 0)
    proven()


def test_items_of_two_entities_and_a_credit_in_one_round(ledger: Ledger) -> None:
    """Customer A owes both our entities; we owe customer C a credit memo; the rest of what we owe stands elsewhere."""
    other = Ledger("CNY", "E2")
    Customer.objects.filter(accounts__id=other.accounts["C1"]).update(name="A at E2")
    mine, theirs = ledger.item(80_00), other.item(20_00)
    credit = ledger.item(-30_00, customer="C2")
    a, a2, c = them(ledger), them(other), them(ledger, "C2")
    from_b = (Claim(B, a, 50_00), Claim(B, a2, 20_00))
    claims = (Claim(us(ledger), B, 50_00), Claim(us(other), B, 20_00), *from_b, Claim(c, a, 30_00))
    number = propose(ledger, (mine, 80_00), (theirs, 20_00), (credit, -30_00), claims=claims)
    sign_all(ledger, number)
    first, second = post_agreement(number, on=LATER, **WHO)
    assert legs_of(first) == [
        ("trade", "CNY", -80_00, -80_00),
        ("trade", "CNY", 30_00, 30_00),
        ("payables", "CNY", 50_00, 50_00),
    ]
    assert legs_of(second) == [("trade", "CNY", -20_00, -20_00), ("payables", "CNY", 20_00, 20_00)]
    assert [ledger.open_of(one) for one in (mine, theirs, credit)] == [(0, 0)] * 3
    proven()


def test_credits_booked_at_another_rate_leave_an_exchange_difference(ledger: Ledger) -> None:
    """80.00 USD given up at 7.2 and a credit of 30.00 USD booked at 7.0: 30.00 x 0.2 = 6.00 is a loss."""
    ledger.rate("USD", "7.2")
    item = ledger.item(80_00, "USD")
    ledger.rate("USD", "7.0", DAY + timedelta(days=1))
    credit = ledger.item(-30_00, "USD", customer="C2", on=DAY + timedelta(days=1))
    a, c = them(ledger), them(ledger, "C2")
    claims = (Claim(us(ledger), B, 50_00), Claim(B, a, 50_00), Claim(c, a, 30_00))
    number = propose(ledger, (item, 80_00), (credit, -30_00), claims=claims)
    sign_all(ledger, number)
    [entry] = post_agreement(number, on=LATER, **WHO)
    assert legs_of(entry) == [
        ("trade", "USD", -80_00, -576_00),
        ("trade", "USD", 30_00, 210_00),
        ("payables", "USD", 50_00, 360_00),
        ("exchange_difference", "USD", 0, 6_00),
    ]


# -- rights and approval -----------------------------------------------------------------------------------------------
def test_each_entity_decides_by_its_own_ladder(ledger: Ledger) -> None:
    other = Ledger("CNY", "E2")
    item = ledger.item(100_00)
    claims = (Claim(us(ledger), us(other), 100_00), Claim(us(other), B, 100_00), Claim(B, them(ledger), 100_00))
    number = propose(ledger, (item, 100_00), claims=claims)
    sign_all(ledger, number)
    both = [(one.entity_id, Role.COLLECTOR) for one in (ledger, other)]
    asks, chief = person("asks", *both), person("chief", *((number_, Role.CFO) for number_, _ in both))
    for one in (ledger, other):
        set_ladder(one.entity_id, ApprovalKind.OFFSET, [(Role.CFO, 50_00)], **WHO)
    who = {"actor_id": asks, "now": NOW}
    needed = asks_first(post_agreement, number, on=LATER, **who)
    assert needed.proposal.entity_id == ledger.entity_id and needed.proposal.base_minor == 100_00
    request = request_approval(needed.proposal, **who)
    assert decide_approval(request, True, actor_id=chief, now=NOW, today=LATER) == (ApprovalState.APPROVED, None)
    assert state_of(number) == "signed"
    second = ApprovalRequest.objects.get(state="open")
    assert second.entity_id == other.entity_id
    _, entry = decide_approval(second.pk, True, actor_id=chief, now=NOW, today=LATER)
    assert entry is not None and state_of(number) == "done" and ledger.open_of(item) == (0, 0)


def test_pieces_of_one_item_count_together(ledger: Ledger) -> None:
    item = ledger.item(200_00)
    set_ladder(ledger.entity_id, ApprovalKind.OFFSET, [(Role.CFO, 100_00)], **WHO)
    who = {"actor_id": person("asks", (ledger.entity_id, Role.COLLECTOR)), "now": NOW}
    for name in ("M-1", "M-2"):
        number = propose(ledger, (item, 60_00), number=name)
        sign_all(ledger, number)
        if name == "M-1":
            post_agreement(number, on=LATER, **who)
    assert asks_first(post_agreement, number, on=LATER, **who).proposal.before_minor == 60_00


def test_who_may(ledger: Ledger) -> None:
    other = Ledger("CNY", "E2")
    item, abroad = ledger.item(100_00), other.item(10_00)
    clerk, here = person("clerk", (ledger.entity_id, Role.AR_CLERK)), person("here", (ledger.entity_id, Role.COLLECTOR))
    new = NewThreeParty(ledger.entity_id, "M-1", ((item, 100_00),), ring(ledger))
    with pytest.raises(Forbidden):
        propose_three_party(new, on=DAY, actor_id=clerk, now=NOW)
    with pytest.raises(Forbidden):
        propose_three_party(replace(new, lines=((item, 1), (abroad, 1))), on=DAY, actor_id=here, now=NOW)
    number = propose_three_party(new, on=DAY, actor_id=here, now=NOW)
    with pytest.raises(Forbidden):
        sign_agreement(number, [1], paper(ledger), on=DAY, actor_id=clerk, now=NOW)
    sign_all(ledger, number)
    with pytest.raises(Forbidden):
        post_agreement(number, on=LATER, actor_id=clerk, now=NOW)
    post_agreement(number, on=LATER, actor_id=here, now=NOW)
    with pytest.raises(Forbidden):
        undo_agreement(number, on=LATER, memo="x", actor_id=here, now=NOW)
    undo_agreement(number, on=LATER, memo="x", actor_id=clerk, now=NOW)


def test_a_withdrawn_agreement_frees_its_items_and_its_number(ledger: Ledger) -> None:
    item = ledger.item(100_00)
    number = propose(ledger, (item, 100_00))
    withdraw_agreement(number, on=DAY, memo="B changed its mind", **WHO)
    assert state_of(number) == "withdrawn"
    refuses("agreement.state", sign_agreement, number, [1], None, on=DAY, **WHO)
    assert propose(ledger, (item, 100_00)) != number
