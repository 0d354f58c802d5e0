"""A table as a file: exactly what is filtered, the columns shown, in the order shown; nothing in it is run.

A sheet says above the rows what was asked and by whom; a CSV file is the bare table, for a program to read.
"""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO, Any

import xlsxwriter
from django.utils.translation import gettext as _
from django.utils.translation import override

from huikuan.core.money import exponent_of, to_decimal
from huikuan.queries.listing import Whole
from huikuan.web.format import format_moment, is_chinese
from huikuan.web.tables.columns import RIGHT, Column, Kind, Table

EXACT_DIGITS = 15
"""A spreadsheet's numbers are exact up to so many digits; a longer amount is written as text."""
LEADS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet takes for a formula at the start of a text, in a file without types."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table about to be written. ``asked``: lines of what was asked, above the rows of a workbook."""

    table: Table
    columns: Sequence[Column]
    whole: Whole[Any]
    asked: Sequence[tuple[str, str]]
    language: str


def write_workbook(sheet: Sheet) -> IO[bytes]:
    """The workbook in a temporary file that goes when it is closed; a row is written and forgotten."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the answer that sends it closes it
    with override(sheet.language):
        _Workbook(sheet, file).write()
    file.seek(0)
    return file


class _Workbook:
    def __init__(self, sheet: Sheet, file: IO[bytes]) -> None:
        self.sheet, self.chinese = sheet, is_chinese(sheet.language)
        plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        self.book = xlsxwriter.Workbook(file, {"constant_memory": True, **plain})
        self.font = {"font_name": "Noto Sans SC" if self.chinese else "Calibri", "font_size": 10}
        self.page = self.book.add_worksheet(_sheet_name(str(sheet.table.word)))
        self._formats: dict[Any, Any] = {}
        self._looks: dict[tuple[str, str, bool], Any] = {}

    def format(self, **wanted: Any) -> Any:
        key = tuple(sorted(wanted.items()))
        if key not in self._formats:
            self._formats[key] = self.book.add_format({**self.font, **wanted})
        return self._formats[key]

    def write(self) -> None:
        table, columns = self.sheet.table, self.sheet.columns
        self.page.hide_gridlines(2)
        for place, column in enumerate(columns):
            self.page.set_column(place, place, column.sheet_width, self.format())
        self.page.write_string(0, 0, str(table.word), self.format(bold=True, font_size=14))
        for place, (label, text) in enumerate(self.sheet.asked, start=1):
            self.page.write_string(place, 0, label, self.format(font_color="#666666"))
            self.page.write_string(place, 1, text, self.format())
        head = len(self.sheet.asked) + 2
        for place, column in enumerate(columns):
            side = {"align": "right"} if column.kind in RIGHT else {}
            self.page.write_string(head, place, str(column.word), self.format(bold=True, bottom=1, **side))
        last = head
        for last, row in enumerate(self.sheet.whole.rows, start=head + 1):
            currency = table.currency(row)
            for place, column in enumerate(columns):
                self._cell(last, place, column, column.value(row), currency, {})
        if last > head:
            self.page.autofilter(head, 0, last, len(columns) - 1)
        for place, line in enumerate(_lines(self.sheet), start=last + 1):
            self._total(place, line)
        self.page.freeze_panes(head + 1, 1)
        self.page.set_landscape()
        self.page.set_paper(9)
        self.page.fit_to_pages(1, 0)
        self.page.repeat_rows(head)
        self.page.set_footer("&L&A&R&P / &N")
        self.book.close()

    def _total(self, place: int, line: Any) -> None:
        strong = {"bold": True, "top": 1}
        word = self.sheet.table.total_word(line) if self.sheet.table.total_word else _("Total")
        self.page.write_string(place, 0, word, self.format(**strong))
        for column_place, column in enumerate(self.sheet.columns[1:], start=1):
            value = column.total(line) if column.total else line.currency if column.key == "currency" else None
            self._cell(place, column_place, column, value, line.currency, strong)

    def _cell(self, row: int, place: int, column: Column, value: Any, currency: str, line: dict[str, Any]) -> None:
        """``line`` is the look of the whole row: empty, or that of a total."""
        if value is None or value == "":
            if line:
                self.page.write_blank(row, place, None, self.format(**line))
            return
        if column.kind is Kind.MONEY:
            if len(str(abs(value))) > EXACT_DIGITS:
                look = self._look("long", currency, line)
                self.page.write_string(row, place, str(to_decimal(value, currency)), look)
            else:
                self.page.write_number(row, place, to_decimal(value, currency), self._look("money", currency, line))
        elif column.kind is Kind.COUNT and isinstance(value, int):
            self.page.write_number(row, place, value, self._look("count", "", line))
        elif isinstance(value, datetime):
            self.page.write_string(row, place, format_moment(value, "zh"), self._look("text", "", line))
        elif isinstance(value, date):
            self.page.write_datetime(row, place, value, self._look("day", "", line))
        else:
            self.page.write_string(row, place, str(value), self._look("text", "", line))

    def _look(self, kind: str, currency: str, line: dict[str, Any]) -> Any:
        """The format of a cell; looked up for every one of a million, so by a short key."""
        key = (kind, currency, bool(line))
        if key not in self._looks:
            self._looks[key] = self.format(**self._shape(kind, currency), **line)
        return self._looks[key]

    def _shape(self, kind: str, currency: str) -> dict[str, Any]:
        if kind == "money":
            places = exponent_of(currency)
            digits = "#,##0" + (f".{'0' * places}" if places else "")
            return {"num_format": f"{digits};-{digits}" if self.chinese else f"{digits};({digits})"}
        shapes = {"count": {"num_format": "#,##0"}, "day": {"num_format": "yyyy-mm-dd", "align": "left"}}
        return {"align": "right"} if kind == "long" else shapes.get(kind, {})


def _sheet_name(word: str) -> str:
    return "".join(" " if char in "[]:*?/\\'" else char for char in word)[:31]


def _lines(sheet: Sheet) -> list[Any]:
    return [sheet.whole.totals[currency] for currency in sorted(sheet.whole.totals)]


def csv_lines(sheet: Sheet) -> Iterator[bytes]:
    """The table as CSV in UTF-8: one heading line, amounts in plain digits, days as ISO dates. No totals."""
    with override(sheet.language):
        headings = [str(column.word) for column in sheet.columns]
    yield "\ufeff".encode() + _line(headings)
    for row in sheet.whole.rows:
        currency = sheet.table.currency(row)
        yield _line([_plain(column, column.value(row), currency) for column in sheet.columns])


def _plain(column: Column, value: Any, currency: str) -> str:
    if value is None:
        return ""
    if column.kind is Kind.MONEY:
        return str(to_decimal(value, currency))
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int):
        return str(value)
    text = str(value)
    return f"'{text}" if text.startswith(LEADS) else text


def _line(cells: Sequence[str]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue().encode()
