"""Files that are damaged on purpose, too large, encrypted, or made to fill the memory."""

from __future__ import annotations

import contextlib
import io
import os
import time
import zipfile
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

import pytest

from huikuan.bank import source as sources
from huikuan.bank.balances import check_balances
from huikuan.bank.pain008_check import check_pain008
from huikuan.bank.reading import read_statements, stream_events
from huikuan.bank.remittance import parse_remittance
from huikuan.bank.source import Source
from huikuan.bank.statement import BadStatement
from huikuan.core.refusals import Refusal
from huikuan.invoices.reading import parse_invoice
from tests.bank import seeds
from tests.bank.pdfs import pdf_forms, pdf_of, pdf_packed
from tests.bank.test_pain008 import ONE, write

pytestmark = pytest.mark.practice("E2")


def codes(data: bytes, name: str = "x") -> set[str]:
    with pytest.raises(BadStatement) as refused:
        read_statements(data, name)
    return {error.code for error in refused.value.errors}


def zipped(name: str, data: bytes) -> bytes:
    with zipfile.ZipFile(packed := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return packed.getvalue()


def encrypted(data: bytes) -> bytes:
    """The bit that says a part is encrypted, set in both headers."""
    out = bytearray(data)
    out[6] |= 1
    out[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(out)


def test_archives() -> None:
    assert codes(zipped("a.csv", b"\0" * (40 << 20))) == {"file.zip_bomb"}
    assert codes(encrypted(zipped("a.csv", b"x"))) == {"file.encrypted"}
    assert codes(zipped(".hidden", b"x")) == {"bank.not_recognised"}


def test_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    assert codes(b"\xff\xfe\x00\xd8\x00\xd8") == {"file.encoding"}
    assert codes(b":20:A\n:86:" + b"x" * (sources.LINE_MAX + 9)) == {"file.line_too_long"}
    monkeypatch.setattr(sources, "FILE_MAX", 10)
    with pytest.raises(BadStatement) as refused:
        Source("x", data=b"x" * 11).check_size(sources.FILE_MAX)
    assert refused.value.errors[0].code == "file.too_large"
    with pytest.raises(BadStatement) as refused:
        list(stream_events(Source("x", path=Path("/nowhere/at/all"))))
    assert refused.value.errors[0].code == "file.unreadable"


def test_records() -> None:
    assert codes(b"<OFX>" + b"x" * 400_000 + b"</OFX>") == {"bank.damaged"}
    assert codes(seeds.BAI2.replace("16,699", "17,699").encode()) >= {"bank.record"}
    assert codes(seeds.BAI2.replace("16,699", "16,69").encode()) == {"bank.type"}
    (statement,) = read_statements(seeds.MT940.replace(":62F:C260415EUR", ":62F:C260415USD").encode(), "x")
    assert [fault.code for fault in check_balances(statement)] == ["bank.balance_currency"]


def test_mails() -> None:
    message = EmailMessage()
    message["From"], message["Subject"] = "a@b.example", "x"
    message.set_content("nothing")
    inner = message.as_bytes()
    for _ in range(4):
        outer = EmailMessage()
        outer["From"], outer["Subject"] = "a@b.example", "x"
        outer.set_content("see below")
        outer.add_attachment(inner, maintype="application", subtype="octet-stream", filename="m.eml")
        inner = outer.as_bytes()
    with pytest.raises(BadStatement) as refused:
        parse_remittance(inner, "m.eml")
    assert refused.value.errors[0].code == "remittance.not_recognised"  # the innermost were not opened
    many = EmailMessage()
    many["From"], many["Subject"] = "a@b.example", "x"
    many.set_content("x")
    for _ in range(70):
        many.add_attachment("x")
    with pytest.raises(BadStatement) as refused:
        parse_remittance(many.as_bytes(), "m.eml")
    assert refused.value.errors[0].code == "remittance.too_many_parts"


def test_collections_of_another_schema() -> None:
    data = write(ONE)
    assert {one.code for one in check_pain008(data.replace(b"pain.008.001.02", b"pain.008.001.08"))} == {
        "pain.namespace"
    }
    moved = data.replace(b"<MsgId>MSG-1</MsgId>", b"").replace(b"<NbOfTxs>", b"<MsgId>MSG-1</MsgId><NbOfTxs>", 1)
    assert {one.code for one in check_pain008(moved)} == {"pain.order"}


def test_a_mail_a_reader_gives_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    from huikuan.bank import remittance

    def fail(*_: object, **__: object) -> object:
        raise RecursionError

    monkeypatch.setattr(BytesParser, "parsebytes", fail)
    with pytest.raises(BadStatement) as refused:
        parse_remittance(b"From: a@b.example\nSubject: x\n\nx\n", "m.eml")
    assert refused.value.errors[0].code == "remittance.broken"
    # A mail inside a mail inside a mail is refused by ``remittance.too_deep``, which the mail around it passes over.
    with pytest.raises(BadStatement) as refused:
        remittance._mail(Source("m", data=b"x"), 3)
    assert refused.value.errors[0].code == "remittance.too_deep"


MANY = 60_000
ENDLESS = {
    "lines of a mail that never ends": b"A1: b\r\n" * 28 + b"zz zz",
    "empty lines behind a document": b"INV-1 100.00\n" + b"\n" * MANY,
    "empty lines behind a word for the day": b"INV-1 100.00\ndate" + b"\n" * MANY + b"!",
    "digits": b"INV-1 100.00\n" + b"1" * MANY,
    "what may begin a time of day": b"INV-1 100.00\n" + b"T" * MANY,
    "numbers without a blank": b"invoices " + b"1001," * (MANY // 5),
    "sections that are opened only": b"OFXHEADER:100\n<OFX>" + b"<![CDATA[" * (MANY // 9) + b"</OFX>",
    "words of a bank's own": b":20:X\n:25:12345678/1234\n:28C:1\n:60F:C260101EUR1,00\n:61:2601010101C1,00NTRF\n:86:"
    + b"REK:a" * (MANY // 5)
    + b"\n:62F:C260101EUR2,00\n",
}


@pytest.mark.parametrize("what", ENDLESS)
def test_what_is_repeated_without_end_is_read_once(what: str) -> None:
    """Each took minutes, some for ever: a pattern began anew at each of its places. Counted in time of the processor;
    now a tenth of a second."""
    start = time.process_time()
    for read in (parse_remittance, read_statements):
        with contextlib.suppress(BadStatement):
            read(ENDLESS[what], "x")
    assert time.process_time() - start < 5


FIELDS = b"From: a@b.example\nDate: Mon, 5 Jan 2026 00:00:00 +0000\n"
HOSTILE = {
    "a sender in coded words": (b"From: " + b"=?utf-8?q?a?= " * 30_000 + b"\nSubject: a\n\nINV-1 100.00\n", "m.eml"),
    "a type with many words": (
        FIELDS + b"Content-Type: text/plain; " + b"a=b; " * 50_000 + b"\n\nINV-1 100.00",
        "m.eml",
    ),
    "very many parts": (
        FIELDS + b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\nContent-Type: text/plain\n\nx\n" * 200_000,
        "m.eml",
    ),
    "comments that never end": (FIELDS + b"Content-Type: text/html\n\nINV-1 100.00" + b"<!--" * 100_000, "m.eml"),
    "tags that never end": (FIELDS + b"Content-Type: text/html\n\nINV-1 100.00" + b"<a " * 200_000, "m.eml"),
    "a table of comments": (
        b"<html><table><tr><td>INV-1</td><td>100.00</td></tr></table>" + b"<!--" * 100_000,
        "t.xls",
    ),
    "a page of a million words": (pdf_packed(b"BT 10 10 Td (INV-1 100.00) Tj ET\n" * 150_000), "p.pdf"),
    "forms shown again and again": (
        pdf_packed(b"/X Do\n" * 5_000, form=b"BT 10 10 Td (INV-1 100.00) Tj ET\n" * 3_000),
        "p.pdf",
    ),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_small_file_does_not_keep_a_reader_for_hours(what: str) -> None:
    """Each took a minute and more, one of them 12 GB."""
    data, name = HOSTILE[what]
    start = sum(os.times()[:4])
    for read in (parse_remittance, read_statements, parse_invoice):
        with contextlib.suppress(BadStatement, Refusal):
            read(data, name)
    assert sum(os.times()[:4]) - start < 20


def test_a_page_that_unpacks_to_too_much_is_refused() -> None:
    data, name = HOSTILE["a page of a million words"]
    with pytest.raises(BadStatement) as refused:
        parse_remittance(data, name)
    assert refused.value.errors[0].code == "file.too_large"
    with pytest.raises(Refusal) as bomb:
        parse_invoice(data, name)
    assert bomb.value.code == "invoice.bomb"


def test_pages_that_take_too_long_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifty pages, each with one form ten times, are below every bound of a page: 16 kB, three minutes."""
    data = pdf_forms(50, b"BT /F1 9 Tf 1 0 0 1 10 10 Tm (INV-1 100.00) Tj ET\n" * 3_000)
    assert len(data) < 30_000
    monkeypatch.setattr("huikuan.core.bounded.WORK_SECONDS", 2)
    with pytest.raises(BadStatement) as refused:
        parse_remittance(data, "p.pdf")
    (fault,) = refused.value.errors
    assert (fault.code, fault.reason) == (
        "file.too_large",
        "reading the pages of the PDF takes more work than is done for one",
    )
    with pytest.raises(Refusal) as bomb:
        parse_invoice(data, "p.pdf")
    assert bomb.value.code == "invoice.bomb"


def test_a_mail_with_such_a_pdf_is_not_read_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixty of them would take as long sixty times."""
    message = EmailMessage()
    message["From"], message["Subject"] = "a@b.example", "advice"
    message.set_content("INV-1 100.00")
    for _ in range(8):
        slow = pdf_forms(50, b"BT /F1 9 Tf 1 0 0 1 10 10 Tm (a) Tj ET\n" * 3_000)
        message.add_attachment(slow, maintype="application", subtype="pdf", filename="p.pdf")
    monkeypatch.setattr("huikuan.core.bounded.WORK_SECONDS", 1)
    began = time.monotonic()
    with pytest.raises(BadStatement) as refused:
        parse_remittance(message.as_bytes(), "m.eml")
    assert refused.value.errors[0].code == "file.too_large"
    assert time.monotonic() - began < 60


def test_a_pdf_is_read_in_the_time_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the clock of the parent ends it, and where the system ends nothing."""
    assert parse_remittance(pdf_of(["INV-1 100.00"]), "p.pdf")[0].documents[0].number == "INV-1"
    monkeypatch.setattr("huikuan.core.bounded.WAIT_SECONDS", 0.01)
    with pytest.raises(BadStatement) as refused:
        parse_remittance(pdf_of(["INV-1 100.00"]), "p.pdf")
    assert refused.value.errors[0].code == "file.too_large"


def test_an_html_mail_ends_with_words_or_a_tag() -> None:
    for body in (
        "<p>INV-1 100.00<br>Tom &amp; more",
        "<table><tr><td>INV-1</td><td>100.00</td></tr></table>",
        "INV-1 100.00",
    ):
        (advice,) = parse_remittance(FIELDS + b"Content-Type: text/html\n\n" + body.encode(), "m.eml")
        assert [one.number for one in advice.documents] == ["INV-1"]
