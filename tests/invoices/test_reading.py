"""Every format says the same of the same invoice."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from huikuan.core.refusals import Refusal
from huikuan.invoices.document import InvoiceDocument, SourceFormat
from huikuan.invoices.profiles import profile_of
from huikuan.invoices.reading import parse_invoice
from huikuan.invoices.rules import check_invoice
from huikuan.services.demo import TAX_IDS
from tests.invoices import builders as build
from tests.invoices.builders import D, Fapiao, Row, Sample

pytestmark = pytest.mark.practice("D10")

FOREIGN = {
    "ubl": build.ubl,
    "cii": build.cii,
    "pdf_cii": lambda sample: build.pdf_with(build.cii(sample)),
    "pdf_ubl": lambda sample: build.pdf_with(build.ubl(sample), "xrechnung.xml"),
}
CHINESE = {
    "cn_xml": build.fapiao_xml,
    "cn_ofd": build.ofd_attached,
    "cn_pdf": lambda fapiao: build.pdf_with(None, text=build.fapiao_text(fapiao)),
    "cn_xlsx": lambda fapiao: build.fapiao_xlsx([fapiao]),
}


def read(data: bytes, name: str = "invoice") -> InvoiceDocument:
    (document,) = parse_invoice(data, name)
    return document


def rules_of(document: InvoiceDocument, *, warnings: bool = False) -> list[str]:
    return [fault.rule for fault in check_invoice(document) if warnings or not fault.is_warning]


@pytest.mark.parametrize("form", FOREIGN)
def test_an_invoice_by_the_european_norm(form: str) -> None:
    sample = Sample(allowance=D("50.00"), charge=D("8.00"), prepaid=D("100.00"), terms="30 days")
    read_one = read(FOREIGN[form](sample))
    assert read_one.source_format == form
    assert check_invoice(read_one) == []
    assert (read_one.number, read_one.type_code) == ("RE-2026-001", "380")
    assert (read_one.issue_date, read_one.due_date) == (date(2026, 5, 31), date(2026, 6, 30))
    assert (read_one.seller.name, read_one.seller.tax_id) == ("Beispiel GmbH", "DE123456789")
    assert (read_one.buyer.name, read_one.buyer.tax_id, read_one.buyer.country) == (
        "Nordic Timber AB",
        "SE556677889901",
        "SE",
    )
    assert read_one.profile == "XRechnung 3.0"
    totals = read_one.totals
    # 1000 − 50 + 8 at 19 % and 200 at 7 %
    assert (totals.net, totals.tax, totals.gross) == (D("1158.00"), D("196.02"), D("1354.02"))
    assert (totals.prepaid, totals.payable) == (D("100.00"), D("1254.02"))
    assert [(one.rate, one.net, one.tax) for one in read_one.tax_lines] == [
        (D(19), D("958.00"), D("182.02")),
        (D(7), D("200.00"), D("14.00")),
    ]
    assert [(line.name, line.net) for line in read_one.lines] == [("Pump", D("1000.00")), ("Manual", D("200.00"))]
    assert (read_one.order_reference, read_one.means[0].account) == ("PO-77", "DE75512108001245126199")
    assert not read_one.is_credit


@pytest.mark.parametrize("form", FOREIGN)
def test_a_credit_note_names_its_invoice(form: str) -> None:
    document = read(FOREIGN[form](Sample(number="GS-1", is_credit=True, preceding="RE-2026-001")))
    assert check_invoice(document) == []
    assert document.is_credit
    assert document.signed(document.totals.gross or D(0)) == D("-1404.00")
    assert [one.number for one in document.preceding] == ["RE-2026-001"]
    assert document.due_date == date(2026, 6, 30)


@pytest.mark.parametrize("category", ["Z", "E", "AE", "K", "G", "O"])
@pytest.mark.parametrize("form", ["ubl", "cii"])
def test_categories_without_tax(form: str, category: str) -> None:
    rate = None if category == "O" else D(0)
    document = read(FOREIGN[form](Sample(rows=(Row("Pump", D("70.00"), category, rate),))))
    assert check_invoice(document) == []
    assert document.totals.tax == 0


@pytest.mark.parametrize("form", CHINESE)
def test_a_chinese_invoice(form: str) -> None:
    document = read(CHINESE[form](Fapiao()))
    assert check_invoice(document) == []
    assert document.source_format == form
    assert document.profile == "数电票 增值税专用发票"
    assert (document.number, document.issue_date) == ("26312000000000000017", date(2026, 5, 31))
    assert (document.seller.name, document.seller.tax_id) == ("上海示例有限公司", build.SELLER_CN)
    assert (document.buyer.name, document.buyer.tax_id) == ("北京华联商贸有限公司", build.BUYER_CN)
    assert (document.totals.net, document.totals.tax, document.totals.gross) == (D("1200"), D("142"), D("1342"))
    assert [(one.rate, one.net, one.tax) for one in document.tax_lines] == [(13, 1000, 130), (6, 200, 12)]
    assert document.currency == "CNY"


@pytest.mark.parametrize("form", CHINESE)
def test_a_red_letter_invoice(form: str) -> None:
    red = Fapiao(
        number="26312000000000000025",
        rows=(("*通用设备*离心泵", "-1000.00", "13%", "-130.00"),),
        takes_back="26312000000000000017",
    )
    document = read(CHINESE[form](red))
    assert check_invoice(document) == []
    assert document.is_credit
    assert document.totals.gross == D("-1130.00")
    assert [one.number for one in document.preceding] == ["26312000000000000017"]


def test_an_ofd_read_by_its_tags() -> None:
    document = read(build.ofd_tagged(Fapiao(takes_back="26312000000000000009")))
    assert (document.number, document.issue_date) == ("26312000000000000017", date(2026, 5, 31))
    assert (document.totals.gross, document.buyer.tax_id) == (D("1342.00"), build.BUYER_CN)
    assert rules_of(document, warnings=True) == ["CN-09"]


def test_an_ofd_read_by_its_pages() -> None:
    lines = build.fapiao_text(Fapiao()).split("\n")
    objects = "".join(
        f'<ofd:TextObject ID="{number}"><ofd:TextCode>{line}</ofd:TextCode></ofd:TextObject>'
        for number, line in enumerate(lines)
    )
    page = f'<ofd:Page xmlns:ofd="http://www.ofdspec.org/2016">{objects}</ofd:Page>'
    document = read(build.archive({"OFD.xml": build.OFD_ROOT, "Doc_0/Pages/Page_0/Content.xml": page}))
    assert check_invoice(document) == []
    assert document.totals.gross == D("1342.00")


def test_exempt_lines_have_no_tax() -> None:
    rows = (("*农产品*苹果", "500.00", "免税", "***"), ("*餐饮服务*餐费", "100.00", "6%", "6.00"))
    for form, make in CHINESE.items():
        document = read(make(Fapiao(rows=rows)))
        assert check_invoice(document) == [], form
        assert {(one.category, one.rate): one.tax for one in document.tax_lines} == {("E", None): 0, ("S", D(6)): 6}


def test_a_workbook_of_many_invoices() -> None:
    invoices = [replace(Fapiao(), number=f"2631200000000000{number:04d}") for number in range(30)]
    for with_base, with_lines in ((True, True), (False, True), (True, False)):
        data = build.fapiao_xlsx(invoices, with_base=with_base, with_lines=with_lines)
        documents = parse_invoice(data, "全量发票查询导出结果.xlsx")
        assert [one.number for one in documents] == [one.number for one in invoices]
        assert {one.totals.gross for one in documents} == {D("1342.00")}
        assert all(rules_of(one) == [] for one in documents)


@pytest.mark.parametrize(
    ("specification", "profile"),
    [
        ("urn:cen.eu:en16931:2017", "EN 16931"),
        ("urn:cen.eu:en16931:2017#compliant#urn:xoev-de:kosit:standard:xrechnung_2.3", "XRechnung 2.3"),
        ("urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0", "Peppol BIS Billing 3"),
        ("urn:cen.eu:en16931:2017#compliant#urn:factur-x.eu:1p0:basic", "Factur-X BASIC"),
        ("urn:cen.eu:en16931:2017#conformant#urn:factur-x.eu:1p0:extended", "Factur-X EXTENDED"),
        ("urn:factur-x.eu:1p0:minimum", "Factur-X MINIMUM"),
        ("urn:somebody:else", ""),
    ],
)
def test_profiles_are_recognised(specification: str, profile: str) -> None:
    assert profile_of(specification) == profile
    assert read(build.ubl(Sample(specification=specification))).profile == profile


def test_a_profile_without_lines_is_said_so() -> None:
    document = read(build.cii(Sample(specification="urn:factur-x.eu:1p0:minimum")))
    assert rules_of(document) == ["PROFILE"]


def test_files_that_are_no_invoice() -> None:
    bomb = build.archive({"OFD.xml": b"\0" * 60_000_000})
    xml = build.ubl(Sample())
    entity = xml.replace(b"<Invoice", b"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><Invoice", 1)
    old = b'<rsm:CrossIndustryDocument xmlns:rsm="urn:ferd:CrossIndustryDocument:invoice:1p0"/>'
    cases = {
        "invoice.empty": b"",
        "invoice.not_recognised": b"number;amount\n1;2\n",
        "invoice.broken": xml[:-40],
        "invoice.entities": entity,
        "invoice.bomb": bomb,
        "invoice.no_invoice_inside": build.pdf_with(None, text="a letter"),
        "invoice.too_large": b"<" * (21 * 1024 * 1024),
        "invoice.old_zugferd": old,
        "invoice.no_headings": _sheet([["a", "b"], ["1", "2"]]),
    }
    for code, data in cases.items():
        with pytest.raises(Refusal) as refused:
            parse_invoice(data, "file.bin")
        assert refused.value.code == code
        assert "file.bin" in refused.value.message
    utf16 = entity.decode().replace("UTF-8", "UTF-16").encode("utf-16")
    with pytest.raises(Refusal) as refused:
        parse_invoice(utf16, "file.xml")
    assert refused.value.code == "invoice.entities"


def test_an_attachment_that_is_too_large_is_refused() -> None:
    xml = build.cii(Sample()).replace(b"</rsm:CrossIndustryInvoice>", b" " * 21 * 1024 * 1024)
    with pytest.raises(Refusal) as refused:
        parse_invoice(build.pdf_with(xml), "bomb.pdf")
    assert refused.value.code in ("invoice.bomb", "invoice.too_large")


def test_another_xml_attached_does_not_hide_the_invoice() -> None:
    data = build.pdf_with(b"<xbrl/>", "report.xml", text=build.fapiao_text(Fapiao()))
    assert read(data).totals.gross == D("1342.00")
    with pytest.raises(Refusal) as refused:
        parse_invoice(build.pdf_with(b"<xbrl/>", "factur-x.xml"), "a.pdf")
    assert refused.value.code == "invoice.not_recognised"


def test_a_number_kept_as_a_figure_has_lost_digits() -> None:
    rows: list[list[object]] = [[*build.BASE_HEADINGS]]
    rows.append(["1", "", "", 2.6312e19, "S", "卖方", "B", "买方", "2026-05-31", 100.1, 13.01, 113.11])
    (document,) = parse_invoice(_sheet(rows), "lost.xlsx")
    assert "CN-01" in rules_of(document)
    assert document.totals.net == Decimal("100.1")


def _sheet(rows: list[list[object]]) -> bytes:
    import io

    import xlsxwriter

    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet("发票基础信息")
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return out.getvalue()


def test_formats_are_all_tried() -> None:
    assert {*FOREIGN, *CHINESE} == {one.value for one in SourceFormat}


def test_the_examples_are_invoices_of_the_demo_company() -> None:
    folder = Path(__file__).parents[2] / "examples" / "invoices"
    documents = [read(path.read_bytes(), path.name) for path in sorted(folder.glob("*.xml"))]
    assert [check_invoice(document) for document in documents] == [[], [], []]
    assert {document.seller.tax_id for document in documents} == set(TAX_IDS.values())
