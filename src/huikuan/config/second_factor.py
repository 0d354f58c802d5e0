"""Where the company asks for a second factor, nobody goes on without one."""

from __future__ import annotations

from collections.abc import Callable

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

FREE = ("/accounts/", "/i18n/", "/static/", "/healthz", "/readyz", "/metrics", "/api/")
"""What needs no second factor: signing in and setting one up; keys of the API are a factor of their own."""


class SecondFactorMiddleware:
    """Sends a signed-in person without a second factor to set one up, where ``HUIKUAN_REQUIRE_MFA`` is set."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if self._must_set_up(request):
            messages.warning(request, _("Your company asks for a second factor: set one up to go on."))
            return redirect("mfa_activate_totp")
        return self.get_response(request)

    def _must_set_up(self, request: HttpRequest) -> bool:
        if not settings.REQUIRE_MFA or not request.user.is_authenticated or request.path.startswith(FREE):
            return False
        return not is_mfa_enabled(request.user)
