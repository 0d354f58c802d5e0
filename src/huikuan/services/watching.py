"""Watched folders: files that come into them are imported, once, and moved away: to ``done`` or to ``refused``.

An SFTP server or a share is a folder like any other. A file is taken when it has stopped growing: the same size and
time at two looks. It is known again by its content, whatever its name.
"""

from __future__ import annotations

import hashlib
import logging
import shutil
import stat
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings

from huikuan.core.refusals import BadData, Refusal
from huikuan.core.rights import Right
from huikuan.core.said import Line, Said, keep_line
from huikuan.services.auditing import record
from huikuan.services.imports import ImportResult, annotated, asked_options, discard, preview_upload, publish
from huikuan.services.imports_batches import published_before
from huikuan.services.rights import demand
from huikuan.services.schedule import describe_failure
from huikuan.services.transaction import run_in_transaction
from huikuan.services.watching_advices import REMITTANCES, keep_advice_file
from huikuan.services.watching_advices import SUFFIXES as ADVICE_SUFFIXES
from huikuan.services.watching_bank import BANK_STATEMENTS, import_bank_file
from huikuan.services.watching_bank import SUFFIXES as BANK_SUFFIXES
from huikuan.store.models import ImportBatch, WatchedFile, WatchedFolder

log = logging.getLogger("huikuan.watching")

DONE, REFUSED = "done", "refused"
SUFFIXES = frozenset({".csv", ".txt", ".tsv", ".xlsx", ".parquet"})
BANK_KINDS = {BANK_STATEMENTS: (BANK_SUFFIXES, import_bank_file), REMITTANCES: (ADVICE_SUFFIXES, keep_advice_file)}
"""What is no table of rows: the names its files may have, and what takes one in. What is in them is known again by
itself, not only by the file."""
State = WatchedFile.State

_seen: dict[Path, tuple[int, int]] = {}
"""Size and time of the files of the last look."""


@dataclass(frozen=True, slots=True)
class NewFolder:
    """A folder to be watched, and how its files are read. ``source`` as for any import."""

    entity_id: int
    folder: str
    kind: str
    feed: str = "incremental"
    profile: str = ""
    source: str = ""
    currency: str = ""


def add_folder(new: NewFolder, *, actor_id: int | None, now: datetime) -> int:
    """Watches a folder from now on; gives its number. Refuses ``watch.off``, ``watch.outside``, ``watch.no_folder``,
    ``watch.taken``, what ``imports.asked_options`` refuses, and ``right.missing``."""
    path = check_folder(new.folder)
    if new.kind not in BANK_KINDS:
        asked_options(
            new.kind,
            feed=new.feed,
            profile=new.profile or None,
            source=new.source or None,
            currency=new.currency or None,
            entity_id=new.entity_id,
        )

    def work() -> int:
        demand(actor_id, Right.MANAGE_SYSTEM, entity_id=new.entity_id)
        if WatchedFolder.objects.filter(folder=str(path)).exists():
            raise Refusal("watch.taken", "{folder} is watched already", folder=str(path))
        row = WatchedFolder.objects.create(
            entity_id=new.entity_id,
            folder=str(path),
            kind=new.kind,
            feed=new.feed,
            profile=new.profile,
            source=new.source,
            currency=new.currency,
            created_at=now,
            created_by_id=actor_id,
        )
        subject = f"watched:{row.pk}"
        record("watch.add", now=now, actor_id=actor_id, entity_id=new.entity_id, subject=subject, kind=new.kind)
        return int(row.pk)

    return run_in_transaction(work)


def set_watched(watched_id: int, active: bool, *, actor_id: int | None, now: datetime) -> None:
    """Stops watching a folder, or begins again. Refuses ``watch.unknown`` and ``right.missing``."""

    def work() -> None:
        row = WatchedFolder.objects.select_for_update().filter(id=watched_id).first()
        if row is None:
            raise Refusal("watch.unknown", "there is no such watched folder")
        demand(actor_id, Right.MANAGE_SYSTEM, entity_id=row.entity_id)
        row.is_active = active
        row.save(update_fields=["is_active"])
        code = "watch.resume" if active else "watch.pause"
        record(code, now=now, actor_id=actor_id, entity_id=row.entity_id, subject=f"watched:{row.pk}")

    run_in_transaction(work)


def check_folder(folder: str) -> Path:
    """The folder itself, without links. Refuses ``watch.off``, ``watch.outside`` and ``watch.no_folder``."""
    roots = list(settings.WATCH_DIRS)
    if not roots:
        raise Refusal("watch.off", "No folder may be watched: HUIKUAN_WATCH_DIR names none.")
    path = (roots[0] / folder).resolve()
    if not any(path == root or path.is_relative_to(root) for root in roots):
        raise Refusal("watch.outside", "{folder} lies outside the folders that may be watched", folder=folder)
    if not path.is_dir():
        raise Refusal("watch.no_folder", "there is no folder {folder}", folder=folder)
    return path


_LOOKED = {
    "imported": Said("imported: {n}"),
    "refused": Said("refused: {n}"),
    "known": Said("known already: {n}"),
    "not there": Said("folders not there: {n}"),
}


def look(now: datetime) -> Line | None:
    """Takes in every file that has stopped growing since the last look; gives a line for the log."""
    counts: Counter[str] = Counter()
    for row in WatchedFolder.objects.filter(is_active=True).select_related("entity").order_by("id"):
        try:
            folder = check_folder(row.folder)
        except Refusal as refusal:
            log.warning("watched folder %s: %s", row.pk, refusal.code)
            counts["not there"] += 1
            continue
        suffixes = BANK_KINDS[row.kind][0] if row.kind in BANK_KINDS else SUFFIXES
        for path in settled_files(folder, suffixes):
            counts[take(row, path, now).state] += 1
    if not counts:
        return None
    return tuple(Said(one.template, {"n": counts[name]}) for name, one in _LOOKED.items() if counts[name])


def settled_files(folder: Path, suffixes: frozenset[str] = SUFFIXES) -> list[Path]:
    """The files that look as they did at the last look, by name; what is seen the first time waits for the next."""
    settled = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith((".", "~")) or path.suffix.lower() not in suffixes or path.is_symlink():
            continue
        try:
            status = path.stat()
        except FileNotFoundError:
            continue  # taken away again
        if not stat.S_ISREG(status.st_mode):
            continue
        state = (status.st_size, status.st_mtime_ns)
        if _seen.get(path) == state:
            settled.append(path)
        _seen[path] = state
    for path in [path for path in _seen if path.parent == folder and not path.exists()]:
        del _seen[path]
    return settled


def take(row: WatchedFolder, path: Path, now: datetime) -> WatchedFile:
    """One file: imported, refused, or known already; moved, and a line kept about it."""
    sha256 = _digest(path)
    batch_id: int | None = None
    if (known := _known(row, sha256)) is not None:
        state, batch_id = State.KNOWN, None
        line = Said("the same content was imported on {day}", {"day": f"{known:%Y-%m-%d}"})
    else:
        try:
            if row.kind in BANK_KINDS:
                state, line = State.IMPORTED, BANK_KINDS[row.kind][1](row.entity_id, path, now)
            else:
                result = _import(row, path, now)
                state, batch_id = State.IMPORTED, result.batch_id
                line = Said("rows posted: {n}", {"n": result.rows})
        except Refusal as refusal:
            state, line = State.REFUSED, describe_failure(refusal)
    _move(path, path.parent / (REFUSED if state == State.REFUSED else DONE), now)
    _seen.pop(path, None)
    return WatchedFile.objects.create(
        watched=row,
        file_name=path.name[:255],
        sha256=sha256,
        state=state,
        line=keep_line((line,)),
        batch_id=batch_id,
        at=now,
    )


def _known(row: WatchedFolder, sha256: str) -> datetime | None:
    """When this content was imported, if that is so. A snapshot is known only if it is the last one taken: things may
    well be again as they were before."""
    last = WatchedFile.objects.filter(watched=row, state=State.IMPORTED).order_by("-id").first()
    if row.feed == "snapshot":
        return last.at if last is not None and last.sha256 == sha256 else None
    before = WatchedFile.objects.filter(watched=row, state=State.IMPORTED, sha256=sha256).first()
    if before is not None:
        return before.at
    if row.kind in BANK_KINDS:
        return None  # lines and advices are known one by one
    # Posted, but the process died before it could say so.
    batch = published_before(sha256, row.kind)
    return batch.published_at if batch is not None and batch.entity_id == row.entity_id else None


def _import(row: WatchedFolder, path: Path, now: datetime) -> ImportResult:
    preview = preview_upload(
        actor_id=None,
        now=now,
        file_name=path.name,
        path=path,
        kind=row.kind,
        profile=row.profile or None,
        currency=row.currency or None,
        entity_id=row.entity_id,
        feed=row.feed,
        source=row.source or None,
    )
    try:
        _check_preview(row, preview.batch_id, path)
        if preview.errors_total:
            raise BadData(preview.errors, preview.errors_total)
        return publish(batch_id=preview.batch_id, actor_id=None, now=now)
    except Refusal:
        _keep_faults(preview.batch_id, path)
        discard(preview.batch_id)
        raise


def _check_preview(row: WatchedFolder, batch_id: int, path: Path) -> None:
    """A folder is one entity's: its files change no other entity's books."""
    touched = set(ImportBatch.objects.get(id=batch_id).summary.get("entities", ()))
    if touched - {row.entity_id}:
        raise Refusal("watch.other_entity", "{name} has rows of another legal entity", name=path.name)


def _keep_faults(batch_id: int, path: Path) -> None:
    """The file with its faults marked, beside the refused one."""
    try:
        name, marked = annotated(batch_id)
    except Refusal:
        return
    folder = path.parent / REFUSED
    folder.mkdir(exist_ok=True)
    shutil.copyfile(marked, folder / name)


def _move(path: Path, folder: Path, now: datetime) -> None:
    folder.mkdir(exist_ok=True)
    target = folder / path.name
    if target.exists():
        target = folder / f"{path.stem}-{now:%Y%m%dT%H%M%S%f}{path.suffix}"
    path.rename(target)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
