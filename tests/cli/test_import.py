"""``huikuan import``, ``huikuan entity`` and ``huikuan settlements``: what they say, write and exit with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from huikuan.cli.main import main
from huikuan.store.models import ImportBatch, OpenItem, OpenItemBalance
from tests.databases import LedgerDb

pytestmark = pytest.mark.usefixtures("sqlite_db")

HEAD = "item_id,customer_id,customer_name,document_date,due_date,currency,amount\n"


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    code: Any = 0
    try:
        main([str(argument) for argument in arguments])
    except SystemExit as stop:
        code = stop.code
    out, err = capsys.readouterr()
    return int(code or 0), out, err


@pytest.fixture
def file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    run(capsys, "entity", "add", "E1", "华东", "--currency", "CNY", "--timezone", "Asia/Shanghai")
    path = tmp_path / "items.csv"
    path.write_text(HEAD + "I1,C1,甲,2026-01-05,2026-02-05,CNY,1234.50\nI2,C1,甲,2026-01-05,2026-02-05,CNY,10.00\n")
    return path


def test_entities_are_added_and_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "entity", "list")[2].startswith("no entity yet")
    assert run(capsys, "entity", "add", "E1", "华东", "--currency", "CNY")[:2] == (0, "E1: books in CNY\n")
    assert run(capsys, "entity", "add", "E1", "again", "--currency", "CNY")[0] == 65
    [row] = json.loads(run(capsys, "entity", "list", "--json")[1])
    assert (row["code"], row["name"], row["currency"]) == ("E1", "华东", "CNY")


def test_dry_run_says_what_would_change_and_leaves_nothing(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "import", "items", file, "--dry-run")
    assert code == 0 and "2 rows, 2 good" in out and "1,244.50 CNY" in out and "nothing was posted" in out
    assert not OpenItem.objects.exists() and ImportBatch.objects.get().state == "discarded"


def test_import_twice_posts_once(file: Path, capsys: pytest.CaptureFixture[str], sqlite_db: LedgerDb) -> None:
    code, out, _ = run(capsys, "import", "items", file)
    assert code == 0 and "2 rows posted" in out
    code, out, err = run(capsys, "import", "items", file, "--json")
    answer = json.loads(out)
    assert code == 0 and answer["rows_posted"] == 0 and answer["changes"]["unchanged"] == 2
    assert answer["warnings"][0]["code"] == "import.repeated" and not err
    assert run(capsys, "verify")[0] == 0


def test_faults_are_told_with_row_and_column_and_nothing_is_posted(
    file: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file.write_text(file.read_text() + "I3,C1,甲,2026-01-05,2026-02-05,CNY,x\nI4,,甲,2026-01-05,2026-02-05,CNY,1\n")
    marked = tmp_path / "marked.csv"
    code, _, err = run(capsys, "import", "items", file, "--errors-out", marked)
    assert code == 65 and "items.csv:4:amount: 'x' is not an amount" in err and "items.csv:5:customer_id" in err
    assert "2 faults found, nothing was written" in err and not OpenItem.objects.exists()
    assert marked.read_text(encoding="utf-8-sig").splitlines()[3].count("is not an amount") == 1
    code, _, err = run(capsys, "import", "items", file, "--json")
    assert code == 65 and [fault["row"] for fault in json.loads(err)["faults"]] == [4, 5]


def test_good_rows_are_posted_on_request_and_the_exit_code_says_that_some_are_missing(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(file.read_text() + "I3,C1,甲,2026-01-05,2026-02-05,CNY,x\n")
    code, out, err = run(capsys, "import", "items", file, "--good-rows")
    assert code == 65 and "2 rows posted" in out and "1 faulty rows left out" in err
    assert OpenItem.objects.count() == 2


def test_unknown_entities_are_named_once_with_their_rows(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    head = "entity,item_id,customer_id,document_date,due_date,currency,amount\n"
    rows = (f"X9,I{number},C1,2026-01-05,2026-02-05,EUR,1.00\n" for number in range(120))
    file.write_text(head + "".join(rows))
    code, _, err = run(capsys, "import", "items", file)
    assert code == 65 and err.count("there is no entity 'X9'") == 1 and "in 120 rows" in err
    code, out, _ = run(capsys, "import", "items", file, "--create-entities", "EUR")
    assert code == 0 and "120 rows posted" in out


@pytest.mark.practice("K7")
def test_settlements_of_a_snapshot_are_reviewed_or_accepted(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "import", "items", file)
    file.write_text(HEAD + "I1,C1,甲,2026-01-05,2026-02-05,CNY,1234.50\n")
    code, out, _ = run(capsys, "import", "items", file, "--feed", "snapshot", "--snapshot-date", "2026-03-01")
    assert code == 0 and "1 to be decided" in out
    listed = json.loads(run(capsys, "settlements", "list", "--json")[1])
    [row] = listed["settlements"]
    assert (row["document_number"], row["amount"], row["settled_on"]) == ("I2", "10.00", "2026-03-01")
    assert run(capsys, "settlements", "reject", row["id"])[1] == "1 settlements rejected\n"
    assert run(capsys, "settlements", "accept", row["id"])[0] == 65
    assert run(capsys, "settlements", "accept")[0] == 2
    file.write_text(HEAD + "I1,C1,甲,2026-01-05,2026-02-05,CNY,1000.00\n")
    arguments = ("import", "items", file, "--feed", "snapshot", "--accept-settlements")
    code, out, _ = run(capsys, *arguments)
    assert code == 0 and "1 settlements posted, 0 to be decided" in out
    assert OpenItemBalance.objects.get(item__external_id="I1").open_minor == 100000


def test_bad_usage_exits_with_two(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "import", "invoices", file)[0] == 2
    assert run(capsys, "import", "items", file.with_name("none.csv"))[0] == 2
    assert run(capsys, "import", "items", file, "--entity", "nobody")[0] == 65
    assert run(capsys, "import", "customers", file, "--feed", "snapshot")[0] == 65


def test_a_file_that_cannot_be_read_has_no_rows_to_mark(
    file: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file.write_bytes(b"\x00\x01" * 200)
    code, _, err = run(capsys, "import", "items", file, "--errors-out", tmp_path / "marked.csv")
    assert code == 65 and "binary" in err and "no rows to mark" in err and not (tmp_path / "marked.csv").exists()
