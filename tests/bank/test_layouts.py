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

pytestmark = pytest.mark.practice("E2")

ALL = [*CHINESE, *WESTERN]
USUAL = {"chase.csv": "USD", "barclays.csv": "GBP"}


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
