"""Settlements a source reported: a person looks at them, posts or rejects them; only then does the ledger change."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from huikuan.core.refusals import Refusal
from huikuan.queries import settlements as queries
from huikuan.services.source_settlements import decide_settlements
from huikuan.web.frames import Seat
from huikuan.web.lists import chips_of, total_lines
from huikuan.web.pages import demand_posting, may_post, page, read_int, read_list, show
from huikuan.web.tags import address
from huikuan.web.words import SETTLEMENT_STATES, word_of

STATES = ("proposed", "posted", "met", "rejected", "all")


@require_safe
@page
def list_settlements(request: HttpRequest, seat: Seat) -> HttpResponse:
    state = request.GET.get("state", "proposed")
    state = state if state in STATES else "proposed"
    ask = read_list(request, sort="", sorts=())
    batch_id = read_int(request, "batch", 0, low=0, high=10**9) or None
    rows = queries.settlement_page(seat.frame, state=state, batch_id=batch_id, page=ask.page, size=ask.size)
    choices = [(code, word_of(SETTLEMENT_STATES, code), "") for code in STATES]
    context = {
        "rows": rows,
        "totals": total_lines(rows.totals),
        "state": state,
        "batch_id": batch_id,
        "state_chips": chips_of(request, "state", choices, active=state),
        "may_decide": state == "proposed" and may_post(seat),
    }
    return show(request, seat, "settlements/list.html", context, room="imports")


@require_POST
@page
def decide(request: HttpRequest, seat: Seat) -> HttpResponse:
    demand_posting(seat)
    accept = request.POST.get("decision") == "post"
    batch_id = read_int(request, "batch", 0, low=0, high=10**9) or None
    ticked = None if request.POST.get("all") else [int(text) for text in request.POST.getlist("id") if text.isdigit()]
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
