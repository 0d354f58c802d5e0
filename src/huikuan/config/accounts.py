"""How people come in: accounts are made by the company, never by signing up."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """allauth's rules with sign-up closed."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
