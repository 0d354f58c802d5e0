"""Which encoding a text file has, proved on every byte of it."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from huikuan.engines.files_source import MIB, Blob, refused

_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_ASCII = bytes(range(128))
_GB2312_SHARE = 0.7
"""Share of the characters beyond ASCII that must be everyday Chinese for a file to count as GB18030."""


@dataclass(frozen=True, slots=True)
class TextFacts:
    """What a first pass over the bytes showed. ``beyond`` counts characters beyond ASCII, ``common`` those of them that
    are in GB2312."""

    encoding: str
    odd_quotes: bool
    lines: int
    beyond: int = 0
    common: int = 0


def detect_encoding(blob: Blob) -> TextFacts:
    """UTF-8 (with or without mark), UTF-16 with mark, else GB18030; refuses what is none of them."""
    with blob.open() as stream:
        start = stream.read(4)
    for mark, encoding in _BOMS:
        if start.startswith(mark):
            marked = _prove(blob, encoding)
            if isinstance(marked, TextFacts):
                return marked
            raise refused(blob.name, "file.encoding", f"the file is damaged: it is marked {encoding} but is not")
    facts = _prove(blob, "utf-8")
    if isinstance(facts, TextFacts):
        return facts
    _refuse_damaged_utf8(blob, facts)
    second = _prove(blob, "gb18030")
    # GB18030 accepts almost any bytes: a Western text would come out as rare characters.
    if isinstance(second, TextFacts) and second.common >= _GB2312_SHARE * second.beyond:
        return second
    raise refused(blob.name, "file.encoding", "the text is neither UTF-8 nor GB18030: save it as CSV UTF-8")


def _prove(blob: Blob, encoding: str) -> TextFacts | int:
    """Decodes everything strictly; gives the byte offset of the first fault otherwise."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    offset, quotes, lines, beyond, common = 0, 0, 0, 0, 0
    last = "\n"
    with blob.open() as stream:
        while True:
            block = stream.read(MIB)
            pending = len(decoder.getstate()[0])
            try:
                text = decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                return offset - pending + error.start
            if "\0" in text:
                raise refused(blob.name, "file.binary", "the file holds binary data, it is not a CSV file")
            quotes += text.count('"')
            lines += text.count("\n") + text.count("\r") - text.count("\r\n") - (last == "\r" and text[:1] == "\n")
            last = text[-1:] or last
            if encoding == "gb18030":
                ascii_only = len(text.encode("ascii", "ignore"))
                beyond += len(text) - ascii_only
                common += (len(text.encode("gb2312", "ignore")) - ascii_only) // 2
            offset += len(block)
            if not block:
                return TextFacts(encoding, quotes % 2 == 1, lines + (last not in "\r\n"), beyond, common)


def _refuse_damaged_utf8(blob: Blob, offset: int) -> None:
    """A file that is UTF-8 up to a point is damaged UTF-8, not GB18030."""
    row, characters, left = 1, 0, offset
    with blob.open() as stream:
        while block := stream.read(min(left, MIB)):
            left -= len(block)
            row += block.count(b"\n")
            characters += sum(byte >= 0xC0 for byte in block.translate(None, _ASCII)[:64])
    if characters >= 4:
        cut = blob.size - offset <= 3
        reason = "the file ends in the middle of a character" if cut else "the file is damaged: it is not UTF-8 here"
        raise refused(blob.name, "file.cut" if cut else "file.encoding", reason, row)
