"""Approvals by amount: asking for one, deciding, withdrawing, the ladders, and who stands in for whom.

A deed that needs approval is refused by its own service (``approval.needed``) until a request for it has passed every
step; the last decision carries it out in the same transaction, in the name of who asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from huikuan.core.approvals import (
    ApprovalKind,
    ApprovalState,
    ApprovalStep,
    Decided,
    check_decider,
    check_ladder,
    next_step,
    state_after,
    steps_due,
)
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right, Role
from huikuan.core.texts import check_text
from huikuan.queries.deciders import Decider, steps_of, taken_of
from huikuan.services.auditing import record
from huikuan.services.rights import Forbidden, demand, demand_anywhere
from huikuan.services.transaction import run_in_transaction
from huikuan.store.models import (
    Absence,
    ApprovalDecision,
    ApprovalRequest,
    ApprovalRule,
    User,
)

RIGHT_OF: dict[ApprovalKind, Right] = {
    ApprovalKind.WRITE_OFF: Right.POST_ADJUSTMENT,
    ApprovalKind.OFFSET: Right.POST_ADJUSTMENT,
    ApprovalKind.ASSIGNMENT: Right.POST_ADJUSTMENT,
    ApprovalKind.REFUND: Right.POST_CASH,
    ApprovalKind.SHORT_PAYMENT: Right.POST_ADJUSTMENT,
    ApprovalKind.NOTE_DISCOUNT: Right.NEGOTIATE_NOTE,
    ApprovalKind.NOTE_ENDORSE: Right.NEGOTIATE_NOTE,
}
"""What a person must hold to ask for it: the same as to do it."""

Executor = Callable[["Approved"], int | None]
_EXECUTORS: dict[ApprovalKind, Executor] = {}


@dataclass(frozen=True, slots=True)
class Approved:
    """A request that passed its last step, to be carried out. ``actor_id`` is who asked."""

    request_id: int
    kind: ApprovalKind
    entity_id: int
    amount_minor: int
    facts: Mapping[str, Any]
    reason: str
    actor_id: int | None
    now: datetime


@dataclass(frozen=True, slots=True)
class NewApproval:
    """A deed to be approved. ``subject`` is what it is about (``item:12``), ``title`` says it to a person.
    ``before_minor``: what was done alike to the same subject without being approved (books' currency). It counts too,
    so that a deed done in pieces needs the same decisions."""

    kind: ApprovalKind
    entity_id: int
    account_id: int | None
    subject: str
    title: str
    amount_minor: int
    currency: str
    base_minor: int
    facts: Mapping[str, Any]
    reason: str
    before_minor: int = 0

    @property
    def counted_minor(self) -> int:
        return abs(self.base_minor) + abs(self.before_minor)


class ApprovalNeeded(Refusal):
    """The deed must be approved first; ``proposal`` is what to ask for."""

    def __init__(self, proposal: NewApproval, first: Role) -> None:
        self.proposal = proposal
        super().__init__("approval.needed", "this amount must be approved first, by {role}", role=first.value)


def carries_out(*kinds: ApprovalKind) -> Callable[[Executor], Executor]:
    """Marks the function that does a deed once it is approved; it gives the id of the entry it posted."""

    def keep(function: Executor) -> Executor:
        _EXECUTORS.update(dict.fromkeys(kinds, function))
        return function

    return keep


def demand_approved(proposal: NewApproval) -> None:
    """Within a deed's transaction: refuses ``approval.needed`` where the entity's ladder asks for a decision on this
    amount. Not asked for what the system or the shell does, nor for a request that is being carried out."""
    due = steps_due(ladder_of(proposal.entity_id, proposal.kind), proposal.counted_minor)
    if due:
        raise ApprovalNeeded(proposal, due[0].role)


def ladder_of(entity_id: int, kind: ApprovalKind) -> tuple[ApprovalStep, ...]:
    """The steps of a kind of deed in an entity."""
    rows = ApprovalRule.objects.filter(entity_id=entity_id, kind=kind).order_by("number")
    return tuple(ApprovalStep(row.number, Role(row.role), row.from_minor) for row in rows)


def set_ladder(
    entity_id: int, kind: ApprovalKind, ladder: Sequence[tuple[Role, int]], *, actor_id: int | None, now: datetime
) -> None:
    """Replaces a ladder: pairs of a role and the amount (books' currency) from which it decides, in their order; none
    means that no approval is needed. Requests under way keep the ladder they were asked under.

    Refuses ``approval.bad_ladder`` and ``right.missing``.
    """
    steps = [ApprovalStep(number, role, amount) for number, (role, amount) in enumerate(ladder, 1)]
    check_ladder(steps)

    def work() -> None:
        demand(actor_id, Right.MANAGE_POLICY, entity_id=entity_id)
        ApprovalRule.objects.filter(entity_id=entity_id, kind=kind).delete()
        ApprovalRule.objects.bulk_create(
            ApprovalRule(entity_id=entity_id, kind=kind, number=step.number, role=step.role, from_minor=step.from_minor)
            for step in steps
        )
        told = [[step.role.value, step.from_minor] for step in steps]
        record("approval.ladder", now=now, actor_id=actor_id, entity_id=entity_id, kind=kind.value, ladder=told)

    run_in_transaction(work)


def request_approval(new: NewApproval, *, actor_id: int | None, now: datetime) -> int:
    """Puts a deed before those who decide; gives the request's id.

    Refuses ``approval.not_needed``, ``approval.open`` (the same is being asked already) and ``approval.reason``.
    """
    if not new.reason.strip():
        raise Refusal("approval.reason", "say why: who decides reads it")
    check_text("reason", new.reason, 400)

    def work() -> int:
        right = Right.REFUND_OTHER_PAYEE if new.facts.get("other_payee") else RIGHT_OF[new.kind]
        demand(actor_id, right, entity_id=new.entity_id, account_id=new.account_id)
        due = steps_due(ladder_of(new.entity_id, new.kind), new.counted_minor)
        if not due:
            raise Refusal("approval.not_needed", "this amount needs no approval")
        if ApprovalRequest.objects.filter(
            entity_id=new.entity_id, kind=new.kind, subject=new.subject, state=ApprovalState.OPEN
        ).exists():
            raise Refusal("approval.open", "{title} is waiting for a decision already", title=new.title)
        row = ApprovalRequest.objects.create(
            entity_id=new.entity_id,
            kind=new.kind,
            account_id=new.account_id,
            subject=new.subject,
            title=new.title[:200],
            amount_minor=new.amount_minor,
            currency=new.currency,
            base_minor=new.base_minor,
            reason=new.reason.strip(),
            facts=dict(new.facts),
            steps=[[step.number, step.role.value, step.from_minor] for step in due],
            requested_by_id=actor_id,
            requested_at=now,
        )
        _record("approval.requested", row, actor_id, now)
        return int(row.pk)

    return run_in_transaction(work)


def decide_approval(
    request_id: int, approve: bool, *, note: str = "", actor_id: int, now: datetime, today: date
) -> tuple[ApprovalState, int | None]:
    """Decides the step that waits; gives the state and, when the last step passed, the entry that was posted.

    Refuses ``approval.unknown``, ``approval.closed``, ``approval.own``, ``approval.twice``, ``approval.not_yours``,
    ``approval.say_why`` (a rejection without a note), and whatever the deed's own service refuses by now.
    """
    check_text("note", note, 400)
    if not approve and not note.strip():
        raise Refusal("approval.say_why", "say why it is rejected")

    def work() -> tuple[ApprovalState, int | None]:
        row = _lock(request_id)
        due, taken = steps_of(row), taken_of(row.decisions.order_by("number"))
        check_decider(actor_id, row.requested_by_id, ApprovalState(row.state), taken)
        step = next_step(due, taken)
        if step is None:
            raise AssertionError("an open request has a step that waits")
        behalf = _as_whom(actor_id, row, step.role, today)
        ApprovalDecision.objects.create(
            request=row,
            number=step.number,
            approved=approve,
            note=note.strip(),
            decided_by_id=actor_id,
            on_behalf_of_id=behalf,
            decided_at=now,
        )
        state = state_after(due, [*taken, Decided(step.number, actor_id, approve)])
        entry_id = _carry_out(row, now) if state == ApprovalState.APPROVED else None
        if state != ApprovalState.OPEN:
            ApprovalRequest.objects.filter(pk=row.pk).update(state=state, closed_at=now, entry_id=entry_id)
        _record("approval.approved" if approve else "approval.rejected", row, actor_id, now, step=step.number)
        return state, entry_id

    return run_in_transaction(work)


def withdraw_approval(request_id: int, *, actor_id: int | None, now: datetime) -> None:
    """Who asked takes the request back. Refuses ``approval.closed`` and ``approval.not_asked_by_you``."""

    def work() -> None:
        row = _lock(request_id)
        if actor_id is not None and row.requested_by_id != actor_id:
            raise Forbidden("approval.not_asked_by_you", "only who asked may withdraw a request")
        check_decider(0, row.requested_by_id, ApprovalState(row.state), ())
        ApprovalRequest.objects.filter(pk=row.pk).update(state=ApprovalState.WITHDRAWN, closed_at=now)
        _record("approval.withdrawn", row, actor_id, now)

    run_in_transaction(work)


def lapse_requests(subject: str, what: str, *, but: int | None = None, actor_id: int | None, now: datetime) -> None:
    """Within the transaction that moves ``subject`` on: closes its requests that wait, all ``but`` the one that is
    being carried out. ``what`` became of it is kept with them, as a code."""
    found = ApprovalRequest.objects.filter(subject=subject, state=ApprovalState.OPEN).exclude(pk=but or 0)
    rows = found.order_by("pk") if connection.vendor == "sqlite" else found.order_by("pk").select_for_update()
    for row in rows:
        row.state, row.closed_at, row.facts = ApprovalState.LAPSED, now, {**row.facts, "lapsed": what}
        row.save(update_fields=["state", "closed_at", "facts"])
        _record("approval.lapsed", row, actor_id, now, because=what)


def set_absence(user_id: int, deputy_id: int, first: date, last: date, *, actor_id: int | None, now: datetime) -> int:
    """While a person is away (both days included), the deputy decides what the person may. Everybody says it for
    himself or herself; who manages people for everybody.

    Refuses ``absence.order``, ``absence.self``, ``absence.deputy_unknown`` and ``right.missing``.
    """
    if last < first:
        raise Refusal("absence.order", "the last day lies before the first")
    if deputy_id == user_id:
        raise Refusal("absence.self", "somebody else must stand in")

    def work() -> int:
        _demand_own(actor_id, user_id)
        if not User.objects.filter(id=deputy_id, is_active=True).exists():
            raise Refusal("absence.deputy_unknown", "there is no such person who could stand in")
        row = Absence.objects.create(user_id=user_id, deputy_id=deputy_id, first_day=first, last_day=last)
        record(
            "absence.set",
            now=now,
            actor_id=actor_id,
            subject=f"user:{user_id}",
            deputy=deputy_id,
            first=first.isoformat(),
            last=last.isoformat(),
        )
        return int(row.pk)

    return run_in_transaction(work)


def end_absence(absence_id: int, *, actor_id: int | None, now: datetime) -> None:
    """Takes an absence back. Refuses ``absence.unknown`` and ``right.missing``."""

    def work() -> None:
        row = Absence.objects.filter(id=absence_id).first()
        if row is None:
            raise Refusal("absence.unknown", "there is no such absence")
        _demand_own(actor_id, row.user_id)
        row.delete()
        record("absence.ended", now=now, actor_id=actor_id, subject=f"user:{row.user_id}")

    run_in_transaction(work)


def _as_whom(actor_id: int, row: ApprovalRequest, role: Role, today: date) -> int | None:
    """On whose behalf a person decides; ``None`` for the person's own right. Refuses ``approval.not_yours``."""
    people = Decider(actor_id, today).holders(row, role)
    if not people:
        raise Forbidden("approval.not_yours", "this step is decided by {role}", role=role.value)
    return None if people[0] == actor_id else people[0]


def _lock(request_id: int) -> ApprovalRequest:
    found = ApprovalRequest.objects.filter(id=request_id)
    row = (found if connection.vendor == "sqlite" else found.select_for_update()).first()
    if row is None:
        raise Refusal("approval.unknown", "there is no such request")
    return row


def _carry_out(row: ApprovalRequest, now: datetime) -> int | None:
    # What they carry out is known once they are read.
    from huikuan.services import adjustments, notes_steps, receipts, short_payments  # noqa: F401

    return _EXECUTORS[ApprovalKind(row.kind)](
        Approved(
            request_id=row.pk,
            kind=ApprovalKind(row.kind),
            entity_id=row.entity_id,
            amount_minor=row.amount_minor,
            facts=row.facts,
            reason=row.reason,
            actor_id=row.requested_by_id,
            now=now,
        )
    )


def _demand_own(actor_id: int | None, user_id: int) -> None:
    if actor_id != user_id:
        demand_anywhere(actor_id, Right.MANAGE_PEOPLE)


def _record(code: str, row: ApprovalRequest, actor_id: int | None, now: datetime, **data: Any) -> None:
    record(
        code,
        now=now,
        actor_id=actor_id,
        entity_id=row.entity_id,
        subject=f"approval:{row.pk}",
        kind=row.kind,
        about=row.subject,
        **data,
    )
