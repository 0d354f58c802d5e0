"""Settings → API keys: one's own, made and revoked; everybody's, for who manages the system."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.queries.api_keys import key_rows
from huikuan.services.api_keys import add_key, revoke_key
from huikuan.web.acting import actor, read_text
from huikuan.web.frames import Seat
from huikuan.web.pages import page, refusal_text, show
from huikuan.web.people_words import RIGHTS
from huikuan.web.tags import address

LIVES = (("30", 30), ("90", 90), ("365", 365), ("", None))
"""How long a key may live, in days."""


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=None)
def list_keys(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The keys, and a form for another one. A new key's text is shown in the answer to the form and never again."""
    reason, made = "", ""
    if request.method == "POST":
        try:
            made = _add(request, seat)
        except Refusal as refusal:
            reason = refusal_text(refusal)
    every = seat.can_whole(Right.MANAGE_SYSTEM)
    number = int(request.user.pk or 0)
    held = {right for row in seat.held.values() for right in row.rights} if not seat.is_superuser else set(Right)
    context = {
        "keys": key_rows(timezone.now(), user_id=None if every else number),
        "every": every,
        "rights": [(right.value, RIGHTS[right]) for right in Right if right in held],
        "chosen": request.POST.getlist("scope") if reason else [],
        "given": request.POST if reason else {},
        "made": made,
        "reason": reason,
    }
    response = show(request, seat, "settings/api_keys.html", context, room="settings", status=400 if reason else 200)
    response["Cache-Control"] = "no-store"
    return response


def _add(request: HttpRequest, seat: Seat) -> str:
    given = request.POST
    codes = {row.code: row.id for row in seat.entities}
    wanted = [codes[code] for code in given.getlist("entity_code") if code in codes]
    days = dict(LIVES).get(given.get("days", "90"), 90)
    now = timezone.now()
    _number, text = add_key(
        int(request.user.pk or 0),
        read_text(given, "name", 120),
        given.getlist("scope"),
        entity_ids=wanted or None,
        expires_at=None if days is None else now + timedelta(days=days),
        **actor(request),
    )
    return text


@require_POST
@page(right=None)
def revoke(request: HttpRequest, seat: Seat, number: int) -> HttpResponse:
    """One's own, or, for who manages the system, anybody's."""
    revoke_key(number, **actor(request))
    messages.success(request, _("The key is revoked: it opens nothing any more."))
    return redirect(address(seat.kept, "api_keys"))
