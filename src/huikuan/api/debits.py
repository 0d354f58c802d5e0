"""Collections by direct debit: proposed, approved, handed to the bank, settled, and what came back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import File, Form, Path, Query, Router, Schema
from ninja.files import UploadedFile
from pydantic import Field, StringConstraints

from huikuan.api.answers import post_once, tagged
from huikuan.api.callers import Caller, caller_of
from huikuan.api.paging import Asked, Cursor
from huikuan.api.parts import OnceKey, read_minor, read_on
from huikuan.api.problems import NotThere, Problem
from huikuan.api.schemas import Amount, Code, Day, EntityCode, Given, Id, money
from huikuan.core.direct_debits import (
    CURRENCY,
    Bundle,
    PaymentState,
    RunState,
    Scheme,
    SequenceType,
)
from huikuan.core.rights import Right
from huikuan.queries import debits as queries
from huikuan.queries.ids import bank_line_number
from huikuan.services.debit_planning import NewRun
from huikuan.services.debit_returns import read_report, return_payment
from huikuan.services.debit_runs import (
    approve_run,
    cancel_run,
    mark_sent,
    note_customers_told,
    propose_run,
    run_file,
)
from huikuan.services.debit_settling import settle_line

router = Router(tags=["Direct debits"])
reports = Router(tags=["Direct debits"])

REPORT_MAX = 20 << 20
Reason = Annotated[str, StringConstraints(max_length=120, pattern=r"^[A-Z]{2}[A-Z0-9]{2}[^\x00-\x1f\x7f]*$")]


class RunsAsked(Asked):
    entity: Code = ""
    which: Literal["open", "done", "all"] = Field("all", description="`open`: something is waited for.")


class DebitRunOut(Schema):
    """A collection. `notice_on`: customers are told by then; `file_on`: the bank has the file by then. Amounts in
    euro; `waiting`: payments the bank has said nothing about yet; `failed`: rejected or returned."""

    id: str
    number: str
    entity: str
    state: RunState
    bundle: Bundle
    due_by: date
    due_on: date
    notice_on: date
    file_on: date
    notified_on: date | None
    sent_on: date | None
    payments: int
    amount: str
    collected: str
    waiting: int
    failed: int
    proposed_by: str
    proposed_at: datetime
    approved_by: str | None
    file_sha256: str | None


class DebitPartOut(Schema):
    item: str
    document_number: str
    amount: str


class DebitPaymentOut(Schema):
    """A payment of a collection. `reason`: what the bank gave, the ISO code first."""

    id: str
    end_to_end_id: str
    customer: str
    mandate: str
    scheme: Scheme
    sequence: SequenceType
    amount: str
    state: PaymentState
    items: list[DebitPartOut]
    receipt: str | None
    returned_on: date | None
    reason: str
    charges: str


class DebitRunRead(DebitRunOut):
    rows: list[DebitPaymentOut]


class DebitRunList(Schema):
    rows: list[DebitRunOut]
    next: str | None
    more: bool


class DebitRunIn(Given):
    """`asked_on`: the day wished for, moved to the first that leaves time for notice and bank; without one, that day.
    `due_by`: items due by then; the collection day without one."""

    entity: EntityCode
    asked_on: Day | None = None
    due_by: Day | None = None
    bundle: Bundle = Bundle.CUSTOMER


class RunStepIn(Given):
    on: Day | None = None


class SettleDebitsIn(Given):
    line: Id


class SendBackIn(Given):
    """A payment the bank refused or took back: `reason` begins with the ISO code (`AM04`)."""

    payment: Id
    reason: Reason
    on: Day | None = None
    charges: Amount = "0"


class DebitReportOut(Schema):
    """`foreign`: payments of the report that are not ours."""

    rejected: int
    returned: int
    known: int
    foreign: list[str]


def _run_values(row: queries.RunRow) -> dict[str, Any]:
    same = (
        "number state bundle due_by due_on notice_on file_on notified_on sent_on payments waiting failed proposed_by"
        " proposed_at"
    ).split()
    return {
        **{name: getattr(row, name) for name in same},
        "id": row.public_id,
        "entity": row.entity_code,
        "amount": money(row.amount_minor, CURRENCY),
        "collected": money(row.collected_minor, CURRENCY),
        "approved_by": row.approved_by or None,
        "file_sha256": row.sha256 or None,
    }


def _payment_out(row: queries.PaymentRow) -> DebitPaymentOut:
    same = "end_to_end_id scheme sequence state returned_on".split()
    return DebitPaymentOut(
        **{name: getattr(row, name) for name in same},
        id=row.public_id,
        customer=row.customer_public_id,
        mandate=row.reference,
        amount=money(row.amount_minor, CURRENCY),
        items=[
            DebitPartOut(item=item, document_number=number, amount=money(minor, CURRENCY))
            for item, number, minor in row.documents
        ],
        receipt=row.receipt_public_id or None,
        reason=row.return_reason,
        charges=money(row.charges_minor, CURRENCY),
    )


def _run(caller: Caller, text: str) -> queries.RunRow:
    found = queries.run(caller.frame(), text)
    if found is None:
        raise NotThere
    return found


def _read(caller: Caller, text: str) -> DebitRunRead:
    row = _run(caller, text)
    rows = [_payment_out(one) for one in queries.payments_of(caller.frame(), text)]
    return DebitRunRead(**_run_values(row), rows=rows)


@router.get("", response=DebitRunList, summary="List collections by direct debit")
def list_runs(request: HttpRequest, asked: Query[RunsAsked]) -> object:
    """Collections of the entities of which you see everything, in the order in which they were proposed."""
    cursor = Cursor("debit runs", asked, asked.cursor)
    frame = caller_of(request).frame(asked.entity)
    found = queries.run_slice(frame, which=asked.which, after=cursor.after, limit=asked.limit)
    return cursor.page(found, lambda row: DebitRunOut(**_run_values(row)))


@router.get("/{run_id}", response=DebitRunRead, summary="Read a collection")
def read_run(request: HttpRequest, run_id: Path[Id]) -> HttpResponse:
    """One collection with its payments, and its ETag."""
    return tagged(request, _read(caller_of(request), run_id))


@router.get("/{run_id}/file", summary="Take the file for the bank")
def read_file(request: HttpRequest, run_id: Path[Id]) -> HttpResponse:
    """pain.008 of an approved collection, the same bytes each time; each taking is written down."""
    caller = caller_of(request)
    row = _run(caller, run_id)
    caller.demand_whole(Right.POST_CASH, row.entity_id)
    file = run_file(row.id, **caller.actor)
    headers = {"Content-Disposition": f'attachment; filename="{file.name}"', "X-Content-Type-Options": "nosniff"}
    return HttpResponse(file.data, content_type="application/xml", headers=headers)


@router.post("", response={201: DebitRunRead}, summary="Propose a collection")
def create_run(request: HttpRequest, body: DebitRunIn, key: OnceKey) -> HttpResponse:
    """What is due, of customers whose mandate may be used; somebody else approves it."""
    caller = caller_of(request)
    entity_id = caller.entity(body.entity).id
    caller.demand_whole(Right.POST_CASH, entity_id)

    def work() -> DebitRunRead:
        number = propose_run(entity_id, NewRun(body.asked_on, body.due_by, body.bundle), **caller.actor)
        return _read(caller, queries.run_id_text(number))

    return post_once(request, caller, entity_id, "debit_run.propose", key, body, work)


def _step(
    request: HttpRequest,
    run_id: str,
    name: str,
    body: Given,
    key: str,
    do: Callable[[Caller, queries.RunRow], object],
    right: Right = Right.POST_CASH,
) -> HttpResponse:
    caller = caller_of(request)
    row = _run(caller, run_id)
    caller.demand_whole(right, row.entity_id)

    def work() -> DebitRunRead:
        do(caller, row)
        return _read(caller, run_id)

    return post_once(request, caller, row.entity_id, f"debit_run.{name}", key, body, work, status=200)


@router.post("/{run_id}/approve", response=DebitRunRead, summary="Approve a collection")
def approve(request: HttpRequest, run_id: Path[Id], body: RunStepIn, key: OnceKey) -> HttpResponse:
    """By somebody else than who proposed it. Its file is made."""
    return _step(
        request, run_id, "approve", body, key,
        lambda caller, row: approve_run(row.id, **caller.actor), Right.APPROVE_DEBIT,
    )  # fmt: skip


@router.post("/{run_id}/cancel", response=DebitRunRead, summary="Give a collection up")
def cancel(request: HttpRequest, run_id: Path[Id], body: RunStepIn, key: OnceKey) -> HttpResponse:
    """Before it is at the bank."""
    return _step(request, run_id, "cancel", body, key, lambda caller, row: cancel_run(row.id, **caller.actor))


@router.post("/{run_id}/notified", response=DebitRunRead, summary="Customers were told of a collection")
def notified(request: HttpRequest, run_id: Path[Id], body: RunStepIn, key: OnceKey) -> HttpResponse:
    """On which day."""

    def do(caller: Caller, row: queries.RunRow) -> None:
        note_customers_told(row.id, on=read_on(body.on, row.entity_id, caller.now), **caller.actor)

    return _step(request, run_id, "notified", body, key, do)


@router.post("/{run_id}/sent", response=DebitRunRead, summary="The file is at the bank")
def sent(request: HttpRequest, run_id: Path[Id], body: RunStepIn, key: OnceKey) -> HttpResponse:
    """From here the bank says what becomes of each payment."""

    def do(caller: Caller, row: queries.RunRow) -> None:
        mark_sent(row.id, on=read_on(body.on, row.entity_id, caller.now), **caller.actor)

    return _step(request, run_id, "sent", body, key, do)


@router.post("/{run_id}/settle", response=DebitRunRead, summary="Settle a collection with a bank line")
def settle(request: HttpRequest, run_id: Path[Id], body: SettleDebitsIn, key: OnceKey) -> HttpResponse:
    """A line of money in that is, to the cent, a payment, a batch or all that is still expected."""

    def do(caller: Caller, row: queries.RunRow) -> None:
        settle_line(row.id, bank_line_number(body.line) or 0, **caller.actor)

    return _step(request, run_id, "settle", body, key, do)


@router.post("/{run_id}/back", response=DebitRunRead, summary="A payment came back")
def send_back(request: HttpRequest, run_id: Path[Id], body: SendBackIn, key: OnceKey) -> HttpResponse:
    """Its items are open again, with the reason."""

    def do(caller: Caller, row: queries.RunRow) -> None:
        found = queries.payment(caller.frame(), body.payment)
        if found is None or found.run_public_id != row.public_id:
            raise NotThere
        on = read_on(body.on, row.entity_id, caller.now)
        charges = max(read_minor(body.charges, CURRENCY, "#/charges"), 0)
        return_payment(found.id, body.reason, on=on, charges_minor=charges, **caller.actor)

    return _step(request, run_id, "back", body, key, do)


class ReportForm(Schema):
    entity: EntityCode


@reports.post("", response=DebitReportOut, summary="Hand in a bank's report")
def take_report(request: HttpRequest, form: Form[ReportForm], file: File[UploadedFile]) -> HttpResponse:
    """pain.002: payments refused or taken back. The same report again changes nothing."""
    caller = caller_of(request)
    entity_id = caller.entity(form.entity).id
    caller.demand_whole(Right.POST_CASH, entity_id)
    if (file.size or 0) > REPORT_MAX:
        raise Problem(413, "debit_report.too_large", f"a report has up to {REPORT_MAX >> 20} MB")
    found = read_report(entity_id, file.read(), file.name or "report", **caller.actor)
    told = DebitReportOut(
        rejected=found.rejected, returned=found.returned, known=found.known, foreign=list(found.foreign)
    )
    return tagged(request, told)
