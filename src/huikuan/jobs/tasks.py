"""What the worker does when it is handed a task; named in ``HUIKUAN_TASKS``, called with what was enqueued."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from django_tasks import task

WAITS = 3_000
"""Times 20 ms that a task waits for who else matches the same lines; what it then leaves, the schedule takes."""


@task(takes_context=True)
def check_import(context: Any, batch_id: int) -> None:
    """Reads and compares a file that was handed in."""
    from huikuan.services.imports_background import run_check

    run_check(batch_id=batch_id, task_id=str(context.task_result.id), now=datetime.now(UTC))


@task(takes_context=True)
def publish_import(context: Any, batch_id: int, actor_id: int | None, good_rows_only: bool) -> None:
    """Posts a file that was checked."""
    from huikuan.services.imports_background import run_publish

    run_publish(
        batch_id=batch_id,
        actor_id=actor_id,
        good_rows_only=good_rows_only,
        task_id=str(context.task_result.id),
        now=datetime.now(UTC),
    )


@task(takes_context=True)
def import_bank_files(context: Any, upload_id: int, actor_id: int | None, only: str) -> None:
    """Imports the statements of bank files that were handed in."""
    from huikuan.services.bank_uploads import work_upload

    work_upload(upload_id, actor_id=actor_id, now=datetime.now(UTC), only=only, task_id=str(context.task_result.id))


@task()
def match_lines(entity_id: int, actor_id: int | None, every: bool = False, fit: bool = False) -> None:
    """Works out what new bank lines pay (or ``every`` open one), and posts what is sure enough."""
    from huikuan.core.refusals import Conflict
    from huikuan.services.matching import run_matching

    with suppress(Conflict):
        run_matching(entity_id, actor_id=actor_id, now=datetime.now(UTC), every=every, fit=fit, patience=WAITS)
