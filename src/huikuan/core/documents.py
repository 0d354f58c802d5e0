"""Documents kept as evidence: what they may be, and how their kind is known from the bytes, never from the name."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from enum import StrEnum

from huikuan.core.refusals import Refusal

SIZE_MAX = 25 * 1024 * 1024
"""Bytes of one document."""
NAME_MAX = 200


class EvidenceType(StrEnum):
    """What a document proves."""

    INVOICE = "invoice"
    CONTRACT = "contract"
    DELIVERY_NOTE = "delivery_note"
    """A delivery note signed by who received the goods, 签收单."""
    ACCEPTANCE = "acceptance"
    """A certificate that goods or work were accepted, 验收单."""
    CONFIRMATION = "confirmation"
    """A statement of account the customer confirmed, 对账确认."""
    IOU = "iou"
    MINUTES = "minutes"
    LETTER = "letter"
    PAYMENT_ORDER = "payment_order"
    """The customer asks somebody else to pay for it, 委托付款书."""
    OTHER = "other"


class LinkKind(StrEnum):
    """What a document is linked to; more kinds follow with the things they name."""

    ACCOUNT = "account"
    ITEM = "item"
    RECEIPT = "receipt"
    ENTRY = "entry"


@dataclass(frozen=True, slots=True)
class MediaType:
    """A kind of file that is taken. ``preview``: how it can be looked at without opening it: pdf, image, text or no."""

    name: str
    extensions: tuple[str, ...]
    preview: str = ""


_OFFICE = "application/vnd.openxmlformats-officedocument"
PDF = MediaType("application/pdf", ("pdf",), "pdf")
OFD = MediaType("application/ofd", ("ofd",))
XML = MediaType("application/xml", ("xml",), "text")
MAIL = MediaType("message/rfc822", ("eml",), "text")
TEXT = MediaType("text/plain", ("txt", "csv", "log", "md", "json"), "text")
_BY_MAGIC: tuple[tuple[bytes, int, MediaType], ...] = (
    (b"\x89PNG\r\n\x1a\n", 0, MediaType("image/png", ("png",), "image")),
    (b"\xff\xd8\xff", 0, MediaType("image/jpeg", ("jpg", "jpeg"), "image")),
    (b"GIF87a", 0, MediaType("image/gif", ("gif",), "image")),
    (b"GIF89a", 0, MediaType("image/gif", ("gif",), "image")),
    (b"WEBP", 8, MediaType("image/webp", ("webp",), "image")),
    (b"II*\x00", 0, MediaType("image/tiff", ("tif", "tiff"))),
    (b"MM\x00*", 0, MediaType("image/tiff", ("tif", "tiff"))),
    (b"ftypheic", 4, MediaType("image/heic", ("heic",))),
    (b"ftypmif1", 4, MediaType("image/heic", ("heic",))),
    (b"{\\rtf", 0, MediaType("application/rtf", ("rtf",))),
)
_IN_ZIP: tuple[tuple[str, MediaType], ...] = (
    ("word/document.xml", MediaType(f"{_OFFICE}.wordprocessingml.document", ("docx",))),
    ("xl/workbook.xml", MediaType(f"{_OFFICE}.spreadsheetml.sheet", ("xlsx",))),
    ("ppt/presentation.xml", MediaType(f"{_OFFICE}.presentationml.presentation", ("pptx",))),
)
_OPEN_DOCUMENT = {
    b"application/vnd.oasis.opendocument.text": "odt",
    b"application/vnd.oasis.opendocument.spreadsheet": "ods",
}
_IN_OLE: tuple[tuple[str, MediaType], ...] = (
    ("__properties_version1.0", MediaType("application/vnd.ms-outlook", ("msg",))),
    ("WordDocument", MediaType("application/msword", ("doc",))),
    ("Workbook", MediaType("application/vnd.ms-excel", ("xls",))),
    ("PowerPoint Document", MediaType("application/vnd.ms-powerpoint", ("ppt",))),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PAGE = re.compile(rb"<(!doctype\s+html|html|script|svg|body|iframe)\b", re.IGNORECASE)
_MAIL_FIELD = re.compile(rb"^(received|from|date|subject|message-id|return-path|mime-version|delivered-to|to):", re.I)
_ENTRIES_MAX = 10_000


def sniff_media_type(data: bytes) -> MediaType:
    """What these bytes are. Refuses ``document.empty``, ``document.too_large``, ``document.macros`` and
    ``document.bad_type``: only kinds named in this file are taken, a web page or a program is none of them."""
    if not data:
        raise Refusal("document.empty", "The file is empty.")
    if len(data) > SIZE_MAX:
        raise Refusal("document.too_large", "The file is larger than {megabytes} MB.", megabytes=SIZE_MAX >> 20)
    for magic, offset, kind in _BY_MAGIC:
        if data.startswith(magic, offset):
            return kind
    if b"%PDF-" in data[:1024]:
        return PDF
    found = _of_zip(data) if data.startswith(b"PK\x03\x04") else _of_ole(data) if data.startswith(_OLE) else None
    found = found or _of_text(data)
    if found is None:
        raise Refusal(
            "document.bad_type",
            "This kind of file is not taken: PDF, pictures, Office, OFD, XML, e-mail and text are.",
        )
    return found


def _of_zip(data: bytes) -> MediaType | None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            names = {info.filename for info in infos[:_ENTRIES_MAX]}
            first = archive.read(infos[0])[:100] if infos and infos[0].filename == "mimetype" else b""
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, ValueError):
        return None
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise Refusal("document.macros", "The file holds macros. Save it without them, or as PDF.")
    if "OFD.xml" in names:
        return OFD
    if first in _OPEN_DOCUMENT:
        return MediaType(first.decode(), (_OPEN_DOCUMENT[first],))
    return next((kind for name, kind in _IN_ZIP if name in names), None)


def _of_ole(data: bytes) -> MediaType | None:
    """The old Office formats are told by the names of the streams inside."""
    return next((kind for name, kind in _IN_OLE if name.encode("utf-16-le") in data), None)


def _of_text(data: bytes) -> MediaType | None:
    head = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(b"<?xml") or data.startswith((b"\xff\xfe<\x00?\x00", b"\xfe\xff\x00<\x00?")):
        return XML
    if _PAGE.search(head) or decode_text(data) is None:
        return None
    return MAIL if _MAIL_FIELD.match(head) and b"\n\n" in data.replace(b"\r\n", b"\n") else TEXT


def decode_text(data: bytes) -> str | None:
    """Bytes as text in UTF-8, UTF-16 with a mark or GB 18030; ``None`` where they are no text."""
    encodings = ("utf-16",) if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return None if re.search(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]", text) else text
    return None


def file_name_of(name: str, kind: MediaType) -> str:
    """The name a file is kept under: without folders and control characters, its ending one of its kind's."""
    plain = "".join(char if char.isprintable() else " " for char in re.split(r"[/\\]", name)[-1])
    plain = " ".join(plain.split()).strip(". ") or "document"
    stem, dot, ending = plain.rpartition(".")
    if not dot or ending.lower() not in kind.extensions:
        stem, ending = plain, kind.extensions[0]
    return f"{stem[: NAME_MAX - len(ending) - 1]}.{ending.lower()}"
