"""Answers kept per process. What a sealed sequence number gives never changes, so nothing here goes stale: a key names
the ledger and how far it reaches, and old keys fall out when memory is needed."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")

BYTES_MAX = 1 << 30
_SMALL = 4096


class Cache:
    """The least recently used answers go when all together pass ``bytes_max``; the newest always stays."""

    def __init__(self, bytes_max: int = BYTES_MAX) -> None:
        self.bytes_max = bytes_max
        self.bytes_kept = 0
        self._kept: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._lock = threading.Lock()
        self._building: dict[Hashable, threading.Lock] = {}

    def get(self, key: Hashable) -> Any | None:
        with self._lock:
            found = self._kept.get(key)
            if found is None:
                return None
            self._kept.move_to_end(key)
            return found[0]

    def put(self, key: Hashable, value: Any) -> None:
        size = int(getattr(value, "nbytes", 0)) + _SMALL
        with self._lock:
            old = self._kept.pop(key, None)
            self.bytes_kept += size - (old[1] if old else 0)
            self._kept[key] = (value, size)
            while self.bytes_kept > self.bytes_max and len(self._kept) > 1:
                _, (_, gone) = self._kept.popitem(last=False)
                self.bytes_kept -= gone

    def get_or_make(self, key: Hashable, make: Callable[[], T]) -> T:
        """The answer under ``key``; when several threads ask at once, one makes it and the others wait."""
        found: T | None = self.get(key)
        if found is not None:
            return found
        with self._lock:
            gate = self._building.setdefault(key, threading.Lock())
        try:
            with gate:
                found = self.get(key)
                if found is None:
                    found = make()
                    self.put(key, found)
        finally:
            with self._lock:
                self._building.pop(key, None)
        return found

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()
            self.bytes_kept = 0


answers = Cache()
