"""What the server runs."""

from __future__ import annotations

import logging
import os
import sys
import threading

from django.core.wsgi import get_wsgi_application

from huikuan.jobs.children import follow_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "huikuan.config.settings")

application = get_wsgi_application()

SWITCH_SECONDS = 0.0005
"""How long a thread that computes keeps the interpreter from one that waits for it. A page asks the database some
twenty times and must come back each time: at Python's five milliseconds it would stand behind a computing neighbour for
longer than it works."""


def _prepare() -> None:
    """Works out what every page stands on, so that no reader waits for it."""
    from django.db import connections
    from django.utils import timezone

    from huikuan.queries.warming import warm, warm_the_rest

    try:
        warm(timezone.now())
        warm_the_rest(timezone.now())
    except Exception:
        logging.getLogger("huikuan").exception("pages could not be prepared; the first one works it out")
    finally:
        connections.close_all()


def _keep_ready() -> None:
    """Prepares the pages of a server that starts, and anew when much was posted since. Whoever clicks goes first."""
    from huikuan.queries.ahead import lay_when_wanted

    _prepare()
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 5)
    lay_when_wanted(_prepare)


sys.setswitchinterval(SWITCH_SECONDS)
threading.Thread(target=_keep_ready, name="ready", daemon=True).start()
# A server process whose parent was killed would keep the port from the next one.
follow_parent()
