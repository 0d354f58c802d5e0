"""Reading many rows from the database into Arrow: COPY on PostgreSQL, a cursor on SQLite, the same types from both."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
from django.db import connection

INSTANT = pa.timestamp("us", tz="UTC")
FETCH_ROWS = 20_000
_CSV_BLOCK = 8 << 20


def is_sqlite() -> bool:
    return bool(connection.vendor == "sqlite")


def text_of(column: str, kind: Any) -> str:
    """The SQL for reading a column without SQLite's slow converters of dates and instants (some 5 µs a value)."""
    return (
        f"CAST({column} AS TEXT)" if is_sqlite() and (pa.types.is_date(kind) or pa.types.is_timestamp(kind)) else column
    )


def fetch_arrow(sql: str, schema: pa.Schema) -> pa.Table:
    """As ``read_arrow``, all at once. ``sql`` takes no parameters: put in integers and names of our own only."""
    return pa.Table.from_batches(read_arrow(sql, (), schema), schema)


def read_arrow(sql: str, params: Sequence[Any], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Streams the rows of a SELECT whose columns are those of ``schema``, in its order, as record batches.

    Select dates and instants through ``text_of``. Strings, whole numbers, dates, booleans and instants only.
    """
    yield from _read_sqlite(sql, params, schema) if is_sqlite() else _read_postgres(sql, params, schema)


def _read_sqlite(sql: str, params: Sequence[Any], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params or None)
        while rows := cursor.fetchmany(FETCH_ROWS):
            columns = list(zip(*rows, strict=True))
            arrays = [_from_sqlite(values, field.type) for values, field in zip(columns, schema, strict=True)]
            yield pa.record_batch(arrays, schema=schema)


def _from_sqlite(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    if pa.types.is_date(kind):
        return pc.cast(pa.array(values, pa.string()), kind)
    if pa.types.is_timestamp(kind):
        return pc.assume_timezone(pc.cast(pa.array(values, pa.string()), pa.timestamp("us")), "UTC")
    if pa.types.is_boolean(kind):
        return pa.array([None if value is None else bool(value) for value in values], kind)
    return pa.array(values, kind)


def _read_postgres(sql: str, params: Sequence[Any], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    # COPY as CSV reads a million rows about five times as fast as fetchmany.
    convert = pa_csv.ConvertOptions(
        column_types=schema,
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
        true_values=["t"],
        false_values=["f"],
    )
    read = pa_csv.ReadOptions(column_names=schema.names, block_size=_CSV_BLOCK)
    parse = pa_csv.ParseOptions(newlines_in_values=True)
    # Django's cursor that counts statements takes no parameters here.
    asked = (f"COPY ({sql}) TO STDOUT (FORMAT csv)", *([params] if params else []))
    with connection.cursor() as cursor, cursor.copy(*asked) as copy:
        block, lines = io.BytesIO(), 0
        for part in copy:
            block.write(part)
            lines += 1
            if lines == FETCH_ROWS:
                yield from _parse_csv(block, read, parse, convert)
                block, lines = io.BytesIO(), 0
        if lines:
            yield from _parse_csv(block, read, parse, convert)


def _parse_csv(block: io.BytesIO, read: Any, parse: Any, convert: Any) -> Iterator[pa.RecordBatch]:
    yield from pa_csv.read_csv(pa.BufferReader(block.getbuffer()), read, parse, convert).to_batches()
