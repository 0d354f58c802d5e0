"""Direct debits recalled: the bank has them and is asked not to collect them (camt.055); it says whether it can.

Nothing is posted by asking. Where the bank agrees before any money came, the items are free for another collection;
where the money had come already, a line of the bank takes it back as it takes back any payment.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from huikuan.bank.camt055 import Recalled, write_camt055
from huikuan.core.direct_debits import CURRENCY, PaymentState, RecallReason, RunState
from huikuan.core.money import to_decimal
from huikuan.core.refusals import Conflict, Refusal
from huikuan.core.rights import Right
from huikuan.services.auditing import record
from huikuan.services.debit_returns import return_payment
from huikuan.services.debit_state import RunFile, lock_run, note_event, take_run, today_of
from huikuan.services.rights import demand
from huikuan.services.transaction import run_in_transaction
from huikuan.store.models import DebitPayment, DebitRecall, DebitRun


def ask_recall(
    run_id: int,
    reason: RecallReason,
    *,
    payment_ids: Sequence[int] | None = None,
    actor_id: int | None,
    now: datetime,
) -> int:
    """Asks the bank not to collect these payments of a run, or all that it has said nothing about; gives the recall's
    number, whose file the bank is handed. Each payment is asked for once.

    Refuses ``debit_run.unknown``, ``debit_run.state``, ``debit_recall.too_late``, ``debit_recall.nothing`` and
    ``right.missing``.
    """

    def work() -> int:
        run = take_run(run_id, actor_id, Right.POST_CASH, RunState.SENT)
        if today_of(run.entity_id, now) > run.due_on:
            raise Refusal(
                "debit_recall.too_late",
                "The bank collected on {day}: what the customer is to have back is refunded.",
                day=str(run.due_on),
            )
        found = run.payments.select_for_update().filter(state=PaymentState.SENT.value, recall=None)
        if payment_ids is not None:
            found = found.filter(id__in=list(payment_ids))
        payments = list(found.order_by("ordinal"))
        if not payments:
            raise Refusal("debit_recall.nothing", "The bank has nothing of it that was not recalled already.")
        number = f"{run.number}-C{run.recalls.count() + 1}"
        recall = DebitRecall.objects.create(
            run=run, number=number, reason=reason.value, asked_at=now, actor_id=actor_id
        )
        run.payments.filter(id__in=[one.pk for one in payments]).update(recall=recall)
        alone = payments[0].pk if len(payments) == 1 else None
        note = reason.value if alone else f"{reason.value} {len(payments)}"
        note_event(run, "recall", actor_id=actor_id, now=now, payment_id=alone, note=note)
        record(
            "debit_run.recall",
            now=now,
            actor_id=actor_id,
            entity_id=run.entity_id,
            subject=f"debit_run:{run.pk}",
            reason=reason.value,
            count=len(payments),
            amount=sum(one.amount_minor for one in payments),
        )
        return int(recall.pk)

    return run_in_transaction(work)


def recall_file(recall_id: int, *, actor_id: int | None, now: datetime) -> RunFile:
    """The camt.055 file of a recall, the same each time; each taking is written down. Refuses ``debit_recall.unknown``
    and ``right.missing``."""

    def work() -> RunFile:
        recall = DebitRecall.objects.select_related("run").filter(id=recall_id).first()
        if recall is None:
            raise Refusal("debit_recall.unknown", "There is no such recall.")
        run = recall.run
        demand(actor_id, Right.POST_CASH, entity_id=run.entity_id)
        payments = [
            Recalled(one.end_to_end_id, one.batch, to_decimal(one.amount_minor, CURRENCY), run.due_on)
            for one in recall.payments.order_by("ordinal")
        ]
        data = write_camt055(
            payments,
            message_id=recall.number,
            original_id=run.number,
            creditor=run.creditor_name,
            bic=run.creditor_bic,
            reason=recall.reason,
            now=recall.asked_at,
        )
        record(
            "debit_run.recall_file",
            now=now,
            actor_id=actor_id,
            entity_id=run.entity_id,
            subject=f"debit_run:{run.pk}",
            number=recall.number,
        )
        return RunFile(f"{recall.number}.xml", data)

    return run_in_transaction(work)


def accept_recall(payment_id: int, *, on: date, actor_id: int | None, now: datetime) -> None:
    """The bank does not collect it: its items are free again. Where its money had come, that stays until the bank takes
    it back. The same news again changes nothing.

    Refuses ``debit_run.unknown``, ``debit_recall.not_asked`` and ``right.missing``.
    """

    def work() -> None:
        _, payment = _recalled(payment_id, actor_id)
        if payment.state == PaymentState.SENT and payment.recall is not None:
            return_payment(payment_id, payment.recall.reason, on=on, actor_id=actor_id, now=now)

    run_in_transaction(work)


def keep_recall(payment_id: int, reason: str, *, actor_id: int | None, now: datetime) -> bool:
    """The bank collects it all the same; ``reason``: what it says. Gives whether that is news.

    Refuses as ``accept_recall`` does.
    """

    def work() -> bool:
        run, payment = _recalled(payment_id, actor_id)
        if payment.recall_answer or payment.state != PaymentState.SENT:
            return False
        payment.recall_answer = reason.strip() or "RJCR"
        payment.save(update_fields=["recall_answer"])
        note_event(run, "recall_kept", actor_id=actor_id, now=now, payment_id=payment.pk, note=payment.recall_answer)
        record(
            "debit_payment.recall_kept",
            now=now,
            actor_id=actor_id,
            entity_id=run.entity_id,
            subject=f"debit_payment:{payment.pk}",
            run=run.pk,
        )
        return True

    return run_in_transaction(work)


def _recalled(payment_id: int, actor_id: int | None) -> tuple[DebitRun, DebitPayment]:
    found = DebitPayment.objects.filter(id=payment_id).values_list("run_id", flat=True).first()
    run = lock_run(found or 0)
    demand(actor_id, Right.POST_CASH, entity_id=run.entity_id)
    payment = DebitPayment.objects.select_related("recall").get(id=payment_id)
    if payment.recall is None:
        raise Conflict("debit_recall.not_asked", "Nobody has asked the bank to recall this payment.")
    return run, payment
