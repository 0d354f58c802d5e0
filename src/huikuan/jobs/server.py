"""The web server as a process of its own: ``python -m huikuan.jobs.server --host 127.0.0.1 --port 8000``."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from huikuan.jobs.children import follow_parent, lead_children

# Threads spend their time in the database or in Arrow, both outside the interpreter's lock.
THREADS_PER_WORKER = 4


def main() -> None:
    """Serves until told to stop."""
    parser = argparse.ArgumentParser(prog="huikuan.jobs.server")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "huikuan.config.settings")
    follow_parent()
    lead_children()
    Granian(
        "huikuan.config.wsgi:application",
        address=options.host,
        port=options.port,
        interface=Interfaces.WSGI,
        workers=options.workers,
        blocking_threads=THREADS_PER_WORKER,
        respawn_failed_workers=True,
        log_level=LogLevels.warning,
        working_dir=Path.cwd(),
    ).serve()


if __name__ == "__main__":
    main()
