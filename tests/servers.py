"""The real server, started for a test on the test's own database."""

from __future__ import annotations

import contextlib
import fcntl
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from huikuan.jobs.supervisor import answers
from tests.databases import LedgerDb

ROOT = Path(__file__).resolve().parents[1]
PORTS = Path(tempfile.gettempdir()) / f"huikuan-test-ports-{os.getuid()}"
_KEPT: list[IO[str]] = []  # a file that is closed is no longer locked
START_SECONDS = 300.0  # a busy machine is no fault, only what never comes is


@dataclass(frozen=True, slots=True)
class LiveServer:
    """Where a running server answers, and the database it works on."""

    url: str
    db: LedgerDb
    pid: int


def free_port() -> int:
    """A port nobody listens on, and that no other test is given while this process lives. Below those that the system
    hands out by itself: it might give one of them away before the server listens there."""
    PORTS.mkdir(exist_ok=True)
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        mark = (PORTS / str(port)).open("w")
        with contextlib.suppress(OSError), socket.socket() as probe:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
            probe.bind(("127.0.0.1", port))
            _KEPT.append(mark)
            return port
        mark.close()


@contextlib.contextmanager
def serve(db: LedgerDb) -> Iterator[LiveServer]:
    """Starts a server on ``db``, waits until it answers, and stops it afterwards."""
    port = free_port()
    log = db.home / "server.log"
    environment = {**db.env, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "src")))}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "huikuan.jobs.server", "--port", str(port)],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not answers("127.0.0.1", port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the server did not start:\n{log.read_text()}")
            time.sleep(0.05)
        yield LiveServer(f"http://127.0.0.1:{port}", db, process.pid)
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
