"""Settings of the person: language, light or dark, how close the rows stand."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override
from django.views.decorators.http import require_http_methods

from huikuan.web.frames import Seat
from huikuan.web.pages import page, show
from huikuan.web.tags import address

THEMES = (("auto", _("As the system")), ("light", _("Light")), ("dark", _("Dark")))
DENSITIES = (("normal", _("Comfortable")), ("compact", _("Compact")))
YEAR = 365 * 24 * 3600


@require_http_methods(["GET", "HEAD", "POST"])
@page
def show_settings(request: HttpRequest, seat: Seat) -> HttpResponse:
    if request.method == "POST":
        return _save(request, seat)
    context = {
        "themes": THEMES,
        "densities": DENSITIES,
        "theme": request.COOKIES.get("theme", "auto"),
        "density": request.COOKIES.get("density", "normal"),
    }
    return show(request, seat, "settings/settings.html", context, room="settings")


def _save(request: HttpRequest, seat: Seat) -> HttpResponse:
    response = redirect(address(seat.kept, "settings"))
    choices = {
        "theme": ("theme", [code for code, _word in THEMES]),
        "density": ("density", [code for code, _word in DENSITIES]),
        "language": (settings.LANGUAGE_COOKIE_NAME, [code for code, _word in settings.LANGUAGES]),
    }
    for field, (cookie, allowed) in choices.items():
        value = request.POST.get(field, "")
        if value in allowed:
            response.set_cookie(cookie, value, max_age=YEAR, samesite="Lax", secure=request.is_secure())
    with override(request.POST.get("language") or None):
        messages.success(request, str(_("Settings saved.")))
    return response
