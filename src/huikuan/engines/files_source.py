"""What every kind of file is turned into before its columns are read: a head of text rows and batches of columns."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import pyarrow as pa

from huikuan.core.refusals import BadData, DataError, DataWarning

HEAD_ROWS = 200
"""Rows looked at to find the headings and to guess what columns mean."""
COLUMNS_MAX = 2_000
"""Columns a table may have."""
ERRORS_COLUMN = "huikuan_errors"
"""Heading of the column that ``write_annotated`` adds; ignored when the file comes back."""

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a file may be, in bytes; ``xlsx_unpacked`` and ``xlsx_ratio`` guard against zip bombs, ``xlsx_cells``
    against sheets that claim more cells than any memory holds."""

    csv: int = 1024 * MIB
    parquet: int = 1024 * MIB
    parquet_unpacked: int = 16 * 1024 * MIB
    xlsx: int = 200 * MIB
    xlsx_unpacked: int = 2048 * MIB
    xlsx_ratio: int = 300
    xlsx_cells: int = 60_000_000


@dataclass(slots=True)
class Batch:
    """A stretch of rows: one array per asked column, the row number of each, and rows too broken to be in them."""

    arrays: list[Any]
    rows: Any
    broken: list[DataError] = field(default_factory=list)


class Source(Protocol):
    """A file opened for reading. ``head`` gives its first rows as text; ``start`` fixes the row of the headings
    (1-based); ``batches`` streams the columns at the given positions."""

    name: str
    encoding: str | None
    warnings: list[DataWarning]

    def head(self) -> list[list[str]]: ...

    def start(self, header_row: int, width: int) -> None: ...

    def batches(self, columns: Sequence[int], chunk_rows: int) -> Iterator[Batch]: ...


@dataclass(frozen=True, slots=True)
class Blob:
    """A file on disk or bytes in memory, under the name errors show."""

    name: str
    path: Path | None = None
    data: bytes | None = None

    @classmethod
    def of(cls, source: str | Path | bytes, name: str | None = None) -> Blob:
        if isinstance(source, bytes):
            return cls(name or "upload", data=source)
        path = Path(source)
        return cls(name or path.name, path=path)

    @property
    def size(self) -> int:
        if self.data is not None:
            return len(self.data)
        try:
            return Path(self.path or "").stat().st_size
        except OSError as error:
            raise refused(self.name, "file.unreadable", error.strerror or "cannot be read") from None

    @property
    def suffix(self) -> str:
        return Path(self.name).suffix.lower()

    def open(self) -> BinaryIO:
        """A binary stream from the start."""
        if self.data is not None:
            return io.BytesIO(self.data)
        try:
            return Path(self.path or "").open("rb")
        except OSError as error:
            raise refused(self.name, "file.unreadable", error.strerror or "cannot be read") from None

    def arrow(self) -> Any:
        """The same bytes as an Arrow input."""
        return pa.BufferReader(self.data) if self.data is not None else pa.OSFile(str(self.path), "rb")


def refused(file: str, code: str, reason: str, row: int | None = None) -> BadData:
    """A fault of the whole file, ready to raise."""
    return BadData([DataError(file, row, None, reason, code)])


def check_size(blob: Blob, limit: int) -> None:
    """Refuses an empty file and one above ``limit`` bytes."""
    size = blob.size
    if size == 0:
        raise refused(blob.name, "file.empty", "the file is empty")
    if size > limit:
        reason = f"the file has {size:,} bytes, more than the limit of {limit:,}"
        raise refused(blob.name, "file.too_large", reason)
