"""Direct debits as pages, programs and files show them: runs, their payments, mandates."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from huikuan.core.direct_debits import (
    CURRENCY,
    PaymentState,
    RunState,
)
from huikuan.queries.feeds import Slice
from huikuan.queries.frame import Frame
from huikuan.queries.listing import Page
from huikuan.store.models import CustomerAccount, DebitPayment, DebitRecall, DebitRun
from huikuan.store.public_ids import inner_id, public_id

WHICH = ("open", "done", "all")
SENT = PaymentState.SENT.value
_OUT = (PaymentState.WITHDRAWN.value,)


@dataclass(frozen=True, slots=True)
class RunRow:
    """A collection. ``amount_minor`` in cents, of its ``payments`` that were not taken out; ``waiting``: those the bank
    has said nothing about yet; ``recallable``: those of them nobody recalled; ``failed``: rejected or returned."""

    id: int
    public_id: str
    number: str
    entity_id: int
    entity_code: str
    entity_name: str
    state: str
    bundle: str
    due_by: date
    due_on: date
    notice_on: date
    file_on: date
    notified_on: date | None
    sent_on: date | None
    creditor_id: str
    creditor_iban: str
    payments: int
    amount_minor: int
    waiting: int
    recallable: int
    collected_minor: int
    failed: int
    failed_minor: int
    proposed_by_id: int | None
    proposed_by: str
    proposed_at: datetime
    approved_by: str
    approved_at: datetime | None
    sha256: str
    currency: str = CURRENCY


@dataclass(frozen=True, slots=True)
class SumRow:
    currency: str
    amount_minor: int
    count: int


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """A payment of a run. ``documents``: opaque id, number and how much of it, a credit below zero;
    ``charges_minor``: what the bank took for sending it back; ``amended``: what its file says was amended of the
    mandate; ``recall``: the number of its recall, ``recall_answer``: why the bank collects it all the same."""

    id: int
    public_id: str
    run_public_id: str
    run_number: str
    run_state: str
    entity_code: str
    due_on: date
    notice_on: date
    ordinal: int
    end_to_end_id: str
    customer_public_id: str
    customer_name: str
    reference: str
    scheme: str
    sequence: str
    creditor_id: str
    payer_iban: str
    amount_minor: int
    state: str
    documents: tuple[tuple[str, str, int], ...]
    receipt_public_id: str
    returned_on: date | None
    return_reason: str
    charges_minor: int
    amended: tuple[str, ...]
    recall: str
    recall_answer: str
    currency: str = CURRENCY


@dataclass(frozen=True, slots=True)
class RecallRow:
    """The bank asked not to collect ``payments`` of a run."""

    id: int
    number: str
    reason: str
    asked_at: datetime
    actor: str
    payments: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class EventRow:
    """What happened to a run; ``payment``: to which of its payments."""

    code: str
    at: datetime
    actor: str
    payment: str
    note: str


def account_names(account_ids: Iterable[int]) -> dict[int, tuple[str, str]]:
    """Customer's opaque id and name of each of these accounts."""
    rows = CustomerAccount.objects.filter(id__in=sorted(set(account_ids)))
    found = rows.values_list("id", "customer_id", "customer__name")
    return {number: (public_id("cus", customer), name) for number, customer, name in found}


# -- runs ------------------------------------------------------------------------------------------------------------
def _runs(frame: Frame) -> QuerySet[DebitRun]:
    """Who sees a run sees all of its customers: only entities seen whole."""
    return DebitRun.objects.filter(entity_id__in=frame.whole_ids)


def _which(found: QuerySet[DebitRun], which: str) -> QuerySet[DebitRun]:
    if which == "all":
        return found
    waiting = DebitPayment.objects.filter(state__in=(SENT, PaymentState.PLANNED.value)).values("run_id")
    return found.filter(id__in=waiting) if which == "open" else found.exclude(id__in=waiting)


def run_page(frame: Frame, *, which: str = "all", sort: str = "-number", page: int = 1, size: int = 50) -> Page[RunRow]:
    """Collections, the newest first. ``which``: something is waited for, done, or all."""
    found = _which(_runs(frame), which)
    start = (max(page, 1) - 1) * size
    order = ("id",) if sort == "number" else ("due_on", "id") if sort == "due_on" else ("-due_on", "-id")
    order = ("-id",) if sort == "-number" else order
    rows = [_run_row(run) for run in _with_people(found).order_by(*order)[start : start + size]]
    standing = DebitPayment.objects.filter(run__in=found).exclude(state__in=_OUT)
    total = found.count()
    sums = {CURRENCY: SumRow(CURRENCY, _sum(standing), total)} if total else {}
    return Page(rows=rows, total=total, page=page, size=size, totals=sums)


def _with_people(found: QuerySet[DebitRun]) -> QuerySet[DebitRun]:
    return found.select_related("entity", "proposed_by", "approved_by")


def run_counts(frame: Frame) -> dict[str, int]:
    """How many runs each choice has."""
    return {which: _which(_runs(frame), which).count() for which in WHICH}


def run(frame: Frame, text: str) -> RunRow | None:
    """One run by its opaque id."""
    found = _with_people(_runs(frame)).filter(id=inner_id("ddr", text) or 0).first()
    return None if found is None else _run_row(found)


def run_named(frame: Frame, text: str) -> RunRow | None:
    """One run by its opaque id or its number."""
    found = _with_people(_runs(frame)).filter(Q(id=inner_id("ddr", text) or 0) | Q(number=text)).first()
    return None if found is None else _run_row(found)


def run_slice(frame: Frame, *, which: str = "all", after: int = 0, limit: int = 100) -> Slice[RunRow]:
    """Collections in the order in which they were proposed."""
    found = _with_people(_which(_runs(frame), which)).filter(id__gt=after).order_by("id")
    rows = [_run_row(one) for one in found[: limit + 1]]
    shown = rows[:limit]
    return Slice(shown, shown[-1].id if shown else None, len(rows) > limit)


def payments_of(frame: Frame, run_public_id: str) -> list[PaymentRow]:
    """All payments of a run that were not taken out."""
    found = DebitPayment.objects.filter(run__entity_id__in=frame.whole_ids, run_id=inner_id("ddr", run_public_id) or 0)
    return [_payment_row(one) for one in _full(found.exclude(state__in=_OUT)).order_by("ordinal")]


def run_id_text(run_id: int) -> str:
    return public_id("ddr", run_id)


def _sum(found: QuerySet[DebitPayment]) -> int:
    return int(found.aggregate(total=Sum("amount_minor"))["total"] or 0)


def _name(user: Any) -> str:
    return (user.get_full_name() or user.get_username()) if user is not None else ""


def _run_row(row: DebitRun) -> RunRow:
    sums: dict[str, tuple[int, int]] = {}
    for one in row.payments.order_by().values("state").annotate(n=Count("id"), total=Sum("amount_minor")):
        sums[one["state"]] = (one["n"], int(one["total"]))
    standing = [value for state, value in sums.items() if state not in _OUT]
    cancelled = row.state == RunState.CANCELLED
    standing = list(sums.values()) if cancelled else standing
    failed = [sums.get(state, (0, 0)) for state in (PaymentState.REJECTED.value, PaymentState.RETURNED.value)]
    return RunRow(
        id=row.pk,
        public_id=run_id_text(row.pk),
        number=row.number,
        entity_id=row.entity_id,
        entity_code=row.entity.code,
        entity_name=row.entity.name,
        state=row.state,
        bundle=row.bundle,
        due_by=row.due_by,
        due_on=row.due_on,
        notice_on=row.notice_on,
        file_on=row.file_on,
        notified_on=row.notified_on,
        sent_on=row.sent_on,
        creditor_id=row.creditor_id,
        creditor_iban=row.creditor_iban,
        payments=sum(n for n, _ in standing),
        amount_minor=sum(total for _, total in standing),
        waiting=sums.get(SENT, (0, 0))[0],
        recallable=sums.get(SENT, (0, 0))[0] and row.payments.filter(state=SENT, recall=None).count(),
        collected_minor=sums.get(PaymentState.COLLECTED.value, (0, 0))[1],
        failed=sum(n for n, _ in failed),
        failed_minor=sum(total for _, total in failed),
        proposed_by_id=row.proposed_by_id,
        proposed_by=_name(row.proposed_by),
        proposed_at=row.proposed_at,
        approved_by=_name(row.approved_by),
        approved_at=row.approved_at,
        sha256=row.sha256,
    )


# -- payments --------------------------------------------------------------------------------------------------------
def payment_page(
    frame: Frame,
    *,
    run: str = "",
    state: str = "",
    search: str = "",
    sort: str = "ordinal",
    page: int = 1,
    size: int = 50,
) -> Page[PaymentRow]:
    """Payments of runs, those taken out left away. ``run``: of one, by its opaque id."""
    found = DebitPayment.objects.filter(run__entity_id__in=frame.whole_ids).exclude(state__in=_OUT)
    if run:
        found = found.filter(run_id=inner_id("ddr", run) or 0)
    if state in set(PaymentState):
        found = found.filter(state=state)
    if search:
        named = Q(account__customer__search_text__contains=search.lower()) | Q(end_to_end_id__iexact=search)
        found = found.filter(named | Q(mandate_reference__iexact=search))
    start = (max(page, 1) - 1) * size
    order = ("-run_id", "ordinal") if sort == "ordinal" else ("run_id", "-ordinal")
    rows = _full(found).order_by(*order)[start : start + size]
    total = found.count()
    sums = {CURRENCY: SumRow(CURRENCY, _sum(found), total)} if total else {}
    return Page(rows=[_payment_row(one) for one in rows], total=total, page=page, size=size, totals=sums)


def payment(frame: Frame, text: str) -> PaymentRow | None:
    """One payment by its opaque id."""
    found = DebitPayment.objects.filter(run__entity_id__in=frame.whole_ids, id=inner_id("ddp", text) or 0)
    row = _full(found).first()
    return None if row is None else _payment_row(row)


def _full(found: QuerySet[DebitPayment]) -> QuerySet[DebitPayment]:
    return found.select_related("run__entity", "mandate", "account__customer", "recall").prefetch_related("items__item")


def _payment_row(row: DebitPayment) -> PaymentRow:
    return PaymentRow(
        id=row.pk,
        public_id=public_id("ddp", row.pk),
        run_public_id=run_id_text(row.run_id),
        run_number=row.run.number,
        run_state=row.run.state,
        entity_code=row.run.entity.code,
        due_on=row.run.due_on,
        notice_on=row.run.notice_on,
        ordinal=row.ordinal,
        end_to_end_id=row.end_to_end_id,
        customer_public_id=public_id("cus", row.account.customer_id),
        customer_name=row.account.customer.name,
        reference=row.mandate_reference,
        scheme=row.mandate.scheme,
        sequence=row.sequence,
        creditor_id=row.run.creditor_id,
        payer_iban=row.payer_iban,
        amount_minor=row.amount_minor,
        state=row.state,
        documents=tuple(
            (public_id("itm", one.item_id), one.item.document_number, one.amount_minor)
            for one in sorted(row.items.all(), key=lambda one: one.pk)
        ),
        receipt_public_id=public_id("rcp", row.receipt_id) if row.receipt_id else "",
        returned_on=row.returned_on,
        return_reason=row.return_reason,
        charges_minor=row.charges_minor,
        amended=_amended(row),
        recall=row.recall.number if row.recall else "",
        recall_answer=row.recall_answer,
    )


def _amended(row: DebitPayment) -> tuple[str, ...]:
    told = {
        "reference": row.original_reference,
        "creditor_id": row.original_creditor_id,
        "payer_iban": row.is_new_account,
    }
    return tuple(name for name, value in told.items() if value)


def recalls_of(run_id: int) -> list[RecallRow]:
    """What the bank was asked to recall of a run, the first first."""
    found = DebitRecall.objects.filter(run_id=run_id).select_related("actor").order_by("id")
    return [
        RecallRow(one.pk, one.number, one.reason, one.asked_at, _name(one.actor), one.n, int(one.total))
        for one in found.annotate(n=Count("payments"), total=Sum("payments__amount_minor"))
    ]


def events_of(run_id: int) -> list[EventRow]:
    """What happened to a run, the first first."""
    found = DebitRun.objects.get(id=run_id).events.select_related("actor", "payment").order_by("id")
    return [
        EventRow(one.code, one.at, _name(one.actor), one.payment.end_to_end_id if one.payment else "", one.note)
        for one in found
    ]
