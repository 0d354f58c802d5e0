"""Deeds that need approval: asked for, decided step by step, carried out once, by the right people."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from django.db import DatabaseError, connections

from huikuan.core.accounts import EntryKind
from huikuan.core.approvals import ApprovalKind, ApprovalState
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Role
from huikuan.services import approvals
from huikuan.services.approvals import ApprovalNeeded, NewApproval
from huikuan.services.verifying import verify
from huikuan.store.models import ApprovalDecision, ApprovalRequest, AuditEvent, JournalEntry, RoleGrant, User
from tests.databases import LedgerDb
from tests.services.ledger import DAY, NOW, Ledger

pytestmark = pytest.mark.practice("K1")
TODAY = date(2026, 6, 15)


@dataclass
class Office:
    """A collector who writes off, a manager and a CFO who approve; write-offs from 1,000.00 need the manager, from
    10,000.00 the CFO too."""

    books: Ledger
    people: dict[str, int]

    def needed(self, item: int, amount: int, who: str = "collector") -> NewApproval:
        with pytest.raises(ApprovalNeeded) as refused:
            self.write_off(item, amount, who)
        return refused.value.proposal

    def write_off(self, item: int, amount: int, who: str = "collector") -> int:
        return self.books.settle(EntryKind.WRITE_OFF, item, amount, actor_id=self.people[who], memo="insolvent")

    def ask(self, item: int, amount: int) -> int:
        return approvals.request_approval(self.needed(item, amount), actor_id=self.people["collector"], now=NOW)

    def decide(self, request: int, who: str, approve: bool = True, note: str = "") -> tuple[ApprovalState, int | None]:
        return approvals.decide_approval(request, approve, note=note, actor_id=self.people[who], now=NOW, today=TODAY)


@pytest.fixture
def office(ledger_db: LedgerDb) -> Office:
    books = Ledger()
    people = {}
    for name, role in (("collector", "collector"), ("manager", "sales_manager"), ("cfo", "cfo"), ("other", "auditor")):
        user = User.objects.create_user(name)
        RoleGrant.objects.create(user=user, entity_id=books.entity_id, role=role, granted_at=NOW)
        people[name] = user.pk
    ladder = [(Role.SALES_MANAGER, 1_000_00), (Role.CFO, 10_000_00)]
    approvals.set_ladder(books.entity_id, ApprovalKind.WRITE_OFF, ladder, actor_id=people["cfo"], now=NOW)
    return Office(books, people)


def refused(code: str, deed: Callable[[], object]) -> None:
    with pytest.raises(Refusal) as found:
        deed()
    assert found.value.code == code


def test_small_amounts_need_nobody(office: Office) -> None:
    item = office.books.item(999_99)
    office.write_off(item, 999_99)
    assert office.books.open_of(item)[0] == 0


def test_pieces_of_one_item_count_together(office: Office) -> None:
    item = office.books.item(3_000_00)
    first = office.write_off(item, 600_00)
    assert office.needed(item, 400_00).before_minor == 600_00
    office.write_off(item, 399_99)
    assert office.needed(office.books.item(9_000_00), 1_000_00).before_minor == 0, "another item, another deed"
    state, _entry = office.decide(office.ask(item, 1_000_00), "manager")
    assert state == ApprovalState.APPROVED
    assert office.needed(item, 1).before_minor == 999_99, "what was approved is not asked about again"
    office.books.reverse(first)
    office.write_off(item, 500_00)
    assert office.books.open_of(item)[0] == 1_100_01


def test_two_steps_then_posted_in_the_name_of_who_asked(office: Office) -> None:
    item = office.books.item(12_000_00)
    request = office.ask(item, 12_000_00)
    assert office.books.open_of(item)[0] == 12_000_00
    assert office.decide(request, "manager") == (ApprovalState.OPEN, None)
    state, entry_id = office.decide(request, "cfo", note="agreed")
    assert state == ApprovalState.APPROVED and office.books.open_of(item)[0] == 0
    entry = JournalEntry.objects.get(id=entry_id)
    assert (entry.kind, entry.actor_id, entry.memo) == ("write_off", office.people["collector"], "insolvent")
    assert ApprovalRequest.objects.get(id=request).entry_id == entry_id
    codes = AuditEvent.objects.filter(subject=f"approval:{request}").order_by("id").values_list("code", flat=True)
    assert list(codes) == ["approval.requested", "approval.approved", "approval.approved"]
    assert verify().ok


def test_nobody_decides_alone(office: Office) -> None:
    item = office.books.item(12_000_00)
    request = office.ask(item, 12_000_00)
    refused("approval.own", lambda: office.decide(request, "collector"))
    refused("approval.not_yours", lambda: office.decide(request, "cfo"))
    refused("approval.not_yours", lambda: office.decide(request, "other"))
    grant = RoleGrant(user_id=office.people["manager"], entity_id=office.books.entity_id, role="cfo", granted_at=NOW)
    grant.save()
    office.decide(request, "manager")
    refused("approval.twice", lambda: office.decide(request, "manager"))
    refused("approval.unknown", lambda: office.decide(10**6, "cfo"))


def test_a_rejection_says_why_and_ends_it(office: Office) -> None:
    item = office.books.item(5_000_00)
    request = office.ask(item, 5_000_00)
    refused("approval.say_why", lambda: office.decide(request, "manager", approve=False))
    assert office.decide(request, "manager", approve=False, note="sue first") == (ApprovalState.REJECTED, None)
    refused("approval.closed", lambda: office.decide(request, "manager"))
    assert office.books.open_of(item)[0] == 5_000_00
    office.ask(item, 5_000_00)  # asked again after a rejection


def test_what_is_asked_already_is_not_asked_twice(office: Office) -> None:
    item = office.books.item(5_000_00)
    request = office.ask(item, 5_000_00)
    refused("approval.open", lambda: office.ask(item, 4_000_00))
    refused(
        "approval.not_asked_by_you",
        lambda: approvals.withdraw_approval(request, actor_id=office.people["manager"], now=NOW),
    )
    approvals.withdraw_approval(request, actor_id=office.people["collector"], now=NOW)
    refused("approval.closed", lambda: office.decide(request, "manager"))
    office.ask(item, 4_000_00)


def test_paid_meanwhile_nothing_is_decided(office: Office) -> None:
    item = office.books.item(5_000_00)
    request = office.ask(item, 5_000_00)
    receipt = office.books.receipt(5_000_00)
    office.books.apply(receipt, (item, 5_000_00))
    refused("application.over_applied", lambda: office.decide(request, "manager"))
    assert not ApprovalDecision.objects.filter(request_id=request).exists()
    assert ApprovalRequest.objects.get(id=request).state == "open"


def test_a_deputy_decides_while_somebody_is_away(office: Office) -> None:
    item = office.books.item(5_000_00)
    request = office.ask(item, 5_000_00)
    manager, deputy = office.people["manager"], office.people["other"]
    late = TODAY + timedelta(days=1)
    approvals.set_absence(manager, deputy, late, late, actor_id=manager, now=NOW)
    refused("approval.not_yours", lambda: office.decide(request, "other"))
    number = approvals.set_absence(manager, deputy, TODAY, TODAY, actor_id=manager, now=NOW)
    approvals.end_absence(number, actor_id=manager, now=NOW)
    refused("approval.not_yours", lambda: office.decide(request, "other"))
    approvals.set_absence(manager, deputy, TODAY, TODAY, actor_id=manager, now=NOW)
    state, _entry = office.decide(request, "other")
    assert state == ApprovalState.APPROVED
    assert ApprovalDecision.objects.get(request_id=request).on_behalf_of_id == manager


def test_absences_are_ones_own(office: Office) -> None:
    manager, other = office.people["manager"], office.people["other"]
    refused(
        "absence.order",
        lambda: approvals.set_absence(manager, other, TODAY, TODAY - timedelta(1), actor_id=manager, now=NOW),
    )
    refused("absence.self", lambda: approvals.set_absence(manager, manager, TODAY, TODAY, actor_id=manager, now=NOW))
    refused(
        "absence.deputy_unknown", lambda: approvals.set_absence(manager, 0, TODAY, TODAY, actor_id=manager, now=NOW)
    )
    refused("right.missing", lambda: approvals.set_absence(manager, other, TODAY, TODAY, actor_id=other, now=NOW))
    refused("absence.unknown", lambda: approvals.end_absence(10**6, actor_id=manager, now=NOW))


def test_ladders_are_the_policy_of_who_may(office: Office) -> None:
    entity, kind = office.books.entity_id, ApprovalKind.WRITE_OFF
    refused(
        "right.missing",
        lambda: approvals.set_ladder(entity, kind, [], actor_id=office.people["collector"], now=NOW),
    )
    falling = [(Role.CFO, 5), (Role.CFO, 1)]
    refused("approval.bad_ladder", lambda: approvals.set_ladder(entity, kind, falling, actor_id=None, now=NOW))
    item = office.books.item(5_000_00)
    request = office.ask(item, 5_000_00)
    approvals.set_ladder(entity, kind, [], actor_id=office.people["cfo"], now=NOW)
    assert office.decide(request, "manager")[0] == ApprovalState.APPROVED  # the ladder it was asked under


def test_refunds_too(office: Office) -> None:
    entity = office.books.entity_id
    approvals.set_ladder(entity, ApprovalKind.REFUND, [(Role.CFO, 100_00)], actor_id=None, now=NOW)
    clerk = User.objects.create_user("clerk")
    RoleGrant.objects.create(user=clerk, entity_id=entity, role="ar_clerk", granted_at=NOW)
    receipt = office.books.receipt(500_00)
    with pytest.raises(ApprovalNeeded) as needed:
        office.books.refund(receipt, 500_00, actor_id=clerk.pk)
    refused("approval.reason", lambda: approvals.request_approval(needed.value.proposal, actor_id=clerk.pk, now=NOW))
    with pytest.raises(ApprovalNeeded) as needed:
        office.books.refund(receipt, 500_00, actor_id=clerk.pk, memo="paid twice")
    request = approvals.request_approval(needed.value.proposal, actor_id=clerk.pk, now=NOW)
    _state, entry_id = office.decide(request, "cfo")
    assert JournalEntry.objects.get(id=entry_id).kind == "refund"


def test_two_people_decide_at_once(office: Office) -> None:
    """Two managers on one step: one decision, one entry."""
    item = office.books.item(5_000_00)
    request = office.ask(item, 5_000_00)
    second = User.objects.create_user("second")
    RoleGrant.objects.create(user=second, entity_id=office.books.entity_id, role="sales_manager", granted_at=NOW)
    office.people["second"] = second.pk
    said: list[str] = []
    start = threading.Barrier(2)

    def work(who: str) -> None:
        start.wait()
        try:
            office.decide(request, who)
            said.append("approved")
        except Refusal as why:
            said.append(why.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(who,)) for who in ("manager", "second")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == ["approval.closed", "approved"]
    assert JournalEntry.objects.filter(kind="write_off").count() == 1


def test_decisions_are_never_changed(office: Office) -> None:
    item = office.books.item(5_000_00)
    office.decide(office.ask(item, 5_000_00), "manager")
    with pytest.raises(DatabaseError, match="append only"):
        ApprovalDecision.objects.update(approved=False)


def test_the_shell_needs_no_approval(office: Office) -> None:
    item = office.books.item(5_000_00, on=DAY)
    office.books.settle(EntryKind.WRITE_OFF, item, 5_000_00)
    assert office.books.open_of(item)[0] == 0
