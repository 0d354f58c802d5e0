"""Killing a process at work and asking afterwards whether anything was lost, doubled or left half done.

A worker is a module run as ``python -m MODULE ARGUMENTS`` on the test's database. It prints ``ready`` when it starts
to work, then one line for each thing it has been told is done (``acknowledge``); such a line is a promise that must
hold after the kill. A worker started again with the same arguments does the same work under the same keys.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

if TYPE_CHECKING:
    from tests.databases import LedgerDb

ROOT = Path(__file__).resolve().parents[2]
READY = "ready"


def acknowledge(*words: object) -> None:
    """Called by a worker after the answer came: the line has left the process when this returns."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


@dataclass
class Killed:
    """What became of a worker: the lines it got out, and whether it was still at work when it was killed."""

    lines: list[str] = field(default_factory=list)
    at_work: bool = False


def run_worker(db: LedgerDb, module: str, *arguments: object, kill_after: float | None = None) -> Killed:
    """Starts a worker; kills it with SIGKILL so many seconds after it is ready, or lets it finish.

    Raises AssertionError with its error output when it fails by itself.
    """
    command = [sys.executable, "-m", module, *map(str, arguments)]
    env = {**db.env, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")])}
    env["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    result = Killed()
    with subprocess.Popen(
        command, env=env, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        first = process.stdout.readline().strip()
        assert first == READY, process.stderr.read()
        timer = threading.Timer(kill_after or 0, process.kill)
        if kill_after is not None:
            timer.start()
        result.lines = [line.strip() for line in process.stdout if line.endswith("\n")]
        errors = process.stderr.read()
        code = process.wait()
        timer.cancel()
    result.at_work = code == -signal.SIGKILL
    assert result.at_work or code == 0, errors
    if result.at_work:
        wait_for_the_server(db)
    return result


def wait_for_the_server(db: LedgerDb, seconds_max: float = 300) -> None:
    """PostgreSQL finishes the statement of a client that was killed, a commit too: what is asked before that
    may have another answer a moment later. Gives up after ``seconds_max``."""
    if db.vendor != "postgres":
        return
    others = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND backend_type = 'client backend' AND pid <> %s"
    )
    from django.db import connection

    connection.ensure_connection()
    ours = connection.connection.info.backend_pid
    with psycopg.connect(db.url, autocommit=True) as asking:
        end = time.monotonic() + seconds_max
        while asking.execute(others, [ours]).fetchone() != (0,):
            assert time.monotonic() < end, "the server is still at work for a client that was killed"
            time.sleep(0.005)


def moments(seed: int, count: int, longest: float) -> list[float]:
    """Random moments to kill at, in seconds after ready, more of them early on."""
    chance = random.Random(seed)
    return [chance.random() ** 2 * longest for _ in range(count)]


def assert_verified() -> None:
    """``huikuan verify`` finds nothing."""
    from huikuan.services.verifying import verify  # workers load this module before Django is ready

    report = verify()
    assert report.ok, [(check.name, check.detail) for check in report.checks if not check.ok]
