"""Work on a file from outside, done by a process of its own that is ended where it takes too long: a few kB can keep a
reader busy for hours, and nothing tells so beforehand. The work is a module that calls ``bound`` as a program."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from dataclasses import dataclass

WORK_SECONDS = 20
"""Of a processor. Fifty pages full of words take about ten."""
WAIT_SECONDS = 120
"""By the clock, where other work has the processors."""
MEMORY = 2 << 30


@dataclass(frozen=True, slots=True)
class Done:
    """How the work ended: its exit ``code`` (below nothing: ended by a signal), what it wrote, the last line it said of
    an error."""

    code: int
    written: bytes
    why: str


def work_apart(module: str, data: bytes) -> Done:
    """Runs a module as a program on ``data``. Where its time by the clock is over, it ended by a signal."""
    command = [sys.executable, "-P", "-m", module, str(WORK_SECONDS)]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=WAIT_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return Done(-1, b"", "")
    said = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:] or ["?"]
    return Done(done.returncode, done.stdout, said[0])


def bound(seconds: int) -> None:
    """The system ends this process after so much work. Where it knows no such bounds, the clock of the parent does."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
