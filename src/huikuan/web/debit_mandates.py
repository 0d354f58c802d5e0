"""The mandates of a customer: kept with the signed paper, revoked, used again after a return, ended."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from huikuan.core.direct_debits import MandateState, Scheme, Use
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.queries import desk
from huikuan.queries.customers import customer as find_customer
from huikuan.queries.debit_mandates import MandateRow, accounts_of_customer, creditor_row, mandate_rows
from huikuan.queries.mandates import papers_of
from huikuan.services.debit_amending import Amendment, amend_debit_mandate
from huikuan.services.debit_mandates import (
    NewDebitMandate,
    add_debit_mandate,
    end_debit_mandate,
    revoke_debit_mandate,
    unblock_debit_mandate,
)
from huikuan.web import debit_words
from huikuan.web.acting import Field, act, actor, demand_now, demand_posting_to, may_post_to, read_text
from huikuan.web.format import mask_number
from huikuan.web.frames import Seat, read_day
from huikuan.web.pages import page, refusal_text, show
from huikuan.web.tags import address


@require_safe
@page(right=Right.EDIT_PAYER_ACCOUNT)
def find_customer_of_mandate(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Whose mandate is to be kept: it leads to the customer's mandates."""
    who = request.GET.get("who", "").strip()[:200]
    ours = [row.id for row in seat.entities if row.can(Right.EDIT_PAYER_ACCOUNT) and row.id in seat.frame.entity_ids]
    # Before anybody said what an entity collects as, mandates may be kept all the same.
    ours = [number for number in ours if creditor_row(number) is not None] or ours
    owners = [one for number in ours for one in desk.find_owners(seat.frame, number, who)] if who else []
    found = {one.customer_public_id: one for one in owners}
    if len(found) == 1:
        return redirect(address(seat.kept, "customer_debits", next(iter(found))))
    context = {"who": who, "found": list(found.values())}
    return show(request, seat, "debits/whose.html", context, room="debits")


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.EDIT_PAYER_ACCOUNT)
def edit_customer(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    """The mandates, and a form for another."""
    customer = find_customer(seat.frame, public_id)
    if customer is None:
        raise Http404
    accounts = [
        (str(number), name, number)
        for number, entity_id, name in accounts_of_customer(seat.frame, public_id)
        if may_post_to(seat, entity_id, Right.EDIT_PAYER_ACCOUNT)
    ]
    papers = [one for one in papers_of(seat.frame, public_id) if one.account_id in {row[2] for row in accounts}]
    reason, status = "", 200
    if request.method == "POST":
        demand_now(seat)
        try:
            given = request.POST
            chosen = next((row for row in accounts if row[0] == given.get("account", "")), None)
            paper = next((one for one in papers if one.code == given.get("paper", "")), None)
            if chosen is None:
                raise Refusal("debit_mandate.account", "Say for which legal entity it was signed.")
            scheme, use = given.get("scheme", ""), given.get("use", "")
            new = NewDebitMandate(
                account_id=chosen[2],
                reference=read_text(given, "reference", 60),
                payer_iban=read_text(given, "payer_iban", 60),
                signed_on=read_day(given.get("signed_on", "")) or seat.frame.today,
                payer_name=read_text(given, "payer_name", 200),
                payer_bic=read_text(given, "payer_bic", 20),
                scheme=Scheme(scheme) if scheme in set(Scheme) else Scheme.CORE,
                use=Use(use) if use in set(Use) else Use.RECURRENT,
                document_id=paper.document_id if paper is not None else None,
            )
            add_debit_mandate(new, **actor(request))
        except Refusal as refusal:
            if refusal.code.startswith("right."):
                raise
            reason, status = refusal_text(refusal), 400
        else:
            messages.success(request, _("The mandate {reference} is kept.").format(reference=new.reference))
            return redirect(address(seat.kept, "customer_debits", public_id))
    rows = [
        (
            row,
            mask_number(row.payer_iban),
            debit_words.mandate_word(row.state),
            debit_words.USES[row.use],
            debit_words.reason_word(row.blocked_reason) if row.blocked_reason else "",
            _steps(row),
            [(at, reference, mask_number(iban)) for at, reference, iban in row.before],
        )
        for row in mandate_rows(seat.frame, customer=public_id)
    ]
    context = {
        "customer": customer,
        "rows": rows,
        "accounts": accounts,
        "papers": papers,
        "reason": reason,
        "given": request.POST if reason else {},
        "schemes": [(Scheme.CORE.value, _("CORE: anybody")), (Scheme.B2B.value, _("B2B: companies only"))],
        "uses": [(one.value, debit_words.USES[one]) for one in Use],
    }
    return show(request, seat, "customers/debits.html", context, room="customers", status=status)


def _steps(row: MandateRow) -> list[tuple[str, str]]:
    """What may be done with a mandate now: the step and its word."""
    if row.state == MandateState.REVOKED:
        return []
    steps = [("revoke", _("Revoke"))]
    if row.state == MandateState.BLOCKED:
        steps.insert(0, ("unblock", _("Use it again")))
    elif row.state == MandateState.ACTIVE and row.use == Use.RECURRENT:
        word = _("Not the last time") if row.is_ending else _("Collect for the last time")
        steps.insert(0, ("go_on" if row.is_ending else "end", word))
    return steps


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.EDIT_PAYER_ACCOUNT)
def amend(request: HttpRequest, seat: Seat, public_id: str, part_id: str) -> HttpResponse:
    """The customer has another account, or the mandate another reference: the bank is told with the next collection."""
    row = next(iter(mandate_rows(seat.frame, customer=public_id, mandate=part_id)), None)
    if row is None:
        raise Http404
    demand_posting_to(seat, row.entity_id, Right.EDIT_PAYER_ACCOUNT)
    back = address(seat.kept, "customer_debits", public_id)
    papers = [one for one in papers_of(seat.frame, public_id) if one.account_id == row.account_id]

    def context(given: QueryDict) -> dict[str, Any]:
        choices = (("", ""), *((one.code, one.name) for one in papers))
        now = {"reference": row.reference, "payer_bic": row.payer_bic, "payer_name": row.payer_name}
        hints = {"payer_iban": _("Empty: the account stays {number}.").format(number=mask_number(row.payer_iban))}
        return {
            "title": _("Amend a mandate"),
            "about": row.reference,
            "facts": [(_("Customer"), row.customer_name), (_("Signed on"), row.signed_on.isoformat())],
            "crumbs": [
                (address(seat.kept, "customer", public_id), row.customer_name),
                (back, _("Mandates for direct debits")),
            ],
            "back": back,
            "button": _("Amend it"),
            "says": _(
                "The next collection tells the bank what it was. What is at the bank already is collected as it was."
            ),
            "fields": [
                *(
                    Field(
                        "text", name, word, given.get(name, now.get(name, "")), hints.get(name, ""),
                        required=name == "reference",
                    )
                    for name, word in debit_words.AMENDED.items()
                ),
                Field(
                    "choice", "paper", _("The customer's word for it"), given.get("paper", ""),
                    _("Among the customer's documents."), choices=choices,
                ),
            ],
        }  # fmt: skip

    def do(given: QueryDict, _key: str) -> HttpResponse:
        paper = next((one for one in papers if one.code == given.get("paper", "")), None)
        new = Amendment(
            reference=read_text(given, "reference", 60),
            payer_iban=read_text(given, "payer_iban", 60),
            payer_bic=read_text(given, "payer_bic", 20),
            payer_name=read_text(given, "payer_name", 200),
            document_id=paper.document_id if paper is not None else None,
        )
        amend_debit_mandate(row.id, new, **actor(request))
        messages.success(request, _("Kept: {reference}.").format(reference=new.reference))
        return redirect(back)

    return act(request, seat, "actions/act.html", context, do, room="customers")


@require_POST
@page(right=Right.EDIT_PAYER_ACCOUNT)
def do_step(request: HttpRequest, seat: Seat, public_id: str, part_id: str) -> HttpResponse:
    """Revoked, used again, or ended."""
    demand_now(seat)
    row = next(iter(mandate_rows(seat.frame, customer=public_id, mandate=part_id)), None)
    if row is None:
        raise Http404
    step, who = request.POST.get("step", ""), actor(request)
    try:
        if step == "revoke":
            revoke_debit_mandate(row.id, on=desk.day_at(row.entity_id, timezone.now()), **who)
        elif step == "unblock":
            unblock_debit_mandate(row.id, **who)
        elif step in ("end", "go_on"):
            end_debit_mandate(row.id, is_ending=step == "end", **who)
        else:
            raise Http404
    except Refusal as refusal:
        if refusal.code.startswith("right."):
            raise
        messages.error(request, refusal_text(refusal))
    else:
        messages.success(request, _("Kept: {reference}.").format(reference=row.reference))
    return redirect(address(seat.kept, "customer_debits", public_id))
