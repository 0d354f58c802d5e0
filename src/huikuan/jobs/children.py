"""What every child of the supervisor does: end when its parent is gone."""

from __future__ import annotations

import os
import signal
import threading
import time

CHECK_SECONDS = 1.0


def follow_parent() -> None:
    """Ends this process in an orderly way when its parent has died without a word (killed, out of memory).

    Only a child that was told its parent does so (``HUIKUAN_PARENT``): started by hand, a process outlives its shell.
    """
    told = os.environ.get("HUIKUAN_PARENT", "")
    if not told.isdigit():
        return
    parent = int(told)

    def watch() -> None:
        # Another parent from the start means that ours was gone before we looked.
        while os.getppid() == parent:
            time.sleep(CHECK_SECONDS)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="follow-parent", daemon=True).start()


def lead_children() -> None:
    """Makes this process the parent whom the processes started from here follow."""
    os.environ["HUIKUAN_PARENT"] = str(os.getpid())
