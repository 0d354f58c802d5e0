"""Locks on folders of staged files. The operating system lets go when the holder ends, however it ends."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

LOCK = "lock"


@contextlib.contextmanager
def hold_folder(folder: Path) -> Iterator[bool]:
    """Keeps a folder to oneself while in the block; gives whether it could."""
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
    finally:
        os.close(descriptor)


def is_held(folder: Path) -> bool:
    """Whether somebody is at work in the folder right now."""
    if not (folder / LOCK).exists():
        return False
    with hold_folder(folder) as mine:
        return not mine
