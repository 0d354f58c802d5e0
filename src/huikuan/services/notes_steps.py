"""What happens to a note after it was taken: presented, discounted, endorsed, split, paid, dishonoured, returned.

Worked examples, leg by leg, are in docs/design/notes.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from huikuan.core.approvals import ApprovalKind
from huikuan.core.notes import (
    NoteStep,
    check_not_mature,
    check_step,
    discount_interest,
    given_legs,
)
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.core.texts import NAME_MAX, check_text
from huikuan.services.approvals import Approved, NewApproval, carries_out, demand_approved, lapse_requests
from huikuan.services.auditing import record
from huikuan.services.books import open_books
from huikuan.services.idempotency import once
from huikuan.services.notes_posting import Made, Taking, dishonour, pass_on, pay
from huikuan.services.notes_standing import lock_note, next_ordinal
from huikuan.services.rights import demand, demand_some
from huikuan.store.models import NoteEvent

RIGHT_OF_STEP: dict[NoteStep, Right] = {
    **dict.fromkeys(NoteStep, Right.POST_NOTE),
    NoteStep.DISCOUNTED: Right.NEGOTIATE_NOTE,
    NoteStep.ENDORSED: Right.NEGOTIATE_NOTE,
}


@dataclass(frozen=True, slots=True)
class Discount:
    """What the bank offers. Interest follows from the rate and the days (to maturity, where they are not said), unless
    the bank's own figure is given. ``fee_minor``: what it takes besides."""

    bank: str
    rate_percent: Decimal | None = None
    days: int | None = None
    interest_minor: int | None = None
    with_recourse: bool = True
    fee_minor: int = 0


@dataclass(frozen=True, slots=True)
class Endorsement:
    """To whom a note is handed on, for a debt of ours of that amount."""

    party: str
    with_recourse: bool = True


def discount_note(
    entity_id: int,
    note_id: int,
    discount: Discount,
    *,
    on: date,
    actor_id: int | None,
    now: datetime,
    memo: str = "",
    key: str | None = None,
    approved: int | None = None,
) -> int:
    """Sells a note to a bank before it matures; gives the entry. Refuses ``note.party_missing``, ``note.rate``,
    ``note.days``, ``note.rate_missing``, ``note.interest``, ``note.fee``, ``approval.needed`` and what
    ``check_step`` refuses."""

    def do(at: Taking) -> Made:
        if not discount.bank.strip():
            raise Refusal("note.party_missing", "say to whom the note goes")
        days = discount.days if discount.days is not None else (at.note.maturity_date - on).days
        interest = _interest(discount, at.amount_minor, days)
        total = at.to_base(at.amount_minor)
        if discount.fee_minor < 0 or interest + discount.fee_minor >= at.amount_minor:
            raise Refusal("note.fee", "interest and fee together are less than the note, and the fee is not negative")
        bank = at.amount_minor - interest - discount.fee_minor
        given = given_legs(
            at.note.account_id,
            at.note.currency,
            bank_minor=bank,
            bank_base=at.to_base(bank),
            cost_minor=interest + discount.fee_minor,
            cost_base=total - at.to_base(bank),
            item_id=at.note.item_id,
        )
        made = pass_on(at, given, with_recourse=discount.with_recourse)
        facts = {
            "rate_percent": discount.rate_percent,
            "days": max(days, 0),
            "interest_minor": interest,
            "fee_minor": discount.fee_minor,
        }
        return replace(made, facts={"party": discount.bank, "with_recourse": discount.with_recourse, **facts})

    facts = {
        "bank": discount.bank,
        "rate_percent": None if discount.rate_percent is None else str(discount.rate_percent),
        "days": discount.days,
        "interest_minor": discount.interest_minor,
        "with_recourse": discount.with_recourse,
        "fee_minor": discount.fee_minor,
    }
    return take_step(
        entity_id,
        note_id,
        NoteStep.DISCOUNTED,
        do,
        request=discount,
        on=on,
        actor_id=actor_id,
        now=now,
        memo=memo,
        key=key,
        approval=(ApprovalKind.NOTE_DISCOUNT, facts),
        approved=approved,
    )


def _interest(discount: Discount, amount_minor: int, days: int) -> int:
    """The bank's figure, else by the rate and the days. Refuses ``note.rate_missing`` and ``note.interest``."""
    if discount.interest_minor is None:
        if discount.rate_percent is None:
            raise Refusal("note.rate_missing", "give the rate, or the interest the bank keeps")
        return discount_interest(amount_minor, discount.rate_percent, days)
    if not 0 <= discount.interest_minor < amount_minor:
        raise Refusal("note.interest", "the interest is less than the note, and not negative")
    return discount.interest_minor


def endorse_note(
    entity_id: int,
    note_id: int,
    endorsement: Endorsement,
    *,
    on: date,
    actor_id: int | None,
    now: datetime,
    memo: str = "",
    key: str | None = None,
    approved: int | None = None,
) -> int:
    """Hands a note on to somebody we owe as much; gives the entry. Refuses as ``discount_note`` does."""

    def do(at: Taking) -> Made:
        if not endorsement.party.strip():
            raise Refusal("note.party_missing", "say to whom the note goes")
        total = at.to_base(at.amount_minor)
        given = given_legs(
            at.note.account_id,
            at.note.currency,
            payables_minor=at.amount_minor,
            payables_base=total,
            item_id=at.note.item_id,
        )
        made = pass_on(at, given, with_recourse=endorsement.with_recourse)
        return replace(made, facts={"party": endorsement.party, "with_recourse": endorsement.with_recourse})

    facts = {"party": endorsement.party, "with_recourse": endorsement.with_recourse}
    return take_step(
        entity_id,
        note_id,
        NoteStep.ENDORSED,
        do,
        request=endorsement,
        on=on,
        actor_id=actor_id,
        now=now,
        memo=memo,
        key=key,
        approval=(ApprovalKind.NOTE_ENDORSE, facts),
        approved=approved,
    )


def present_note(entity_id: int, note_id: int, *, on: date, bank: str = "", **rest: Any) -> None:
    """Hands a note in for payment (a cheque: deposits it). Nothing is posted until it is paid."""
    check_text("bank", bank, 200)
    take_step(
        entity_id,
        note_id,
        NoteStep.PRESENTED,
        lambda _at: Made(facts={"party": bank}),
        request=bank,
        on=on,
        **rest,
    )


def pay_note(entity_id: int, note_id: int, *, on: date, **rest: Any) -> int:
    """The note was paid: to us, or, where it was passed on with recourse, to who has it now. Gives the entry."""
    return take_step(entity_id, note_id, NoteStep.PAID, pay, request=None, on=on, **rest)


def dishonour_note(entity_id: int, note_id: int, *, on: date, memo: str, **rest: Any) -> int:
    """The note was not paid: what it settled is open again, and what it was passed on for is owed back. Gives the
    entry, 0 where nothing had been posted. Refuses ``note.say_why``."""
    if not memo.strip():
        raise Refusal("note.say_why", "say why: it is kept with the note")
    return take_step(entity_id, note_id, NoteStep.DISHONOURED, dishonour, request=None, on=on, memo=memo, **rest)


def return_note(entity_id: int, note_id: int, *, on: date, memo: str, **rest: Any) -> int:
    """The note goes back to who gave it; what it settled is open again. Refuses ``note.say_why``."""
    if not memo.strip():
        raise Refusal("note.say_why", "say why: it is kept with the note")
    return take_step(entity_id, note_id, NoteStep.RETURNED, dishonour, request=None, on=on, memo=memo, **rest)


# -- one step --------------------------------------------------------------------------------------------------------
def take_step(
    entity_id: int,
    note_id: int,
    step: NoteStep,
    do: Callable[[Taking], Made],
    *,
    request: object,
    on: date,
    actor_id: int | None,
    now: datetime,
    memo: str = "",
    key: str | None = None,
    approval: tuple[ApprovalKind, dict[str, Any]] | None = None,
    approved: int | None = None,
) -> int:
    """Locks the note, asks whether the step is open, posts what it posts and keeps it; gives the entry, or 0."""
    check_text("memo", memo, NAME_MAX)
    right = RIGHT_OF_STEP[step]

    def work() -> dict[str, int]:
        demand_some(actor_id, right, entity_id=entity_id)
        books = open_books(entity_id, actor_id=actor_id)
        standing = lock_note(entity_id, note_id)
        note = standing.note
        demand(actor_id, right, entity_id=entity_id, account_id=note.account_id)
        check_step(
            step,
            standing.terms.kind,
            standing.state,
            with_recourse=standing.last.with_recourse if standing.steps else False,
            divisible=standing.terms.divisible,
            number=note.number,
        )
        check_not_mature(step, standing.terms, on, note.number)
        if on < standing.last.on:
            raise Refusal(
                "note.before_last", "the note's last step was on {day}: this cannot be before", day=standing.last.on
            )
        at = Taking(standing, books, right, on, actor_id, now, memo)
        if approval is not None and actor_id is not None and approved is None:
            demand_approved(_proposal(at, *approval))
        # No step leaves a bill where it could still be discounted or endorsed as was asked.
        lapse_requests(f"bill:{note.pk}", step.value, but=approved, actor_id=actor_id, now=now)
        made = do(at)
        NoteEvent.objects.create(
            note=note,
            ordinal=next_ordinal(note),
            step=step,
            on=on,
            counts_from=at.posted_day.posting_date,
            entry_id=made.entry_id,
            receipt_id=made.receipt_id,
            memo=memo,
            recorded_at=now,
            actor_id=actor_id,
            **made.facts,
        )
        record(f"note.{step.value}", now=now, actor_id=actor_id, entity_id=entity_id, subject=f"bill:{note.pk}")
        return {"entry": made.entry_id or 0}

    answer = once(
        entity_id=entity_id,
        actor_id=actor_id,
        operation=f"note.{step.value}",
        key=key,
        request=(note_id, request, on, memo),
        now=now,
        work=work,
    )
    return int(answer["entry"])


def _proposal(at: Taking, kind: ApprovalKind, facts: dict[str, Any]) -> NewApproval:
    note = at.note
    return NewApproval(
        kind=kind,
        entity_id=note.entity_id,
        account_id=note.account_id,
        subject=f"bill:{note.pk}",
        title=note.number,
        amount_minor=at.amount_minor,
        currency=note.currency,
        base_minor=at.to_base(at.amount_minor),
        facts={"note": note.pk, "on": at.on.isoformat(), **facts},
        reason=at.memo,
    )


@carries_out(ApprovalKind.NOTE_DISCOUNT, ApprovalKind.NOTE_ENDORSE)
def pass_on_approved(request: Approved) -> int:
    """Does what was approved. Refuses what ``discount_note`` and ``endorse_note`` refuse by now."""
    facts = request.facts
    given: dict[str, Any] = {
        "on": date.fromisoformat(facts["on"]),
        "actor_id": request.actor_id,
        "now": request.now,
        "memo": request.reason,
        "key": f"approval:{request.request_id}",
        "approved": request.request_id,
    }
    if request.kind == ApprovalKind.NOTE_ENDORSE:
        return endorse_note(
            request.entity_id, facts["note"], Endorsement(facts["party"], facts["with_recourse"]), **given
        )
    rate = facts["rate_percent"]
    discount = Discount(
        facts["bank"],
        None if rate is None else Decimal(rate),
        facts["days"],
        facts["interest_minor"],
        facts["with_recourse"],
        facts.get("fee_minor", 0),
    )
    return discount_note(request.entity_id, facts["note"], discount, **given)
