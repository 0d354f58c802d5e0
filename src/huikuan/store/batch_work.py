"""How far work on a batch has come: told in a small file beside its staged rows, because the transaction that posts
them is not seen by anybody until it is over."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from django.conf import settings
from django_tasks_db.models import DBTaskResult

from huikuan.store.batch_locks import is_held
from huikuan.store.imports import ImportBatch

FILE = "progress.json"


class Work(StrEnum):
    """``waiting`` for the worker, ``working``, or ``stopped``: nobody works on it and nobody will."""

    WAITING = "waiting"
    WORKING = "working"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Progress:
    """``stage``: read, compare or post; ``total`` rows where it is known. ``task``: who told it."""

    task: str = ""
    stage: str = ""
    done: int = 0
    total: int | None = None


def write_progress(folder: Path, progress: Progress) -> None:
    """Readers see the old or the new one, never half of it."""
    draft = folder / f"{FILE}.{os.getpid()}"
    draft.write_text(json.dumps([progress.task, progress.stage, progress.done, progress.total]))
    draft.replace(folder / FILE)


def read_progress(folder: Path) -> Progress:
    try:
        return Progress(*json.loads((folder / FILE).read_text()))
    except (OSError, ValueError, TypeError):
        return Progress()


def work_state(batch: ImportBatch) -> Work:
    """Whether somebody works on the batch. Who works holds its folder, and has said so in it: a task that runs by its
    row, has said so and holds nothing has died."""
    folder = Path(settings.HUIKUAN_HOME) / batch.folder
    if is_held(folder):
        return Work.WORKING
    found = DBTaskResult.objects.filter(id=batch.task_id) if batch.task_id else DBTaskResult.objects.none()
    status = found.values_list("status", flat=True).first()
    if status == "READY" or (status == "RUNNING" and read_progress(folder).task != str(batch.task_id)):
        return Work.WAITING
    return Work.STOPPED
