"""Direct debits that the bank refused or took back: by its report (pain.002), by a line of a statement, or by hand.

What was collected is open again with the reason; a mandate that is of no use any more is blocked. The same news twice,
by a report and by a line, changes nothing the second time.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from huikuan.bank.reading import read_statements
from huikuan.bank.statement import Line, StatementFormat
from huikuan.core.banking import LineKind, Tie
from huikuan.core.direct_debits import CURRENCY, PaymentState, RunState, is_blocking, reason_code
from huikuan.core.refusals import Conflict, Refusal
from huikuan.core.rights import Right
from huikuan.core.texts import check_text
from huikuan.services.auditing import record
from huikuan.services.debit_state import lock_run, note_event, today_of
from huikuan.services.reversals import reverse_entry
from huikuan.services.rights import demand
from huikuan.services.transaction import run_in_transaction
from huikuan.store.models import (
    BankLine,
    BankLineReceipt,
    DebitCreditor,
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
        payment = _sent_payment(entity_id, line.end_to_end_id)
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


def _sent_payment(entity_id: int, end_to_end_id: str) -> DebitPayment | None:
    found = DebitPayment.objects.filter(
        run__entity_id=entity_id, run__state=RunState.SENT.value, end_to_end_id=end_to_end_id
    )
    return found.exclude(state=PaymentState.WITHDRAWN.value).first()


# -- by the bank's report --------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class ReportResult:
    """What a report told: payments refused before money came, taken back afterwards, known already, and ids of
    payments that are not ours."""

    rejected: int
    returned: int
    known: int
    foreign: tuple[str, ...]


def read_report(entity_id: int, data: bytes, name: str, *, actor_id: int | None, now: datetime) -> ReportResult:
    """Takes a bank's report (pain.002) in, all of it or nothing. Raises ``BadStatement`` for a file with faults;
    refuses ``debit_report.not_one`` for another kind of file and ``right.missing``."""
    statements = read_statements(data, name, currency=CURRENCY)
    if any(one.format != StatementFormat.PAIN002 for one in statements) or not statements:
        raise Refusal("debit_report.not_one", "The file is no report about direct debits (pain.002).")

    parts = [(statement.to_date, statement.lines) for statement in statements]
    return run_in_transaction(lambda: _take_report(entity_id, parts, actor_id, now))


def collecting_entities(actor_id: int | None) -> list[int]:
    """The entities that send direct debits and for which a person may post money."""
    found = []
    for number in DebitCreditor.objects.order_by("entity_id").values_list("entity_id", flat=True):
        with contextlib.suppress(Refusal):
            demand(actor_id, Right.POST_CASH, entity_id=number)
            found.append(int(number))
    return found


def take_report(
    entity_ids: Iterable[int], told: date | None, lines: Iterable[Line], *, actor_id: int | None, now: datetime
) -> ReportResult:
    """A report among files of the bank, made on the day ``told``: for the one entity of these that has a payment it
    names, all of it or nothing.

    Refuses ``debit_report.not_ours``, ``debit_report.several`` (numbers of payments repeat between entities) and
    ``right.missing``."""
    kept = list(lines)

    def work() -> ReportResult:
        named = [one for one in entity_ids if any(_told(one, row.end_to_end_id, row.batch_id) for row in kept)]
        if len(named) > 1:
            raise Refusal(
                "debit_report.several",
                "Several legal entities have payments of these numbers: hand it in under Direct debits, Bank's report.",
            )
        if not named and kept:
            raise Refusal("debit_report.not_ours", "No payment in this report is one of ours.")
        return _take_report(named[0], [(told, kept)], actor_id, now) if named else ReportResult(0, 0, 0, ())

    return run_in_transaction(work)


def _take_report(
    entity_id: int, parts: Iterable[tuple[date | None, Iterable[Line]]], actor_id: int | None, now: datetime
) -> ReportResult:
    demand(actor_id, Right.POST_CASH, entity_id=entity_id)
    today = today_of(entity_id, now)
    counts = {"rejected": 0, "returned": 0, "known": 0}
    foreign: list[str] = []
    for told, lines in parts:
        for line in lines:
            payments = _told(entity_id, line.end_to_end_id, line.batch_id)
            if not payments:
                foreign.append(line.end_to_end_id or line.batch_id)
            for payment in payments:
                before = payment.state
                reason = (line.return_reason or "MS03")[:REASON_MAX]
                return_payment(payment.pk, reason, on=min(told or today, today), actor_id=actor_id, now=now)
                payment.refresh_from_db()
                counts["known" if payment.state == before else payment.state] += 1
    return ReportResult(**counts, foreign=tuple(foreign))


def _told(entity_id: int, end_to_end_id: str, message_id: str) -> list[DebitPayment]:
    """The payment named; where the whole message was refused, all of its run."""
    if end_to_end_id:
        payment = _sent_payment(entity_id, end_to_end_id)
        return [payment] if payment is not None else []
    run = DebitRun.objects.filter(entity_id=entity_id, number=message_id, state=RunState.SENT.value).first()
    if run is None:
        return []
    return list(run.payments.filter(state=PaymentState.SENT.value).order_by("ordinal"))
