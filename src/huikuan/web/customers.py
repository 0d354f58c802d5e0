"""Customers, and one customer on one screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from huikuan.queries import customers as queries
from huikuan.queries.documents import documents_of_customer
from huikuan.queries.targets import account_targets
from huikuan.web.assigning import assign_context
from huikuan.web.documents import documents_card
from huikuan.web.frames import Seat
from huikuan.web.items import ITEM_SORTS, amount_labels, state_chips
from huikuan.web.pages import page, read_int, read_list, show
from huikuan.web.tables.asks import read_table
from huikuan.web.tables.customers import CUSTOMERS
from huikuan.web.tables.grid import grid_of


@require_safe
@page
def list_customers(request: HttpRequest, seat: Seat) -> HttpResponse:
    ask = read_table(request, seat, CUSTOMERS)
    rows = CUSTOMERS.rows(seat.frame, ask.wanted, ask.basics.sort, ask.basics.page, ask.basics.size)
    context = {"grid": grid_of(request, seat, ask, rows), "rows": rows, "filtered": ask.is_narrowed}
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
        **assign_context(seat, public_id),
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
