"""Direct debits: what the bank refused or took back, by hand and by its report; and what an entity collects as."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from huikuan.bank.statement import BadStatement
from huikuan.core.direct_debits import CURRENCY, PaymentState
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.queries import debits as queries
from huikuan.queries import desk
from huikuan.queries.bank import account_rows
from huikuan.queries.debit_mandates import creditor_row
from huikuan.queries.frame import EntityRow
from huikuan.queries.ids import bank_account_number
from huikuan.services.debit_mandates import NewCreditor, set_creditor
from huikuan.services.debit_reports import ReportResult, read_report
from huikuan.services.debit_returns import return_payment
from huikuan.web import debit_words
from huikuan.web.acting import (
    Field,
    act,
    actor,
    amount_text,
    demand_now,
    demand_posting_to,
    read_money,
    read_on,
    read_text,
    save_rules,
)
from huikuan.web.cash import entity_asked
from huikuan.web.debits import collectors
from huikuan.web.format import format_day, mask_number
from huikuan.web.frames import Seat
from huikuan.web.pages import page, refusal_text, show
from huikuan.web.tags import address

REPORT_MAX = 20 << 20
"""Bytes of a bank's report."""


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.POST_CASH, whole=True)
def send_back(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    """A payment the bank refused or took back, told by letter or on the telephone."""
    row = queries.payment(seat.frame, public_id)
    if row is None:
        raise Http404
    run = queries.run(seat.frame, row.run_public_id)
    if run is None:
        raise Http404
    demand_posting_to(seat, run.entity_id, Right.POST_CASH)
    today = desk.day_at(run.entity_id, timezone.now())
    back = address(seat.kept, "debit_run", run.public_id)

    def context(given: QueryDict) -> dict[str, Any]:
        live = row.state in (PaymentState.SENT, PaymentState.COLLECTED)
        return {
            "title": _("The bank took it back"),
            "about": row.end_to_end_id,
            "facts": [
                (_("Customer"), row.customer_name),
                (_("Amount"), amount_text(row.amount_minor, row.currency)),
                (_("Collection day"), format_day(row.due_on, get_language() or "en")),
            ],
            "crumbs": [(address(seat.kept, "debits"), _("Direct debits")), (back, run.number)],
            "back": back,
            "button": _("Open its items again"),
            "says": _(
                "What it settled is owed again. A bank statement or a report with the payment does this by itself."
            ),
            "blocked": "" if live or given else _("The payment is not at the bank, or came back already."),
            "fields": [
                Field(
                    "choice",
                    "reason",
                    _("Reason"),
                    given.get("reason", "AM04"),
                    choices=tuple((code, debit_words.reason_word(code)) for code in debit_words.BY_HAND),
                ),
                Field("day", "on", _("Day"), given.get("on", today.isoformat())),
                Field("money", "charges", _("Bank charges"), given.get("charges", ""), required=False),
            ],
        }

    def do(given: QueryDict, _key: str) -> HttpResponse:
        text = given.get("charges", "").strip()
        return_payment(
            row.id,
            read_text(given, "reason", 120),
            on=read_on(given, today, since=min(run.sent_on or run.due_on, today)),
            charges_minor=max(read_money(text, CURRENCY), 0) if text else 0,
            **actor(request),
        )
        messages.success(request, _("{payment} came back.").format(payment=row.end_to_end_id))
        return redirect(back)

    return act(request, seat, "actions/act.html", context, do, currency=CURRENCY, room="debits")


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.POST_CASH, whole=True)
def report(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The bank's report of payments it refused or took back (pain.002)."""
    if not collectors(seat):
        raise PermissionDenied
    demand_now(seat)
    entity = entity_asked(request, collectors(seat))
    reason, status, faults = "", 200, []
    if request.method == "POST":
        file = request.FILES.get("file")
        try:
            if entity is None:
                raise Refusal("debit_run.which_entity", "Say which legal entity collects.")
            if file is None or not file.size or file.size > REPORT_MAX:
                raise Refusal("debit_report.no_file", "Choose the bank's file.")
            result = read_report(entity.id, file.read(), file.name or "report", **actor(request))
        except BadStatement as bad:
            reason, status, faults = _("The file cannot be read."), 400, [str(one) for one in bad.errors[:20]]
        except Refusal as refusal:
            if refusal.code.startswith("right."):
                raise
            reason, status = refusal_text(refusal), 400
        else:
            messages.success(request, _told(result))
            return redirect(address(seat.kept, "debits", which="all"))
    context = {"entities": collectors(seat), "entity": entity, "reason": reason, "faults": faults}
    return show(request, seat, "debits/report.html", context, room="debits", status=status)


def _told(result: ReportResult) -> str:
    says = _("Rejected: {rejected}. Returned: {returned}. Known already: {known}.").format(
        rejected=result.rejected, returned=result.returned, known=result.known
    )
    if not result.foreign:
        return says
    return says + " " + _("Not ours: {ids}.").format(ids=", ".join(result.foreign[:10]))


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.MANAGE_POLICY, whole=True)
def edit_creditor(request: HttpRequest, seat: Seat) -> HttpResponse:
    """What each entity collects as, and how long before customers and bank are told."""
    rows = [row for row in seat.entities if seat.can_whole(Right.MANAGE_POLICY, row.id)]
    done, reason = save_rules(request, rows, _save, address(seat.kept, "debit_creditor"))
    if done is not None:
        return done
    accounts = account_rows(seat.frame_for(Right.MANAGE_POLICY), active=True)
    books = []
    for row in rows:
        ours = [
            (one.public_id, f"{one.name} {mask_number(one.number)}")
            for one in accounts
            if one.entity_code == row.code and one.currency == CURRENCY
        ]
        books.append((row, creditor_row(row.id), ours))
    context = {"books": books, "reason": reason, "given": request.POST if reason else {}}
    return show(request, seat, "settings/debits.html", context, room="settings", status=400 if reason else 200)


def _save(request: HttpRequest, entity: EntityRow) -> None:
    given = request.POST
    days = [given.get(name, "").strip() for name in ("notice_days", "bank_days")]
    numbers = [int(text) if text.isascii() and text.isdigit() and len(text) < 4 else -1 for text in days]
    new = NewCreditor(
        creditor_id=read_text(given, "creditor_id", 50),
        bank_account_id=bank_account_number(given.get("bank_account", "")) or 0,
        bic=read_text(given, "bic", 11),
        notice_days=numbers[0],
        bank_days=numbers[1],
    )
    set_creditor(entity.id, new, **actor(request))
