"""A look at a PDF without opening it: one page as a picture. PDFium reads it, which knows no scripts and no network."""

from __future__ import annotations

import io
import threading

import pypdfium2

from huikuan.core.refusals import Refusal

WIDTH = 1_000
"""Pixels across a page."""
PAGES_MAX = 200
_HEIGHT_MAX = 4 * WIDTH
_one_at_a_time = threading.Lock()
"""PDFium may not be entered by two threads."""


def count_pages(data: bytes) -> int:
    """How many pages a PDF has, at most ``PAGES_MAX``. Refuses ``document.unreadable`` (broken, under a password)."""
    with _one_at_a_time:
        document = _open(data)
        try:
            return min(len(document), PAGES_MAX)
        finally:
            document.close()


def draw_page(data: bytes, number: int) -> bytes:
    """Page ``number`` (from 1) as PNG, ``WIDTH`` pixels wide. Refuses ``document.unreadable``, ``document.no_page``."""
    with _one_at_a_time:
        document = _open(data)
        try:
            if not 1 <= number <= min(len(document), PAGES_MAX):
                raise Refusal("document.no_page", "There is no page {number}.", number=number)
            page = document[number - 1]
            width, height = page.get_size()
            scale = min(WIDTH / max(width, 1), _HEIGHT_MAX / max(height, 1))
            picture = page.render(scale=scale).to_pil()
        except pypdfium2.PdfiumError:
            raise _unreadable() from None
        finally:
            document.close()
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def _open(data: bytes) -> pypdfium2.PdfDocument:
    try:
        return pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError:
        raise _unreadable() from None


def _unreadable() -> Refusal:
    return Refusal("document.unreadable", "The PDF cannot be shown: it is damaged or asks for a password.")
