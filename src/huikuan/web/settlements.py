"""Settlements a source reported: a person looks at them, posts or rejects them; only then does the ledger change."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.queries import settlements as queries
from huikuan.services.source_settlements import decide_settlements
from huikuan.web.frames import Seat, number_of
from huikuan.web.lists import chips_of
from huikuan.web.pages import page, read_int, show
from huikuan.web.tables.asks import read_table
from huikuan.web.tables.grid import grid_of
from huikuan.web.tables.imports import SETTLEMENTS, STATES
from huikuan.web.tags import address
from huikuan.web.words import SETTLEMENT_STATES, word_of


@require_safe
@page
def list_settlements(request: HttpRequest, seat: Seat) -> HttpResponse:
    ask = read_table(request, seat, SETTLEMENTS)
    rows = SETTLEMENTS.rows(seat.frame, ask.wanted, "", ask.basics.page, ask.basics.size)
    state = ask.values.get("state", "proposed")
    state = state if state in STATES else "proposed"
    choices = [(code, word_of(SETTLEMENT_STATES, code), "") for code in STATES]
    chips = chips_of(request, "state", choices, active=state)
    may_decide = state == "proposed" and seat.can(Right.DECIDE_SETTLEMENT)
    context = {
        "grid": grid_of(request, seat, ask, rows, own_chips=[(_("State"), chips)], picks=may_decide),
        "rows": rows,
        "batch_id": read_int(request, "batch", 0, low=0, high=10**9) or None,
        "may_decide": may_decide,
    }
    return show(request, seat, "settlements/list.html", context, room="imports")


@require_POST
@page(right=Right.DECIDE_SETTLEMENT)
def decide(request: HttpRequest, seat: Seat) -> HttpResponse:
    accept = request.POST.get("decision") == "post"
    batch_id = read_int(request, "batch", 0, low=0, high=10**9) or None
    ticked = None if request.POST.get("all") else [number_of(text) for text in request.POST.getlist("id")]
    wanted = queries.proposed_ids(seat.frame, ticked, batch_id=batch_id)
    if not wanted:
        raise Refusal("settlement.none_chosen", "Tick the settlements first.")
    user: Any = request.user
    done = decide_settlements(wanted, accept=accept, actor_id=user.pk, now=timezone.now())
    text = (
        ngettext("Posted {n} settlement.", "Posted {n} settlements.", len(done))
        if accept
        else ngettext("Rejected {n} settlement.", "Rejected {n} settlements.", len(done))
    )
    messages.success(request, text.format(n=f"{len(done):,}"))
    return redirect(address(seat.kept, "settlements", batch=batch_id or ""))
