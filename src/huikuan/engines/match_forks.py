"""Work in several processes where it pays: forked, so that nothing large is copied; the same answer in any number."""

from __future__ import annotations

import gc
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, TypeVar

Part = TypeVar("Part")
LINES_MIN = 1500
"""Fewer lines are done in one process."""
PIECES = 4
"""Pieces per process, so that none waits long for another's last one."""


@contextmanager
def unwatched() -> Iterator[None]:
    """Nothing is searched for garbage meanwhile: with a million items that would cost more than the work, what comes
    back from other processes would be searched while it is read, and a fork would copy every page that is looked at.
    (What the work makes holds no circles, so nothing is kept that would have been freed.) What was made meanwhile
    counts as old afterwards: it is not searched at once."""
    was_on = gc.isenabled()
    gc.disable()
    gc.freeze()
    try:
        yield
    finally:
        gc.freeze()
        gc.unfreeze()
        if was_on:
            gc.enable()


_work: Callable[[int, int], Any] | None = None


def run_apart(work: Callable[[int, int], Part], count: int, lines: int, processes: int | None) -> list[Part]:
    """``work(first, stop)`` over ``count`` pieces cut into a few runs per process, answers in order.

    ``processes``: ``None`` for one per processor where there is enough to do, and one where other threads run (a fork
    would copy their locks). The first run that fails ends it all with its exception.
    """
    global _work  # noqa: PLW0603 - a forked child finds its work here, unpickled
    number = _processes(lines, processes)
    if number <= 1 or count <= 1:
        return [work(0, count)]
    parts = min(number * PIECES, count)
    edges = [round(count * part / parts) for part in range(parts + 1)]
    pieces = [(first, stop) for first, stop in pairwise(edges) if stop > first]
    _work = work
    try:
        with multiprocessing.get_context("fork").Pool(min(number, len(pieces))) as pool:
            return list(pool.map(_run, pieces, chunksize=1))
    finally:
        _work = None


def _run(piece: tuple[int, int]) -> Any:
    assert _work is not None  # noqa: S101 - set before the fork
    return _work(*piece)


def _processes(lines: int, asked: int | None) -> int:
    if not hasattr(os, "fork"):
        return 1
    if asked is not None:
        return asked
    if lines < LINES_MIN or threading.active_count() > 1:
        return 1
    return min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, 8)
