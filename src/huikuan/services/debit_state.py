"""Where mandates and payments stand: what services and pages of direct debits share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import connection

from huikuan.core.direct_debits import COUNTED, Expected, MandateFacts, PaymentState, RunState, SequenceType, Use
from huikuan.core.refusals import Refusal
from huikuan.services.auditing import record
from huikuan.store.models import DebitEvent, DebitMandate, DebitPayment, DebitRun, Entity

_STANDING = (PaymentState.PLANNED, PaymentState.SENT, PaymentState.COLLECTED)
_PART = 500


def facts_of(mandates: Iterable[DebitMandate]) -> dict[int, MandateFacts]:
    """What decides whether each of these mandates may be used, from the runs so far."""
    rows = {mandate.pk: mandate for mandate in mandates}
    used: dict[int, list[tuple[date, str, str]]] = {}
    numbers = sorted(rows)
    for start in range(0, len(numbers), _PART):
        found = DebitPayment.objects.filter(mandate_id__in=numbers[start : start + _PART], state__in=COUNTED)
        for number, day, sequence, state in found.values_list("mandate_id", "run__due_on", "sequence", "state"):
            used.setdefault(number, []).append((day, sequence, state))
    return {number: _facts(row, used.get(number, [])) for number, row in rows.items()}


def _facts(row: DebitMandate, used: Sequence[tuple[date, str, str]]) -> MandateFacts:
    # What came back may be asked for again, also of a mandate that was for one collection.
    standing = [one for one in used if one[2] in _STANDING]
    return MandateFacts(
        use=Use(row.use),
        signed_on=row.signed_on,
        last_used_on=max((one[0] for one in used), default=None),
        uses=len(standing) if row.use == Use.ONE_OFF else len(used),
        is_ended=any(one[1] == SequenceType.FNAL for one in standing),
        is_blocked=row.blocked_at is not None,
        is_revoked=row.revoked_on is not None,
    )


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
