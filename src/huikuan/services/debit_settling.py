"""The bank's money for a collection: a line of a statement settles exactly the items its payments were for.

One line may bring one payment or a whole batch; each payment becomes a receipt of its own, so that the bank can take
one back without touching the others.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db.models import Q

from huikuan.core.banking import LineKind, Tie
from huikuan.core.channels import Channel
from huikuan.core.direct_debits import CURRENCY, PaymentState, payments_of_line, take_from
from huikuan.core.matching import Deed
from huikuan.core.refusals import Conflict, Refusal
from huikuan.core.rights import Right
from huikuan.services.applications import Named, apply_credit, apply_receipt
from huikuan.services.auditing import record
from huikuan.services.channels import keep_channels
from huikuan.services.debit_returns import follow_returns, return_payment
from huikuan.services.debit_state import expected_of, lock_run, note_event
from huikuan.services.idempotency import once
from huikuan.services.line_desk import Desk, day_for, take_line
from huikuan.services.line_split import remember_parts, split_line
from huikuan.services.locking import lock_items
from huikuan.services.matching_stale import mark_stale
from huikuan.services.receipts import identify_receipt
from huikuan.services.rights import demand
from huikuan.store.models import (
    BankLine,
    DebitPayment,
    DebitRun,
    LineClaim,
    LineDecision,
    LineParked,
    OpenItem,
    ReceiptChannel,
)

log = logging.getLogger("huikuan.bank")

_PART = 500

PAYMENTS_MAX = 5_000
"""Payments one line may bring."""


def settle_debits(entity_id: int, line_ids: Sequence[int], *, actor_id: int | None, now: datetime) -> None:
    """After an import: lines that name a payment or a batch of ours, to the cent, settle it; what else may be money of
    a collection waits for a person. It is the system's doing, as what the matcher posts by itself is."""
    expected = expected_of(entity_id)
    if not expected:
        return
    runs = dict(DebitPayment.objects.filter(id__in=[one.payment_id for one in expected]).values_list("id", "run_id"))
    for start in range(0, len(line_ids), _PART):
        lines = BankLine.objects.filter(id__in=line_ids[start : start + _PART], kind=LineKind.RECEIPT.value)
        named = lines.filter(~Q(end_to_end_id="") | ~Q(batch_id=""), currency=CURRENCY)
        for line in named.order_by("id"):
            found = _fitting(entity_id, line, certain=True)
            if found:
                settle_line(runs[found[0]], line.pk, actor_id=None, now=now, certain=True)


def follow_statement(entity_id: int, statement_id: int | None, *, now: datetime) -> None:
    """After an import: payments of ours that a line of the statement takes back. It may fail without undoing that the
    statement is in the books."""
    if statement_id is None:
        return
    lines = BankLine.objects.filter(statement_id=statement_id, kind=LineKind.RETURN.value)
    try:
        follow_returns(entity_id, list(lines.values_list("id", flat=True)), now=now)
    except Exception:
        log.exception("what follows an import of bank lines failed")


def _fitting(entity_id: int, line: BankLine, *, run_id: int | None = None, certain: bool = False) -> list[int]:
    return payments_of_line(
        expected_of(entity_id, run_id),
        line.amount_minor,
        end_to_end_id=line.end_to_end_id,
        batch=line.batch_id,
        certain=certain,
    )


def settle_line(
    run_id: int,
    line_id: int,
    *,
    actor_id: int | None,
    now: datetime,
    key: str | None = None,
    certain: bool = False,
) -> int:
    """Settles payments of a run with a line of money in; gives the decision about the line, which can be taken back
    like any other. ``certain``: only where the line names them.

    What is still open of the items is settled; money for what was paid otherwise meanwhile stays with the customer.
    Refuses ``debit_run.unknown``, ``debit_run.other_amount`` (it is not what is expected, to the cent),
    ``match.decided``, ``match.no_line`` and what the posting services refuse.
    """
    entity_id = DebitRun.objects.filter(id=run_id).values_list("entity_id", flat=True).first() or 0

    def work() -> dict[str, int]:
        run = lock_run(run_id)
        demand(actor_id, Right.POST_CASH, entity_id=run.entity_id)
        desk = take_line(run.entity_id, line_id, actor_id=actor_id, now=now)
        if desk.live is not None:
            raise Conflict(
                "debit_run.line_used", "Something was decided about this line already: take that back first."
            )
        found = _fitting(run.entity_id, desk.line, run_id=run_id, certain=certain)
        if not found or desk.line.currency != CURRENCY or desk.open_minor != desk.line.amount_minor:
            raise Refusal(
                "debit_run.other_amount",
                "{amount} is not what is still expected for {number}, to the cent.",
                amount=desk.line.amount_minor,
                currency=desk.line.currency,
                number=run.number,
            )
        return {"decision": _settle(desk, run, _locked(found))}

    answer = once(
        entity_id=entity_id,
        actor_id=actor_id,
        operation="debit_run.settle",
        key=key,
        request=(run_id, line_id),
        now=now,
        work=work,
    )
    return int(answer["decision"])


def _locked(numbers: Sequence[int]) -> list[DebitPayment]:
    rows = DebitPayment.objects.select_for_update(of=("self",)).filter(id__in=list(numbers))
    return list(rows.order_by("ordinal"))


def _settle(desk: Desk, run: DebitRun, payments: Sequence[DebitPayment]) -> int:
    entries: list[int] = []
    receipts = {payments[0].pk: desk.tie.receipt_id}
    if len(payments) > 1:
        shares = {payment.pk: payment.amount_minor for payment in payments}
        receipts = split_line(desk, shares, entries, most=PAYMENTS_MAX)
    legs: list[dict[str, Any]] = []
    for payment in payments:
        legs += _apply(desk, payment, receipts[payment.pk], entries)
    decision = LineDecision.objects.create(
        entity_id=desk.entity_id,
        line=desk.line,
        deed=Deed.APPLY.value,
        at=desk.now,
        actor_id=desk.actor_id,
        # Nothing is learned from it: the line's payer is the bank, and what it is for was ours to say.
        is_automatic=True,
        account_id=payments[0].account_id,
        applied_minor=sum(leg["minor"] for leg in legs),
        legs=legs,
        entries=entries,
        detail=run.number,
    )
    if len(payments) > 1:
        remember_parts(desk, decision, list(receipts.values()))
    LineClaim.objects.filter(line_id=desk.line.pk).delete()
    LineParked.objects.filter(line_id=desk.line.pk).delete()
    _keep(desk, run, payments, receipts, decision)
    mark_stale(desk.entity_id, desk.line.pk, sorted({payment.account_id for payment in payments}))
    return int(decision.pk)


def _apply(desk: Desk, payment: DebitPayment, receipt_id: int, entries: list[int]) -> list[dict[str, Any]]:
    """The credits it counted on to its items, then its money, as far as they are still open."""
    common: dict[str, Any] = {"actor_id": desk.actor_id, "now": desk.now}
    on = day_for(desk.receipt, ())
    if desk.balance.account_id is None:
        entries.append(identify_receipt(desk.entity_id, receipt_id, payment.account_id, on=on, **common))
    asked: dict[int, int] = {}
    for part in payment.items.select_related("item").order_by("id"):
        current = _current(part.item)
        asked[current] = asked.get(current, 0) + part.amount_minor
    rows = lock_items(desk.entity_id, asked)
    ours = {number: minor for number, minor in asked.items() if rows[number].account_id == payment.account_id}
    owed = {number: min(minor, rows[number].open_minor) for number, minor in ours.items() if minor > 0}
    on = _day(desk, receipt_id, list(ours))
    for credit_id, minor in ours.items():
        parts = take_from(owed, min(-minor, -rows[credit_id].open_minor))
        if parts:
            entries.append(apply_credit(desk.entity_id, credit_id, [Named(*part) for part in parts], on=on, **common))
    paid = take_from(owed, payment.amount_minor)
    if paid:
        entries.append(apply_receipt(desk.entity_id, receipt_id, [Named(*part) for part in paid], on=on, **common))
    return [
        {
            "item_id": item_id,
            "account_id": payment.account_id,
            "minor": minor,
            "deduction_minor": 0,
            "deduction_reason": "",
        }
        for item_id, minor in paid
    ]


def _day(desk: Desk, receipt_id: int, item_ids: Sequence[int]) -> date:
    receipt = type(desk.receipt).objects.get(id=receipt_id)
    return day_for(receipt, item_ids)


def _current(item: OpenItem) -> int:
    """The item, or the version of it that stands now."""
    same = Q(entity_id=item.entity_id, source_id=item.source_id, external_id=item.external_id)
    found = OpenItem.objects.filter(same, balance__is_current=True).order_by("-version")
    return int(found.values_list("id", flat=True).first() or item.pk)


def _keep(
    desk: Desk, run: DebitRun, payments: Sequence[DebitPayment], receipts: dict[int, int], decision: LineDecision
) -> None:
    known = set(ReceiptChannel.objects.filter(receipt_id__in=receipts.values()).values_list("receipt_id", flat=True))
    keep_channels((number, Channel.DIRECT_DEBIT) for number in receipts.values() if number not in known)
    common: dict[str, Any] = {"actor_id": desk.actor_id, "now": desk.now}
    for payment in payments:
        gone = payment.return_line_id is not None and payment.state == PaymentState.REJECTED
        payment.state = PaymentState.COLLECTED.value
        payment.receipt_id, payment.decision_id = receipts[payment.pk], decision.pk
        payment.save(update_fields=["state", "receipt", "decision"])
        if gone:
            # The bank credited the whole batch and had taken this one back by a line of its own.
            return_payment(
                payment.pk, payment.return_reason, on=payment.returned_on or desk.receipt.value_date, **common
            )
    alone = payments[0].pk if len(payments) == 1 else None
    note_event(run, "settled", **common, payment_id=alone, note="" if alone else f"{len(payments)}")
    record(
        "debit_run.settled",
        **common,
        entity_id=desk.entity_id,
        subject=f"debit_run:{run.pk}",
        decision=decision.pk,
        count=len(payments),
        amount=desk.line.amount_minor,
    )


def lines_for_run(run_id: int) -> list[int]:
    """Open lines of money in that are, to the cent, what is still expected of a run: its number or its sum fits."""
    run = DebitRun.objects.get(id=run_id)
    expected = expected_of(run.entity_id, run_id)
    if not expected:
        return []
    ties = [Tie.POSTED.value, Tie.LINKED.value]
    lines = BankLine.objects.filter(
        account_id=run.bank_account_id,
        kind=LineKind.RECEIPT.value,
        currency=CURRENCY,
        tie__tie__in=ties,
        booking_date__gte=run.sent_on or run.due_on,
        tie__receipt__balance__unidentified_minor__gt=0,
    )
    return [
        line.pk
        for line in lines.order_by("booking_date", "id")[:2_000]
        if payments_of_line(expected, line.amount_minor, end_to_end_id=line.end_to_end_id, batch=line.batch_id)
    ]
