"""Settings of the person: language, light or dark, how close the rows stand.

Cookies say what a browser shows, so that the first paint is right; language and theme are kept with the person too,
and are taken from there on a device that has no cookie yet.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override
from django.views.decorators.http import require_http_methods

from huikuan.core.rights import Right
from huikuan.services.preferences import save_preferences
from huikuan.web.frames import Seat
from huikuan.web.pages import page, show
from huikuan.web.tags import address

THEMES = (("auto", _("As the system")), ("light", _("Light")), ("dark", _("Dark")))
DENSITIES = (("normal", _("Comfortable")), ("compact", _("Compact")))
YEAR = 365 * 24 * 3600


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=None)
def show_settings(request: HttpRequest, seat: Seat) -> HttpResponse:
    if request.method == "POST":
        return _save(request, seat)
    context = {
        "may_bank": seat.can_whole(Right.EDIT_BANK_ACCOUNT),
        "may_schedule": seat.can_whole(Right.MANAGE_SYSTEM),
        "themes": THEMES,
        "densities": DENSITIES,
        "theme": request.COOKIES.get("theme", "auto"),
        "sees_audit": seat.can_whole(Right.SEE_AUDIT),
        "may_rule": seat.can_whole(Right.MANAGE_POLICY),
        "density": request.COOKIES.get("density", "normal"),
    }
    return show(request, seat, "settings/settings.html", context, room="settings")


def _save(request: HttpRequest, seat: Seat) -> HttpResponse:
    response = redirect(address(seat.kept, "settings"))
    choices = {
        "theme": [code for code, _word in THEMES],
        "density": [code for code, _word in DENSITIES],
        "language": [code for code, _word in settings.LANGUAGES],
    }
    chosen = {name: text for name, allowed in choices.items() if (text := request.POST.get(name, "")) in allowed}
    for name, text in chosen.items():
        cookie = settings.LANGUAGE_COOKIE_NAME if name == "language" else name
        response.set_cookie(cookie, text, max_age=YEAR, samesite="Lax", secure=request.is_secure())
    user: Any = request.user
    save_preferences(
        user_id=user.pk, language=chosen.get("language", user.language), theme=chosen.get("theme", user.theme)
    )
    with override(chosen.get("language")):
        messages.success(request, str(_("Settings saved.")))
    return response
