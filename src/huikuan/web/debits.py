"""Direct debits: the list of collections, proposing one, and one with its payments and what is done with it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from huikuan.core.direct_debits import CURRENCY, Bundle, PaymentState, RunState
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.queries import debits as queries
from huikuan.queries import desk
from huikuan.queries.bank_lines import lines_by_id
from huikuan.queries.debits import WHICH, PaymentRow, RunRow, run_id_text
from huikuan.queries.frame import EntityRow
from huikuan.queries.ids import bank_line_id_text, bank_line_number
from huikuan.services.debit_planning import NewRun, Plan, plan_run
from huikuan.services.debit_runs import (
    approve_run,
    cancel_run,
    mark_sent,
    note_customers_told,
    propose_run,
    run_file,
    withdraw_payment,
)
from huikuan.services.debit_settling import lines_for_run, settle_line
from huikuan.services.debit_state import RunFile
from huikuan.web import debit_words
from huikuan.web.acting import Field, act, actor, amount_text, demand_now, may_post_to, read_on, told
from huikuan.web.cash import entity_asked
from huikuan.web.format import format_count, mask_number
from huikuan.web.frames import Seat, read_day
from huikuan.web.lists import chips_of
from huikuan.web.pages import page, show
from huikuan.web.tables.asks import read_table
from huikuan.web.tables.debits import MANDATES, PAYMENTS, RUNS, run_state
from huikuan.web.tables.grid import grid_of
from huikuan.web.tags import address

PLANNED_SHOWN = 200


def collectors(seat: Seat) -> list[EntityRow]:
    """The entities in the frame for which this person may propose collections."""
    return [row for row in seat.entities if row.id in seat.frame.whole_ids and seat.can_whole(Right.POST_CASH, row.id)]


@require_safe
@page(right=Right.SEE_LEDGER, whole=True)
def list_runs(request: HttpRequest, seat: Seat) -> HttpResponse:
    ask = read_table(request, seat, RUNS)
    rows = RUNS.rows(seat.frame, ask.wanted, ask.basics.sort, ask.basics.page, ask.basics.size)
    which = ask.values.get("which", "open")
    which = which if which in WHICH else "open"
    counts = queries.run_counts(seat.frame)
    words = {"open": _("Under way"), "done": _("Done"), "all": _("All")}
    choices = [(code, f"{words[code]} {format_count(counts[code])}", "") for code in WHICH]
    chips = chips_of(request, "which", choices, active=which)
    context = {
        "grid": grid_of(request, seat, ask, rows, own_chips=[(_("Which collections"), chips)]),
        "rows": rows,
        "may_propose": bool(collectors(seat)),
        "none_yet": not counts["all"],
    }
    return show(request, seat, "debits/list.html", context, room="debits")


@require_safe
@page(right=Right.SEE_LEDGER, whole=True)
def list_payments(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Payments of collections, or of one: what customers are told, what came back."""
    ask = read_table(request, seat, PAYMENTS)
    rows = PAYMENTS.rows(seat.frame, ask.wanted, ask.basics.sort, ask.basics.page, ask.basics.size)
    context = {"grid": grid_of(request, seat, ask, rows), "rows": rows, "title": _("Payments of direct debits")}
    return show(request, seat, "debits/rows.html", context, room="debits")


@require_safe
@page
def list_mandates(request: HttpRequest, seat: Seat) -> HttpResponse:
    ask = read_table(request, seat, MANDATES)
    rows = MANDATES.rows(seat.frame, ask.wanted, ask.basics.sort, ask.basics.page, ask.basics.size)
    context = {
        "grid": grid_of(request, seat, ask, rows),
        "rows": rows,
        "title": _("Mandates"),
        "title_kind": "mandates",
        "may_keep": seat.frame.is_now and any(row.can(Right.EDIT_PAYER_ACCOUNT) for row in seat.entities),
    }
    return show(request, seat, "debits/rows.html", context, room="debits")


# -- proposing -------------------------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.POST_CASH, whole=True)
def propose(request: HttpRequest, seat: Seat) -> HttpResponse:
    """What would be collected, looked at before it is proposed."""
    if not collectors(seat):
        raise PermissionDenied
    demand_now(seat)
    entity = entity_asked(request, collectors(seat))

    def context(given: QueryDict) -> dict[str, Any]:
        asked = given if request.method == "POST" else request.GET
        shown: dict[str, Any] = {"entities": collectors(seat), "entity": entity, "fields": _fields(asked)}
        if entity is not None:
            try:
                shown |= _shown_plan(plan_run(entity.id, _read(asked), today=desk.day_at(entity.id, timezone.now())))
            except Refusal as refusal:
                shown["cannot"] = told(refusal, CURRENCY)
                shown["no_creditor"] = refusal.code == "debit_creditor.missing"
        return shown

    def do(given: QueryDict, key: str) -> HttpResponse:
        if entity is None:
            raise Refusal("debit_run.which_entity", "Say which legal entity collects.")
        number = propose_run(entity.id, _read(given), key=key, **actor(request))
        messages.success(request, _("Proposed. Somebody else approves it."))
        return redirect(address(seat.kept, "debit_run", run_id_text(number)))

    return act(request, seat, "debits/new.html", context, do, currency=CURRENCY, room="debits")


def _read(given: QueryDict) -> NewRun:
    bundle = given.get("bundle", "")
    return NewRun(
        asked_on=read_day(given.get("asked_on", "")),
        due_by=read_day(given.get("due_by", "")),
        bundle=Bundle(bundle) if bundle in set(Bundle) else Bundle.CUSTOMER,
    )


def _fields(given: QueryDict) -> list[Field]:
    ways = tuple((one.value, str(debit_words.BUNDLES[one])) for one in Bundle)
    hint = _("Empty: as early as may be.")
    return [
        Field("day", "asked_on", _("Collection day"), given.get("asked_on", ""), hint, required=False),
        Field("day", "due_by", _("Items due by"), given.get("due_by", ""), _("Empty: that day."), required=False),
        Field("choice", "bundle", pgettext("direct debit", "Payments"), given.get("bundle", ""), choices=ways),
    ]


def _shown_plan(plan: Plan) -> dict[str, Any]:
    names = queries.account_names({one.account_id for one in plan.payments[:PLANNED_SHOWN]})
    listed = [
        (
            names.get(one.account_id, ("", "")),
            plan.mandates[one.mandate_id].reference,
            debit_words.SEQUENCES[one.sequence],
            one.items,
            one.credit_minor,
            one.amount_minor,
        )
        for one in plan.payments[:PLANNED_SHOWN]
    ]
    return {
        "plan": plan,
        "planned": listed,
        "more": max(len(plan.payments) - PLANNED_SHOWN, 0),
        "left_out": [(count, debit_words.LEFT_OUT.get(why, why)) for why, count in sorted(plan.left_out.items())],
    }


# -- one collection --------------------------------------------------------------------------------------------------
def run_of(seat: Seat, public_id: str) -> RunRow:
    """A collection by its opaque id, or 404."""
    row = queries.run(seat.frame, public_id)
    if row is None:
        raise Http404
    return row


@require_safe
@page(right=Right.SEE_LEDGER, whole=True)
def show_run(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    row = run_of(seat, public_id)
    payments = queries.payment_page(seat.frame, run=public_id, size=PLANNED_SHOWN)
    is_now, may_post = seat.frame.is_now, may_post_to(seat, row.entity_id, Right.POST_CASH)
    may_settle = may_post and is_now and row.state == RunState.SENT and bool(row.waiting)
    context = {
        "run": row,
        "state": run_state(row),
        "iban": mask_number(row.creditor_iban),
        "bundle": debit_words.BUNDLES[row.bundle],
        "payments": [
            (
                one,
                debit_words.SEQUENCES[one.sequence],
                debit_words.PAYMENTS[one.state],
                debit_words.reason_word(one.return_reason),
                mask_number(one.payer_iban),
                one.state in (PaymentState.SENT, PaymentState.COLLECTED),
                _recall_word(one),
            )
            for one in payments.rows
        ],
        "more": max(payments.total - PLANNED_SHOWN, 0),
        "recalls": [(one, debit_words.RECALLS[one.reason]) for one in queries.recalls_of(row.id)],
        "may_recall": may_post and is_now and row.recallable > 0 and seat.frame.today <= row.due_on,
        "events": [
            (one, debit_words.EVENTS.get(one.code, one.code), debit_words.event_note(one.code, one.note))
            for one in queries.events_of(row.id)
        ],
        "lines": [
            (bank_line_id_text(number), line)
            for number, line in (lines_by_id(lines_for_run(row.id)) if may_settle else {}).items()
        ],
        "may_post": may_post and is_now,
        "may_approve": _may_approve(request, seat, row),
        "waits_for_other": row.state == RunState.PROPOSED and row.proposed_by_id == request.user.pk,
        "is_late": row.state in (RunState.PROPOSED, RunState.APPROVED) and seat.frame.today > row.file_on,
        "has_file": row.state in (RunState.APPROVED, RunState.SENT),
        "may_cancel": row.state in (RunState.PROPOSED, RunState.APPROVED),
        "is_live": row.state != RunState.CANCELLED,
    }
    return show(request, seat, "debits/run.html", context, room="debits")


def _recall_word(row: PaymentRow) -> str:
    """What the bank says to a recall of a payment that it has still."""
    if not row.recall or row.state != PaymentState.SENT:
        return ""
    if row.recall_answer:
        return _("not recalled: {why}").format(why=debit_words.reason_word(row.recall_answer))
    return _("recall asked for")


def _may_approve(request: HttpRequest, seat: Seat, row: RunRow) -> bool:
    may = row.state == RunState.PROPOSED and seat.can_whole(Right.APPROVE_DEBIT, row.entity_id)
    return may and seat.frame.is_now and row.proposed_by_id != request.user.pk


def back_to_run(request: HttpRequest, seat: Seat, public_id: str, do: Any, says: str) -> HttpResponse:
    """Does it; says what was done, or why not, on the run's page."""
    demand_now(seat)
    try:
        do()
    except Refusal as refusal:
        if refusal.code.startswith("right."):
            raise
        messages.error(request, told(refusal, CURRENCY))
    else:
        messages.success(request, says)
    return redirect(address(seat.kept, "debit_run", public_id))


@require_POST
@page(right=Right.APPROVE_DEBIT, whole=True)
def approve(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    row = run_of(seat, public_id)
    return back_to_run(
        request, seat, public_id, lambda: approve_run(row.id, **actor(request)), _("Approved. The file can be taken.")
    )


@require_POST
@page(right=Right.POST_CASH, whole=True)
def do_step(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    """Told the customers, handed to the bank, given up, a payment taken out, settled by a bank line."""
    row, given = run_of(seat, public_id), request.POST
    who = actor(request)
    today = desk.day_at(row.entity_id, who["now"])
    step = given.get("step", "")
    if step == "notified":
        return back_to_run(
            request, seat, public_id,
            lambda: note_customers_told(row.id, on=read_on(given, today), **who), _("Kept: the customers were told."),
        )  # fmt: skip
    if step == "sent":
        return back_to_run(
            request, seat, public_id,
            lambda: mark_sent(row.id, on=read_on(given, today), **who), _("Kept: the file is at the bank."),
        )  # fmt: skip
    if step == "cancel":
        return back_to_run(
            request, seat, public_id, lambda: cancel_run(row.id, **who), _("The collection is given up.")
        )
    if step == "take_out":
        found = queries.payment(seat.frame, given.get("payment", ""))
        if found is None or found.run_public_id != public_id:
            raise Http404
        return back_to_run(request, seat, public_id, lambda: withdraw_payment(found.id, **who), _("Taken out."))
    number = bank_line_number(given.get("line", ""))
    line = lines_by_id([number]).get(number) if number is not None and step == "settle" else None
    if line is None:
        raise Http404
    says = _("Settled with {amount}.").format(amount=amount_text(line.amount_minor, line.currency))
    return back_to_run(request, seat, public_id, lambda: settle_line(row.id, line.line_id, **who), says)


@require_safe
@page(right=Right.POST_CASH, whole=True)
def download(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    """The file for the bank; each time it is taken is written down."""
    row = run_of(seat, public_id)
    if not seat.can_whole(Right.POST_CASH, row.entity_id):
        raise PermissionDenied
    return file_answer(run_file(row.id, **actor(request)))


def file_answer(file: RunFile) -> HttpResponse:
    """A file for the bank, to be kept."""
    response = HttpResponse(file.data, content_type="application/xml")
    response["Content-Disposition"] = f'attachment; filename="{file.name}"'
    return response
