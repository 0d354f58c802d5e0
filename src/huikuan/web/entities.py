"""Legal entities: those you may see, and, for an administrator, opening the books of another one."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from huikuan.core.clocks import zone_names
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.services.customers import add_entity
from huikuan.web.frames import Seat
from huikuan.web.pages import page, refusal_text, show
from huikuan.web.tags import address


@dataclass(frozen=True, slots=True)
class EntityForm:
    code: str = ""
    name: str = ""
    currency: str = ""
    timezone: str = "Asia/Shanghai"
    country: str = ""


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.MANAGE_SYSTEM, whole=True)
def new_entity(request: HttpRequest, seat: Seat) -> HttpResponse:
    form, reason = EntityForm(), ""
    if request.method == "POST":
        form = EntityForm(**{name: request.POST.get(name, "").strip() for name in EntityForm.__slots__})
        try:
            return _open_books(request, seat, form)
        except Refusal as refusal:
            reason = refusal_text(refusal)
    context = {"form": form, "reason": reason, "zones": sorted(zone_names())}
    return show(request, seat, "settings/entity.html", context, room="settings", status=400 if reason else 200)


def _open_books(request: HttpRequest, seat: Seat, form: EntityForm) -> HttpResponse:
    if not form.code or not form.name or len(form.code) > 40 or len(form.name) > 200:
        raise Refusal("entity.incomplete", "Give a code and a name.")
    add_entity(
        form.code,
        form.name,
        form.currency.upper(),
        timezone=form.timezone,
        country=form.country.upper()[:2],
        actor_id=request.user.pk,
        now=timezone.now(),
    )
    messages.success(request, _("The books of {name} are open.").format(name=form.name))
    return redirect(address(seat.kept, "golive", book=form.code))
