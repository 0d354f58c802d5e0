"""Whose customers are: on the customer's page, and many at once."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.queries import assigned as queries
from huikuan.services.assigning import KEEP, assign_accounts
from huikuan.services.rights import Forbidden
from huikuan.web.acting import actor
from huikuan.web.frames import Seat, number_of
from huikuan.web.lists import chips_of
from huikuan.web.pages import page, read_list, refusal_text, show
from huikuan.web.tags import address

editing = page(right=Right.EDIT_CUSTOMER)


def assign_context(seat: Seat, public_id: str, *, choosing: bool) -> dict[str, Any]:
    """What the customer's page shows of whose the customer is; with the choices of who may change it once that person
    is about to: they are everybody there is, twice."""
    accounts = queries.assigned_of(seat.frame, public_id)
    mine = {row.entity_id for row in accounts if seat.can(Right.EDIT_CUSTOMER, row.entity_id)}
    people = {number: queries.assignable(number) for number in mine} if choosing else {}
    return {
        "assigned": [(row, people.get(row.entity_id)) for row in accounts],
        "may_choose": bool(mine) and not choosing,
    }


def _choice(given: QueryDict, name: str) -> int | None:
    """``keep``, a person's number, or nobody."""
    text = given.get(name, "keep")
    if text == "keep":
        return KEEP
    return number_of(text) or None


@require_POST
@editing
def assign_customer(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    """Another owner or collector of one of a customer's accounts."""
    entity = request.POST.get("account_entity", "")
    account = next((row for row in queries.assigned_of(seat.frame, public_id) if row.entity_code == entity), None)
    if account is None:
        raise Http404
    done = assign_accounts(
        [account.account_id],
        owner_id=_choice(request.POST, "owner"),
        collector_id=_choice(request.POST, "collector"),
        **actor(request),
    )
    messages.success(request, _("Owner and collector saved.") if done else _("Nothing was changed."))
    return redirect(address(seat.kept, "customer", public_id))


@require_http_methods(["GET", "HEAD", "POST"])
@editing
def assign_many(request: HttpRequest, seat: Seat) -> HttpResponse:
    """A list of customer accounts with whose they are; those ticked are given to somebody else."""
    entity, reason = _entity(request, seat), ""
    if request.method == "POST" and entity is not None:
        try:
            return _assign(request, seat, entity)
        except Forbidden:
            raise
        except Refusal as refusal:
            reason = refusal_text(refusal)
    whose = request.GET.get("whose", "")[:20]
    ask = read_list(request, sort="name", sorts=("name",))
    rows = None
    people: list[queries.Assignable] = []
    if entity is not None:
        people = queries.assignable(entity)
        rows = queries.assigned_page(seat.frame, entity, search=ask.search, whose=whose, page=ask.page, size=ask.size)
    choices = [("nobody", _("Nobody's"), ""), *((str(one.id), one.name, "") for one in people)]
    books = [row for row in seat.entities if row.can(Right.EDIT_CUSTOMER) and row.id in seat.frame.entity_ids]
    context = {
        "ask": ask,
        "rows": rows,
        "people": people,
        "reason": reason,
        "book": next((row for row in books if row.id == entity), None),
        "book_chips": chips_of(
            request,
            "book",
            [(row.code, row.name, "") for row in books],
            active=next((row.code for row in books if row.id == entity), ""),
        ),
        "whose_chips": chips_of(request, "whose", choices, active=whose, optional=True),
    }
    return show(request, seat, "people/assign.html", context, room="customers", status=400 if reason else 200)


def _entity(request: HttpRequest, seat: Seat) -> int | None:
    """The entity whose accounts are listed: the one asked for, else the first this person may change."""
    books = [row for row in seat.entities if row.can(Right.EDIT_CUSTOMER) and row.id in seat.frame.entity_ids]
    code = request.GET.get("book", "")
    if code and code not in {row.code for row in books}:
        raise Http404
    return next((row.id for row in books if not code or row.code == code), None)


def _assign(request: HttpRequest, seat: Seat, entity_id: int) -> HttpResponse:
    ticked = request.POST.getlist("customer")[:1000]
    accounts = queries.account_ids_of(seat.frame, entity_id, ticked)
    if not accounts:
        raise Refusal("assign.none_chosen", "Tick the customers first.")
    done = assign_accounts(
        accounts,
        owner_id=_choice(request.POST, "owner"),
        collector_id=_choice(request.POST, "collector"),
        **actor(request),
    )
    text = ngettext("{n} customer was given to somebody else.", "{n} customers were given to somebody else.", done)
    messages.success(request, text.format(n=f"{done:,}"))
    return redirect(request.get_full_path())
