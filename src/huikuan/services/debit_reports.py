"""What banks say of direct debits in files of their own: payments refused or taken back (pain.002), and whether
payments we recalled are carried out all the same (camt.029)."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Q

from huikuan.bank.camt029 import ACCEPTED, REFUSED
from huikuan.bank.reading import read_statements
from huikuan.bank.statement import REPORTS, Line
from huikuan.core.direct_debits import CURRENCY, PaymentState, RunState
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.services.debit_recalls import accept_recall, keep_recall
from huikuan.services.debit_returns import REASON_MAX, return_payment, sent_payment
from huikuan.services.debit_state import today_of
from huikuan.services.rights import demand
from huikuan.services.transaction import run_in_transaction
from huikuan.store.models import DebitCreditor, DebitPayment


@dataclass(frozen=True, slots=True)
class ReportResult:
    """What a report told: payments refused or recalled before money came, taken back afterwards, not recalled although
    we asked, known already, and ids of payments that are not ours."""

    rejected: int
    returned: int
    known: int
    foreign: tuple[str, ...]
    not_recalled: int = 0


def read_report(entity_id: int, data: bytes, name: str, *, actor_id: int | None, now: datetime) -> ReportResult:
    """Takes a bank's report (pain.002) or its answer to a recall (camt.029) in, all of it or nothing. Raises
    ``BadStatement`` for a file with faults; refuses ``debit_report.not_one`` for another kind of file and
    ``right.missing``."""
    statements = read_statements(data, name, currency=CURRENCY)
    if any(one.format not in REPORTS for one in statements) or not statements:
        raise Refusal("debit_report.not_one", "The file is no report about direct debits (pain.002 or camt.029).")

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

    Refuses ``debit_report.not_ours``, ``debit_report.several`` (numbers of payments repeated between entities once) and
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
    counts = Counter({"rejected": 0, "returned": 0, "known": 0, "not_recalled": 0})
    foreign: list[str] = []
    for told, lines in parts:
        on = min(told or today, today)
        for line in lines:
            payments = _told(entity_id, line.end_to_end_id, line.batch_id)
            if not payments:
                foreign.append(line.end_to_end_id or line.batch_id)
            for payment in payments:
                counts[_take_line(payment, line, on, actor_id, now)] += 1
    return ReportResult(**counts, foreign=tuple(foreign))


def _take_line(payment: DebitPayment, line: Line, on: date, actor_id: int | None, now: datetime) -> str:
    """What became of a payment by a line of a report."""
    who: dict[str, Any] = {"actor_id": actor_id, "now": now}
    before = payment.state
    reason = line.return_reason[:REASON_MAX]
    if line.transaction_code == REFUSED:
        return "not_recalled" if keep_recall(payment.pk, reason, **who) else "known"
    if line.transaction_code == ACCEPTED:
        accept_recall(payment.pk, on=on, **who)
    else:
        return_payment(payment.pk, reason or "MS03", on=on, **who)
    payment.refresh_from_db()
    return "known" if payment.state == before else str(payment.state)


def _told(entity_id: int, end_to_end_id: str, message_id: str) -> list[DebitPayment]:
    """The payment named; where the whole message or a batch of it is meant, all of it."""
    if end_to_end_id:
        payment = sent_payment(entity_id, end_to_end_id)
        return [payment] if payment is not None else []
    found = DebitPayment.objects.filter(
        run__entity_id=entity_id, run__state=RunState.SENT.value, state=PaymentState.SENT.value
    )
    return list(found.filter(Q(run__number=message_id) | Q(batch=message_id)).order_by("run_id", "ordinal"))
