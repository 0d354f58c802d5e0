"""A refused file written again with each row's faults beside it, to mend and send again."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from huikuan.core.refusals import DataError
from huikuan.engines.files_guess import header_score
from huikuan.engines.files_source import ERRORS_COLUMN, HEAD_ROWS, Blob, Limits
from huikuan.engines.files_write import replacing
from huikuan.engines.schemas import SCHEMAS

CELL_MAX = 2_000
"""Characters of faults written into one cell."""


Say = Callable[[DataError], str] | None


def notes_by_row(errors: Iterable[DataError], header_row: int, say: Say = None) -> dict[int, str]:
    """The text for each row. Faults of the file or a column go beside the first row under the headings."""
    found: dict[int, list[str]] = defaultdict(list)
    for error in errors:
        whole = error.row is None or error.row <= header_row
        reason = say(error) if say else error.reason
        text = f"{error.column}: {reason}" if error.column else reason
        found[header_row + 1 if whole else error.row or 0].append(f"[file] {text}" if whole else text)
    return {row: "; ".join(texts)[:CELL_MAX] for row, texts in found.items()}


def _header_row(head: Sequence[Sequence[str]]) -> int:
    """The row that names the most columns of any kind of table."""
    scores = [
        (max(header_score(cells, kind) for kind in SCHEMAS), -number) for number, cells in enumerate(head[:20], 1)
    ]
    return -max(scores)[1] if scores else 1


def write_annotated(blob: Blob, errors: Iterable[DataError], path: str | Path, say: Say = None) -> None:
    """Writes the file in its own format with a first column ``huikuan_errors``. CSV keeps its encoding and delimiter,
    XLSX its sheets and values (not its formulas and looks). A column left from an earlier round is replaced."""
    with replacing(path) as temporary:
        if blob.suffix in {".xlsx", ".xlsm"}:
            _annotate_xlsx(blob, errors, temporary, say)
        elif blob.suffix in {".parquet", ".pq"}:
            _annotate_parquet(blob, errors, temporary, say)
        else:
            _annotate_csv(blob, errors, temporary, say)


def _annotate_csv(blob: Blob, errors: Iterable[DataError], path: Path, say: Say) -> None:
    from huikuan.engines.files_csv import CsvSource, read_records

    source = CsvSource(blob, Limits())
    head = source.head()
    header_row = _header_row(head)
    notes = notes_by_row(errors, header_row, say)
    encoding = source.encoding or "utf-8"
    old = _old_column(head, header_row)
    ending = "\r\n" if source.line_ending == "\r\n" else "\n"
    with path.open("w", encoding=encoding, newline="") as stream:
        writer = csv.writer(stream, delimiter=source.delimiter, lineterminator=ending)
        number = 0
        for number, record in enumerate(read_records(blob, encoding, source.delimiter), start=1):
            if old is not None and len(record) > old:
                del record[old]
            note = ERRORS_COLUMN if number == header_row else notes.get(number, "")
            writer.writerow([note, *record] if record or note else [])
        if number <= header_row and header_row + 1 in notes:
            writer.writerow([notes[header_row + 1]])


def _old_column(head: Sequence[Sequence[str]], header_row: int) -> int | None:
    headings = [cell.strip() for cell in head[header_row - 1]] if head else []
    return headings.index(ERRORS_COLUMN) if ERRORS_COLUMN in headings else None


def _annotate_xlsx(blob: Blob, errors: Iterable[DataError], path: Path, say: Say) -> None:
    import xlsxwriter

    from huikuan.engines.files_xlsx import XlsxSource

    source = XlsxSource(blob, Limits())
    head = source.head()
    header_row = _header_row(head[:HEAD_ROWS])
    notes = notes_by_row(errors, header_row, say)
    old = _old_column(head, header_row)
    settings = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(path), settings) as book:
        formats = {
            "date": book.add_format({"num_format": "yyyy-mm-dd"}),
            "time": book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
            "fault": book.add_format({"bg_color": "#FDE2E0", "font_color": "#8B1A1A"}),
        }
        for title, rows in source.all_rows():
            sheet = book.add_worksheet(title)
            mine = title == source.title
            if mine:
                sheet.set_column(0, 0, 50)
                sheet.freeze_panes(header_row, 1)
            for number, record in enumerate(rows, start=1):
                cells = record
                if mine:
                    cells = [cell for at, cell in enumerate(record) if at != old]
                    note = ERRORS_COLUMN if number == header_row else notes.get(number, "")
                    sheet.write_string(number - 1, 0, note, formats["fault"] if note else None)
                for at, cell in enumerate(cells, start=1 if mine else 0):
                    _write_value(sheet, formats, number - 1, at, cell)


def _write_value(sheet: Any, formats: dict[str, Any], row: int, at: int, value: object) -> None:
    """A cell as it was read: text stays text, even where it looks like a formula."""
    if isinstance(value, bool):
        sheet.write_boolean(row, at, value)
    elif isinstance(value, int | float):
        sheet.write_number(row, at, value)
    elif isinstance(value, datetime):
        sheet.write_datetime(row, at, value, formats["time"])
    elif isinstance(value, date):
        sheet.write_datetime(row, at, datetime(value.year, value.month, value.day), formats["date"])  # noqa: DTZ001
    elif value not in ("", None):
        sheet.write_string(row, at, str(value))


def _annotate_parquet(blob: Blob, errors: Iterable[DataError], path: Path, say: Say) -> None:
    table = pq.read_table(blob.arrow())
    notes = notes_by_row(errors, 1, say)
    column = pa.array([notes.get(row) for row in range(2, table.num_rows + 2)], pa.string())
    kept = [name for name in table.schema.names if name != ERRORS_COLUMN]
    pq.write_table(table.select(kept).add_column(0, ERRORS_COLUMN, column), path, compression="zstd")
