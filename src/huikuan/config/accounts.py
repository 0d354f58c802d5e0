"""How people come in: accounts are made by the company, never by signing up; every coming in is in the audit trail."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.http import HttpRequest, HttpResponse
from django.utils import timezone


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """allauth's rules with sign-up closed."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def post_login(self, request: HttpRequest, user: Any, **given: Any) -> HttpResponse:
        from huikuan.services.sign_ins import record_sign_in

        social = (given.get("signal_kwargs") or {}).get("sociallogin")
        method = str(social.account.provider) if social else "password"
        record_sign_in(int(user.pk), method=method, now=timezone.now())
        response: HttpResponse = super().post_login(request, user, **given)
        return response

    def logout(self, request: HttpRequest) -> None:
        from huikuan.services.sign_ins import record_sign_out

        if request.user.pk:
            record_sign_out(int(request.user.pk), now=timezone.now())
        super().logout(request)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        from huikuan.services.sign_ins import record_failed_sign_in

        login = credentials.get("username") or credentials.get("email") or ""
        record_failed_sign_in(str(login), now=timezone.now())


class SocialAccountAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Single sign-on lets in who has an account here already, known by an address the provider has verified."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Secrets of second factors are kept encrypted."""

    def encrypt(self, text: str) -> str:
        from huikuan.services.secrets import hide

        return hide(text)

    def decrypt(self, encrypted_text: str) -> str:
        from huikuan.services.secrets import reveal

        return reveal(encrypted_text)
