"""The background worker, in the test's own process."""

from __future__ import annotations

from django_tasks_db.management.commands.db_worker import Worker


def work_off() -> None:
    """Does every task that waits, as the worker does."""
    Worker(
        queue_names=["*"],
        interval=0,
        batch=True,
        backend_name="default",
        startup_delay=False,
        max_tasks=None,
        worker_id="test",
        excluded_queue_names=[],
    ).run()
