"""What is done with a line without deciding about it: claimed, put aside, a colleague asked."""

from __future__ import annotations

from datetime import datetime

from huikuan.core.refusals import Conflict, Refusal
from huikuan.core.rights import Right
from huikuan.queries.grants import granted_in, held_in
from huikuan.services.auditing import record
from huikuan.services.line_desk import LEASE, check_claim, lock_tie, take_line
from huikuan.services.transaction import run_in_transaction
from huikuan.store.models import LineClaim, LineParked, LineQuestion, User

TEXT_MAX = 500
REASON_MAX = 300


def claim_line(entity_id: int, line_id: int, *, actor_id: int, now: datetime, take_over: bool = False) -> None:
    """Says that a person has the line before them, for ten minutes from now; the person's other claims end.

    ``take_over``: although somebody else has it. Refuses ``match.no_line``, ``match.claimed`` and ``right.missing``.
    """

    def work() -> None:
        lock_tie(entity_id, line_id, actor_id=actor_id)
        if not take_over:
            check_claim(entity_id, line_id, actor_id=actor_id, now=now)
        LineClaim.objects.filter(user_id=actor_id).exclude(line_id=line_id).delete()
        mine = LineClaim.objects.filter(line_id=line_id, user_id=actor_id, until__gt=now)
        if not mine.update(until=now + LEASE):
            LineClaim.objects.update_or_create(
                line_id=line_id, defaults={"user_id": actor_id, "at": now, "until": now + LEASE}
            )

    run_in_transaction(work)


def park_line(entity_id: int, line_id: int, reason: str, *, actor_id: int | None, now: datetime) -> None:
    """Puts a line aside; it is listed under "put aside" and never posts itself. Refuses ``match.reason_missing`` and
    what ``take_line`` refuses."""
    reason = reason.strip()[:REASON_MAX]

    def work() -> None:
        if not reason:
            raise Refusal("match.reason_missing", "Say why the line is put aside.")
        take_line(entity_id, line_id, actor_id=actor_id, now=now)
        if LineParked.objects.filter(line_id=line_id, reason=reason, by_id=actor_id).exists():
            return  # The same request again.
        LineParked.objects.update_or_create(line_id=line_id, defaults={"reason": reason, "at": now, "by_id": actor_id})
        LineClaim.objects.filter(line_id=line_id).delete()
        record("match.parked", now=now, actor_id=actor_id, entity_id=entity_id, subject=f"line:{line_id}")

    run_in_transaction(work)


def unpark_line(entity_id: int, line_id: int, *, actor_id: int | None, now: datetime) -> None:
    """Brings a line back. Refuses ``match.not_parked`` and what ``take_line`` refuses."""

    def work() -> None:
        take_line(entity_id, line_id, actor_id=actor_id, now=now)
        if not LineParked.objects.filter(line_id=line_id).delete()[0]:
            raise Conflict("match.not_parked", "The line is not put aside any more.")
        record("match.unparked", now=now, actor_id=actor_id, entity_id=entity_id, subject=f"line:{line_id}")

    run_in_transaction(work)


def ask_about_line(
    entity_id: int, line_id: int, asked_id: int, question: str, *, actor_id: int | None, now: datetime
) -> int:
    """Asks a colleague about a line, who sees it under Today until it is answered; gives the question's number.

    Refuses ``match.question_missing``, ``match.not_a_colleague``, ``match.asked_already`` and what ``take_line``
    refuses.
    """
    question = question.strip()[:TEXT_MAX]

    def work() -> int:
        if not question:
            raise Refusal("match.question_missing", "Write what you want to know.")
        take_line(entity_id, line_id, actor_id=actor_id, now=now)
        user = User.objects.filter(id=asked_id, is_active=True).first()
        if user is None or not granted_in(user.pk, entity_id).can(Right.SEE_LEDGER):
            raise Refusal("match.not_a_colleague", "Ask somebody who sees this entity's customers.")
        if LineQuestion.objects.filter(line_id=line_id, closed_at=None).exists():
            raise Conflict("match.asked_already", "Somebody was asked about this line and has not answered yet.")
        made = LineQuestion.objects.create(
            line_id=line_id,
            entity_id=entity_id,
            question=question,
            asked_at=now,
            asked_by_id=actor_id,
            asked_id=asked_id,
        )
        LineClaim.objects.filter(line_id=line_id).delete()
        record(
            "match.asked",
            now=now,
            actor_id=actor_id,
            entity_id=entity_id,
            subject=f"line:{line_id}",
            asked=asked_id,
        )
        return made.pk

    return run_in_transaction(work)


def answer_question(question_id: int, answer: str, *, actor_id: int, now: datetime) -> None:
    """What the person who was asked says; the line comes back to the workbench with it.

    Refuses ``match.no_question`` (there is none, somebody else was asked, or the person does not see the entity's
    customers any more), ``match.question_closed`` and ``match.answer_missing``.
    """
    answer = answer.strip()[:TEXT_MAX]

    def work() -> None:
        row = LineQuestion.objects.select_for_update(of=("self",)).filter(id=question_id, asked_id=actor_id).first()
        if row is None or not held_in(actor_id, row.entity_id).can(Right.SEE_LEDGER):
            raise Refusal("match.no_question", "You were not asked this.")
        if row.closed_at is not None:
            raise Conflict("match.question_closed", "This was settled meanwhile; nobody waits for the answer.")
        if not answer:
            raise Refusal("match.answer_missing", "Write an answer.")
        row.answer, row.answered_at, row.closed_at = answer, now, now
        row.save(update_fields=["answer", "answered_at", "closed_at"])
        record(
            "match.answered",
            now=now,
            actor_id=actor_id,
            entity_id=row.entity_id,
            subject=f"line:{row.line_id}",
        )

    run_in_transaction(work)
