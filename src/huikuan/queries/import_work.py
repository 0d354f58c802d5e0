"""What the worker is doing with a file handed in, and how far it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from huikuan.store.batch_locks import is_held
from huikuan.store.batch_work import Work, read_progress, work_state
from huikuan.store.models import ImportBatch

State = ImportBatch.State


@dataclass(frozen=True, slots=True)
class ImportWork:
    """``state``: waiting, working or stopped. ``stage``: read, compare or post, with rows ``done`` of ``total`` where
    they are counted; only while it is working."""

    state: str
    stage: str = ""
    done: int = 0
    total: int | None = None

    @property
    def percent(self) -> int | None:
        return min(self.done * 100 // self.total, 100) if self.total else None


def import_work(batch_id: int) -> ImportWork | None:
    """The work on a file that is being checked or posted, or was to be; ``None`` where nothing is to be done."""
    batch = ImportBatch.objects.filter(id=batch_id).first()
    if batch is None or batch.state not in (State.CHECKING, State.QUEUED, State.PUBLISHING):
        return None
    if batch.task_id is None:  # posted by a command or a page
        return ImportWork("working")
    found = work_state(batch)
    if found != Work.WORKING:
        return ImportWork(found.value)
    told = read_progress(Path(settings.HUIKUAN_HOME) / batch.folder)
    if told.task != str(batch.task_id):
        return ImportWork(found.value)
    return ImportWork(found.value, told.stage, told.done, told.total)


def state_of(batch: ImportBatch) -> str:
    """A batch whose publisher died is staged, and one whose check died is stopped, whatever its row says until somebody
    touches it."""
    seen = str(batch.state)
    if _is_worked_on(batch):
        return seen
    # It may have ended between reading its row and looking for who works on it.
    state = str(ImportBatch.objects.values_list("state", flat=True).get(id=batch.pk))
    if state != seen:
        return state
    return "stopped" if state == State.CHECKING else str(State.STAGED)


def _is_worked_on(batch: ImportBatch) -> bool:
    if batch.state == State.PUBLISHING:
        return is_held(Path(settings.HUIKUAN_HOME) / batch.folder)
    return batch.state not in (State.CHECKING, State.QUEUED) or work_state(batch) != Work.STOPPED
