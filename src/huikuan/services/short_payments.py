"""Short payments: a case the day money comes short, decided by whom it falls to before its deadline."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from huikuan.core.accounts import EntryKind
from huikuan.core.approvals import ApprovalKind
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right, Role
from huikuan.core.short_payments import (
    LIVE,
    NOTE_MAX,
    UNSTATED,
    Outcome,
    ShortPaymentState,
    ShortReason,
    check_amount,
    check_open,
    check_reasons,
    is_short,
)
from huikuan.core.texts import check_text
from huikuan.core.working_days import add_working_days
from huikuan.engines.working_days import working_days_of
from huikuan.queries.grants import granted_in
from huikuan.queries.short_payment_reasons import reasons_of, share_of
from huikuan.services.adjustments import settle_item
from huikuan.services.approvals import Approved, NewApproval, carries_out, demand_approved
from huikuan.services.auditing import record
from huikuan.services.rights import demand
from huikuan.services.short_payment_state import close_case, note_event
from huikuan.services.transaction import run_in_transaction
from huikuan.store.models import (
    CustomerAccount,
    Entity,
    OpenItemBalance,
    ReceiptBalance,
    RoleGrant,
    ShortPayment,
    ShortPaymentPolicy,
    ShortPaymentReason,
)


def open_short_payment(
    entity_id: int,
    item_id: int,
    amount_minor: int | None = None,
    *,
    reason_code: str = UNSTATED,
    entry_id: int | None = None,
    receipt_id: int | None = None,
    note: str = "",
    owner_id: int | None = None,
    deadline: date | None = None,
    actor_id: int | None,
    now: datetime,
) -> int:
    """Opens a case for what is held back on an item (``None``: all that is open); gives its id. May be called within
    the transaction of the application that left it short (``entry_id``).

    Owner and deadline follow from the reason where they are not given. Where the item has a case that is not closed,
    that one gets reason, amount and deadline anew. Refuses ``item.unknown``, ``short_payment.amount``,
    ``short_payment.unknown_reason``, ``short_payment.unknown_owner`` and ``right.missing``.
    """
    check_text("note", note, NOTE_MAX)

    def work() -> int:
        balance = _balance(entity_id, item_id)
        demand(actor_id, Right.HANDLE_SHORT_PAYMENT, entity_id=entity_id, account_id=balance.account_id)
        return _open(
            balance,
            amount_minor,
            reason_code=reason_code,
            entry_id=entry_id,
            receipt_id=receipt_id,
            note=note,
            owner_id=owner_id,
            deadline=deadline,
            actor_id=actor_id,
            now=now,
        )

    return run_in_transaction(work)


def flag_short_payments(
    entity_id: int,
    entry_id: int,
    receipt_id: int | None,
    item_ids: Iterable[int],
    *,
    actor_id: int | None,
    now: datetime,
) -> list[int]:
    """Within the transaction of an application: a case for each of these items that it left short by no more than the
    entity's share, though the money is used up. It takes no right of its own: it follows from what was posted."""
    share_bp = share_of(entity_id)
    if not share_bp:
        return []
    left = 0
    if receipt_id is not None:
        left = (
            ReceiptBalance.objects.values_list("unapplied_minor", flat=True).filter(receipt_id=receipt_id).first() or 0
        )
    found = OpenItemBalance.objects.filter(item_id__in=sorted(set(item_ids)), open_minor__gt=0, is_current=True)
    return [
        _open(balance, None, entry_id=entry_id, receipt_id=receipt_id, keeps=True, actor_id=actor_id, now=now)
        for balance in found.select_related("item__entity").order_by("item_id")
        if left < balance.open_minor and is_short(balance.original_minor, balance.open_minor, share_bp)
    ]


def change_short_payment(
    case_id: int,
    *,
    reason_code: str | None = None,
    owner_id: int | None = None,
    deadline: date | None = None,
    note: str = "",
    actor_id: int | None,
    now: datetime,
) -> None:
    """Changes what is given of an open or rejected case; a new reason brings its owner and deadline where those are not
    given. A rejected case with a new reason is open again.

    Refuses ``short_payment.unknown``, ``short_payment.closed``, ``short_payment.unknown_reason``,
    ``short_payment.unknown_owner`` and ``right.missing``.
    """
    check_text("note", note, NOTE_MAX)

    def work() -> None:
        case = _standing(case_id, actor_id)
        check_open(ShortPaymentState(case.state), rejected_too=True)
        before = (case.reason_code, case.owner_id, case.deadline)
        if reason_code is not None and reason_code != case.reason_code:
            reason = _reason(case.entity_id, reason_code)
            case.reason_code, case.owner_role = reason.code, reason.owner_role.value
            case.owner_id = _owner(case.account_id, case.entity_id, reason.owner_role)
            case.deadline = _deadline(case.entity, reason.days, now)
            case.state = ShortPaymentState.OPEN.value
        if owner_id is not None:
            case.owner_id = _known_owner(owner_id, case.entity_id)
        if deadline is not None:
            case.deadline = deadline
        if (case.reason_code, case.owner_id, case.deadline) == before and not note.strip():
            return
        case.save()
        _changed(case, "changed", note, actor_id, now)

    run_in_transaction(work)


def reject_short_payment(case_id: int, *, note: str, actor_id: int | None, now: datetime) -> None:
    """The customer owes it; ``note`` says what it was told. Refuses ``short_payment.unknown``,
    ``short_payment.closed``, ``short_payment.say_why`` and ``right.missing``."""
    check_text("note", note, NOTE_MAX)
    if not note.strip():
        raise Refusal("short_payment.say_why", "Say why, and what the customer was told.")

    def work() -> None:
        case = _standing(case_id, actor_id)
        check_open(ShortPaymentState(case.state))
        close_case(case, ShortPaymentState.REJECTED, None, actor_id, now, note=note.strip())

    run_in_transaction(work)


def accept_short_payment(
    case_id: int,
    outcome: Outcome,
    *,
    note: str,
    on: date,
    actor_id: int | None,
    now: datetime,
    key: str | None = None,
    approved: Approved | None = None,
) -> int | None:
    """The customer need not pay it: written off at once (gives the entry's id), or left for a credit memo to come.

    Refuses ``short_payment.unknown``, ``short_payment.closed``, ``short_payment.say_why``, ``right.missing``, where
    such an amount is to be approved ``approval.needed``, and ``short_payment.grown``: of more than was ``approved``.
    """
    check_text("note", note, NOTE_MAX)
    if not note.strip():
        raise Refusal("short_payment.say_why", "Say why, and what the customer was told.")

    def work() -> int | None:
        case = _standing(case_id, actor_id)
        check_open(ShortPaymentState(case.state), rejected_too=True)
        demand(actor_id, Right.POST_ADJUSTMENT, entity_id=case.entity_id, account_id=case.account_id)
        if outcome == Outcome.CREDIT_MEMO:
            if actor_id is not None and approved is None:
                demand_approved(_proposal(case, note, on))
            if approved is not None and case.amount_minor > approved.amount_minor:
                raise Refusal("short_payment.grown", "By now more was kept back than what was asked for: ask anew.")
            close_case(case, ShortPaymentState.ACCEPTED, None, actor_id, now, outcome=outcome.value, note=note.strip())
            return None
        return settle_item(
            case.entity_id,
            EntryKind.WRITE_OFF,
            case.item_id,
            case.amount_minor,
            on=on,
            memo=note.strip()[:200],
            actor_id=actor_id,
            now=now,
            key=key,
        )

    return run_in_transaction(work)


@carries_out(ApprovalKind.SHORT_PAYMENT)
def accept_approved(request: Approved) -> int | None:
    """Does what was approved. Refuses what ``accept_short_payment`` refuses by now."""
    return accept_short_payment(
        request.facts["case"],
        Outcome.CREDIT_MEMO,
        note=request.reason,
        on=date.fromisoformat(request.facts["on"]),
        actor_id=request.actor_id,
        now=request.now,
        approved=request,
    )


def set_reasons(
    entity_id: int, reasons: Sequence[ShortReason], share_bp: int, *, actor_id: int | None, now: datetime
) -> None:
    """Replaces an entity's reasons and the share up to which a rest becomes a case by itself (0: never). Cases keep the
    codes they have.

    Refuses what ``check_reasons`` refuses and ``right.missing``.
    """
    check_reasons(reasons, share_bp)
    for one in reasons:
        check_text("name", one.name, 60)

    def work() -> None:
        demand(actor_id, Right.MANAGE_POLICY, entity_id=entity_id)
        ShortPaymentReason.objects.filter(entity_id=entity_id).delete()
        ShortPaymentReason.objects.bulk_create(
            ShortPaymentReason(
                entity_id=entity_id,
                code=one.code,
                name=one.name,
                owner_role=one.owner_role.value,
                days=one.days,
                position=number,
                is_active=one.is_active,
            )
            for number, one in enumerate(reasons)
        )
        ShortPaymentPolicy.objects.update_or_create(entity_id=entity_id, defaults={"share_bp": share_bp})
        codes = [one.code for one in reasons if one.is_active]
        record(
            "short_payment.reasons", now=now, actor_id=actor_id, entity_id=entity_id, reasons=codes, share_bp=share_bp
        )

    run_in_transaction(work)


# -- pieces ----------------------------------------------------------------------------------------------------------
def _open(
    balance: OpenItemBalance,
    amount_minor: int | None,
    *,
    reason_code: str = UNSTATED,
    entry_id: int | None = None,
    receipt_id: int | None = None,
    note: str = "",
    owner_id: int | None = None,
    deadline: date | None = None,
    keeps: bool = False,
    actor_id: int | None,
    now: datetime,
) -> int:
    """``keeps``: a case that is there already keeps its reason, owner and deadline."""
    item, amount = balance.item, balance.open_minor if amount_minor is None else amount_minor
    check_amount(amount, balance.open_minor)
    reason = _reason(item.entity_id, reason_code)
    case = ShortPayment.objects.select_for_update().filter(item_id=item.id, state__in=LIVE).first()
    fresh = case is None
    if case is None:
        case = ShortPayment(
            entity_id=item.entity_id,
            account_id=item.account_id,
            item_id=item.id,
            currency=item.currency,
            opened_on=_today(item.entity, now),
            opened_at=now,
            opened_by_id=actor_id,
        )
    if fresh or not keeps:
        case.reason_code, case.owner_role = reason.code, reason.owner_role.value
        case.owner_id = (
            _owner(item.account_id, item.entity_id, reason.owner_role)
            if owner_id is None
            else _known_owner(owner_id, item.entity_id)
        )
        case.deadline = deadline or _deadline(item.entity, reason.days, now)
        case.state = ShortPaymentState.OPEN.value
    case.amount_minor = amount
    case.entry_id = entry_id if entry_id is not None else case.entry_id
    case.receipt_id = receipt_id if receipt_id is not None else case.receipt_id
    case.save()
    _changed(case, "opened" if fresh else "changed", note, actor_id, now)
    return int(case.pk)


def _changed(case: ShortPayment, code: str, note: str, actor_id: int | None, now: datetime) -> None:
    data: dict[str, Any] = {
        "reason": case.reason_code,
        "owner": case.owner_id,
        "deadline": case.deadline.isoformat(),
        "amount": case.amount_minor,
    }
    note_event(case, code, actor_id, now, note.strip(), **data)
    record(
        "short_payment.opened" if code == "opened" else "short_payment.changed",
        now=now,
        actor_id=actor_id,
        entity_id=case.entity_id,
        subject=f"short_payment:{case.pk}",
        item=case.item_id,
        **data,
    )


def _proposal(case: ShortPayment, note: str, on: date) -> NewApproval:
    balance = case.item.balance
    base = balance.open_base_minor * case.amount_minor // balance.open_minor if balance.open_minor else 0
    return NewApproval(
        kind=ApprovalKind.SHORT_PAYMENT,
        entity_id=case.entity_id,
        account_id=case.account_id,
        subject=f"item:{case.item_id}",
        title=case.item.document_number,
        amount_minor=case.amount_minor,
        currency=case.currency,
        base_minor=base,
        facts={"case": case.pk, "item": case.item_id, "on": on.isoformat()},
        reason=note,
    )


def _balance(entity_id: int, item_id: int) -> OpenItemBalance:
    found = OpenItemBalance.objects.select_for_update(of=("self",)).select_related("item__entity")
    balance = found.filter(item_id=item_id, item__entity_id=entity_id).first()
    if balance is None:
        raise Refusal("item.unknown", "there is no item {item_id} in this entity", item_id=item_id)
    return balance


def _standing(case_id: int, actor_id: int | None) -> ShortPayment:
    found = ShortPayment.objects.select_for_update(of=("self",)).select_related("entity", "item__balance")
    case = found.filter(id=case_id).first()
    if case is None:
        raise Refusal("short_payment.unknown", "There is no such case.")
    demand(actor_id, Right.HANDLE_SHORT_PAYMENT, entity_id=case.entity_id, account_id=case.account_id)
    return case


def _reason(entity_id: int, code: str) -> ShortReason:
    for reason in reasons_of(entity_id):
        if reason.code == code and reason.is_active:
            return reason
    raise Refusal("short_payment.unknown_reason", "{reason!r} is no reason of this entity.", reason=code[:40])


def _owner(account_id: int, entity_id: int, role: Role) -> int | None:
    """Whose it is: the rep or the collector of the account, or the only person who holds the role; else nobody's."""
    account = CustomerAccount.objects.get(id=account_id)
    if role == Role.SALES_REP and account.owner_id is not None:
        return account.owner_id
    if role == Role.COLLECTOR and account.collector_id is not None:
        return account.collector_id
    holders = RoleGrant.objects.filter(entity_id=entity_id, role=role.value, user__is_active=True)
    people = sorted(set(holders.values_list("user_id", flat=True)))
    return people[0] if len(people) == 1 else None


def _known_owner(user_id: int, entity_id: int) -> int:
    if not granted_in(user_id, entity_id).can(Right.HANDLE_SHORT_PAYMENT):
        raise Refusal("short_payment.unknown_owner", "There is no such person who could see to it.")
    return user_id


def _deadline(entity: Entity, days: int, now: datetime) -> date:
    return add_working_days(_today(entity, now), days, working_days_of(entity.country))


def _today(entity: Entity, now: datetime) -> date:
    return now.astimezone(ZoneInfo(entity.timezone)).date()
