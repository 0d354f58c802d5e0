"""The next floor, laid beside the questions that are answered meanwhile.

A floor of a million items and everything kept on it takes seconds, which nobody who clicks should wait for. Where a
process has a thread for it (``lay_when_wanted``), a question that finds its floor far below goes on with it, which is
as right and hardly slower, and the thread lays the next ones with all that stands on them before anybody is given them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from huikuan.queries.cache import answers

LEFT_MAX = 20_000
"""So many sealed entries above a floor and a question lays the next one itself: the thread cannot keep up."""

PAUSE_SECONDS = 10.0
"""Between one floor and the next, should floors be wanted without end."""

T = TypeVar("T")

_laid: ContextVar[dict[Hashable, Any] | None] = ContextVar("laid", default=None)
_wanted = threading.Event()
_has_thread = threading.Event()


def is_laying() -> bool:
    """Whether the question asked here lays the next floors."""
    return _laid.get() is not None


def is_left(entries: int) -> bool:
    """Whether a floor so many sealed entries below is left to the thread."""
    if not _has_thread.is_set() or entries >= LEFT_MAX:
        return False
    _wanted.set()
    return True


def followed(key: Hashable, floor: T, entries: int, lay: Callable[[], T]) -> T:
    """The floor to stand on where one, kept under ``key``, is so many sealed entries below."""
    laid = _laid.get()
    if laid is not None:
        if key not in laid:
            laid[key] = lay()
        found: T = laid[key]
        return found
    if is_left(entries):
        return floor
    found = lay()
    answers.put(key, found)
    return found


@contextmanager
def laying() -> Iterator[None]:
    """Questions inside lay the next floors and keep what stands on them; everybody is given them at the end."""
    found: dict[Hashable, Any] = {}
    token = _laid.set(found)
    try:
        yield
    finally:
        _laid.reset(token)
    for key, floor in found.items():
        answers.put(key, floor)


def lay_when_wanted(prepare: Callable[[], None]) -> None:
    """Lays floors whenever a question wants them, for as long as the process lives: ``prepare`` asks what everything
    stands on."""
    _has_thread.set()
    while True:
        _wanted.wait()
        try:
            with laying():
                prepare()
        finally:
            _wanted.clear()
        time.sleep(PAUSE_SECONDS)
