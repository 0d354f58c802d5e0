"""Large files: checked and posted by the worker, while a page shows how far it has come.

``start_preview`` → the worker's ``run_check`` → ``start_publish`` → the worker's ``run_publish``. A worker that dies
leaves a batch that can be checked or posted again; nothing is ever half written.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from huikuan.core.refusals import BadData, Conflict, Refusal
from huikuan.core.rights import Right
from huikuan.services.background import enqueue
from huikuan.services.imports import Handed, asked_again, asked_options, demand_import, work_out
from huikuan.services.imports_batches import (
    State,
    create_batch,
    discard_batch,
    folder_of,
    get_batch,
    hold,
    keep_original,
    make_folder,
    original_of,
)
from huikuan.services.imports_publish import publish_held, seal_after
from huikuan.services.imports_types import ImportOptions, Progress
from huikuan.services.rights import demand_anywhere
from huikuan.services.sources import source_id_of
from huikuan.services.transaction import run_in_transaction
from huikuan.store.batch_work import Progress as Told
from huikuan.store.batch_work import Work, work_state, write_progress
from huikuan.store.models import ImportBatch

log = logging.getLogger("huikuan.imports")

TELL_SECONDS = 0.4
"""How often the worker says how far it is."""


def is_large(size: int) -> bool:
    """Whether a file of so many bytes is the worker's business and not a page's."""
    return size > int(settings.HUIKUAN_BACKGROUND_BYTES)


def is_large_batch(batch_id: int) -> bool:
    """The same of a file handed in. Refuses ``import.unknown``."""
    original = original_of(get_batch(batch_id))
    return original.exists() and is_large(original.stat().st_size)


def start_preview(
    *,
    actor_id: int | None,
    now: datetime,
    file_name: str,
    kind: str,
    path: str | Path | None = None,
    data: bytes | None = None,
    **asked: Any,
) -> int:
    """Keeps a file and hands its check to the worker; gives the batch's id. Options as ``imports.asked_options``."""
    demand_anywhere(actor_id, Right.IMPORT)
    options = asked_options(kind, **asked)
    folder = make_folder()
    try:
        given = data if data is not None else Path(path or "")
        _, sha256 = keep_original(folder, file_name, given)

        def work() -> int:
            batch = create_batch(
                options,
                source_id=source_id_of(options.source or "files"),
                file_name=file_name,
                sha256=sha256,
                folder=folder,
                actor_id=actor_id,
                now=now,
                summary={},
                state=State.CHECKING,
            )
            ImportBatch.objects.filter(id=batch.id).update(task_id=enqueue("import.check", batch.id))
            return int(batch.id)

        return run_in_transaction(work)
    except BaseException:
        shutil.rmtree(Path(settings.HUIKUAN_HOME) / folder, ignore_errors=True)
        raise


def start_check_again(
    *, batch_id: int, actor_id: int | None, now: datetime, mapping: Mapping[str, str] | None = None, **changes: Any
) -> int:
    """As ``imports.preview_again``, by the worker: the same file as a new batch, whose id is given."""
    former = get_batch(batch_id)
    started = start_preview(
        actor_id=actor_id,
        now=now,
        file_name=former.file_name,
        kind=former.kind,
        path=original_of(former),
        **asked_again(former, mapping, changes),
    )
    discard_batch(former)
    return started


def retry_check(*, batch_id: int) -> None:
    """Hands a check that stopped to the worker again; one under way is left alone. Refuses ``import.unknown``."""

    def work() -> None:
        batch = ImportBatch.objects.select_for_update().get(id=get_batch(batch_id).id)
        if batch.state == State.CHECKING and work_state(batch) == Work.STOPPED:
            batch.task_id, batch.failure = enqueue("import.check", batch.id), None
            batch.save(update_fields=["task_id", "failure"])

    run_in_transaction(work)


def run_check(*, batch_id: int, task_id: str, now: datetime) -> None:
    """The worker's part of ``start_preview``. A batch given up or checked meanwhile is left alone."""

    def work(batch: ImportBatch, progress: Progress) -> None:
        handed = Handed(original_of(batch), batch.folder, batch.file_name, batch.file_sha256)
        work_out(ImportOptions.from_json(batch.options), handed, batch.created_by_id, now, progress, batch)

    batch = get_batch(batch_id)
    with contextlib.suppress(Conflict), hold(batch):  # somebody else at work on it will finish it
        batch.refresh_from_db()
        if batch.state == State.CHECKING:
            _watched(batch, task_id, now, work)


def start_publish(*, batch_id: int, actor_id: int | None, now: datetime, good_rows_only: bool = False) -> None:
    """Hands posting to the worker, once: asked again while it waits or works, nothing more happens.

    Refuses ``import.unknown`` and ``import.not_staged``.
    """
    demand_import(get_batch(batch_id), actor_id)

    def work() -> None:
        taken = ImportBatch.objects.filter(id=batch_id, state=State.STAGED).update(state=State.QUEUED, failure=None)
        if taken:
            number = enqueue("import.publish", batch_id, actor_id, good_rows_only)
            ImportBatch.objects.filter(id=batch_id).update(task_id=number)
            return
        state = str(ImportBatch.objects.get(id=batch_id).state)
        if state not in (State.QUEUED, State.PUBLISHING, State.PUBLISHED):
            raise Refusal("import.not_staged", "this import is {state}, not staged", state=state)

    run_in_transaction(work)


def run_publish(*, batch_id: int, actor_id: int | None, good_rows_only: bool, task_id: str, now: datetime) -> None:
    """The worker's part of ``start_publish``. What is refused is kept with the batch, for the page to say."""

    def work(batch: ImportBatch, progress: Progress) -> None:
        publish_held(batch, actor_id=actor_id, now=now, good_rows_only=good_rows_only, progress=progress)

    batch = ImportBatch.objects.select_related("source", "entity").get(id=batch_id)
    with contextlib.suppress(Conflict), hold(batch):
        batch.refresh_from_db()
        if batch.state == State.QUEUED and str(batch.task_id) == task_id:
            _watched(batch, task_id, now, work)
    seal_after(now)


def _watched(batch: ImportBatch, task_id: str, now: datetime, work: Callable[[ImportBatch, Progress], None]) -> None:
    """Does the work with its progress told; keeps why it failed."""
    try:
        work(batch, teller(folder_of(batch), task_id))
    except Refusal as refusal:
        _fail(batch, told_failure(refusal), now)
    except Exception:
        log.exception("import %s stopped", batch.id)
        _fail(batch, told_failure(None), now)


def told_failure(refusal: Refusal | None) -> dict[str, Any]:
    """A refusal as it is kept: its code, its English template and what goes into it."""
    if refusal is None:
        refusal = Refusal("import.stopped", "It stopped by a fault of the program, and nothing was posted. Try again.")
    if isinstance(refusal, BadData):
        refusal = Refusal(
            "import.faulty_now", "{n} rows are faulty by now, and nothing was posted. Check it again.", n=refusal.total
        )
    params = {name: value if isinstance(value, int | str) else str(value) for name, value in refusal.params.items()}
    return {"code": refusal.code, "template": refusal.template, "params": params}


def _fail(batch: ImportBatch, failure: dict[str, Any], now: datetime) -> None:
    found = ImportBatch.objects.filter(id=batch.id)
    found.update(failure={**failure, "at": now.isoformat()})
    found.filter(state__in=[State.QUEUED, State.PUBLISHING]).update(state=State.STAGED)


def teller(folder: Path, task_id: str) -> Progress:
    """A progress call that tells now and then; the first word, that the work has begun, at once. What cannot be told
    (the folder is gone: somebody else was done with the same work) does not stop the work."""

    def write(told: Told) -> None:
        with contextlib.suppress(OSError):
            write_progress(folder, told)

    write(Told(task_id))
    last_stage, told_at = "", 0.0

    def tell(stage: str, done: int, total: int | None) -> None:
        nonlocal last_stage, told_at
        moment = time.monotonic()
        if stage != last_stage or moment - told_at >= TELL_SECONDS:
            last_stage, told_at = stage, moment
            write(Told(task_id, stage, done, total))

    return tell
