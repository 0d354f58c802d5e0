"""Restoring a backup into an empty database and an empty home folder: all of it, or nothing that anybody would use.

The steps are called by ``huikuan restore`` in this order: ``take_home`` before Django is set up, then ``load``,
``bring_up``, ``begin_anew`` and ``finish``. Until ``finish`` the folder and the database say that they are unfinished.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from huikuan.core.refusals import Refusal
from huikuan.services.archives import TABLES, ArchiveReader, Manifest, damaged

Progress = Callable[[str], None]
STAGING = ".restoring"


@contextlib.contextmanager
def staging_of(home: Path) -> Iterator[Path]:
    """A folder inside an empty home folder in which everything is put together. What a killed restore left is removed.

    Refuses ``restore.not_empty`` and ``restore.in_progress``.
    """
    staging = home / STAGING
    was_begun = staging.exists()
    staging.mkdir(parents=True, exist_ok=True)
    lock = os.open(staging / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refusal("restore.in_progress", "a restore into {folder} is under way", folder=str(home)) from None
        others = sorted(path.name for path in home.iterdir() if path != staging)
        if was_begun and others == ["secret.key"]:
            others = []  # made by a command that was tried in between; the backup's own takes its place
        if others:
            if list(staging.iterdir()) == [staging / "lock"]:
                shutil.rmtree(staging)
            raise Refusal("restore.not_empty", "{folder} is not empty: {name}", folder=str(home), name=others[0])
        for path in staging.iterdir():
            if path.name != "lock":
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        yield staging
    finally:
        os.close(lock)


def load(archive: ArchiveReader, *, now: datetime, progress: Progress | None = None) -> int:
    """The tables as the backup's version knew them, filled, in one transaction; gives the rows.

    Refuses ``restore.database_not_empty``, ``backup.newer`` and ``backup.damaged``.
    """
    from django.db import connection, transaction

    from huikuan.store.dump import Table, empty_what_may_be, set_sequences, write_lines
    from huikuan.store.triggers import APPEND_ONLY

    manifest = archive.manifest
    _make_tables(manifest)
    tables = [
        Table(name, tuple((column, kind) for column, kind in told["columns"])) for name, told in manifest.tables.items()
    ]
    total = 0
    with transaction.atomic():
        empty_what_may_be(tables, APPEND_ONLY)
        for table in tables:
            if progress:
                progress(table.name)
            rows = write_lines(table, archive.read(f"{TABLES}{table.name}"))
            if rows != manifest.tables[table.name]["rows"]:
                raise damaged(archive.path, f"{table.name} has {rows} rows")
            total += rows
        set_sequences(tables)
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO store_installation (name, value) VALUES (%s, %s)", ["restore_unfinished", now.isoformat()]
            )
    return total


def _make_tables(manifest: Manifest) -> None:
    """An empty database at the very migrations of the backup."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    from huikuan.services.migrating import from_nothing

    executor = MigrationExecutor(connection)
    wanted = {(app, name) for app, name in manifest.migrations}
    known = set(executor.loader.graph.nodes)
    # What a library has squashed or dropped meanwhile is no reason to refuse; a step of ours that is unknown is.
    if missing := sorted(name for app, name in wanted - known if app == "store"):
        raise Refusal("backup.newer", "the backup was made by a newer version ({version})", version=missing[-1])
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
        for table in ("store_user", "store_entity", "store_journalentry", "store_auditevent"):
            if table in tables:
                cursor.execute(f"SELECT EXISTS (SELECT 1 FROM {table})")
                if cursor.fetchone()[0]:
                    raise Refusal("restore.database_not_empty", "the database is not empty: {table}", table=table)
    applied = set(executor.loader.applied_migrations)
    if applied - wanted and any(app == "store" for app, _ in applied - wanted):
        raise Refusal("restore.database_not_empty", "the database is not empty: {table}", table="django_migrations")
    # Not through the command: it would fill tables that are about to be read in.
    graph = executor.loader.graph
    last = [
        node
        for node in known & wanted
        if not any(child.key in wanted and child.key[0] == node[0] for child in graph.node_map[node].children)
    ]
    with from_nothing():
        executor.migrate(sorted(last))


def bring_up() -> None:
    """The restored tables at this version, with their triggers."""
    from django.db import connection

    from huikuan.services.migrating import migrate
    from huikuan.store import triggers

    migrate()
    if triggers.faults(connection):
        triggers.install(connection)


def begin_anew(manifest: Manifest, *, now: datetime) -> None:
    """The copy is a ledger of its own from here on: a new epoch of the chain, nothing sent, no folder watched.

    Refuses ``restore.head`` when the chain does not end where the backup says.
    """
    from huikuan.mirror.segments import rebuild
    from huikuan.services.auditing import record
    from huikuan.services.operations import hold_outbox
    from huikuan.services.transaction import run_in_transaction
    from huikuan.store.models import ReportSchedule, ScheduledJob, SealHead, WatchedFolder

    def work() -> None:
        head = SealHead.objects.select_for_update().filter(id=1).first()
        told = manifest.head
        if (head is None) != (not told) or (
            head is not None and (head.last_seq, bytes(head.last_hash).hex()) != (told["ledger_seq"], told["hash"])
        ):
            raise Refusal("restore.head", "the chain of the restored ledger does not end where the backup says")
        if head is not None:
            head.epoch, head.mirrored_seq, head.horizon = uuid4().hex, 0, _horizon()
            head.save(update_fields=["epoch", "mirrored_seq", "horizon"])
        ScheduledJob.objects.update(lease_holder="", lease_until=None)
        # The installation this is a copy of may still look into the same folders.
        WatchedFolder.objects.update(is_active=False)
        ReportSchedule.objects.update(is_active=False)
        hold_outbox(now=now)
        record(
            "backup.restored",
            now=now,
            actor_id=None,
            made_at=manifest.created_at,
            former_epoch=told.get("epoch", ""),
            ledger_seq=told.get("ledger_seq", 0),
            hash=told.get("hash", ""),
        )

    run_in_transaction(work)
    rebuild(now=now)


def _horizon() -> int:
    """Where the sealer looks on. PostgreSQL: everything again, because transactions are counted anew. SQLite: before
    the first entry that is not sealed."""
    from django.db import connection

    if connection.vendor == "postgresql":
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce((SELECT min(e.id) - 1 FROM store_journalentry e"
            " LEFT JOIN store_seal s ON s.entry_id = e.id WHERE s.entry_id IS NULL), max(id), 0)"
            " FROM store_journalentry"
        )
        horizon = int(cursor.fetchone()[0])
        cursor.execute("SELECT EXISTS (SELECT 1 FROM store_seal WHERE entry_id > %s)", [horizon])
        if cursor.fetchone()[0]:
            raise Refusal(
                "restore.unsealed", "entries were being posted while the backup was made; restore it into PostgreSQL"
            )
    return horizon


def finish(home: Path, staging: Path) -> None:
    """Everything is moved to its place, the database last; then nothing says any more that it is unfinished."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM store_installation WHERE name = %s", ["restore_unfinished"])
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    moved = [path for path in staging.iterdir() if path.name != "lock"]
    for path in sorted(moved, key=lambda path: path.name.startswith("huikuan.db")):
        path.rename(home / path.name)
    shutil.rmtree(staging)
