"""Parquet segments: sealed entries written once, and merged when many small ones have gathered.

A segment exists from the moment its manifest row commits: file written, synced, renamed, then the row. A process that
dies in between leaves a file nobody names; the next writer takes it away.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
from django.conf import settings
from django.db import transaction

from huikuan.mirror.tables import TABLES, MirrorTable
from huikuan.store.arrow import fetch_arrow
from huikuan.store.models import SealHead, Segment

PAY_FROM = 2_000
"""Entries that wait before a new segment is worth its file; until then readers take them from the database."""
SEGMENT_ENTRIES = 250_000
MERGE_FROM = 24
"""Small segments of a kind that are merged into one."""
KEEP_REPLACED = timedelta(hours=1)


def mirror_folder() -> Path:
    return Path(settings.HUIKUAN_HOME) / "mirror"


def write_segments(*, now: datetime, force: bool = False) -> int:
    """Writes segments for sealed entries not covered yet; with ``force`` even for a few. Gives how many entries.

    Files are written without a lock; their manifest rows commit under the head's lock only if nobody else was faster.
    """
    written = 0
    while True:
        head = SealHead.objects.filter(id=1).first()
        waiting = 0 if head is None else head.last_seq - head.mirrored_seq
        if head is None or waiting < (1 if force else PAY_FROM):
            break
        first, last = head.mirrored_seq + 1, min(head.last_seq, head.mirrored_seq + SEGMENT_ENTRIES)
        drafts = [_write_file(table, fetch_sealed(table, first, last), first, last, now) for table in TABLES]
        if _publish(head, drafts, last):
            written += last - first + 1
    if written:
        merge_segments(now=now)
    return written


def _publish(seen: SealHead, drafts: Sequence[Segment], last: int) -> bool:
    with transaction.atomic():
        head = SealHead.objects.select_for_update().get(id=1)
        if (head.epoch, head.mirrored_seq) != (seen.epoch, seen.mirrored_seq):
            return False
        Segment.objects.bulk_create(drafts)
        head.mirrored_seq = last
        head.save(update_fields=["mirrored_seq"])
    return True


def fetch_sealed(table: MirrorTable, first: int, last: int) -> pa.Table:
    """The rows of a relation for sealed entries ``first`` to ``last``, from the database, in sealed order."""
    joins = "JOIN store_seal s ON s.entry_id = e.id"
    sql = table.select("s.ledger_seq", joins, f"s.ledger_seq BETWEEN {first} AND {last}")
    return fetch_arrow(sql.replace("ORDER BY e.id", "ORDER BY s.ledger_seq"), table.schema)


def _write_file(table: MirrorTable, rows: pa.Table, first: int, last: int, now: datetime) -> Segment:
    """The file, in place and synced, and its manifest row, not saved yet."""
    folder = mirror_folder()
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{table.name}-{first:012d}-{last:012d}-{uuid4().hex[:8]}.parquet"
    draft = folder / f"{name}.tmp"
    pq.write_table(rows, draft, compression="zstd", row_group_size=122_880)
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    digest = file_digest(draft)
    draft.rename(folder / name)
    _sync_folder(folder)
    return Segment(
        kind=table.name,
        first_seq=first,
        last_seq=last,
        rows=rows.num_rows,
        file_name=name,
        sha256=digest,
        created_at=now,
    )


def file_digest(path: Path) -> str:
    digest = sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def live_segments(kind: str) -> list[Segment]:
    return list(Segment.objects.filter(kind=kind, replaced_by__isnull=True).order_by("first_seq"))


def merge_segments(*, now: datetime) -> None:
    """Merges runs of small segments. Readers that hold the old names keep them for an hour."""
    for table in TABLES:
        with transaction.atomic():
            if SealHead.objects.select_for_update().filter(id=1).first() is None:
                return
            small = _small_run(live_segments(table.name))
            if len(small) >= MERGE_FROM:
                paths = [mirror_folder() / segment.file_name for segment in small]
                rows = pa.concat_tables([pq.read_table(path, schema=table.schema) for path in paths])
                merged = _write_file(table, rows, small[0].first_seq, small[-1].last_seq, now)
                merged.save()
                Segment.objects.filter(id__in=[segment.id for segment in small]).update(replaced_by=merged)
    remove_replaced(now=now)


def _small_run(segments: Sequence[Segment]) -> list[Segment]:
    """The newest segments that together are still no larger than one full segment."""
    run: list[Segment] = []
    entries = 0
    for segment in reversed(segments):
        size = segment.last_seq - segment.first_seq + 1
        if entries + size > SEGMENT_ENTRIES:
            break
        entries += size
        run.append(segment)
    return run[::-1]


def remove_replaced(*, now: datetime) -> None:
    """Takes away the files of segments replaced more than an hour ago, and those no manifest row names that are as old.

    Another writer works beside: its drafts are young, and may be renamed between being listed and being looked at.
    """
    old = Segment.objects.filter(replaced_by__isnull=False, replaced_by__created_at__lt=now - KEEP_REPLACED)
    replaced = set(old.values_list("file_name", flat=True))
    named = set(Segment.objects.values_list("file_name", flat=True))
    written: dict[Path, float] = {}
    for path in mirror_folder().glob("*.parquet*"):
        with suppress(FileNotFoundError):
            written[path] = path.stat().st_mtime
    # Files are dated by the machine, whose clock may lag behind the caller's: the youngest says how late it is there.
    horizon = min(now.timestamp(), max(written.values(), default=0)) - KEEP_REPLACED.total_seconds()
    for path, at in written.items():
        if path.name in replaced or (path.name not in named and at < horizon):
            path.unlink(missing_ok=True)


def rebuild(*, now: datetime) -> int:
    """Throws the mirror away and writes it again from the database: Parquet is a cache, the database is the truth."""
    with transaction.atomic():
        SealHead.objects.select_for_update().filter(id=1).first()
        named = list(Segment.objects.values_list("file_name", flat=True))
        Segment.objects.filter(replaced_by__isnull=False).update(replaced_by=None)
        Segment.objects.all().delete()
        SealHead.objects.filter(id=1).update(mirrored_seq=0)
    # Others nobody names go when they are old: a writer beside may be about to name them.
    for name in named:
        (mirror_folder() / name).unlink(missing_ok=True)
    return write_segments(now=now, force=True)
