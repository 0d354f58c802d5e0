"""The audit trail: who did what, when; searched, filtered, exported; one event with all that was recorded."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from huikuan.core.rights import Right
from huikuan.queries.audit import audit_event
from huikuan.web.audit_fields import field_word, value_text
from huikuan.web.audit_subjects import subject_word
from huikuan.web.audit_words import code_word
from huikuan.web.frames import Seat
from huikuan.web.pages import page, show
from huikuan.web.tables.asks import read_table
from huikuan.web.tables.audit import AUDIT
from huikuan.web.tables.grid import frame_of, grid_of


@require_safe
@page(right=Right.SEE_AUDIT, whole=True)
def list_events(request: HttpRequest, seat: Seat) -> HttpResponse:
    ask = read_table(request, seat, AUDIT)
    rows = AUDIT.rows(frame_of(seat, AUDIT), ask.wanted, ask.basics.sort, ask.basics.page, ask.basics.size)
    context = {"grid": grid_of(request, seat, ask, rows), "rows": rows, "filtered": ask.is_narrowed}
    return show(request, seat, "audit/list.html", context, room="settings")


@require_safe
@page(right=Right.SEE_AUDIT, whole=True)
def show_event(request: HttpRequest, seat: Seat, event_id: int) -> HttpResponse:
    row = audit_event(frame_of(seat, AUDIT), event_id)
    if row is None:
        raise Http404
    links = bool(row.page) and seat.can(Right.SEE_LEDGER)
    data = [(field_word(name), value_text(name, value)) for name, value in sorted(row.data.items())]
    context = {"row": row, "what": code_word(row.code), "subject": subject_word(row), "data": data, "links": links}
    return show(request, seat, "audit/event.html", context, room="settings")
