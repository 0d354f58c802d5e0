"""Every address of the site."""

from __future__ import annotations

from allauth.account import urls as account_urls
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.generic import RedirectView
from django.views.i18n import set_language

from huikuan.config import probes

BY_MAIL = ("email", "confirm-email", "password/reset", "password/set")
"""What allauth has beside signing in and is not offered: addresses and forgotten passwords are the business of who
manages people (Settings → People)."""
ACCOUNT = [one for one in account_urls.urlpatterns if not str(one.pattern).lstrip("^").startswith(BY_MAIL)]

urlpatterns = [
    path("healthz", probes.health, name="health"),
    path("readyz", probes.ready, name="ready"),
    path("metrics", probes.metrics, name="metrics"),
    path("i18n/setlang/", login_not_required(set_language), name="set_language"),
    path("favicon.ico", login_not_required(RedirectView.as_view(url=f"{settings.STATIC_URL}favicon.svg")), name="icon"),
    path("accounts/", include(ACCOUNT)),
    # Where allauth sends one who has no password here (single sign-on) and asks to change it.
    path("accounts/password/set/", RedirectView.as_view(pattern_name="settings"), name="account_set_password"),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("accounts/sessions/", include("allauth.usersessions.urls")),
    path("accounts/sso/", include("allauth.socialaccount.urls")),
    path("accounts/", include("allauth.socialaccount.providers.openid_connect.urls")),
    path("api/v1/", include("huikuan.api.site")),
    path("", include("huikuan.web.urls")),
]
