"""Customers, and one customer on one screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from huikuan.queries import customers as queries
from huikuan.queries.documents import documents_of_customer
from huikuan.queries.targets import account_targets
from huikuan.web.documents import documents_card
from huikuan.web.frames import Seat
from huikuan.web.items import ITEM_SORTS, amount_labels, state_chips
from huikuan.web.lists import total_lines
from huikuan.web.pages import page, read_int, read_list, show

SORTS = ("name", "open", "overdue", "unapplied", "days_past_due", "items")


@require_safe
@page
def list_customers(request: HttpRequest, seat: Seat) -> HttpResponse:
    ask = read_list(request, sort="-open", sorts=SORTS)
    rows = queries.customer_page(seat.frame, search=ask.search, sort=ask.sort, page=ask.page, size=ask.size)
    context = {"ask": ask, "rows": rows, "totals": total_lines(rows.totals)}
    return show(request, seat, "customers/list.html", context, room="customers")


@dataclass(frozen=True, slots=True)
class BalanceLine:
    balance: Any
    cells: list[tuple[str, int]]


@require_safe
@page
def show_customer(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    found = queries.customer(seat.frame, public_id)
    if found is None:
        raise Http404
    state = "all" if request.GET.get("state") == "all" else "open"
    ask = read_list(request, sort="due_date", sorts=ITEM_SORTS)
    rows = queries.customer_items(seat.frame, public_id, state=state, sort=ask.sort, page=ask.page, size=ask.size)
    receipts = queries.customer_receipts(
        seat.frame, public_id, page=read_int(request, "r_page", 1, low=1, high=10_000_000), size=25
    )
    context = {
        "customer": found,
        "balances": [
            BalanceLine(
                row, [(cell.bucket, cell.open_minor) for cell in found.buckets if cell.currency == row.currency]
            )
            for row in found.balances
        ],
        "ask": ask,
        "rows": rows,
        "state": state,
        "state_chips": state_chips(request, state),
        "one_currency": False,
        "receipts": receipts,
        "documents_about": True,
        "document_entities": account_targets(seat.frame, public_id),
        **documents_card(
            seat,
            "customer",
            public_id,
            documents_of_customer(seat.frame, public_id),
            [account.entity_id for account in found.accounts],
        ),
        **amount_labels(),
    }
    return show(request, seat, "customers/detail.html", context, room="customers")
