"""PDF files: the XML a ZUGFeRD/Factur-X PDF carries, or the text of a Chinese e-invoice.

A few kB can keep a reader of texts busy for hours (forms in forms, fonts by the hundred), and nothing tells so
beforehand. So a process of its own reads them, which is ended where that takes too long: this module,
``python -m huikuan.invoices.pdf SECONDS``.
"""

from __future__ import annotations

import io
import logging
import sys
from typing import Any

from pypdf import PdfReader, apply_configuration
from pypdf.errors import LimitReachedError, PyPdfError

from huikuan.core.bounded import bound, work_apart
from huikuan.core.refusals import Refusal
from huikuan.invoices.limits import FILE_MAX, bomb, broken, encrypted

ATTACHMENTS = ("factur-x.xml", "zugferd-invoice.xml", "xrechnung.xml", "cii.xml", "order-x.xml")
PAGES_MAX = 50
LIMITS: dict[str, Any] = {
    "zlib_maximum_output_length": 1 << 20,
    "lzw_maximum_output_length": 1 << 20,
    "run_length_maximum_output_length": 1 << 20,
    "array_based_stream_maximum_output_length": 1 << 20,
    "stream_parsing_work_maximum_count": 150_000,
    "xform_maximum_invocations_per_extraction": 10,
}
"""Of one page's text; a few kB can unpack to a page that is read for hours."""

logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # what is wrong is said by our own refusals


def open_pdf(data: bytes, name: str) -> PdfReader:
    """Refuses ``invoice.broken`` and ``invoice.encrypted``."""
    try:
        reader = PdfReader(io.BytesIO(data), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise encrypted(name)
        len(reader.pages)
    except Refusal:
        raise
    except _DAMAGE as error:
        raise broken(name, str(error) or type(error).__name__) from None
    return reader


_DAMAGE = (
    PyPdfError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OSError,
    RecursionError,
    OverflowError,
    NotImplementedError,
    AssertionError,
    ZeroDivisionError,
    MemoryError,
)
"""A damaged PDF makes its reader fail in any of these ways."""


def embedded_xml(reader: PdfReader, name: str) -> tuple[str, bytes] | None:
    """The invoice's XML among the attachments, by its usual names; else the only XML there is; ``None`` without one."""
    try:
        listed = [(str(title).lower(), str(title)) for title in reader.attachments]
        wanted = next((title for short in ATTACHMENTS for low, title in listed if low == short), None)
        if wanted is None:
            others = [title for low, title in listed if low.endswith(".xml")]
            wanted = others[0] if len(others) == 1 else None
        if wanted is None:
            return None
        content = reader.attachments[wanted]
        data = content[0] if isinstance(content, list) else content
    except Refusal:
        raise
    except _DAMAGE as error:
        raise broken(name, str(error) or type(error).__name__) from None
    if len(data) > FILE_MAX:
        raise bomb(name)
    return wanted, bytes(data)


def page_text(data: bytes, name: str) -> str:
    """The text of the first pages. Refuses ``invoice.broken``, ``invoice.encrypted`` and ``invoice.bomb`` (a page that
    unpacks to more than any invoice has, or pages that take too long)."""
    done = work_apart(__spec__.name, data)
    if done.code == 0:
        return done.written.decode()
    if done.code < 0 or done.code == _BOMB:  # below nothing: its time was over
        raise bomb(name)
    raise broken(name, done.why)


_BOMB, _BROKEN = 3, 4


def _read(data: bytes) -> int:
    """The child's work: writes the text, gives how it ended."""
    try:
        reader = open_pdf(data, "")
        with apply_configuration(**LIMITS):
            text = "\n".join(page.extract_text() for page in reader.pages[:PAGES_MAX])
    except LimitReachedError:
        return _BOMB
    except (Refusal, *_DAMAGE) as error:
        sys.stderr.write(str(error) or type(error).__name__)
        return _BROKEN
    sys.stdout.buffer.write(text.encode("utf-8", "replace"))
    return 0


if __name__ == "__main__":
    bound(int(sys.argv[1]))
    sys.exit(_read(sys.stdin.buffer.read()))
