"""Remittance advice: what a payer says a payment is for, from mails, PDF, Excel, CSV, text and remt.001."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import EmailPolicy
from email.utils import parseaddr
from html import unescape
from typing import cast

from huikuan.bank.pdf_words import TooLong, pdf_text
from huikuan.bank.source import MIB, Source, detect_encoding
from huikuan.bank.statement import BadStatement

FILE_MAX = 30 * MIB
_PARTS_MAX = 60
_DEPTH_MAX = 3
_SEAMS_MAX = 5_000
"""Lines of a mail that may be a seam between two parts."""
_FIELD_MAX = 1_000
"""Characters read of a field of a mail: what a field may hold is taken apart again and again by its reader."""
# A line ends in one way only (``\r`` is part of it): with two, lines without an end would be tried in all combinations.
_MAIL = re.compile(rb"\A(?:[A-Za-z][A-Za-z0-9\-]{1,40}:[^\n]*\n(?:[ \t][^\n]*\n)*){2,}\r?\n")
_MAIL_FIELDS = re.compile(rb"^(from|subject|date|message-id|mime-version|received):", re.IGNORECASE | re.MULTILINE)


class _Policy(EmailPolicy):
    """The usual one, with fields that end somewhere."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, value[:_FIELD_MAX]


@dataclass(frozen=True, slots=True)
class RemittedDocument:
    """One document of an advice. ``amount`` is what is paid for it (a credit memo negative), ``gross`` what it was
    over, ``deduction`` what was kept back; ``None`` where the advice does not say. ``row`` is where it stands."""

    number: str
    amount: Decimal | None = None
    gross: Decimal | None = None
    deduction: Decimal | None = None
    deduction_reason: str = ""
    document_date: date | None = None
    row: int = 0


@dataclass(frozen=True, slots=True)
class RemittanceAdvice:
    """What one payment is for. ``source`` names the file or attachment; ``notes`` what does not fit together."""

    source: str
    payer_name: str = ""
    payer_address: str = ""
    paid_on: date | None = None
    currency: str = ""
    total: Decimal | None = None
    reference: str = ""
    documents: tuple[RemittedDocument, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def sum_of_documents(self) -> Decimal | None:
        """What the documents add up to; ``None`` where one has no amount."""
        amounts = [one.amount for one in self.documents]
        return sum((one for one in amounts if one is not None), Decimal(0)) if None not in amounts else None


def parse_remittance(data: bytes, name: str) -> list[RemittanceAdvice]:
    """The advices of a file: a mail (``.eml``) with its attachments, PDF, Excel, CSV, text, or remt.001.

    Refuses (``BadStatement``) ``remittance.not_recognised`` where no document is named, and what cannot be read. A
    total that is not the sum of the documents is a remark in ``notes``.
    """
    source = Source(name, data=data)
    source.check_size(FILE_MAX)
    found = _parse(source, 0)
    if not found:
        raise source.bad("remittance.not_recognised", "no document with a number and an amount is named in it")
    return [_noted(one) for one in found]


def _noted(advice: RemittanceAdvice) -> RemittanceAdvice:
    total = advice.sum_of_documents
    if advice.total is not None and total is not None and total != advice.total:
        note = f"the documents add up to {total:,f}, the total says {advice.total:,f}"
        return replace(advice, notes=(*advice.notes, note))
    return replace(advice, total=total) if advice.total is None and total is not None else advice


def _parse(source: Source, depth: int) -> list[RemittanceAdvice]:
    from huikuan.bank.remittance_table import read_tables
    from huikuan.bank.remittance_text import read_text
    from huikuan.bank.remittance_xml import is_remt, read_remt

    head = source.head()
    if is_mail(head, source.name):
        return _mail(source, depth)
    if b"%PDF-" in head[:1024]:
        return read_text(pdf_text(source), source.name)
    if is_remt(head):
        return read_remt(source)
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")) or b"," in head or b";" in head or b"\t" in head:
        tables = read_tables(source)
        if tables or head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
            return tables
    return read_text(source.read().decode(detect_encoding(source), "replace"), source.name)


def is_mail(head: bytes, name: str) -> bool:
    """Whether bytes begin with the fields of a mail."""
    start = head[:8192]
    return (name.lower().endswith(".eml") or _MAIL.match(start) is not None) and bool(_MAIL_FIELDS.search(start))


def _mail(source: Source, depth: int) -> list[RemittanceAdvice]:
    """Attachments first; the text of the mail where they name nothing. Sender and day where the advice has none."""
    if depth >= _DEPTH_MAX:
        raise source.bad("remittance.too_deep", "a mail in a mail in a mail is not opened")
    data = source.read()
    if data.count(b"\n--") > _SEAMS_MAX:
        raise _too_many_parts(source)
    try:
        message = cast(EmailMessage, BytesParser(policy=_Policy()).parsebytes(data))
    except Exception as error:
        raise source.bad("remittance.broken", f"the mail cannot be read: {type(error).__name__}") from None
    name, address, sent = _sender(message)
    found: list[RemittanceAdvice] = []
    bodies: list[str] = []
    for number, part in enumerate(message.walk()):
        if number > _PARTS_MAX:
            raise _too_many_parts(source)
        found += _part(source, part, bodies, depth)
    if not found:
        from huikuan.bank.remittance_text import read_text

        for body in bodies:
            found = found or read_text(body, source.name)
    return [
        replace(
            one,
            payer_name=one.payer_name or name,
            payer_address=one.payer_address or address,
            paid_on=one.paid_on or sent,
        )
        for one in found
    ]


def _too_many_parts(source: Source) -> BadStatement:
    return source.bad("remittance.too_many_parts", f"the mail has more than {_PARTS_MAX} parts")


def _sender(message: EmailMessage) -> tuple[str, str, date | None]:
    try:
        name, address = parseaddr(str(message.get("From", "")))
        sent = getattr(message.get("Date"), "datetime", None)
    except Exception:
        return "", "", None
    return name, address, sent.date() if isinstance(sent, datetime) else None


def _part(source: Source, part: EmailMessage, bodies: list[str], depth: int) -> list[RemittanceAdvice]:
    """What one part of a mail says. A part that cannot be read, or says nothing, is passed over."""
    try:
        if part.is_multipart():
            return []
        kind = part.get_content_type()
        title = part.get_filename() or ""
        payload = part.get_payload(decode=True)
    except Exception:
        return []
    if not isinstance(payload, bytes) or not payload or len(payload) > FILE_MAX:
        return []
    if not title and kind in {"text/plain", "text/html"}:
        text = payload.decode(_charset(part), "replace")
        bodies.append(html_text(text) if kind == "text/html" else text)
        return []
    if kind.startswith(("image/", "audio/", "video/")) or kind == "application/pkcs7-signature":
        return []
    try:
        return _parse(Source(f"{source.name}/{title or kind}", data=payload), depth + 1)
    except TooLong:  # sixty of them would take as long sixty times
        raise
    except BadStatement:
        return []


def _charset(part: EmailMessage) -> str:
    charset = part.get_content_charset() or "utf-8"
    charset = "gb18030" if charset.lower() in {"gb2312", "gbk"} else charset
    try:
        "".encode(charset)
        b"".decode(charset)
    except (LookupError, ValueError):
        return "utf-8"
    return charset


def html_text(text: str) -> str:
    """The words of an HTML mail, a table's row on a line."""
    from html.parser import HTMLParser

    class Words(HTMLParser):
        def __init__(self) -> None:
            super().__init__(convert_charrefs=True)
            self.out: list[str] = []
            self.silent = 0

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.silent += tag in {"style", "script", "head"}
            self.out.append("  " if tag in {"td", "th"} else "\n" if tag in {"tr", "p", "br", "div", "li"} else "")

        def handle_endtag(self, tag: str) -> None:
            self.silent -= tag in {"style", "script", "head"} and self.silent > 0

        def handle_data(self, data: str) -> None:
            if not self.silent:
                self.out.append(re.sub(r"\s+", " ", data))

    words = Words()
    words.feed(text)
    # Not closed: that would try every place of what never ends anew. What is left is such, or words without a tag.
    if not words.rawdata.startswith("<"):
        words.handle_data(unescape(words.rawdata))
    return "".join(words.out)
