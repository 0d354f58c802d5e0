"""Any table as rows of cells: CSV, Excel old and new, and the HTML and XML that banks call ``.xls``."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from html.parser import HTMLParser

from huikuan.bank.ole import is_sound
from huikuan.bank.source import WORKBOOK_MAX, Source, detect_encoding
from huikuan.bank.xml import forget, local, walk
from huikuan.core.workbooks import WorkbookFault, WorkbookLimits, inspect_workbook

Cell = str | float | int | date | datetime | None
COLUMNS_MAX = 500
CELL_MAX = 32_768
_DELIMITERS = ",;\t|"
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table of a file: its title (empty for CSV) and its rows, numbered from 1 as the file shows them."""

    title: str
    rows: Iterator[tuple[int, list[Cell]]]
    delimiter: str = ""


def read_sheets(source: Source) -> Iterator[Sheet]:
    """The tables of a file, each to be read before the next is asked for."""
    head = source.head()
    if head.startswith((b"PK\x03\x04", _OLD_EXCEL)):
        yield from _workbook(source, is_old=head.startswith(_OLD_EXCEL))
        return
    start = head[:4096].lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if b"urn:schemas-microsoft-com:office:spreadsheet" in head:
        yield from _xml_sheets(source)
    elif start.startswith((b"<html", b"<!doctype html", b"<table", b"<head", b"<meta")) or b"<table" in head.lower():
        yield from _html_tables(source)
    else:
        encoding = detect_encoding(source)
        delimiter = _delimiter(source, encoding)
        yield Sheet("", _csv_rows(source, encoding, delimiter), delimiter)


def _delimiter(source: Source, encoding: str) -> str:
    """The delimiter that gives the most rows of one width of at least three cells."""
    text = source.head(256 * 1024).decode(encoding, "replace")
    lines = text.splitlines()[:400]
    best, best_score = ",", 0
    for delimiter in _DELIMITERS:
        try:
            rows = list(csv.reader(lines, delimiter=delimiter))
        except csv.Error:
            continue
        widths = [len(row) for row in rows if len(row) >= 3]
        if not widths:
            continue
        common = max(set(widths), key=widths.count)
        score = widths.count(common) * 100 + min(common, 99)
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _csv_rows(source: Source, encoding: str, delimiter: str) -> Iterator[tuple[int, list[Cell]]]:
    # The limit is the whole process's: raised where it is too low, never lowered under somebody else's file.
    csv.field_size_limit(max(csv.field_size_limit(), CELL_MAX * 4))
    with source.open() as stream:
        text = io.TextIOWrapper(stream, encoding, errors="replace", newline="")
        reader = csv.reader(_without_nulls(source, text), delimiter=delimiter)
        row = 1
        while True:
            try:
                cells = next(reader, None)
            except csv.Error as error:
                raise source.bad("bank.damaged", f"the row cannot be read: {error}", row) from None
            if cells is None:
                return
            if reader.line_num - row > 200:
                raise source.bad("file.quote", "a quote opens a cell here and is never closed", row)
            yield row, list[Cell](cells[:COLUMNS_MAX])
            row = reader.line_num + 1


def _without_nulls(source: Source, text: io.TextIOWrapper) -> Iterator[str]:
    for number, line in enumerate(text, 1):
        if "\0" in line:
            raise source.bad("file.binary", "the file holds binary data", number)
        yield line.lstrip("\ufeff") if number == 1 else line


def _workbook(source: Source, *, is_old: bool) -> Iterator[Sheet]:
    import python_calamine

    source.check_size(WORKBOOK_MAX if not is_old else WORKBOOK_MAX // 4)
    if not is_old:
        try:
            inspect_workbook(source.open, source.size, WorkbookLimits(cells=30_000_000))
        except WorkbookFault as fault:
            raise source.bad(fault.code, fault.reason) from None
    elif not _is_sound(source):
        raise source.bad("file.broken", "the workbook is damaged")
    try:
        with source.open() as stream:
            book = python_calamine.CalamineWorkbook.from_filelike(stream)
            names = [str(name) for name in book.sheet_names]
            for name in names:
                sheet = book.get_sheet_by_name(name)
                first = (sheet.start or (0, 0))[0]
                rows = enumerate(sheet.iter_rows(), first + 1)
                yield Sheet(name, ((number, [_cell(value) for value in row[:COLUMNS_MAX]]) for number, row in rows))
    except python_calamine.PasswordError:
        raise source.bad("file.encrypted", "the workbook is encrypted: save it without a password") from None
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise source.bad("file.broken", f"the workbook cannot be read: {str(error)[:120]}") from None
    except BaseException as error:  # a panic of the library is no Exception
        if type(error).__name__ != "PanicException":
            raise
        raise source.bad("file.broken", "the workbook is damaged") from None


def _is_sound(source: Source) -> bool:
    with source.open() as stream:
        return is_sound(stream.read())


def _cell(value: object) -> Cell:
    if isinstance(value, time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str | float | int | date) else str(value)


class _Tables(HTMLParser):
    """Rows of the tables of an HTML page, as they are fed."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.rows: list[tuple[int, list[Cell]]] = []
        self._row: list[Cell] | None = None
        self._cell: list[str] | None = None
        self._line = 1

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self._end_row()
            self._row, self._line = [], self.getpos()[0]
        elif tag in {"td", "th"}:
            self._end_cell()
            self._cell = []
            span = dict(attrs).get("colspan") or "1"
            self._span = min(int(span), 50) if span.isascii() and span.isdigit() and len(span) < 4 else 1
        elif tag == "br" and self._cell is not None:
            self._cell.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in {"td", "th"}:
            self._end_cell()
        elif tag in {"tr", "table"}:
            self._end_row()

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)

    def _end_cell(self) -> None:
        if self._cell is not None:
            self._row = self._row if self._row is not None else []
            if len(self._row) < COLUMNS_MAX:
                self._row += [" ".join("".join(self._cell).split())[:CELL_MAX], *[""] * (self._span - 1)]
            self._cell = None

    def _end_row(self) -> None:
        self._end_cell()
        if self._row:
            self.rows.append((self._line, self._row))
        self._row = None


def _html_tables(source: Source) -> Iterator[Sheet]:
    """Streamed: the page is fed block by block and its rows given as they end."""

    def rows() -> Iterator[tuple[int, list[Cell]]]:
        parser = _Tables()
        with source.open() as stream:
            text = io.TextIOWrapper(stream, detect_encoding(source), errors="replace", newline=None)
            while block := text.read(1 << 16):
                parser.feed(block)
                if len(parser.rawdata) > 1 << 20:
                    raise source.bad("bank.damaged", "a tag of the page has no end")
                taken, parser.rows = parser.rows, []
                yield from taken
        # Not closed: that would try every place of what never ends anew. Rows end with their tags.

    yield Sheet("", rows())


def _xml_sheets(source: Source) -> Iterator[Sheet]:
    """SpreadsheetML of 2003: ``Worksheet/Table/Row/Cell/Data``."""
    rows: list[tuple[int, list[Cell]]] = []
    title, row = "", 0
    for event, element in walk(source, "Worksheet", "Row"):
        name = local(element)
        if event == "start":
            if name == "Worksheet":
                title, row, rows = str(_attribute(element, "Name")), 0, []
            continue
        if name == "Row":
            index = _attribute(element, "Index")
            row = int(index) if index.isdigit() and len(index) < 8 else row + 1
            rows.append((row, _xml_cells(element)))
            forget(element)
        elif name == "Worksheet":
            yield Sheet(title, iter(rows))


def _attribute(element: object, name: str) -> str:
    found = getattr(element, "attrib", {})
    return next((str(value) for key, value in found.items() if str(key).rpartition("}")[2] == name), "")


def _xml_cells(row: object) -> list[Cell]:
    cells: list[Cell] = []
    for cell in itertools.islice(iter(row), COLUMNS_MAX):  # type: ignore[call-overload]
        index = _attribute(cell, "Index")
        if index.isdigit() and len(index) < 4:
            cells += [""] * (int(index) - 1 - len(cells))
        data = next((one for one in cell if local(one) == "Data"), None)
        text = "".join(data.itertext())[:CELL_MAX] if data is not None else ""
        if data is not None and _attribute(data, "Type") == "DateTime":
            text = re.sub(r"T00:00:00(\.0+)?$", "", text)
        cells.append(text)
    return cells
