"""One field for customers, numbers and documents: suggestions while typing, results on Enter."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from huikuan.queries.customers import customer_page
from huikuan.queries.items import item_page
from huikuan.web.frames import Seat
from huikuan.web.pages import page, show
from huikuan.web.tags import address


@require_safe
@page
def show_results(request: HttpRequest, seat: Seat) -> HttpResponse:
    q = request.GET.get("q", "").strip()[:200]
    suggesting = request.GET.get("part") == "suggest"
    if suggesting and len(q) < 2:
        return HttpResponse("")
    size = 6 if suggesting else 20
    context: dict[str, Any] = {"q": q, "kept": seat.kept}
    if q:
        customers = customer_page(seat.frame, search=q, sort="-open", page=1, size=size)
        items = item_page(
            seat.frame, search=q, state="all", bucket="", customer="", sort="document_number", page=1, size=size
        )
        if not suggesting and customers.total + items.total == 1:
            only = ("customer", customers.rows[0]) if customers.total else ("item", items.rows[0])
            return redirect(address(seat.kept, only[0], only[1].public_id))
        context |= {"customers": customers, "items": items}
    if suggesting:
        return render(request, "search/suggest.html", context)
    return show(request, seat, "search/results.html", context, room="search")
