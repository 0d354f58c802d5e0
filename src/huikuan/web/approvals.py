"""Approvals: what waits for my decision, what I asked for; deciding; the ladders; who stands in for whom."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from huikuan.core.approvals import ApprovalKind, ApprovalState
from huikuan.core.money import parse_amount
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right, Role
from huikuan.queries import approvals as queries
from huikuan.services import approvals as services
from huikuan.services.rights import Forbidden
from huikuan.web.acting import actor, read_money, read_text, typed_amount
from huikuan.web.approval_terms import lapsed_text, terms_of
from huikuan.web.frames import Seat, number_of, read_day
from huikuan.web.lists import chips_of
from huikuan.web.pages import page, read_int, refusal_text, show
from huikuan.web.people_words import ROLES
from huikuan.web.tags import address
from huikuan.web.words import APPROVAL_KINDS

WHICH = ("waiting", "asked", "all")
STEPS_MAX = 4


def _seen(seat: Seat) -> list[int]:
    """Entities whose every request this person may read."""
    return [row.id for row in seat.entities if seat.can_whole(Right.SEE_LEDGER, row.id)]


def _user_id(request: HttpRequest) -> int:
    return int(request.user.pk or 0)


@require_safe
@page(right=None)
def list_approvals(request: HttpRequest, seat: Seat) -> HttpResponse:
    which = request.GET.get("which", "waiting")
    which = which if which in WHICH else "waiting"
    rows = queries.approval_page(
        user_id=_user_id(request),
        entity_ids=_seen(seat),
        which=which,
        today=seat.frame.today,
        page=read_int(request, "page", 1, low=1, high=1_000_000),
    )
    words = {"waiting": _("For me to decide"), "asked": _("Asked by me"), "all": _("All")}
    shown = [code for code in WHICH if code != "all" or _seen(seat)]
    context = {
        "rows": rows,
        "which": which,
        "chips": chips_of(request, "which", [(code, words[code], "") for code in shown], active=which),
        "may_rule": seat.can_whole(Right.MANAGE_POLICY),
    }
    return show(request, seat, "approvals/list.html", context, room="home")


@require_safe
@page(right=None)
def show_approval(request: HttpRequest, seat: Seat, request_id: int) -> HttpResponse:
    return _detail(request, seat, request_id)


def _detail(request: HttpRequest, seat: Seat, request_id: int, *, reason: str = "", status: int = 200) -> HttpResponse:
    row = queries.approval(request_id, user_id=_user_id(request), entity_ids=_seen(seat), today=seat.frame.today)
    if row is None:
        raise Http404
    about = row.page and any(one.id == row.entity_id for one in seat.entities) and seat.can(Right.SEE_LEDGER)
    context = {
        "row": row,
        "terms": terms_of(row.kind, row.facts, row.currency),
        "lapsed": lapsed_text(row.facts),
        "reason": reason,
        "note": request.POST.get("note", ""),
        "links": bool(about),
    }
    return show(request, seat, "approvals/detail.html", context, room="home", status=status)


@require_POST
@page(right=None)
def decide(request: HttpRequest, seat: Seat, request_id: int) -> HttpResponse:
    """Takes the step that waits. What the deed itself refuses by now is shown, and nothing is decided."""
    known = queries.approval(request_id, user_id=_user_id(request), entity_ids=_seen(seat), today=seat.frame.today)
    if known is None:
        raise Http404
    what = request.POST.get("decision", "")
    try:
        if what == "withdraw":
            services.withdraw_approval(request_id, **actor(request))
            messages.success(request, _("The request is withdrawn."))
            return redirect(address(seat.kept, "approvals"))
        if what not in ("approve", "reject"):
            raise Http404
        state, entry_id = services.decide_approval(
            request_id,
            what == "approve",
            note=read_text(request.POST, "note", 400),
            today=seat.frame.today,
            **actor(request),
        )
    except Forbidden:
        raise
    except Refusal as refusal:
        return _detail(request, seat, request_id, reason=refusal_text(refusal), status=400)
    messages.success(request, _said(state, entry_id))
    return redirect(address(seat.kept, "approval", request_id))


def _said(state: ApprovalState, entry_id: int | None) -> str:
    if entry_id is not None:
        return _("Approved and posted.")
    if state == ApprovalState.APPROVED:
        return _("Approved.")
    return _("Rejected.") if state == ApprovalState.REJECTED else _("Approved. The next step waits for its decision.")


# -- ladders -----------------------------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.MANAGE_POLICY, whole=True)
def edit_ladders(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Who approves what, from which amount, per entity."""
    books = [row for row in seat.entities if seat.can_whole(Right.MANAGE_POLICY, row.id)]
    reason, status = "", 200
    if request.method == "POST":
        book = next((row for row in books if row.code == request.POST.get("book", "")), None)
        if book is None or request.POST.get("kind", "") not in set(ApprovalKind):
            raise Http404
        try:
            kind = ApprovalKind(request.POST["kind"])
            services.set_ladder(book.id, kind, _read_ladder(request, book.currency), **actor(request))
        except Refusal as refusal:
            reason, status = refusal_text(refusal), 400
        else:
            messages.success(request, _("Saved. Requests under way keep the steps they were asked under."))
            return redirect(address(seat.kept, "approval_ladders"))
    found = queries.ladders([row.id for row in books])
    shown = [
        (
            row,
            [
                (
                    kind.value,
                    APPROVAL_KINDS[kind],
                    [
                        (step.role.value, typed_amount(step.from_minor, row.currency))
                        for step in found.get((row.id, kind.value), [])
                    ]
                    + [("", "")] * (STEPS_MAX - len(found.get((row.id, kind.value), []))),
                )
                for kind in ApprovalKind
            ],
        )
        for row in books
    ]
    held = queries.roles_held([row.id for row in books])
    unheld = {
        (row.name, str(ROLES[step.role]))
        for row in books
        for kind in ApprovalKind
        for step in found.get((row.id, kind.value), [])
        if (row.id, step.role.value) not in held
    }
    roles = [(role.value, ROLES[role]) for role in Role]
    context = {"books": shown, "roles": roles, "unheld": sorted(unheld), "reason": reason}
    return show(request, seat, "approvals/ladders.html", context, room="settings", status=status)


def _read_ladder(request: HttpRequest, currency: str) -> list[tuple[Role, int]]:
    """Steps as the form gives them: rows without a role are left out. Refuses what is no amount."""
    roles, amounts = request.POST.getlist("role"), request.POST.getlist("from")
    steps = []
    for role, text in zip(roles, amounts, strict=False):
        if role:
            if role not in set(Role):
                raise Http404
            minor = read_money(text, currency) if text.strip() else parse_amount("0", currency)
            steps.append((Role(role), minor))
    return steps


# -- absences ----------------------------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@page(right=None)
def edit_absences(request: HttpRequest, seat: Seat) -> HttpResponse:
    """I am away: who decides for me meanwhile."""
    me, reason, status = _user_id(request), "", 200
    if request.method == "POST":
        try:
            if number := request.POST.get("end", ""):
                services.end_absence(number_of(number), **actor(request))
                messages.success(request, _("Taken back."))
            else:
                _set_absence(request, me)
                messages.success(request, _("Saved."))
            return redirect(address(seat.kept, "absences"))
        except Forbidden:
            raise
        except Refusal as refusal:
            reason, status = refusal_text(refusal), 400
    context: dict[str, Any] = {
        "rows": queries.absences(me, timezone.now().date()),
        "people": queries.colleagues(me),
        "given": request.POST,
        "today": seat.frame.today,
        "reason": reason,
    }
    return show(request, seat, "approvals/absences.html", context, room="settings", status=status)


def _set_absence(request: HttpRequest, me: int) -> None:
    first, last = _day(request, "first"), _day(request, "last")
    deputy = request.POST.get("deputy", "")
    if deputy not in {str(number) for number, _name in queries.colleagues(me)}:
        raise Refusal("absence.deputy_unknown", "there is no such person who could stand in")
    services.set_absence(me, int(deputy), first, last, **actor(request))


def _day(request: HttpRequest, name: str) -> date:
    day = read_day(request.POST.get(name, "").strip()[:10])
    if day is None:
        raise Refusal("absence.day_missing", "give the first and the last day")
    return day
