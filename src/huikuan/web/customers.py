"""Customers: the list with what each owes. One customer's screen is ``customer_page``."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from huikuan.core.rights import Right
from huikuan.web.frames import Seat
from huikuan.web.pages import page, show
from huikuan.web.tables.asks import read_table
from huikuan.web.tables.customers import CUSTOMERS
from huikuan.web.tables.grid import grid_of


@require_safe
@page
def list_customers(request: HttpRequest, seat: Seat) -> HttpResponse:
    ask = read_table(request, seat, CUSTOMERS)
    rows = CUSTOMERS.rows(seat.frame, ask.wanted, ask.basics.sort, ask.basics.page, ask.basics.size)
    context = {"grid": grid_of(request, seat, ask, rows), "rows": rows, "filtered": ask.is_narrowed}
    context["may_merge"] = seat.can(Right.MERGE_CUSTOMER)
    return show(request, seat, "customers/list.html", context, room="customers")
