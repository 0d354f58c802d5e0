"""Cash → Bank statements: the list, one with its lines, its file; and a line with what may be done about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from huikuan.core.rights import Right
from huikuan.queries import bank as queries
from huikuan.queries import bank_rows
from huikuan.queries.bank import StatementRow
from huikuan.queries.bank_lines import may_post_anew
from huikuan.queries.bank_rows import LINE_STATES, LineDetail, LineFilters
from huikuan.queries.bank_uploads import undecided_uploads
from huikuan.queries.matching_work import at_work
from huikuan.services import bank_ties
from huikuan.services.bank_files import statement_file
from huikuan.web import bank_words
from huikuan.web.acting import actor, amount_text, demand_now
from huikuan.web.format import format_day, mask_number
from huikuan.web.frames import Seat
from huikuan.web.lists import chips_of
from huikuan.web.pages import page, show
from huikuan.web.tables.asks import read_table
from huikuan.web.tables.bank import LINES, STATEMENT_STATES, STATEMENTS, period, place
from huikuan.web.tables.grid import grid_of
from huikuan.web.tags import address
from huikuan.web.words import word_of

ROOM = "bank_statements"
Fact = tuple[str | Promise, str]


@require_safe
@page(right=Right.SEE_LEDGER, whole=True)
def list_statements(request: HttpRequest, seat: Seat) -> HttpResponse:
    ask = read_table(request, seat, STATEMENTS)
    rows = STATEMENTS.rows(seat.frame, ask.wanted, ask.basics.sort, ask.basics.page, ask.basics.size)
    state = ask.values.get("state", "all")
    words = {"all": _("All"), "open": _("With lines to do"), "gaps": _("With a gap before")}
    chips = chips_of(request, "state", [(code, words[code], "") for code in STATEMENT_STATES], active=state)
    user: Any = request.user
    context = {
        "grid": grid_of(request, seat, ask, rows, own_chips=[(_("Which statements"), chips)]),
        "rows": rows,
        "filtered": ask.is_narrowed,
        "accounts": queries.account_rows(seat.frame),
        "may_bring": seat.can_whole(Right.POST_CASH),
        "undecided": undecided_uploads(seat.frame, user.pk),
    }
    return show(request, seat, "bank/list.html", context, room=ROOM)


@require_safe
@page(right=Right.SEE_LEDGER, whole=True)
def list_lines(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Lines of all statements, found and filtered."""
    return show(request, seat, "bank/lines.html", _lines(request, seat, LineFilters()), room=ROOM)


@require_safe
@page(right=Right.SEE_LEDGER, whole=True)
def show_statement(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    found = _statement(seat, public_id)
    given = request.GET.copy()
    given["statement"] = public_id
    given.setdefault("sort", "booking_date")
    request.GET = given  # type: ignore[assignment]  # what the table is asked is this statement
    context = {
        "statement": found,
        "period": period(found),
        "facts": _statement_facts(found),
        **_matching(seat, found),
        **_lines(request, seat, LineFilters(statement=public_id)),
    }
    return show(request, seat, "bank/statement.html", context, room=ROOM)


def _matching(seat: Seat, found: StatementRow) -> dict[str, Any]:
    """How far the matching of its entity's lines is, for who decides about them."""
    row = next(row for row in seat.entities if row.code == found.entity_code)
    may = seat.can_whole(Right.DECIDE_MATCH, row.id)
    return {"at_work": at_work(row.id) if may else None, "matching_book": row.code}


def _lines(request: HttpRequest, seat: Seat, filters: LineFilters) -> dict[str, Any]:
    ask = read_table(request, seat, LINES)
    rows = LINES.rows(seat.frame, ask.wanted, ask.basics.sort, ask.basics.page, ask.basics.size)
    counts = bank_rows.line_counts(seat.frame, filters)
    words = {
        "all": _("All"),
        "todo": _("To do"),
        "waiting": _("Recorded before?"),
        "unidentified": _("Payer unknown"),
        "unapplied": _("Unapplied"),
        "returns": _("Which payment?"),
    }
    state = ask.values.get("state", "all")
    choices = [
        (code, f"{words[code]} {counts[code]:,}", "") for code in LINE_STATES if counts[code] or code in ("all", state)
    ]
    chips = chips_of(request, "state", choices, active=state)
    return {"grid": grid_of(request, seat, ask, rows, own_chips=[(_("Which lines"), chips)]), "rows": rows}


def _statement(seat: Seat, public_id: str) -> StatementRow:
    found = queries.statement_of(seat.frame, public_id)
    if found is None:
        raise Http404
    return found


def _statement_facts(found: StatementRow) -> list[Fact]:
    facts: list[Fact] = [
        (_("Bank account"), f"{found.account_name} {shown_number(found.account_number)}".strip()),
        (_("Number"), found.number),
        (_("Format"), word_of(bank_words.FORMATS, found.format)),
        (_("File"), found.file_name),
        (_("Known before"), str(found.lines_total - found.lines_new) if found.lines_total > found.lines_new else ""),
        (_("Imported by"), found.imported_by or _("The system")),
        (_("Taken although it does not tie"), found.override_reason),
    ]
    return [(label, value) for label, value in facts if value]


def shown_number(number: str) -> str:
    """Our own account number, in groups of four as an IBAN is written."""
    return " ".join(number[start : start + 4] for start in range(0, len(number), 4)) if number[:2].isalpha() else number


@require_safe
@page(right=Right.EXPORT, whole=True)
def download_file(request: HttpRequest, seat: Seat, public_id: str) -> FileResponse:
    """The file as it was handed in; refused where its bytes are not what they were."""
    found = _statement(seat, public_id)
    if not seat.can_whole(Right.EXPORT, found.entity_id):
        raise Http404
    path = statement_file(found.file_sha256, found.file_name)
    return FileResponse(path.open("rb"), as_attachment=True, filename=found.file_name)


# -- a line ------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class LineFacts:
    """A line as its page shows it."""

    detail: LineDetail
    facts: list[Fact]
    may_decide: bool
    may_bounce: bool


@require_safe
@page(right=Right.SEE_LEDGER, whole=True)
def show_line(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    detail = _detail(seat, public_id)
    row = detail.row
    statement = queries.statement_of(seat.frame, row.statement_public_id)
    may = seat.can_whole(Right.POST_CASH, row.entity_id) and seat.frame.is_now
    context = {
        "line": LineFacts(detail, _facts(detail), may, may and seat.can_whole(Right.REVERSE, row.entity_id)),
        "row": row,
        "statement": statement,
        "period": period(statement) if statement else "",
        "may_anew": may and row.state == "reversed" and may_post_anew(row.id),
        "title": row.payer_name or row.customer_name or word_of(bank_words.LINE_KINDS, row.kind),
        "kind": word_of(bank_words.LINE_KINDS, row.kind) if row.payer_name or row.customer_name else "",
    }
    return show(request, seat, "bank/line.html", context, room=ROOM)


def _detail(seat: Seat, public_id: str) -> LineDetail:
    found = bank_rows.line_detail(seat.frame, public_id)
    if found is None:
        raise Http404
    return found


def _facts(detail: LineDetail) -> list[Fact]:
    row = detail.row

    def money(minor: int | None) -> str:
        return "" if minor is None else amount_text(minor, row.currency)

    def day(value: date) -> str:
        return format_day(value, get_language() or "en")

    facts: list[Fact] = [
        (_("Booked"), day(row.booking_date)),
        (_("Value date"), day(row.value_date) if row.value_date != row.booking_date else ""),
        (_("Kind"), word_of(bank_words.LINE_KINDS, row.kind)),
        (_("Payer account"), mask_number(row.payer_account) if row.payer_account else ""),
        (_("Payer's bank"), detail.payer_bank),
        (_("On behalf of"), detail.ultimate_party),
        (_("Structured reference"), detail.structured_reference),
        (_("Reference of the payer"), row.end_to_end_id),
        (_("Reference of the bank"), row.bank_reference),
        (_("Mandate"), detail.mandate_id),
        (_("Code of the bank"), detail.transaction_code),
        (_("Reason of the return"), detail.return_reason),
        (_("Kept by the bank"), money(detail.charges_minor)),
        (_("Fee"), money(detail.fee_minor if detail.fee_minor is not None else row.kept_minor or None)),
        (_("Paid before the fee"), money(row.amount_minor + row.kept_minor) if row.kept_minor and row.tie else ""),
        (_("Balance after it"), money(detail.balance_minor)),
        (_("Batch"), detail.batch_id),
        (_("Place in the file"), place(row)),
    ]
    return [(label, value) for label, value in facts if value]


def _acted(request: HttpRequest, seat: Seat, public_id: str, text: str) -> HttpResponse:
    messages.success(request, text)
    return redirect(address(seat.kept, "bank_line", public_id))


def _candidate(request: HttpRequest, detail: LineDetail) -> int:
    """The receipt chosen, among those that may be the line's."""
    for one in detail.candidates:
        if one.public_id == request.POST.get("receipt", ""):
            return one.id
    raise Http404


@require_POST
@page(right=Right.POST_CASH, whole=True)
def link_line(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    """The line is a receipt recorded before."""
    detail = _detail(seat, public_id)
    demand_now(seat)
    bank_ties.link_line(detail.row.id, _candidate(request, detail), **actor(request))
    return _acted(request, seat, public_id, _("Linked: nothing was posted twice."))


@require_POST
@page(right=Right.POST_CASH, whole=True)
def unlink_line(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    detail = _detail(seat, public_id)
    bank_ties.unlink_line(detail.row.id, **actor(request))
    return _acted(request, seat, public_id, _("The line waits for a decision again."))


@require_POST
@page(right=Right.POST_CASH, whole=True)
def post_line(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    """The line is another payment than the receipt like it."""
    detail = _detail(seat, public_id)
    demand_now(seat)
    bank_ties.post_line(detail.row.id, **actor(request))
    return _acted(request, seat, public_id, _("Posted as a receipt."))


@require_POST
@page(right=Right.REVERSE, whole=True)
def bounce_line(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    """The line took the money of a receipt back."""
    detail = _detail(seat, public_id)
    demand_now(seat)
    bank_ties.bounce_receipt(detail.row.id, _candidate(request, detail), **actor(request))
    return _acted(request, seat, public_id, _("The payment is taken back: what it paid is open again."))
