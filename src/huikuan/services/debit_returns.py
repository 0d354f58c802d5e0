"""Direct debits that the bank refused or took back: by its report, by a line of a statement, or by hand.

What was collected is open again with the reason; a mandate that is of no use any more is blocked. The same news twice,
by a report and by a line, changes nothing the second time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from huikuan.core.banking import LineKind, Tie
from huikuan.core.direct_debits import CURRENCY, PaymentState, RunState, is_blocking, reason_code
from huikuan.core.refusals import Conflict, Refusal
from huikuan.core.rights import Right
from huikuan.core.texts import check_text
from huikuan.services.auditing import record
from huikuan.services.debit_state import lock_run, note_event
from huikuan.services.reversals import reverse_entry
from huikuan.services.rights import demand
from huikuan.services.transaction import run_in_transaction
from huikuan.store.models import (
    BankLine,
    BankLineReceipt,
    DebitMandate,
    DebitPayment,
    DebitRun,
    JournalEntry,
    Receipt,
)

REASON_MAX = 120


def return_payment(
    payment_id: int,
    reason: str,
    *,
    on: date,
    actor_id: int | None,
    now: datetime,
    line_id: int | None = None,
    charges_minor: int = 0,
) -> list[int]:
    """The bank refused a payment, or took it back: its items are open again. Gives the entries that reverse its money;
    none where none had come, or where it was known. ``reason``: the ISO code, words may follow; ``charges_minor``: what
    the bank took besides; ``line_id``: the bank's line.

    Refuses ``debit_run.unknown``, ``debit_run.not_sent``, ``debit_run.say_why`` and what ``reverse_entry`` refuses.
    """
    check_text("reason", reason, REASON_MAX)

    def work() -> list[int]:
        found = DebitPayment.objects.filter(id=payment_id).values_list("run_id", flat=True).first()
        run = lock_run(found or 0)
        demand(actor_id, Right.POST_CASH, entity_id=run.entity_id)
        payment = DebitPayment.objects.select_for_update().get(id=payment_id)
        if payment.state in (PaymentState.PLANNED, PaymentState.WITHDRAWN):
            raise Conflict("debit_run.not_sent", "The payment is not at the bank.")
        if not reason.strip():
            raise Refusal("debit_run.say_why", "Say why the bank took it back.")
        entries = _take_back(run, payment, reason.strip(), on, actor_id, now)
        _keep_line(payment, line_id, charges_minor, actor_id, now)
        payment.save()
        return entries

    return run_in_transaction(work)


def _take_back(
    run: DebitRun, payment: DebitPayment, reason: str, on: date, actor_id: int | None, now: datetime
) -> list[int]:
    if payment.state in (PaymentState.REJECTED, PaymentState.RETURNED):
        return []
    entries: list[int] = []
    code = "debit_payment.rejected"
    payment.state = PaymentState.REJECTED.value
    if payment.receipt_id is not None:
        receipt = Receipt.objects.get(id=payment.receipt_id)
        code, payment.state = "debit_payment.returned", PaymentState.RETURNED.value
        if not JournalEntry.objects.filter(reverses_id=receipt.entry_id).exists():
            day = max(on, receipt.effective_date)
            memo = f"{payment.end_to_end_id} {reason}"
            entries = reverse_entry(run.entity_id, receipt.entry_id, on=day, memo=memo, actor_id=actor_id, now=now)
    payment.returned_on, payment.return_reason = on, reason
    note_event(run, payment.state, actor_id=actor_id, now=now, payment_id=payment.pk, note=reason)
    record(
        code,
        now=now,
        actor_id=actor_id,
        entity_id=run.entity_id,
        subject=f"debit_payment:{payment.pk}",
        run=run.pk,
        reason=reason_code(reason) or "",
        amount=payment.amount_minor,
    )
    if is_blocking(reason):
        _block(payment.mandate_id, reason_code(reason), actor_id, now)
    return entries


def _block(mandate_id: int, reason: str, actor_id: int | None, now: datetime) -> None:
    mandate = DebitMandate.objects.select_for_update().get(id=mandate_id)
    if mandate.blocked_at is not None or mandate.revoked_on is not None:
        return
    mandate.blocked_at, mandate.blocked_reason = now, reason
    mandate.save(update_fields=["blocked_at", "blocked_reason"])
    record(
        "debit_mandate.blocked",
        now=now,
        actor_id=actor_id,
        entity_id=mandate.entity_id,
        subject=f"debit_mandate:{mandate.pk}",
        account=mandate.account_id,
        reason=reason,
    )


def _keep_line(
    payment: DebitPayment, line_id: int | None, charges_minor: int, actor_id: int | None, now: datetime
) -> None:
    """Which line took the money back: it needs nobody's look any more."""
    payment.charges_minor = max(payment.charges_minor, charges_minor)
    if line_id is None or payment.return_line_id is not None:
        return
    payment.return_line_id = line_id
    if payment.receipt_id is not None and not BankLineReceipt.objects.filter(line_id=line_id).exists():
        BankLineReceipt.objects.create(
            line_id=line_id, receipt_id=payment.receipt_id, tie=Tie.BOUNCED.value, at=now, actor_id=actor_id
        )


# -- by a line of a statement ----------------------------------------------------------------------------------------
def follow_returns(entity_id: int, line_ids: Sequence[int], *, now: datetime) -> int:
    """After an import: lines that take back a payment of ours by its end-to-end id; gives how many. The system's doing,
    as money that names its payment is."""
    lines = BankLine.objects.filter(id__in=list(line_ids), kind=LineKind.RETURN.value).exclude(end_to_end_id="")
    done = 0
    for line in lines.order_by("id"):
        payment = sent_payment(entity_id, line.end_to_end_id)
        taken = -line.amount_minor
        if payment is None or line.currency != CURRENCY or taken < payment.amount_minor or payment.return_line_id:
            continue
        return_payment(
            payment.pk,
            (line.return_reason or "MS03")[:REASON_MAX],
            on=line.value_date,
            actor_id=None,
            now=now,
            line_id=line.pk,
            charges_minor=max(taken - payment.amount_minor, line.charges_minor or 0),
        )
        done += 1
    return done


def return_of_receipt(receipt_id: int, line: BankLine, *, actor_id: int | None, now: datetime) -> list[int] | None:
    """Where a receipt is a direct debit's: that payment alone is taken back by a line. ``None`` for other receipts."""
    payment = DebitPayment.objects.filter(receipt_id=receipt_id, state=PaymentState.COLLECTED.value).first()
    if payment is None:
        return None
    taken = -line.amount_minor
    if taken < payment.amount_minor or line.currency != CURRENCY:
        raise Refusal("bank_line.other_amount", "The receipt is larger than what the line takes back.")
    reason = (line.return_reason or "MS03")[:REASON_MAX]
    charges = max(taken - payment.amount_minor, line.charges_minor or 0)
    return return_payment(
        payment.pk,
        reason,
        on=line.value_date,
        actor_id=actor_id,
        now=now,
        line_id=line.pk,
        charges_minor=charges,
    )


def sent_payment(entity_id: int, end_to_end_id: str) -> DebitPayment | None:
    """The payment of an entity that is or was at the bank under this id."""
    found = DebitPayment.objects.filter(
        run__entity_id=entity_id, run__state=RunState.SENT.value, end_to_end_id=end_to_end_id
    )
    return found.exclude(state=PaymentState.WITHDRAWN.value).first()
