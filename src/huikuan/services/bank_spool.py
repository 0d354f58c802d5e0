"""Rows that are too many to be held: beyond a number they lie in an unnamed file on disk, read as often as needed.

The file is gone when it is closed, and when the process ends, however it ends.
"""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Generic, TypeVar

HELD = 20_000
"""Rows held in memory by all spools of one file together."""
BLOCK = 1_000
"""Rows written, and read again, together."""

T = TypeVar("T")


class SpoolFile:
    """Where spools put their rows once they hold more than ``HELD`` together. ``folder``: on which disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held = 0
        self._spools: list[Spool[Any]] = []
        self._file: IO[bytes] | None = None

    def __enter__(self) -> SpoolFile:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._file is not None:
            self._file.close()

    def spool(self) -> Spool[Any]:
        """An empty spool."""
        made: Spool[Any] = Spool(self)
        self._spools.append(made)
        return made

    def forget(self, spool: Spool[Any]) -> None:
        """Lets go of what a spool that nobody reads again holds in memory."""
        self._spools.remove(spool)
        self._held -= spool.clear()

    def count_row(self) -> None:
        """One more row is held; beyond what may be held, all are written out."""
        self._held += 1
        if self._held > HELD:
            for spool in self._spools:
                spool.write_out()
            self._held = 0

    def write(self, rows: list[Any]) -> tuple[int, int]:
        """Appends a block; gives its place and size."""
        if self._file is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 - closed with the spool file
        data = pickle.dumps(rows, pickle.HIGHEST_PROTOCOL)
        at = self._file.seek(0, 2)
        self._file.write(data)
        return at, len(data)

    def read(self, at: int, size: int) -> list[Any]:
        if self._file is None:
            raise ValueError("nothing was written out")
        self._file.seek(at)
        rows: list[Any] = pickle.loads(self._file.read(size))  # noqa: S301 - this process wrote it, nobody else can
        return rows


class Spool(Collection[T], Generic[T]):
    """Rows in the order in which they were added."""

    def __init__(self, file: SpoolFile) -> None:
        self._file = file
        self._blocks: list[tuple[int, int]] = []
        self._rows: list[T] = []
        self._count = 0

    def append(self, row: T) -> None:
        self._rows.append(row)
        self._count += 1
        self._file.count_row()

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[T]:
        for at, size in self._blocks:
            yield from self._file.read(at, size)
        yield from self._rows

    def __contains__(self, row: object) -> bool:
        return any(one == row for one in self)

    def write_out(self) -> None:
        for start in range(0, len(self._rows), BLOCK):
            self._blocks.append(self._file.write(self._rows[start : start + BLOCK]))
        self._rows = []

    def clear(self) -> int:
        """Empties the spool; gives how many rows it held in memory."""
        held, self._rows, self._blocks, self._count = len(self._rows), [], [], 0
        return held
