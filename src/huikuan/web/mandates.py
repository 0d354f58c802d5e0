"""Papers of other payers: kept, withdrawn, and what a receipt's page says of who paid."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.core.third_party import Payer
from huikuan.queries.customers import customer as find_customer
from huikuan.queries.lives import ReceiptDetail
from huikuan.queries.mandates import mandates_of, papers_of, payer_of_receipt
from huikuan.services.mandates import NewMandate, add_mandate, withdraw_mandate
from huikuan.web.acting import actor, demand_now, may_post_to, read_text
from huikuan.web.format import mask_number
from huikuan.web.frames import Seat, read_day
from huikuan.web.pages import page, refusal_text, show
from huikuan.web.tags import address


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.EDIT_PAYER_ACCOUNT)
def edit_mandates(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    """The papers of a customer's other payers, and a form for another."""
    customer = find_customer(seat.frame, public_id)
    if customer is None:
        raise Http404
    right = Right.EDIT_PAYER_ACCOUNT
    papers = [one for one in papers_of(seat.frame, public_id) if may_post_to(seat, one.entity_id, right)]
    reason, status = "", 200
    if request.method == "POST":
        demand_now(seat)
        try:
            given = request.POST
            paper = next((one for one in papers if one.code == given.get("paper", "")), None)
            first = read_day(given.get("valid_from", ""))
            if paper is None:
                raise Refusal(
                    "mandate.paper_missing", "add the signed paper to the customer's documents and choose it here"
                )
            new = NewMandate(
                account_id=paper.account_id,
                payer_name=read_text(given, "payer_name", 200),
                valid_from=first or seat.frame.today,
                valid_to=read_day(given.get("valid_to", "")),
                document_id=paper.document_id,
                payer_account=read_text(given, "payer_account", 64),
            )
            add_mandate(new, **actor(request))
        except Refusal as refusal:
            reason, status = refusal_text(refusal), 400
        else:
            messages.success(request, _("The paper of {name} is kept.").format(name=new.payer_name))
            return redirect(address(seat.kept, "mandates", public_id))
    rows = [(row, mask_number(row.payer_account)) for row in mandates_of(seat.frame, public_id)]
    context = {"customer": customer, "rows": rows, "papers": papers, "reason": reason, "given": request.POST}
    return show(request, seat, "customers/mandates.html", context, room="customers", status=status)


@require_POST
@page(right=Right.EDIT_PAYER_ACCOUNT)
def withdraw(request: HttpRequest, seat: Seat, public_id: str, part_id: str) -> HttpResponse:
    """A paper is good no more."""
    demand_now(seat)
    row = next((one for one in mandates_of(seat.frame, public_id) if str(one.id) == part_id), None)
    if row is None:
        raise Http404
    withdraw_mandate(row.id, **actor(request))
    messages.success(request, _("The paper of {name} is withdrawn.").format(name=row.payer_name))
    return redirect(address(seat.kept, "mandates", public_id))


def payer_warning(receipt: ReceiptDetail) -> str:
    """What a receipt's page says where somebody else than the customer paid, and no paper says why."""
    if not receipt.payer_name or not receipt.customer_public_id or receipt.payer_name == receipt.customer_name:
        return ""
    found = payer_of_receipt(receipt.row.public_id, receipt.payer_name, receipt.payer_account, receipt.row.value_date)
    if found == Payer.PRIVATE:
        says = _("{name} paid, a person and not the customer: ask why, and for the paper that allows it.")
        return says.format(name=receipt.payer_name)
    if found == Payer.OTHER:
        says = _("{name} paid and not the customer; there is no paper by which they pay for it.")
        return says.format(name=receipt.payer_name)
    return ""
