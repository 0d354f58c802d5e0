"""Reasons for short payments: the role each falls to, its days, and from which rest on a case opens by itself."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right, Role
from huikuan.core.short_payments import DAYS_MAX, DEFAULT_REASONS, ShortReason
from huikuan.queries.frame import EntityRow
from huikuan.queries.short_payment_reasons import reasons_of, share_of
from huikuan.services.short_payments import set_reasons
from huikuan.web.acting import actor
from huikuan.web.frames import Seat
from huikuan.web.pages import page, refusal_text, show
from huikuan.web.people_words import ROLES
from huikuan.web.short_payment_words import REASONS
from huikuan.web.tags import address

NEW_ROWS = 2
OWNERS = (Role.SALES_REP, Role.SALES_MANAGER, Role.AR_CLERK, Role.COLLECTOR, Role.CFO)
_KNOWN = {one.code for one in DEFAULT_REASONS}


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.MANAGE_POLICY, whole=True)
def edit_reasons(request: HttpRequest, seat: Seat) -> HttpResponse:
    """A card per entity; one is saved at a time."""
    books = [row for row in seat.entities if seat.can_whole(Right.MANAGE_POLICY, row.id)]
    reason, status, sent = "", 200, ""
    if request.method == "POST":
        book = next((row for row in books if row.code == request.POST.get("book", "")), None)
        if book is None:
            raise Http404
        sent = book.code
        try:
            set_reasons(book.id, _typed(request.POST), _share(request.POST.get("share", "")), **actor(request))
        except Refusal as refusal:
            reason, status = refusal_text(refusal), 400
        else:
            messages.success(request, _("Saved. Cases that are open keep what they were given."))
            return redirect(address(seat.kept, "short_payment_reasons"))
    context = {
        "books": [_card(row, request.POST if row.code == sent else None) for row in books],
        "roles": [(role.value, ROLES[role]) for role in OWNERS],
        "days_max": DAYS_MAX,
        "reason": reason,
    }
    return show(request, seat, "short_payments/reasons.html", context, room="settings", status=status)


def _card(book: EntityRow, given: QueryDict | None) -> dict[str, Any]:
    rows = [_line(one) for one in reasons_of(book.id)] if given is None else _lines(given)
    blank = {"code": "", "name": "", "word": "", "role": Role.COLLECTOR.value, "days": "7", "is_active": True}
    share = share_of(book.id)
    text = f"{Decimal(share) / 100:f}" if given is None else given.get("share", "")
    return {"book": book, "rows": [*rows, *(dict(blank) for _ in range(NEW_ROWS))], "share": text}


def _line(one: ShortReason) -> dict[str, Any]:
    return {
        "code": one.code,
        "name": one.name,
        "word": REASONS.get(one.code, ""),
        "role": one.owner_role.value,
        "days": str(one.days),
        "is_active": one.is_active,
    }


def _lines(given: QueryDict) -> list[dict[str, Any]]:
    """The rows as they were sent; those without a code and a name are left out."""
    active = set(given.getlist("active"))
    columns = [given.getlist(name) for name in ("code", "name", "role", "days")]
    rows = []
    for place, (sent, typed, role, days) in enumerate(zip(*columns, strict=False)):
        code, name = sent.strip()[:40], " ".join(typed.split())[:80]
        if code or name:
            rows.append(
                {
                    "code": code,
                    "name": name,
                    "word": REASONS.get(code, ""),
                    "role": role,
                    "days": days.strip(),
                    "is_active": str(place) in active,
                }
            )
    return rows


def _typed(given: QueryDict) -> list[ShortReason]:
    """A new reason without a code gets the next of ``own_1``, ``own_2`` …; refuses ``short_payment.bad_days``."""
    rows = _lines(given)
    taken = {row["code"] for row in rows}
    found = []
    for row in rows:
        code = row["code"]
        if not code:
            code = next(text for number in range(1, 100) if (text := f"own_{number}") not in taken)
            taken.add(code)
        if row["role"] not in {role.value for role in OWNERS}:
            raise Http404
        if not (row["days"].isascii() and row["days"].isdigit() and len(row["days"]) < 5):
            raise Refusal("short_payment.bad_days", "A reason has 0 to {most} working days.", most=DAYS_MAX)
        name = "" if code in _KNOWN and row["name"] == str(row["word"]) else row["name"]
        found.append(ShortReason(code, Role(row["role"]), int(row["days"]), name, row["is_active"]))
    return found


def _share(text: str) -> int:
    """A percentage as hundredths of a percent. Refuses ``short_payment.bad_share``."""
    try:
        share = Decimal(text.strip().replace("%", "") or "0") * 100
        if share.is_finite() and share == share.to_integral_value() and 0 <= share <= 10_000:
            return int(share)
    except InvalidOperation:
        pass
    raise Refusal("short_payment.bad_share", "The limit is between 0 and {most} %.", most=50)
