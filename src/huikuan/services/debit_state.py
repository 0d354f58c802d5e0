"""Where mandates and payments stand: what services and pages of direct debits share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import connection

from huikuan.core.direct_debits import Expected, PaymentState, RunState
from huikuan.core.refusals import Conflict, Refusal
from huikuan.core.rights import Right
from huikuan.services.auditing import record
from huikuan.services.rights import demand
from huikuan.store.models import DebitEvent, DebitPayment, DebitRun, Entity


@dataclass(frozen=True, slots=True)
class RunFile:
    """A file for the bank."""

    name: str
    data: bytes


def lock_run(run_id: int) -> DebitRun:
    """Refuses ``debit_run.unknown``."""
    found = DebitRun.objects.filter(id=run_id)
    run = (found if connection.vendor == "sqlite" else found.select_for_update()).first()
    if run is None:
        raise Refusal("debit_run.unknown", "There is no such collection.")
    return run


def today_of(entity_id: int, now: datetime) -> date:
    """The business day of an instant, in the entity's zone."""
    zone = Entity.objects.values_list("timezone", flat=True).get(id=entity_id)
    return now.astimezone(ZoneInfo(zone)).date()


def note_event(
    run: DebitRun, code: str, *, actor_id: int | None, now: datetime, payment_id: int | None = None, note: str = ""
) -> None:
    """What happened, for the run's own page; the audit trail is written beside it."""
    DebitEvent.objects.create(
        run=run, payment_id=payment_id, code=code, at=now, actor_id=actor_id, note=note.strip()[:300]
    )


def take_run(run_id: int, actor_id: int | None, right: Right, *states: RunState) -> DebitRun:
    """The run, locked, in one of these states. Refuses ``debit_run.unknown``, ``debit_run.state`` and
    ``right.missing``."""
    run = lock_run(run_id)
    demand(actor_id, right, entity_id=run.entity_id)
    if run.state not in states:
        raise Conflict("debit_run.state", "The collection {number} is past that already.", number=run.number)
    return run


def tell_run(code: str, run: DebitRun, actor_id: int | None, now: datetime, **data: object) -> None:
    """What happened, for the run's own page and in the audit trail."""
    note_event(run, code.rpartition(".")[2], actor_id=actor_id, now=now)
    subject = f"debit_run:{run.pk}"
    record(code, now=now, actor_id=actor_id, entity_id=run.entity_id, subject=subject, **data)


def expected_of(entity_id: int, run_id: int | None = None) -> list[Expected]:
    """The payments that are at the bank, and those it rejected, oldest first."""
    found = DebitPayment.objects.filter(
        run__entity_id=entity_id,
        run__state=RunState.SENT.value,
        state__in=(PaymentState.SENT.value, PaymentState.REJECTED.value),
    )
    if run_id is not None:
        found = found.filter(run_id=run_id)
    columns = ("id", "end_to_end_id", "batch", "amount_minor", "state")
    return [
        Expected(number, end_to_end_id, batch, minor, PaymentState(state))
        for number, end_to_end_id, batch, minor, state in found.order_by("id").values_list(*columns)
    ]


def release_payments(decision_id: int, *, actor_id: int | None, now: datetime) -> None:
    """What was decided about a line was taken back: its payments are at the bank again, as before the money came."""
    found = DebitPayment.objects.filter(decision_id=decision_id, state=PaymentState.COLLECTED.value)
    for payment in found.select_related("run").order_by("id"):
        payment.state, payment.receipt_id, payment.decision_id = PaymentState.SENT.value, None, None
        payment.save(update_fields=["state", "receipt", "decision"])
        note_event(payment.run, "unsettled", actor_id=actor_id, now=now, payment_id=payment.pk)
        record(
            "debit_payment.unsettled",
            now=now,
            actor_id=actor_id,
            entity_id=payment.run.entity_id,
            subject=f"debit_payment:{payment.pk}",
            run=payment.run_id,
        )
