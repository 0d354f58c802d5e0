"""Documents as evidence: what is taken, kept once, linked, seen, withdrawn, and found missing by verify."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from huikuan.core.documents import SIZE_MAX, decode_text, file_name_of, sniff_media_type
from huikuan.core.refusals import Refusal
from huikuan.queries.documents import document, document_bytes, documents_of, documents_of_customer
from huikuan.queries.frame import frame_at
from huikuan.services.documents import add_document, check_files, link_document, withdraw_document
from huikuan.services.verifying import verify
from huikuan.store.files import path_of
from huikuan.store.models import AuditEvent, CustomerAccount, Document, DocumentLink, OpenItem, User
from huikuan.store.public_ids import public_id
from tests.services.ledger import NOW, Ledger

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
ODT = "application/vnd.oasis.opendocument.text"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
COMMON = {"actor_id": None, "now": NOW}

pytestmark = [pytest.mark.practice("C7")]


def zipped(*names: str, **contents: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
        for name, text in contents.items():
            archive.writestr(name, text)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "name", "media_type", "kept"),
    [
        (PDF, "a.pdf", "application/pdf", "a.pdf"),
        (PDF, "run.exe", "application/pdf", "run.exe.pdf"),
        (b"\x89PNG\r\n\x1a\n123", "签收单.png", "image/png", "签收单.png"),
        (b"\xff\xd8\xff\xe0", "../../etc/passwd.JPG", "image/jpeg", "passwd.jpg"),
        (b"RIFF0000WEBPVP8 ", "a.webp", "image/webp", "a.webp"),
        (zipped("[Content_Types].xml", "word/document.xml"), "a.docx", DOCX, "a.docx"),
        (zipped("OFD.xml", "Doc_0/Document.xml"), "票.ofd", "application/ofd", "票.ofd"),
        (zipped(mimetype=ODT), "a", ODT, "a.odt"),
        (OLE + "WordDocument".encode("utf-16-le"), "a.doc", "application/msword", "a.doc"),
        (b'<?xml version="1.0"?><a/>', "a.xml", "application/xml", "a.xml"),
        (b"From: a@b.example\nSubject: x\n\nHello\n", "m.eml", "message/rfc822", "m.eml"),
        ("今收到货款".encode("gb18030"), "会议.txt", "text/plain", "会议.txt"),
        (b"a,b\n1,2\n", "rows.csv", "text/plain", "rows.csv"),
    ],
)  # fmt: skip
def test_kind_is_known_from_the_bytes(data: bytes, name: str, media_type: str, kept: str) -> None:
    kind = sniff_media_type(data)
    assert (kind.name, file_name_of(name, kind)) == (media_type, kept)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "document.empty"),
        (b"x" * (SIZE_MAX + 1), "document.too_large"),
        (b"MZ\x90\x00\x03\x00\x00\x00", "document.bad_type"),
        (b"<!doctype html><script>alert(1)</script>", "document.bad_type"),
        (b"hello <script>alert(1)</script>", "document.bad_type"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "document.bad_type"),
        (zipped("a.txt"), "document.bad_type"),
        (b"PK\x03\x04 broken", "document.bad_type"),
        (zipped("word/document.xml", "word/vbaProject.bin"), "document.macros"),
    ],
)
def test_what_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(Refusal) as caught:
        sniff_media_type(data)
    assert caught.value.code == code


def test_text_in_any_usual_encoding() -> None:
    assert decode_text("欠条".encode("utf-16")) == decode_text("欠条".encode("gb18030")) == "欠条"
    assert decode_text(b"\x00\x01\x02") is None


def test_same_bytes_are_kept_once_and_seen_through_every_link(ledger_db: object) -> None:
    books = Ledger()
    item, account = books.item(100_00), books.customer("C1")
    entry = int(OpenItem.objects.get(id=item).entry_id)
    first = add_document(
        PDF, "签收单.pdf", evidence_type="delivery_note", links=[("item", item)], dated=date(2026, 3, 1), **COMMON
    )
    again = add_document(
        PDF, "same.pdf", evidence_type="delivery_note", links=[("item", item), ("entry", entry)], **COMMON
    )
    other = add_document(PDF, "other.pdf", evidence_type="acceptance", links=[("account", account)], **COMMON)
    assert first == again != other
    assert len({one.sha256 for one in Document.objects.all()}) == 1
    assert DocumentLink.objects.count() == 3

    frame = frame_at(now=NOW, entity_ids=(books.entity_id,))
    customer = CustomerAccount.objects.get(id=account).customer_id
    assert [row.id for row in documents_of_customer(frame, public_id("cus", customer))] == [other, first]
    (row,) = documents_of(frame, "item", public_id("itm", item))
    assert (row.name, row.evidence_type, row.dated, {link.kind for link in row.links}) == (
        "签收单.pdf",
        "delivery_note",
        date(2026, 3, 1),
        {"item", "entry"},
    )
    assert document_bytes(row) == PDF
    elsewhere = frame_at(now=NOW, entity_ids=())
    assert document(elsewhere, row.public_id) is None
    assert documents_of(elsewhere, "item", public_id("itm", item)) == []
    codes = list(AuditEvent.objects.filter(code__startswith="document").order_by("id").values_list("code", flat=True))
    assert codes == ["document.added", "document.added", "document.added"]


def test_receipt_nobody_knows_is_seen_with_the_whole_entity(sqlite_db: object) -> None:
    books = Ledger()
    receipt = books.receipt(50_00, customer=None)
    add_document(PDF, "a.pdf", evidence_type="letter", links=[("receipt", receipt)], **COMMON)
    frame = frame_at(now=NOW, entity_ids=(books.entity_id,))
    assert len(documents_of(frame, "receipt", public_id("rcp", receipt))) == 1


def test_withdrawn_stays_and_says_why(ledger_db: object) -> None:
    books = Ledger()
    number = add_document(PDF, "a.pdf", evidence_type="iou", links=[("account", books.customer("C1"))], **COMMON)
    with pytest.raises(Refusal, match="Say why") as caught:
        withdraw_document(number, reason=" ", **COMMON)
    assert caught.value.code == "document.no_reason"
    withdraw_document(number, reason="scanned the wrong page", **COMMON)
    for refused in (
        lambda: withdraw_document(number, reason="again", **COMMON),
        lambda: link_document(number, [("account", books.customer("C2"))], **COMMON),
    ):
        with pytest.raises(Refusal) as caught:
            refused()
        assert caught.value.code == "document.withdrawn"
    row = document(frame_at(now=NOW, entity_ids=(books.entity_id,)), public_id("doc", number))
    assert row is not None and row.is_withdrawn and row.withdrawn_reason == "scanned the wrong page"
    assert document_bytes(row) == PDF
    # What was withdrawn may be handed in anew.
    assert (
        add_document(PDF, "a.pdf", evidence_type="iou", links=[("account", books.customer("C1"))], **COMMON) != number
    )


def test_refusals_of_links_and_rights(ledger_db: object) -> None:
    books = Ledger()
    account = books.customer("C1")
    nobody = User.objects.create_user("nobody", "n@example.com", "x")
    cases: dict[str, dict[str, Any]] = {
        "document.no_link": {"links": []},
        "document.no_target": {"links": [("item", 999)]},
        "document.bad_evidence": {"evidence_type": "poem"},
        "document.day_ahead": {"dated": NOW.date() + timedelta(days=500)},
        "text.too_long": {"note": "x" * 501},
        "right.missing": {"actor_id": nobody.pk},
    }
    for code, change in cases.items():
        asked = {"evidence_type": "other", "links": [("account", account)], **COMMON, **change}
        with pytest.raises(Refusal) as caught:
            add_document(PDF, "a.pdf", **asked)
        assert caught.value.code == code
    with pytest.raises(Refusal) as caught:
        add_document(PDF, "a.pdf", evidence_type="other", links=[("poem", 1)], **COMMON)
    assert caught.value.code == "document.no_target"
    with pytest.raises(Refusal) as caught:
        withdraw_document(77, reason="x", **COMMON)
    assert caught.value.code == "document.unknown"
    assert Document.objects.count() == 0


def test_a_leap_day_is_a_day_like_others(sqlite_db: object) -> None:
    leap = datetime(2028, 2, 29, 8, 0, tzinfo=UTC)
    asked: dict[str, Any] = {"evidence_type": "other", "links": [("account", Ledger().customer("C1"))]}
    add_document(PDF, "a.pdf", dated=date(2029, 2, 28), **asked, actor_id=None, now=leap)
    with pytest.raises(Refusal) as caught:
        add_document(PDF, "b.pdf", dated=date(2029, 3, 2), **asked, actor_id=None, now=leap)
    assert caught.value.code == "document.day_ahead"


def test_verify_names_a_file_that_is_missing_or_altered(sqlite_db: object) -> None:
    books = Ledger()
    number = add_document(PDF, "a.pdf", evidence_type="other", links=[("account", books.customer("C1"))], **COMMON)
    assert check_files().ok and next(check for check in verify().checks if check.name == "documents").ok
    path = path_of(Document.objects.get(id=number).sha256)
    path.write_bytes(PDF.replace(b"1.4", b"1.5"))
    assert (check_files().ok, "altered" in check_files().detail, f"document {number}" in check_files().detail) == (
        False,
        True,
        True,
    )
    row = document(frame_at(now=NOW, entity_ids=(books.entity_id,)), public_id("doc", number))
    assert row is not None
    with pytest.raises(Refusal) as caught:
        document_bytes(row)
    assert caught.value.code == "document.lost"
    path.unlink()
    assert "missing" in check_files().detail
    # Handed in again, the bytes are there again.
    add_document(PDF, "b.pdf", evidence_type="other", links=[("account", books.customer("C1"))], **COMMON)
    assert check_files().ok
