"""Automatic postings asked back: a random sample nobody can steer, what people said of it, how that moves the bar."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.core.texts import NAME_MAX, check_text
from huikuan.engines.match_bar import draw_audit_sample
from huikuan.engines.match_types import BarReport
from huikuan.services.auditing import record
from huikuan.services.line_undoing import undo_decision
from huikuan.services.matching_bar import move_bar
from huikuan.services.matching_learning import learn_decision
from huikuan.services.matching_policy import policy_of
from huikuan.services.rights import demand
from huikuan.services.transaction import run_in_transaction
from huikuan.store.models import Installation, LineDecision, MatchAudit


def draw_sample(entity_id: int, run_id: int, *, now: datetime) -> list[int]:
    """Draws from what a run posted; gives the decisions drawn. The draw follows from a key of this installation, made
    once and told to nobody, and the run's number."""

    def work() -> list[int]:
        posted = LineDecision.objects.filter(entity_id=entity_id, run_id=run_id, is_automatic=True)
        numbers = {str(number): number for number in posted.values_list("id", flat=True)}
        if not numbers:
            return []
        share = policy_of(entity_id).audit_bp / 10_000
        drawn = draw_audit_sample(list(numbers), share, _seed(entity_id, run_id))
        MatchAudit.objects.bulk_create(
            [MatchAudit(decision_id=numbers[text], entity_id=entity_id, drawn_at=now) for text in drawn],
            ignore_conflicts=True,
        )
        return [numbers[text] for text in drawn]

    return run_in_transaction(work)


def _seed(entity_id: int, run_id: int) -> int:
    row = Installation.objects.filter(name="public_id_key").first()
    key = row.value if row is not None else ""
    return int.from_bytes(sha256(f"audit:{key}:{entity_id}:{run_id}".encode()).digest()[:8], "big")


def say_outcome(
    entity_id: int, decision_id: int, *, right: bool, note: str = "", actor_id: int | None, now: datetime
) -> BarReport | None:
    """What a person found of a drawn posting. A wrong one is undone; the bar is moved by what is known now, and given.

    Refuses ``match.not_drawn``, ``match.audited`` and what undoing refuses.
    """
    check_text("note", note, NAME_MAX)

    def work() -> BarReport | None:
        demand(actor_id, Right.AUDIT_MATCH, entity_id=entity_id)
        audit = MatchAudit.objects.select_for_update(of=("self",)).filter(decision_id=decision_id).first()
        if audit is None or audit.entity_id != entity_id:
            raise Refusal("match.not_drawn", "This posting was not drawn for the audit.")
        if audit.outcome:
            raise Refusal("match.audited", "Somebody has said already whether this posting was right.")
        decision = LineDecision.objects.get(id=decision_id)
        gone = LineDecision.objects.filter(undoes=decision).exists()
        if right and not gone:
            learn_decision(decision, step=1, now=now)
        if not right and not gone:
            undo_decision(entity_id, decision_id, actor_id=actor_id, now=now, note=note, right=Right.AUDIT_MATCH)
        audit.outcome = "right" if right else "wrong"
        audit.said_at, audit.said_by_id, audit.note = now, actor_id, note
        audit.save()
        record(
            "match.audited",
            now=now,
            actor_id=actor_id,
            entity_id=entity_id,
            subject=f"line:{decision.line_id}",
            decision=decision_id,
            outcome=audit.outcome,
        )
        return move_bar(entity_id)

    return run_in_transaction(work)
