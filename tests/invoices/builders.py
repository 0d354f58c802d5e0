"""Invoices for tests, written by us: UBL, CII, a PDF that carries one, and the four forms of 数电票."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal

import xlsxwriter
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

D = Decimal
CENT = D("0.01")
NINETEEN, NOTHING = D(19), D("0.00")
SELLER_CN, BUYER_CN = "91310000MA1FL0007C", "91110105MA0000007L"


@dataclass(frozen=True)
class Row:
    """A line: what was sold, net, category and rate."""

    name: str
    net: Decimal
    category: str = "S"
    rate: Decimal | None = NINETEEN


@dataclass(frozen=True)
class Sample:
    """An invoice to be built. ``said``: totals that are to stand in it whatever the right ones are."""

    number: str = "RE-2026-001"
    rows: tuple[Row, ...] = (Row("Pump", D("1000.00")), Row("Manual", D("200.00"), "S", D(7)))
    allowance: Decimal = NOTHING
    charge: Decimal = NOTHING
    prepaid: Decimal = NOTHING
    is_credit: bool = False
    preceding: str = ""
    due: str = "2026-06-30"
    terms: str = ""
    issued: str = "2026-05-31"
    seller: str = "Beispiel GmbH"
    seller_id: str = "DE123456789"
    buyer: str = "Nordic Timber AB"
    buyer_id: str = "SE556677889901"
    currency: str = "EUR"
    specification: str = "urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0"
    order: str = "PO-77"
    iban: str = "DE75512108001245126199"
    said: Mapping[str, str] = field(default_factory=dict)

    def but(self, **said: str) -> Sample:
        return replace(self, said={**self.said, **said})

    def breakdown(self) -> dict[tuple[str, Decimal | None], Decimal]:
        """Net per category and rate; allowance and charge belong to the first row's."""
        sums: dict[tuple[str, Decimal | None], Decimal] = {}
        for row in self.rows:
            sums[row.category, row.rate] = sums.get((row.category, row.rate), D(0)) + row.net
        first = (self.rows[0].category, self.rows[0].rate)
        sums[first] += self.charge - self.allowance
        return sums

    def taxes(self) -> list[tuple[str, Decimal | None, str, str]]:
        lines = []
        for number, ((category, rate), net) in enumerate(self.breakdown().items()):
            tax = (net * (rate or D(0)) / 100).quantize(CENT, ROUND_HALF_UP)
            said = (self.said.get(f"base{number}", str(net)), self.said.get(f"tax{number}", str(tax)))
            lines.append((category, rate, *said))
        return lines

    def totals(self) -> dict[str, str]:
        lines = sum((row.net for row in self.rows), D(0))
        net = lines - self.allowance + self.charge
        tax = sum(
            (
                (base * (rate or D(0)) / 100).quantize(CENT, ROUND_HALF_UP)
                for (_, rate), base in self.breakdown().items()
            ),
            D(0),
        )
        right = {
            "lines_net": lines,
            "allowances": self.allowance,
            "charges": self.charge,
            "net": net,
            "tax": tax,
            "gross": net + tax,
            "prepaid": self.prepaid,
            "payable": net + tax - self.prepaid,
        }
        return {name: self.said.get(name, f"{amount:f}") for name, amount in right.items()}

    def net_of(self, number: int) -> str:
        return self.said.get(f"line{number}", str(self.rows[number].net))


def exemption(category: str, tag: str) -> str:
    return f"<{tag}>no tax here</{tag}>" if category in ("E", "AE", "K", "G", "O") else ""


def percent(rate: Decimal | None, tag: str) -> str:
    return "" if rate is None else f"<{tag}>{rate}</{tag}>"


def ubl(s: Sample) -> bytes:
    kind, letter = ("CreditNote", "Credited") if s.is_credit else ("Invoice", "Invoiced")
    t, cur = s.totals(), f'currencyID="{s.currency}"'
    due = "" if s.is_credit or not s.due else f"<cbc:DueDate>{s.due}</cbc:DueDate>"
    credit_due = f"<cbc:PaymentDueDate>{s.due}</cbc:PaymentDueDate>" if s.is_credit and s.due else ""
    parts = [
        f'<{kind} xmlns="urn:oasis:names:specification:ubl:schema:xsd:{kind}-2"'
        ' xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"'
        ' xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">'
        f"<cbc:CustomizationID>{s.specification}</cbc:CustomizationID><cbc:ID>{s.number}</cbc:ID>"
        f"<cbc:IssueDate>{s.issued}</cbc:IssueDate>{due}"
        f"<cbc:{kind}TypeCode>{381 if s.is_credit else 380}</cbc:{kind}TypeCode>"
        f"<cbc:DocumentCurrencyCode>{s.currency}</cbc:DocumentCurrencyCode>"
        f"<cac:OrderReference><cbc:ID>{s.order}</cbc:ID></cac:OrderReference>"
    ]
    if s.preceding:
        reference = f"<cac:InvoiceDocumentReference><cbc:ID>{s.preceding}</cbc:ID></cac:InvoiceDocumentReference>"
        parts.append(f"<cac:BillingReference>{reference}</cac:BillingReference>")
    for role, name, number, country in (
        ("Supplier", s.seller, s.seller_id, "DE"),
        ("Customer", s.buyer, s.buyer_id, "SE"),
    ):
        parts.append(
            f"<cac:Accounting{role}Party><cac:Party><cac:PostalAddress><cbc:CityName>City</cbc:CityName><cac:Country>"
            f"<cbc:IdentificationCode>{country}</cbc:IdentificationCode></cac:Country></cac:PostalAddress>"
            f"<cac:PartyTaxScheme><cbc:CompanyID>{number}</cbc:CompanyID><cac:TaxScheme><cbc:ID>VAT</cbc:ID>"
            "</cac:TaxScheme></cac:PartyTaxScheme>"
            f"<cac:PartyLegalEntity><cbc:RegistrationName>{name}</cbc:RegistrationName></cac:PartyLegalEntity>"
            f"</cac:Party></cac:Accounting{role}Party>"
        )
    parts.append(
        f"<cac:PaymentMeans><cbc:PaymentMeansCode>58</cbc:PaymentMeansCode>{credit_due}<cac:PayeeFinancialAccount>"
        f"<cbc:ID>{s.iban}</cbc:ID></cac:PayeeFinancialAccount></cac:PaymentMeans>"
    )
    if s.terms:
        parts.append(f"<cac:PaymentTerms><cbc:Note>{s.terms}</cbc:Note></cac:PaymentTerms>")
    first = s.rows[0]
    for flag, amount in (("false", s.allowance), ("true", s.charge)):
        if amount:
            parts.append(
                f"<cac:AllowanceCharge><cbc:ChargeIndicator>{flag}</cbc:ChargeIndicator>"
                "<cbc:AllowanceChargeReason>agreed</cbc:AllowanceChargeReason>"
                f"<cbc:Amount {cur}>{s.said.get(flag, amount)}</cbc:Amount><cac:TaxCategory>"
                f"<cbc:ID>{first.category}</cbc:ID>{percent(first.rate, 'cbc:Percent')}</cac:TaxCategory>"
                "</cac:AllowanceCharge>"
            )
    subtotals = "".join(
        f"<cac:TaxSubtotal><cbc:TaxableAmount {cur}>{net}</cbc:TaxableAmount><cbc:TaxAmount {cur}>{tax}</cbc:TaxAmount>"
        f"<cac:TaxCategory><cbc:ID>{category}</cbc:ID>{percent(rate, 'cbc:Percent')}"
        f"{exemption(category, 'cbc:TaxExemptionReason')}</cac:TaxCategory></cac:TaxSubtotal>"
        for category, rate, net, tax in s.taxes()
    )
    parts.append(f"<cac:TaxTotal><cbc:TaxAmount {cur}>{t['tax']}</cbc:TaxAmount>{subtotals}</cac:TaxTotal>")
    parts.append(
        f"<cac:LegalMonetaryTotal><cbc:LineExtensionAmount {cur}>{t['lines_net']}</cbc:LineExtensionAmount>"
        f"<cbc:TaxExclusiveAmount {cur}>{t['net']}</cbc:TaxExclusiveAmount>"
        f"<cbc:TaxInclusiveAmount {cur}>{t['gross']}</cbc:TaxInclusiveAmount>"
        f"<cbc:AllowanceTotalAmount {cur}>{t['allowances']}</cbc:AllowanceTotalAmount>"
        f"<cbc:ChargeTotalAmount {cur}>{t['charges']}</cbc:ChargeTotalAmount>"
        f"<cbc:PrepaidAmount {cur}>{t['prepaid']}</cbc:PrepaidAmount>"
        f"<cbc:PayableAmount {cur}>{t['payable']}</cbc:PayableAmount></cac:LegalMonetaryTotal>"
    )
    for at, row in enumerate(s.rows):
        parts.append(
            f"<cac:{kind}Line><cbc:ID>{at + 1}</cbc:ID>"
            f"<cbc:{letter}Quantity unitCode='C62'>1</cbc:{letter}Quantity>"
            f"<cbc:LineExtensionAmount {cur}>{s.net_of(at)}</cbc:LineExtensionAmount><cac:Item><cbc:Name>{row.name}"
            f"</cbc:Name><cac:ClassifiedTaxCategory><cbc:ID>{row.category}</cbc:ID>{percent(row.rate, 'cbc:Percent')}"
            f"</cac:ClassifiedTaxCategory></cac:Item><cac:Price><cbc:PriceAmount {cur}>{row.net}</cbc:PriceAmount>"
            f"</cac:Price></cac:{kind}Line>"
        )
    return ("<?xml version='1.0' encoding='UTF-8'?>" + "".join(parts) + f"</{kind}>").encode()


def cii(s: Sample) -> bytes:
    t = s.totals()

    def day(text: str) -> str:
        return f'<udt:DateTimeString format="102">{text.replace("-", "")}</udt:DateTimeString>'

    def party(role: str, name: str, number: str, country: str) -> str:
        return (
            f"<ram:{role}TradeParty><ram:Name>{name}</ram:Name><ram:PostalTradeAddress><ram:CityName>City</ram:CityName>"
            f"<ram:CountryID>{country}</ram:CountryID></ram:PostalTradeAddress><ram:SpecifiedTaxRegistration>"
            f'<ram:ID schemeID="VA">{number}</ram:ID></ram:SpecifiedTaxRegistration></ram:{role}TradeParty>'
        )

    lines = "".join(
        "<ram:IncludedSupplyChainTradeLineItem><ram:AssociatedDocumentLineDocument>"
        f"<ram:LineID>{number + 1}</ram:LineID></ram:AssociatedDocumentLineDocument><ram:SpecifiedTradeProduct>"
        f"<ram:Name>{row.name}</ram:Name></ram:SpecifiedTradeProduct><ram:SpecifiedLineTradeAgreement>"
        f"<ram:NetPriceProductTradePrice><ram:ChargeAmount>{row.net}</ram:ChargeAmount></ram:NetPriceProductTradePrice>"
        "</ram:SpecifiedLineTradeAgreement><ram:SpecifiedLineTradeDelivery><ram:BilledQuantity unitCode='C62'>1"
        "</ram:BilledQuantity></ram:SpecifiedLineTradeDelivery><ram:SpecifiedLineTradeSettlement><ram:ApplicableTradeTax>"
        f"<ram:TypeCode>VAT</ram:TypeCode><ram:CategoryCode>{row.category}</ram:CategoryCode>"
        f"{percent(row.rate, 'ram:RateApplicablePercent')}</ram:ApplicableTradeTax>"
        "<ram:SpecifiedTradeSettlementLineMonetarySummation>"
        f"<ram:LineTotalAmount>{s.net_of(number)}</ram:LineTotalAmount>"
        "</ram:SpecifiedTradeSettlementLineMonetarySummation></ram:SpecifiedLineTradeSettlement>"
        "</ram:IncludedSupplyChainTradeLineItem>"
        for number, row in enumerate(s.rows)
    )
    taxes = "".join(
        f"<ram:ApplicableTradeTax><ram:CalculatedAmount>{tax}</ram:CalculatedAmount><ram:TypeCode>VAT</ram:TypeCode>"
        f"{exemption(category, 'ram:ExemptionReason')}<ram:BasisAmount>{net}</ram:BasisAmount>"
        f"<ram:CategoryCode>{category}</ram:CategoryCode>{percent(rate, 'ram:RateApplicablePercent')}"
        "</ram:ApplicableTradeTax>"
        for category, rate, net, tax in s.taxes()
    )
    first = s.rows[0]
    adjustments = "".join(
        f"<ram:SpecifiedTradeAllowanceCharge><ram:ChargeIndicator><udt:Indicator>{flag}</udt:Indicator>"
        f"</ram:ChargeIndicator><ram:ActualAmount>{s.said.get(flag, amount)}</ram:ActualAmount><ram:Reason>agreed"
        f"</ram:Reason><ram:CategoryTradeTax><ram:TypeCode>VAT</ram:TypeCode><ram:CategoryCode>{first.category}"
        f"</ram:CategoryCode>{percent(first.rate, 'ram:RateApplicablePercent')}</ram:CategoryTradeTax>"
        "</ram:SpecifiedTradeAllowanceCharge>"
        for flag, amount in (("false", s.allowance), ("true", s.charge))
        if amount
    )
    preceding = (
        f"<ram:InvoiceReferencedDocument><ram:IssuerAssignedID>{s.preceding}</ram:IssuerAssignedID>"
        "</ram:InvoiceReferencedDocument>"
        if s.preceding
        else ""
    )
    due = f"<ram:DueDateDateTime>{day(s.due)}</ram:DueDateDateTime>" if s.due else ""
    terms = f"<ram:Description>{s.terms}</ram:Description>" if s.terms else ""
    return (
        "<?xml version='1.0' encoding='UTF-8'?>"
        '<rsm:CrossIndustryInvoice xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"'
        ' xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"'
        ' xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100">'
        "<rsm:ExchangedDocumentContext><ram:GuidelineSpecifiedDocumentContextParameter>"
        f"<ram:ID>{s.specification}</ram:ID></ram:GuidelineSpecifiedDocumentContextParameter>"
        f"</rsm:ExchangedDocumentContext><rsm:ExchangedDocument><ram:ID>{s.number}</ram:ID>"
        f"<ram:TypeCode>{381 if s.is_credit else 380}</ram:TypeCode><ram:IssueDateTime>{day(s.issued)}"
        f"</ram:IssueDateTime></rsm:ExchangedDocument><rsm:SupplyChainTradeTransaction>{lines}"
        f"<ram:ApplicableHeaderTradeAgreement>{party('Seller', s.seller, s.seller_id, 'DE')}"
        f"{party('Buyer', s.buyer, s.buyer_id, 'SE')}<ram:BuyerOrderReferencedDocument>"
        f"<ram:IssuerAssignedID>{s.order}</ram:IssuerAssignedID></ram:BuyerOrderReferencedDocument>"
        "</ram:ApplicableHeaderTradeAgreement><ram:ApplicableHeaderTradeDelivery/><ram:ApplicableHeaderTradeSettlement>"
        f"<ram:InvoiceCurrencyCode>{s.currency}</ram:InvoiceCurrencyCode><ram:SpecifiedTradeSettlementPaymentMeans>"
        f"<ram:TypeCode>58</ram:TypeCode><ram:PayeePartyCreditorFinancialAccount><ram:IBANID>{s.iban}</ram:IBANID>"
        "</ram:PayeePartyCreditorFinancialAccount></ram:SpecifiedTradeSettlementPaymentMeans>"
        f"{taxes}{adjustments}<ram:SpecifiedTradePaymentTerms>{terms}{due}</ram:SpecifiedTradePaymentTerms>"
        "<ram:SpecifiedTradeSettlementHeaderMonetarySummation>"
        f"<ram:LineTotalAmount>{t['lines_net']}</ram:LineTotalAmount>"
        f"<ram:ChargeTotalAmount>{t['charges']}</ram:ChargeTotalAmount>"
        f"<ram:AllowanceTotalAmount>{t['allowances']}</ram:AllowanceTotalAmount>"
        f"<ram:TaxBasisTotalAmount>{t['net']}</ram:TaxBasisTotalAmount>"
        f'<ram:TaxTotalAmount currencyID="{s.currency}">{t["tax"]}</ram:TaxTotalAmount>'
        f"<ram:GrandTotalAmount>{t['gross']}</ram:GrandTotalAmount>"
        f"<ram:TotalPrepaidAmount>{t['prepaid']}</ram:TotalPrepaidAmount>"
        f"<ram:DuePayableAmount>{t['payable']}</ram:DuePayableAmount>"
        f"</ram:SpecifiedTradeSettlementHeaderMonetarySummation>{preceding}</ram:ApplicableHeaderTradeSettlement>"
        "</rsm:SupplyChainTradeTransaction></rsm:CrossIndustryInvoice>"
    ).encode()


def pdf_with(xml: bytes | None, title: str = "factur-x.xml", text: str = "") -> bytes:
    """A PDF of one page; with an attachment, and with text (each line on a line of its own) where given."""
    writer = PdfWriter()
    page = writer.add_blank_page(width=595, height=842)
    if text:
        _write_text(writer, page, text)
    if xml is not None:
        writer.add_attachment(title, xml)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _write_text(writer: PdfWriter, page: object, text: str) -> None:
    """Text any reader can extract: UTF-16 codes, a table that says which letter each is, and no glyphs."""
    codes = "\n".join(f"<{ord(char):04X}> <{ord(char):04X}>" for char in sorted(set(text) - {"\n"}))
    count = len(set(text) - {"\n"})
    table = DecodedStreamObject()
    table.set_data(
        (
            "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CMapName /X def\n/CMapType 2 def\n"
            f"1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n{count} beginbfchar\n{codes}\nendbfchar\n"
            "endcmap\nend\nend"
        ).encode()
    )
    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type0"),
            NameObject("/BaseFont"): NameObject("/SimSun"),
            NameObject("/Encoding"): NameObject("/Identity-H"),
            NameObject("/ToUnicode"): writer._add_object(table),
        }
    )
    resources = DictionaryObject({NameObject("/Font"): DictionaryObject({NameObject("/F1"): writer._add_object(font)})})
    shown = ["BT", "/F1 10 Tf", "1 0 0 1 40 800 Tm", "14 TL"]
    shown += [f"<{line.encode('utf-16-be').hex()}> Tj T*" for line in text.split("\n")]
    content = DecodedStreamObject()
    content.set_data("\n".join([*shown, "ET"]).encode())
    page[NameObject("/Resources")] = resources  # type: ignore[index]
    page[NameObject("/Contents")] = writer._add_object(content)  # type: ignore[index]


# -- 数电票 ------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Fapiao:
    """A Chinese invoice: lines of name, net, rate as it is written, tax."""

    number: str = "26312000000000000017"
    rows: tuple[tuple[str, str, str, str], ...] = (
        ("*通用设备*离心泵", "1000.00", "13%", "130.00"),
        ("*信息技术服务*维护费", "200.00", "6%", "12.00"),
    )
    issued: str = "2026-05-31"
    seller: str = "上海示例有限公司"
    seller_id: str = SELLER_CN
    buyer: str = "北京华联商贸有限公司"
    buyer_id: str = BUYER_CN
    takes_back: str = ""
    said: Mapping[str, str] = field(default_factory=dict)

    def but(self, **said: str) -> Fapiao:
        return replace(self, said={**self.said, **said})

    @property
    def is_red(self) -> bool:
        return D(self.rows[0][1]) < 0

    @property
    def remark(self) -> str:
        return (
            f"被红冲蓝字数电发票号码：{self.takes_back} 红字发票信息确认单编号：3100"
            if self.takes_back
            else "合同号 HT-1"
        )

    def sums(self) -> dict[str, str]:
        net = sum((D(row[1]) for row in self.rows), D(0))
        tax = sum((D(row[3]) for row in self.rows if "*" not in row[3]), D(0))
        right = {"net": str(net), "tax": str(tax), "gross": str(net + tax)}
        return {name: self.said.get(name, amount) for name, amount in right.items()}


def fapiao_xml(f: Fapiao) -> bytes:
    sums = f.sums()
    lines = "".join(
        f"<IssuItemInformation><ItemName>{name}</ItemName><MeaUnits>项</MeaUnits><Quantity>1</Quantity>"
        f"<UnPrice>{net}</UnPrice><Amount>{net}</Amount><TaxRate>{_fraction(rate)}</TaxRate><ComTaxAm>{tax}</ComTaxAm>"
        "</IssuItemInformation>"
        for name, net, rate, tax in f.rows
    )
    red = f"<SpecificInformation><RedEInvoice><OriginalInvoiceCode>{f.takes_back}</OriginalInvoiceCode></RedEInvoice>"
    return (
        '<?xml version="1.0" encoding="UTF-8"?><EInvoice><Header>'
        f"<EIid>{f.number}</EIid><InherentLabel>"
        f"<InIssuType><LabelCode>{'N' if f.is_red else 'Y'}</LabelCode></InIssuType>"
        "<GeneralOrSpecialVAT><LabelCode>01</LabelCode><LabelName>增值税专用发票</LabelName></GeneralOrSpecialVAT>"
        f"</InherentLabel></Header><EInvoiceData><SellerInformation><SellerIdNum>{f.seller_id}</SellerIdNum>"
        f"<SellerName>{f.seller}</SellerName></SellerInformation><BuyerInformation><BuyerIdNum>{f.buyer_id}</BuyerIdNum>"
        f"<BuyerName>{f.buyer}</BuyerName></BuyerInformation><BasicInformation>"
        f"<TotalAmWithoutTax>{sums['net']}</TotalAmWithoutTax><TotalTaxAm>{sums['tax']}</TotalTaxAm>"
        f"<TotalTax-includedAmount>{sums['gross']}</TotalTax-includedAmount>"
        f"<RequestTime>{f.issued} 10:11:12</RequestTime>"
        f"</BasicInformation>{lines}"
        f"{red + '</SpecificInformation>' if f.takes_back else ''}"
        f"<AdditionalInformation><Remark>{f.remark}</Remark></AdditionalInformation></EInvoiceData>"
        f"<TaxSupervisionInfo><InvoiceNumber>{f.number}</InvoiceNumber><IssueTime>{f.issued}</IssueTime>"
        "</TaxSupervisionInfo></EInvoice>"
    ).encode()


def _fraction(rate: str) -> str:
    return str(D(rate.rstrip("%")) / 100) if rate.endswith("%") else rate


def archive(parts: Mapping[str, bytes | str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as files:
        for name, content in parts.items():
            files.writestr(name, content)
    return out.getvalue()


OFD_ROOT = '<ofd:OFD xmlns:ofd="http://www.ofdspec.org/2016"><ofd:DocBody/></ofd:OFD>'


def ofd_attached(f: Fapiao) -> bytes:
    return archive({"OFD.xml": OFD_ROOT, "Doc_0/Attachs/original_invoice.xml": fapiao_xml(f)})


def ofd_tagged(f: Fapiao) -> bytes:
    """An OFD whose tags name the text objects of the page."""
    sums = f.sums()
    objects: list[str] = []
    refs: list[str] = []

    def tag(path: str, text: str) -> None:
        number = 100 + len(objects)
        objects.append(f'<ofd:TextObject ID="{number}"><ofd:TextCode>{text}</ofd:TextCode></ofd:TextObject>')
        steps = path.split("/")
        start, end = "".join(f"<{step}>" for step in steps), "".join(f"</{step}>" for step in reversed(steps))
        refs.append(f'{start}<ofd:ObjectRef PageRef="1">{number}</ofd:ObjectRef>{end}')

    tag("InvoiceNo", f.number)
    year, month, day = f.issued.split("-")
    tag("IssueDate", f"{year}年{month}月{day}日")
    tag("Seller/SellerName", f.seller)
    tag("Seller/SellerTaxID", f.seller_id)
    tag("Buyer/BuyerName", f.buyer)
    tag("Buyer/BuyerTaxID", f.buyer_id)
    tag("TaxExclusiveTotalAmount", f"¥{sums['net']}")
    tag("TaxTotalAmount", f"¥{sums['tax']}")
    tag("TaxInclusiveTotalAmount", f"¥{sums['gross']}")
    tag("Note", f.remark)
    space = 'xmlns:ofd="http://www.ofdspec.org/2016"'
    return archive(
        {
            "OFD.xml": OFD_ROOT,
            "Doc_0/Tags/CustomTag.xml": f"<eInvoice {space}>{''.join(refs)}</eInvoice>",
            "Doc_0/Pages/Page_0/Content.xml": f"<ofd:Page {space}>{''.join(objects)}</ofd:Page>",
        }
    )


def fapiao_text(f: Fapiao) -> str:
    sums = f.sums()
    year, month, day = f.issued.split("-")
    lines = "\n".join(f"{name} 项 1 {net} {net} {rate} {tax}" for name, net, rate, tax in f.rows)
    return (
        f"电子发票（增值税专用发票）\n发票号码：{f.number}\n开票日期：{year}年{month}月{day}日\n"
        f"名称：{f.buyer}\n统一社会信用代码/纳税人识别号：{f.buyer_id}\n"
        f"名称：{f.seller}\n统一社会信用代码/纳税人识别号：{f.seller_id}\n"
        f"项目名称 规格型号 单 位 数 量 单 价 金 额 税率/征收率 税 额\n{lines}\n"
        f"合 计 ¥{sums['net']} ¥{sums['tax']}\n价税合计（大写） 圆整 （小写）¥{sums['gross']}\n"
        f"备注 {f.remark}\n开票人：王芳"
    )


BASE_HEADINGS = (
    "序号 发票代码 发票号码 数电发票号码 销方识别号 销方名称 购方识别号 购买方名称 开票日期 金额 税额 价税合计 "
    "发票来源 发票票种 发票状态 是否正数发票 发票风险等级 开票人 备注"
).split()
LINE_HEADINGS = (
    "序号 发票代码 发票号码 数电发票号码 销方识别号 销方名称 购方识别号 购买方名称 开票日期 税收分类编码 特定业务类型 "
    "货物或应税劳务名称 规格型号 单位 数量 单价 金额 税率 税额 价税合计 发票来源 发票票种 发票状态 是否正数发票 "
    "发票风险等级 开票人 备注"
).split()


def fapiao_xlsx(invoices: Sequence[Fapiao], *, with_base: bool = True, with_lines: bool = True) -> bytes:
    """The tax platform's workbook: a sheet of invoices and a sheet of their lines."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        if with_base:
            sheet = book.add_worksheet("发票基础信息")
            sheet.write_row(0, 0, BASE_HEADINGS)
            for row, f in enumerate(invoices, start=1):
                values = _head(f, row) | f.sums()
                sheet.write_row(row, 0, [values.get(name, "") for name in map(_meaning, BASE_HEADINGS)])
        if with_lines:
            sheet = book.add_worksheet("信息汇总表")
            sheet.write_row(0, 0, LINE_HEADINGS)
            row = 0
            for f in invoices:
                for name, net, rate, tax in f.rows:
                    row += 1
                    gross = str(D(net) + (D(0) if "*" in tax else D(tax)))
                    line = {
                        "name": name,
                        "net": net,
                        "rate": rate,
                        "tax": tax,
                        "gross": gross,
                        "quantity": 1,
                        "price": net,
                    }
                    values = _head(f, row) | line
                    sheet.write_row(row, 0, [values.get(name, "") for name in map(_meaning, LINE_HEADINGS)])
    return out.getvalue()


def _head(f: Fapiao, row: int) -> dict[str, object]:
    return {
        "row": row,
        "code": "--",
        "number": f.number,
        "seller_id": f.seller_id,
        "seller": f.seller,
        "buyer_id": f.buyer_id,
        "buyer": f.buyer,
        "issued": f"{f.issued} 10:11:12",
        "kind": "数电发票（增值税专用发票）",
        "state": "正常",
        "positive": "否" if f.is_red else "是",
        "note": f.remark,
    }


def _meaning(heading: str) -> str:
    return {
        "序号": "row",
        "发票代码": "code",
        "发票号码": "code",
        "数电发票号码": "number",
        "销方识别号": "seller_id",
        "销方名称": "seller",
        "购方识别号": "buyer_id",
        "购买方名称": "buyer",
        "开票日期": "issued",
        "货物或应税劳务名称": "name",
        "数量": "quantity",
        "单价": "price",
        "金额": "net",
        "税率": "rate",
        "税额": "tax",
        "价税合计": "gross",
        "发票票种": "kind",
        "发票状态": "state",
        "是否正数发票": "positive",
        "备注": "note",
    }.get(heading, heading)
