"""The text of a PDF, read by a process of its own: a few kB can keep a reader of PDFs busy for hours (forms in forms,
fonts by the hundred), and nothing tells so beforehand. The process is ended where that takes too long.

It is this module: ``python -m huikuan.bank.pdf_words SECONDS`` reads a PDF from its input and writes the text.
"""

from __future__ import annotations

import io
import logging
import sys
from typing import Any

from huikuan.bank.source import MIB, Source
from huikuan.bank.statement import BadStatement
from huikuan.core.bounded import bound, work_apart

PAGES_MAX = 50
LIMITS: dict[str, Any] = {
    "zlib_maximum_output_length": MIB,
    "lzw_maximum_output_length": MIB,
    "run_length_maximum_output_length": MIB,
    "array_based_stream_maximum_output_length": MIB,
    "stream_parsing_work_maximum_count": 150_000,
    "xform_maximum_invocations_per_extraction": 10,
}
"""A page of text is some 20 kB and 20,000 words of its language."""
_ENCRYPTED, _TOO_LARGE, _BROKEN = 3, 4, 5


def pdf_text(source: Source) -> str:
    """The text of a PDF's first pages, in the layout of its lines. Refuses ``file.encrypted``, ``file.too_large`` (a
    page that unpacks to more than any advice has, or pages that take too long) and ``file.broken``."""
    done = work_apart(__spec__.name, source.read())
    match done.code:
        case 0:
            return done.written.decode()
        case code if code == _ENCRYPTED:
            raise source.bad("file.encrypted", "the PDF is encrypted")
        case code if code == _TOO_LARGE:
            raise source.bad("file.too_large", "a page of the PDF unpacks to more than is read")
        case code if code < 0:  # its time was over
            raise _too_long(source)
    raise source.bad("file.broken", f"the PDF cannot be read ({done.why[:60]})")


class TooLong(BadStatement):
    """A PDF whose reader had to be ended."""


def _too_long(source: Source) -> BadStatement:
    return TooLong.of(
        source.name, "file.too_large", "reading the pages of the PDF takes more work than is done for one"
    )


def _read(data: bytes) -> int:
    """The child's work: writes the text, gives how it ended."""
    from pypdf import PdfReader, apply_configuration
    from pypdf.errors import LimitReachedError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = PdfReader(io.BytesIO(data), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            return _ENCRYPTED
        pages = reader.pages[:PAGES_MAX]
        with apply_configuration(**LIMITS):
            text = "\n".join(page.extract_text() for page in pages)
    except LimitReachedError:
        return _TOO_LARGE
    except Exception as error:  # a damaged PDF makes its reader fail in any way
        sys.stderr.write(type(error).__name__)
        return _BROKEN
    sys.stdout.buffer.write(text[: 4 * MIB].encode("utf-8", "replace"))
    return 0


if __name__ == "__main__":
    bound(int(sys.argv[1]))
    sys.exit(_read(sys.stdin.buffer.read()))
