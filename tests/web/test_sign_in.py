"""Coming in: a second factor, single sign-on, where one is signed in, and what the audit trail keeps of it."""

from __future__ import annotations

import base64
import json
import re
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.core import mail
from django.test import Client

from huikuan.store.models import AuditEvent, User
from tests.databases import LedgerDb
from tests.web.world import PASSWORD

pytestmark = pytest.mark.practice("K1")


def codes() -> list[str]:
    return list(AuditEvent.objects.order_by("id").values_list("code", flat=True))


@pytest.fixture
def ada(sqlite_db: LedgerDb) -> User:
    return User.objects.create_user("ada", "ada@example.com", PASSWORD)


def sign_in(client: Client, login: str = "ada", password: str = PASSWORD) -> Any:
    return client.post("/accounts/login/", {"login": login, "password": password})


def code_of(secret: str, later: int = 0) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + later))


def add_second_factor(client: Client) -> tuple[str, list[str]]:
    """Sets up an authenticator app; gives its secret and the recovery codes."""
    assert client.get("/accounts/2fa/totp/activate/")["Location"].startswith("/accounts/reauthenticate/")
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    page = client.get("/accounts/2fa/totp/activate/").content.decode()
    secret = re.findall(r'value="([A-Z2-7]{32})"', page)[0]
    assert "data:image/svg+xml" in page
    assert client.post("/accounts/2fa/totp/activate/", {"code": "000000"}).status_code == 200
    assert not Authenticator.objects.exists()
    assert client.post("/accounts/2fa/totp/activate/", {"code": code_of(secret)}).status_code == 302
    return secret, client.get("/accounts/2fa/recovery-codes/download/").content.decode().split()


def test_a_second_factor_is_asked_for(ada: User) -> None:
    client = Client()
    sign_in(client)
    secret, recovery = add_second_factor(client)
    kept = Authenticator.objects.get(type="totp").data["secret"]
    assert secret not in str(kept)
    client.post("/accounts/logout/")
    response = sign_in(client)
    assert response["Location"].startswith("/accounts/2fa/authenticate/")
    assert client.get("/").status_code == 302, "half signed in is not signed in"
    assert client.post("/accounts/2fa/authenticate/", {"code": "123"}).status_code == 200
    response = client.post("/accounts/2fa/authenticate/", {"code": code_of(secret, 1)})
    assert response.status_code == 302 and client.get("/").status_code == 200
    client.post("/accounts/logout/")
    for status in (302, 200):  # a recovery code works once
        sign_in(client)
        assert client.post("/accounts/2fa/authenticate/", {"code": recovery[0]}).status_code == status
        client.post("/accounts/logout/")


def test_no_mail_is_needed_nor_sent(ada: User) -> None:
    EmailAddress.objects.create(user=ada, email=ada.email, primary=True, verified=False)
    client = Client()
    page = client.get("/accounts/login/").content.decode()
    assert "password/reset" not in page
    sign_in(client)
    add_second_factor(client)
    for path in ("email/", "password/reset/", "confirm-email/"):
        assert client.get(f"/accounts/{path}").status_code == 404, path
    assert client.get("/accounts/password/change/").status_code == 200
    assert not getattr(mail, "outbox", [])


def test_who_has_no_password_here_is_not_asked_to_change_it(ada: User) -> None:
    ada.set_unusable_password()
    ada.save()
    client = Client()
    client.force_login(ada)
    assert "/accounts/password/change/" not in client.get("/settings/").content.decode()
    assert client.get("/accounts/password/change/", follow=True).redirect_chain[-1][0] == "/settings/"


def test_the_company_may_ask_everybody_for_it(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "REQUIRE_MFA", True)
    client = Client()
    sign_in(client)
    response = client.get("/")
    assert response["Location"] == "/accounts/2fa/totp/activate/"
    add_second_factor(client)
    assert client.get("/").status_code == 200


def test_comings_and_goings_are_in_the_audit_trail(ada: User) -> None:
    client = Client()
    sign_in(client, password="wrong")
    sign_in(client, login="nobody-here", password="hunter22")
    sign_in(client)
    client.post("/accounts/logout/")
    assert codes() == ["user.sign_in_failed", "user.sign_in_failed", "user.signed_in", "user.signed_out"]
    known, unknown = AuditEvent.objects.filter(code="user.sign_in_failed").order_by("id")
    assert (known.subject, unknown.subject) == (f"user:{ada.pk}", "")
    assert "hunter22" not in json.dumps(list(AuditEvent.objects.values("data", "subject")))


def test_signed_out_everywhere_else(ada: User) -> None:
    here, there = Client(HTTP_USER_AGENT="Desk"), Client(HTTP_USER_AGENT="Phone")
    sign_in(here)
    sign_in(there)
    there.get("/")
    page = here.get("/accounts/sessions/").content.decode()
    assert "Phone" in page and "This device" in page
    here.post("/accounts/sessions/")
    assert here.get("/").status_code == 200
    assert there.get("/").status_code == 302


# -- single sign-on ----------------------------------------------------------------------------------------------------
class Provider(ThreadingHTTPServer):
    """A provider of OpenID Connect: everybody who comes is the person it was told."""

    person: dict[str, Any]

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.nonces: dict[str, str] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def token(self) -> str:
        claims = {
            "iss": self.url,
            "aud": "huikuan",
            "iat": int(time.time()),
            "exp": int(time.time()) + 60,
            **self.person,
        }
        return jwt.encode(claims, self.key, "RS256", headers={"kid": "1"})

    def keys(self) -> dict[str, Any]:
        numbers = self.key.public_key().public_numbers()

        def text(number: int) -> str:
            raw = number.to_bytes((number.bit_length() + 7) // 8, "big")
            return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

        key = {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "1", "n": text(numbers.n), "e": text(numbers.e)}
        return {"keys": [key]}


class Answer(BaseHTTPRequestHandler):
    server: Provider

    def do_GET(self) -> None:
        url = self.server.url
        answers = {
            "/.well-known/openid-configuration": {
                "issuer": url,
                "authorization_endpoint": f"{url}/authorize",
                "token_endpoint": f"{url}/token",
                "userinfo_endpoint": f"{url}/userinfo",
                "jwks_uri": f"{url}/keys",
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
            },
            "/keys": self.server.keys(),
            "/userinfo": self.server.person,
        }
        self._send(answers[urlsplit(self.path).path])

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._send({"access_token": "a", "token_type": "bearer", "id_token": self.server.token()})

    def _send(self, answer: Any) -> None:
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    server = Provider()
    app = {
        "provider_id": "sso",
        "name": "Example",
        "client_id": "huikuan",
        "secret": "s",
        "settings": {"server_url": server.url, "oauth_pkce_enabled": True},
    }
    monkeypatch.setattr(settings, "SOCIALACCOUNT_PROVIDERS", {"openid_connect": {"APPS": [app]}})
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def come_by(client: Client) -> Any:
    """Goes to the provider and comes back with its word."""
    there = client.post("/accounts/oidc/sso/login/")["Location"]
    asked = parse_qs(urlsplit(there).query)
    assert asked["code_challenge_method"] == ["S256"]
    back = urlencode({"code": "c", "state": asked["state"][0]})
    return client.get(f"/accounts/oidc/sso/login/callback/?{back}")


def test_single_sign_on_lets_in_who_has_an_account(ada: User, provider: Provider) -> None:
    provider.person = {"sub": "77", "email": "ada@example.com", "email_verified": True}
    client = Client()
    assert "Sign in with Example" in client.get("/accounts/login/").content.decode()
    assert come_by(client)["Location"] == "/"
    assert client.get("/").status_code == 200
    event = AuditEvent.objects.get(code="user.signed_in")
    assert (event.actor_id, event.data["method"]) == (ada.pk, "sso")


@pytest.mark.parametrize(
    "person",
    [
        {"sub": "78", "email": "eve@example.com", "email_verified": True},
        {"sub": "79", "email": "ada@example.com", "email_verified": False},
    ],
)
def test_single_sign_on_makes_nobody_new(ada: User, provider: Provider, person: dict[str, Any]) -> None:
    """Neither a stranger nor somebody whose address the provider does not vouch for."""
    provider.person = person
    client = Client()
    come_by(client)
    assert client.get("/").status_code == 302
    assert User.objects.count() == 1
    assert "user.signed_in" not in codes()
