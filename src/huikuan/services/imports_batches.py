"""Batches on their way in: a row each, a folder each, and a lock that dies with whoever holds it."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

from huikuan.core.refusals import Conflict, Refusal
from huikuan.services.imports_types import ImportOptions
from huikuan.store.batch_locks import hold_folder
from huikuan.store.batch_work import Work, work_state
from huikuan.store.models import ImportBatch

KEPT_DAYS = 30
"""Days after which a batch that was never posted is discarded, and a posted one loses its staged rows."""

State = ImportBatch.State


def folder_of(batch: ImportBatch) -> Path:
    return Path(settings.HUIKUAN_HOME) / batch.folder


def original_of(batch: ImportBatch) -> Path:
    """The file as it was handed in."""
    return folder_of(batch) / f"original{Path(batch.file_name).suffix.lower()}"


def make_folder() -> str:
    """A new folder for staged files, named relative to the home folder."""
    name = f"imports/{uuid.uuid4().hex}"
    (Path(settings.HUIKUAN_HOME) / name).mkdir(parents=True)
    return name


def keep_original(folder: str, file_name: str, source: Path | bytes) -> tuple[Path, str]:
    """Copies the file into its folder; gives its path and SHA-256. Refuses ``import.unreadable``."""
    target = Path(settings.HUIKUAN_HOME) / folder / f"original{Path(file_name).suffix.lower()}"
    digest = hashlib.sha256()
    try:
        with target.open("wb") as out:
            if isinstance(source, bytes):
                out.write(source)
                digest.update(source)
            else:
                with source.open("rb") as file:
                    while block := file.read(1 << 20):
                        digest.update(block)
                        out.write(block)
    except OSError as error:
        shutil.rmtree(target.parent, ignore_errors=True)
        raise Refusal("import.unreadable", "{name}: {problem}", name=file_name, problem=error.strerror) from None
    return target, digest.hexdigest()


def create_batch(
    options: ImportOptions,
    *,
    source_id: int,
    file_name: str,
    sha256: str,
    folder: str,
    actor_id: int | None,
    now: datetime,
    summary: dict[str, Any],
    state: str = State.STAGED,
) -> ImportBatch:
    return ImportBatch.objects.create(
        kind=options.kind,
        source_id=source_id,
        entity_id=options.entity_id,
        feed=options.feed,
        file_name=file_name[:255],
        file_sha256=sha256,
        folder=folder,
        options=options.to_json(),
        summary=summary,
        state=state,
        created_at=now,
        created_by_id=actor_id,
    )


def published_before(sha256: str, kind: str) -> ImportBatch | None:
    """The batch that posted the very same file, if one did."""
    found = ImportBatch.objects.filter(file_sha256=sha256, kind=kind, state=State.PUBLISHED)
    return found.order_by("-published_at").first()


def get_batch(batch_id: int) -> ImportBatch:
    """The batch, in its true state. Refuses ``import.unknown``."""
    batch = ImportBatch.objects.filter(id=batch_id).select_related("source", "entity").first()
    if batch is None:
        raise Refusal("import.unknown", "there is no import {batch}", batch=batch_id)
    return recover(batch)


def recover(batch: ImportBatch) -> ImportBatch:
    """A batch left behind by a process that died while it was posting is staged again: nothing of it was written."""
    left = batch.state == State.PUBLISHING or (batch.state == State.QUEUED and work_state(batch) == Work.STOPPED)
    if left:
        with contextlib.suppress(Conflict), hold(batch):
            found = ImportBatch.objects.filter(id=batch.id, state=batch.state, task_id=batch.task_id)
            found.update(state=State.STAGED)
            batch.refresh_from_db()
    return batch


@contextlib.contextmanager
def hold(batch: ImportBatch) -> Iterator[None]:
    """Keeps a batch to oneself. The operating system lets go when the process ends, however it ends.

    Refuses ``import.in_progress``.
    """
    with hold_folder(folder_of(batch)) as mine:
        if not mine:
            raise Conflict("import.in_progress", "this import is being worked on right now")
        yield


def discard_batch(batch: ImportBatch) -> None:
    """Gives up a staged batch and removes its files. Refuses ``import.published``."""
    with hold(batch):
        batch.refresh_from_db()
        if batch.state == State.PUBLISHED:
            raise Refusal("import.published", "this import was posted; take it back entry by entry")
        batch.state = State.DISCARDED
        batch.save(update_fields=["state"])
    shutil.rmtree(folder_of(batch), ignore_errors=True)


def sweep(now: datetime) -> int:
    """Discards batches nobody posted for ``KEPT_DAYS`` and removes files nobody needs; gives how many folders went."""
    limit = now - timedelta(days=KEPT_DAYS)
    removed = 0
    waiting = ImportBatch.objects.exclude(state__in=[State.PUBLISHED, State.DISCARDED])
    for batch in waiting.filter(created_at__lt=limit):
        with contextlib.suppress(Conflict):
            if recover(batch).state in (State.STAGED, State.CHECKING):
                discard_batch(batch)
                removed += 1
    for batch in ImportBatch.objects.filter(published_at__lt=limit, state=State.PUBLISHED):
        removed += _drop_staged(folder_of(batch))
    root = Path(settings.HUIKUAN_HOME) / "imports"
    known = set(ImportBatch.objects.exclude(state=State.DISCARDED).values_list("folder", flat=True))
    for folder in root.iterdir() if root.is_dir() else ():
        # A folder without a batch is one whose preview died; an hour is longer than any preview takes.
        if f"imports/{folder.name}" in known:
            continue
        with contextlib.suppress(FileNotFoundError):  # gone meanwhile: given up by whoever was at work in it
            if folder.stat().st_mtime < (now - timedelta(hours=1)).timestamp():
                shutil.rmtree(folder, ignore_errors=True)
                removed += 1
    return removed


def _drop_staged(folder: Path) -> int:
    """Removes a posted batch's staged rows; the file handed in and the marked one stay."""
    found = list(folder.glob("*.parquet")) if folder.is_dir() else []
    for path in found:
        path.unlink(missing_ok=True)
    return bool(found)
