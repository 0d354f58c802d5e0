"""``huikuan demo`` and ``huikuan user``, as they are called."""

from __future__ import annotations

import io
import json
import sys

import pytest

from huikuan.cli.main import main
from huikuan.store.models import AuditEvent, JournalEntry, User
from tests import databases

pytestmark = pytest.mark.practice("K5")


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as stop:
        main(list(arguments))
    assert stop.value.code == 65
    return capsys.readouterr().err


def test_a_demo_in_an_empty_database(sqlite_db: databases.LedgerDb, capsys: pytest.CaptureFixture[str]) -> None:
    main(["demo", "--customers", "2", "--months", "2", "--scale", "2", "--seed", "3"])
    said = capsys.readouterr().out
    assert said.startswith("5 customers, ")
    assert f"{JournalEntry.objects.count()} journal entries" in said
    assert said.endswith("sign in  demo  /  huikuan-demo\n")
    assert "empty" in refused(capsys, "demo") or "already" in refused(capsys, "demo")


def test_for_machines(sqlite_db: databases.LedgerDb, capsys: pytest.CaptureFixture[str]) -> None:
    main(["demo", "--customers", "3", "--months", "1", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert (found["username"], found["password"], found["customers"]) == ("demo", "huikuan-demo", 4)
    assert found["entries"] == JournalEntry.objects.count()


@pytest.mark.parametrize("arguments", [["--customers", "0"], ["--months", "121"], ["--scale", "0"]])
def test_bad_usage(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["demo", *arguments])
    assert stop.value.code == 2


def test_people(
    sqlite_db: databases.LedgerDb, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    main(["entity", "add", "E1", "One", "--currency", "EUR"])
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("a long one, 密码\n".encode())))
    main(["user", "add", "anna", "--superuser", "--email", "anna@example.com", "--password-stdin"])
    monkeypatch.setattr(sys, "stdin", io.StringIO("quite another one\n"))
    main(["user", "add", "bob", "--role", "E1:auditor", "--password-stdin", "--as", "anna"])
    monkeypatch.setattr(sys, "stdin", io.StringIO("and yet another\n"))
    main(["user", "password", "bob", "--password-stdin"])
    main(["user", "revoke", "bob", "--role", "E1:auditor", "--as", "anna"])
    main(["user", "grant", "bob", "--role", "E1:ar_clerk:own"])
    assert capsys.readouterr().out.splitlines()[-5:] == [
        "anna may sign in.",
        "bob may sign in.",
        "bob has a new password.",
        "bob: no roles",
        "bob: E1:ar_clerk:own",
    ]
    anna, bob = (User.objects.get(username=name) for name in ("anna", "bob"))
    assert (anna.is_superuser, bob.is_superuser) == (True, False)
    assert anna.check_password("a long one, 密码")
    assert bob.check_password("and yet another")
    assert AuditEvent.objects.get(code="user.add", subject=f"user:{bob.id}").actor_id == anna.id
    monkeypatch.setattr(sys, "stdin", io.StringIO("short\n"))
    assert "at least 10 characters" in refused(capsys, "user", "add", "carl", "--password-stdin")
    assert "there is no entity E9" in refused(capsys, "user", "grant", "bob", "--role", "E9:auditor")
    assert not User.objects.filter(username="carl").exists()
