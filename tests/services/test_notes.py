"""Notes through their lives, in both ways of settling: what each step posts, what it leaves open, what is refused."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from huikuan.core.accounts import EntryKind, LedgerAccount
from huikuan.core.notes import AcceptorClass, NoteKind, NoteState, Settles
from huikuan.services.notes import NewNote, covered_of, take_note
from huikuan.services.notes_split import split_note
from huikuan.services.notes_standing import states_of
from huikuan.services.notes_steps import (
    Discount,
    Endorsement,
    discount_note,
    dishonour_note,
    endorse_note,
    pay_note,
    present_note,
    return_note,
)
from huikuan.services.notes_undo import undo_step
from huikuan.store.models import JournalEntry, Note, NoteEvent, OpenItem, ReceiptChannel
from tests.core.test_money import refused
from tests.databases import LedgerDb
from tests.services.ledger import DAY, Ledger, entry_of_receipt, legs_of, sum_of
from tests.simulation.invariants import check_invariants

pytestmark = pytest.mark.practice("E1")

BOTH = pytest.mark.parametrize("settles", list(Settles))
AT_ONCE, AT_MATURITY = Settles.AT_ONCE, Settles.AT_MATURITY
MATURES = DAY + timedelta(days=90)


@pytest.fixture
def ledger(ledger_db: LedgerDb) -> Ledger:
    return Ledger()


def take(ledger: Ledger, amount: int, *named: tuple[int, int], settles: Settles = AT_ONCE, **more: Any) -> int:
    new = {
        "account_id": ledger.customer("C1"),
        "kind": NoteKind.ACCEPTANCE,
        "number": ledger.next_name("5313"),
        "acceptor": "Bank of Somewhere",
        "acceptor_class": AcceptorClass.MAJOR_BANK,
        "currency": ledger.currency,
        "amount_minor": amount,
        "issue_date": DAY,
        "maturity_date": MATURES,
        "settles": settles,
        "named": named,
    } | more
    on = new.pop("on", DAY)
    return take_note(ledger.entity_id, NewNote(**new), on=on, **ledger.common)


def discount(
    ledger: Ledger, note: int, rate: str = "1.8", *, on: date = DAY, recourse: bool = True, **more: Any
) -> int:
    terms = Discount("Bank", Decimal(rate), with_recourse=recourse, **more)
    return discount_note(ledger.entity_id, note, terms, on=on, **ledger.common)


def state(note: int) -> NoteState:
    return states_of(Note.objects.filter(pk=note))[note]


def item_of(note: int) -> int:
    number = Note.objects.get(pk=note).item_id
    assert number is not None
    return number


def steps(ledger: Ledger, note: int) -> Any:
    """Steps by name, on the day of maturity."""

    def step(name: str, on: date = MATURES) -> int:
        known: dict[str, Any] = {
            "pay": pay_note,
            "dishonour": dishonour_note,
            "return": return_note,
            "present": present_note,
        }
        memo = {} if name in ("pay", "present") else {"memo": "no funds"}
        return known[name](ledger.entity_id, note, on=on, **memo, **ledger.common) or 0

    return step


def test_settling_at_once_the_item_is_paid_and_the_note_is_owed(ledger: Ledger) -> None:
    invoice = ledger.item(100_000_00)
    note = take(ledger, 100_000_00, (invoice, 100_000_00))
    row = Note.objects.get(pk=note)
    assert row.receipt_id is not None
    assert legs_of(entry_of_receipt(row.receipt_id)) == [
        ("notes", "CNY", 100_000_00, 100_000_00),
        ("unapplied", "CNY", -100_000_00, -100_000_00),
    ]
    assert ledger.open_of(invoice) == (0, 0)
    assert ledger.open_of(item_of(note)) == (100_000_00, 100_000_00)
    assert OpenItem.objects.get(id=item_of(note)).due_date == MATURES
    assert ReceiptChannel.objects.get(receipt_id=row.receipt_id).channel == "note"
    assert state(note) == NoteState.HELD
    check_invariants()


def test_settling_at_maturity_the_item_is_covered_and_stays_open(ledger: Ledger) -> None:
    invoice = ledger.item(100_000_00)
    before = JournalEntry.objects.count()
    take(ledger, 60_000_00, (invoice, 60_000_00), settles=AT_MATURITY)
    assert JournalEntry.objects.count() == before
    assert ledger.open_of(invoice) == (100_000_00, 100_000_00)
    assert covered_of([invoice]) == {invoice: 60_000_00}
    with refused("note.cover_exceeds"):
        take(ledger, 60_000_00, (invoice, 60_000_00), settles=AT_MATURITY)
    take(ledger, 60_000_00, settles=AT_MATURITY, oldest_first=True)
    assert covered_of([invoice]) == {invoice: 100_000_00}


def test_taken_discounted_dishonoured_the_debt_is_open_again(ledger: Ledger) -> None:
    invoice = ledger.item(100_000_00)
    note = take(ledger, 100_000_00, (invoice, 100_000_00))
    entry = discount(ledger, note)
    assert legs_of(entry) == [
        ("bank", "CNY", 99_550_00, 99_550_00),
        ("finance_cost", "CNY", 450_00, 450_00),
        ("assigned", "CNY", -100_000_00, -100_000_00),
    ]
    assert ledger.open_of(item_of(note)) == (100_000_00, 100_000_00)
    event = NoteEvent.objects.get(note_id=note, step="discounted")
    assert (event.days, event.rate_percent, event.interest_minor) == (90, Decimal("1.8"), 450_00)
    back = steps(ledger, note)("dishonour")
    assert legs_of(back) == [("assigned", "CNY", 100_000_00, 100_000_00), ("bank", "CNY", -100_000_00, -100_000_00)]
    assert state(note) == NoteState.DISHONOURED
    assert ledger.open_of(invoice) == (100_000_00, 100_000_00)
    assert ledger.open_of(item_of(note)) == (0, 0)
    for account in (LedgerAccount.ASSIGNED, LedgerAccount.NOTES, LedgerAccount.UNAPPLIED):
        assert sum_of(account) == (0, 0)
    assert sum_of(LedgerAccount.BANK) == (-450_00, -450_00)
    with refused("note.final"):
        undo_step(ledger.entity_id, note, on=MATURES, **ledger.common)
    check_invariants()


def test_the_same_where_notes_settle_at_maturity(ledger: Ledger) -> None:
    invoice = ledger.item(100_000_00)
    note = take(ledger, 100_000_00, (invoice, 100_000_00), settles=AT_MATURITY)
    discount(ledger, note)
    assert covered_of([invoice]) == {invoice: 100_000_00}
    steps(ledger, note)("dishonour")
    assert covered_of([invoice]) == {}
    assert ledger.open_of(invoice) == (100_000_00, 100_000_00)
    assert sum_of(LedgerAccount.BANK) == (-450_00, -450_00)
    check_invariants()


@BOTH
@pytest.mark.parametrize("way", ["held", "presented", "with", "without"])
def test_paid_in_the_end_everything_is_settled(ledger: Ledger, settles: Settles, way: str) -> None:
    invoice = ledger.item(100_000_00)
    note = take(ledger, 100_000_00, (invoice, 100_000_00), settles=settles)
    step = steps(ledger, note)
    if way == "presented":
        step("present")
    if way in ("with", "without"):
        discount(ledger, note, recourse=way == "with")
    if way == "without":
        with refused("note.not_ours"):
            step("pay")
        assert state(note) == NoteState.DISCOUNTED
    else:
        step("pay")
        assert state(note) == NoteState.PAID
    assert ledger.open_of(invoice) == (0, 0)
    assert covered_of([invoice]) == {}
    interest = 450_00 if way in ("with", "without") else 0
    assert sum_of(LedgerAccount.BANK) == (100_000_00 - interest,) * 2
    for account in (LedgerAccount.ASSIGNED, LedgerAccount.NOTES, LedgerAccount.UNAPPLIED):
        assert sum_of(account) == (0, 0)
    check_invariants()


@BOTH
def test_endorsed_to_a_supplier_and_come_back(ledger: Ledger, settles: Settles) -> None:
    invoice = ledger.item(50_000_00)
    note = take(ledger, 50_000_00, (invoice, 50_000_00), settles=settles)
    endorse_note(ledger.entity_id, note, Endorsement("Supplier"), on=DAY, **ledger.common)
    assert sum_of(LedgerAccount.PAYABLES) == (50_000_00, 50_000_00)
    steps(ledger, note)("dishonour")
    assert sum_of(LedgerAccount.PAYABLES) == (0, 0)
    assert ledger.open_of(invoice) == (50_000_00, 50_000_00)
    check_invariants()


@BOTH
def test_each_step_can_be_taken_back(ledger: Ledger, settles: Settles) -> None:
    invoice = ledger.item(100_000_00)
    note = take(ledger, 100_000_00, (invoice, 100_000_00), settles=settles)
    step = steps(ledger, note)
    common = {"on": MATURES, **ledger.common}
    with refused("note.nothing_to_undo"):
        undo_step(ledger.entity_id, note, **common)
    for recourse in (True, False):
        discount(ledger, note, recourse=recourse, on=MATURES - timedelta(days=1))
        undo_step(ledger.entity_id, note, **common)
        assert state(note) == NoteState.HELD
    step("present")
    step("pay")
    undo_step(ledger.entity_id, note, **common)
    assert state(note) == NoteState.PRESENTED
    undo_step(ledger.entity_id, note, **common)
    assert state(note) == NoteState.HELD
    assert sum_of(LedgerAccount.BANK) == (0, 0)
    assert ledger.open_of(invoice)[0] == (0 if settles == AT_ONCE else 100_000_00)
    check_invariants()


@BOTH
def test_a_divisible_bill_is_split_and_one_part_is_dishonoured(ledger: Ledger, settles: Settles) -> None:
    first, second = ledger.item(70_000_00), ledger.item(30_000_00)
    ranges = {"range_first": 1, "range_last": 100_000_00}
    note = take(ledger, 100_000_00, (first, 70_000_00), (second, 30_000_00), settles=settles, **ranges)
    parts = split_note(ledger.entity_id, note, [60_000_00, 40_000_00], on=DAY, **ledger.common)
    rows = [Note.objects.get(pk=part) for part in parts]
    assert [(row.range_first, row.range_last) for row in rows] == [(1, 60_000_00), (60_000_01, 100_000_00)]
    assert state(note) == NoteState.SPLIT
    discount(ledger, parts[1])
    with refused("note.parts_moved"):
        undo_step(ledger.entity_id, note, on=DAY, **ledger.common)
    steps(ledger, parts[0])("dishonour")
    opened = ledger.open_of(first)[0] + ledger.open_of(second)[0]
    assert opened == (60_000_00 if settles == AT_ONCE else 100_000_00)
    steps(ledger, parts[1])("pay")
    opened = ledger.open_of(first)[0] + ledger.open_of(second)[0]
    assert opened == 60_000_00
    assert sum_of(LedgerAccount.NOTES) == sum_of(LedgerAccount.UNAPPLIED) == (0, 0)
    check_invariants()


@BOTH
def test_a_split_can_be_taken_back(ledger: Ledger, settles: Settles) -> None:
    note = take(ledger, 10_00, settles=settles, range_first=5, range_last=1004)
    parts = split_note(ledger.entity_id, note, [4_00, 6_00], on=DAY, **ledger.common)
    undo_step(ledger.entity_id, note, on=DAY, **ledger.common)
    assert state(note) == NoteState.HELD
    assert {state(part) for part in parts} == {NoteState.VOID}
    again = split_note(ledger.entity_id, note, [1_00, 9_00], on=DAY, **ledger.common)
    assert len(again) == 2
    check_invariants()


@BOTH
def test_in_dollars_the_differences_go_where_they_belong(ledger: Ledger, settles: Settles) -> None:
    ledger.rate("USD", "7.10")
    ledger.rate("USD", "7.20", MATURES)
    invoice = ledger.item(1_000_00, "USD")
    kinds = {"currency": "USD", "kind": NoteKind.PROMISSORY}
    for recourse in (True, False):
        note = take(ledger, 400_00, (invoice, 400_00), settles=settles, **kinds)
        discount(ledger, note, "3.6", recourse=recourse)
        if recourse:
            steps(ledger, note)("pay")
    note = take(ledger, 200_00, (invoice, 200_00), settles=settles, **kinds)
    steps(ledger, note)("pay")
    assert ledger.open_of(invoice) == (0, 0)
    assert sum_of(LedgerAccount.EXCHANGE_DIFFERENCE)[1] == -20_00
    check_invariants()


def test_cheques_wait_for_the_bank(ledger: Ledger) -> None:
    invoice = ledger.item(500_00)
    cheque = {"kind": NoteKind.CHEQUE, "maturity_date": DAY + timedelta(days=10), "settles": None}
    note = take(ledger, 500_00, (invoice, 500_00), **cheque)
    assert Note.objects.get(pk=note).settles == AT_MATURITY
    step = steps(ledger, note)
    with refused("note.not_for_kind"):
        discount(ledger, note)
    step("present", DAY)
    with refused("note.closed"):
        endorse_note(ledger.entity_id, note, Endorsement("Somebody"), on=DAY, **ledger.common)
    step("pay", DAY + timedelta(days=2))
    assert ledger.open_of(invoice) == (0, 0)
    receipt = NoteEvent.objects.get(note_id=note, step="paid").receipt_id
    assert ReceiptChannel.objects.get(receipt_id=receipt).channel == "cheque"
    bounced = take(ledger, 500_00, **cheque | {"settles": AT_ONCE})
    steps(ledger, bounced)("dishonour")
    assert state(bounced) == NoteState.DISHONOURED
    check_invariants()


def test_the_same_note_is_not_taken_twice_but_other_parts_of_it_are(ledger: Ledger) -> None:
    first = take(ledger, 100, number="B1", range_first=1, range_last=100)
    with refused("note.exists"):
        take(ledger, 100, number="B1", range_first=100, range_last=199)
    take(ledger, 100, number="B1", range_first=101, range_last=200)
    return_note(ledger.entity_id, first, on=DAY, memo="wrong bill", **ledger.common)
    take(ledger, 100, number="B1", range_first=1, range_last=100)


def test_entries_of_a_note_are_taken_back_on_the_note(ledger: Ledger) -> None:
    note = take(ledger, 100)
    row = Note.objects.get(pk=note)
    assert row.receipt_id is not None
    with refused("note.step_entry"):
        ledger.reverse(entry_of_receipt(row.receipt_id))
    steps(ledger, note)("pay")
    paid = NoteEvent.objects.get(note_id=note, step="paid")
    assert paid.receipt_id is not None
    ledger.reverse(entry_of_receipt(paid.receipt_id), MATURES)
    assert state(note) == NoteState.HELD
    check_invariants()


def test_money_applied_to_a_note_by_itself_settles_it(ledger: Ledger) -> None:
    note = take(ledger, 100)
    money = ledger.receipt(100)
    ledger.apply(money, (item_of(note), 100))
    with refused("note.settled"):
        discount(ledger, note)


def test_a_banks_fee_for_discounting_is_a_cost_besides_the_interest(ledger: Ledger) -> None:
    note = take(ledger, 100_000_00)
    terms = Discount("Bank", interest_minor=450_00, fee_minor=30_00)
    entry = discount_note(ledger.entity_id, note, terms, on=DAY, **ledger.common)
    assert [leg[::2] for leg in legs_of(entry)][:2] == [("bank", 99_520_00), ("finance_cost", 480_00)]
    event = NoteEvent.objects.get(entry_id=entry)
    assert (event.interest_minor, event.fee_minor) == (450_00, 30_00)
    check_invariants()


def test_what_is_not_a_note_is_refused(ledger: Ledger) -> None:
    with refused("note.number_missing"):
        take(ledger, 100, number=" ")
    with refused("note.acceptor_missing"):
        take(ledger, 100, acceptor="")
    with refused("note.dates"):
        take(ledger, 100, maturity_date=DAY - timedelta(days=1))
    with refused("note.range"):
        take(ledger, 100, range_first=1, range_last=99)
    with refused("note.not_positive"):
        take(ledger, -100)
    note = take(ledger, 100)
    with refused("note.not_divisible"):
        split_note(ledger.entity_id, note, [50, 50], on=DAY, **ledger.common)
    with refused("note.rate_missing"):
        discount_note(ledger.entity_id, note, Discount("Bank"), on=DAY, **ledger.common)
    with refused("note.interest"):
        discount_note(ledger.entity_id, note, Discount("Bank", interest_minor=100), on=DAY, **ledger.common)
    for interest, fee in ((60, 40), (0, -1)):
        with refused("note.fee"):
            terms = Discount("Bank", interest_minor=interest, fee_minor=fee)
            discount_note(ledger.entity_id, note, terms, on=DAY, **ledger.common)
    with refused("note.party_missing"):
        discount_note(ledger.entity_id, note, Discount(" ", Decimal(2)), on=DAY, **ledger.common)
    with refused("note.rate"):
        discount(ledger, note, "100")
    with refused("note.days"):
        discount(ledger, note, days=-1)
    with refused("note.say_why"):
        dishonour_note(ledger.entity_id, note, on=DAY, memo="", **ledger.common)
    with refused("note.before_last"):
        discount(ledger, note, on=DAY - timedelta(days=1))
    with refused("note.unknown"):
        discount(ledger, note + 99)


def test_a_dishonoured_part_whose_money_was_sent_back(ledger: Ledger) -> None:
    note = take(ledger, 1000, range_first=1, range_last=1000)
    parts = split_note(ledger.entity_id, note, [600, 400], on=DAY, **ledger.common)
    receipt = Note.objects.get(pk=note).receipt_id
    assert receipt is not None
    ledger.refund(receipt, 900)
    with refused("note.money_used"):
        steps(ledger, parts[0])("dishonour")


def test_the_same_request_twice_is_one_note(ledger: Ledger) -> None:
    new = NewNote(
        ledger.customer("C1"),
        NoteKind.ACCEPTANCE,
        "B9",
        "Bank",
        AcceptorClass.OTHER_BANK,
        "CNY",
        100,
        DAY,
        MATURES,
    )
    first = take_note(ledger.entity_id, new, on=DAY, key="k", **ledger.common)
    assert take_note(ledger.entity_id, new, on=DAY, key="k", **ledger.common) == first
    assert JournalEntry.objects.filter(kind=EntryKind.RECEIPT).count() == 1
