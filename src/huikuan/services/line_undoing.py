"""Taking back what was decided about a line: the line is open again, every balance as it was, nothing lost."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Min, Q

from huikuan.core.accounts import EntryKind
from huikuan.core.matching import Deed
from huikuan.core.refusals import Conflict, Refusal
from huikuan.core.rights import Right
from huikuan.services.auditing import record
from huikuan.services.debit_state import release_payments
from huikuan.services.idempotency import once
from huikuan.services.line_desk import Desk, check_claim, day_for, live_decision, lock_tie, note_undone, receipts_of
from huikuan.services.line_split import join_parts
from huikuan.services.locking import lock_receipt, lock_receipts
from huikuan.services.matching_bar import move_bar
from huikuan.services.matching_learning import learn_decision
from huikuan.services.matching_stale import mark_stale
from huikuan.services.reversals import reverse_entry
from huikuan.services.rights import demand_accounts
from huikuan.store.models import JournalEntry, LineDecision, LinePart, MatchAudit, Posting


def undo_decision(
    entity_id: int,
    decision_id: int,
    *,
    actor_id: int | None,
    now: datetime,
    key: str | None = None,
    note: str = "",
    right: Right = Right.DECIDE_MATCH,
) -> int:
    """Reverses what a decision posted, what came last first; gives the number of the decision that undoes it. ``right``
    is another where it is part of a deed that asks for one.

    Refuses ``match.no_decision``, ``match.undone``, ``match.undo_later`` (a later decision stands on it),
    ``match.used_since`` (somebody posted to the money afterwards) and what reversing refuses.
    """

    def work() -> dict[str, int]:
        decision = LineDecision.objects.filter(id=decision_id, entity_id=entity_id).first()
        if decision is None or decision.deed == Deed.UNDO:
            raise Refusal("match.no_decision", "There is no such decision.")
        desk = _desk(decision, actor_id, now, right)
        undone = _undo(desk, decision, note)
        return {"decision": undone.pk}

    answer = once(
        entity_id=entity_id,
        actor_id=actor_id,
        operation="match.undo",
        key=key,
        request=decision_id,
        now=now,
        work=work,
    )
    return int(answer["decision"])


def _desk(decision: LineDecision, actor_id: int | None, now: datetime, right: Right) -> Desk:
    entity_id = decision.entity_id
    tie = lock_tie(entity_id, decision.line_id, actor_id=actor_id, right=right)
    check_claim(entity_id, decision.line_id, actor_id=actor_id, now=now)
    if LineDecision.objects.filter(undoes=decision).exists():
        raise Conflict("match.undone", "This was taken back already.")
    live = live_decision(decision.line_id)
    if live is None or live.pk != decision.pk:
        raise Conflict("match.undo_later", "Something was decided about this line afterwards: take that back first.")
    receipt, balance = lock_receipt(entity_id, tie.receipt_id)
    demand_accounts(actor_id, right, entity_id=entity_id, account_ids={decision.account_id})
    return Desk(entity_id, tie.line, tie, receipt, balance, live, actor_id, now)


def _undo(desk: Desk, decision: LineDecision, note: str) -> LineDecision:
    is_split = LinePart.objects.filter(line_id=desk.line.pk, decision=decision).exists()
    receipts = receipts_of(desk.line.pk, desk.tie.receipt_id)
    lock_receipts(desk.entity_id, receipts)
    _check_unused(decision, receipts)
    entries = _reverse(desk, decision)
    if is_split:
        desk.look_again()
        join_parts(desk, entries)
    if not decision.is_automatic or _was_taught(decision):
        learn_decision(decision, step=-1, now=desk.now)
    undone = note_undone(decision, actor_id=desk.actor_id, now=desk.now, entries=entries, detail=note)
    release_payments(decision.pk, actor_id=desk.actor_id, now=desk.now)
    # One that was drawn for the audit needs nobody's answer any more; it was wrong, so the bar moves now.
    drawn = MatchAudit.objects.filter(decision=decision, outcome="")
    if drawn.update(outcome="wrong", said_at=desk.now, said_by=desk.actor_id, note=note):
        move_bar(desk.entity_id)
    accounts = {leg["account_id"] for leg in decision.legs} or {decision.account_id}
    mark_stale(desk.entity_id, desk.line.pk, [number for number in accounts if number], itself=True)
    record(
        "match.undo",
        now=desk.now,
        actor_id=desk.actor_id,
        entity_id=desk.entity_id,
        subject=f"line:{desk.line.pk}",
        decision=decision.pk,
        automatic=decision.is_automatic,
    )
    return undone


def _was_taught(decision: LineDecision) -> bool:
    """An automatic posting teaches once an audit has said that it was right."""
    audit = getattr(decision, "audit", None)
    return audit is not None and audit.outcome == "right"


def _check_unused(decision: LineDecision, receipts: list[int]) -> None:
    """What was posted to the line's money after the decision, and still stands, is taken back by hand first."""
    ours = set(decision.entries)
    here = Posting.objects.filter(entry_id__in=ours, receipt_id__in=receipts)
    first = here.aggregate(first=Min("entry_id"))["first"]
    if first is None:
        return
    # Numbers alone do not tell what came later: two writers take theirs in blocks.
    after = Q(entry_id__gt=first) | Q(entry__recorded_at__gt=decision.at)
    later = Posting.objects.filter(after, receipt_id__in=receipts).exclude(entry_id__in=ours)
    standing = JournalEntry.objects.filter(id__in=later.values("entry_id"), reversed_by__isnull=True)
    if standing.exclude(kind__in=(EntryKind.REVERSAL.value, EntryKind.RECEIPT.value)).exists():
        raise Conflict(
            "match.used_since",
            "Something was posted to this money afterwards: take that back on the receipt's page first.",
        )


def _reverse(desk: Desk, decision: LineDecision) -> list[int]:
    common: dict[str, Any] = {"actor_id": desk.actor_id, "now": desk.now}
    standing = JournalEntry.objects.filter(id__in=decision.entries, reversed_by__isnull=True)
    kinds = dict(standing.values_list("id", "kind"))
    made: list[int] = []
    items = {leg["item_id"] for leg in decision.legs}
    for number in reversed(decision.entries):
        # Splitting a line is undone by joining its parts.
        if kinds.get(number) in (None, EntryKind.REVERSAL.value, EntryKind.RECEIPT.value):
            continue
        effective = JournalEntry.objects.values_list("effective_date", flat=True).get(id=number)
        on = max(effective, day_for(desk.receipt, items))
        made += reverse_entry(desk.entity_id, number, on=on, memo="undo", **common)
    return made
