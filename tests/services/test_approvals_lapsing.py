"""A request for approval whose bill moves on otherwise closes itself, with why, in the same transaction."""

from __future__ import annotations

from datetime import timedelta

import pytest

from huikuan.core.accounts import EntryKind
from huikuan.core.approvals import ApprovalKind, ApprovalState
from huikuan.core.refusals import Conflict, Refusal
from huikuan.core.rights import Role
from huikuan.services import approvals
from huikuan.services.approvals import ApprovalNeeded
from huikuan.services.notes_following import sweep_notes
from huikuan.services.notes_split import split_note
from huikuan.services.notes_steps import (
    Discount,
    Endorsement,
    discount_note,
    endorse_note,
    present_note,
)
from huikuan.services.notes_undo import undo_step
from huikuan.services.transaction import run_in_transaction
from huikuan.store.models import ApprovalRequest, AuditEvent, Note, OpenItemBalance, User
from tests.databases import LedgerDb
from tests.services.ledger import DAY, NOW, Ledger
from tests.services.test_notes import MATURES, steps, take

pytestmark = pytest.mark.practice("E1")


@pytest.fixture
def ledger(ledger_db: LedgerDb) -> Ledger:
    """Discounts and endorsements need the CFO, whatever the amount."""
    made = Ledger()
    for kind in (ApprovalKind.NOTE_DISCOUNT, ApprovalKind.NOTE_ENDORSE):
        approvals.set_ladder(made.entity_id, kind, [(Role.CFO, 0)], actor_id=None, now=NOW)
    return made


def person() -> int:
    return int(User.objects.get_or_create(username="boss", defaults={"is_superuser": True})[0].pk)


def ask_to_discount(ledger: Ledger, note: int) -> int:
    with pytest.raises(ApprovalNeeded) as refused:
        discount_note(ledger.entity_id, note, Discount("Bank", interest_minor=0), on=DAY, actor_id=person(), now=NOW)
    return _ask(refused.value)


def ask_to_endorse(ledger: Ledger, note: int) -> int:
    with pytest.raises(ApprovalNeeded) as refused:
        endorse_note(ledger.entity_id, note, Endorsement("Supplier"), on=DAY, actor_id=person(), now=NOW)
    return _ask(refused.value)


def _ask(needed: ApprovalNeeded) -> int:
    proposal = needed.proposal
    object.__setattr__(proposal, "reason", "cash is short")
    return approvals.request_approval(proposal, actor_id=person(), now=NOW)


def standing(request: int) -> tuple[str, str]:
    row = ApprovalRequest.objects.get(pk=request)
    assert (row.closed_at is None) == (row.state == "open")
    return row.state, row.facts.get("lapsed", "")


@pytest.mark.parametrize(("step", "became"), [("pay", "paid"), ("dishonour", "dishonoured"), ("return", "returned")])
def test_what_became_of_the_bill_closes_what_was_asked(ledger: Ledger, step: str, became: str) -> None:
    note, other = take(ledger, 1_000_00), take(ledger, 1_000_00)
    asked = [ask_to_discount(ledger, note), ask_to_endorse(ledger, note)]
    elsewhere = ask_to_discount(ledger, other)
    steps(ledger, note)(step)
    assert [standing(one) for one in asked] == [("lapsed", became)] * 2
    assert standing(elsewhere) == ("open", "")
    told = AuditEvent.objects.filter(code="approval.lapsed").order_by("id")
    assert [one.subject for one in told] == [f"approval:{one}" for one in asked]
    assert told[0].data["because"] == became
    with pytest.raises(Conflict) as refused:
        approvals.decide_approval(
            asked[0], True, actor_id=int(User.objects.create_superuser("cfo").pk), now=NOW, today=DAY
        )
    assert refused.value.code == "approval.closed"


def test_a_request_that_is_carried_out_closes_the_other(ledger: Ledger) -> None:
    note = take(ledger, 1_000_00)
    sold, handed_on = ask_to_discount(ledger, note), ask_to_endorse(ledger, note)
    cfo = int(User.objects.create_superuser("cfo").pk)
    state, entry = approvals.decide_approval(sold, True, actor_id=cfo, now=NOW, today=DAY)
    assert state == ApprovalState.APPROVED and entry is not None
    assert standing(sold) == ("approved", "") and standing(handed_on) == ("lapsed", "discounted")


def test_after_a_step_was_taken_back_it_is_asked_anew(ledger: Ledger) -> None:
    note = take(ledger, 1_000_00)
    first = ask_to_discount(ledger, note)
    present_note(ledger.entity_id, note, on=DAY, **ledger.common)
    assert standing(first) == ("lapsed", "presented")
    undo_step(ledger.entity_id, note, on=DAY, **ledger.common)
    assert standing(ask_to_discount(ledger, note)) == ("open", "")
    assert standing(first) == ("lapsed", "presented")


def test_a_split_closes_what_was_asked_of_the_whole_and_its_undoing_what_of_the_parts(ledger: Ledger) -> None:
    note = take(ledger, 1_000_00, range_first=1, range_last=1_000_00)
    whole = ask_to_discount(ledger, note)
    part, _rest = split_note(ledger.entity_id, note, [400_00, 600_00], on=DAY, **ledger.common)
    assert standing(whole) == ("lapsed", "split")
    of_part = ask_to_endorse(ledger, part)
    undo_step(ledger.entity_id, note, on=DAY + timedelta(days=1), **ledger.common)
    assert standing(of_part) == ("lapsed", "void")


@pytest.mark.parametrize("how", ["money", "offset", "import"])
def test_a_bill_settled_without_a_step_of_its_own_closes_what_was_asked(ledger: Ledger, how: str) -> None:
    note = take(ledger, 1_000_00)
    item = Note.objects.get(pk=note).item_id or 0
    asked = [ask_to_discount(ledger, note), ask_to_endorse(ledger, note)]
    elsewhere = ask_to_discount(ledger, take(ledger, 1_000_00))
    if how == "offset":
        ledger.settle(EntryKind.OFFSET, item, 400_00)
    elif how == "money":
        ledger.apply(ledger.receipt(400_00), (item, 400_00))
    assert [standing(one) for one in asked] == [("open", "")] * 2
    if how == "offset":
        ledger.settle(EntryKind.OFFSET, item, 600_00)
    elif how == "money":
        ledger.apply(ledger.receipt(600_00), (item, 600_00))
    else:  # in bulk, without the unit that others write with
        OpenItemBalance.objects.filter(item_id=item).update(open_minor=0)
        run_in_transaction(lambda: sweep_notes(ledger.entity_id, **ledger.common))
    assert [standing(one) for one in asked] == [("lapsed", "settled")] * 2
    assert standing(elsewhere) == ("open", "")


def test_a_request_that_is_carried_out_is_not_closed_by_what_it_posts(ledger: Ledger) -> None:
    """Without recourse the bill leaves the books: its item is settled by the very step that was asked for."""
    note = take(ledger, 1_000_00)
    terms = Discount("Bank", interest_minor=0, with_recourse=False)
    with pytest.raises(ApprovalNeeded) as refused:
        discount_note(ledger.entity_id, note, terms, on=DAY, actor_id=person(), now=NOW)
    sold, handed_on = _ask(refused.value), ask_to_endorse(ledger, note)
    cfo = int(User.objects.create_superuser("cfo").pk)
    assert approvals.decide_approval(sold, True, actor_id=cfo, now=NOW, today=DAY)[0] == ApprovalState.APPROVED
    assert standing(sold) == ("approved", "") and standing(handed_on) == ("lapsed", "discounted")


def test_a_refused_step_closes_nothing(ledger: Ledger) -> None:
    note = take(ledger, 1_000_00)
    asked = ask_to_discount(ledger, note)
    with pytest.raises(Refusal):
        steps(ledger, note)("pay", DAY - timedelta(days=5))
    assert standing(asked) == ("open", "") and MATURES > DAY
