"""Settlement agreements posted, invoiced, decided upon and taken back: all of one happens in one transaction, in every
entity that takes part, or nothing does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from huikuan.core.accounts import EntryKind
from huikuan.core.agreements import (
    STANDING,
    AgreementKind,
    AgreementState,
    AgreementStep,
    check_state,
    check_valuation,
    loss_legs,
)
from huikuan.core.approvals import ApprovalKind
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.core.texts import NAME_MAX, check_text
from huikuan.services.agreements_parts import Part, demand_approvals, parts_of, post_part, proposal_of
from huikuan.services.agreements_standing import (
    add_event,
    check_paper,
    demand_all,
    entries_of,
    lines_of,
    lock_agreement,
    of_kind,
    too_early,
)
from huikuan.services.approvals import ApprovalNeeded, Approved, demand_approved, request_approval
from huikuan.services.books import open_books
from huikuan.services.idempotency import once
from huikuan.services.locking import lock_items
from huikuan.services.reversals import add_reversals
from huikuan.services.transaction import run_in_transaction
from huikuan.services.writing import Unit
from huikuan.store.models import (
    SettlementAgreement,
)

RIGHT = Right.POST_ADJUSTMENT


def post_agreement(
    agreement_id: int,
    *,
    on: date,
    document_id: int | None = None,
    actor_id: int | None,
    now: datetime,
    key: str | None = None,
    approved: int | None = None,
) -> list[int]:
    """Closes the debts of a signed agreement on one day; gives the entries, one for each of our entities. For a thing
    this is the day on which title passed, and ``document_id`` proves it.

    Refuses ``agreement.unknown``, ``agreement.not_signed``, ``agreement.state``, ``agreement.day``,
    ``agreement.not_valued``, ``agreement.above_valuation``, ``agreement.paper_missing``, what ``check_line`` refuses by
    now, ``approval.needed`` (the ladder for offsets, asked in each entity) and ``right.missing``. ``approved``: the
    request being carried out.
    """

    def work() -> dict[str, list[int]]:
        row = lock_agreement(agreement_id)
        demand_all(actor_id, RIGHT, row)
        _check_ready(row, on, document_id)
        parts = parts_of(row, on, actor_id)
        if actor_id is not None:
            demand_approvals(row, parts, on, document_id, approved)
        facts = {"document_id": document_id}
        event = add_event(
            row, AgreementStep.POSTED, on=on, actor_id=actor_id, now=now, state=AgreementState.POSTED, **facts
        )
        entries = [post_part(row, event, part, EntryKind.OFFSET, on, actor_id, now) for part in parts]
        _finish(row)
        return {"entries": entries}

    return _once(agreement_id, "post", (agreement_id, on, document_id), work, actor_id=actor_id, now=now, key=key)


def invoice_thing(
    agreement_id: int,
    number: str,
    tax_minor: int,
    document_id: int | None,
    *,
    on: date,
    actor_id: int | None,
    now: datetime,
) -> AgreementState:
    """Keeps the invoice a customer issued for its thing, over the price agreed on, ``tax_minor`` of it tax.

    Refuses ``agreement.invoice_number``, ``agreement.tax``, ``agreement.invoiced``, ``agreement.bad_kind``,
    ``agreement.state``, ``agreement.paper_missing`` and ``right.missing``.
    """
    check_text("number", number, 200)
    if not number.strip():
        raise Refusal("agreement.invoice_number", "give the number of the invoice")

    def work() -> AgreementState:
        row = lock_agreement(agreement_id)
        of_kind(row, AgreementKind.IN_KIND)
        demand_all(actor_id, RIGHT, row)
        check_state(AgreementState(row.state), (AgreementState.SIGNED, AgreementState.POSTED))
        if not 0 <= tax_minor < row.amount_minor:
            raise Refusal("agreement.tax", "the tax of the invoice is less than its amount, and not negative")
        if row.events.filter(step=AgreementStep.INVOICED).exists():
            raise Refusal("agreement.invoiced", "the invoice of this agreement is kept already")
        check_paper(row, document_id)
        facts: dict[str, Any] = {"amount_minor": row.amount_minor, "tax_minor": tax_minor, "text": number.strip()}
        add_event(row, AgreementStep.INVOICED, on=on, actor_id=actor_id, now=now, document_id=document_id, **facts)
        return _finish(row)

    return run_in_transaction(work)


def keep_rest(agreement_id: int, *, on: date, memo: str = "", actor_id: int | None, now: datetime) -> AgreementState:
    """Decides that what the thing did not cover stays open. Refuses ``agreement.no_rest``, ``agreement.bad_kind``,
    ``agreement.state`` and ``right.missing``."""
    check_text("memo", memo, NAME_MAX)

    def work() -> AgreementState:
        row = lock_agreement(agreement_id)
        demand_all(actor_id, RIGHT, row)
        _check_rest(row)
        add_event(row, AgreementStep.KEPT, on=on, actor_id=actor_id, now=now, memo=memo)
        return _finish(row)

    return run_in_transaction(work)


def lose_rest(
    agreement_id: int,
    *,
    on: date,
    memo: str,
    actor_id: int | None,
    now: datetime,
    key: str | None = None,
    approved: int | None = None,
) -> list[int]:
    """Writes off what the thing did not cover and is still open; gives the entry.

    Refuses ``agreement.no_rest``, ``agreement.say_why``, ``agreement.bad_kind``, ``agreement.state``,
    ``approval.needed`` (the ladder for write-offs) and ``right.missing``.
    """
    check_text("memo", memo, NAME_MAX)
    if not memo.strip():
        raise Refusal("agreement.say_why", "say why")

    def work() -> dict[str, list[int]]:
        row = lock_agreement(agreement_id)
        demand_all(actor_id, RIGHT, row)
        _check_rest(row)
        books = open_books(row.entity_id, actor_id=actor_id)
        lines = lines_of(row)
        rows = lock_items(row.entity_id, [line.item_id for line in lines])
        lost = [
            (rows[line.item_id], rest)
            for line in lines
            if (rest := min(line.debt_minor - line.amount_minor, rows[line.item_id].open_minor)) > 0
        ]
        if not lost:
            raise _no_rest()
        part = Part(books, loss_legs(lost))
        if actor_id is not None and approved is None:
            demand_approved(proposal_of(row, part, ApprovalKind.WRITE_OFF, "lost", on, None, memo))
        event = add_event(row, AgreementStep.LOST, on=on, actor_id=actor_id, now=now, memo=memo)
        entry_id = post_part(row, event, part, EntryKind.WRITE_OFF, on, actor_id, now, memo)
        _finish(row)
        return {"entries": [entry_id]}

    return _once(agreement_id, "lose", (agreement_id, on, memo), work, actor_id=actor_id, now=now, key=key)


def undo_agreement(
    agreement_id: int, *, on: date, memo: str, actor_id: int | None, now: datetime, key: str | None = None
) -> list[int]:
    """Takes back everything an agreement posted, in every entity; all debts are open again to the cent. Gives the
    reversals.

    Refuses ``agreement.say_why``, ``agreement.state``, ``right.missing`` and what reversing refuses.
    """
    check_text("memo", memo, NAME_MAX)
    if not memo.strip():
        raise Refusal("agreement.say_why", "say why")

    def work() -> dict[str, list[int]]:
        row = lock_agreement(agreement_id)
        demand_all(actor_id, Right.REVERSE, row)
        check_state(AgreementState(row.state), STANDING)
        posted = row.events.get(step=AgreementStep.POSTED)
        if on < posted.on:
            raise too_early(posted.on)
        reversals: list[int] = []
        for entity_id, entries in sorted(entries_of(row).items()):
            books = open_books(entity_id, actor_id=actor_id)
            unit = Unit(entity_id, actor_id, now)
            reversals += add_reversals(unit, books, entries, on=on, memo=memo)
            unit.flush()
        state = AgreementState.UNDONE
        add_event(row, AgreementStep.UNDONE, on=on, actor_id=actor_id, now=now, state=state, memo=memo)
        return {"entries": reversals}

    return _once(agreement_id, "undo", (agreement_id, on, memo), work, actor_id=actor_id, now=now, key=key)


def carry_out_agreement(request: Approved) -> int | None:
    """Does what was approved. Where another entity's ladder asks for a decision too, that is asked for next, and
    nothing is posted yet."""
    facts = request.facts
    on, number = date.fromisoformat(facts["on"]), int(facts["agreement"])
    who: dict[str, Any] = {"actor_id": request.actor_id, "now": request.now, "approved": request.request_id}
    if facts["step"] == "lost":
        return lose_rest(number, on=on, memo=request.reason[:NAME_MAX], **who)[0]
    try:
        return post_agreement(number, on=on, document_id=facts.get("document"), **who)[0]
    except ApprovalNeeded as needed:
        proposal = replace(needed.proposal, reason=request.reason)
        request_approval(proposal, actor_id=request.actor_id, now=request.now)
        return None


# -- deciding ----------------------------------------------------------------------------------------------------------
def _once(
    agreement_id: int,
    step: str,
    request: object,
    work: Callable[[], dict[str, list[int]]],
    *,
    actor_id: int | None,
    now: datetime,
    key: str | None,
) -> list[int]:
    """The entries of a step, posted once under a key."""
    answer = once(
        entity_id=_entity_of(agreement_id),
        actor_id=actor_id,
        operation=f"agreement.{step}",
        key=key,
        request=request,
        now=now,
        work=work,
    )
    return list(answer["entries"])


def _entity_of(agreement_id: int) -> int:
    """The entity that keeps an agreement. Refuses ``agreement.unknown``."""
    found = SettlementAgreement.objects.filter(id=agreement_id).values_list("entity_id", flat=True).first()
    if found is None:
        raise Refusal("agreement.unknown", "there is no such agreement")
    return found


def _no_rest() -> Refusal:
    return Refusal("agreement.no_rest", "nothing is left of the debts this agreement is about")


def _check_ready(row: SettlementAgreement, on: date, document_id: int | None) -> None:
    if row.state == AgreementState.PROPOSED:
        signed = row.events.filter(step=AgreementStep.SIGNED).values("party_id")
        waits = row.parties.exclude(id__in=signed).order_by("ordinal").first()
        raise Refusal("agreement.not_signed", "{name} has not signed yet", name=waits.name if waits else "")
    check_state(AgreementState(row.state), (AgreementState.SIGNED,))
    last = max(row.events.filter(step=AgreementStep.SIGNED).values_list("on", flat=True))
    if on < last:
        raise too_early(last)
    if row.kind == AgreementKind.IN_KIND:
        valued = row.events.filter(step=AgreementStep.VALUED).order_by("-ordinal").first()
        check_valuation(row.amount_minor, valued.amount_minor if valued else None)
        check_paper(row, document_id)


def _check_rest(row: SettlementAgreement) -> None:
    of_kind(row, AgreementKind.IN_KIND)
    check_state(AgreementState(row.state), (AgreementState.POSTED,))
    decided = row.events.filter(step__in=[AgreementStep.KEPT, AgreementStep.LOST])
    if row.debt_minor == row.amount_minor or decided.exists():
        raise _no_rest()


def _finish(row: SettlementAgreement) -> AgreementState:
    """An agreement of several parties is done once it is posted; one about a thing when its invoice is kept and the
    rest is decided."""
    if row.state == AgreementState.POSTED and (row.kind == AgreementKind.THREE_PARTY or _is_complete(row)):
        row.state = AgreementState.DONE.value
        row.save(update_fields=["state"])
    return AgreementState(row.state)


def _is_complete(row: SettlementAgreement) -> bool:
    steps = set(row.events.values_list("step", flat=True))
    decided = row.debt_minor == row.amount_minor or bool(steps & {AgreementStep.KEPT, AgreementStep.LOST})
    return AgreementStep.INVOICED in steps and decided
