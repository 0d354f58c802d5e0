"""``huikuan age`` on files: what it prints, writes, warns of and refuses."""

from __future__ import annotations

import csv
import json
import resource
import subprocess
import sys
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from huikuan.cli.main import main

pytestmark = pytest.mark.practice("D3")

ITEMS = """item_id,kind,customer_id,region,document_date,due_date,currency,amount
INV-1,invoice,C1,north,2026-01-05,2026-02-04,CNY,1000.00
INV-2,invoice,C1,north,2026-02-10,2026-03-12,CNY,500.00
CM-1,credit_memo,C1,north,2026-02-20,2026-02-20,CNY,-80.00
INV-3,invoice,王府井百货,south,2026-02-01,2026-02-01,JPY,1234567
"""
APPLICATIONS = """application_id,item_id,receipt_id,amount,effective_date,posting_date,recorded_at
A-1,INV-1,R-1,400.00,2026-02-25,2026-02-25,2026-02-25T01:00:00Z
A-2,INV-1,R-2,600.00,2026-03-30,2026-04-02,2026-04-02T09:00:00+08:00
A-3,INV-2,,80.00,2026-03-20,2026-03-20,2026-03-20T00:00:00Z
A-3,CM-1,,-80.00,2026-03-20,2026-03-20,2026-03-20T00:00:00Z
"""
RECEIPTS = """receipt_id,customer_id,amount,currency,posting_date,effective_date
R-1,C1,450.00,CNY,2026-02-25,
R-2,C1,600.00,CNY,2026-04-02,2026-03-30
"""


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """The worked example of docs/design/ageing.md as files, with a yen item beside it."""
    given = {"items": ITEMS, "applications": APPLICATIONS, "receipts": RECEIPTS}
    for name, text in given.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    return {name: str(tmp_path / f"{name}.csv") for name in given}


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = 0
    try:
        main(["age", *arguments])
    except SystemExit as stop:
        code = int(stop.code or 0)
    said = capsys.readouterr()
    return code, said.out, said.err


def options(files: dict[str, str]) -> list[str]:
    return [
        files["items"],
        "--applications",
        files["applications"],
        "--receipts",
        files["receipts"],
        "--currency",
        "CNY",
    ]


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    code, out, err = run(capsys, *arguments, "--json")
    assert code == 0, err
    found = json.loads(out)
    assert isinstance(found, dict)
    return found


def test_table_for_the_eyes(capsys: pytest.CaptureFixture[str], files: dict[str, str]) -> None:
    code, out, _ = run(capsys, *options(files), "--as-of", "2026-03-31")
    assert code == 0
    assert out.splitlines() == [
        "As of 2026-03-31, days past due, posting basis",
        "",
        "CNY",
        "customer_id  not_due    1-30   31-60  61-90  >90  unapplied   total  items",
        "--------------------------------------------------------------------------",
        "C1                 -  420.00  600.00      -    -     -50.00  970.00      2",
        "--------------------------------------------------------------------------",
        "total              -  420.00  600.00      -    -     -50.00  970.00      2",
        "",
        "JPY",
        "customer_id  not_due  1-30      31-60  61-90  >90      total  items",
        "-------------------------------------------------------------------",
        "王府井百货         -     -  1,234,567      -    -  1,234,567      1",
        "-------------------------------------------------------------------",
        "total              -     -  1,234,567      -    -  1,234,567      1",
    ]


def test_json_for_machines(capsys: pytest.CaptureFixture[str], files: dict[str, str]) -> None:
    found = answer(capsys, *options(files), "--as-of", "2026-03-31", "--by", "region,customer_id")
    assert [tuple(row.values()) for row in found["rows"]] == [
        ("north", "C1", "CNY", "1-30", "420.00", 1),
        ("north", "C1", "CNY", "31-60", "600.00", 1),
        ("south", "王府井百货", "JPY", "31-60", "1234567", 1),
        (None, "C1", "CNY", "unapplied", "-50.00", 1),
    ]
    assert list(found["rows"][0]) == ["region", "customer_id", "currency", "bucket", "open_amount", "items"]
    assert found["totals"] == [
        {"currency": "CNY", "total": "970.00", "unapplied": "-50.00", "items": 2},
        {"currency": "JPY", "total": "1234567", "unapplied": "0", "items": 1},
    ]


def test_known_on_and_time_zones(capsys: pytest.CaptureFixture[str], files: dict[str, str]) -> None:
    def total(*more: str) -> str:
        asked = [files["items"], "--applications", files["applications"], "--currency", "CNY", "--as-of", "2026-04-02"]
        return str(answer(capsys, *asked, *more)["totals"][0]["total"])

    assert total() == "420.00"
    assert total("--known-on", "2026-04-02T01:00:00+00:00") == "420.00"
    assert total("--known-on", "2026-04-02T08:59:59+08:00") == "1020.00"
    assert total("--known-on", "2026-04-01") == "1020.00"
    assert total("--known-on", "2026-04-01", "--timezone", "America/Los_Angeles") == "420.00"


def test_effective_basis_prints_its_bridge(capsys: pytest.CaptureFixture[str], files: dict[str, str]) -> None:
    asked = [*options(files), "--as-of", "2026-03-31"]
    code, out, _ = run(capsys, *asked, "--basis", "effective")
    assert code == 0
    assert "Applications that happened by the day and were posted after it  -600.00        1" in out.splitlines()
    found = answer(capsys, *asked, "--basis", "effective")
    assert [(line["line"], line["amount"]) for line in found["bridge"] if line["currency"] == "CNY"] == [
        ("posting_total", "970.00"),
        ("applications_earlier", "-600.00"),
        ("effective_total", "370.00"),
    ]


def test_files_out(capsys: pytest.CaptureFixture[str], files: dict[str, str], tmp_path: Path) -> None:
    asked = [*options(files), "--as-of", "2026-03-31"]
    long, wide = tmp_path / "long.csv", tmp_path / "wide.parquet"
    code, out, _ = run(capsys, *asked, "-o", str(long))
    assert code == 0
    assert f"4 rows written to {long}" in out
    with long.open(encoding="utf-8-sig", newline="") as stream:
        found = list(csv.DictReader(stream))
    assert list(found[0]) == ["customer_id", "currency", "bucket", "open_amount", "items"]
    assert [row["open_amount"] for row in found] == ["420.00", "600.00", "-50.00", "1234567"]
    assert run(capsys, *asked, "--wide", "-o", str(wide))[0] == 0
    turned = pq.read_table(wide)
    assert turned.column_names == [
        *("customer_id", "currency", "not_due", "1-30", "31-60", "61-90", ">90", "unapplied", "total", "items")
    ]
    assert [str(total) for total in turned.column("total").to_pylist()] == ["970.00", "1234567.00"]
    assert run(capsys, *asked, "-o", str(tmp_path / "out.xlsx"))[0] == 0
    assert (tmp_path / "out.xlsx").stat().st_size > 1000


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        ["--as-of", "31/03/2026"],
        ["--as-of", "2026-03-31", "--buckets", "30,20"],
        ["--as-of", "2026-03-31", "--by", "colour"],
        ["--as-of", "2026-03-31", "--known-on", "2026-03-31T10:00"],
        ["--as-of", "2026-03-31", "--timezone", "Middle/Earth"],
        ["--as-of", "2026-03-31", "--basis", "cash"],
        ["--as-of", "2026-03-31", "--entity", "E1"],
        ["--as-of", "2026-03-31", "-o", "out.pdf"],
        ["--as-of", "2026-03-31", "-o", "/no/such/folder/out.csv"],
    ],
)
def test_bad_usage_is_2(capsys: pytest.CaptureFixture[str], files: dict[str, str], wrong: list[str]) -> None:
    code, out, err = run(capsys, files["items"], *wrong)
    assert (code, out) == (2, "")
    assert "Error:" in err


def test_bad_data_is_65_with_every_fault_of_every_file(
    capsys: pytest.CaptureFixture[str], files: dict[str, str], tmp_path: Path
) -> None:
    for name, wrong in (("items", "1000.00"), ("receipts", "450.00")):
        path = Path(files[name])
        path.write_text(path.read_text("utf-8").replace(wrong, "a lot"), "utf-8")
    out_path = tmp_path / "out.csv"
    code, out, err = run(capsys, *options(files), "--as-of", "2026-03-31", "-o", str(out_path))
    assert (code, out) == (65, "")
    assert "items.csv:2:amount" in err
    assert "receipts.csv:2:amount" in err
    assert not out_path.exists()


def test_open_amounts_before_their_snapshot_are_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "items.csv"
    path.write_text(
        "item_id,customer_id,document_date,due_date,currency,amount,open_amount\n"
        "A,C1,2026-03-01,2026-03-31,CNY,100,30\n",
        "utf-8",
    )
    asked = [str(path), "--snapshot-date", "2026-03-20"]
    assert run(capsys, *asked, "--as-of", "2026-03-19")[0] == 65
    assert answer(capsys, *asked, "--as-of", "2026-03-20")["totals"][0]["total"] == "30.00"
    assert run(capsys, str(path), "--as-of", "2026-03-20")[0] == 2


def test_large_files_are_not_held_in_memory(
    capsys: pytest.CaptureFixture[str], files: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = [*options(files), "--as-of", "2026-03-31", "--by", "region,customer_id", "--basis", "effective"]
    small = answer(capsys, *asked)
    monkeypatch.setattr("huikuan.engines.age_spool.SPOOL_BYTES", 10)
    assert answer(capsys, *asked) == small
    without = [files["items"], "--applications", files["applications"], "--as-of", "2026-03-31"]
    assert answer(capsys, *without, "--currency", "CNY")["totals"][0]["total"] == "1020.00"
    Path(files["items"]).write_text(ITEMS.replace("1000.00", "a lot"), "utf-8")
    code, _, err = run(capsys, *asked)
    assert code == 65
    assert "items.csv:2:amount" in err


def test_nothing_open(capsys: pytest.CaptureFixture[str], files: dict[str, str]) -> None:
    code, out, _ = run(capsys, files["items"], "--as-of", "2020-01-01")
    assert code == 0
    assert out.splitlines()[-1] == "Nothing is open."


def test_the_real_files(capsys: pytest.CaptureFixture[str], samples: Path) -> None:
    """What is known of the samples without this product: every row is open, every paid one is not."""
    path = samples / "ar" / "sap_open.csv"
    found = answer(capsys, str(path), "--as-of", "2020-05-31")
    assert found["totals"][0]["items"] == len(path.read_text("utf-8").splitlines()) - 1
    path = samples / "ar" / "ibm_late_payments.csv"
    assert answer(capsys, str(path), "--as-of", "2014-12-31")["rows"] == []
    as_of, expected = date(2013, 5, 20), dict[tuple[str, str], Decimal]()
    with path.open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            posted, due, settled = (
                datetime.strptime(row[name], "%d/%m/%Y").date()  # noqa: DTZ007 - dates, not instants
                for name in ("InvoiceDate", "DueDate", "SettledDate")
            )
            if posted <= as_of < settled:
                days = (as_of - due).days
                bucket = "not_due" if days <= 0 else "1-30" if days <= 30 else "31-60" if days <= 60 else "more"
                key = row["customerID"], bucket
                expected[key] = expected.get(key, Decimal(0)) + Decimal(row["InvoiceAmount"])
    found = answer(capsys, str(path), "--as-of", str(as_of))
    assert {(row["customer_id"], row["bucket"]): Decimal(row["open_amount"]) for row in found["rows"]} == expected
    assert len(expected) > 50


def test_a_file_needs_no_django_and_starts_fast(files: dict[str, str]) -> None:
    code = (
        "import sys; from huikuan.cli.main import main\n"
        "try: main(sys.argv[1:])\n"
        "finally: print([name for name in ('django', 'pandas', 'polars') if name in sys.modules], file=sys.stderr)"
    )
    arguments = [sys.executable, "-c", code, "age", files["items"], "--as-of", "2026-03-31"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    took = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime  # a busy machine is no fault
    assert done.returncode == 0, done.stderr
    assert "django" not in done.stderr.splitlines()[-1]
    assert took < 10  # about 1 s on an idle machine; this only catches the absurd
