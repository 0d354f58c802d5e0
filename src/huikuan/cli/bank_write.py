"""Lines as a file, one by one: CSV, Parquet or a workbook, in bounded memory."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from huikuan.bank.columns import COLUMNS, arrow_schema, text_of, values_of
from huikuan.core.refusals import Refusal

if TYPE_CHECKING:
    from huikuan.bank.collecting import Found

_BATCH = 20_000
_WORKBOOK_ROWS_MAX = 1_048_575
Write = Callable[["Found"], None]


@contextmanager
def line_writer(path: Path | None) -> Iterator[Write]:
    """Writes lines to ``path`` by its extension; nowhere without one. Refuses ``file.too_many_rows``."""
    if path is None:
        yield lambda found: None
    elif path.suffix.lower() == ".csv":
        with _csv_writer(path) as write:
            yield write
    elif path.suffix.lower() == ".parquet":
        with _parquet_writer(path) as write:
            yield write
    else:
        with _xlsx_writer(path) as write:
            yield write


@contextmanager
def _csv_writer(path: Path) -> Iterator[Write]:
    from huikuan.engines.files_write import guard_text

    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS)

        def write(found: Found) -> None:
            values = values_of(found).items()
            writer.writerow(
                [guard_text(value) if isinstance(value, str) and value else text_of(value) for _, value in values]
            )

        yield write


@contextmanager
def _parquet_writer(path: Path) -> Iterator[Write]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = arrow_schema()
    held: list[dict[str, Any]] = []
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:

        def flush() -> None:
            writer.write_table(pa.Table.from_pylist(held, schema=schema))
            held.clear()

        def write(found: Found) -> None:
            held.append(values_of(found))
            if len(held) >= _BATCH:
                flush()

        yield write
        flush()


@contextmanager
def _xlsx_writer(path: Path) -> Iterator[Write]:
    import xlsxwriter

    from huikuan.engines.files_write import guard_text

    book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "strings_to_formulas": False})
    sheet = book.add_worksheet("lines")
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    sheet.write_row(0, 0, COLUMNS)
    sheet.freeze_panes(1, 0)
    rows = 0

    def write(found: Found) -> None:
        nonlocal rows
        rows += 1
        if rows > _WORKBOOK_ROWS_MAX:
            raise Refusal("file.too_many_rows", "{rows} rows do not fit a workbook: write CSV", rows=rows)
        for at, value in enumerate(values_of(found).values()):
            if isinstance(value, date):
                sheet.write_datetime(rows, at, value, day)
            elif isinstance(value, bool):
                sheet.write_boolean(rows, at, value)
            elif isinstance(value, int):
                sheet.write_number(rows, at, value)
            elif isinstance(value, Decimal):
                if len(value.as_tuple().digits) <= 15:
                    sheet.write_number(rows, at, value)
                else:
                    sheet.write_string(rows, at, f"{value:f}")
            elif value:
                sheet.write_string(rows, at, guard_text(str(value)))

    try:
        yield write
    finally:
        book.close()
