"""Approvals by amount: which steps a request needs, who may decide one, and what the decisions come to.

A policy is a ladder of steps for one kind of deed in one entity. A step asks a role, from an amount (in the currency
of the books) on. A request passes its steps in order; one rejection ends it. Nobody decides a request of the person's
own, and nobody decides two steps of the same request: four eyes are four eyes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from huikuan.core.refusals import Conflict, Refusal
from huikuan.core.rights import Role


class ApprovalKind(StrEnum):
    """What may need approval before it is posted."""

    WRITE_OFF = "write_off"
    OFFSET = "offset"
    ASSIGNMENT = "assignment"
    REFUND = "refund"
    SHORT_PAYMENT = "short_payment"
    """A short payment accepted, for which a credit memo is to come."""
    NOTE_DISCOUNT = "note_discount"
    NOTE_ENDORSE = "note_endorse"


class ApprovalState(StrEnum):
    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    """Closed by itself: what it was about moved on otherwise."""


@dataclass(frozen=True, slots=True)
class ApprovalStep:
    """``role`` decides where the amount is ``from_minor`` (of the books' currency) or more."""

    number: int
    role: Role
    from_minor: int


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision taken: by whom, and on whose behalf where a deputy took it."""

    number: int
    by: int
    approved: bool


def steps_due(ladder: Iterable[ApprovalStep], base_minor: int) -> tuple[ApprovalStep, ...]:
    """The steps an amount must pass, in order; none means that it needs no approval. The sign does not matter.

    Worked example: collector's manager from 0, CFO from 10,000.00: 9,999.99 needs one step, 10,000.00 two.
    """
    amount = abs(base_minor)
    return tuple(sorted((step for step in ladder if amount >= step.from_minor), key=lambda step: step.number))


def check_ladder(ladder: Sequence[ApprovalStep]) -> None:
    """Refuses ``approval.bad_ladder``: thresholds must not fall from step to step, and not be negative."""
    ordered = sorted(ladder, key=lambda step: step.number)
    amounts = [step.from_minor for step in ordered]
    if any(amount < 0 for amount in amounts) or amounts != sorted(amounts):
        raise Refusal("approval.bad_ladder", "a later step may not ask for less than the step before it")


def next_step(due: Sequence[ApprovalStep], taken: Sequence[Decided]) -> ApprovalStep | None:
    """The step that waits for a decision; none when all have passed."""
    done = {one.number for one in taken}
    return next((step for step in due if step.number not in done), None)


def state_after(due: Sequence[ApprovalStep], taken: Sequence[Decided]) -> ApprovalState:
    """What the decisions so far come to."""
    if any(not one.approved for one in taken):
        return ApprovalState.REJECTED
    return ApprovalState.APPROVED if next_step(due, taken) is None else ApprovalState.OPEN


def check_decider(actor_id: int, requested_by: int | None, state: ApprovalState, taken: Sequence[Decided]) -> None:
    """Refuses ``approval.closed``, ``approval.own`` and ``approval.twice``."""
    if state != ApprovalState.OPEN:
        raise Conflict("approval.closed", "this request has been decided, withdrawn or closed already")
    if actor_id == requested_by:
        raise Refusal("approval.own", "nobody decides a request of his or her own")
    if any(one.by == actor_id for one in taken):
        raise Refusal(
            "approval.twice", "you have decided an earlier step of this request: this one is for somebody else"
        )
