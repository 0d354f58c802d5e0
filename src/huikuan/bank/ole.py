"""The container of an old Excel workbook, looked through before a library reads it: a chain of sectors that bites its
own tail would be read until no memory is left."""

from __future__ import annotations

import struct
from collections.abc import Sequence

_LAST = 0xFFFFFFFA
"""Numbers of sectors end here; above it stand marks: free, end of a chain, a table's own sector."""
_ENTRY = 128
_STREAM, _ROOT = 2, 5


def is_sound(data: bytes) -> bool:
    """Whether every chain of sectors has an end and no stream claims to be larger than the file."""
    try:
        return _is_sound(data)
    except (struct.error, IndexError):
        return False


def _is_sound(data: bytes) -> bool:
    shift = struct.unpack_from("<H", data, 30)[0]
    if shift not in (9, 12):
        return False
    size = 1 << shift
    directory_at, cutoff, mini_at = (struct.unpack_from("<I", data, at)[0] for at in (48, 56, 60))
    fat = _table(data, size)
    directory = _chain(fat, directory_at)
    mini = _chain(fat, mini_at)
    if fat is None or directory is None or mini is None:
        return False
    small = [number for at in mini for number in _numbers(data, at, size)]
    left = {id(fat): len(fat), id(small): len(small)}  # chains share no sector: together they are no longer than it
    for sector in directory:
        for place in range((sector + 1) * size, (sector + 2) * size, _ENTRY):
            kind, start, length = data[place + 66], *struct.unpack_from("<II", data, place + 116)
            if kind not in (_STREAM, _ROOT) or not length:
                continue
            table = small if kind == _STREAM and length < cutoff else fat
            found = _chain(table, start)
            if found is None or length > len(data) + size:
                return False
            left[id(table)] -= len(found)
            if left[id(table)] < 0:
                return False
    return True


def _numbers(data: bytes, sector: int, size: int) -> tuple[int, ...]:
    return struct.unpack_from(f"<{size // 4}I", data, (sector + 1) * size)


def _table(data: bytes, size: int) -> list[int] | None:
    """What follows each sector; ``None`` where the list of the table's own sectors has no end."""
    listed = list(struct.unpack_from("<109I", data, 76))
    following = struct.unpack_from("<I", data, 68)[0]
    most = len(data) // size + 1
    for _ in range(most):
        if following >= _LAST:
            break
        *more, following = _numbers(data, following, size)
        listed += more
    else:
        return None
    own = [sector for sector in listed if sector < _LAST]
    return [number for sector in own for number in _numbers(data, sector, size)] if len(own) <= most else None


def _chain(table: Sequence[int] | None, start: int) -> list[int] | None:
    """The sectors from one on; ``None`` where they have no end."""
    found: list[int] = []
    while table is not None and start < _LAST:
        if len(found) > len(table):
            return None
        found.append(start)
        start = table[start]
    return None if table is None else found
