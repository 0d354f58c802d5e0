"""Runs scheduled jobs: quick ones each in a loop of its own, the others one after another, each under its lease."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from huikuan.core.said import line_text
from huikuan.core.schedule import PLANS, RETRY
from huikuan.jobs.registry import WORK, Work
from huikuan.services import schedule
from huikuan.services.schedule import Holder

logger = logging.getLogger("huikuan.scheduler")

RENEW_SECONDS = 60.0
NOTE = timedelta(seconds=30)
"""How often a quick job's success is noted in the database."""


def new_holder() -> Holder:
    return Holder(uuid4().hex, socket.gethostname()[:80], os.getpid())


def read_clock() -> datetime:
    return datetime.now(UTC)


class Runner:
    """One scheduler. ``clock`` is injected by tests."""

    def __init__(self, work: Mapping[str, Work] = WORK, clock: Callable[[], datetime] = read_clock) -> None:
        self.work, self.clock, self.holder = work, clock, new_holder()
        self.due_at: dict[str, datetime] = {}
        self.noted_at: dict[str, datetime] = {}

    def run_quick(self, name: str) -> bool:
        """Does a quick job if it is due for this process; gives whether it did. A failure stops nobody."""
        now = self.clock()
        plan = PLANS[name]
        if now < self.due_at.get(name, now):
            return False
        try:
            self.work[name](now)
            if name not in self.noted_at or now >= self.noted_at[name] + NOTE:
                schedule.note_quick(name, now=now)
                self.noted_at[name] = now
        except Exception as error:
            logger.exception("%s failed", name)
            self.due_at[name] = now + max(plan.every, RETRY)
            self.noted_at.pop(name, None)
            with contextlib.suppress(Exception):
                schedule.note_quick_failure(name, self.holder, now=now, error=error)
            return False
        self.due_at[name] = now + plan.every
        return True

    def run_due(self) -> list[str]:
        """Does the other jobs that are due and that nobody holds; gives the names of those that succeeded."""
        return [name for name in schedule.due_jobs(self.clock()) if name in self.work and self.run(name) is not None]

    def run(self, name: str, *, force: bool = False) -> str | None:
        """Does one job under its lease. Gives its line, empty where it said nothing; ``None`` where it was not this
        process's to do, or failed. ``force``: now, due or not; its failure is raised."""
        run_id = schedule.claim(name, self.holder, now=self.clock(), force=force)
        if run_id is None:
            return None
        try:
            with self._renewing(name):
                line = self.work[name](self.clock())
        except Exception as error:
            schedule.fail(run_id, name, self.holder, now=self.clock(), error=error)
            if force:
                raise
            logger.exception("%s failed", name)
            return None
        schedule.finish(run_id, name, self.holder, now=self.clock(), line=line)
        if line:
            logger.info("%s: %s", name, line_text(line))
        return line_text(line or ())

    @contextlib.contextmanager
    def _renewing(self, name: str) -> Iterator[None]:
        """Signs of life from a thread of its own while the job works."""
        over = threading.Event()

        def renew() -> None:
            from django.db import connections

            while not over.wait(RENEW_SECONDS):
                try:
                    if not schedule.renew(name, self.holder, now=self.clock()):
                        logger.error("%s was taken over by another scheduler", name)
                        break
                except Exception:
                    logger.exception("the lease of %s could not be renewed", name)
                finally:
                    connections.close_all()

        thread = threading.Thread(target=renew, name=f"lease-{name}", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
