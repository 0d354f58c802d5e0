"""Staging: the file is read, chunk by chunk, into typed Parquet with the number of each row; faults are kept beside."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from huikuan.core.refusals import BadData, DataError, DataWarning
from huikuan.engines.files import ColumnGuess, TableReader, open_table, preview_columns
from huikuan.engines.schemas import arrow_schema, fields_of
from huikuan.services.imports_types import ImportOptions, Progress

ROWS, REFUSED, FAULTS = "rows.parquet", "refused.parquet", "faults.parquet"
FAULTY_KEYS = "faulty_keys.parquet"
"""Applications with a row that could not be read: (entity, key)."""
FAULTS_KEPT = 100_000
SAMPLE_ROWS = 20

_FAULT_SCHEMA = pa.schema(
    [
        ("row", pa.int64()),
        ("column", pa.string()),
        ("reason", pa.string()),
        ("code", pa.string()),
        ("value", pa.string()),
        ("is_warning", pa.bool_()),
    ]
)


@dataclass(slots=True)
class Staged:
    """What a file turned out to hold. ``columns``: field → heading; ``rows_good`` are in ``rows.parquet``."""

    profile: str | None = None
    columns: dict[str, str] = field(default_factory=dict)
    mapping: list[ColumnGuess] = field(default_factory=list)
    rows_total: int = 0
    rows_good: int = 0
    errors: list[DataError] = field(default_factory=list)
    errors_total: int = 0
    warnings: list[DataError] = field(default_factory=list)
    warnings_total: int = 0
    sample_columns: list[str] = field(default_factory=list)
    sample: list[list[str | None]] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        return self.errors_total == 0


def stage_file(path: Path, file_name: str, options: ImportOptions, progress: Progress | None = None) -> Staged:
    """Reads the file into its folder. Never raises for what is in the file: faults are in the answer."""
    staged = Staged()
    folder = path.parent
    try:
        reader = _open(path, file_name, options)
        staged.profile = reader.layout.profile_name
        staged.columns = dict(reader.layout.headings)
        staged.mapping = _used(reader)
        _read_rows(reader, folder, staged, progress)
    except BadData as refusal:
        staged.errors = list(refusal.errors)
        staged.errors_total = refusal.total
        _write_empty(folder, options.kind)
        if not staged.mapping:
            staged.mapping = _guessed(path, file_name, options.kind)
    write_faults(folder, [*staged.errors, *staged.warnings])
    return staged


def _open(path: Path, file_name: str, options: ImportOptions) -> TableReader:
    return open_table(
        path,
        options.kind,
        name=file_name,
        profile=options.read_profile(),
        mapping=options.mapping,
        currency=options.currency,
        snapshot_date=options.snapshot_date,
        unique_per_entity=True,
        keep=FAULTS_KEPT,
    )


def _used(reader: TableReader) -> list[ColumnGuess]:
    """Each column of the file with what it is read as, and why."""
    by_column = {position: name for name, position in reader.layout.columns.items()}
    why = {warning.column: warning.reason for warning in reader.layout.warnings if warning.code == "column.guessed"}
    named = f"profile {reader.layout.profile_name}" if reader.layout.profile_name else "named so"
    return [
        ColumnGuess(
            heading,
            by_column.get(position),
            1.0 if position in by_column else 0.0,
            (why.get(heading) or named) if position in by_column else "not used",
        )
        for position, heading in enumerate(reader.layout.header)
    ]


def _guessed(path: Path, file_name: str, kind: str) -> list[ColumnGuess]:
    try:
        return preview_columns(path, kind, name=file_name).guesses
    except BadData:
        return []


def _staged_schema(kind: str) -> Any:
    return arrow_schema(kind).insert(0, pa.field("row", pa.int64()))


def _read_rows(reader: TableReader, folder: Path, staged: Staged, progress: Progress | None) -> None:
    refused: list[Any] = []
    faulty: list[Any] = []
    writer = pq.ParquetWriter(folder / ROWS, _staged_schema(reader.kind), compression="lz4")
    with writer:
        for chunk in reader.chunks():
            staged.rows_total += chunk.table.num_rows
            if chunk.refused_rows is not None and len(chunk.refused_rows):
                refused.append(pa.array(chunk.refused_rows, pa.int64()))
            good = chunk.table.append_column("row", chunk.rows).filter(chunk.good).select(writer.schema.names)
            if reader.kind == "applications" and good.num_rows < chunk.table.num_rows:
                faulty.append(chunk.table.filter(pc.invert(chunk.good)).select(["entity", "application_id"]))
            if good.num_rows:
                writer.write_table(good)
                staged.rows_good += good.num_rows
                _take_sample(staged, good)
            if progress:
                progress("read", staged.rows_total, reader.rows_total)
    if faulty:
        pq.write_table(pa.concat_tables(faulty).rename_columns(["entity", "key"]), folder / FAULTY_KEYS)
    rows = pa.concat_arrays(refused) if refused else pa.array([], pa.int64())
    pq.write_table(pa.table({"row": rows}), folder / REFUSED)
    if len(rows):
        seen = pq.read_table(folder / ROWS, columns=["row"]).column("row")
        staged.rows_good -= pc.sum(pc.is_in(seen, value_set=rows)).as_py() or 0
    staged.errors, staged.errors_total = list(reader.errors.errors), reader.errors.total
    staged.warnings, staged.warnings_total = list(reader.warnings.errors), reader.warnings.total


def _take_sample(staged: Staged, good: Any) -> None:
    room = SAMPLE_ROWS - len(staged.sample)
    if room <= 0:
        return
    if not staged.sample_columns:
        staged.sample_columns = fields_of_file(staged, good.schema.names)
    for row in good.slice(0, room).select(staged.sample_columns).to_pylist():
        staged.sample.append([None if value is None else _shown(value) for value in row.values()])


def fields_of_file(staged: Staged, names: Iterable[str]) -> list[str]:
    """The fields the file itself has, in the schema's order."""
    return [name for name in names if name in staged.columns]


def _shown(value: Any) -> str:
    text = str(value)
    return text.rstrip("0").rstrip(".") if "." in text and text.replace(".", "").lstrip("-").isdigit() else text


def _write_empty(folder: Path, kind: str) -> None:
    kind = kind if kind in {"items", "customers", "receipts", "applications"} else "items"
    fields_of(kind)
    pq.write_table(_staged_schema(kind).empty_table(), folder / ROWS)
    pq.write_table(pa.table({"row": pa.array([], pa.int64())}), folder / REFUSED)


def write_faults(folder: Path, faults: Iterable[DataError]) -> None:
    """Keeps every fault found, for the marked file."""
    rows = [
        {
            "row": fault.row,
            "column": fault.column,
            "reason": fault.reason,
            "code": fault.code,
            "value": fault.value,
            "is_warning": isinstance(fault, DataWarning),
        }
        for fault in faults
    ]
    pq.write_table(pa.Table.from_pylist(rows, schema=_FAULT_SCHEMA), folder / FAULTS)


def read_faults(folder: Path, file_name: str) -> tuple[list[DataError], list[DataError]]:
    """The errors and the warnings kept for a staged file."""
    errors: list[DataError] = []
    warnings: list[DataError] = []
    if (folder / FAULTS).exists():
        for row in pq.read_table(folder / FAULTS).to_pylist():
            make, into = (DataWarning, warnings) if row["is_warning"] else (DataError, errors)
            into.append(make(file_name, row["row"], row["column"], row["reason"], row["code"], row["value"]))
    return errors, warnings
