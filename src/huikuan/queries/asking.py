"""One request's questions: what several of them need is looked up once, and all are answered from one state.

Only around what reads: a lookup made before something was written would still be given after it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

T = TypeVar("T")


class Asking:
    """What the questions of one request share. ``closing``: what is let go when the last of them is answered."""

    def __init__(self) -> None:
        self.known: dict[Hashable, Any] = {}
        self.busy: set[Hashable] = set()
        self.closing = ExitStack()


_asking: ContextVar[Asking | None] = ContextVar("asking", default=None)


def current() -> Asking | None:
    """The request whose questions are being answered, if any."""
    return _asking.get()


@contextmanager
def asking() -> Iterator[None]:
    """Questions inside share what they look up; inside another ``asking`` they share with that one."""
    if _asking.get() is not None:
        yield
        return
    mine = Asking()
    token = _asking.set(mine)
    try:
        with mine.closing:
            yield
    finally:
        _asking.reset(token)


def once(key: Hashable, make: Callable[[], T]) -> T:
    """``make()``, remembered under ``key`` for the rest of the request; outside of one, made anew."""
    mine = _asking.get()
    if mine is None:
        return make()
    if key not in mine.known:
        mine.known[key] = make()
    found: T = mine.known[key]
    return found
