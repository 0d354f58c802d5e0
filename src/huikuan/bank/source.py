"""A file as readers take it: opened again and again, its size checked, its text decoded and proved."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

from huikuan.bank.statement import FAULTS_MAX, BadStatement, Line, Statement
from huikuan.core.refusals import DataError

MIB = 1 << 20
FILE_MAX = 2048 * MIB
"""Bytes of a file that is read as a stream (XML, MT, CSV ...)."""
WORKBOOK_MAX = 200 * MIB
LINE_MAX = 1 * MIB
"""Characters of one line of text."""
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_GB2312_SHARE = 0.7


@dataclass(frozen=True, slots=True)
class Source:
    """A file on disk or bytes in memory, under the name that faults show."""

    name: str
    path: Path | None = None
    data: bytes | None = None

    @property
    def size(self) -> int:
        if self.data is not None:
            return len(self.data)
        try:
            return Path(self.path or "").stat().st_size
        except OSError as error:
            raise self.bad("file.unreadable", error.strerror or "cannot be read") from None

    def open(self) -> BinaryIO:
        """A binary stream from the start."""
        if self.data is not None:
            return io.BytesIO(self.data)
        try:
            return Path(self.path or "").open("rb")
        except OSError as error:
            raise self.bad("file.unreadable", error.strerror or "cannot be read") from None

    def head(self, size: int = 64 * 1024) -> bytes:
        """The first bytes."""
        with self.open() as stream:
            return stream.read(size)

    def read(self) -> bytes:
        """Everything at once; only for formats that cannot be streamed."""
        with self.open() as stream:
            return stream.read()

    def bad(self, code: str, reason: str, row: int | None = None) -> BadStatement:
        """This file with one fault, ready to raise."""
        return BadStatement.of(self.name, code, reason, row)

    def check_size(self, limit: int = FILE_MAX) -> None:
        """Refuses ``file.empty`` and ``file.too_large``."""
        size = self.size
        if size == 0:
            raise self.bad("file.empty", "the file is empty")
        if size > limit:
            raise self.bad("file.too_large", f"the file has {size:,} bytes, more than the limit of {limit:,}")


@dataclass(slots=True)
class Faults:
    """Every fault of one file, row by row; kept up to a limit and counted beyond."""

    name: str
    errors: list[DataError] = field(default_factory=list)
    total: int = 0

    def add(self, code: str, reason: str, row: int | None = None, column: str | None = None) -> None:
        self.total += 1
        if len(self.errors) < FAULTS_MAX:
            self.errors.append(DataError(self.name, row, column, reason, code))

    def raise_if_any(self) -> None:
        """Refuses the file where anything was wrong."""
        if self.total:
            raise BadStatement(self.errors, self.total)


@dataclass(frozen=True, slots=True)
class Opened:
    """A statement begins. ``number`` counts the statements of a file from 1; ``statement`` is what is known so far."""

    number: int
    statement: Statement


@dataclass(frozen=True, slots=True)
class Entry:
    """The next line of statement ``number``."""

    number: int
    line: Line


@dataclass(frozen=True, slots=True)
class Closed:
    """A statement ends; ``statement`` is complete but for its lines."""

    number: int
    statement: Statement


Event = Opened | Entry | Closed


@dataclass(frozen=True, slots=True)
class Options:
    """What a person says about files that do not say it themselves: the currency, the account, the order of day and
    month (``dmy`` or ``mdy``), and what headings of a table mean (pairs of heading and field)."""

    currency: str = ""
    account: str = ""
    date_order: str = ""
    columns: tuple[tuple[str, str], ...] = ()

    def with_(
        self, *, currency: str | None = None, account: str | None = None, date_order: str | None = None
    ) -> Options:
        """The same with what is given put in its place."""
        return replace(
            self,
            currency=currency or self.currency,
            account=account or self.account,
            date_order=date_order or self.date_order,
        )


def gather(events: Iterator[Event]) -> list[Statement]:
    """The statements of a stream of events, with their lines."""
    lines: dict[int, list[Line]] = {}
    found: dict[int, Statement] = {}
    for event in events:
        if isinstance(event, Entry):
            lines[event.number].append(event.line)
        elif isinstance(event, Opened):
            lines[event.number] = []
        else:
            found[event.number] = event.statement
    return [replace(found[number], lines=tuple(lines[number])) for number in sorted(found)]


def detect_encoding(source: Source, western: str = "cp1252") -> str:
    """UTF-8 or UTF-16 by mark, UTF-8, GB18030 where the characters are everyday Chinese, else ``western`` (empty: then
    the file is refused). Every byte is looked at."""
    start = source.head(4)
    for mark, encoding in _BOMS:
        if start.startswith(mark):
            if _share_of_chinese(source, encoding) is None:
                raise source.bad("file.encoding", f"the file is damaged: it is marked {encoding} but is not")
            return encoding
    if start[1:2] == b"\0" and start[3:4] == b"\0" and start[:1] != b"\0":
        return "utf-16-le"
    if _share_of_chinese(source, "utf-8") is not None:
        return "utf-8"
    share = _share_of_chinese(source, "gb18030")
    if share is not None and share >= _GB2312_SHARE:
        return "gb18030"
    if not western:
        raise source.bad("file.encoding", "the text is neither UTF-8 nor GB18030: save it as UTF-8")
    return western


def _share_of_chinese(source: Source, encoding: str) -> float | None:
    """Of the characters beyond ASCII the share in GB2312 (1 where there are none); ``None`` where the bytes are not in
    this encoding."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    beyond, common = 0, 0
    with source.open() as stream:
        while True:
            block = stream.read(MIB)
            try:
                text = decoder.decode(block, final=not block)
            except UnicodeDecodeError:
                return None
            if encoding == "gb18030":
                plain = len(text.encode("ascii", "ignore"))
                beyond += len(text) - plain
                common += (len(text.encode("gb2312", "ignore")) - plain) // 2
            if not block:
                return common / beyond if beyond else 1.0


def text_lines(source: Source, encoding: str) -> Iterator[tuple[int, str]]:
    """Line numbers from 1 and lines without their ends. Refuses binary data and endless lines."""
    with source.open() as stream:
        text = io.TextIOWrapper(stream, encoding, errors="replace", newline=None)
        number = 0
        while line := text.readline(LINE_MAX + 1):
            number += 1
            if len(line) > LINE_MAX:
                raise source.bad("file.line_too_long", f"the line has more than {LINE_MAX:,} characters", number)
            if "\0" in line:
                raise source.bad("file.binary", "the file holds binary data", number)
            yield number, line.rstrip("\n")
