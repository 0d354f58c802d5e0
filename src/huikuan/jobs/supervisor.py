"""One process that starts server, worker and scheduler, starts again what dies, and stops them all together.

Knows nothing of Django, so it stays small and cannot die of what its children die of.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import FrameType

from huikuan.jobs.children import lead_children

POLL_SECONDS = 0.1
BACKOFF_SECONDS = (0.2, 1.0, 2.0, 5.0, 10.0, 30.0)
HEALTHY_SECONDS = 30.0
"""A child that lived this long starts afresh in the counting of failures."""
STOP_SECONDS = 10.0
"""What children get to finish their work before they are killed."""
OTHERS_AFTER_SECONDS = 5.0
"""Worker and scheduler start when the server answers, or after this: the person waiting for the page goes first."""
SLOW_SECONDS = 30.0
"""A server that has not answered for so long is worth a word."""
GIVE_UP = 5
"""Failures in a row after which a server that never answered is given up."""


@dataclass(slots=True)
class Child:
    """One process to keep running."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    failures: int = 0
    start_at: float = 0.0


@dataclass(slots=True)
class Supervisor:
    """Keeps ``children`` running until ``stop`` is called. ``clock`` is monotonic seconds, injected by tests."""

    children: list[Child]
    say: Callable[[str], None] = print
    clock: Callable[[], float] = time.monotonic
    stopping: bool = field(default=False, init=False)

    def tick(self) -> None:
        """Starts what should run and does not."""
        now = self.clock()
        for child in self.children:
            if child.process is None:
                if now >= child.start_at:
                    self._start(child, now)
            elif (code := child.process.poll()) is not None:
                self._ended(child, code, now)

    def _start(self, child: Child, now: float) -> None:
        # A session of its own: Ctrl-C reaches the supervisor alone, which then stops the children in order.
        child.process = subprocess.Popen(child.command, start_new_session=True)
        child.started = now

    def _ended(self, child: Child, code: int, now: float) -> None:
        child.failures = 1 if now - child.started >= HEALTHY_SECONDS else child.failures + 1
        wait = BACKOFF_SECONDS[min(child.failures, len(BACKOFF_SECONDS)) - 1]
        if child.process is not None:
            # A server that was killed may leave its own children on the port.
            kill_group(child.process)
        child.process = None
        child.start_at = now + wait
        self.say(f"huikuan: the {child.name} ended ({describe_exit(code)}); starting it again in {wait:g} s")

    def stop(self) -> None:
        """Asks every child to finish, waits, and kills what does not."""
        self.stopping = True
        running = [child.process for child in self.children if child.process and child.process.poll() is None]
        for process in running:
            process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for process in running:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                kill_group(process)


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Ends a child and whatever it started (each child leads its own process group)."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def describe_exit(code: int) -> str:
    """An exit status in words."""
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit {code}"


def answers(host: str, port: int) -> bool:
    """Whether the server answers its health page."""
    connection = http.client.HTTPConnection(host, port, timeout=1.0)
    try:
        connection.request("GET", "/healthz", headers={"Host": "localhost"})
        return connection.getresponse().status == 200
    except OSError:
        return False
    except http.client.HTTPException:
        return False
    finally:
        connection.close()


def is_port_free(host: str, port: int) -> bool:
    """Whether a server could listen there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def local_address(host: str) -> str:
    """Where this machine reaches a server bound to ``host``."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound


def family(host: str, port: int, workers: int) -> list[Child]:
    """Server, worker and scheduler, the server first."""
    python = (sys.executable, "-m")
    server = ("huikuan.jobs.server", "--host", host, "--port", str(port), "--workers", str(workers))
    return [
        Child("server", (*python, *server)),
        Child("worker", (*python, "huikuan.jobs.worker")),
        Child("scheduler", (*python, "huikuan.jobs.scheduler")),
    ]


def supervise(supervisor: Supervisor, host: str, port: int, announcement: str) -> int:
    """Runs until a signal; says ``announcement`` when the server first answers. Returns the exit code."""

    def on_signal(number: int, frame: FrameType | None) -> None:
        supervisor.stopping = True

    lead_children()
    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    announced = warned = False
    server, *others = supervisor.children
    for child in others:
        child.start_at = supervisor.clock() + OTHERS_AFTER_SECONDS
    warn_at = supervisor.clock() + SLOW_SECONDS
    try:
        while not supervisor.stopping:
            supervisor.tick()
            if not announced and server.process and answers(local_address(host), port):
                announced = True
                supervisor.say(announcement)
                for child in others:
                    child.start_at = min(child.start_at, supervisor.clock())
            if not announced and not warned and supervisor.clock() > warn_at:
                warned = True
                supervisor.say("huikuan: the server runs but does not answer yet; the messages above may say why")
            if not announced and server.failures >= GIVE_UP:
                supervisor.say("huikuan: the server does not start; see the messages above")
                return 1
            time.sleep(POLL_SECONDS)
        return 0
    finally:
        supervisor.stop()


def main() -> int:
    """``python -m huikuan.jobs.supervisor --host H --port P``; what to say comes in ``HUIKUAN_ANNOUNCEMENT``."""
    parser = argparse.ArgumentParser(prog="huikuan.jobs.supervisor")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    announcement = os.environ.pop("HUIKUAN_ANNOUNCEMENT", "huikuan: the server answers")
    if not is_port_free(options.host, options.port):
        print(f"huikuan: {options.host}:{options.port} is in use; choose another with --port", file=sys.stderr)
        return 1
    children = family(options.host, options.port, options.workers)
    say: Callable[[str], None] = lambda text: print(text, flush=True)  # noqa: E731
    return supervise(Supervisor(children, say=say), options.host, options.port, announcement)


if __name__ == "__main__":
    sys.exit(main())
