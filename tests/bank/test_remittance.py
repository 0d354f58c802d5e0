"""Remittance advice as payers send it: mails with attachments, tables, text, remt.001."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from email.message import EmailMessage

import openpyxl
import pytest

from huikuan.bank.remittance import RemittanceAdvice, parse_remittance
from huikuan.bank.statement import BadStatement
from tests.bank.pdfs import pdf_of

pytestmark = pytest.mark.practice("E5")

TEXT = """REMITTANCE ADVICE
Payer: Nordic Timber AB
Payment date: 14 April 2026
Payment reference: PAY-2026-088

Invoice      Date         Gross       Discount   Paid
INV-10023    01.03.2026   1,000.00    20.00      980.00
INV-10024    05.03.2026   2,500.00    0.00       2,500.00
CM-00077     07.03.2026   -150.00     0.00       -150.00

Total paid EUR 3,330.00
"""
DOCUMENTS = [("INV-10023", "980.00"), ("INV-10024", "2500.00"), ("CM-00077", "-150.00")]


def one(data: bytes, name: str) -> RemittanceAdvice:
    (advice,) = parse_remittance(data, name)
    return advice


def told(advice: RemittanceAdvice) -> list[tuple[str, str]]:
    return [(document.number, f"{document.amount:.2f}") for document in advice.documents]


def check(advice: RemittanceAdvice) -> None:
    assert told(advice) == DOCUMENTS
    assert advice.total == Decimal("3330.00")
    assert advice.notes == ()
    first = advice.documents[0]
    assert (first.gross, first.deduction) == (Decimal(1000), Decimal(20))


def test_text() -> None:
    advice = one(TEXT.encode(), "advice.txt")
    check(advice)
    assert (advice.payer_name, advice.paid_on, advice.currency) == ("Nordic Timber AB", date(2026, 4, 14), "EUR")
    assert advice.reference == "PAY-2026-088"
    assert advice.documents[0].row == 7
    assert advice.documents[0].document_date == date(2026, 3, 1)


def test_pdf() -> None:
    check(one(pdf_of(TEXT.splitlines()), "advice.pdf"))


def workbook() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (
        ["付款通知", None, None, None, None],
        ["付款单位：", "苏州澄湖电子有限公司", None, "付款日期：", "2026-04-14"],
        ["发票号码", "开票日期", "发票金额", "扣款", "实付金额", "备注"],
        ["INV-10023", "2026-03-01", 1000.0, 20, 980.0, "质量扣款"],
        ["INV-10024", "2026-03-05", 2500.0, 0, 2500.0, None],
        ["CM-00077", "2026-03-07", -150.0, 0, -150.0, None],
        ["合计", None, 3350.0, 20, 3330.0, None],
    ):
        sheet.append(row)
    book.save(stream := io.BytesIO())
    return stream.getvalue()


def test_workbook() -> None:
    advice = one(workbook(), "付款通知.xlsx")
    check(advice)
    assert (advice.payer_name, advice.paid_on) == ("苏州澄湖电子有限公司", date(2026, 4, 14))
    assert advice.documents[0].deduction_reason == "质量扣款"


def test_csv_with_german_amounts() -> None:
    text = "Rechnungsnummer;Datum;Rechnungsbetrag;Skonto;Zahlbetrag\nRE-1;01.03.2026;1.190,00;23,80;1.166,20\n"
    text += "RE-2;02.03.2026;100,00;;100,00\n"
    advice = one(text.encode("cp1252"), "avis.csv")
    assert told(advice) == [("RE-1", "1166.20"), ("RE-2", "100.00")]
    assert advice.documents[0].deduction == Decimal("23.80")
    assert advice.total == Decimal("1266.20")


@pytest.mark.parametrize(
    "heads",
    [
        "N° de facture;Date de la facture;Montant de la facture;Escompte;Montant payé",
        "Fattura n.;Data fattura;Importo fattura;Sconto;Importo pagato",
        "Número de factura;Fecha de factura;Importe de la factura;Descuento;Importe pagado",
    ],
)
def test_csv_with_romance_headings(heads: str) -> None:
    rows = "FA-1;01/03/2026;1.190,00;23,80;1.166,20\nFA-2;02/03/2026;100,00;;100,00\nTotale;;;;1.266,20\n"
    advice = one(f"{heads}\n{rows}".encode(), "avis.csv")
    assert told(advice) == [("FA-1", "1166.20"), ("FA-2", "100.00")]
    assert (advice.documents[0].gross, advice.documents[0].deduction) == (Decimal("1190.00"), Decimal("23.80"))
    assert advice.documents[0].document_date == date(2026, 3, 1) and advice.total == Decimal("1266.20")


def mail(body: str, *attachments: tuple[bytes, str, str]) -> bytes:
    message = EmailMessage()
    message["From"] = "Accounts Payable <ap@nordic.example>"
    message["To"] = "billing@example.com"
    message["Subject"] = "Remittance advice 付款通知"
    message["Date"] = "Tue, 14 Apr 2026 10:15:00 +0200"
    message.set_content(body)
    for data, kind, name in attachments:
        message.add_attachment(data, maintype=kind.split("/")[0], subtype=kind.split("/")[1], filename=name)
    return message.as_bytes()


def test_mail_with_a_pdf_and_a_picture() -> None:
    data = mail(
        "See attached.",
        (b"\x89PNG", "image/png", "logo.png"),
        (pdf_of(TEXT.splitlines()), "application/pdf", "advice.pdf"),
    )
    advice = one(data, "mail.eml")
    check(advice)
    assert (advice.payer_name, advice.payer_address) == ("Nordic Timber AB", "ap@nordic.example")


def test_mail_with_a_workbook() -> None:
    advice = one(mail("附件", (workbook(), "application/octet-stream", "付款.xlsx")), "mail.eml")
    check(advice)
    assert advice.payer_address == "ap@nordic.example"


def test_mail_that_says_it_in_a_sentence() -> None:
    advice = one(mail("We paid EUR 1,234.56 today for invoices INV-1001 (1,000.00), INV-1002 (234.56).\n"), "m.eml")
    assert told(advice) == [("INV-1001", "1000.00"), ("INV-1002", "234.56")]
    assert (advice.payer_name, advice.paid_on) == ("Accounts Payable", date(2026, 4, 14))


def test_numbers_without_amounts() -> None:
    advice = one("本次付款 5,000.00 元，发票号：10023，10024 和 10027\n".encode(), "n.txt")
    assert [(document.number, document.amount) for document in advice.documents] == [
        ("10023", None),
        ("10024", None),
        ("10027", None),
    ]
    assert advice.total == Decimal("5000.00")


def test_html_mail() -> None:
    message = EmailMessage()
    message["From"], message["Subject"], message["Date"] = "a@b.example", "x", "Tue, 14 Apr 2026 10:15:00 +0200"
    rows = "".join(f"<tr><td>{number}</td><td>{amount}</td></tr>" for number, amount in DOCUMENTS)
    message.set_content(
        f"<html><style>p{{}}</style><table>{rows}<tr><td>Total</td><td>3330.00</td></tr></table></html>", subtype="html"
    )
    assert told(one(message.as_bytes(), "mail.eml")) == DOCUMENTS


def test_a_total_that_does_not_fit_is_a_remark() -> None:
    advice = one(TEXT.replace("3,330.00", "3,331.00").encode(), "advice.txt")
    assert advice.notes == ("the documents add up to 3,330.00, the total says 3,331.00",)


REMT = """<?xml version="1.0"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:remt.001.001.02"><RmtAdvc>
<GrpHdr><MsgId>R1</MsgId><CreDtTm>2026-04-14T10:00:00</CreDtTm><InitgPty><Nm>Nordic Timber AB</Nm></InitgPty></GrpHdr>
<RmtInf><RmtId>RM-1</RmtId>
<Strd><RfrdDocInf><Tp><CdOrPrtry><Cd>CINV</Cd></CdOrPrtry></Tp><Nb>INV-10023</Nb><RltdDt>2026-03-01</RltdDt></RfrdDocInf>
<RfrdDocAmt><DuePyblAmt Ccy="EUR">1000.00</DuePyblAmt><DscntApldAmt Ccy="EUR">20.00</DscntApldAmt>
<RmtdAmt Ccy="EUR">980.00</RmtdAmt></RfrdDocAmt></Strd>
<Strd><RfrdDocInf><Tp><CdOrPrtry><Cd>CREN</Cd></CdOrPrtry></Tp><Nb>CM-00077</Nb></RfrdDocInf>
<RfrdDocAmt><CdtNoteAmt Ccy="EUR">150.00</CdtNoteAmt></RfrdDocAmt></Strd>
<OrgnlPmtInf><Refs><EndToEndId>E2E-1</EndToEndId></Refs><Amt><InstdAmt Ccy="EUR">830.00</InstdAmt></Amt>
<ReqdExctnDt>2026-04-14</ReqdExctnDt></OrgnlPmtInf></RmtInf></RmtAdvc></Document>"""


def test_remt() -> None:
    advice = one(REMT.encode(), "remt.xml")
    assert told(advice) == [("INV-10023", "980.00"), ("CM-00077", "-150.00")]
    assert (advice.payer_name, advice.reference, advice.currency) == ("Nordic Timber AB", "E2E-1", "EUR")
    assert (advice.total, advice.paid_on, advice.notes) == (Decimal(830), date(2026, 4, 14), ())
    assert advice.documents[0].deduction == Decimal(20)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "file.empty"),
        (b"Dear all, thank you.\n", "remittance.not_recognised"),
        (mail("hello"), "remittance.not_recognised"),
        (b"%PDF-1.7 broken", "file.broken"),
        (REMT.replace("<Document", "<!DOCTYPE x [<!ENTITY a 'b'>]><Document").encode(), "xml.entities"),
        (REMT.replace("980.00", "980,00").encode(), "bank.amount"),
        (REMT[:-40].encode(), "xml.broken"),
    ],
)
def test_refused(data: bytes, code: str) -> None:
    with pytest.raises(BadStatement) as refused:
        parse_remittance(data, "x.eml" if data.startswith(b"From") else "x")
    assert [error.code for error in refused.value.errors] == [code]


def test_a_chinese_sentence_with_an_amount_behind_each_number() -> None:
    text = "我司今日支付货款，发票号 12345678（8,000.00元）、12345679（4,800.00元）和 12345680。\n付款金额：12,900.00\n"
    (advice,) = parse_remittance(text.encode(), "mail.txt")
    told = [(one.number, one.amount) for one in advice.documents]
    assert told == [("12345678", Decimal(8000)), ("12345679", Decimal(4800)), ("12345680", None)]
    assert (advice.total, advice.currency) == (Decimal(12900), "CNY")
