"""Every table as text lines, the same from both databases: PostgreSQL's own text format (a tab between columns, ``\\N``
for null, backslash escapes), with booleans ``t`` and ``f``, instants in UTC and bytes in hex. So what was copied from
one database can be read into the other."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import connection, models

LEFT_OUT = frozenset(
    {"store_segment", "django_session", "usersessions_usersession", "django_tasks_database_dbtaskresult"}
)
"""Tables a copy does without: the mirror is written again, people sign in again, tasks are handed over again."""
_LAST = ("store_journalentry",)
"""An entry is refused before its postings are there."""
_LINES = 5_000

_KINDS: tuple[tuple[type[models.Field[Any, Any]], str], ...] = (
    (models.BooleanField, "bool"),
    (models.IntegerField, "int"),
    (models.DateTimeField, "instant"),
    (models.DateField, "day"),
    (models.JSONField, "json"),
    (models.BinaryField, "bytes"),
    (models.UUIDField, "uuid"),
    (models.GenericIPAddressField, "text"),
    (models.CharField, "text"),
    (models.TextField, "text"),
)


@dataclass(frozen=True, slots=True)
class Table:
    """``columns``: name and kind."""

    name: str
    columns: tuple[tuple[str, str], ...]
    key: str = ""

    @property
    def names(self) -> str:
        return ", ".join(f'"{name}"' for name, _ in self.columns)


def tables_here() -> list[Table]:
    """Every table of this version's models that a copy holds, in the order in which it can be read in again."""
    found = {}
    for model in apps.get_models(include_auto_created=True):
        if model._meta.managed and not model._meta.proxy and model._meta.db_table not in LEFT_OUT:
            columns = tuple((str(field.column), kind_of(field)) for field in model._meta.concrete_fields)
            key = ", ".join(f'"{field.column}"' for field in model._meta.pk_fields)
            found[model._meta.db_table] = Table(model._meta.db_table, columns, key)
    return sorted(found.values(), key=lambda table: (table.name in _LAST, table.name))


def kind_of(field: Any) -> str:
    """How a column is written."""
    while field.is_relation:
        field = field.target_field
    if isinstance(field, models.DecimalField):
        return f"decimal{field.decimal_places}"
    for cls, kind in _KINDS:
        if isinstance(field, cls):
            return kind
    raise TypeError(f"{field} has a type that no copy knows")


# -- out -------------------------------------------------------------------------------------------------------------
def read_lines(table: Table) -> Iterator[bytes]:
    """All rows of a table in blocks of whole lines, in the order of its key; inside the caller's snapshot."""
    select = f'SELECT {table.names} FROM "{table.name}" ORDER BY {table.key}'
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL TimeZone = 'UTC'")
            cursor.execute("SET LOCAL DateStyle = 'ISO'")
            with cursor.copy(f"COPY ({select}) TO STDOUT") as copy:
                for block in copy:
                    yield bytes(block)
        return
    writers = [_writer(kind) for _, kind in table.columns]
    with connection.cursor() as cursor:
        cursor.execute(select)
        while rows := cursor.fetchmany(_LINES):
            lines = (
                "\t".join("\\N" if value is None else write(value) for write, value in zip(writers, row, strict=True))
                for row in rows
            )
            yield ("\n".join(lines) + "\n").encode()


_SPECIAL = re.compile(r"[\\\t\n\r]")
_ESCAPES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}


def _escape(value: Any) -> str:
    text = str(value)
    return _SPECIAL.sub(lambda found: _ESCAPES[found.group()], text) if _SPECIAL.search(text) else text


def _instant(value: Any) -> str:
    text = value.isoformat(" ") if isinstance(value, datetime) else str(value)
    return (text.rstrip("0") if "." in text else text) + "+00"


def _writer(kind: str) -> Callable[[Any], str]:
    if kind.startswith("decimal"):
        step = Decimal(1).scaleb(-int(kind.removeprefix("decimal")))
        return lambda value: format(Decimal(str(value)).quantize(step), "f")
    writers: dict[str, Callable[[Any], str]] = {
        "bool": lambda value: "t" if value else "f",
        "int": str,
        "instant": _instant,
        "day": lambda value: value.isoformat() if isinstance(value, date) else str(value),
        "bytes": lambda value: "\\\\x" + bytes(value).hex(),
        "uuid": lambda value: str(UUID(str(value))),
    }
    return writers.get(kind, _escape)


# -- in --------------------------------------------------------------------------------------------------------------
def write_lines(table: Table, blocks: Iterable[bytes]) -> int:
    """Reads rows in again, inside the caller's transaction; gives how many."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL TimeZone = 'UTC'")
            with cursor.copy(f'COPY "{table.name}" ({table.names}) FROM STDIN') as copy:
                for block in blocks:
                    copy.write(block)
            return int(cursor.rowcount)
    readers = [_reader(kind) for _, kind in table.columns]
    marks = ", ".join("?" * len(readers))
    count = 0

    def rows() -> Iterator[list[Any]]:
        nonlocal count
        for line in _lines(blocks):
            count += 1
            yield [
                None if cell == b"\\N" else read(cell) for read, cell in zip(readers, line.split(b"\t"), strict=True)
            ]

    connection.ensure_connection()
    with connection.wrap_database_errors:
        connection.connection.executemany(f'INSERT INTO "{table.name}" ({table.names}) VALUES ({marks})', rows())
    return count


def _lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for block in blocks:
        *whole, rest = (rest + block).split(b"\n")
        yield from whole
    if rest:
        yield rest


_ESCAPED = re.compile(r"\\(.)")
_PLAIN = {"t": "\t", "n": "\n", "r": "\r", "b": "\b", "f": "\f", "v": "\v"}


def _text(cell: bytes) -> str:
    text = cell.decode()
    return _ESCAPED.sub(lambda found: _PLAIN.get(found.group(1), found.group(1)), text) if "\\" in text else text


def _stored_instant(cell: bytes) -> str:
    """As Django stores it on SQLite, where instants are compared as text: six decimals or none."""
    text, _, fraction = cell.decode().removesuffix("+00").partition(".")
    return f"{text}.{fraction:0<6}" if fraction else text


def _reader(kind: str) -> Callable[[bytes], Any]:
    readers: dict[str, Callable[[bytes], Any]] = {
        "bool": lambda cell: int(cell == b"t"),
        "int": int,
        "instant": _stored_instant,
        "bytes": lambda cell: bytes.fromhex(_text(cell).removeprefix("\\x")),
        "uuid": lambda cell: UUID(cell.decode()).hex,
    }
    return readers.get(kind, _text)


# -- around it -------------------------------------------------------------------------------------------------------
def empty_what_may_be(tables: Iterable[Table], append_only: Iterable[str]) -> None:
    """Removes what migrations put into tables that are about to be read in. Append-only ones must be empty already."""
    kept = set(append_only)
    with connection.cursor() as cursor:
        for table in tables:
            if table.name not in kept:
                cursor.execute(f'DELETE FROM "{table.name}"')


def set_sequences(tables: Iterable[Table]) -> None:
    """The next number of each table comes after the last one. SQLite sees to that itself."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        for table in tables:
            if dict(table.columns).get("id") != "int":
                continue
            cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [table.name])
            sequence = cursor.fetchone()[0]
            if sequence is not None:
                cursor.execute(
                    f'SELECT setval(%s, coalesce(max(id), 1), max(id) IS NOT NULL) FROM "{table.name}"', [sequence]
                )
