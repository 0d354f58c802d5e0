"""UN/CEFACT Cross Industry Invoice D16B as EN 16931 uses it (XRechnung, ZUGFeRD, Factur-X)."""

from __future__ import annotations

from decimal import Decimal

from lxml import etree

from huikuan.invoices.document import (
    Adjustment,
    Delivery,
    InvoiceDocument,
    Line,
    Means,
    Party,
    Preceding,
    SourceFormat,
    TaxLine,
    Totals,
)
from huikuan.invoices.profiles import profile_of
from huikuan.invoices.trees import Tree
from huikuan.invoices.ubl import raw_text

ROOT = "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
PREFIXES = {
    "rsm": ROOT,
    "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
    "qdt": "urn:un:unece:uncefact:data:standard:QualifiedDataType:100",
}

_START = "/rsm:CrossIndustryInvoice"
_TRADE = "rsm:SupplyChainTradeTransaction"
_AGREEMENT = f"{_TRADE}/ram:ApplicableHeaderTradeAgreement"
_SETTLEMENT = f"{_TRADE}/ram:ApplicableHeaderTradeSettlement"
_SUMS = f"{_SETTLEMENT}/ram:SpecifiedTradeSettlementHeaderMonetarySummation"
_TERMS = f"{_SETTLEMENT}/ram:SpecifiedTradePaymentTerms"
_TOTALS = {
    "lines_net": "ram:LineTotalAmount",
    "allowances": "ram:AllowanceTotalAmount",
    "charges": "ram:ChargeTotalAmount",
    "net": "ram:TaxBasisTotalAmount",
    "gross": "ram:GrandTotalAmount",
    "prepaid": "ram:TotalPrepaidAmount",
    "rounding": "ram:RoundingAmount",
    "payable": "ram:DuePayableAmount",
}
_FACTS = {
    "specification": "rsm:ExchangedDocumentContext/ram:GuidelineSpecifiedDocumentContextParameter/ram:ID",
    "number": "rsm:ExchangedDocument/ram:ID",
    "type_code": "rsm:ExchangedDocument/ram:TypeCode",
    "issue_date": "rsm:ExchangedDocument/ram:IssueDateTime/udt:DateTimeString",
    "due_date": f"{_TERMS}/ram:DueDateDateTime/udt:DateTimeString",
    "payment_terms": f"{_TERMS}/ram:Description",
    "currency": f"{_SETTLEMENT}/ram:InvoiceCurrencyCode",
    "tax_currency": f"{_SETTLEMENT}/ram:TaxCurrencyCode",
    "order_reference": f"{_AGREEMENT}/ram:BuyerOrderReferencedDocument/ram:IssuerAssignedID",
    "contract_reference": f"{_AGREEMENT}/ram:ContractReferencedDocument/ram:IssuerAssignedID",
    "buyer_reference": f"{_AGREEMENT}/ram:BuyerReference",
    "business_process": "rsm:ExchangedDocumentContext/ram:BusinessProcessSpecifiedDocumentContextParameter/ram:ID",
    "note": "rsm:ExchangedDocument/ram:IncludedNote/ram:Content",
}


def read_cii(root: etree._Element, file_name: str, source_format: SourceFormat = SourceFormat.CII) -> InvoiceDocument:
    tree = Tree(root, PREFIXES)
    texts = {name: tree.text(path) for name, path in _FACTS.items()}
    paths = {name: tree.place(path) for name, path in _FACTS.items()}
    paths |= {name: tree.place(f"{_SUMS}/{path}") for name, path in _TOTALS.items()}
    paths["tax"] = tree.place(f"{_SUMS}/ram:TaxTotalAmount")
    paths["tax_lines"] = tree.place(f"{_SETTLEMENT}/ram:ApplicableTradeTax")
    paths["lines"] = tree.place(f"{_TRADE}/ram:IncludedSupplyChainTradeLineItem")
    totals = {name: tree.amount(f"{_SUMS}/{path}") for name, path in _TOTALS.items()}
    return InvoiceDocument(
        file_name=file_name,
        source_format=source_format,
        profile=profile_of(texts["specification"]),
        specification=texts["specification"],
        number=texts["number"],
        type_code=texts["type_code"],
        issue_date=tree.day(_FACTS["issue_date"]),
        due_date=tree.day(_FACTS["due_date"]),
        payment_terms=raw_text(tree.first(_FACTS["payment_terms"])),
        currency=texts["currency"],
        tax_currency=texts["tax_currency"],
        seller=_party(tree, f"{_AGREEMENT}/ram:SellerTradeParty"),
        buyer=_party(tree, f"{_AGREEMENT}/ram:BuyerTradeParty"),
        lines=_lines(tree),
        tax_lines=_tax_lines(tree),
        adjustments=_adjustments(tree, tree.first(_SETTLEMENT), base=f"{_START}/{_SETTLEMENT}", is_line=False),
        totals=Totals(tax=_tax_total(tree, texts["currency"]), **totals),
        preceding=_preceding(tree),
        means=_means(tree),
        order_reference=texts["order_reference"],
        contract_reference=texts["contract_reference"],
        buyer_reference=texts["buyer_reference"],
        business_process=texts["business_process"],
        creditor_id=tree.text(f"{_SETTLEMENT}/ram:CreditorReferenceID"),
        delivery=_delivery(tree),
        note=texts["note"],
        paths=paths,
        reading=tuple(tree.faults),
    )


def _tax_total(tree: Tree, currency: str) -> Decimal | None:
    """The tax in the invoice's currency: there may be another one in the currency of the books."""
    elements = tree.all(f"{_SUMS}/ram:TaxTotalAmount")
    chosen = next((one for one in elements if one.get("currencyID") in (currency, None)), None)
    return None if chosen is None else tree.amount_of(chosen)


def _party(tree: Tree, path: str) -> Party:
    party = tree.first(path)
    if party is None:
        return Party(path=tree.place(path))
    numbers = [(one.get("schemeID", ""), (one.text or "").strip()) for one in _tax_ids(tree, party)]
    vat = next((number for scheme, number in numbers if scheme == "VA"), "")
    return Party(
        name=tree.text("ram:Name", party),
        tax_id=vat or next((number for _, number in numbers if number), ""),
        registration_id=tree.text("ram:SpecifiedLegalOrganization/ram:ID", party),
        country=tree.text("ram:PostalTradeAddress/ram:CountryID", party),
        city=tree.text("ram:PostalTradeAddress/ram:CityName", party),
        has_address=tree.first("ram:PostalTradeAddress", party) is not None,
        path=tree.path_of(party),
        post_code=tree.text("ram:PostalTradeAddress/ram:PostcodeCode", party),
        contact=tree.text("ram:DefinedTradeContact/ram:PersonName", party)
        or tree.text("ram:DefinedTradeContact/ram:DepartmentName", party),
        phone=tree.text("ram:DefinedTradeContact/ram:TelephoneUniversalCommunication/ram:CompleteNumber", party),
        email=tree.text("ram:DefinedTradeContact/ram:EmailURIUniversalCommunication/ram:URIID", party),
        has_contact=tree.first("ram:DefinedTradeContact", party) is not None,
        endpoint=tree.text("ram:URIUniversalCommunication/ram:URIID", party),
    )


def _delivery(tree: Tree) -> Delivery:
    address = tree.first(f"{_TRADE}/ram:ApplicableHeaderTradeDelivery/ram:ShipToTradeParty/ram:PostalTradeAddress")
    if address is None:
        return Delivery()
    city, post_code = tree.text("ram:CityName", address), tree.text("ram:PostcodeCode", address)
    return Delivery(city, post_code, True, tree.path_of(address))


def _tax_ids(tree: Tree, party: etree._Element) -> list[etree._Element]:
    return tree.all("ram:SpecifiedTaxRegistration/ram:ID", party)


def _lines(tree: Tree) -> tuple[Line, ...]:
    lines = []
    start = f"{_START}/{_TRADE}/ram:IncludedSupplyChainTradeLineItem"
    for number, line in enumerate(tree.all(f"{_TRADE}/ram:IncludedSupplyChainTradeLineItem"), start=1):
        quantity = tree.first("ram:SpecifiedLineTradeDelivery/ram:BilledQuantity", line)
        settlement = "ram:SpecifiedLineTradeSettlement"
        net = f"{settlement}/ram:SpecifiedTradeSettlementLineMonetarySummation/ram:LineTotalAmount"
        lines.append(
            Line(
                line_id=tree.text("ram:AssociatedDocumentLineDocument/ram:LineID", line),
                name=tree.text("ram:SpecifiedTradeProduct/ram:Name", line),
                net=tree.amount(net, line),
                category=tree.text(f"{settlement}/ram:ApplicableTradeTax/ram:CategoryCode", line),
                rate=tree.amount(f"{settlement}/ram:ApplicableTradeTax/ram:RateApplicablePercent", line),
                quantity=tree.amount("ram:SpecifiedLineTradeDelivery/ram:BilledQuantity", line),
                unit="" if quantity is None else quantity.get("unitCode", ""),
                price=tree.amount(
                    "ram:SpecifiedLineTradeAgreement/ram:NetPriceProductTradePrice/ram:ChargeAmount", line
                ),
                adjustments=_adjustments(
                    tree, tree.first(settlement, line), base=f"{start}[{number}]/{settlement}", is_line=True
                ),
                path=f"{start}[{number}]",
                price_quantity=tree.amount(
                    "ram:SpecifiedLineTradeAgreement/ram:NetPriceProductTradePrice/ram:BasisQuantity", line
                ),
            )
        )
    return tuple(lines)


def _adjustments(tree: Tree, start: etree._Element | None, *, base: str, is_line: bool) -> tuple[Adjustment, ...]:
    found = []
    elements = [] if start is None else tree.all("ram:SpecifiedTradeAllowanceCharge", start)
    for number, element in enumerate(elements, start=1):
        category = "ram:CategoryTradeTax"
        found.append(
            Adjustment(
                is_charge=tree.text("ram:ChargeIndicator/udt:Indicator", element) == "true",
                amount=tree.amount("ram:ActualAmount", element),
                category="" if is_line else tree.text(f"{category}/ram:CategoryCode", element),
                rate=None if is_line else tree.amount(f"{category}/ram:RateApplicablePercent", element),
                has_reason=bool(tree.text("ram:Reason", element) or tree.text("ram:ReasonCode", element)),
                path=f"{base}/ram:SpecifiedTradeAllowanceCharge[{number}]",
            )
        )
    return tuple(found)


def _tax_lines(tree: Tree) -> tuple[TaxLine, ...]:
    return tuple(
        TaxLine(
            category=tree.text("ram:CategoryCode", element),
            rate=tree.amount("ram:RateApplicablePercent", element),
            net=tree.amount("ram:BasisAmount", element),
            tax=tree.amount("ram:CalculatedAmount", element),
            has_exemption=bool(
                tree.text("ram:ExemptionReason", element) or tree.text("ram:ExemptionReasonCode", element)
            ),
            path=tree.path_of(element),
        )
        for element in tree.all(f"{_SETTLEMENT}/ram:ApplicableTradeTax")
    )


def _preceding(tree: Tree) -> tuple[Preceding, ...]:
    return tuple(
        Preceding(
            tree.text("ram:IssuerAssignedID", one),
            tree.day("ram:FormattedIssueDateTime/qdt:DateTimeString", one),
            tree.path_of(one),
        )
        for one in tree.all(f"{_SETTLEMENT}/ram:InvoiceReferencedDocument")
    )


def _means(tree: Tree) -> tuple[Means, ...]:
    account, payer = "ram:PayeePartyCreditorFinancialAccount", "ram:PayerPartyDebtorFinancialAccount"
    mandate = tree.text(f"{_TERMS}/ram:DirectDebitMandateID")
    return tuple(
        Means(
            tree.text("ram:TypeCode", one),
            tree.text(f"{account}/ram:IBANID", one) or tree.text(f"{account}/ram:ProprietaryID", one),
            tree.path_of(one),
            has_transfer=tree.first(account, one) is not None,
            has_card=tree.first("ram:ApplicableTradeSettlementFinancialCard", one) is not None,
            has_debit=bool(mandate) or tree.first(payer, one) is not None,
            mandate=mandate,
            debited=tree.text(f"{payer}/ram:IBANID", one),
        )
        for one in tree.all(f"{_SETTLEMENT}/ram:SpecifiedTradeSettlementPaymentMeans")
    )
