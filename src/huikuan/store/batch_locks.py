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
    """Keeps a folder, made where there is none, to oneself while in the block; gives whether it could."""
    descriptor = _open_lock(folder)
    while (mine := _lock(descriptor, tries)) and not _is_in(folder, descriptor):
        # Whoever held it before removed it: what was locked is no lock of the folder that may be there now.
        os.close(descriptor)
        descriptor = _open_lock(folder)
    try:
        yield mine
    finally:
        os.close(descriptor)


def _open_lock(folder: Path) -> int:
    left = 100
    while True:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            return os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        except (FileNotFoundError, FileExistsError):  # removed meanwhile by whoever was done with it
            left -= 1
            if not left:
                raise


def _is_in(folder: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(folder / LOCK))
    except FileNotFoundError:
        return False


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
    try:
        descriptor = os.open(folder / LOCK, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        # Shared: who looks at the same moment is nobody at work.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
