"""Backups: everything in one file, as it stood at one moment, while people go on working."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from huikuan import __version__
from huikuan.core.retention import decide_kept
from huikuan.core.said import Line, Said
from huikuan.mirror.reader import database_snapshot
from huikuan.services.archives import (
    TABLES,
    ArchiveReader,
    ArchiveWriter,
    Manifest,
    file_blocks,
    fingerprint,
    home_files,
)
from huikuan.services.auditing import record
from huikuan.services.sealing import seal
from huikuan.services.transaction import run_in_transaction
from huikuan.store.dump import read_lines, tables_here
from huikuan.store.models import SealHead

Progress = Callable[[str], None]
_STAMP = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True)
class BackupResult:
    path: Path
    bytes: int
    rows: int
    files: int
    ledger_seq: int


def back_up(target: Path, *, now: datetime, with_key: bool = True, progress: Progress | None = None) -> BackupResult:
    """Writes the database, the documents and, unless ``with_key`` is false, the secret key into ``target``, which must
    not exist, and reads it all once more. Entries are sealed first. Refuses ``backup.exists``.

    Killed at any moment, it leaves nothing called ``target``.
    """
    seal(now=now)
    manifest = Manifest(__version__, now.isoformat(), connection.vendor, fingerprint(settings.SECRET_KEY))
    writer = ArchiveWriter(target, manifest)
    try:
        rows = _write_tables(writer, manifest, progress)
        files = _write_files(writer, with_key)
        writer.finish()
    except BaseException:
        writer.abandon()
        raise
    ArchiveReader(target).check()
    size = target.stat().st_size
    seq = int(manifest.head.get("ledger_seq", 0))

    def work() -> None:
        sha = manifest.head.get("hash", "")
        record("backup.made", now=now, actor_id=None, bytes=size, rows=rows, files=files, ledger_seq=seq, hash=sha)

    run_in_transaction(work)
    return BackupResult(target, size, rows, files, seq)


def _write_tables(writer: ArchiveWriter, manifest: Manifest, progress: Progress | None) -> int:
    total = 0
    with database_snapshot():
        manifest.migrations = sorted(map(list, MigrationRecorder(connection).applied_migrations()))
        head = SealHead.objects.filter(id=1).first()
        if head is not None:
            manifest.head = {"epoch": head.epoch, "ledger_seq": head.last_seq, "hash": bytes(head.last_hash).hex()}
        for table in tables_here():
            if progress:
                progress(table.name)
            rows = writer.add(f"{TABLES}{table.name}", read_lines(table))
            manifest.tables[table.name] = {"columns": [list(column) for column in table.columns], "rows": rows}
            total += rows
    return total


def _write_files(writer: ArchiveWriter, with_key: bool) -> int:
    """After the tables: a document is written before its row, so every document of a row is there."""
    home = Path(settings.HUIKUAN_HOME)
    database = Path(str(connection.settings_dict["NAME"])) if connection.vendor == "sqlite" else None
    count = 0
    for name, path in home_files(home, database):
        if name == "home/secret.key" and not with_key:
            continue
        with contextlib.suppress(FileNotFoundError):  # swept away meanwhile
            blocks = file_blocks(path)
            first = next(blocks, b"")  # opened, or not there any more
            writer.add(name, chain([first], blocks))
            count += 1
    return count


def back_up_daily(now: datetime) -> Line:
    """The scheduled backup into ``BACKUP_DIR``, and old ones removed: 7 daily, 4 weekly and 12 monthly are kept."""
    folder = Path(settings.BACKUP_DIR)
    result = back_up(folder / f"huikuan-{now.astimezone(UTC):{_STAMP}}.zip", now=now)
    removed = prune(folder)
    made = Said(
        "{name}: {size} MB, {rows} rows, {files} files",
        {
            "name": result.path.name,
            "size": f"{result.bytes / 1e6:,.1f}",
            "rows": result.rows,
            "files": result.files,
        },
    )
    return (made, Said("older ones removed: {n}", {"n": removed})) if removed else (made,)


def prune(folder: Path) -> int:
    """Removes backups of the schedule that need not be kept; gives how many. Files of other names are left alone."""
    taken: dict[datetime, Path] = {}
    for path in folder.glob("huikuan-*.zip"):
        with contextlib.suppress(ValueError):
            taken[datetime.strptime(path.stem.removeprefix("huikuan-"), _STAMP).replace(tzinfo=UTC)] = path
    gone = taken.keys() - decide_kept(taken)
    for at in gone:
        taken[at].unlink(missing_ok=True)
    return len(gone)
