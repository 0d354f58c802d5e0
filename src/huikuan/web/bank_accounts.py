"""Settings → Bank accounts: ours, to which files of banks and wallets belong."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from huikuan.core.banking import AccountKind
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.queries.bank import AccountRow, account_rows
from huikuan.queries.entities import all_entities
from huikuan.services import bank_accounts as services
from huikuan.services.bank_accounts import NewAccount
from huikuan.web import bank_words
from huikuan.web.acting import actor, read_text
from huikuan.web.bank import shown_number
from huikuan.web.frames import Seat
from huikuan.web.pages import page, refusal_text, show
from huikuan.web.tags import address
from huikuan.web.words import word_of


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.EDIT_BANK_ACCOUNT, whole=True)
def list_accounts(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The accounts, and a form for another one."""
    reason = ""
    managed = [row for row in all_entities() if seat.can_whole(Right.EDIT_BANK_ACCOUNT, row["id"])]
    if request.method == "POST":
        found = next((row["id"] for row in managed if row["code"] == request.POST.get("entity_code")), None)
        if found is None:
            raise Http404
        new = NewAccount(
            name=read_text(request.POST, "name", 120),
            number=read_text(request.POST, "number", 64),
            bank=read_text(request.POST, "bank", 120),
            currency=read_text(request.POST, "currency", 3),
            kind=request.POST.get("kind", ""),
        )
        try:
            services.add_account(found, new, **actor(request))
        except Refusal as refusal:
            reason = refusal_text(refusal)
        else:
            messages.success(request, _("The account {name} is there.").format(name=new.name))
            return redirect(address(seat.kept, "bank_accounts"))
    context = {
        "accounts": [(row, shown_number(row.number)) for row in _accounts(seat)],
        "managed": managed,
        "kinds": [(kind.value, word_of(bank_words.ACCOUNT_KINDS, kind.value)) for kind in AccountKind],
        "given": request.POST if reason else {},
        "reason": reason,
    }
    return show(request, seat, "settings/bank_accounts.html", context, room="settings", status=400 if reason else 200)


def _accounts(seat: Seat) -> list[AccountRow]:
    return account_rows(seat.frame_for(Right.EDIT_BANK_ACCOUNT))


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.EDIT_BANK_ACCOUNT, whole=True)
def edit_account(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    """One account: its name, number and bank; shut or open."""
    row = next((one for one in _accounts(seat) if one.public_id == public_id), None)
    if row is None:
        raise Http404
    reason = ""
    if request.method == "POST":
        try:
            if active := request.POST.get("active", ""):
                services.set_account_active(row.id, active == "yes", **actor(request))
            else:
                name, number, bank = (read_text(request.POST, field, 120) for field in ("name", "number", "bank"))
                services.change_account(row.id, name=name, number=number, bank=bank, **actor(request))
        except Refusal as refusal:
            reason = refusal_text(refusal)
        else:
            messages.success(request, _("Kept."))
            return redirect(address(seat.kept, "bank_accounts"))
    context = {"account": row, "number": shown_number(row.number), "given": request.POST, "reason": reason}
    return show(request, seat, "settings/bank_account.html", context, room="settings", status=400 if reason else 200)
