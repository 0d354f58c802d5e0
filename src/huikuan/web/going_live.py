"""Settings → Going live: the steps from an empty entity to a live one, the proof and the certificate."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from huikuan.core.accounts import CONTROL_ACCOUNTS, LedgerAccount
from huikuan.core.going_live import Balance, Step, read_balances
from huikuan.core.refusals import BadData, Refusal
from huikuan.core.rights import Right
from huikuan.queries.frame import EntityRow
from huikuan.queries.going_live import Journey, journey, not_live
from huikuan.services.going_live import choose_cut_over, go_live, set_balances
from huikuan.web import book_words
from huikuan.web.acting import actor, read_money
from huikuan.web.books import book_posted, book_refusal, book_shown, whole_books
from huikuan.web.frames import Seat, read_day
from huikuan.web.pages import page, show
from huikuan.web.tags import address

TEXT_MAX = 100_000
FAULTS_SHOWN = 50


@require_safe
@page(right=None)
def show_journey(request: HttpRequest, seat: Seat) -> HttpResponse:
    """How far an entity is, and the next thing to do; where there is none to see, the steps alone."""
    book = book_shown(request, seat)
    if not request.GET.get("book"):
        # Who comes back from a step goes on with the entity that is on its way, not with the first by name.
        started = {code for code, _name in not_live(seat.frame.whole_ids)}
        book = next((row for row in whole_books(seat) if row.code in started), book)
    return _show(request, seat, book)


def _show(request: HttpRequest, seat: Seat, book: EntityRow | None, refusal: Refusal | None = None) -> HttpResponse:
    found = journey(book.id) if book else None
    held = seat.held_in(book.id).whole if book else frozenset()
    context: dict[str, Any] = {
        "book": book,
        "books": whole_books(seat),
        "journey": found,
        "steps": _steps(seat, found, may=Right.CLOSE_PERIOD in held),
        "accounts": [account.value for account in CONTROL_ACCOUNTS],
        "why": book_words.WHY,
        "given": request.POST,
        "may": Right.CLOSE_PERIOD in held and seat.frame.is_now,
        "may_finish": Right.CLOSE_PERIOD_HARD in held and seat.frame.is_now,
        "reason": book_refusal(refusal) if refusal else "",
        "faults": refusal.errors[:FAULTS_SHOWN] if isinstance(refusal, BadData) else [],
    }
    status = 400 if refusal else 200
    return show(request, seat, "settings/going_live.html", context, room="settings", status=status)


def _steps(seat: Seat, found: Journey | None, *, may: bool) -> list[dict[str, Any]]:
    """Each step with what stands behind it. Before there is an entity, that is the next one."""
    following = found.next_step if found else Step.ENTITY
    counts = found.counts if found else {}
    rows = []
    for number, step in enumerate(Step, start=1):
        name, params = book_words.STEP_PAGES.get(step.value, ("", {}))
        if name == "import_new" and found:
            params = {**params, "entity_code": found.code}
        leads = bool(name) and (found is not None or step == Step.ENTITY)
        if step == Step.ENTITY:
            leads = seat.can_whole(Right.MANAGE_SYSTEM)
        href = address(seat.kept, name, **params) if leads else ""
        here = book_words.STEP_PLACES.get(step.value, "") if found and may and step == following else ""
        rows.append(
            {
                "number": number,
                "code": step.value,
                "word": book_words.STEPS[step.value],
                "is_done": found is not None and step in found.done,
                "is_next": step == following,
                "count": counts.get(step.value),
                "href": href or here,
            }
        )
    return rows


@require_POST
@page(right=Right.SEE_LEDGER, whole=True)
def cut_over(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The first day kept here."""
    book = book_posted(request.POST, seat, Right.CLOSE_PERIOD)
    try:
        day = read_day(f"{request.POST.get('month', '')[:7]}-01")
        if day is None:
            raise Refusal("golive.no_day", "Give the month.")
        choose_cut_over(book.id, day, **actor(request))
    except Refusal as refusal:
        return _show(request, seat, book, refusal)
    messages.success(request, _("The books are kept here from {day} on.").format(day=day.isoformat()))
    return redirect(address(seat.kept, "golive", book=book.code))


@require_POST
@page(right=Right.SEE_LEDGER, whole=True)
def balances(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The old general ledger's side: typed row by row, or pasted as a table."""
    book = book_posted(request.POST, seat, Right.CLOSE_PERIOD)
    text = request.POST.get("table", "")[:TEXT_MAX]
    try:
        rows = read_balances(text) if text.strip() else _typed(request.POST)
        set_balances(book.id, rows, replace=True, **actor(request))
    except Refusal as refusal:
        return _show(request, seat, book, refusal)
    return redirect(address(seat.kept, "golive", book=book.code))


def _typed(data: QueryDict) -> list[Balance]:
    found: dict[tuple[str, str], Balance] = {}
    for account, currency, amount in zip(
        data.getlist("account"), data.getlist("currency"), data.getlist("amount"), strict=False
    ):
        if not amount.strip():
            continue
        if account not in {one.value for one in CONTROL_ACCOUNTS}:
            raise Refusal("golive.no_control_account", "{account} is not a control account", account=account[:40])
        code = currency.strip().upper()[:3]
        found[account, code] = Balance(LedgerAccount(account), code, read_money(amount, code))
    return list(found.values())


@require_POST
@page(right=Right.SEE_LEDGER, whole=True)
def finish(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Live: the past is locked for good."""
    book = book_posted(request.POST, seat, Right.CLOSE_PERIOD_HARD)
    try:
        go_live(book.id, **actor(request))
    except Refusal as refusal:
        return _show(request, seat, book, refusal)
    messages.success(request, _("{name} is live.").format(name=book.name))
    return redirect(address(seat.kept, "golive_certificate", book=book.code))


@require_safe
@page(right=Right.SEE_LEDGER, whole=True)
def certificate(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The proof, as one page to print and file."""
    book = book_shown(request, seat)
    found = journey(book.id) if book else None
    if book is None or found is None or found.certificate is None:
        raise Http404
    context = {"book": book, "certificate": found.certificate}
    return show(request, seat, "settings/certificate.html", context, room="settings")
