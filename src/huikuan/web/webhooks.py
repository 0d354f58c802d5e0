"""Settings → Webhooks: endpoints, their secrets, what they were sent, and sending it again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.core.webhooks import SUBSCRIBED
from huikuan.queries import webhooks as queries
from huikuan.queries.entities import all_entities
from huikuan.services import webhooks
from huikuan.services.operations import is_outbox_held
from huikuan.web.acting import actor, read_text
from huikuan.web.api_words import DELIVERIES, EVENTS
from huikuan.web.frames import Seat, read_day
from huikuan.web.lists import chips_of
from huikuan.web.pages import page, read_list, refusal_text, show
from huikuan.web.tags import address

admitted = page(right=Right.MANAGE_SYSTEM, whole=True)
STATES = ("pending", "delivered", "given_up")


def _managed(seat: Seat) -> list[dict[str, Any]]:
    """The entities whose webhooks this person manages; the person need not see their ledger."""
    return [row for row in all_entities() if seat.can_whole(Right.MANAGE_SYSTEM, row["id"])]


@require_http_methods(["GET", "HEAD", "POST"])
@admitted
def list_endpoints(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The endpoints, and a form for another one. Its secret is shown in the answer to the form and never again."""
    reason, secret, managed = "", "", _managed(seat)
    if request.method == "POST":
        try:
            secret = _add(request, managed)
        except Refusal as refusal:
            reason = refusal_text(refusal)
    context = {
        "endpoints": queries.endpoint_rows(row["id"] for row in managed),
        "held": is_outbox_held(),
        "managed": managed,
        "events": [(kind.value, EVENTS[kind]) for kind in SUBSCRIBED],
        "given": request.POST if reason else {},
        "chosen": request.POST.getlist("type") if reason else [],
        "secret": secret,
        "reason": reason,
    }
    return show(request, seat, "settings/webhooks.html", context, room="settings", status=400 if reason else 200)


def _add(request: HttpRequest, managed: list[dict[str, Any]]) -> str:
    given = request.POST
    found = next((row["id"] for row in managed if row["code"] == given.get("entity_code")), None)
    if found is None:
        raise Http404
    _number, secret = webhooks.add_endpoint(
        found,
        given.get("url", "").strip(),
        given.getlist("type"),
        description=read_text(given, "description", 120),
        **actor(request),
    )
    return secret


def _endpoint(seat: Seat, number: int) -> queries.EndpointRow:
    found = queries.endpoint_row(number, [row["id"] for row in _managed(seat)])
    if found is None:
        raise Http404
    return found


@require_safe
@admitted
def show_endpoint(request: HttpRequest, seat: Seat, number: int) -> HttpResponse:
    return _show(request, seat, number)


def _show(request: HttpRequest, seat: Seat, number: int, *, secret: str = "", reason: str = "") -> HttpResponse:
    found, ask = _endpoint(seat, number), read_list(request, sort="", sorts=())
    state = request.GET.get("state", "")
    state = state if state in STATES else ""
    words = [(name, str(DELIVERIES[name]), "") for name in STATES]
    context = {
        "endpoint": found,
        "events": [(kind.value, EVENTS[kind]) for kind in SUBSCRIBED],
        "log": queries.delivery_page(number, state=state, page=ask.page, size=ask.size),
        "chips": chips_of(request, "state", words, active=state, optional=True),
        "secret": secret,
        "reason": reason,
    }
    return show(request, seat, "settings/webhook.html", context, room="settings", status=400 if reason else 200)


@require_POST
@admitted
def change(request: HttpRequest, seat: Seat, number: int) -> HttpResponse:
    """Another address, other events; switched off or on."""
    found, given = _endpoint(seat, number), request.POST
    wanted: dict[str, Any] = {
        "url": found.url,
        "event_types": list(found.event_types),
        "description": found.description,
        "is_active": found.state in ("active", "failing"),
    }
    if "active" in given:
        wanted["is_active"] = given["active"] == "yes"
    else:
        wanted |= {"url": given.get("url", "").strip(), "event_types": given.getlist("type")}
        wanted["description"] = read_text(given, "description", 120)
    try:
        webhooks.change_endpoint(number, **wanted, **actor(request))
    except Refusal as refusal:
        return _show(request, seat, number, reason=refusal_text(refusal))
    messages.success(request, _("Saved."))
    return redirect(address(seat.kept, "webhook", number))


@require_POST
@admitted
def renew(request: HttpRequest, seat: Seat, number: int) -> HttpResponse:
    """Another secret, shown in this answer and never again."""
    _endpoint(seat, number)
    return _show(request, seat, number, secret=webhooks.renew_secret(number, **actor(request)))


@require_POST
@admitted
def ping(request: HttpRequest, seat: Seat, number: int) -> HttpResponse:
    _endpoint(seat, number)
    webhooks.ping_endpoint(number, **actor(request))
    messages.success(request, _("A test is on its way; look at the log in a few seconds."))
    return redirect(address(seat.kept, "webhook", number))


@require_POST
@admitted
def replay(request: HttpRequest, seat: Seat, number: int) -> HttpResponse:
    """One delivery again, or all since a day."""
    _endpoint(seat, number)
    try:
        count = _replay(request, number)
    except Refusal as refusal:
        return _show(request, seat, number, reason=refusal_text(refusal))
    text = ngettext("{n} event is sent again.", "{n} events are sent again.", count).format(n=count)
    messages.success(request, text)
    return redirect(address(seat.kept, "webhook", number))


def _replay(request: HttpRequest, number: int) -> int:
    single = request.POST.get("delivery", "")
    if single.isascii() and single.isdigit() and len(single) < 18:
        webhooks.replay_delivery(int(single), endpoint_id=number, **actor(request))
        return 1
    day = read_day(request.POST.get("since", "").strip()[:10])
    if day is None:
        raise Refusal("webhook.no_day", "Say since which day.")
    since = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return webhooks.replay_since(number, since, **actor(request))


@require_POST
@admitted
def delete(request: HttpRequest, seat: Seat, number: int) -> HttpResponse:
    _endpoint(seat, number)
    webhooks.delete_endpoint(number, **actor(request))
    messages.success(request, _("The webhook is deleted: it is told nothing more."))
    return redirect(address(seat.kept, "webhooks"))
