"""Nobody sees anything without signing in: every address is asked anonymously."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from tests.databases import LedgerDb
from tests.web.world import visitor

OPEN = {"health", "icon", "metrics", "ready", "set_language"}
OPEN_ACCOUNT = ("account_", "api_", "openid_connect_", "socialaccount_login_")
"""Sign-in itself; and the programming interface, which answers strangers with a 401 of its own (tests/api)."""


def addresses(resolver: URLResolver, before: str = "") -> Iterator[tuple[str, str]]:
    """Name and an example address of everything the site answers."""
    for entry in resolver.url_patterns:
        route = before + str(entry.pattern).lstrip("^").rstrip("$")
        if isinstance(entry, URLResolver):
            yield from addresses(entry, route)
        elif isinstance(entry, URLPattern):
            yield entry.name or route, "/" + fill(route)


def fill(route: str) -> str:
    samples = {"<slug:public_id>": "item_0000000000000", "(?P<key>[a-z]+)": "items", "(?P<form>xlsx|csv)": "csv"}
    samples |= {r"\.": "."}
    for part, sample in samples.items():
        route = route.replace(part, sample)
    return re.sub(r"<int:\w+>", "1", re.sub(r"<slug:\w+>", "items", route))


ALL = sorted(set(addresses(get_resolver())))
OURS = [(name, path) for name, path in ALL if name not in OPEN and not name.startswith(OPEN_ACCOUNT)]


def test_the_list_holds_the_pages() -> None:
    assert {"home", "customers", "items", "ageing", "ageing_export", "imports", "settings"} <= {
        name for name, _ in OURS
    }


@pytest.mark.parametrize("method", ["get", "post"])
def test_every_page_sends_a_stranger_to_the_door(sqlite_db: LedgerDb, method: str) -> None:
    client = visitor()
    for name, path in OURS:
        response = getattr(client, method)(path)
        assert response.status_code == 302, name
        assert response["Location"].startswith("/accounts/login/"), name


def test_the_door_stands_open_in_both_languages_and_nobody_signs_up(sqlite_db: LedgerDb) -> None:
    client = visitor()
    assert "Sign in" in client.get("/accounts/login/").content.decode()
    client.cookies["django_language"] = "zh-hans"
    assert "登录" in client.get("/accounts/login/").content.decode()
    signup = client.get("/accounts/signup/").content.decode()
    assert 'name="password1"' not in signup
