"""What every answer carries, and which doors stay shut."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from django.test import Client

from huikuan.cli.serve import announcement
from huikuan.store.models import User
from tests.databases import LedgerDb
from tests.servers import ROOT
from tests.web.matrix import page_routes
from tests.web.test_matrix import filled
from tests.web.world import build_world, signed_in

INLINE = re.compile(rb"<script(?![^>]*\s(src=|type=\"application/json\"))|<style|\sstyle=|\son[a-z]+=")
"""What the policy would refuse to run: scripts, styles and handlers in the page itself; data is none of them."""


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


def test_every_page_of_the_staff_keeps_the_policies(sqlite_db: LedgerDb) -> None:
    """No page asks for an exception, and none has a script, a style or a handler of its own in its text."""
    build_world()
    boss = signed_in("boss")
    seen = 0
    for name, route in page_routes():
        answer = boss.get(filled(route, "1" if "<int" in route else "itm_0000000000000"))
        policy = answer.headers["Content-Security-Policy"]
        assert "unsafe" not in policy, name
        assert "frame-ancestors 'none'" in policy, name
        assert answer.headers["Referrer-Policy"] == "same-origin", name
        assert "camera=()" in answer.headers["Permissions-Policy"], name
        assert answer.headers["X-Content-Type-Options"] == "nosniff", name
        if answer.headers.get("Content-Type", "").startswith("text/html") and not answer.streaming:
            found = INLINE.search(answer.content)
            assert found is None, f"{name}: {answer.content[found.start() : found.start() + 80]!r}"
            seen += 1
    assert seen > 30


def test_encrypted_everything_stays_encrypted(sqlite_db: LedgerDb) -> None:
    code = (
        "import django; django.setup()\n"
        "from django.test import Client\n"
        "plain = Client().get('/accounts/login/')\n"
        "answer = Client().get('/accounts/login/', secure=True)\n"
        "print(plain.status_code, plain.headers['Location'].split(':')[0])\n"
        "print(answer.headers['Strict-Transport-Security'])\n"
        "print(all(one['secure'] for one in answer.cookies.values()))\n"
    )
    env = {
        **sqlite_db.env,
        "HUIKUAN_HTTPS": "1",
        "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}",
        "DJANGO_SETTINGS_MODULE": "tests.settings",
    }
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["301 https", "max-age=31536000", "True"]


def test_the_demo_password_is_public_and_said_to_be() -> None:
    sign_in = {"username": "demo", "password": "huikuan-demo"}
    assert "WARNING" in announcement("0.0.0.0", 8000, sign_in)
    assert "WARNING" not in announcement("127.0.0.1", 8000, sign_in)
    assert "WARNING" not in announcement("0.0.0.0", 8000, None)


def test_an_installation_nobody_may_sign_in_to_says_how_somebody_may() -> None:
    assert "user add NAME --superuser" in announcement("127.0.0.1", 8000, None, anybody=False)
    assert "user add" not in announcement("127.0.0.1", 8000, None)
