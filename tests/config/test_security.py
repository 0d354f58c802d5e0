"""What every answer carries, and which doors stay shut."""

from __future__ import annotations

import pytest
from django.test import Client

from huikuan.store.models import User
from tests.databases import LedgerDb


@pytest.fixture
def visitor(sqlite_db: LedgerDb) -> Client:
    return Client(enforce_csrf_checks=True)


def test_the_health_page_needs_no_sign_in(visitor: Client) -> None:
    answer = visitor.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok")


@pytest.mark.parametrize("path", ["/", "/accounts/login/", "/healthz", "/nothing-here"])
def test_every_answer_carries_the_policies(visitor: Client, path: str) -> None:
    headers = visitor.get(path, follow=True).headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["script-src"] == policy["style-src"] == policy["default-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["object-src"] == "'none'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"


def test_nobody_signs_up(visitor: Client) -> None:
    fields = {"username": "eve", "password1": "a-long-password-1", "email": "eve@example.com"}
    assert Client().post("/accounts/signup/", fields).status_code in {200, 302, 403, 404}
    assert not User.objects.exists()


def test_a_form_of_another_site_is_refused(visitor: Client) -> None:
    assert visitor.post("/accounts/login/", {"login": "ann", "password": "x"}).status_code == 403


@pytest.mark.parametrize("name", ["ann", "ann@example.com"])
def test_sign_in_by_name_or_mail(sqlite_db: LedgerDb, name: str) -> None:
    User.objects.create_user("ann", "ann@example.com", "a-long-password-1")
    visitor = Client()
    answer = visitor.post("/accounts/login/", {"login": name, "password": "a-long-password-1"})
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/"
    session = answer.cookies["huikuan_session"]
    assert session["httponly"]
    assert session["samesite"] == "Lax"


def test_the_language_is_kept_in_a_cookie(visitor: Client) -> None:
    answer = Client().post("/i18n/setlang/", {"language": "zh-hans", "next": "/accounts/login/"})
    assert answer.cookies["django_language"].value == "zh-hans"
