"""Writing many rows fast: COPY on PostgreSQL, executemany on SQLite, one multi-row INSERT for a few."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any

from django.db import connection

COPY_FROM = 200
"""From this many rows on, PostgreSQL's COPY beats INSERT."""

Row = Sequence[Any]


def insert_rows(table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Inserts rows given as tuples in the order of ``columns``; values are plain Python (dates, aware instants)."""
    if not rows:
        return
    names = ", ".join(f'"{column}"' for column in columns)
    if connection.vendor == "sqlite":
        marks = ", ".join("?" * len(columns))
        sqlite_many(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', rows)
    elif len(rows) < COPY_FROM:
        marks = "(" + ", ".join(["%s"] * len(columns)) + ")"
        with connection.cursor() as cursor:
            values = [value for row in rows for value in row]
            cursor.execute(f'INSERT INTO "{table}" ({names}) VALUES {", ".join([marks] * len(rows))}', values)
    else:
        copy_rows(table, names, rows)


def copy_rows(table: str, names: str, rows: Iterable[Row]) -> None:
    with connection.cursor() as cursor, cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as copy:
        for row in rows:
            copy.write_row(row)


def sqlite_many(sql: str, rows: Iterable[Row]) -> None:
    """``executemany`` with ``?`` marks, on SQLite, with values as Django stores them."""
    connection.ensure_connection()
    with connection.wrap_database_errors:
        connection.connection.executemany(sql, ([_sqlite_value(value) for value in row] for row in rows))


def _sqlite_value(value: Any) -> Any:
    kind = type(value)
    if kind is int or kind is str or value is None:
        return value
    if kind is datetime:
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ")
    if kind is date:
        return value.isoformat()
    return int(value) if kind is bool else value


def add_to_rows(table: str, key: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """``UPDATE table SET column = column + delta`` for many rows; each row is (key, delta, delta, ...)."""
    if not rows:
        return
    if connection.vendor == "sqlite":
        changes = ", ".join(f'"{column}" = "{column}" + ?{index + 2}' for index, column in enumerate(columns))
        sqlite_many(f'UPDATE "{table}" SET {changes} WHERE "{key}" = ?1', rows)
        return
    changes = ", ".join(f'"{column}" = t."{column}" + v.c{index}' for index, column in enumerate(columns))
    names = ", ".join(f"c{index}" for index in range(len(columns)))
    lists = ", ".join(["%s::bigint[]"] * (len(columns) + 1))
    with connection.cursor() as cursor:
        cursor.execute(
            f'UPDATE "{table}" t SET {changes} FROM unnest({lists}) v(k, {names}) WHERE t."{key}" = v.k',
            [list(column) for column in zip(*rows, strict=True)],
        )


_pools: dict[tuple[int, str, str], deque[int]] = {}
_pools_lock = threading.Lock()
_POOL = 64


def reserve_ids(table: str, count: int) -> list[int]:
    """Numbers for rows about to be inserted, so that children can name parents that come later.

    SQLite: the next ones, safe because the caller holds the write lock (immediate transaction). PostgreSQL: from the
    sequence, a block at a time; gaps are harmless, the gapless number is the seal's.
    """
    if count == 0:
        return []
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f'SELECT coalesce(max(id), 0) FROM "{table}"')
            first = int(cursor.fetchone()[0]) + 1
        return list(range(first, first + count))
    pool = _pools.setdefault((os.getpid(), str(connection.settings_dict["NAME"]), table), deque())
    with _pools_lock:
        if len(pool) < count:
            pool.extend(_next_values(table, max(_POOL, count - len(pool))))
        return [pool.popleft() for _ in range(count)]


def _next_values(table: str, count: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [table, count])
        return [int(value) for (value,) in cursor.fetchall()]
