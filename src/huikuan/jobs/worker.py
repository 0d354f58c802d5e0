"""Background work: takes tasks from the database, one after another. ``python -m huikuan.jobs.worker``."""

from __future__ import annotations

import logging
import os
import threading
import time
from datetime import UTC, datetime

from huikuan.jobs.children import follow_parent

logger = logging.getLogger("huikuan.worker")

POLL_SECONDS = "0.5"


SIGN_SECONDS = 20.0


def give_signs() -> None:
    """Tells the database now and then that a worker lives, while it waits and while it works."""
    from django.db import connections

    from huikuan.queries.health import WORKER
    from huikuan.services.schedule import note_quick

    while True:
        try:
            note_quick(WORKER, now=datetime.now(UTC))
        except Exception:
            logger.exception("the worker's sign of life could not be written")
        finally:
            connections.close_all()
        time.sleep(SIGN_SECONDS)


def resume() -> None:
    """What a worker that died left goes on."""
    from huikuan.services.resuming import resume_work

    try:
        resume_work(datetime.now(UTC))
    except Exception:
        logger.exception("what a worker before left could not be looked at")


def main() -> None:
    """Works until told to stop; a task under way is finished first."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "huikuan.config.settings")
    import django

    django.setup()
    follow_parent()
    threading.Thread(target=give_signs, name="signs-of-life", daemon=True).start()
    resume()
    from django.core.management import call_command

    call_command("db_worker", "--queue-name=*", f"--interval={POLL_SECONDS}", "--no-reload", verbosity=0)


if __name__ == "__main__":
    main()
