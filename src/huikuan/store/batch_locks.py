"""Locks on folders of staged files. The operating system lets go when the holder ends, however it ends."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

LOCK = "lock"


PATIENCE = 10
"""Tries, 20 ms apart: somebody who only looks whether a folder is held holds it for that moment."""


@contextlib.contextmanager
def hold_folder(folder: Path, tries: int = PATIENCE) -> Iterator[bool]:
    """Keeps a folder to oneself while in the block; gives whether it could."""
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield _lock(descriptor, tries)
    finally:
        os.close(descriptor)


def _lock(descriptor: int, tries: int) -> bool:
    for number in range(tries):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if number + 1 < tries:
                time.sleep(0.02)
        else:
            return True
    return False


def is_held(folder: Path) -> bool:
    """Whether somebody is at work in the folder right now."""
    if not (folder / LOCK).exists():
        return False
    with hold_folder(folder, tries=1) as mine:
        return not mine
