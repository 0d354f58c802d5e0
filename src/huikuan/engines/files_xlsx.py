"""Excel workbooks: cell values as a spreadsheet keeps them (formulas by their stored value), as exact text."""

from __future__ import annotations

import itertools
import posixpath
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from xml.etree import ElementTree

import pyarrow as pa

from huikuan.core.refusals import DataError, DataWarning
from huikuan.engines.files_source import HEAD_ROWS, Batch, Blob, Limits, check_size, refused
from huikuan.engines.files_zip import SheetFacts, inspect_workbook

_REL = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def cell_text(value: object) -> str:
    """A cell as text: whole numbers without a point, other numbers in their shortest exact form, ISO dates."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)


class XlsxSource:
    """A workbook opened for reading: its first sheet that holds anything, or the one a profile names."""

    encoding: str | None = None

    def __init__(self, blob: Blob, limits: Limits, sheet: str | None = None) -> None:
        import python_calamine

        check_size(blob, limits.xlsx)
        self.blob = blob
        self.name = blob.name
        self.warnings: list[DataWarning] = []
        self._refuse_other_formats()
        facts = inspect_workbook(blob, limits)
        try:
            with blob.open() as stream:
                self._book = python_calamine.CalamineWorkbook.from_filelike(stream)
                self.title = self._choose(self._book, sheet)
                self._sheet = self._book.get_sheet_by_name(self.title)
        except python_calamine.PasswordError:
            raise refused(
                self.name, "file.encrypted", "the workbook is encrypted: save it without a password"
            ) from None
        except (python_calamine.CalamineError, OSError) as error:
            raise refused(self.name, "file.broken", f"the workbook cannot be read: {str(error)[:120]}") from None
        self._facts = self._facts_of(facts, self.title)
        self._header_row, self._width = 1, 0

    def _refuse_other_formats(self) -> None:
        with self.blob.open() as stream:
            start = stream.read(4)
        if start == b"\xd0\xcf\x11\xe0":
            reason = "this is an old or encrypted Excel workbook: save it as .xlsx without a password"
            raise refused(self.name, "file.wrong_content", reason)
        if start[:2] != b"PK":
            raise refused(self.name, "file.wrong_content", "this is not an Excel workbook (.xlsx)")

    def _choose(self, workbook: Any, wanted: str | None) -> str:
        names = [one.name for one in workbook.sheets_metadata if "WorkSheet" in str(one.typ)]
        if wanted is not None:
            if wanted not in names:
                reason = f"there is no sheet {wanted!r}; the workbook has {', '.join(names)}"
                raise refused(self.name, "file.sheet", reason)
            return wanted
        visible = [one.name for one in workbook.sheets_metadata if one.name in names and "Visible" in str(one.visible)]
        filled = [name for name in visible or names if workbook.get_sheet_by_name(name).height > 1]
        if not filled:
            raise refused(self.name, "file.empty", "no sheet of the workbook holds any rows")
        if len(filled) > 1:
            reason = f"the sheet {filled[0]!r} is read, not {', '.join(map(repr, filled[1:]))}"
            self.warnings.append(DataWarning(self.name, None, None, reason, "file.sheet"))
        return str(filled[0])

    def _facts_of(self, facts: dict[str, SheetFacts], title: str) -> SheetFacts:
        """The raw facts of the sheet with this title, found through the workbook's relations."""
        try:
            with self.blob.open() as stream, zipfile.ZipFile(stream) as archive:
                book = ElementTree.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314 (no entities: inspected)
                links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
            key = next(one.get(_REL) for one in book.iter() if one.get("name") == title and one.get(_REL))
            target = next(one.get("Target", "") for one in links.iter() if one.get("Id") == key)
        except (KeyError, StopIteration, ElementTree.ParseError):
            return SheetFacts()
        return facts.get(posixpath.normpath(posixpath.join("xl", target)).lstrip("/"), SheetFacts())

    def _rows(self) -> Iterator[list[Any]]:
        """Rows from row 1 on, cell 0 in column A."""
        return _shifted(self._sheet)

    def all_rows(self) -> Iterator[tuple[str, Iterator[list[Any]]]]:
        """Every worksheet's title and rows of values, from row 1 and column A."""
        for one in self._book.sheets_metadata:
            if "WorkSheet" in str(one.typ):
                sheet = self._book.get_sheet_by_name(one.name)
                yield one.name, _shifted(sheet)

    def head(self) -> list[list[str]]:
        """The first rows as text; row 1 is the sheet's row 1."""
        return [[cell_text(cell) for cell in row] for row in itertools.islice(self._rows(), HEAD_ROWS)]

    def start(self, header_row: int, width: int) -> None:
        self._header_row, self._width = header_row, width

    def batches(self, columns: Sequence[int], chunk_rows: int) -> Iterator[Batch]:
        """The columns at the given positions. A column of numbers only stays numbers, others become text."""
        row = 0
        rows = self._rows()
        while stretch := list(itertools.islice(rows, chunk_rows)):
            numbers = range(row + 1, row + 1 + len(stretch))
            row += len(stretch)
            skip = max(self._header_row + 1 - numbers[0], 0)
            if skip < len(stretch):
                kept = stretch[skip:]
                arrays = [_column([line[at] if at < len(line) else "" for line in kept]) for at in columns]
                yield Batch(arrays, pa.array(numbers[skip:], pa.int64()), self._flaws(numbers[skip:], columns))

    def _flaws(self, numbers: range, columns: Sequence[int]) -> list[DataError]:
        wanted = {at + 1 for at in columns}
        flaws = [(at, why) for at, why in self._facts.flaws.items() if at[0] in numbers and at[1] in wanted]
        headings = self.head()[self._header_row - 1] if flaws else []
        return [
            DataError(self.name, row, headings[column - 1].strip(), why, "cell.no_value")
            for (row, column), why in flaws
        ]


def _shifted(sheet: Any) -> Iterator[list[Any]]:
    # The reader starts at row 1 whatever is filled, but at the first filled column.
    pad = [""] * (sheet.start or (0, 0))[1]
    return (pad + list(row) for row in sheet.iter_rows())


def _column(cells: list[Any]) -> Any:
    if cells and all(type(cell) is float for cell in cells):
        return pa.array(cells, pa.float64())
    return pa.array([_checked_text(cell) for cell in cells], pa.string())


def _checked_text(cell: object) -> str:
    return str(cell) if isinstance(cell, timedelta) else cell_text(cell)
