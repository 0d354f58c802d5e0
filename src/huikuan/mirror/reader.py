"""Reading the ledger as known at a moment: Parquet segments plus what is not in them yet, in one database snapshot.

What is known is cut by sealed sequence number, never by a time stamp, so an answer once given stays. Everything a
snapshot holds is immutable; it is kept per process and handed out again until the ledger moves on.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa
from django.db import connection, transaction

from huikuan.mirror.growing import grown
from huikuan.mirror.pending import unsealed_condition
from huikuan.mirror.segments import live_segments, mirror_folder
from huikuan.mirror.tables import TABLES, MirrorTable
from huikuan.store.arrow import fetch_arrow
from huikuan.store.models import SealHead, SealRun


@dataclass(frozen=True, slots=True)
class Snapshot:
    """``con`` holds the relations ``journal``, ``items`` and ``receipts`` (``mirror.tables``), cut at ``known_seq``;
    ``bare`` is the same connection, with those of them that ``relate`` was called for.

    ``provisional``: the answer may still change, because entries are included that are not sealed, or because the
    moment asked for lies after the last seal. ``cache_key`` changes whenever an answer may, but for numbers that
    entries get when they are sealed; ``ledger`` says which ledger this is, however far it reaches; ``unsealed``,
    whether entries without a ``ledger_seq`` are among the rows.
    """

    bare: duckdb.DuckDBPyConnection
    known_seq: int
    provisional: bool
    cache_key: Hashable
    ledger: Hashable
    unsealed: bool
    look: Look
    relations: Relations
    related: set[str]
    given: dict[str, pa.Table]

    @property
    def con(self) -> duckdb.DuckDBPyConnection:
        self.relate(*(table.name for table in TABLES))
        return self.bare

    def give(self, name: str, table: pa.Table) -> None:
        """Makes a table a relation, unless it is that one already."""
        if self.given.get(name) is not table:
            self.bare.register(name, table)
            self.given[name] = table

    def relate(self, *names: str) -> None:
        """Makes relations that are asked for. Few questions look through the whole ledger, and it takes milliseconds to
        put all segments together."""
        for name in names:
            if name not in self.related:
                self.related.add(name)
                self.bare.register(f"{name}_tail", self.relations.tails[name])
                self.bare.execute(f"CREATE TEMP VIEW {name} AS {self.relations.views[name]}")


@dataclass(frozen=True, slots=True)
class Known:
    """Up to which sealed number the question reaches; ``unsealed`` when it takes what comes after the last seal too."""

    seq: int
    unsealed: bool
    provisional: bool


@dataclass(frozen=True, slots=True)
class Relations:
    """What a snapshot is made of: the rows no segment holds, how each relation is put together, and up to which sealed
    number the segments hold what is known; ``is_cut``: they hold more than that."""

    tails: dict[str, pa.Table]
    views: dict[str, str]
    in_files: int
    is_cut: bool


@dataclass(frozen=True, slots=True)
class Look:
    """How far the ledger reaches: what is known, how many entries are not sealed and the last of them; ``key`` names
    all of it, its first four parts the ledger."""

    known: Known
    tail: tuple[int, int]
    key: tuple[Hashable, ...]


_kept: OrderedDict[tuple[Any, ...], Relations] = OrderedDict()
_horizons: dict[tuple[str, str, str], tuple[str, int]] = {}
"""By ledger, the epoch and the sealer's horizon this process saw last."""
_kept_lock = threading.Lock()
_KEEP = 4
_engine: list[duckdb.DuckDBPyConnection] = []


@contextmanager
def open_snapshot(known_on: datetime | None = None) -> Iterator[Snapshot]:
    """The ledger as known at an instant; without one, all that is committed. Use within one question and let go."""
    look = _quick_look() if known_on is None else None
    relations = None if look is None else _find_kept(look.key) or _grow(look)
    if look is None or relations is None:
        look, relations = _look(known_on)
    with _fresh(look, relations) as snapshot:
        yield snapshot


@contextmanager
def same_again(snapshot: Snapshot) -> Iterator[Snapshot]:
    """The same state of the ledger with relations of its own, for a question inside another one."""
    with _fresh(snapshot.look, snapshot.relations) as another:
        yield another


@contextmanager
def _fresh(look: Look, relations: Relations) -> Iterator[Snapshot]:
    cursor = _open_cursor()
    unsealed = look.tail != (0, 0)
    try:
        yield Snapshot(
            cursor,
            look.known.seq,
            look.known.provisional or unsealed,
            # Entries only ever come: how many are committed says which.
            (*look.key[:4], look.key[-1], look.known.unsealed, look.known.seq + look.tail[0]),
            look.key[:4],
            unsealed,
            look,
            relations,
            set(),
            {},
        )
    finally:
        cursor.close()


def _look(known_on: datetime | None) -> tuple[Look, Relations]:
    """How far the ledger reaches, and the rows no segment holds, in one state of the database."""
    with database_snapshot():
        head = SealHead.objects.filter(id=1).first()
        known = resolve_known(head, known_on)
        tail = _tail_state(head) if known.unsealed else (0, 0)
        segments = {table.name: [segment.file_name for segment in live_segments(table.name)] for table in TABLES}
        mirrored = 0 if head is None else head.mirrored_seq
        if head is not None:
            _horizons[_place()] = (head.epoch, head.horizon)
        names = tuple(name for names in segments.values() for name in names)
        look = Look(known, tail, (*_place(), "" if head is None else head.epoch, known.seq, tail, names))
        relations = _find_kept(look.key)
        if relations is None:
            relations = _build(head, known, segments, mirrored)
            _keep(look.key, relations)
    return look, relations


def _quick_look() -> Look | None:
    """``_look`` at all that is committed, in one statement, where this process has looked before; ``None`` where only a
    thorough look can tell.

    The horizon it counts from is one seen before: older ones find the same entries. It stands in the statement as a
    number, so that the planner knows how few they are.
    """
    epoch, horizon = _horizons.get(_place(), ("", 0))
    if not epoch:
        return None
    newer = _newer(horizon)
    if connection.vendor == "sqlite":
        next_number, names = "h.horizon", "group_concat(kind || ':' || file_name, '|')"
    else:
        next_number = "pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
        names = "string_agg(kind || ':' || file_name, '|' ORDER BY first_seq)"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT h.epoch, h.horizon, h.last_seq, {next_number}, t.n, t.last,"
            f" (SELECT {names} FROM (SELECT kind, first_seq, file_name FROM store_segment WHERE replaced_by_id IS NULL"
            " ORDER BY first_seq) AS live) FROM store_sealhead h,"
            f" (SELECT count(*) AS n, coalesce(max(e.id), 0) AS last FROM store_journalentry e WHERE {newer}) AS t"
            " WHERE h.id = 1"
        )
        row = cursor.fetchone()
    if row is None or row[0] != epoch or not horizon <= row[1] <= row[3]:
        return None
    if connection.vendor == "sqlite" and row[1] != horizon:
        return None  # entries up to the newer horizon are sealed, and would be counted
    _horizons[_place()] = (epoch, int(row[1]))
    live = [text.split(":", 1) for text in (row[6] or "").split("|") if text]
    files = tuple(name for table in TABLES for kind, name in live if kind == table.name)
    known, tail = Known(int(row[2]), True, False), (int(row[4]), int(row[5]))
    return Look(known, tail, (*_place(), epoch, known.seq, tail, files))


def _newer(horizon: int) -> str:
    """SQL over entries ``e`` that are not sealed, by a horizon of the sealer's."""
    if connection.vendor == "sqlite":
        return f"e.id > {horizon}"
    return f"e.tx >= '{horizon}'::xid8 AND NOT EXISTS (SELECT 1 FROM store_seal s WHERE s.entry_id = e.id)"


def _grow(look: Look) -> Relations | None:
    """What a look stands for, from what was kept of the last one before it with the same segments. Rows are read by the
    numbers of their entries, which never change, so no snapshot of the database is needed; whether these are just the
    entries looked for, ``grown`` asks."""
    with _kept_lock:
        older = [key for key, relations in _kept.items() if _is_before(key, relations, look)]
        relations = _kept[older[-1]] if older else None
    if relations is None:
        return None
    newer = _newer(_horizons[_place()][1])
    tails = grown(relations.tails, newer=newer, tail=look.tail[0], sealed=(older[-1][4], look.known.seq))
    if tails is None:
        return None
    relations = Relations(tails, relations.views, relations.in_files, is_cut=False)
    _keep(look.key, relations)
    return relations


def _is_before(key: tuple[Any, ...], relations: Relations, look: Look) -> bool:
    """Whether what is kept is of the same ledger and segments as a look, these to their end, and reaches no further."""
    seq, tail, reach = key[4], key[5], look.known.seq + look.tail[0]
    same = key[:4] == look.key[:4] and key[6] == look.key[6]
    return same and not relations.is_cut and seq <= look.known.seq and seq + tail[0] <= reach


def _keep(key: tuple[Any, ...], relations: Relations) -> None:
    with _kept_lock:
        _kept[key] = relations
        while len(_kept) > _KEEP:
            _kept.popitem(last=False)


def _place() -> tuple[str, str, str]:
    return (
        str(connection.settings_dict["NAME"]),
        str(connection.settings_dict.get("PORT", "")),
        str(mirror_folder()),
    )


def _find_kept(key: tuple[Any, ...]) -> Relations | None:
    with _kept_lock:
        relations = _kept.get(key)
        if relations is not None:
            _kept.move_to_end(key)
        return relations


def resolve_known(head: SealHead | None, known_on: datetime | None) -> Known:
    """The sealed number of the last seal at or before the instant."""
    if head is None:
        return Known(0, known_on is None, known_on is not None)
    if known_on is None:
        return Known(head.last_seq, True, False)
    run = SealRun.objects.filter(sealed_at__lte=known_on).order_by("-last_seq").first()
    later = head.last_sealed_at is not None and head.last_sealed_at >= known_on
    return Known(0 if run is None else run.last_seq, False, not later)


@contextmanager
def database_snapshot() -> Iterator[None]:
    """All reads inside see one state. SQLite's own immediate transactions would take the write lock, so a deferred one
    is begun by hand; inside a caller's transaction, that one serves."""
    if connection.in_atomic_block:
        yield
        return
    if connection.vendor == "postgresql":
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield
        return
    connection.ensure_connection()
    with connection.cursor() as cursor:
        cursor.execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")


def _tail_state(head: SealHead | None) -> tuple[int, int]:
    """How many entries are not sealed and the last of them: enough to know whether the tail changed."""
    condition = "true" if head is None else unsealed_condition(head)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*), coalesce(max(e.id), 0) FROM store_journalentry e WHERE {condition}")
        count, last = cursor.fetchone()
        return int(count), int(last)


def _build(head: SealHead | None, known: Known, segments: dict[str, list[str]], mirrored: int) -> Relations:
    folder = mirror_folder()
    tails, views = {}, {}
    for table in TABLES:
        tails[table.name] = _tail(table, head, known, mirrored)
        parts = [f"SELECT * FROM {table.name}_tail"]
        if segments[table.name]:
            files = ", ".join("'" + str(folder / name).replace("'", "''") + "'" for name in segments[table.name])
            cut = "" if known.seq >= mirrored else f" WHERE ledger_seq <= {known.seq}"
            parts.insert(0, f"SELECT * FROM read_parquet([{files}]){cut}")
        views[table.name] = " UNION ALL ".join(parts)
    return Relations(tails, views, min(mirrored, known.seq), is_cut=known.seq < mirrored)


def _open_cursor() -> duckdb.DuckDBPyConnection:
    """A connection of its own to the process's one engine, which remembers what it has read of segments."""
    with _kept_lock:
        if not _engine:
            engine = duckdb.connect(config={"threads": 2})
            engine.execute("SET GLOBAL TimeZone = 'UTC'")
            engine.execute("SET GLOBAL parquet_metadata_cache = true")
            _engine.append(engine)
        return _engine[0].cursor()


def _tail(table: MirrorTable, head: SealHead | None, known: Known, mirrored: int) -> pa.Table:
    """What no segment holds: sealed after the last segment, and, where asked for, not sealed at all."""
    rows = [table.schema.empty_table()]
    if known.seq > mirrored:
        joins = "JOIN store_seal s ON s.entry_id = e.id"
        where = f"s.ledger_seq > {mirrored} AND s.ledger_seq <= {known.seq}"
        rows.append(fetch_arrow(table.select("s.ledger_seq", joins, where), table.schema))
    if known.unsealed:
        condition = "true" if head is None else unsealed_condition(head)
        empty = "NULL" if connection.vendor == "sqlite" else "NULL::bigint"
        rows.append(fetch_arrow(table.select(empty, "", condition), table.schema))
    return pa.concat_tables(rows)
