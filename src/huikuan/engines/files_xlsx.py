"""Excel workbooks: cell values as a spreadsheet keeps them (formulas by their stored value), as exact text."""

from __future__ import annotations

import itertools
import posixpath
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
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
        by_title = self._by_title(inspect_workbook(blob, limits))
        try:
            with blob.open() as stream:
                self._book = python_calamine.CalamineWorkbook.from_filelike(stream)
                self.title = self._choose(self._book, sheet, by_title)
                self._sheet = self._book.get_sheet_by_name(self.title)
        except python_calamine.PasswordError:
            raise refused(
                self.name, "file.encrypted", "the workbook is encrypted: save it without a password"
            ) from None
        except (python_calamine.CalamineError, OSError) as error:
            raise refused(self.name, "file.broken", f"the workbook cannot be read: {str(error)[:120]}") from None
        self._facts = by_title.get(self.title, SheetFacts())
        self._header_row, self._width = 1, 0

    def _refuse_other_formats(self) -> None:
        with self.blob.open() as stream:
            start = stream.read(4)
        if start == b"\xd0\xcf\x11\xe0":
            reason = "this is an old or encrypted Excel workbook: save it as .xlsx without a password"
            raise refused(self.name, "file.wrong_content", reason)
        if start[:2] != b"PK":
            raise refused(self.name, "file.wrong_content", "this is not an Excel workbook (.xlsx)")

    def _choose(self, workbook: Any, wanted: str | None, facts: dict[str, SheetFacts]) -> str:
        sheets = [one for one in workbook.sheets_metadata if "WorkSheet" in str(one.typ)]
        names = [str(one.name) for one in sheets]
        if wanted is not None:
            if wanted not in names:
                reason = f"there is no sheet {wanted!r}; the workbook has {', '.join(names)}"
                raise refused(self.name, "file.sheet", reason)
            return wanted
        visible = [str(one.name) for one in sheets if "Visible" in str(one.visible)] or names
        filled = [name for name in visible if name not in facts or facts[name].last_row > 0]
        if not filled:
            raise refused(self.name, "file.empty", "no sheet of the workbook holds any rows")
        # A lone cell is a note, not a table, where another sheet holds more.
        chosen = next((name for name in filled if name not in facts or facts[name].last_row > 1), filled[0])
        others = [name for name in filled if name != chosen]
        if others:
            reason = f"the sheet {chosen!r} is read, not {', '.join(map(repr, others))}"
            self.warnings.append(DataWarning(self.name, None, None, reason, "file.sheet"))
        return chosen

    def _by_title(self, facts: dict[str, SheetFacts]) -> dict[str, SheetFacts]:
        """The raw facts of each sheet by its title, through the workbook's relations."""
        try:
            with self.blob.open() as stream, zipfile.ZipFile(stream) as archive:
                book = ElementTree.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314 (no entities: inspected)
                links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
        except (KeyError, ElementTree.ParseError):
            return {}
        targets = {one.get("Id"): posixpath.normpath(posixpath.join("xl", one.get("Target", ""))) for one in links}
        paths = {one.get("name", ""): targets.get(one.get(_REL), "") for one in book.iter() if one.get(_REL)}
        return {title: facts[path.lstrip("/")] for title, path in paths.items() if path.lstrip("/") in facts}

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
                table = list(zip(*stretch[skip:], strict=True))
                arrays = [_column(table[at] if at < len(table) else ("",) * (len(stretch) - skip)) for at in columns]
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


def _column(cells: Sequence[Any]) -> Any:
    """Numbers stay numbers and dates dates where the column holds nothing else; mixed columns become text."""
    types = set(map(type, cells))
    bare = types - {str}
    if bare in ({float}, {date}) and (str not in types or all(cell == "" for cell in cells if type(cell) is str)):
        kind = pa.float64() if float in bare else pa.date32()
        return pa.array([None if cell == "" else cell for cell in cells] if str in types else cells, kind)
    return pa.array(cells if not bare else [cell if type(cell) is str else cell_text(cell) for cell in cells])
