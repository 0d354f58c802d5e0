"""Files in and out: CSV, XLSX and Parquet as checked Arrow tables, and tables as files.

Kinds are ``items``, ``customers``, ``applications`` and ``receipts`` (see ``schemas``). Every fault of a file is found
before anything is refused: ``BadData`` carries them all, each with file, row, column and reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from huikuan.core.refusals import DataError
from huikuan.engines.files_customers import derive_customers
from huikuan.engines.files_guess import ColumnGuess, guess_mapping
from huikuan.engines.files_parquet import ArrowSource, to_arrow
from huikuan.engines.files_read import Chunk, TableReader, by_place
from huikuan.engines.files_source import ERRORS_COLUMN, Blob, Limits, Source, check_size, refused
from huikuan.engines.files_survey import CHUNK_ROWS
from huikuan.engines.profiles import Profile, named_profile
from huikuan.engines.schemas import arrow_schema

__all__ = [
    "ERRORS_COLUMN",
    "Chunk",
    "ColumnGuess",
    "FilePreview",
    "Limits",
    "Profile",
    "ReadResult",
    "TableReader",
    "derive_customers",
    "guess_mapping",
    "iter_chunks",
    "normalise",
    "open_source",
    "open_table",
    "preview_columns",
    "read_table",
    "to_arrow",
    "write_annotated",
    "write_table",
]

_KEEP = 10_000


@dataclass(frozen=True, slots=True)
class ReadResult:
    """A file that was read. ``mapping``: field → heading in the file; ``profile`` the one used, if any;
    ``encoding`` of a CSV file; ``warnings_total`` counts warnings beyond the kept ones too."""

    table: Any
    warnings: list[DataError]
    profile: str | None
    mapping: dict[str, str]
    rows: int
    encoding: str | None = None
    warnings_total: int = 0


@dataclass(frozen=True, slots=True)
class FilePreview:
    """The top of a file before it is read: its headings, what they are guessed to be, and its first rows as text."""

    header: list[str]
    header_row: int
    guesses: list[ColumnGuess]
    rows: list[list[str]]
    profile: str | None
    encoding: str | None


def open_source(
    path: str | Path | bytes, *, name: str | None = None, limits: Limits | None = None, sheet: str | None = None
) -> Source:
    """Opens a file by its extension (bytes without a name: by their first bytes). Refuses (``BadData``) what is too
    large, empty, damaged, or not what its extension says."""
    blob, bounds = Blob.of(path, name), limits or Limits()
    check_size(blob, max(bounds.csv, bounds.parquet, bounds.xlsx))
    suffix = blob.suffix or _suffix_by_content(blob)
    if suffix in {".csv", ".txt", ".tsv"}:
        from huikuan.engines.files_csv import CsvSource

        return CsvSource(blob, bounds)
    if suffix in {".xlsx", ".xlsm"}:
        from huikuan.engines.files_xlsx import XlsxSource

        return XlsxSource(blob, bounds, sheet)
    if suffix in {".parquet", ".pq"}:
        from huikuan.engines.files_parquet import ParquetSource

        return ParquetSource(blob, bounds)
    hint = ": save it as .xlsx" if suffix in {".xls", ".xlsb", ".ods", ".et"} else ""
    raise refused(blob.name, "file.unknown_type", f"{suffix} files are not read, only CSV, XLSX and Parquet{hint}")


def _suffix_by_content(blob: Blob) -> str:
    with blob.open() as stream:
        start = stream.read(4)
    return {b"PK\x03\x04": ".xlsx", b"PAR1": ".parquet"}.get(start, ".csv")


def open_table(
    path: str | Path | bytes,
    kind: str,
    *,
    profile: str | Profile | None = None,
    mapping: Mapping[str, str] | None = None,
    currency: str | None = None,
    snapshot_date: date | None = None,
    name: str | None = None,
    limits: Limits | None = None,
    unique_per_entity: bool = False,
    keep: int = _KEEP,
) -> TableReader:
    """A file ready to be streamed by ``.chunks(chunk_rows)``; faults of its layout are raised here (``BadData``).

    ``mapping``: field → heading, laid over the profile's. ``currency``: for rows that name none. ``snapshot_date``:
    the day open amounts hold for; items posted later are reported. ``unique_per_entity``: the same number may occur
    once in each entity. ``keep``: errors and warnings kept in full, the rest is counted.
    """
    chosen = named_profile(profile) if isinstance(profile, str) else profile
    return TableReader(
        open_source(path, name=name, limits=limits, sheet=chosen.sheet if chosen else None),
        kind,
        profile=chosen,
        mapping=mapping,
        currency=currency,
        snapshot_date=snapshot_date,
        unique_per_entity=unique_per_entity,
        keep=keep,
    )


def iter_chunks(
    path: str | Path | bytes, kind: str, *, chunk_rows: int = CHUNK_ROWS, **options: Any
) -> Iterator[Chunk]:
    """Streams a file of any length in bounded memory; ``options`` as for ``open_table``. Row faults do not raise:
    they come with their chunk, duplicate keys with the last one."""
    return open_table(path, kind, **options).chunks(chunk_rows)


def read_table(
    path: str | Path | bytes,
    kind: str,
    *,
    profile: str | Profile | None = None,
    currency: str | None = None,
    snapshot_date: date | None = None,
    name: str | None = None,
    progress: Callable[[int, int | None], None] | None = None,
    **options: Any,
) -> ReadResult:
    """Reads a whole file. Raises ``BadData`` with all its faults. ``progress(rows, rows_total)`` is called per chunk;
    further ``options`` as for ``open_table``."""
    reader = open_table(
        path, kind, profile=profile, currency=currency, snapshot_date=snapshot_date, name=name, **options
    )
    return _collect(reader, progress)


def normalise(
    table: Any,
    kind: str,
    *,
    profile: str | Profile | None = None,
    currency: str | None = None,
    snapshot_date: date | None = None,
    name: str | None = None,
    **options: Any,
) -> ReadResult:
    """Checks and completes a table given by a program (Arrow, Polars, pandas) as ``read_table`` does a file. Row
    numbers in errors count the headings as row 1."""
    source = ArrowSource(to_arrow(table), name or kind)
    return _collect(
        TableReader(source, kind, profile=profile, currency=currency, snapshot_date=snapshot_date, **options)
    )


def _collect(reader: TableReader, progress: Callable[[int, int | None], None] | None = None) -> ReadResult:
    tables, done = [], 0
    for chunk in reader.chunks():
        done += chunk.table.num_rows
        if not reader.errors.total:
            tables.append(chunk.table)
        if progress:
            progress(done, reader.rows_total)
    reader.errors.errors.sort(key=by_place)
    reader.errors.raise_if_any()
    table = pa.concat_tables(tables) if tables else arrow_schema(reader.kind).empty_table()
    warnings = reader.warnings
    return ReadResult(
        table,
        list(warnings.errors),
        reader.layout.profile_name,
        reader.layout.headings,
        table.num_rows,
        reader.source.encoding,
        warnings.total,
    )


def preview_columns(
    path: str | Path | bytes, kind: str, *, name: str | None = None, limits: Limits | None = None, rows: int = 20
) -> FilePreview:
    """The headings of a file with a guess for each and its first rows, without judging the rows."""
    from huikuan.engines.files_mapping import find_header
    from huikuan.engines.profiles import detect_profile

    source = open_source(path, name=name, limits=limits)
    head = source.head()
    header_row = find_header(head, kind, None)
    header = [cell.strip() for cell in head[header_row - 1]] if head else []
    while header and not header[-1]:
        header.pop()
    below = head[header_row:]
    profile = detect_profile(header, kind)
    guesses = guess_mapping(header, below[:100], kind)
    return FilePreview(header, header_row, guesses, below[:rows], profile.name if profile else None, source.encoding)


def write_table(table: Any, path: str | Path, *, bom: bool = False) -> None:
    """Writes CSV, XLSX or Parquet by the extension of ``path``; see ``files_write``."""
    from huikuan.engines import files_write

    files_write.write_table(to_arrow(table), path, bom=bom)


def write_annotated(
    source: str | Path | bytes,
    errors: Iterable[DataError],
    path: str | Path,
    *,
    name: str | None = None,
    say: Callable[[DataError], str] | None = None,
) -> None:
    """Writes the file again with a first column naming each row's faults; see ``files_annotate``. ``say`` puts one
    fault into words (its language, say); by default its ``reason`` is used."""
    from huikuan.engines import files_annotate

    files_annotate.write_annotated(Blob.of(source, name), errors, path, say)
