"""Tables as CSV, XLSX or Parquet. A file appears whole or not at all; text cannot become a formula."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from huikuan.core.money import EXPONENTS
from huikuan.core.refusals import Refusal
from huikuan.engines.files_text import DANGEROUS

XLSX_ROWS_MAX = 1_048_576
TRUSTED_DAY = date(1900, 3, 1)
"""Spreadsheets count a 29 February 1900 that never was: days before this one are written as text."""
_NEEDS_GUARD = f"^('*[{DANGEROUS}])"
_BATCH = 50_000
_SAFE = 10**11
"""Below it an amount of at most four places has fifteen digits, all of which a spreadsheet's number keeps."""


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """A temporary name beside ``path`` that takes its place when the block ends well, and vanishes otherwise."""
    target = Path(path)
    handle, name = tempfile.mkstemp(prefix=f".{target.stem}-", suffix=target.suffix, dir=target.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def write_table(table: Any, path: str | Path, *, bom: bool = False) -> None:
    """Writes ``table`` by the extension of ``path``: ``.csv`` (UTF-8, ``bom`` for old spreadsheets), ``.xlsx`` or
    ``.parquet``. Refuses ``file.unknown_type`` and, for XLSX, ``file.too_many_rows``.

    Text that a spreadsheet would take for a formula gets an apostrophe before it, which reading takes off again.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in _WRITERS:
        known = ", ".join(sorted(_WRITERS))
        raise Refusal("file.unknown_type", "{suffix} files are not written, only {known}", suffix=suffix, known=known)
    if suffix == ".xlsx" and table.num_rows >= XLSX_ROWS_MAX:
        raise Refusal("file.too_many_rows", "{rows} rows do not fit a workbook: write CSV", rows=table.num_rows)
    with replacing(path) as temporary:
        _WRITERS[suffix](table, temporary, bom)


def guard(array: Any) -> Any:
    """Text that begins like a formula with an apostrophe before it."""
    return pc.replace_substring_regex(array, _NEEDS_GUARD, r"'\1")


def guard_text(text: str) -> str:
    """One text, guarded as ``guard`` does."""
    bare = text.lstrip("'")
    return "'" + text if bare[:1] and bare[0] in DANGEROUS.replace("\\-", "-") else text


def _is_text(kind: Any) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def places_of(table: Any, column: Any) -> Any:
    """How many decimals each amount is written with: its currency's, more where it has more."""
    column = column.cast(pa.decimal128(38, column.type.scale))
    needed = pa.repeat(pa.scalar(0, pa.int8()), len(column))
    for places in range(column.type.scale):
        more = pc.not_equal(pc.round(column, ndigits=places), column)
        needed = pc.if_else(pc.fill_null(more, False), pa.scalar(places + 1, pa.int8()), needed)
    usual = pa.scalar(2, pa.int8())
    if "currency" in table.schema.names:
        codes = pa.array(list(EXPONENTS), pa.string())
        exponents = pa.array(list(EXPONENTS.values()), pa.int8())
        found = exponents.take(pc.index_in(table["currency"].cast(pa.string()), codes))
        usual = pc.fill_null(found, usual)
    return pc.max_element_wise(needed, usual)


def amount_texts(table: Any, column: Any) -> Any:
    """An exact decimal column as plain text."""
    column = column.cast(pa.decimal128(38, column.type.scale))
    places = places_of(table, column)
    result = pa.nulls(len(column), pa.string())
    for count in pc.unique(places).to_pylist():
        mine = pc.equal(places, count)
        part = pc.if_else(mine, pc.round(column, ndigits=count), pa.scalar(None, column.type))
        text = part.cast(pa.decimal128(38, min(count, column.type.scale))).cast(pa.string())
        result = pc.coalesce(result, text)
    return result


def _instant_texts(column: Any) -> Any:
    text = pc.strftime(column.cast(pa.timestamp("us", tz="UTC")), format="%Y-%m-%dT%H:%M:%SZ")
    return pc.replace_substring_regex(text, r"\.0+Z$", "Z")


def _texts(table: Any, column: Any) -> Any:
    """A column as the text CSV holds, not yet quoted."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if _is_text(kind):
        return guard(column.cast(pa.string()))
    if pa.types.is_decimal(kind):
        return amount_texts(table, column)
    if pa.types.is_timestamp(kind) and kind.tz:
        return _instant_texts(column)
    return column.cast(pa.string())


def _quoted(text: Any) -> Any:
    """Texts with a delimiter, quote or line break in quotes; null as nothing."""
    needs = pc.match_substring_regex(text, '[,"\r\n]')
    if pc.any(needs).as_py():
        inner = pc.replace_substring(text, '"', '""')
        text = pc.if_else(needs, pc.binary_join_element_wise('"', inner, '"', ""), text)
    return pc.fill_null(text, "")


def _write_csv(table: Any, path: Path, bom: bool) -> None:
    header = pa.array([guard_text(name) for name in table.schema.names], pa.string())
    with path.open("wb") as stream:
        stream.write(b"\xef\xbb\xbf" if bom else b"")
        stream.write((",".join(_quoted(header).to_pylist()) + "\n").encode())
        for start in range(0, table.num_rows, _BATCH):
            part = table.slice(start, _BATCH)
            columns = [_quoted(_texts(part, column.combine_chunks())) for column in part.columns]
            lines = pc.binary_join_element_wise(*columns, ",")
            lines = lines.combine_chunks() if isinstance(lines, pa.ChunkedArray) else lines
            stream.write(pc.binary_join(pa.ListArray.from_arrays([0, len(lines)], lines), "\n")[0].as_buffer())
            stream.write(b"\n")


def _write_parquet(table: Any, path: Path, bom: bool) -> None:
    pq.write_table(table, path, compression="zstd")


def _write_xlsx(table: Any, path: Path, bom: bool) -> None:
    import xlsxwriter

    settings = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(path), settings) as book:
        sheet = book.add_worksheet("data")
        sheet.freeze_panes(1, 0)
        bold = book.add_format({"bold": True, "bottom": 1})
        formats = {"date": book.add_format({"num_format": "yyyy-mm-dd"})}
        for places in range(5):
            pattern = "#,##0" + ("." + "0" * places if places else "")
            formats[str(places)] = book.add_format({"num_format": pattern})
        kinds = [column.type for column in table.columns]
        for at, name in enumerate(table.schema.names):
            width = 16 if pa.types.is_decimal(kinds[at]) else max(12, min(len(name) + 4, 30))
            sheet.set_column(at, at, width)
            sheet.write_string(0, at, guard_text(name), bold)
        row = 1
        for start in range(0, table.num_rows, _BATCH):
            row = _write_rows(sheet, formats, table.slice(start, _BATCH), row)


def _write_rows(sheet: Any, formats: dict[str, Any], table: Any, row: int) -> int:
    columns = [column.to_pylist() for column in table.columns]
    places = [
        places_of(table, column).to_pylist() if pa.types.is_decimal(column.type) else None for column in table.columns
    ]
    for line in range(table.num_rows):
        for at, values in enumerate(columns):
            if (value := values[line]) is not None:
                wanted = places[at]
                write_cell(sheet, formats, row, at, value, wanted[line] if wanted else None)
        row += 1
    return row


def write_cell(
    sheet: Any, formats: dict[str, Any], row: int, at: int, value: object, places: int | None = None
) -> None:
    """One value as the cell a spreadsheet user expects; a number it could not hold exactly becomes text."""
    if value is None or value == "":
        return
    if isinstance(value, bool):
        sheet.write_boolean(row, at, value)
    elif isinstance(value, Decimal) and -_SAFE < value < _SAFE and places is not None:
        sheet.write_number(row, at, float(value), formats[str(min(places, 4))])
    elif isinstance(value, int | float | Decimal):
        exact = Decimal(str(value))
        if len(exact.normalize().as_tuple().digits) > 15 or not exact.is_finite():
            sheet.write_string(row, at, str(value))
        else:
            sheet.write_number(row, at, float(value), formats.get(str(min(places, 4))) if places is not None else None)
    elif isinstance(value, datetime):
        moment = value.astimezone(UTC) if value.tzinfo else value
        sheet.write_string(row, at, moment.isoformat().replace("+00:00", "Z"))
    elif isinstance(value, date) and value < TRUSTED_DAY:
        sheet.write_string(row, at, value.isoformat())
    elif isinstance(value, date):
        sheet.write_datetime(row, at, datetime(value.year, value.month, value.day), formats["date"])  # noqa: DTZ001
    else:
        sheet.write_string(row, at, guard_text(str(value)))


_WRITERS = {".csv": _write_csv, ".xlsx": _write_xlsx, ".parquet": _write_parquet}
