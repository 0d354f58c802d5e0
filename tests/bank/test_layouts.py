"""Tables of banks nobody told the reader about: by their headings, whatever the encoding, delimiter and order."""

from __future__ import annotations

import io
from decimal import Decimal

import openpyxl
import pytest

from huikuan.bank.balances import check_balances
from huikuan.bank.reading import read_statements
from huikuan.bank.statement import Statement
from tests.bank.layouts import CHINESE, WESTERN, Layout
from tests.bank.layouts_odd import ODD

pytestmark = pytest.mark.practice("E2")

ALL = [*CHINESE, *WESTERN, *ODD]
USUAL = {"chase.csv": "USD", "barclays.csv": "GBP", "dt_and_amt.csv": "USD"}


def read(layout: Layout, data: bytes, name: str) -> Statement:
    (statement,) = read_statements(data, name, currency=USUAL.get(layout.name, ""))
    return statement


def compare(layout: Layout, statement: Statement) -> None:
    lines = statement.booked
    assert [(str(line.booking_date), str(line.amount), line.currency, line.payer_name) for line in lines] == list(
        layout.lines
    )
    assert statement.account == layout.account
    for at, facts in layout.facts.items():
        for name, value in facts.items():
            told = getattr(lines[at], name)
            assert told == Decimal(str(value)) if isinstance(told, Decimal) else str(told) == value, name
    assert check_balances(statement) == []


@pytest.mark.parametrize("layout", ALL, ids=lambda layout: layout.name)
def test_csv(layout: Layout) -> None:
    compare(layout, read(layout, layout.text.encode(layout.encoding), layout.name))


@pytest.mark.parametrize("layout", [one for one in ALL if "\t " not in one.text], ids=lambda layout: layout.name)
def test_the_same_as_a_workbook(layout: Layout) -> None:
    """Cells as text, amounts as numbers where they are: the way people save a bank's CSV."""
    import csv

    from huikuan.bank.rows import _delimiter
    from huikuan.bank.source import Source

    delimiter = _delimiter(Source("x", data=layout.text.encode()), "utf-8")
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in csv.reader(io.StringIO(layout.text), delimiter=delimiter):
        sheet.append([as_cell(cell) for cell in row])
    book.save(stream := io.BytesIO())
    compare(layout, read(layout, stream.getvalue(), layout.name.replace(".csv", ".xlsx")))


def as_cell(text: str) -> str | float:
    try:
        return float(Decimal(text)) if "." in text and len(text) < 12 and text[0] in "-123456789" else text
    except ArithmeticError:
        return text


@pytest.mark.parametrize("layout", ALL, ids=lambda layout: layout.name)
def test_rows_are_where_the_file_has_them(layout: Layout) -> None:
    statement = read(layout, layout.text.encode(layout.encoding), layout.name)
    rows = layout.text.splitlines()
    for line in statement.lines:
        digits = f"{abs(line.original_amount or line.amount):f}".replace(".", "").rstrip("0")
        assert digits in "".join(letter for letter in rows[line.row - 1] if letter.isdigit())


def test_days_without_their_format_and_merged_headings() -> None:
    """A workbook whose days are numbers, with a heading over two columns."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (
        ["单位名称", "上海示例有限公司", None, "账号", "4000023009200012345", "币种", "人民币"],
        ["入账日期", "摘要", None, "金额", "借贷标志", "余额", "对手名称"],
        [46114, "货款", "x", 1234.5, "贷", 2234.5, "甲公司"],
        [46115.5, "手续费", "x", 10, "借", 2224.5, ""],
        ["合计", None, None, 1244.5],
    ):
        sheet.append(row)
    sheet.merge_cells("B2:C2")
    book.save(stream := io.BytesIO())
    (statement,) = read_statements(stream.getvalue(), "days.xlsx")
    assert [(str(one.booking_date), str(one.amount), one.payer_name) for one in statement.booked] == [
        ("2026-04-02", "1234.50", "甲公司"),
        ("2026-04-03", "-10.00", ""),
    ]
    assert (statement.owner, statement.account) == ("上海示例有限公司", "4000023009200012345")
    assert check_balances(statement) == []
