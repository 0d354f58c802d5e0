"""Writing: what is written comes back the same, text cannot become a formula, a failed write leaves nothing."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from huikuan.core.money import EXPONENTS
from huikuan.core.refusals import BadData, DataError, Refusal
from huikuan.engines.files import read_table, write_annotated, write_table
from huikuan.engines.files_write import guard_text
from huikuan.engines.schemas import arrow_schema

QUICK = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
LETTERS = st.characters(exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp", "Cn"))
# What may begin a formula, quotes and delimiters are as likely as all other characters together.
WORDS = st.text(st.one_of(LETTERS, st.sampled_from("=+-@'\",;'＝")), min_size=1, max_size=12)
IDS = WORDS.filter(lambda text: text.strip() == text and not text.casefold().endswith(("e+1", "e+2")))
DAYS = st.dates(date(1900, 1, 1), date(2200, 12, 31))


@st.composite
def items(draw: st.DrawFn) -> pa.Table:
    ids = draw(st.lists(IDS, min_size=1, max_size=8, unique=True))
    rows = [draw(item(item_id)) for item_id in ids]
    return pa.Table.from_pylist(rows, schema=arrow_schema("items"))


@st.composite
def item(draw: st.DrawFn, item_id: str) -> dict[str, Any]:
    currency = draw(st.sampled_from(["CNY", "JPY", "KWD", "CLF", "USD"]))
    places = EXPONENTS[currency]
    kind = draw(st.sampled_from(["invoice", "note", "credit_memo", "deposit"]))
    minor = draw(st.integers(1, 10 ** (10 + places))) * (-1 if kind in {"credit_memo", "deposit"} else 1)
    day = draw(DAYS)
    return {
        "item_id": item_id,
        "kind": kind,
        "customer_id": draw(IDS),
        "document_number": draw(IDS),
        "document_date": day,
        "due_date": draw(DAYS),
        "posting_date": day,
        "effective_date": day,
        "recorded_at": datetime(2026, 1, 1, tzinfo=UTC) + timedelta(microseconds=draw(st.integers(0, 10**15))),
        "currency": currency,
        "amount": Decimal(minor).scaleb(-places),
        "disputed": draw(st.none() | st.booleans()),
        "discount_percent": draw(st.none() | st.decimals(0, 100, places=2)),
        "region": draw(st.none() | IDS),
        "settled_date": draw(st.none() | DAYS),
    }


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".parquet"])
@QUICK
@given(table=items())
def test_what_is_written_comes_back(tmp_path: Path, suffix: str, table: pa.Table) -> None:
    path = tmp_path / f"t{suffix}"
    write_table(table, path)
    assert read_table(path, "items").table.to_pylist() == table.to_pylist()


def test_amounts_are_written_with_their_currencys_places(tmp_path: Path) -> None:
    schema = pa.schema([("currency", pa.string()), ("amount", pa.decimal128(38, 4)), ("n", pa.int64())])
    amounts = ["1234567.5", "5", "-1.234", "1.2345", "0", "0.125"]
    rows = [
        {"currency": code, "amount": Decimal(amount), "n": 3}
        for code, amount in zip(["CNY", "JPY", "KWD", "CLF", "XYZ", "CNY"], amounts, strict=True)
    ]
    write_table(pa.Table.from_pylist(rows, schema=schema), tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text().splitlines() == [
        "currency,amount,n", "CNY,1234567.50,3", "JPY,5,3", "KWD,-1.234,3", "CLF,1.2345,3", "XYZ,0.00,3", "CNY,0.125,3",
    ]  # fmt: skip


def test_a_byte_order_mark_on_request(tmp_path: Path) -> None:
    write_table(pa.table({"客户": ["甲"]}), tmp_path / "a.csv", bom=True)
    assert (tmp_path / "a.csv").read_bytes() == "\ufeff客户\n甲\n".encode()


@pytest.mark.parametrize("text", ["=1+1", "+5", "-5", "@x", "\t=1", "'=1", "''-", "＝1", "'x", "x=1", "1-2", "'"])
@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_text_cannot_become_a_formula(tmp_path: Path, text: str, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    write_table(pa.table({"t": [text]}), path)
    if suffix == ".csv":
        with path.open(newline="", encoding="utf-8") as stream:
            written = list(csv.reader(stream))[1][0]
    else:
        cell = openpyxl.load_workbook(path).active["A2"]
        assert cell.data_type == "s"
        written = cell.value
    assert written[0] not in "=+-@\t\r＝"
    assert written.removeprefix("'") == text or written == text
    assert guard_text(text) == written


def test_a_workbook_is_fit_to_read(tmp_path: Path) -> None:
    table = pa.table(
        {
            "currency": ["CNY", "JPY", "CNY"],
            "amount": pa.array([Decimal("1234.5"), Decimal(7), Decimal("99999999999999.9999")], pa.decimal128(18, 4)),
            "day": [date(2026, 1, 5), None, None],
            "text": ["00123", "=1", None],
        }
    )
    write_table(table, tmp_path / "a.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx").active
    assert sheet.freeze_panes == "A2"
    assert (sheet["B2"].value, sheet["B2"].number_format) == (1234.5, "#,##0.00")
    assert (sheet["B3"].value, sheet["B3"].number_format) == (7, "#,##0")
    assert sheet["B4"].value == "99999999999999.9999"
    assert sheet["C2"].value == datetime(2026, 1, 5)  # noqa: DTZ001
    assert (sheet["D2"].value, sheet["D3"].value) == ("00123", "'=1")


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("old")
    with pytest.raises((pa.ArrowInvalid, pa.ArrowNotImplementedError)):
        write_table(pa.table({"a": [[1, 2]]}), path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(Refusal, match="not written"):
        write_table(pa.table({"a": [1]}), tmp_path / "a.pdf")


def test_too_many_rows_for_a_workbook(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="write CSV"):
        write_table(pa.table({"a": pa.nulls(1_048_576)}), tmp_path / "a.xlsx")


FAULTY = """应收明细,,,,,
发票号,客户编号,开票日期,到期日,币种,金额
1,C,2026-01-01,2026-02-01,CNY,x

2,C,2026-01-01,2026-02-01,CNY,5
3,C,bad,2026-02-01,CNY,y
"""


def faults_of(path: Path) -> list[DataError]:
    with pytest.raises(BadData) as refusal:
        read_table(path, "items")
    return refusal.value.errors


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_annotated_csv_keeps_its_form_and_can_be_mended(tmp_path: Path, encoding: str) -> None:
    source, annotated = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_bytes(FAULTY.replace(",", ";").replace("\n", "\r\n").encode(encoding))
    errors = faults_of(source)
    write_annotated(source, errors, annotated)
    text = annotated.read_bytes().decode(encoding)
    lines = text.removeprefix("\ufeff").split("\r\n")
    assert lines[1] == "huikuan_errors;发票号;客户编号;开票日期;到期日;币种;金额"
    assert lines[2] == "金额: 'x' is not an amount;1;C;2026-01-01;2026-02-01;CNY;x"
    assert lines[4] == ";2;C;2026-01-01;2026-02-01;CNY;5"
    assert "开票日期: 'bad' is not a date" in lines[5]
    assert [(error.row, error.reason) for error in faults_of(annotated)] == [(one.row, one.reason) for one in errors]
    mended = text.replace(";x\r\n", ";1\r\n").replace(";y\r\n", ";2\r\n").replace(";bad;", ";2026-01-01;")
    annotated.write_bytes(mended.encode(encoding if encoding != "utf-8-sig" else "utf-8"))
    assert read_table(annotated, "items").rows == 3
    again = tmp_path / "again.csv"
    write_annotated(annotated, errors[:1], again)
    assert again.read_bytes().decode(encoding).count("huikuan_errors") == 1


def test_annotated_workbook(tmp_path: Path) -> None:
    source, annotated = tmp_path / "in.xlsx", tmp_path / "out.xlsx"
    work = openpyxl.Workbook()
    for record in csv.reader(io.StringIO(FAULTY)):
        work.active.append(record)
    work.active["C5"] = datetime(2026, 1, 1)  # noqa: DTZ001
    work.create_sheet("other").append(["=keep", 5])
    work.active["A1"].number_format = "0"
    work.save(source)
    errors = faults_of(source)
    write_annotated(source, errors, annotated)
    read = openpyxl.load_workbook(annotated)
    assert read.sheetnames == work.sheetnames
    assert read.worksheets[0]["A2"].value == "huikuan_errors"
    assert read.worksheets[0]["A3"].value == "金额: 'x' is not an amount"
    assert read.worksheets[0]["D5"].value == datetime(2026, 1, 1)  # noqa: DTZ001
    assert [(error.row, error.reason) for error in faults_of(annotated)] == [(one.row, one.reason) for one in errors]


def test_annotated_parquet(tmp_path: Path) -> None:
    source, annotated = tmp_path / "in.parquet", tmp_path / "out.parquet"
    pq.write_table(pa.table({"item_id": ["1"], "customer_id": ["C"], "amount": ["x"]}), source)
    errors = faults_of(source)
    write_annotated(source, errors, annotated)
    read = pq.read_table(annotated)
    assert read.schema.names[0] == "huikuan_errors"
    assert read["huikuan_errors"].to_pylist()[0].startswith("[file] document_date: the required column")


def test_faults_of_the_whole_file_stand_by_its_first_row(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("item_id,customer_id,amount\n1,C,5\n")
    write_annotated(source, faults_of(source), tmp_path / "out.csv")
    lines = (tmp_path / "out.csv").read_text().splitlines()
    assert lines[0] == "huikuan_errors,item_id,customer_id,amount"
    assert lines[1].count("[file]") == 3
