"""A bounce recorded by mistake is taken back: the money stands as before, to the cent."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from huikuan.core.channels import Channel
from huikuan.core.documents import EvidenceType, LinkKind
from huikuan.core.matching import Rest
from huikuan.core.payout_differences import Reason
from huikuan.services import bank_ties
from huikuan.services.documents import add_document
from huikuan.services.payout_differences import explain_difference
from huikuan.services.payouts import settle_payout, undo_payout
from huikuan.services.reinstating import may_reinstate, reinstate_receipt
from huikuan.services.reversals import reverse_entry
from huikuan.services.rights import Forbidden
from huikuan.store.models import (
    BankLineReceipt,
    DebitPayment,
    DocumentLink,
    JournalEntry,
    LineDecision,
    LinePart,
    OpenItemBalance,
    Payout,
    Receipt,
    ReceiptBalance,
    ReceiptChannel,
    ReceiptParty,
)
from tests.core.test_money import refused
from tests.databases import LedgerDb
from tests.services.debits import WHO, Debits, row, states
from tests.services.desk import SYSTEM, Counter, balances, money_of, open_on
from tests.services.shops import Stall
from tests.services.test_concurrency import codes
from tests.services.test_idempotency import at_once
from tests.services.test_line_decisions import clerk, sound
from tests.services.test_money_twists import returned, split, typed
from tests.simulation.invariants import check_invariants

pytestmark = pytest.mark.practice("E1")
DAY = date(2026, 3, 10)


@pytest.fixture
def desk(ledger_db: LedgerDb) -> Counter:
    return Counter.open()


def reinstate(desk: Counter, receipt: int, **more: Any) -> tuple[int, ...]:
    return reinstate_receipt(
        desk.books.entity_id, receipt, memo="it was another payment", **{**SYSTEM, **more}
    ).receipts


def everything() -> dict[str, Any]:
    """Every balance in both currencies; receipts without their numbers, which change."""
    names = "account_id", "unidentified_minor", "unapplied_minor", "on_account_minor", "open_base_minor"
    standing = ReceiptBalance.objects.filter(receipt__entry__reversed_by__isnull=True)
    return {
        "items": sorted(OpenItemBalance.objects.values_list("item_id", "open_minor", "open_base_minor")),
        "receipts": sorted(standing.values_list(*names), key=str),
    }


def test_a_receipt_and_all_that_was_done_with_it_come_back(desk: Counter) -> None:
    books = desk.books
    books.rate("USD", "1.25")
    items = [books.item(300_00, "USD"), books.item(200_00, "USD")]
    receipt = books.receipt(700_00, "USD", customer=None)
    books.identify(receipt)
    books.apply(receipt, (items[0], 300_00), (items[1], 50_00))
    books.park(receipt, 100_00)
    before, entry = everything(), Receipt.objects.get(id=receipt).entry_id
    reverse_entry(books.entity_id, entry, on=date(2026, 3, 20), memo="AC04", **SYSTEM)
    assert everything() != before and may_reinstate(receipt)
    (anew,) = reinstate(desk, receipt)
    assert everything() == before
    made = JournalEntry.objects.filter(postings__receipt_id=anew).distinct()
    assert {one.effective_date for one in made} == {date(2026, 3, 20)}
    old, new = Receipt.objects.get(id=receipt), Receipt.objects.get(id=anew)
    assert (new.amount_minor, new.base_minor, new.value_date) == (old.amount_minor, old.base_minor, old.value_date)
    assert not may_reinstate(receipt) and not may_reinstate(anew)
    with refused("receipt.posted_anew"):
        reinstate(desk, receipt)
    with refused("receipt.stands"):
        reinstate(desk, anew)
    # It bounces after all, and is posted anew once more.
    reverse_entry(books.entity_id, new.entry_id, on=date(2026, 3, 25), **SYSTEM)
    reinstate(desk, anew)
    assert everything() == before
    sound()


def test_what_hangs_on_a_receipt_goes_with_it(desk: Counter) -> None:
    entity = desk.books.entity_id
    receipt = typed(desk, "R-1", 100_00, channel=Channel.TRANSFER, payer_name="Alpha")
    links = [(LinkKind.RECEIPT, receipt)]
    add_document(b"%PDF-1.7 letter", "letter.pdf", evidence_type=EvidenceType.OTHER, links=links, **SYSTEM)
    reverse_entry(entity, Receipt.objects.get(id=receipt).entry_id, on=DAY, **SYSTEM)
    (anew,) = reinstate(desk, receipt)
    assert ReceiptChannel.objects.get(receipt_id=anew).channel == "transfer"
    assert DocumentLink.objects.filter(object_id=anew, kind="receipt").count() == 1
    assert ReceiptParty.objects.get(receipt_id=anew).payer_name == "Alpha"
    sound()


def test_a_line_says_what_it_said_and_the_return_waits_again(desk: Counter) -> None:
    item = desk.books.item(60_00)
    line = desk.line("100.00", name="Alpha")
    first = desk.apply(line, desk.leg(item, 60_00), rest=Rest.OPEN)
    before, standing = balances()[0], money_of(line)
    receipt = Receipt.objects.get(bank_lines__line_id=line)
    back = returned(desk, "100.00")
    bank_ties.bounce_receipt(back, receipt.pk, **SYSTEM)
    (anew,) = reinstate(desk, receipt.pk)
    assert (balances()[0], money_of(line)) == (before, standing)
    assert BankLineReceipt.objects.get(line_id=line).receipt_id == anew
    assert not BankLineReceipt.objects.filter(line_id=back).exists()
    live = LineDecision.objects.filter(line_id=line, undone_by__isnull=True).exclude(deed="undo").get()
    assert (live.pk != first, live.legs, live.leaves_minor) == (True, LineDecision.objects.get(id=first).legs, 40_00)
    # More is decided about it, and all of it is taken back as ever.
    second = desk.apply(line, desk.leg(desk.books.item(40_00), 40_00))
    desk.undo(second)
    desk.undo(live.pk)
    assert (open_on(item), money_of(line)) == (60_00, (100_00, 0, 0))
    # The return was of this payment after all.
    bank_ties.bounce_receipt(back, anew, **SYSTEM)
    sound()


def test_a_payment_for_several_customers_comes_back_as_a_whole(desk: Counter) -> None:
    line, _made, mine, theirs = split(desk)
    part = LinePart.objects.filter(line_id=line).latest("receipt_id").receipt_id
    bank_ties.bounce_receipt(returned(desk, "100.00"), part, **SYSTEM)
    assert len(reinstate(desk, part)) == 2
    assert (open_on(mine), open_on(theirs), money_of(line)) == (0, 0, (0, 0, 0))
    desk.undo(LineDecision.objects.filter(line_id=line, undone_by__isnull=True).exclude(deed="undo").get().pk)
    assert (open_on(mine), open_on(theirs), money_of(line)) == (60_00, 40_00, (100_00, 0, 0))
    sound()


def test_what_was_paid_otherwise_since_is_refused(desk: Counter) -> None:
    books = desk.books
    item = books.item(100_00)
    receipt, other = books.receipt(100_00), books.receipt(30_00)
    books.apply(receipt, (item, 100_00))
    reverse_entry(books.entity_id, Receipt.objects.get(id=receipt).entry_id, on=DAY, **SYSTEM)
    applied = books.apply(other, (item, 30_00))
    with refused("receipt.paid_since"):
        reinstate(desk, receipt)
    books.reverse(applied)
    reinstate(desk, receipt)
    assert open_on(item) == 0
    sound()


def test_who_may_not_reverse_may_not(desk: Counter) -> None:
    receipt = typed(desk, "R-1", 100_00)
    reverse_entry(desk.books.entity_id, Receipt.objects.get(id=receipt).entry_id, on=DAY, **SYSTEM)
    reader = clerk(desk, "reader", "auditor")
    with pytest.raises(Forbidden):
        reinstate(desk, receipt, actor_id=reader)


def test_a_direct_debit_is_collected_again(ledger_db: LedgerDb) -> None:
    debits = Debits()
    for name in ("C1", "C2"):
        debits.mandate(name)
    items = [debits.item(amount, name) for amount, name in ((100_00, "C1"), (200_00, "C2"))]
    run = debits.at_bank()
    debits.statement([row(300_00)], batch="DD-E1-2026-0001-1")
    (line,) = debits.statement([row(-200_00, e2e="DD-E1-2026-0001-2", returned="MS03")])
    assert [debits.open_of(one) for one in items] == [0, 200_00]
    payment = DebitPayment.objects.get(run=run, ordinal=2)
    reinstate_receipt(debits.entity_id, payment.receipt_id or 0, memo="the bank's mistake", **WHO)
    assert (states(run), [debits.open_of(one) for one in items]) == (["collected"] * 2, [0, 0])
    payment.refresh_from_db()
    assert (payment.return_line_id, payment.return_reason, payment.returned_on) == (None, "", None)
    assert not BankLineReceipt.objects.filter(line_id=line).exists()
    check_invariants()


def test_two_at_once_take_it_back_once(desk: Counter) -> None:
    books = desk.books
    item, receipt = books.item(100_00), books.receipt(100_00)
    books.apply(receipt, (item, 100_00))
    reverse_entry(books.entity_id, Receipt.objects.get(id=receipt).entry_id, on=DAY, **SYSTEM)
    answers = at_once(lambda: reinstate(desk, receipt), lambda: reinstate(desk, receipt))
    assert codes(answers) == ["done", "receipt.posted_anew"]
    assert open_on(item) == 0
    sound()


def test_it_is_taken_back_while_the_item_is_paid(desk: Counter) -> None:
    books = desk.books
    item, receipt, other = books.item(100_00), books.receipt(100_00), books.receipt(100_00)
    books.apply(receipt, (item, 100_00))
    reverse_entry(books.entity_id, Receipt.objects.get(id=receipt).entry_id, on=DAY, **SYSTEM)
    answers = at_once(lambda: reinstate(desk, receipt), lambda: books.apply(other, (item, 100_00)))
    assert codes(answers).count("done") == 1
    assert open_on(item) == 0
    sound()


def test_a_payout_of_a_platform_is_settled_again(ledger_db: LedgerDb) -> None:
    stall = Stall.open()
    stall.sales("T1,2026-03-01,100.00", "T2,2026-03-01,60.00")
    (line,) = stall.bank(("2026-03-03", "152.00"))
    assert stall.match()[0].payout_id
    before = stall.open_items()
    receipt = Receipt.objects.get(bank_lines__line_id=line)
    reverse_entry(stall.counter.books.entity_id, receipt.entry_id, on=date(2026, 3, 5), **SYSTEM)
    assert stall.open_items() != before
    reinstate(stall.counter, receipt.pk)
    assert stall.open_items() == before
    payout = Payout.objects.get(decision__undone_by=None)
    assert (payout.line_id, payout.booked_minor, payout.parts.count()) == (line, 8_00, 1)
    undo_payout(payout.pk, **SYSTEM)
    assert list(stall.open_items().values()) == [160_00]
    sound()


def test_a_fee_accepted_for_a_payout_stays_accepted(ledger_db: LedgerDb) -> None:
    stall = Stall.open()
    stall.sales("T1,2026-03-01,100.00", "T2,2026-03-01,60.00")
    (line,) = stall.bank(("2026-03-03", "150.00"))
    stall.match()
    settle_payout(stall.shop_id, line, [stall.unit("2026-03-01")], **SYSTEM)
    less = stall.difference("2026-03-03", "paid_less")
    said = {"reason": Reason.FEE_ACCEPTED, "note": "agreed", "on": date(2026, 3, 4)}
    explain_difference(stall.shop_id, less.kind, less.key, 2_00, **said, **SYSTEM)
    assert (stall.differences("2026-03-06"), stall.open_items()) == ([], {})
    receipt = Receipt.objects.get(bank_lines__line_id=line)
    reverse_entry(stall.counter.books.entity_id, receipt.entry_id, on=date(2026, 3, 5), **SYSTEM)
    reinstate(stall.counter, receipt.pk)
    assert (stall.differences("2026-03-06"), stall.open_items()) == ([], {})
    sound()
