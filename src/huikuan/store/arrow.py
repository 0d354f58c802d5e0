"""Reading many rows from the database into Arrow: COPY on PostgreSQL, a cursor on SQLite, the same types from both."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
from django.db import connection

INSTANT = pa.timestamp("us", tz="UTC")
_FETCH = 50_000


def fetch_arrow(sql: str, schema: pa.Schema) -> pa.Table:
    """Runs a SELECT whose columns are those of ``schema``, in its order. ``sql`` takes no parameters: put in integers
    and names of our own only."""
    if connection.vendor == "sqlite":
        batches = list(_sqlite_batches(sql, schema))
        return pa.Table.from_batches(batches, schema)
    return _copy_arrow(sql, schema)


def _copy_arrow(sql: str, schema: pa.Schema) -> pa.Table:
    buffer = io.BytesIO()
    with connection.cursor() as cursor, cursor.copy(f"COPY ({sql}) TO STDOUT (FORMAT csv)") as copy:
        for block in copy:
            buffer.write(block)
    if not buffer.tell():
        return schema.empty_table()
    buffer.seek(0)
    # Instants and booleans come as PostgreSQL writes them; read as text and converted below.
    types = {field.name: _csv_type(field.type) for field in schema}
    table = pa_csv.read_csv(
        buffer,
        read_options=pa_csv.ReadOptions(column_names=schema.names, block_size=8 << 20),
        parse_options=pa_csv.ParseOptions(newlines_in_values=True),
        convert_options=pa_csv.ConvertOptions(
            column_types=types,
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            true_values=["t"],
            false_values=["f"],
        ),
    )
    columns = [_from_csv(table.column(field.name), field.type) for field in schema]
    return pa.table(columns, schema=schema)


def _csv_type(kind: pa.DataType) -> pa.DataType:
    return pa.string() if kind == INSTANT else kind


def _from_csv(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    if kind != INSTANT:
        return column.cast(kind)
    # "2026-01-05 08:00:00.123456+00": the session's zone is UTC, as Django sets it.
    return pc.cast(pc.replace_substring(column, "+00", "Z"), INSTANT)


def _sqlite_batches(sql: str, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    connection.ensure_connection()
    cursor = connection.connection.cursor()
    try:
        with connection.wrap_database_errors:
            cursor.execute(sql)
            while rows := cursor.fetchmany(_FETCH):
                columns = list(zip(*rows, strict=True))
                arrays = [_from_sqlite(values, field.type) for values, field in zip(columns, schema, strict=True)]
                yield pa.record_batch(arrays, schema=schema)
    finally:
        cursor.close()


def _from_sqlite(values: tuple[Any, ...], kind: pa.DataType) -> pa.Array:
    if kind == INSTANT:
        return pc.assume_timezone(
            pc.cast(pa.array([_text(value) for value in values], pa.string()), pa.timestamp("us")), "UTC"
        )
    if pa.types.is_date(kind):
        return pc.cast(pa.array([_text(value) for value in values], pa.string()), kind)
    if pa.types.is_boolean(kind):
        return pa.array([None if value is None else bool(value) for value in values], kind)
    return pa.array(values, kind)


def _text(value: Any) -> str | None:
    """Dates come back as text, or as date objects where a converter of Django's is at work."""
    if value is None:
        return None
    return (
        value if isinstance(value, str) else str(value.isoformat(" ") if hasattr(value, "hour") else value.isoformat())
    )
