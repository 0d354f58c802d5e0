"""``huikuan age`` without a file: the same question to the database."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from huikuan.cli.main import main
from tests import databases
from tests.services.ledger import Ledger

pytestmark = pytest.mark.practice("D3")


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    main(["age", *arguments, "--json"])
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, dict)
    return found


def rows(found: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in found["rows"]]


def test_the_database_is_asked_like_files(ledger_db: databases.LedgerDb, capsys: pytest.CaptureFixture[str]) -> None:
    books = Ledger()
    paid = books.item(100_00, due=date(2026, 3, 20), region="north")
    books.item(-30_00, region="north")
    books.item(7_00, customer="C2")
    books.apply(books.receipt(60_00), (paid, 45_00), on=date(2026, 4, 1))

    march = answer(capsys, "--as-of", "2026-03-31")
    assert rows(march) == [
        ("C1", "CNY", "1-30", "70.00", 2),
        ("C1", "CNY", "unapplied", "-60.00", 1),
        ("C2", "CNY", "1-30", "7.00", 1),
    ]
    assert march["provisional"] is True
    april = answer(capsys, "--as-of", "2026-04-30", "--by", "region", "--buckets", "0,45")
    assert {(region or None, *rest) for region, *rest in rows(april)} == {
        ("north", "CNY", "1-45", "55.00", 1),
        ("north", "CNY", ">45", "-30.00", 1),
        (None, "CNY", ">45", "7.00", 1),
        (None, "CNY", "unapplied", "-15.00", 1),
    }
    assert answer(capsys, "--as-of", "2026-03-31", "--known-on", "2026-01-01")["rows"] == []
    wide = answer(capsys, "--as-of", "2026-04-30", "--by", "entity", "--wide", "--entity", "E1")
    assert [(row["entity"], row["total"], row["items"]) for row in wide["rows"]] == [("E1", "17.00", 4)]
    effective = answer(capsys, "--as-of", "2026-04-30", "--basis", "effective")
    assert [line["line"] for line in effective["bridge"]] == ["posting_total", "effective_total"]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [(["--profile", "sap_open"], 2), (["--snapshot-date", "2026-01-01"], 2), (["--entity", "Nobody"], 65)],
)
def test_what_only_files_have_is_refused(
    sqlite_db: databases.LedgerDb, capsys: pytest.CaptureFixture[str], wrong: list[str], code: int
) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["age", "--as-of", "2026-03-31", *wrong])
    assert stop.value.code == code
