"""The supervisor: starts, starts again with growing pauses, stops everything, leaves nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from huikuan.jobs import supervisor as module
from huikuan.jobs.supervisor import BACKOFF_SECONDS, Child, Supervisor
from tests.servers import free_port

SLEEP = (sys.executable, "-c", "import time; time.sleep(600)")
FAIL = (sys.executable, "-c", "raise SystemExit(3)")
STUBBORN = (
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(600)",
)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keep(said: list[str], clock: Clock) -> Iterator[Callable[[Child], Supervisor]]:
    kept: list[Supervisor] = []

    def make(child: Child) -> Supervisor:
        kept.append(Supervisor([child], say=said.append, clock=clock))
        return kept[-1]

    yield make
    for supervisor in kept:
        supervisor.stop()


def wait_for_end(child: Child) -> None:
    assert child.process is not None
    child.process.wait(600)


def pid_of(child: Child) -> int | None:
    return child.process.pid if child.process else None


def test_a_child_that_dies_is_started_again(keep: Callable[[Child], Supervisor], said: list[str], clock: Clock) -> None:
    child = Child("worker", SLEEP)
    supervisor = keep(child)
    supervisor.tick()
    first = pid_of(child)
    assert first is not None
    os.kill(first, signal.SIGKILL)
    wait_for_end(child)
    supervisor.tick()
    assert said == ["huikuan: the worker ended (signal SIGKILL); starting it again in 0.2 s"]
    supervisor.tick()
    assert pid_of(child) is None, "not before its pause is over"
    clock.now += 0.3
    supervisor.tick()
    assert pid_of(child) not in {None, first}


def test_pauses_grow_and_a_long_life_forgets_them(
    keep: Callable[[Child], Supervisor], said: list[str], clock: Clock
) -> None:
    child = Child("worker", FAIL)
    supervisor = keep(child)
    pauses = []
    for _ in range(8):
        supervisor.tick()
        wait_for_end(child)
        supervisor.tick()
        pauses.append(child.start_at - clock.now)
        clock.now = child.start_at
    assert pauses == pytest.approx([*BACKOFF_SECONDS, BACKOFF_SECONDS[-1], BACKOFF_SECONDS[-1]])
    supervisor.tick()
    clock.now += module.HEALTHY_SECONDS + 1
    wait_for_end(child)
    supervisor.tick()
    assert child.failures == 1
    assert "exit 3" in said[-1]


def test_a_child_that_will_not_stop_is_killed(
    keep: Callable[[Child], Supervisor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STOP_SECONDS", 0.3)
    child = Child("stubborn", STUBBORN)
    supervisor = keep(child)
    supervisor.tick()
    assert child.process is not None
    time.sleep(0.3)
    supervisor.stop()
    assert child.process.poll() in {-signal.SIGKILL, -signal.SIGTERM}


def test_a_taken_port_is_said_at_once(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "huikuan.jobs.supervisor", "--port", str(port)],
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
    assert done.returncode == 1
    assert f"127.0.0.1:{port} is in use; choose another with --port" in done.stderr


def test_a_free_port_is_free() -> None:
    assert module.is_port_free("127.0.0.1", free_port())
