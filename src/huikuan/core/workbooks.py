"""Looks an .xlsx over before it is parsed: zip bombs, entities, cells without a stored value, absurd extents."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import BinaryIO

MIB = 1 << 20
_PROLOG = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
_COLUMN = re.compile(rb"""\sr\s*=\s*["']\s*([A-Za-z]{1,4})\d""")
_ROW = re.compile(rb"""<(?:\w+:)?row\b[^>]*?\sr\s*=\s*["']\s*(\d+)""")
_CELL_ROW = re.compile(rb"""\sr\s*=\s*["']\s*[A-Za-z]{1,4}(\d{1,9})""")
_ERROR_CELL = re.compile(
    rb"""<c\b(?=[^>]*\bt="e")[^>]*?\br="([A-Z]+)(\d+)"[^>]*>(?:(?!</c>).)*?<v>([^<]{1,20})</v>""", re.DOTALL
)
_UNSTORED = re.compile(rb"""<c\b[^>]*?\br="([A-Z]+)(\d+)"[^>]*><f\b[^>]*?(?:/>|>[^<]*</f>)(?:<v\s*/>|<v></v>)?</c>""")
_OVERLAP = 4096
_FLAWS_MAX = 10_000


class WorkbookFault(Exception):
    """Why a workbook is not opened: a code such as ``file.zip_bomb`` and a sentence."""

    def __init__(self, code: str, reason: str) -> None:
        self.code = code
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class WorkbookLimits:
    """``unpacked`` bytes all parts may have together, ``ratio`` to their packed size, ``cells`` one sheet may span."""

    unpacked: int = 2048 * MIB
    ratio: int = 300
    cells: int = 60_000_000


@dataclass(slots=True)
class SheetFacts:
    """What the raw XML of one sheet shows. ``flaws``: (row, column) → why a cell has no value, both from 1."""

    last_row: int = 0
    last_column: int = 0
    flaws: dict[tuple[int, int], str] = field(default_factory=dict)


def column_number(letters: str) -> int:
    """``A`` → 1, ``AA`` → 27."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number


def inspect_workbook(open_file: Callable[[], BinaryIO], size: int, limits: WorkbookLimits) -> dict[str, SheetFacts]:
    """Reads every part once, within the limits; gives the facts of each sheet by its path in the archive. Raises
    ``WorkbookFault``."""
    facts: dict[str, SheetFacts] = {}
    try:
        with open_file() as stream, zipfile.ZipFile(stream) as archive:
            parts = archive.infolist()
            _check_directory(size, parts, limits)
            total = 0
            for part in parts:
                sheet = SheetFacts() if re.fullmatch(r"/?xl/worksheets/[^/]+\.xml", part.filename) else None
                total += _read_part(archive, part, sheet, limits.unpacked - total)
                if sheet is not None:
                    facts[part.filename.lstrip("/")] = sheet
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError) as error:
        reason = f"the workbook is damaged or only half there ({str(error)[:80]})"
        raise WorkbookFault("file.broken", reason) from None
    for sheet in facts.values():
        if sheet.last_row * sheet.last_column > limits.cells:
            reason = f"a sheet spans {sheet.last_row:,} rows × {sheet.last_column:,} columns: delete what is far out"
            raise WorkbookFault("file.too_large", reason)
    return facts


def _check_directory(size: int, parts: list[zipfile.ZipInfo], limits: WorkbookLimits) -> None:
    names = [part.filename for part in parts]
    if "[Content_Types].xml" not in names or not any(name.lstrip("/") == "xl/workbook.xml" for name in names):
        raise WorkbookFault("file.wrong_content", "this is a zip archive, not an Excel workbook (.xlsx)")
    if len(set(names)) != len(names) or len(names) > 5_000:
        raise WorkbookFault("file.zip_bomb", "the workbook's parts are repeated or too many")
    unpacked = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts)
    if packed > size:
        raise WorkbookFault("file.zip_bomb", "the workbook's parts overlap")
    ratio = unpacked / max(packed, 1)
    if unpacked > limits.unpacked or (unpacked > 50 * MIB and ratio > limits.ratio):
        reason = (
            f"the workbook would unpack to {unpacked:,} bytes ({ratio:,.0f} times its size): it looks like a zip bomb"
        )
        raise WorkbookFault("file.zip_bomb", reason)
    if any(part.flag_bits & 1 for part in parts):
        raise WorkbookFault("file.encrypted", "the workbook is encrypted: save it without a password")


def _read_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo, sheet: SheetFacts | None, room: int) -> int:
    """Unpacks one part block by block; gives its true size. A part that lies about its size fails its checksum."""
    size, tail = 0, b""
    with archive.open(part) as stream:
        while block := stream.read(MIB):
            if size == 0 and part.filename.lower().endswith((".xml", ".rels")):
                _check_prolog(block)
            size += len(block)
            if size > room:
                raise WorkbookFault("file.zip_bomb", "the workbook unpacks to more than the limit")
            if sheet is not None:
                text = tail + block
                _scan(text, sheet)
                tail = text[-_OVERLAP:]
    return size


def _check_prolog(block: bytes) -> None:
    if block.startswith((b"\xff\xfe", b"\xfe\xff")) or _PROLOG.search(block[: 64 * 1024]):
        raise WorkbookFault("file.entities", "the workbook's XML declares entities, which are not accepted")


def _scan(text: bytes, sheet: SheetFacts) -> None:
    for letters in set(_COLUMN.findall(text)):
        sheet.last_column = max(sheet.last_column, column_number(letters.decode()))
    rows = _ROW.findall(text) or _CELL_ROW.findall(text)
    if rows:
        sheet.last_row = max([sheet.last_row, *map(int, rows)])
    if b't="e"' in text:
        for letters, row, value in _ERROR_CELL.findall(text):
            _note(sheet, letters, row, f"the cell shows the error {value.decode(errors='replace')}")
    if b"</f></c>" in text or b"/></c>" in text or b"<v></v>" in text:
        for letters, row in _UNSTORED.findall(text):
            _note(sheet, letters, row, "the formula's value is not stored: open the file in a spreadsheet and save it")


def _note(sheet: SheetFacts, letters: bytes, row: bytes, why: str) -> None:
    if len(sheet.flaws) < _FLAWS_MAX:
        sheet.flaws[int(row), column_number(letters.decode())] = why
