"""Direct debits recalled: the bank is asked not to collect what it has, and what it says is kept."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from huikuan.core.direct_debits import CURRENCY, PaymentState, RecallReason
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.queries import debits as queries
from huikuan.queries import desk
from huikuan.services.debit_recalls import accept_recall, ask_recall, keep_recall, recall_file
from huikuan.web import debit_words
from huikuan.web.acting import Field, act, actor, amount_text, demand_posting_to, read_text
from huikuan.web.debits import back_to_run, file_answer, run_of
from huikuan.web.format import format_count, format_day
from huikuan.web.frames import Seat
from huikuan.web.pages import page
from huikuan.web.tags import address


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.POST_CASH, whole=True)
def ask(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    """The bank is asked not to collect one payment, or all that it has said nothing about."""
    run = run_of(seat, public_id)
    demand_posting_to(seat, run.entity_id, Right.POST_CASH)
    wanted = request.GET.get("payment", "")
    rows = [
        one
        for one in queries.payments_of(seat.frame, public_id)
        if one.state == PaymentState.SENT and not one.recall and wanted in ("", one.public_id)
    ]
    back = address(seat.kept, "debit_run", run.public_id)

    def context(given: QueryDict) -> dict[str, Any]:
        amount = amount_text(sum(one.amount_minor for one in rows), CURRENCY)
        facts = [
            (_("Customer"), rows[0].customer_name) if len(rows) == 1 else (_("Payments"), format_count(len(rows))),
            (_("Amount"), amount),
            (_("Collection day"), format_day(run.due_on, get_language() or "en")),
        ]
        return {
            "title": _("Recall from the bank"),
            "about": rows[0].end_to_end_id if len(rows) == 1 else run.number,
            "facts": facts if rows else [],
            "crumbs": [(address(seat.kept, "debits"), _("Direct debits")), (back, run.number)],
            "back": back,
            "button": _("Ask the bank"),
            "says": _(
                "Makes a file (camt.055) by which the bank is asked not to collect. Nothing is posted until it answers."
            ),
            "blocked": "" if rows or given else _("The bank has nothing of it that was not recalled already."),
            "fields": [
                Field(
                    "choice",
                    "reason",
                    _("Reason"),
                    given.get("reason", ""),
                    choices=tuple((one.value, str(debit_words.RECALLS[one])) for one in RecallReason),
                )
            ],
        }

    def do(given: QueryDict, _key: str) -> HttpResponse:
        reason = given.get("reason", "")
        if reason not in set(RecallReason):
            raise Refusal("debit_recall.say_why", "Say why it is recalled.")
        ask_recall(run.id, RecallReason(reason), payment_ids=[one.id for one in rows], **actor(request))
        messages.success(request, _("Take the file of the recall and hand it to the bank."))
        return redirect(back)

    return act(request, seat, "actions/act.html", context, do, currency=CURRENCY, room="debits")


@require_safe
@page(right=Right.POST_CASH, whole=True)
def download(request: HttpRequest, seat: Seat, public_id: str, number: str) -> HttpResponse:
    """The file of a recall; each time it is taken is written down."""
    run = run_of(seat, public_id)
    if not seat.can_whole(Right.POST_CASH, run.entity_id):
        raise PermissionDenied
    found = next((one for one in queries.recalls_of(run.id) if one.number == number), None)
    if found is None:
        raise Http404
    return file_answer(recall_file(found.id, **actor(request)))


@require_POST
@page(right=Right.POST_CASH, whole=True)
def answer(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    """What the bank said on the telephone about a payment recalled: it does not collect it, or does."""
    run = run_of(seat, public_id)
    found = queries.payment(seat.frame, request.POST.get("payment", ""))
    if found is None or found.run_public_id != public_id:
        raise Http404
    who = actor(request)
    if request.POST.get("step", "") == "accepted":
        today = desk.day_at(run.entity_id, who["now"])
        return back_to_run(
            request, seat, public_id, lambda: accept_recall(found.id, on=today, **who),
            _("Kept: {payment} is not collected.").format(payment=found.end_to_end_id),
        )  # fmt: skip
    return back_to_run(
        request, seat, public_id, lambda: keep_recall(found.id, read_text(request.POST, "reason", 120), **who),
        _("Kept: {payment} is collected all the same.").format(payment=found.end_to_end_id),
    )  # fmt: skip
