"""A small PDF with lines of text, made by hand: enough for a reader, without a library that writes."""

from __future__ import annotations

import zlib
from collections.abc import Sequence


def pdf_of(lines: Sequence[str]) -> bytes:
    """One page, a line of text below the other in Courier."""
    shown = "".join(f"({_escaped(line)}) Tj T*\n" for line in lines)
    content = f"BT /F1 9 Tf 12 TL 40 800 Td\n{shown}ET".encode("latin-1", "replace")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Courier >> >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
    ]
    return _file(objects)


def _file(objects: Sequence[bytes]) -> bytes:
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)


def pdf_packed(content: bytes, form: bytes = b"") -> bytes:
    """One page of a compressed content, and a form ``X`` it may show."""
    font = b"/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Courier >> >>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        + font
        + b" /XObject << /X 5 0 R >> >> >>",
        _packed(content),
        _packed(form, b" /Type /XObject /Subtype /Form /BBox [0 0 595 842] " + font + b" >>"),
    ]
    return _file(objects)


def pdf_forms(pages: int, form: bytes, shown: int = 10) -> bytes:
    """Pages that all show one compressed form, ``shown`` times each."""
    font = b"/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Courier >> >>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [" + b"".join(b"%d 0 R " % (5 + at) for at in range(pages)) + b"] /Count %d >>" % pages,
        _packed(form, b" /Type /XObject /Subtype /Form /BBox [0 0 595 842] " + font + b" >>"),
        _packed(b"/X Do\n" * shown),
    ]
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
    return _file([*objects, *[page + font + b" /XObject << /X 3 0 R >> >> >>"] * pages])


def _packed(data: bytes, more: bytes = b"") -> bytes:
    packed = zlib.compress(data, 9)
    return b"<< /Length %d /Filter /FlateDecode%s >>\nstream\n%s\nendstream" % (len(packed), more, packed)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
