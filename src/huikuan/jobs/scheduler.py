"""The clock of the product: runs registered jobs when they fall due. ``python -m huikuan.jobs.scheduler``."""

from __future__ import annotations

import json
import logging
import os
import signal
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType

from huikuan.jobs.children import follow_parent
from huikuan.jobs.registry import Job, all_jobs

logger = logging.getLogger("huikuan.scheduler")

TICK_SECONDS = 1.0
RETRY = timedelta(seconds=30)
"""A job that failed is tried again after this, or after its own interval where that is shorter."""


class Schedule:
    """When each job is next due. Kept in a small file, so that a restart does not repeat a day's work."""

    def __init__(self, jobs: Sequence[Job], path: Path) -> None:
        self.jobs = jobs
        self.path = path
        self.done_at = self._read()
        self.retry_at: dict[str, datetime] = {}

    def _read(self) -> dict[str, datetime]:
        try:
            kept = json.loads(self.path.read_text())
            return {name: datetime.fromisoformat(value) for name, value in kept.items()}
        except (FileNotFoundError, ValueError, TypeError, AttributeError):
            return {}

    def _write(self) -> None:
        kept = {job.name for job in self.jobs if job.is_kept}
        draft = self.path.with_suffix(".tmp")
        draft.write_text(json.dumps({name: at.isoformat() for name, at in self.done_at.items() if name in kept}))
        draft.replace(self.path)

    def is_due(self, job: Job, now: datetime) -> bool:
        """Whether ``job`` should run at ``now``."""
        if now < self.retry_at.get(job.name, now):
            return False
        done = self.done_at.get(job.name)
        return done is None or now >= done + job.every

    def run_due(self, now: datetime) -> list[str]:
        """Runs what is due, one after another; a failure is logged and does not stop the others. Names what ran."""
        ran = []
        for job in self.jobs:
            if not self.is_due(job, now):
                continue
            try:
                line = job.run(now)
            except Exception:
                logger.exception("%s failed", job.name)
                self.retry_at[job.name] = now + min(job.every, RETRY)
                continue
            if line:
                logger.info("%s: %s", job.name, line)
            self.done_at[job.name] = now
            ran.append(job.name)
            if job.is_kept:
                self._write()
        return ran


def main() -> None:
    """Ticks until told to stop; the job under way is finished first."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "huikuan.config.settings")
    import django

    django.setup()
    from django.conf import settings
    from django.db import close_old_connections

    stopped = threading.Event()

    def on_signal(number: int, frame: FrameType | None) -> None:
        stopped.set()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    follow_parent()
    schedule = Schedule(all_jobs(), settings.HUIKUAN_HOME / "schedule.json")
    while not stopped.wait(TICK_SECONDS):
        close_old_connections()
        schedule.run_due(datetime.now(UTC))
        close_old_connections()


if __name__ == "__main__":
    main()
