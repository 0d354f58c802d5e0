"""Collections by direct debit: proposed, approved, handed to the bank, settled, and what came back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import File, Form, Path, Query, Router, Schema
from ninja.files import UploadedFile

from huikuan.api.answers import post_once, tagged
from huikuan.api.callers import Caller, caller_of
from huikuan.api.debit_schemas import (
    DebitPartOut,
    DebitPaymentOut,
    DebitReportOut,
    DebitRunIn,
    DebitRunList,
    DebitRunOut,
    DebitRunRead,
    RecallAnswerIn,
    RecallIn,
    RunsAsked,
    RunStepIn,
    SendBackIn,
    SettleDebitsIn,
)
from huikuan.api.paging import Cursor
from huikuan.api.parts import OnceKey, read_minor, read_on
from huikuan.api.problems import NotThere, Problem
from huikuan.api.schemas import Code, EntityCode, Given, Id, money
from huikuan.core.direct_debits import (
    CURRENCY,
)
from huikuan.core.rights import Right
from huikuan.queries import debits as queries
from huikuan.queries.ids import bank_line_number
from huikuan.services.debit_planning import NewRun
from huikuan.services.debit_recalls import accept_recall, ask_recall, keep_recall, recall_file
from huikuan.services.debit_reports import read_report
from huikuan.services.debit_returns import return_payment
from huikuan.services.debit_runs import (
    approve_run,
    cancel_run,
    mark_sent,
    note_customers_told,
    propose_run,
    run_file,
)
from huikuan.services.debit_settling import settle_line
from huikuan.services.debit_state import RunFile

router = Router(tags=["Direct debits"])
reports = Router(tags=["Direct debits"])

REPORT_MAX = 20 << 20


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
    same = "end_to_end_id scheme sequence state returned_on recall recall_answer".split()
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
    return _file(run_file(row.id, **caller.actor))


def _file(file: RunFile) -> HttpResponse:
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
        number = _payment(caller, row, body.payment)
        on = read_on(body.on, row.entity_id, caller.now)
        charges = max(read_minor(body.charges, CURRENCY, "#/charges"), 0)
        return_payment(number, body.reason, on=on, charges_minor=charges, **caller.actor)

    return _step(request, run_id, "back", body, key, do)


def _payment(caller: Caller, row: queries.RunRow, text: str) -> int:
    found = queries.payment(caller.frame(), text)
    if found is None or found.run_public_id != row.public_id:
        raise NotThere
    return found.id


@router.post("/{run_id}/recall", response=DebitRunRead, summary="Recall payments from the bank")
def recall(request: HttpRequest, run_id: Path[Id], body: RecallIn, key: OnceKey) -> HttpResponse:
    """Nothing is posted until the bank answers; the file it is asked by is under `/recalls/{number}`."""

    def do(caller: Caller, row: queries.RunRow) -> None:
        wanted = [_payment(caller, row, one) for one in body.payments] or None
        ask_recall(row.id, body.reason, payment_ids=wanted, **caller.actor)

    return _step(request, run_id, "recall", body, key, do)


@router.post("/{run_id}/recall-answer", response=DebitRunRead, summary="The bank answered a recall")
def recall_answer(request: HttpRequest, run_id: Path[Id], body: RecallAnswerIn, key: OnceKey) -> HttpResponse:
    """As its camt.029 does by itself."""

    def do(caller: Caller, row: queries.RunRow) -> None:
        number = _payment(caller, row, body.payment)
        if body.accepted:
            accept_recall(number, on=read_on(body.on, row.entity_id, caller.now), **caller.actor)
        else:
            keep_recall(number, body.reason, **caller.actor)

    return _step(request, run_id, "recall_answer", body, key, do)


@router.get("/{run_id}/recalls/{number}", summary="Take the file of a recall")
def read_recall_file(request: HttpRequest, run_id: Path[Id], number: Path[Code]) -> HttpResponse:
    """camt.055, the same bytes each time; each taking is written down."""
    caller = caller_of(request)
    row = _run(caller, run_id)
    caller.demand_whole(Right.POST_CASH, row.entity_id)
    found = next((one for one in queries.recalls_of(row.id) if one.number == number), None)
    if found is None:
        raise NotThere
    return _file(recall_file(found.id, **caller.actor))


class ReportForm(Schema):
    entity: EntityCode


@reports.post("", response=DebitReportOut, summary="Hand in a bank's report")
def take_report(request: HttpRequest, form: Form[ReportForm], file: File[UploadedFile]) -> HttpResponse:
    """pain.002: payments refused or taken back; camt.029: whether what we recalled is collected. The same report again
    changes nothing."""
    caller = caller_of(request)
    entity_id = caller.entity(form.entity).id
    caller.demand_whole(Right.POST_CASH, entity_id)
    if (file.size or 0) > REPORT_MAX:
        raise Problem(413, "debit_report.too_large", f"a report has up to {REPORT_MAX >> 20} MB")
    found = read_report(entity_id, file.read(), file.name or "report", **caller.actor)
    told = DebitReportOut(
        rejected=found.rejected,
        returned=found.returned,
        not_recalled=found.not_recalled,
        known=found.known,
        foreign=list(found.foreign),
    )
    return tagged(request, told)
