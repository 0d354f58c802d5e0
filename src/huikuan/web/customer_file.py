"""The customer file on the pages: master data, other names, terms and limits, payer accounts, what was changed."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.queries import customer_file as queries
from huikuan.queries.customer_file import CustomerFile, FileAccount
from huikuan.queries.directory import find_customers
from huikuan.services import customer_file as services
from huikuan.services.contacts import unmask_payer_account
from huikuan.services.field_changes import Change, ChangedMeanwhile, FieldConflict
from huikuan.web.acting import Field, act, actor, read_money, read_text, typed_amount
from huikuan.web.customer_words import FILE_FIELDS
from huikuan.web.frames import Seat
from huikuan.web.pages import page, read_int, refusal_text, show
from huikuan.web.tags import address
from huikuan.web.words import word_of

GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("who", ("name", "registration_number", "country", "region", "address", "distance_km")),
    ("kind", ("industry", "segment", "language", "currency", "parent")),
    ("invoices", ("tax_number", "invoice_title", "invoice_address", "invoice_bank", "invoice_mail")),
)


def file_or_404(seat: Seat, public_id: str, right: Right | None = None) -> CustomerFile:
    """404 for a customer the frame does not show, 403 without the right for any of its accounts."""
    file = queries.customer_file(seat.frame, public_id)
    if file is None:
        raise Http404
    if right is not None and not may(seat, file, right):
        raise PermissionDenied
    return file


def may(seat: Seat, file: CustomerFile, right: Right) -> bool:
    return any(seat.can(right, account.entity_id) for account in file.accounts)


def back_to(seat: Seat, file: CustomerFile, part: str = "") -> str:
    return address(seat.kept, "customer", file.public_id) + (f"#{part}" if part else "")


def crumbs(seat: Seat, file: CustomerFile) -> list[tuple[str, str]]:
    return [(address(seat.kept, "customers"), _("Customers")), (back_to(seat, file), file.values["name"])]


# -- master data -----------------------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.EDIT_CUSTOMER)
def edit_customer(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    file = file_or_404(seat, public_id, Right.EDIT_CUSTOMER)
    reason, status, conflicts = "", 200, {}
    if request.method == "POST":
        try:
            services.change_customer(file.id, _asked(seat, file, request.POST), **actor(request))
        except ChangedMeanwhile as refusal:
            reason, status, conflicts = refusal_text(refusal), 409, {one.field: one for one in refusal.conflicts}
        except Refusal as refusal:
            reason, status = refusal_text(refusal), 400
        else:
            messages.success(request, _("The customer file is up to date."))
            return redirect(back_to(seat, file))
    context = {
        "file": file,
        "crumbs": crumbs(seat, file),
        "back": back_to(seat, file),
        "reason": reason,
        "groups": [
            (code, [_field_line(file, name, request.POST, conflicts.get(name)) for name in names])
            for code, names in GROUPS
        ],
    }
    return show(request, seat, "customers/edit.html", context, room="customers", status=status)


def _shown_values(file: CustomerFile) -> dict[str, str]:
    return file.values | {"parent": file.parent.name if file.parent is not None else ""}


def _field_line(file: CustomerFile, name: str, given: QueryDict, conflict: FieldConflict | None) -> dict[str, Any]:
    """A field as typed so far. After a conflict ``was`` is what stands there now: saving again is a decision."""
    now_there = _shown_values(file)[name]
    was = now_there if conflict is not None else given.get(f"was-{name}", now_there)
    theirs = now_there if conflict is not None else ""
    return {
        "name": name,
        "label": word_of(FILE_FIELDS, name),
        "value": given.get(name, now_there),
        "was": was,
        "longest": services.FIELDS[name] if name != "parent" else 200,
        "conflict": conflict is not None,
        "theirs": theirs,
    }


def _asked(seat: Seat, file: CustomerFile, given: QueryDict) -> dict[str, Change]:
    asked = {}
    for _group, names in GROUPS:
        for name in names:
            if name not in given or name == "parent":
                continue
            text = " ".join(given.get(name, "").split())[: services.FIELDS[name] + 1]
            asked[name] = Change(text, given.get(f"was-{name}"))
    typed = " ".join(given.get("parent", "").split())[:200]
    if "parent" in given and typed != given.get("was-parent", ""):
        asked["parent"] = Change(_parent_number(seat, typed), None)
    return asked


def _parent_number(seat: Seat, text: str) -> str:
    """The customer a person means by a name or number. Refuses ``customer.unclear_parent``."""
    if not text:
        return ""
    found = find_customers(seat.frame, text)
    if len(found) > 1:
        found = [number for number in found if queries.name_of(number) == text] or found
    if len(found) != 1:
        raise Refusal(
            "customer.unclear_parent",
            "{count} customers match {text}: give the whole name or the number.",
            count=len(found),
            text=text,
        )
    return str(found[0])


@require_safe
@page
def show_history(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    file = file_or_404(seat, public_id)
    rows = queries.change_page(file, page=read_int(request, "page", 1, low=1, high=1_000_000))
    accounts = {f"account:{account.id}": account for account in file.accounts}
    lines = [(row, accounts.get(row.subject)) for row in rows.rows]
    context = {"file": file, "crumbs": crumbs(seat, file), "rows": rows, "lines": lines}
    return show(request, seat, "customers/history.html", context, room="customers")


# -- other names -----------------------------------------------------------------------------------------------------
@require_POST
@page(right=Right.EDIT_CUSTOMER)
def add_alias(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    file = file_or_404(seat, public_id, Right.EDIT_CUSTOMER)
    name = read_text(request.POST, "name", 300)
    services.add_alias(file.id, name, is_former=request.POST.get("is_former") == "yes", **actor(request))
    messages.success(request, _("{name} is found now too.").format(name=name))
    return redirect(back_to(seat, file, "file"))


@require_POST
@page(right=Right.EDIT_CUSTOMER)
def remove_alias(request: HttpRequest, seat: Seat, public_id: str, part_id: str) -> HttpResponse:
    file = file_or_404(seat, public_id, Right.EDIT_CUSTOMER)
    services.remove_alias(part_or_404(file, "ali", part_id), **actor(request))
    return redirect(back_to(seat, file, "file"))


def part_or_404(file: CustomerFile, prefix: str, text: str) -> int:
    number = queries.owns(file, prefix, text)
    if number is None:
        raise Http404
    return number


# -- terms and limits ------------------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.EDIT_CUSTOMER)
def edit_account(request: HttpRequest, seat: Seat, public_id: str, part_id: str) -> HttpResponse:
    file = file_or_404(seat, public_id)
    account = next((one for one in file.accounts if one.public_id == part_id), None)
    if account is None:
        raise Http404
    if not seat.can(Right.EDIT_CUSTOMER, account.entity_id):
        raise PermissionDenied
    terms, limit = _account_texts(account)

    def context(given: QueryDict) -> dict[str, Any]:
        label = _("Credit limit in {currency}").format(currency=account.currency)
        return {
            "title": _("Terms and limit"),
            "about": account.entity_name,
            "facts": [(_("Customer"), file.values["name"])],
            "crumbs": crumbs(seat, file),
            "back": back_to(seat, file),
            "says": "",
            "button": _("Save"),
            "blocked": "",
            "fields": [
                Field("text", "terms", _("Terms (net days)"), given.get("terms", terms), required=False),
                Field("money", "limit", label, given.get("limit", limit), _("Empty is no limit."), required=False),
                Field("hidden", "was_terms", "", given.get("was_terms", terms)),
                Field("hidden", "was_limit", "", given.get("was_limit", limit)),
            ],
        }

    def do(given: QueryDict, key: str) -> HttpResponse:
        changes = {
            "terms_days": Change(given.get("terms", "").strip()[:10], given.get("was_terms")),
            "credit_limit_minor": Change(
                _minor(given.get("limit", ""), account.currency), _minor(given.get("was_limit", ""), account.currency)
            ),
        }
        services.change_account(account.id, changes, **actor(request))
        messages.success(request, _("Terms and limit are up to date."))
        return redirect(back_to(seat, file))

    return act(request, seat, "actions/act.html", context, do, currency=account.currency, room="customers")


def _account_texts(account: FileAccount) -> tuple[str, str]:
    limit = account.credit_limit_minor
    return (
        "" if account.terms_days is None else str(account.terms_days),
        "" if limit is None else typed_amount(limit, account.currency),
    )


def _minor(text: str, currency: str) -> str:
    return str(read_money(text, currency)) if text.strip() else ""


# -- payer accounts --------------------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.EDIT_PAYER_ACCOUNT)
def add_payer(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    file = file_or_404(seat, public_id, Right.EDIT_PAYER_ACCOUNT)

    def context(given: QueryDict) -> dict[str, Any]:
        whose = _("Empty: the customer itself.")
        return {
            "title": _("Add a payer account"),
            "about": "",
            "facts": [(_("Customer"), file.values["name"])],
            "crumbs": crumbs(seat, file),
            "back": back_to(seat, file),
            "says": _(
                "Money that comes from this bank account is taken to be this customer's. Every change is logged."
            ),
            "button": _("Add the account"),
            "blocked": "",
            "fields": [
                Field("text", "number", _("Bank account"), given.get("number", "")),
                Field("text", "bank", _("Bank"), given.get("bank", ""), required=False),
                Field("text", "holder", _("Account holder"), given.get("holder", ""), whose, required=False),
            ],
        }

    def do(given: QueryDict, key: str) -> HttpResponse:
        number, bank = read_text(given, "number", 64), read_text(given, "bank", 200)
        holder = read_text(given, "holder", 300)
        services.add_payer_account(file.id, number, holder=holder, bank=bank, **actor(request))
        messages.success(request, _("The payer account has been added."))
        return redirect(back_to(seat, file, "file"))

    return act(request, seat, "actions/act.html", context, do, room="customers")


@require_POST
@page(right=Right.EDIT_PAYER_ACCOUNT)
def remove_payer(request: HttpRequest, seat: Seat, public_id: str, part_id: str) -> HttpResponse:
    file = file_or_404(seat, public_id, Right.EDIT_PAYER_ACCOUNT)
    services.remove_payer_account(part_or_404(file, "pay", part_id), **actor(request))
    messages.success(request, _("The payer account has been removed."))
    return redirect(back_to(seat, file, "file"))


@require_POST
@page(right=Right.UNMASK)
def unmask_payer(request: HttpRequest, seat: Seat, public_id: str, part_id: str) -> HttpResponse:
    """The number in full, as a piece of the page; the look is logged."""
    file = file_or_404(seat, public_id, Right.UNMASK)
    shown = unmask_payer_account(part_or_404(file, "pay", part_id), **actor(request))
    return render(request, "customers/unmasked.html", {"shown": shown.values})
