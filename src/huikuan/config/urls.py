"""Every address of the site."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.i18n import set_language


@login_not_required
def health(request: HttpRequest) -> HttpResponse:
    """Says that the server answers; the supervisor waits for it."""
    return HttpResponse("ok", content_type="text/plain", headers={"Cache-Control": "no-store"})


urlpatterns = [
    path("healthz", health, name="health"),
    path("i18n/setlang/", login_not_required(set_language), name="set_language"),
    path("accounts/", include("allauth.account.urls")),
    path("api/v1/", include("huikuan.api.site")),
    path("", include("huikuan.web.urls")),
]
