"""What every child of the supervisor does: end when its parent is gone."""

from __future__ import annotations

import os
import signal
import threading
import time

CHECK_SECONDS = 1.0


def follow_parent() -> None:
    """Ends this process in an orderly way when the supervisor has died without a word (killed, out of memory).

    Only a child says so (``HUIKUAN_SUPERVISED``): started by hand, a process outlives the shell that started it.
    """
    if os.environ.get("HUIKUAN_SUPERVISED") != str(os.getppid()):
        return
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(CHECK_SECONDS)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="follow-parent", daemon=True).start()
