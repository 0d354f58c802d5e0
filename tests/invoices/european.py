"""Invoices by EN 16931 for tests, written by us: UBL, CII, and a PDF that carries one (or a text)."""

from __future__ import annotations

import io
from decimal import Decimal

from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from tests.invoices.samples import Sample

PROCESS = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
PEPPOL = "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
UBL_ROLE = {"Seller": "Supplier", "Buyer": "Customer"}
_PROCESS_IN = "<ram:BusinessProcessSpecifiedDocumentContextParameter>"
_PROCESS_OUT = "</ram:BusinessProcessSpecifiedDocumentContextParameter>"


def exemption(category: str, tag: str) -> str:
    return f"<{tag}>no tax here</{tag}>" if category in ("E", "AE", "K", "G", "O") else ""


def percent(rate: Decimal | None, tag: str) -> str:
    return "" if rate is None else f"<{tag}>{rate}</{tag}>"


def given(s: Sample, name: str, text: str) -> str:
    return text if s.has(name) else ""


def _ubl_parties(s: Sample) -> list[str]:
    parts = []
    for role, name, number, country in (
        ("Supplier", s.seller, s.seller_id, "DE"),
        ("Customer", s.buyer, s.buyer_id, "SE"),
    ):
        parts.append(
            f"<cac:Accounting{role}Party><cac:Party>"
            f"{given(s, f'{role}_endpoint', f'<cbc:EndpointID>{name}</cbc:EndpointID>')}"
            "<cac:PostalAddress>"
            f"{given(s, f'{role}_city', '<cbc:CityName>City</cbc:CityName>')}"
            f"{given(s, f'{role}_post_code', '<cbc:PostalZone>10115</cbc:PostalZone>')}<cac:Country>"
            f"<cbc:IdentificationCode>{country}</cbc:IdentificationCode></cac:Country></cac:PostalAddress>"
            f"<cac:PartyTaxScheme><cbc:CompanyID>{number}</cbc:CompanyID><cac:TaxScheme><cbc:ID>VAT</cbc:ID>"
            "</cac:TaxScheme></cac:PartyTaxScheme>"
            f"<cac:PartyLegalEntity><cbc:RegistrationName>{name}</cbc:RegistrationName></cac:PartyLegalEntity>"
            f"{_ubl_contact(s) if role == 'Supplier' else ''}"
            f"</cac:Party></cac:Accounting{role}Party>"
        )
    return parts


def _ubl_contact(s: Sample) -> str:
    inside = (
        given(s, "contact", "<cbc:Name>Erika Muster</cbc:Name>")
        + given(s, "phone", "<cbc:Telephone>+49 30 123</cbc:Telephone>")
        + given(s, "email", "<cbc:ElectronicMail>erika@example.com</cbc:ElectronicMail>")
    )
    return given(s, "contacts", f"<cac:Contact>{inside}</cac:Contact>")


def _ubl_adjustments(s: Sample, cur: str) -> list[str]:
    parts = []
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
    return parts


def _ubl_lines(s: Sample, kind: str, letter: str, cur: str) -> list[str]:
    parts = []
    for at, row in enumerate(s.rows):
        parts.append(
            f"<cac:{kind}Line><cbc:ID>{at + 1}</cbc:ID>"
            f"<cbc:{letter}Quantity unitCode='C62'>1</cbc:{letter}Quantity>"
            f"<cbc:LineExtensionAmount {cur}>{s.net_of(at)}</cbc:LineExtensionAmount><cac:Item><cbc:Name>{row.name}"
            f"</cbc:Name><cac:ClassifiedTaxCategory><cbc:ID>{row.category}</cbc:ID>{percent(row.rate, 'cbc:Percent')}"
            f"</cac:ClassifiedTaxCategory></cac:Item><cac:Price><cbc:PriceAmount {cur}>{row.net}</cbc:PriceAmount>"
            f"</cac:Price></cac:{kind}Line>"
        )
    return parts


def ubl(s: Sample) -> bytes:
    kind, letter = ("CreditNote", "Credited") if s.is_credit else ("Invoice", "Invoiced")
    t, cur = s.totals(), f'currencyID="{s.currency}"'
    due = "" if s.is_credit or not s.due else f"<cbc:DueDate>{s.due}</cbc:DueDate>"
    credit_due = f"<cbc:PaymentDueDate>{s.due}</cbc:PaymentDueDate>" if s.is_credit and s.due else ""
    parts = [
        f'<{kind} xmlns="urn:oasis:names:specification:ubl:schema:xsd:{kind}-2"'
        ' xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"'
        ' xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">'
        f"<cbc:CustomizationID>{s.specification}</cbc:CustomizationID>"
        f"{given(s, 'process', f'<cbc:ProfileID>{PROCESS}</cbc:ProfileID>')}<cbc:ID>{s.number}</cbc:ID>"
        f"<cbc:IssueDate>{s.issued}</cbc:IssueDate>{due}"
        f"<cbc:{kind}TypeCode>{381 if s.is_credit else 380}</cbc:{kind}TypeCode>"
        f"<cbc:DocumentCurrencyCode>{s.currency}</cbc:DocumentCurrencyCode>"
        f"{given(s, 'buyer_reference', '<cbc:BuyerReference>04011000-12345-34</cbc:BuyerReference>')}"
        f"<cac:OrderReference><cbc:ID>{s.order}</cbc:ID></cac:OrderReference>"
    ]
    if s.preceding:
        reference = f"<cac:InvoiceDocumentReference><cbc:ID>{s.preceding}</cbc:ID></cac:InvoiceDocumentReference>"
        parts.append(f"<cac:BillingReference>{reference}</cac:BillingReference>")
    parts += _ubl_parties(s)
    parts.append(
        f"<cac:PaymentMeans><cbc:PaymentMeansCode>58</cbc:PaymentMeansCode>{credit_due}<cac:PayeeFinancialAccount>"
        f"<cbc:ID>{s.iban}</cbc:ID></cac:PayeeFinancialAccount></cac:PaymentMeans>"
    )
    if s.terms:
        parts.append(f"<cac:PaymentTerms><cbc:Note>{s.terms}</cbc:Note></cac:PaymentTerms>")
    parts += _ubl_adjustments(s, cur)
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
    parts += _ubl_lines(s, kind, letter, cur)
    return ("<?xml version='1.0' encoding='UTF-8'?>" + "".join(parts) + f"</{kind}>").encode()


def _cii_lines(s: Sample) -> str:
    return "".join(
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


def _cii_taxes(s: Sample) -> str:
    return "".join(
        f"<ram:ApplicableTradeTax><ram:CalculatedAmount>{tax}</ram:CalculatedAmount><ram:TypeCode>VAT</ram:TypeCode>"
        f"{exemption(category, 'ram:ExemptionReason')}<ram:BasisAmount>{net}</ram:BasisAmount>"
        f"<ram:CategoryCode>{category}</ram:CategoryCode>{percent(rate, 'ram:RateApplicablePercent')}"
        "</ram:ApplicableTradeTax>"
        for category, rate, net, tax in s.taxes()
    )


def _cii_adjustments(s: Sample) -> str:
    first = s.rows[0]
    return "".join(
        f"<ram:SpecifiedTradeAllowanceCharge><ram:ChargeIndicator><udt:Indicator>{flag}</udt:Indicator>"
        f"</ram:ChargeIndicator><ram:ActualAmount>{s.said.get(flag, amount)}</ram:ActualAmount><ram:Reason>agreed"
        f"</ram:Reason><ram:CategoryTradeTax><ram:TypeCode>VAT</ram:TypeCode><ram:CategoryCode>{first.category}"
        f"</ram:CategoryCode>{percent(first.rate, 'ram:RateApplicablePercent')}</ram:CategoryTradeTax>"
        "</ram:SpecifiedTradeAllowanceCharge>"
        for flag, amount in (("false", s.allowance), ("true", s.charge))
        if amount
    )


def _cii_contact(s: Sample) -> str:
    phone = "<ram:CompleteNumber>+49 30 123</ram:CompleteNumber>"
    inside = (
        given(s, "contact", "<ram:PersonName>Erika Muster</ram:PersonName>")
        + given(s, "phone", f"<ram:TelephoneUniversalCommunication>{phone}</ram:TelephoneUniversalCommunication>")
        + given(s, "email", "<ram:EmailURIUniversalCommunication><ram:URIID>erika@example.com</ram:URIID>")
        + given(s, "email", "</ram:EmailURIUniversalCommunication>")
    )
    return given(s, "contacts", f"<ram:DefinedTradeContact>{inside}</ram:DefinedTradeContact>")


def cii(s: Sample) -> bytes:
    t = s.totals()

    def day(text: str) -> str:
        return f'<udt:DateTimeString format="102">{text.replace("-", "")}</udt:DateTimeString>'

    def party(role: str, name: str, number: str, country: str) -> str:
        endpoint = f"<ram:URIUniversalCommunication><ram:URIID>{name}</ram:URIID></ram:URIUniversalCommunication>"
        return (
            f"<ram:{role}TradeParty><ram:Name>{name}</ram:Name>{_cii_contact(s) if role == 'Seller' else ''}"
            "<ram:PostalTradeAddress>"
            f"{given(s, f'{UBL_ROLE[role]}_post_code', '<ram:PostcodeCode>10115</ram:PostcodeCode>')}"
            f"{given(s, f'{UBL_ROLE[role]}_city', '<ram:CityName>City</ram:CityName>')}"
            f"<ram:CountryID>{country}</ram:CountryID></ram:PostalTradeAddress>"
            f"{given(s, f'{UBL_ROLE[role]}_endpoint', endpoint)}"
            "<ram:SpecifiedTaxRegistration>"
            f'<ram:ID schemeID="VA">{number}</ram:ID></ram:SpecifiedTaxRegistration></ram:{role}TradeParty>'
        )

    lines, taxes, adjustments = _cii_lines(s), _cii_taxes(s), _cii_adjustments(s)
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
        "<rsm:ExchangedDocumentContext>"
        f"{given(s, 'process', f'{_PROCESS_IN}<ram:ID>{PROCESS}</ram:ID>{_PROCESS_OUT}')}"
        "<ram:GuidelineSpecifiedDocumentContextParameter>"
        f"<ram:ID>{s.specification}</ram:ID></ram:GuidelineSpecifiedDocumentContextParameter>"
        f"</rsm:ExchangedDocumentContext><rsm:ExchangedDocument><ram:ID>{s.number}</ram:ID>"
        f"<ram:TypeCode>{381 if s.is_credit else 380}</ram:TypeCode><ram:IssueDateTime>{day(s.issued)}"
        f"</ram:IssueDateTime></rsm:ExchangedDocument><rsm:SupplyChainTradeTransaction>{lines}"
        "<ram:ApplicableHeaderTradeAgreement>"
        f"{given(s, 'buyer_reference', '<ram:BuyerReference>04011000-12345-34</ram:BuyerReference>')}"
        f"{party('Seller', s.seller, s.seller_id, 'DE')}"
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
