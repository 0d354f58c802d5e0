"""Two people, or a person and the clock, at the same money at once: one of them gets their way, the other a sentence
that says why not, and the sums hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from huikuan.core.agreements import AgreementState
from huikuan.core.matching import Rest
from huikuan.core.notes import NoteState, Settles
from huikuan.core.payout_differences import Reason
from huikuan.core.refusals import Refusal
from huikuan.services.agreements_posting import post_agreement, undo_agreement
from huikuan.services.debit_returns import return_payment
from huikuan.services.debit_settling import settle_line
from huikuan.services.line_undoing import undo_decision
from huikuan.services.matching_policy import Policy, set_policy
from huikuan.services.notes_steps import Discount, Endorsement, discount_note, endorse_note, present_note
from huikuan.services.notes_undo import undo_step
from huikuan.services.payout_differences import explain_difference
from huikuan.services.payouts import settle_payout, undo_payout
from huikuan.services.reversals import reverse_entry
from huikuan.store.models import LineDecision, NoteEvent, OpenItem, Payout, Receipt
from tests.databases import LedgerDb
from tests.services.agreements import propose, sign_all, state_of
from tests.services.debits import WHO, Debits, row, states
from tests.services.desk import SYSTEM, Counter, open_on
from tests.services.ledger import DAY, Ledger
from tests.services.shops import Stall
from tests.services.test_concurrency import codes
from tests.services.test_idempotency import at_once
from tests.services.test_line_decisions import sound
from tests.services.test_matching_runs import run, sure
from tests.services.test_notes import state, steps, take
from tests.simulation.invariants import check_invariants

pytestmark = pytest.mark.practice("E4")


@pytest.fixture
def stall(ledger_db: LedgerDb) -> Stall:
    return Stall.open()


@pytest.fixture
def ledger(ledger_db: LedgerDb) -> Ledger:
    return Ledger()


def one_of(answers: list[object], *refused: str) -> None:
    """One was done; the others met one of these refusals, and nothing else went wrong."""
    said = codes(answers)
    assert all(answer is not None for answer in answers), answers
    assert said.count("done") == 1, said
    assert set(said) - {"done"} <= set(refused), said


def live(line: int) -> int:
    """How many decisions about a line stand."""
    return LineDecision.objects.filter(line_id=line, undone_by__isnull=True).exclude(deed="undo").count()


# -- lines -----------------------------------------------------------------------------------------------------------
def test_the_matcher_posts_a_line_while_a_clerk_decides(ledger_db: LedgerDb, monkeypatch: pytest.MonkeyPatch) -> None:
    sure(monkeypatch)
    desk = Counter.open()
    set_policy(desk.books.entity_id, Policy(is_automatic=True), **SYSTEM)
    for n in range(3):
        item = desk.books.item(100_00 + n, document_number=f"INV-1002{n}")
        line = desk.line(f"100.0{n}", text=f"INV-1002{n}", name="Alpha")
        answers = at_once(lambda: run(desk), lambda i=item, at=line, m=n: desk.apply(at, desk.leg(i, 100_00 + m)))
        assert not isinstance(answers[0], Refusal) and answers[0] is not None, answers
        assert answers[1] is not None
        assert (open_on(item), live(line)) == (0, 1)
    sound()


def test_a_decision_is_taken_back_while_more_is_decided(ledger_db: LedgerDb) -> None:
    desk = Counter.open()
    one, two = desk.books.item(60_00), desk.books.item(40_00)
    line = desk.line("100.00", name="Alpha")
    first = desk.apply(line, desk.leg(one, 60_00), rest=Rest.OPEN)
    answers = at_once(lambda: desk.undo(first), lambda: desk.apply(line, desk.leg(two, 40_00)))
    assert all(answer is not None for answer in answers), answers
    assert set(codes(answers)) <= {"done", "match.undo_later"}
    assert live(line) in (1, 2)
    sound()


# -- payouts ---------------------------------------------------------------------------------------------------------
def paid(stall: Stall) -> int:
    stall.sales("T1,2026-03-01,100.00", "T2,2026-03-01,60.00")
    (line,) = stall.bank(("2026-03-03", "152.00"))
    return line


def test_a_payout_is_settled_by_two_at_once(stall: Stall) -> None:
    line, unit = paid(stall), stall.unit("2026-03-01")
    answers = at_once(*[lambda: settle_payout(stall.shop_id, line, [unit], **SYSTEM)] * 2)
    one_of(answers, "payout.no_line", "match.decided")
    assert (stall.open_items(), Payout.objects.count()) == ({}, 1)
    sound()


def test_a_payout_is_settled_while_its_line_is_decided_about(stall: Stall) -> None:
    line, unit = paid(stall), stall.unit("2026-03-01")
    item = OpenItem.objects.get(account_id=stall.shop.account_id).pk
    answers = at_once(
        lambda: settle_payout(stall.shop_id, line, [unit], **SYSTEM),
        lambda: stall.counter.apply(line, stall.counter.leg(item, 152_00)),
    )
    one_of(answers, "payout.no_line", "match.decided", "application.over_applied")
    sound()


def test_a_payout_is_taken_back_by_two_and_bounces(stall: Stall) -> None:
    line = paid(stall)
    assert stall.match()[0].payout_id
    number = stall.payout().pk
    one_of(at_once(*[lambda: undo_payout(number, **SYSTEM) or 1] * 2), "match.undone", "match.undo_later")
    assert list(stall.open_items().values()) == [160_00]
    assert stall.match()[0].payout_id
    number, receipt = stall.payout().pk, Receipt.objects.get(bank_lines__line_id=line)
    entity, on = stall.counter.books.entity_id, date(2026, 3, 5)
    answers = at_once(
        lambda: undo_payout(number, **SYSTEM) or 1, lambda: reverse_entry(entity, receipt.entry_id, on=on, **SYSTEM)
    )
    assert all(answer is not None for answer in answers), answers
    assert list(stall.open_items().values()) in ([160_00], [152_00])
    sound()


def test_a_difference_is_explained_by_two_at_once(stall: Stall) -> None:
    stall.sales("T1,2026-03-01,100.00", "T2,2026-03-01,60.00")
    (line,) = stall.bank(("2026-03-03", "150.00"))
    settle_payout(stall.shop_id, line, [stall.unit("2026-03-01")], **SYSTEM)
    less = stall.difference("2026-03-03", "paid_less")
    given = {"reason": Reason.FEE_ACCEPTED, "note": "", "on": date(2026, 3, 4), **SYSTEM}
    answers = at_once(*[lambda: explain_difference(stall.shop_id, less.kind, less.key, 2_00, **given)] * 2)
    one_of(answers, "payout.no_difference")
    assert stall.open_items() == {}
    sound()


# -- direct debits ---------------------------------------------------------------------------------------------------
def test_a_collection_is_settled_by_two_at_once_and_returned_while_taken_back(ledger_db: LedgerDb) -> None:
    debits = Debits()
    debits.mandate("C1")
    item = debits.item(100_00)
    run_ = debits.at_bank()
    (line,) = debits.statement([row(100_00)])
    answers = at_once(*[lambda: settle_line(run_.pk, line, **WHO)] * 2)
    one_of(answers, "match.decided", "debit_run.line_used", "debit_run.other_amount", "match.nothing_left")
    assert (states(run_), debits.open_of(item)) == (["collected"], 0)
    decision = LineDecision.objects.get(line_id=line).pk
    payment = run_.payments.get().pk
    answers = at_once(
        lambda: undo_decision(debits.entity_id, decision, **WHO),
        lambda: return_payment(payment, "MS03", on=date(2026, 4, 8), **WHO),
    )
    assert all(answer is not None for answer in answers), answers
    assert debits.open_of(item) == 100_00
    assert states(run_)[0] in ("returned", "rejected", "sent")
    check_invariants()


# -- bills -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("settles", list(Settles))
def test_a_bill_goes_one_way_only(ledger: Ledger, settles: Settles) -> None:
    invoice = ledger.item(100_00)
    note = take(ledger, 100_00, (invoice, 100_00), settles=settles)
    day, entity = DAY + timedelta(days=1), ledger.entity_id
    ways: list[Callable[[], object]] = [
        lambda: endorse_note(entity, note, Endorsement("Supplier"), on=day, **ledger.common),
        lambda: discount_note(entity, note, Discount("Bank", interest_minor=1_00), on=day, **ledger.common),
        lambda: present_note(entity, note, on=day, **ledger.common) or 1,
    ]
    one_of(at_once(*ways), "note.not_ours", "note.closed")
    assert NoteEvent.objects.filter(note_id=note).count() == 2
    check_invariants()


def test_a_bill_is_paid_while_it_is_dishonoured_and_a_step_taken_back_once(ledger: Ledger) -> None:
    invoice = ledger.item(100_00)
    note = take(ledger, 100_00, (invoice, 100_00))
    step = steps(ledger, note)
    one_of(
        at_once(lambda: step("pay"), lambda: step("dishonour") or 1), "note.closed", "note.settled", "note.before_last"
    )
    if state(note) == NoteState.PAID:
        on = DAY + timedelta(days=90)
        undo = at_once(*[lambda: undo_step(ledger.entity_id, note, on=on, **ledger.common)] * 2)
        one_of(undo, "note.nothing_to_undo")
        assert (state(note), ledger.open_of(invoice)[0]) == (NoteState.HELD, 0)
    else:
        assert ledger.open_of(invoice)[0] == 100_00
    check_invariants()


# -- agreements ------------------------------------------------------------------------------------------------------
def test_an_agreement_is_posted_while_its_item_is_paid(ledger: Ledger) -> None:
    item, money = ledger.item(100_00), ledger.receipt(100_00)
    number = propose(ledger, (item, 100_00))
    sign_all(ledger, number)
    answers = at_once(lambda: post_agreement(number, on=DAY, **SYSTEM), lambda: ledger.apply(money, (item, 100_00)))
    assert codes(answers).count("done") == 1, codes(answers)
    assert all(answer is not None for answer in answers), answers
    assert ledger.open_of(item)[0] == 0
    check_invariants()


def test_an_agreement_is_posted_and_taken_back_once(ledger: Ledger) -> None:
    item = ledger.item(100_00)
    number = propose(ledger, (item, 100_00))
    sign_all(ledger, number)
    answers = at_once(*[lambda: post_agreement(number, on=DAY, **SYSTEM) or 1] * 2)
    assert codes(answers).count("done") == 1, codes(answers)
    assert ledger.open_of(item)[0] == 0
    answers = at_once(*[lambda: undo_agreement(number, on=DAY, memo="wrong", **SYSTEM) or 1] * 2)
    assert codes(answers).count("done") == 1, codes(answers)
    assert ledger.open_of(item)[0] == 100_00
    assert state_of(number) == AgreementState.UNDONE
    check_invariants()
