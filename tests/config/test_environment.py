"""What the environment may say, and what it may not."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from huikuan.config import environment


def test_without_an_address_the_database_is_a_file_at_home(tmp_path: Path) -> None:
    database = environment.database_settings(None, tmp_path / "new")
    assert database["NAME"] == str(tmp_path / "new" / "huikuan.db")
    assert database["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "postgres://ann:s%40crt@db.example:6543/books?sslmode=require",
            {"NAME": "books", "USER": "ann", "PASSWORD": "s@crt", "HOST": "db.example", "PORT": "6543"},
        ),
        (
            "postgresql://postgres:@/books?host=/run/socket&port=5433",
            {"NAME": "books", "USER": "postgres", "PASSWORD": "", "HOST": "/run/socket", "PORT": "5433"},
        ),
        ("postgresql:///books", {"NAME": "books", "HOST": "", "PORT": ""}),
    ],
)
def test_an_address_of_postgresql(url: str, expected: dict[str, str], tmp_path: Path) -> None:
    database = environment.database_settings(url, tmp_path)
    assert {name: database[name] for name in expected} == expected
    assert set(database["OPTIONS"]) <= {"sslmode", "application_name"}


@pytest.mark.parametrize("url", ["mysql://x/y", "postgres://host", "postgres://host/", "books"])
def test_an_address_that_is_none_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfigured):
        environment.database_settings(url, tmp_path)


def test_the_key_is_made_once_for_its_owner_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HUIKUAN_SECRET_KEY", raising=False)
    key = environment.secret_key(tmp_path / "home")
    assert len(key) >= 50
    assert environment.secret_key(tmp_path / "home") == key
    assert stat.S_IMODE((tmp_path / "home" / "secret.key").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["secret.key"]


@pytest.mark.parametrize(("text", "on"), [("1", True), ("Yes", True), ("off", False), ("", False)])
def test_flags(text: str, on: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUIKUAN_TEST_FLAG", text)
    assert environment.flag("HUIKUAN_TEST_FLAG") is on
