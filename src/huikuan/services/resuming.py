"""Work whose worker died (a power cut, a kill, a restart of the machine) goes on by itself when a worker starts.

Nothing of it was half done: every task works in transactions and can be done again. Who works holds a folder, which
the operating system lets go of however the process ends.
"""

from __future__ import annotations

import contextlib
import logging
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django_tasks_db.models import DBTaskResult

from huikuan.core.refusals import Refusal
from huikuan.queries.bank_uploads import upload_folder
from huikuan.queries.matching_work import matching_folder
from huikuan.services.background import enqueue
from huikuan.services.bank_uploads import hand_over
from huikuan.services.imports_background import retry_check, start_publish
from huikuan.services.imports_batches import folder_of, recover
from huikuan.services.transaction import run_in_transaction
from huikuan.store.batch_locks import is_held
from huikuan.store.batch_work import read_progress
from huikuan.store.models import BankUpload, ImportBatch

log = logging.getLogger("huikuan.worker")

BEGUN = timedelta(seconds=60)
"""After so long a task that runs by its row holds its folder, or its worker died before it could."""


def resume_work(now: datetime) -> int:
    """Hands checks, postings and bank files whose worker died to the worker again; gives how many."""
    resumed = 0
    for name, what in (("import.check", ImportBatch), ("import.publish", ImportBatch), ("bank.upload", BankUpload)):
        path = settings.HUIKUAN_TASKS[name]
        running = DBTaskResult.objects.filter(task_path=path, status="RUNNING")
        for number, said, started in running.values_list("id", "args_kwargs", "started_at"):
            arguments = list(said["args"])
            row: Any = what.objects.filter(id=arguments[0], task_id=number).first()
            if row is None:
                continue  # handed over again already
            folder = folder_of(row) if isinstance(row, ImportBatch) else upload_folder(row.pk)
            has_begun = read_progress(folder).task == str(number) or (started and now - started > BEGUN)
            if has_begun and not is_held(folder):
                with contextlib.suppress(Refusal):  # the right was taken away meanwhile: a person decides
                    resumed += _resume(name, number, row, arguments, now)
    return resumed + _resume_matching(now)


def _resume_matching(now: datetime) -> int:
    """A run of the matcher has no row that names its task: it is dead when it began a while ago and nobody holds the
    folder of its entity."""
    running = DBTaskResult.objects.filter(task_path=settings.HUIKUAN_TASKS["match.run"], status="RUNNING")
    resumed = 0
    for number, said in running.filter(started_at__lt=now - BEGUN).values_list("id", "args_kwargs"):
        if not is_held(matching_folder(said["args"][0])) and _take(number, now):
            enqueue("match.run", *said["args"])
            resumed += 1
    return resumed


def _take(number: Any, now: datetime) -> bool:
    """One of several workers that start at once takes a dead one's task out of the way."""

    def take() -> int:
        return DBTaskResult.objects.filter(id=number, status="RUNNING").update(status="FAILED", finished_at=now)

    return bool(run_in_transaction(take))


def _resume(name: str, number: Any, row: Any, arguments: list[Any], now: datetime) -> int:
    """Takes the dead worker's task out of the way and does this."""
    if not _take(number, now):
        return 0
    log.info("%s %s goes on: its worker died", name, row.pk)
    if isinstance(row, BankUpload):
        if row.state != BankUpload.State.DONE:
            hand_over(row.pk, arguments[1], arguments[2])
    elif name == "import.check":
        retry_check(batch_id=row.pk)
    elif recover(row).state == ImportBatch.State.STAGED:
        start_publish(batch_id=row.pk, actor_id=arguments[1], now=now, good_rows_only=arguments[2])
    return 1
