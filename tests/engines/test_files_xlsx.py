"""Workbooks: cells as a spreadsheet keeps them, and every way a workbook can be hostile or broken."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
import xlsxwriter

from huikuan.core import workbooks
from huikuan.core.refusals import BadData
from huikuan.engines.files import Limits, iter_chunks, read_table

HEAD = ["item_id", "customer_id", "document_date", "due_date", "currency", "amount"]


def book(*rows: list[Any], sheets: dict[str, list[list[Any]]] | None = None, skip: int = 0) -> bytes:
    """A workbook with ``rows`` on its first sheet; dates as date cells."""
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"strings_to_formulas": False}) as work:
        day = work.add_format({"num_format": "yyyy-mm-dd"})
        for title, lines in {"data": list(rows), **(sheets or {})}.items():
            sheet = work.add_worksheet(title)
            for at, line in enumerate(lines, skip if title == "data" else 0):
                for column, cell in enumerate(line):
                    if isinstance(cell, date):
                        sheet.write_datetime(at, column, datetime(cell.year, cell.month, cell.day), day)  # noqa: DTZ001
                    elif isinstance(cell, dict):
                        sheet.write_formula(at, column, cell["formula"], None, cell["value"])
                    else:
                        sheet.write(at, column, cell)
    return stream.getvalue()


def refusal_of(data: bytes, **options: Any) -> list[tuple[str, int | None, str | None]]:
    with pytest.raises(BadData) as refusal:
        read_table(data, "items", name="a.xlsx", **options)
    return [(error.code, error.row, error.column) for error in refusal.value.errors]


def line(number: Any = "1", amount: Any = 12.5, day: Any = date(2026, 1, 5), due: Any = date(2026, 2, 5)) -> list[Any]:
    return [number, "C1", day, due, "CNY", amount]


def test_cells_of_every_type() -> None:
    data = book(
        [*HEAD, "disputed", "region", "recorded_at"],
        [*line(1930659387, 1234.56), True, 44, "2026-01-05T08:00:00+08:00"],
        [*line("007", {"formula": "=1+1", "value": 2.5}), False, "东"],
        [*line(3, "1,234.50", "2026/1/5", 46058)],
        [*line(4, 0.1 + 0.2)],
    )
    table = read_table(data, "items", name="a.xlsx").table
    assert table["item_id"].to_pylist() == ["1930659387", "007", "3", "4"]
    assert table["amount"].to_pylist() == [Decimal("1234.56"), Decimal("2.5"), Decimal("1234.5"), Decimal("0.3")]
    assert table["disputed"].to_pylist() == [True, False, None, None]
    assert table["region"].to_pylist() == ["44", "东", None, None]
    assert table["document_date"].to_pylist() == [date(2026, 1, 5)] * 4
    assert table["due_date"].to_pylist() == [date(2026, 2, 5)] * 4
    assert table["recorded_at"].to_pylist()[0] == datetime(2026, 1, 5, tzinfo=UTC)


def test_numbers_stay_exact_and_long_numbers_are_refused() -> None:
    data = book(HEAD, line(1, 12345678901.23), line(12345678901234567890, 1.0), line(3, 12345678901234.56))
    assert refusal_of(data) == [("id.digits_lost", 3, "item_id"), ("money.digits_lost", 4, "amount")]


def test_rows_are_the_sheets_own() -> None:
    data = book(["应收账款明细表"], [], HEAD, line(), [], line(2, "oops"), skip=2)
    assert refusal_of(data) == [("money.unparseable", 8, "amount")]


def test_text_that_looks_like_a_formula_is_text() -> None:
    data = book([*HEAD, "region"], [*line(), "=1+1"])
    assert read_table(data, "items", name="a.xlsx").table["region"].to_pylist() == ["=1+1"]


def test_cells_in_error_are_not_empty_cells() -> None:
    data = book(
        [*HEAD, "settled_date"],
        [*line(1), {"formula": "=NA()", "value": "#N/A"}],
        line(2, {"formula": "=1/0", "value": "#DIV/0!"}),
    )
    assert refusal_of(data) == [("cell.no_value", 2, "settled_date"), ("cell.no_value", 3, "amount")]


def test_formulas_without_a_stored_value_are_refused() -> None:
    work = openpyxl.Workbook()
    sheet = work.active
    for cells in (HEAD, line(1), line(2, "=SUM(1,2)")):
        sheet.append(cells)
    stream = io.BytesIO()
    work.save(stream)
    with pytest.raises(BadData) as refusal:
        read_table(stream.getvalue(), "items", name="a.xlsx")
    assert str(refusal.value.errors[0]) == (
        "a.xlsx:3:amount: the formula's value is not stored: open the file in a spreadsheet and save it"
    )


def test_the_first_filled_sheet_is_read_and_said() -> None:
    data = book(sheets={"note": [["x"]], "items": [HEAD, line()], "more": [HEAD, line(2)]})
    result = read_table(data, "items", name="a.xlsx")
    assert result.rows == 1
    assert [warning.code for warning in result.warnings] == ["file.sheet"]


def test_chunks() -> None:
    data = book(HEAD, *(line(number) for number in range(10)))
    chunks = list(iter_chunks(data, "items", name="a.xlsx", chunk_rows=3))
    assert [chunk.table.num_rows for chunk in chunks] == [2, 3, 3, 2]
    assert [number for chunk in chunks for number in chunk.rows.to_pylist()] == list(range(2, 12))


def rezip(data: bytes, change: dict[str, bytes], compress: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(stream, "w", compress) as target:
        for name in {*source.namelist(), *change}:
            target.writestr(name, change.get(name) or source.read(name))
    return stream.getvalue()


def test_a_zip_bomb_is_refused_before_it_is_parsed() -> None:
    bomb = rezip(book(HEAD, line()), {"xl/media/x.bin": b"0" * (80 << 20)})
    assert len(bomb) < 1 << 20
    assert refusal_of(bomb)[0][0] == "file.zip_bomb"
    assert refusal_of(book(HEAD, line()), limits=Limits(xlsx_unpacked=500))[0][0] == "file.zip_bomb"


def test_a_part_that_lies_about_its_size_is_refused() -> None:
    data = bytearray(rezip(book(HEAD, line()), {"xl/media/x.bin": b"0" * (2 << 20)}))
    true_size = (2 << 20).to_bytes(4, "little")
    assert data.count(true_size) >= 2
    assert refusal_of(bytes(data).replace(true_size, (100).to_bytes(4, "little")))[0][0] == "file.broken"


def test_repeated_parts_are_refused() -> None:
    stream = io.BytesIO(book(HEAD, line()))
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(stream, "a") as archive:
        archive.writestr("xl/workbook.xml", b"<x/>")
    assert refusal_of(stream.getvalue())[0][0] == "file.zip_bomb"


@pytest.mark.parametrize(
    "evil", [b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><x/>', b"\xff\xfe<\x00x\x00/\x00>\x00"]
)
def test_entities_are_refused(evil: bytes) -> None:
    for part in ("xl/sharedStrings.xml", "xl/workbook.xml", "xl/worksheets/sheet1.xml"):
        assert refusal_of(rezip(book(HEAD, line()), {part: evil}))[0][0] == "file.entities"


def test_a_cell_far_out_does_not_fill_the_memory() -> None:
    data = book(HEAD, line())
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
    far = sheet.replace(b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>')
    assert refusal_of(rezip(data, {"xl/worksheets/sheet1.xml": far}))[0][0] == "file.too_large"


def test_flaws_are_found_across_block_borders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks, "MIB", 97)
    data = book(HEAD, *(line(number, {"formula": "=1/0", "value": "#DIV/0!"}) for number in range(40)))
    assert [row for _, row, _ in refusal_of(data)] == list(range(2, 42))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"item_id,amount\n1,2\n", "file.wrong_content"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "file.wrong_content"),
        (b"PK\x03\x04" + b"junk" * 50, "file.broken"),
        (b"", "file.empty"),
    ],
)
def test_what_is_no_workbook(data: bytes, code: str) -> None:
    assert refusal_of(data)[0][0] == code


def test_another_zip_is_no_workbook() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.txt", "x")
    assert refusal_of(stream.getvalue())[0][0] == "file.wrong_content"


def test_half_a_workbook_at_any_length() -> None:
    data = book(HEAD, *(line(number) for number in range(50)))
    for length in range(0, len(data) - 1, 97):
        assert refusal_of(data[:length])[0][0] in {"file.broken", "file.empty", "file.wrong_content"}


def test_an_empty_workbook() -> None:
    assert refusal_of(book())[0][0] == "file.empty"
