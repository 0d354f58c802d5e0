"""Many prepared rows into the database by way of a temporary table.

Rows go in once, into a temporary table, by COPY on PostgreSQL and ``executemany`` on SQLite; from there SQL that both
databases share spreads them over the ledger's tables.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
from django.db import connection

from huikuan.store.arrow import is_sqlite

_POSTGRES_TYPES = {
    pa.int64(): "bigint",
    pa.int32(): "integer",
    pa.string(): "text",
    pa.date32(): "date",
    pa.bool_(): "boolean",
    pa.timestamp("us", tz="UTC"): "timestamptz",
}


def can_notice_writers() -> bool:
    """Whether ``writers_version`` tells that somebody else has written: SQLite does, PostgreSQL has no need of it."""
    return is_sqlite()


def writers_version() -> int:
    """Changes whenever another connection has committed something to the SQLite database."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA data_version")
        return int(cursor.fetchone()[0])


def run(sql: str, params: Sequence[Any] = ()) -> int:
    """Executes one statement (``%s`` marks) and gives the number of rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return int(cursor.rowcount)


def instant(moment: datetime) -> Any:
    """An instant as a parameter of ``run``."""
    return connection.ops.adapt_datetimefield_value(moment)


def fill_temp_table(name: str, rows: Any) -> None:
    """Makes the temporary table ``name`` hold exactly ``rows`` (an Arrow table), inside the running transaction."""
    if is_sqlite():
        _fill_sqlite(name, rows)
        return
    columns = ", ".join(f'"{field.name}" {_POSTGRES_TYPES[field.type]}' for field in rows.schema)
    names = ", ".join(f'"{column}"' for column in rows.schema.names)
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE TEMP TABLE IF NOT EXISTS "{name}" ({columns}) ON COMMIT DROP')
        cursor.execute(f'TRUNCATE "{name}"')
        with cursor.copy(f'COPY "{name}" ({names}) FROM STDIN (FORMAT csv)') as copy:
            for batch in rows.to_batches(max_chunksize=10_000):
                copy.write(_as_csv(batch))


def _as_csv(batch: Any) -> bytes:
    sink = io.BytesIO()
    # Empty texts are written in quotes and missing values as nothing at all, which is how COPY tells them apart.
    pa_csv.write_csv(batch, sink, pa_csv.WriteOptions(include_header=False))
    return sink.getvalue()


def _fill_sqlite(name: str, rows: Any) -> None:
    names = ", ".join(f'"{column}"' for column in rows.schema.names)
    marks = ", ".join("?" * rows.num_columns)
    connection.ensure_connection()
    with connection.wrap_database_errors:
        raw = connection.connection
        raw.execute(f'CREATE TEMP TABLE IF NOT EXISTS "{name}" ({names})')
        raw.execute(f'DELETE FROM temp."{name}"')
        sql = f'INSERT INTO temp."{name}" ({names}) VALUES ({marks})'
        for batch in rows.to_batches(max_chunksize=10_000):
            raw.executemany(sql, zip(*(_to_sqlite(column) for column in batch.columns), strict=True))


def _to_sqlite(column: Any) -> list[Any]:
    """A column as SQLite and Django keep it: dates and instants as text, truth as 0 and 1."""
    kind = column.type
    if pa.types.is_timestamp(kind):
        column = pc.strftime(pc.cast(column, pa.timestamp("us")), "%Y-%m-%d %H:%M:%S")
    elif pa.types.is_date(kind):
        column = pc.cast(column, pa.string())
    elif pa.types.is_boolean(kind):
        column = pc.cast(column, pa.int64())
    if column.null_count == 0 and pa.types.is_int64(column.type):
        return list(column.to_numpy().tolist())
    return list(column.to_pylist())


def drop_temp_table(name: str) -> None:
    """PostgreSQL drops it by itself when the transaction ends; SQLite keeps it as long as the connection."""
    if is_sqlite():
        run(f'DROP TABLE IF EXISTS temp."{name}"')
