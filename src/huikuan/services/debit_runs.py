"""Collections by SEPA direct debit: proposed, told to the customers, approved by somebody else, handed to the bank."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256

from huikuan.bank.pain008 import Collection, Creditor, write_pain008
from huikuan.core.direct_debits import (
    CURRENCY,
    MandateState,
    PaymentState,
    RunState,
    file_day,
    mandate_state,
    next_sequence,
    notice_day,
)
from huikuan.core.money import to_decimal
from huikuan.core.refusals import Conflict, Refusal
from huikuan.core.rights import Right
from huikuan.queries.debit_facts import facts_of
from huikuan.services.auditing import record
from huikuan.services.debit_amending import KEPT, keep_mandates
from huikuan.services.debit_planning import NewRun, plan_run
from huikuan.services.debit_state import RunFile, note_event, take_run, tell_run, today_of
from huikuan.services.idempotency import once
from huikuan.services.locking import lock_items
from huikuan.services.rights import demand
from huikuan.services.transaction import run_in_transaction
from huikuan.store.models import DebitMandate, DebitPayment, DebitPaymentItem, DebitRun, Entity, OpenItem


def propose_run(entity_id: int, new: NewRun, *, actor_id: int | None, now: datetime, key: str | None = None) -> int:
    """Proposes a collection of what is due; gives the run's number. No other run asks for its items meanwhile.

    Refuses ``debit_run.nothing``, what ``plan_run`` refuses and ``right.missing``.
    """

    def work() -> dict[str, int]:
        demand(actor_id, Right.POST_CASH, entity_id=entity_id)
        # Two people proposing at once: the second waits here and finds the first one's items in a run.
        list(Entity.objects.select_for_update(no_key=True).filter(id=entity_id))
        today = today_of(entity_id, now)
        plan = plan_run(entity_id, new, today=today)
        if not plan.payments:
            raise Refusal("debit_run.nothing", "Nothing is due that may be collected.")
        creditor = plan.creditor
        run = DebitRun.objects.create(
            entity_id=entity_id,
            number=_next_number(entity_id, today),
            bundle=new.bundle.value,
            due_by=plan.due_by,
            due_on=plan.due_on,
            notice_on=notice_day(plan.due_on, creditor.notice_days),
            file_on=file_day(plan.due_on, creditor.bank_days),
            creditor_id=creditor.creditor_id,
            creditor_name=creditor.entity.name,
            creditor_iban=creditor.bank_account.number,
            creditor_bic=creditor.bic,
            bank_account=creditor.bank_account,
            proposed_at=now,
            proposed_by_id=actor_id,
        )
        payments = []
        for ordinal, one in enumerate(plan.payments, 1):
            payment = DebitPayment(
                run=run,
                mandate=plan.mandates[one.mandate_id],
                account_id=one.account_id,
                ordinal=ordinal,
                end_to_end_id=f"{run.number}-{ordinal}",
                sequence=one.sequence.value,
                amount_minor=one.amount_minor,
            )
            payments.append(payment)
        keep_mandates(run, payments)
        for payment, one in zip(payments, plan.payments, strict=True):
            payment.save()
            DebitPaymentItem.objects.bulk_create(
                DebitPaymentItem(payment=payment, item_id=item_id, amount_minor=minor) for item_id, minor in one.parts
            )
        tell_run("debit_run.proposed", run, actor_id, now, count=len(plan.payments), amount=plan.amount_minor)
        return {"run": int(run.pk)}

    answer = once(
        entity_id=entity_id, actor_id=actor_id, operation="debit_run.propose", key=key, request=new, now=now, work=work
    )
    return int(answer["run"])


_SHORT_CODE = re.compile(r"(?!x\d+$)[A-Za-z0-9]{1,7}")


def _next_number(entity_id: int, today: date) -> str:
    """Numbers are the bank's names of payments too, and one bank may serve several entities: they carry the entity."""
    code = Entity.objects.values_list("code", flat=True).get(id=entity_id)
    # What a bank would not take, or would be too long, or looks like this: the entity's own number, with an x.
    whose = code if _SHORT_CODE.fullmatch(code) else f"x{entity_id}"
    start = f"DD-{whose}-{today.year}-"
    return f"{start}{DebitRun.objects.filter(entity_id=entity_id, number__startswith=start).count() + 1:04d}"


def withdraw_payment(payment_id: int, *, actor_id: int | None, now: datetime) -> None:
    """Takes a payment out of a proposed run: its items may be collected by another. Refuses ``debit_run.unknown``,
    ``debit_run.state``, ``debit_run.last_payment`` (cancel the run instead) and ``right.missing``."""

    def work() -> None:
        payment = DebitPayment.objects.filter(id=payment_id).first()
        run = take_run(payment.run_id if payment else 0, actor_id, Right.POST_CASH, RunState.PROPOSED)
        planned = run.payments.filter(state=PaymentState.PLANNED.value)
        if not planned.filter(id=payment_id).exists():
            raise Conflict("debit_run.state", "The collection {number} is past that already.", number=run.number)
        if planned.count() == 1:
            raise Refusal("debit_run.last_payment", "It is the last payment: cancel the collection instead.")
        run.payments.filter(id=payment_id).update(state=PaymentState.WITHDRAWN.value)
        note_event(run, "withdrawn", actor_id=actor_id, now=now, payment_id=payment_id)
        subject = f"debit_run:{run.pk}"
        record("debit_run.withdrawn", now=now, actor_id=actor_id, entity_id=run.entity_id, subject=subject, count=1)

    run_in_transaction(work)


def cancel_run(run_id: int, *, actor_id: int | None, now: datetime) -> None:
    """Gives a run up before it is at the bank. Refuses ``debit_run.unknown``, ``debit_run.state`` and
    ``right.missing``."""

    def work() -> None:
        run = take_run(run_id, actor_id, Right.POST_CASH, RunState.PROPOSED, RunState.APPROVED)
        run.payments.filter(state=PaymentState.PLANNED.value).update(state=PaymentState.WITHDRAWN.value)
        run.state = RunState.CANCELLED.value
        run.save(update_fields=["state"])
        tell_run("debit_run.cancelled", run, actor_id, now)

    run_in_transaction(work)


def note_customers_told(run_id: int, *, on: date, actor_id: int | None, now: datetime) -> None:
    """Says on which day the customers were told of the collection. Refuses as ``cancel_run`` does."""

    def work() -> None:
        run = take_run(run_id, actor_id, Right.POST_CASH, RunState.PROPOSED, RunState.APPROVED, RunState.SENT)
        run.notified_on = on
        run.save(update_fields=["notified_on"])
        tell_run("debit_run.notified", run, actor_id, now, day=on.isoformat())

    run_in_transaction(work)


def approve_run(run_id: int, *, actor_id: int | None, now: datetime) -> None:
    """Approves a run that somebody else proposed; its file is made. Sequences are decided now, from the history of now.

    Refuses ``debit_run.unknown``, ``debit_run.state``, ``debit_run.own``, ``debit_run.too_late``,
    ``debit_run.item_changed``, ``debit_run.mandate_gone`` and ``right.missing``.
    """

    def work() -> None:
        run = take_run(run_id, actor_id, Right.APPROVE_DEBIT, RunState.PROPOSED)
        if actor_id is not None and run.proposed_by_id == actor_id:
            raise Refusal("debit_run.own", "Who proposed a collection does not approve it.")
        today = today_of(run.entity_id, now)
        if today > run.file_on:
            raise Refusal(
                "debit_run.too_late", "The bank needed the file on {day}: propose it anew.", day=str(run.file_on)
            )
        planned = run.payments.filter(state=PaymentState.PLANNED.value).select_related("mandate")
        payments = list(planned.order_by("ordinal"))
        _check_items(run, payments)
        _check_mandates(run, payments)
        _decide_sequences(payments)
        keep_mandates(run, payments)
        DebitPayment.objects.bulk_update(payments, KEPT)
        _name_batches(run, payments)
        run.state, run.approved_at, run.approved_by_id = RunState.APPROVED.value, now, actor_id
        run.sha256 = sha256(_written(run, payments)).hexdigest()
        run.save(update_fields=["state", "approved_at", "approved_by", "sha256"])
        tell_run("debit_run.approved", run, actor_id, now, sha256=run.sha256)

    run_in_transaction(work)


def _check_items(run: DebitRun, payments: list[DebitPayment]) -> None:
    """Everything asked for is still owed."""
    parts = DebitPaymentItem.objects.filter(payment__in=payments)
    wanted: Counter[int] = Counter()
    for item_id, minor in parts.values_list("item_id", "amount_minor"):
        wanted[item_id] += minor  # a credit may stand in several payments
    for item_id, row in lock_items(run.entity_id, wanted).items():
        is_credit = wanted[item_id] < 0
        if not (row.open_minor > wanted[item_id] if is_credit else row.open_minor < wanted[item_id]):
            continue
        number = OpenItem.objects.values_list("document_number", flat=True).get(id=item_id)
        if is_credit:
            raise Refusal(
                "debit_run.credit_changed",
                "Less is left of the credit {number} by now: take its payment out, or propose the collection anew.",
                number=number,
            )
        raise Refusal(
            "debit_run.item_changed",
            "{number} owes less by now: take its payment out, or propose the collection anew.",
            number=number,
        )


def _check_mandates(run: DebitRun, payments: list[DebitPayment]) -> None:
    """No mandate was revoked or blocked since. Its payment in this very run does not use it up."""
    for mandate in DebitMandate.objects.filter(payments__in=payments).distinct().order_by("id"):
        if mandate.revoked_on is not None or mandate.blocked_at is not None:
            raise Refusal(
                "debit_run.mandate_gone",
                "The mandate {reference} may not be used any more: take its payment out or cancel the collection.",
                reference=mandate.reference,
            )


def _decide_sequences(payments: list[DebitPayment]) -> None:
    """As the history of now has it: another run may have been the first, or have failed, since this one was proposed.
    These payments themselves are not history yet."""
    for payment in payments:
        payment.state = PaymentState.WITHDRAWN.value
    DebitPayment.objects.bulk_update(payments, ["state"])
    mandates = {row.pk: row for row in DebitMandate.objects.filter(payments__in=payments).distinct()}
    facts = facts_of(mandates.values())
    seen: Counter[int] = Counter()
    count = Counter(payment.mandate_id for payment in payments)
    for payment in payments:
        mandate = mandates[payment.mandate_id]
        if mandate_state(facts[mandate.pk], payment.run.due_on) == MandateState.USED_UP:
            raise Refusal(
                "debit_run.mandate_gone",
                "The mandate {reference} may not be used any more: take its payment out or cancel the collection.",
                reference=mandate.reference,
            )
        # Of several payments of one mandate only the first can be its first, and none its last.
        so_far = replace(facts[mandate.pk], uses=facts[mandate.pk].uses + seen[mandate.pk])
        payment.sequence = next_sequence(so_far, is_last=mandate.is_ending and count[mandate.pk] == 1).value
        seen[mandate.pk] += 1
        payment.state = PaymentState.PLANNED.value
    DebitPayment.objects.bulk_update(payments, ["state", "sequence"])


def _name_batches(run: DebitRun, payments: list[DebitPayment]) -> None:
    """The payment information each payment stands in, as the file numbers them."""
    keys = sorted({(payment.mandate.scheme, payment.sequence) for payment in payments})
    for payment in payments:
        payment.batch = f"{run.number}-{keys.index((payment.mandate.scheme, payment.sequence)) + 1}"
    DebitPayment.objects.bulk_update(payments, ["batch"])


def run_file(run_id: int, *, actor_id: int | None, now: datetime) -> RunFile:
    """The pain.008 file of an approved run, the same each time. Refuses ``debit_run.unknown``, ``debit_run.state``,
    ``debit_run.mandate_gone`` (revoked or blocked before it was sent) and ``right.missing``."""

    def work() -> RunFile:
        run = take_run(run_id, actor_id, Right.POST_CASH, RunState.APPROVED, RunState.SENT)
        asked = run.payments.exclude(state=PaymentState.WITHDRAWN.value).select_related("mandate")
        payments = list(asked.order_by("ordinal"))
        if run.state == RunState.APPROVED:
            _check_mandates(run, payments)
        data = _written(run, payments)
        if sha256(data).hexdigest() != run.sha256:
            raise AssertionError("the file of a collection has changed")
        tell_run("debit_run.file", run, actor_id, now, sha256=run.sha256)
        return RunFile(f"{run.number}.xml", data)

    return run_in_transaction(work)


def mark_sent(run_id: int, *, on: date, actor_id: int | None, now: datetime) -> None:
    """The file is at the bank: from here the bank says what became of each payment. Refuses as ``run_file`` does."""

    def work() -> None:
        run = take_run(run_id, actor_id, Right.POST_CASH, RunState.APPROVED)
        payments = list(run.payments.filter(state=PaymentState.PLANNED.value))
        _check_mandates(run, payments)
        run.payments.filter(state=PaymentState.PLANNED.value).update(state=PaymentState.SENT.value)
        run.state, run.sent_on = RunState.SENT.value, on
        run.save(update_fields=["state", "sent_on"])
        tell_run("debit_run.sent", run, actor_id, now, day=on.isoformat())

    run_in_transaction(work)


_TEXT_MAX = 140


def _written(run: DebitRun, payments: list[DebitPayment]) -> bytes:
    if run.approved_at is None:
        raise AssertionError("only an approved run has a file")
    creditor = Creditor(run.creditor_name, run.creditor_iban, run.creditor_id, run.creditor_bic)
    collections = [_collection(run, payment) for payment in payments]
    return write_pain008(creditor, collections, message_id=run.number, now=run.approved_at)


def _collection(run: DebitRun, payment: DebitPayment) -> Collection:
    amount: Decimal = to_decimal(payment.amount_minor, CURRENCY)
    return Collection(
        end_to_end_id=payment.end_to_end_id,
        amount=amount,
        due_date=run.due_on,
        mandate_id=payment.mandate_reference,
        mandate_signed_on=payment.mandate.signed_on,
        payer_name=payment.payer_name,
        payer_iban=payment.payer_iban,
        payer_bic=payment.payer_bic,
        remittance_text=_documents(payment),
        sequence=payment.sequence,
        scheme=payment.mandate.scheme,
        original_mandate_id=payment.original_reference,
        original_creditor_id=payment.original_creditor_id,
        is_new_account=payment.is_new_account,
    )


def _documents(payment: DebitPayment) -> str:
    """The documents a payment is for, as many as the bank's text holds, and how many more there are."""
    parts = payment.items.order_by("id").values_list("item__document_number", flat=True)
    numbers = list(parts)
    text = ", ".join(numbers)
    kept = len(numbers)
    while len(text) > _TEXT_MAX and kept > 1:
        kept -= 1
        text = f"{', '.join(numbers[:kept])} + {len(numbers) - kept}"
    return text[:_TEXT_MAX]
