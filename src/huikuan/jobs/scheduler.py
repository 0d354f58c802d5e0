"""The clock of the product: runs scheduled jobs when they fall due. ``python -m huikuan.jobs.scheduler``.

Any number of schedulers may run: a job belongs to whoever holds its lease.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial
from types import FrameType

from huikuan.core.schedule import PLANS
from huikuan.jobs.children import follow_parent

logger = logging.getLogger("huikuan.scheduler")

TICK_SECONDS = 1.0


def repeat(step: Callable[[], object], stopped: threading.Event) -> None:
    """Takes the step every second until told to stop; the one under way is finished first."""
    from django.db import close_old_connections

    while not stopped.wait(TICK_SECONDS):
        close_old_connections()
        try:
            step()
        except Exception:
            logger.exception("the schedule could not be looked at; it is tried again")
        close_old_connections()


def patiently(step: Callable[[], object], stopped: threading.Event) -> None:
    """``repeat`` for what takes minutes of the processor, as a backup does: whoever clicks goes first. Linux gives each
    thread a priority of its own; elsewhere it would be the whole process's, and sealing waits for nobody."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)
    repeat(step, stopped)


def main() -> None:
    """Ticks until told to stop. Quick jobs (sealing) go on in threads of their own while a long one works."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "huikuan.config.settings")
    import django

    django.setup()
    from huikuan.jobs.runner import Runner

    stopped = threading.Event()

    def on_signal(number: int, frame: FrameType | None) -> None:
        stopped.set()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    follow_parent()
    runner = Runner()
    quick = [partial(runner.run_quick, plan.name) for plan in PLANS.values() if plan.is_quick]
    threads = [threading.Thread(target=patiently, args=(runner.run_due, stopped))]
    threads += [threading.Thread(target=repeat, args=(step, stopped)) for step in quick]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
