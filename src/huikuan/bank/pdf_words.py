"""The text of a PDF, read by a process of its own: a few kB can keep a reader of PDFs busy for hours (forms in forms,
fonts by the hundred), and nothing tells so beforehand. The process is ended where that takes too long.

It is this module: ``python -m huikuan.bank.pdf_words SECONDS`` reads a PDF from its input and writes the text.
"""

from __future__ import annotations

import contextlib
import io
import logging
import subprocess
import sys
from typing import Any

from huikuan.bank.source import MIB, Source
from huikuan.bank.statement import BadStatement

WORK_SECONDS = 20
"""Of a processor. Fifty pages full of words take about ten."""
WAIT_SECONDS = 120
"""By the clock, where other work has the processors."""
MEMORY = 2_048 * MIB
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
    command = [sys.executable, "-P", "-m", __spec__.name, str(WORK_SECONDS)]
    try:
        done = subprocess.run(command, input=source.read(), capture_output=True, timeout=WAIT_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise _too_long(source) from None
    match done.returncode:
        case 0:
            return done.stdout.decode()
        case code if code == _ENCRYPTED:
            raise source.bad("file.encrypted", "the PDF is encrypted")
        case code if code == _TOO_LARGE:
            raise source.bad("file.too_large", "a page of the PDF unpacks to more than is read")
        case code if code < 0:  # a signal: its time was over
            raise _too_long(source)
    why = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:] or ["?"]
    raise source.bad("file.broken", f"the PDF cannot be read ({why[0][:60]})")


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


def _bounded(seconds: int) -> None:
    """The system ends the process after so much work. Where it knows no such bounds, the clock of the parent does."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


if __name__ == "__main__":
    _bounded(int(sys.argv[1]))
    sys.exit(_read(sys.stdin.buffer.read()))
