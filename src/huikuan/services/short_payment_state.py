"""Cases follow the ledger: what a posting does to the item of a short payment is seen in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from huikuan.core.accounts import CONTROL_ACCOUNTS, EntryKind
from huikuan.core.journal import EntryDraft
from huikuan.core.short_payments import LIVE, Outcome, ShortPaymentState
from huikuan.services.auditing import record
from huikuan.store.models import OpenItemBalance, ShortPayment, ShortPaymentEvent

_CHUNK = 500
State = ShortPaymentState
_STANDING = (*LIVE, State.ACCEPTED, State.PAID)
"""States that a later posting may change: what settled a case can be taken back."""
_TOLD = {
    State.ACCEPTED: "short_payment.accepted",
    State.REJECTED: "short_payment.rejected",
    State.PAID: "short_payment.paid",
    State.WITHDRAWN: "short_payment.withdrawn",
}


def follow_short_payments(entries: Sequence[tuple[int, EntryDraft]], *, actor_id: int | None, now: datetime) -> None:
    """Closes, reduces or opens again the cases of the items these entries (already written) move something on."""
    moved: dict[int, list[tuple[int, EntryDraft, int]]] = {}
    for entry_id, draft in entries:
        sums: dict[int, int] = {}
        for leg in draft.postings:
            if leg.item_id is not None and leg.ledger_account in CONTROL_ACCOUNTS:
                sums[leg.item_id] = sums.get(leg.item_id, 0) + leg.amount_minor
        for item_id, minor in sums.items():
            moved.setdefault(item_id, []).append((entry_id, draft, minor))
    for case in _cases(sorted(moved)):
        for entry_id, draft, minor in moved[case.item_id]:
            _follow(case, entry_id, draft, minor, actor_id, now)


def sweep_short_payments(entity_id: int, *, actor_id: int | None, now: datetime) -> None:
    """After an import, whose applications are written in bulk: cases whose item is settled, or owes less, meanwhile."""
    live = ShortPayment.objects.filter(entity_id=entity_id, state__in=LIVE).select_related("item__balance")
    for case in live:
        open_minor = max(case.item.balance.open_minor, 0)
        if open_minor < case.amount_minor:
            _reduce(case, open_minor, None, State.PAID, "", actor_id, now)


def _cases(item_ids: Sequence[int]) -> Iterable[ShortPayment]:
    for start in range(0, len(item_ids), _CHUNK):
        part = item_ids[start : start + _CHUNK]
        yield from ShortPayment.objects.filter(item_id__in=part, state__in=_STANDING).order_by("id")


def _follow(
    case: ShortPayment, entry_id: int, draft: EntryDraft, minor: int, actor_id: int | None, now: datetime
) -> None:
    if draft.reverses_id is not None:
        if draft.reverses_id == case.entry_id:
            close_case(case, State.WITHDRAWN, entry_id, actor_id, now)
        elif draft.reverses_id == case.settling_entry_id:
            _reopen(case, actor_id, now)
        return
    if minor >= 0 or entry_id == case.entry_id:
        return
    is_money = any(leg.receipt_id is not None for leg in draft.postings)
    if case.state == State.ACCEPTED and case.settling_entry_id is None:
        # The credit memo it waited for; money only where it leaves nothing that a credit memo could settle.
        if is_money and OpenItemBalance.objects.filter(item_id=case.item_id).exclude(open_minor=0).exists():
            return
        case.settling_entry_id = entry_id
        case.save(update_fields=["settling_entry_id"])
        note_event(case, "settled", actor_id, now)
        return
    if case.state not in LIVE:
        return
    outcome = {EntryKind.WRITE_OFF: Outcome.WRITE_OFF, EntryKind.APPLICATION: Outcome.CREDIT_MEMO}.get(draft.kind)
    if outcome is not None and not is_money and -minor >= case.amount_minor:
        close_case(case, State.ACCEPTED, entry_id, actor_id, now, outcome=outcome.value, note=draft.memo)
        return
    open_minor = OpenItemBalance.objects.values_list("open_minor", flat=True).get(item_id=case.item_id)
    _reduce(case, max(open_minor, 0), entry_id, State.PAID, "", actor_id, now)


def _reduce(
    case: ShortPayment,
    open_minor: int,
    entry_id: int | None,
    state: ShortPaymentState,
    outcome: str,
    actor_id: int | None,
    now: datetime,
) -> None:
    """What is open no more is not in dispute: the case owes at most what the item owes, and is closed at nothing."""
    if open_minor >= case.amount_minor:
        return
    if not open_minor:
        close_case(case, state, entry_id, actor_id, now, outcome=outcome)
        return
    case.amount_minor = open_minor
    case.save(update_fields=["amount_minor"])
    note_event(case, "changed", actor_id, now, amount=open_minor)


def _reopen(case: ShortPayment, actor_id: int | None, now: datetime) -> None:
    """What settled it was taken back."""
    if ShortPayment.objects.filter(item_id=case.item_id, state__in=LIVE).exclude(id=case.pk).exists():
        return
    case.state, case.outcome, case.settling_entry_id = State.OPEN.value, "", None
    case.closed_at, case.closed_by_id = None, None
    case.save(update_fields=["state", "outcome", "settling_entry_id", "closed_at", "closed_by_id"])
    note_event(case, "reopened", actor_id, now)
    _tell("short_payment.reopened", case, actor_id, now)


def close_case(
    case: ShortPayment,
    state: ShortPaymentState,
    entry_id: int | None,
    actor_id: int | None,
    now: datetime,
    *,
    outcome: str = "",
    note: str = "",
) -> None:
    """Writes the state of a case with its event and audit row; ``entry_id`` is what settled it."""
    case.state, case.outcome, case.settling_entry_id = state.value, outcome, entry_id
    closed = state != State.REJECTED
    case.closed_at, case.closed_by_id = (now, actor_id) if closed else (None, None)
    case.save(update_fields=["state", "outcome", "settling_entry_id", "closed_at", "closed_by_id"])
    note_event(case, state.value, actor_id, now, note, **({"outcome": outcome} if outcome else {}))
    _tell(_TOLD[state], case, actor_id, now, **({"outcome": outcome} if outcome else {}))


def note_event(case: ShortPayment, code: str, actor_id: int | None, now: datetime, note: str = "", **data: Any) -> None:
    ShortPaymentEvent.objects.create(case_id=case.pk, at=now, actor_id=actor_id, code=code, note=note, data=data)


def _tell(code: str, case: ShortPayment, actor_id: int | None, now: datetime, **data: Any) -> None:
    record(
        code,
        now=now,
        actor_id=actor_id,
        entity_id=case.entity_id,
        subject=f"short_payment:{case.pk}",
        item=case.item_id,
        **data,
    )
