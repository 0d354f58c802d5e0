"""Deciding about bank lines: applied as explained or by hand, kept for a customer, or no customer's money.

Each decision is one transaction: the postings by the services that anybody uses, the decision, what it teaches.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from huikuan.core.accounts import EntryKind, LedgerAccount
from huikuan.core.applications import OpenRow, discount_allowed
from huikuan.core.matching import Deduction, Deed, How, ItemNow, Leg, NotCustomers, Plan, Rest, decide_plan
from huikuan.core.refusals import Refusal
from huikuan.core.short_payments import UNSTATED
from huikuan.core.texts import NAME_MAX, check_text
from huikuan.queries.applicable import sums_on
from huikuan.queries.short_payment_reasons import reasons_of
from huikuan.services.adjustments import settle_item
from huikuan.services.applications import Named, apply_credit, apply_receipt
from huikuan.services.auditing import record
from huikuan.services.idempotency import once
from huikuan.services.line_desk import Desk, day_for, take_line
from huikuan.services.line_split import remember_parts, split_line
from huikuan.services.locking import lock_items
from huikuan.services.matching_learning import learn_decision
from huikuan.services.matching_policy import policy_of
from huikuan.services.matching_stale import mark_stale
from huikuan.services.receipts import identify_receipt, park_receipt
from huikuan.services.short_payments import open_short_payment
from huikuan.store.models import LineClaim, LineDecision, LineParked, LineQuestion


@dataclass(frozen=True, slots=True)
class Choice:
    """What to do with a line. ``legs`` for ``apply``; ``account_id`` whose money it is otherwise; ``rest``: what
    becomes of money not applied; ``detail``: whose it is where it is no customer's, or a remark. ``rank``,
    ``confidence`` and ``back`` are the explanation's it was taken from."""

    deed: Deed
    legs: tuple[Leg, ...] = ()
    account_id: int | None = None
    rest: Rest = Rest.UNAPPLIED
    detail: str = ""
    rank: int | None = None
    confidence: float | None = None
    back: int | None = None


@dataclass(slots=True)
class _Posted:
    """What a decision posted so far, in order."""

    entries: list[int] = field(default_factory=list)
    parts: list[int] = field(default_factory=list)
    applied_minor: int = 0
    rest_minor: int = 0


def decide_line(
    entity_id: int,
    line_id: int,
    choice: Choice,
    *,
    actor_id: int | None,
    now: datetime,
    key: str | None = None,
    run_id: int | None = None,
    bar: float | None = None,
    first: Callable[[Desk], Sequence[int]] | None = None,
    request: object = None,
) -> int:
    """Carries out what was chosen for a line; gives the decision's number. ``run_id``: the matcher's own posting.
    ``first`` posts what belongs before it (a platform's fees) and gives the entries, which are undone with it.
    ``request``: what was asked for under the ``key``, where it is not the choice itself.

    Refuses what ``take_line``, ``decide_plan`` and posting refuse, ``match.no_customer``, ``match.currency`` and
    ``match.bad_class``.
    """
    check_text("detail", choice.detail, NAME_MAX)

    def work() -> dict[str, int]:
        desk = take_line(entity_id, line_id, actor_id=actor_id, now=now)
        posted = _Posted(entries=list(first(desk)) if first else [])
        accounts = _carry_out(desk, choice, posted)
        decision = LineDecision.objects.create(
            entity_id=entity_id,
            line_id=line_id,
            deed=choice.deed.value,
            at=now,
            actor_id=actor_id,
            is_automatic=run_id is not None,
            account_id=accounts[0] if accounts else None,
            rank=choice.rank,
            confidence=_stored(choice.confidence),
            bar=_stored(bar),
            back=choice.back,
            run_id=run_id,
            applied_minor=posted.applied_minor,
            leaves_minor=posted.rest_minor if choice.rest == Rest.OPEN else 0,
            legs=[_leg_json(leg) for leg in choice.legs],
            entries=posted.entries,
            detail=choice.detail,
        )
        remember_parts(desk, decision, posted.parts)
        _settle_asides(line_id, now)
        if run_id is None:
            learn_decision(decision, step=1, now=now)
        mark_stale(entity_id, line_id, accounts)
        record(
            f"match.{choice.deed.value}",
            now=now,
            actor_id=actor_id,
            entity_id=entity_id,
            subject=f"line:{line_id}",
            decision=decision.pk,
            automatic=run_id is not None,
            applied=posted.applied_minor,
            currency=desk.line.currency,
            items=len(choice.legs),
        )
        return {"decision": decision.pk}

    told: dict[str, Any] = {"key": key, "request": request or (line_id, choice), "now": now, "work": work}
    answer = once(entity_id=entity_id, actor_id=actor_id, operation="match.decide", **told)
    return int(answer["decision"])


def _stored(chance: float | None) -> Decimal | None:
    """A probability as it is kept."""
    return None if chance is None else Decimal(f"{chance:.8f}")


def _leg_json(leg: Leg) -> dict[str, Any]:
    return {
        "item_id": leg.item_id,
        "account_id": leg.account_id,
        "minor": leg.minor,
        "deduction_minor": leg.deduction_minor,
        "deduction_reason": leg.deduction_reason,
    }


def _settle_asides(line_id: int, now: datetime) -> None:
    LineClaim.objects.filter(line_id=line_id).delete()
    LineParked.objects.filter(line_id=line_id).delete()
    LineQuestion.objects.filter(line_id=line_id, closed_at=None).update(closed_at=now)


# -- posting ---------------------------------------------------------------------------------------------------------
def _carry_out(desk: Desk, choice: Choice, posted: _Posted) -> list[int]:
    """Posts it; gives the accounts whose money it is, the first of the legs first."""
    if choice.deed == Deed.NOT_CUSTOMER:
        if choice.detail not in set(NotCustomers):
            raise Refusal("match.bad_class", "Say what kind of money it is.")
        if desk.balance.account_id is not None:
            raise Refusal("match.is_customers", "This money is a customer's already: take that back first.")
        return []
    if choice.deed == Deed.APPLY:
        return _apply(desk, choice, posted)
    if choice.account_id is None:
        raise Refusal("match.no_customer", "Say whose money it is.")
    _identify(desk, choice.account_id, posted)
    if desk.balance.account_id != choice.account_id:
        raise Refusal("match.is_customers", "This money is a customer's already: take that back first.")
    rest = Rest.ON_ACCOUNT if choice.deed == Deed.ON_ACCOUNT else Rest.UNAPPLIED
    _leave(desk, rest, desk.balance.unapplied_minor, posted)
    return [choice.account_id]


def _apply(desk: Desk, choice: Choice, posted: _Posted) -> list[int]:
    # By account, in the order the legs name them.
    by_account: dict[int, list[Leg]] = {}
    for leg in choice.legs:
        by_account.setdefault(leg.account_id, []).append(leg)
    if not by_account:
        raise Refusal("match.nothing", "There is nothing to apply.")
    if len(by_account) > 1:
        shares = {number: sum(leg.minor for leg in legs) for number, legs in by_account.items()}
        receipts = split_line(desk, shares, posted.entries)
        posted.parts = list(receipts.values())
    else:
        receipts = {next(iter(by_account)): desk.tie.receipt_id}
    for account_id, legs in by_account.items():
        part = _part(desk, receipts[account_id])
        _identify(part, account_id, posted)
        rest_minor = _apply_part(part, legs, posted)
        _leave(part, choice.rest, rest_minor, posted)
    return list(by_account)


def _part(desk: Desk, receipt_id: int) -> Desk:
    """The desk with another receipt of the line before it."""
    if receipt_id != desk.tie.receipt_id:
        tie = type(desk.tie)(line=desk.line, receipt_id=receipt_id, tie=desk.tie.tie, at=desk.tie.at)
        desk = replace(desk, tie=tie)
    desk.look_again()
    return desk


def _identify(desk: Desk, account_id: int, posted: _Posted) -> None:
    if not desk.balance.unidentified_minor:
        return
    on = day_for(desk.receipt, ())
    posted.entries.append(
        identify_receipt(desk.entity_id, desk.tie.receipt_id, account_id, on=on, actor_id=desk.actor_id, now=desk.now)
    )
    desk.look_again()


def _apply_part(desk: Desk, legs: Sequence[Leg], posted: _Posted) -> int:
    """Applies one receipt's money; gives what is left of it."""
    common: dict[str, Any] = {"actor_id": desk.actor_id, "now": desk.now}
    rows = lock_items(desk.entity_id, [leg.item_id for leg in legs])
    if any(row.currency != desk.receipt.currency for row in rows.values()):
        raise Refusal("match.currency", "An item is in another currency: convert the money on the receipt's page.")
    policy = policy_of(desk.entity_id)
    plan = decide_plan(
        desk.balance.unapplied_minor,
        legs,
        _items_now(rows, desk),
        charge_minor_max=policy.charge_minor_max,
        charge_bp_max=policy.charge_bp_max,
    )
    on = day_for(desk.receipt, rows)
    for credit_id, parts in plan.credits:
        named = [Named(item_id, minor) for item_id, minor in parts]
        posted.entries.append(apply_credit(desk.entity_id, credit_id, named, on=on, **common))
    if plan.money:
        named = [Named(item_id, minor, take_discount=takes) for item_id, minor, takes in plan.money]
        posted.entries.append(apply_receipt(desk.entity_id, desk.tie.receipt_id, named, on=on, **common))
    posted.applied_minor += sum(minor for _, minor, _ in plan.money)
    _deduct(desk, plan, rows, posted)
    return plan.rest_minor


def _items_now(rows: dict[int, OpenRow], desk: Desk) -> dict[int, ItemNow]:
    taken = sums_on(rows, (LedgerAccount.DISCOUNT.value,))
    return {
        number: ItemNow(number, row.account_id, row.open_minor, _discount(row, desk, taken.get(number, 0)))
        for number, row in rows.items()
    }


def _discount(row: OpenRow, desk: Desk, taken_minor: int) -> int:
    try:
        return discount_allowed(row, desk.receipt.value_date, taken_minor)
    except Refusal:
        return 0


def _deduct(desk: Desk, plan: Plan, rows: dict[int, OpenRow], posted: _Posted) -> None:
    """Small charges are written off, as the policy says and so by the system; the rest becomes cases the same day."""
    for one in plan.deductions:
        if one.how == How.WRITE_OFF:
            posted.entries.append(
                settle_item(
                    desk.entity_id,
                    EntryKind.WRITE_OFF,
                    one.item_id,
                    one.minor,
                    on=day_for(desk.receipt, rows),
                    actor_id=None,
                    now=desk.now,
                    memo=one.reason,
                )
            )
        elif one.how == How.CASE:
            _open_case(desk, one, posted)


def _open_case(desk: Desk, one: Deduction, posted: _Posted) -> None:
    active = {reason.code for reason in reasons_of(desk.entity_id) if reason.is_active}
    code = CASE_REASONS.get(one.reason, one.reason)
    open_short_payment(
        desk.entity_id,
        one.item_id,
        one.minor,
        reason_code=code if code in active else UNSTATED,
        entry_id=posted.entries[-1] if posted.entries else None,
        receipt_id=desk.tie.receipt_id,
        actor_id=desk.actor_id,
        now=desk.now,
    )


CASE_REASONS = {"early_payment_discount": "discount", "exchange": "other", "short_payment": UNSTATED}
"""Deductions whose case is called otherwise."""


def _leave(desk: Desk, rest: Rest, rest_minor: int, posted: _Posted) -> None:
    posted.rest_minor += rest_minor
    if rest == Rest.ON_ACCOUNT and rest_minor:
        desk.look_again()
        on = day_for(desk.receipt, ())
        common: dict[str, Any] = {"actor_id": desk.actor_id, "now": desk.now}
        posted.entries.append(park_receipt(desk.entity_id, desk.tie.receipt_id, rest_minor, on=on, **common))
