"""UBL 2.1 Invoice and CreditNote as EN 16931 uses them (XRechnung, Peppol BIS Billing 3)."""

from __future__ import annotations

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
from huikuan.invoices.trees import Tree, text_of

INVOICE = "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
CREDIT_NOTE = "urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2"
PREFIXES = {
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
}

_TOTALS = {
    "lines_net": "cbc:LineExtensionAmount",
    "allowances": "cbc:AllowanceTotalAmount",
    "charges": "cbc:ChargeTotalAmount",
    "net": "cbc:TaxExclusiveAmount",
    "gross": "cbc:TaxInclusiveAmount",
    "prepaid": "cbc:PrepaidAmount",
    "rounding": "cbc:PayableRoundingAmount",
    "payable": "cbc:PayableAmount",
}
_FACTS = {
    "specification": "cbc:CustomizationID",
    "number": "cbc:ID",
    "issue_date": "cbc:IssueDate",
    "due_date": "cbc:DueDate",
    "payment_terms": "cac:PaymentTerms/cbc:Note",
    "currency": "cbc:DocumentCurrencyCode",
    "tax_currency": "cbc:TaxCurrencyCode",
    "order_reference": "cac:OrderReference/cbc:ID",
    "contract_reference": "cac:ContractDocumentReference/cbc:ID",
    "buyer_reference": "cbc:BuyerReference",
    "business_process": "cbc:ProfileID",
    "note": "cbc:Note",
}


def read_ubl(root: etree._Element, file_name: str, source_format: SourceFormat = SourceFormat.UBL) -> InvoiceDocument:
    tree = Tree(root, PREFIXES)
    is_credit = etree.QName(root).namespace == CREDIT_NOTE
    kind = "CreditNote" if is_credit else "Invoice"
    facts = dict(_FACTS)
    facts["type_code"] = f"cbc:{kind}TypeCode"
    if is_credit:
        facts["due_date"] = "cac:PaymentMeans/cbc:PaymentDueDate"
    texts = {name: tree.text(path) for name, path in facts.items()}
    specification = texts["specification"]
    currency = texts["currency"]
    totals = {name: tree.amount(f"cac:LegalMonetaryTotal/{path}") for name, path in _TOTALS.items()}
    tax_total = _tax_total(tree, currency)
    tax = tree.amount("cbc:TaxAmount", tax_total) if tax_total is not None else None
    paths = {name: tree.place(path) for name, path in facts.items()}
    paths |= {name: tree.place(f"cac:LegalMonetaryTotal/{path}") for name, path in _TOTALS.items()}
    paths["tax"] = tree.place("cac:TaxTotal/cbc:TaxAmount")
    paths["tax_lines"] = tree.place("cac:TaxTotal/cac:TaxSubtotal")
    paths["lines"] = tree.place(f"cac:{kind}Line")
    return InvoiceDocument(
        file_name=file_name,
        source_format=source_format,
        profile=profile_of(specification),
        specification=specification,
        number=texts["number"],
        type_code=texts["type_code"],
        issue_date=tree.day("cbc:IssueDate"),
        due_date=tree.day(facts["due_date"]),
        payment_terms=raw_text(tree.first(facts["payment_terms"])),
        currency=currency,
        tax_currency=texts["tax_currency"],
        seller=_party(tree, "cac:AccountingSupplierParty/cac:Party"),
        buyer=_party(tree, "cac:AccountingCustomerParty/cac:Party"),
        lines=_lines(tree, kind, is_credit),
        tax_lines=_tax_lines(tree, tax_total),
        adjustments=_adjustments(tree, tree.root, base=f"/{kind}", is_line=False),
        totals=Totals(tax=tax, **totals),
        preceding=_preceding(tree),
        means=_means(tree),
        order_reference=texts["order_reference"],
        contract_reference=texts["contract_reference"],
        buyer_reference=texts["buyer_reference"],
        business_process=texts["business_process"],
        creditor_id=_creditor_id(tree),
        delivery=_delivery(tree),
        note=texts["note"],
        paths=paths,
        reading=tuple(tree.faults),
    )


def raw_text(element: etree._Element | None) -> str:
    """A text with its line breaks, which structured payment terms live by."""
    return "" if element is None or not element.text else element.text.strip()[:2_000]


def _tax_total(tree: Tree, currency: str) -> etree._Element | None:
    """The total in the invoice's currency: there may be another one in the currency of the books."""
    totals = tree.all("cac:TaxTotal")
    for total in totals:
        amount = tree.first("cbc:TaxAmount", total)
        if amount is not None and amount.get("currencyID") == currency:
            return total
    return totals[0] if totals else None


def _party(tree: Tree, path: str) -> Party:
    party = tree.first(path)
    if party is None:
        return Party(path=tree.place(path))
    name = tree.text("cac:PartyLegalEntity/cbc:RegistrationName", party) or tree.text("cac:PartyName/cbc:Name", party)
    schemes = tree.all("cac:PartyTaxScheme", party)
    numbers = [(tree.text("cac:TaxScheme/cbc:ID", one), tree.text("cbc:CompanyID", one)) for one in schemes]
    vat = next((number for scheme, number in numbers if scheme == "VAT"), "")
    return Party(
        name=name,
        tax_id=vat or next((number for _, number in numbers if number), ""),
        registration_id=tree.text("cac:PartyLegalEntity/cbc:CompanyID", party),
        country=tree.text("cac:PostalAddress/cac:Country/cbc:IdentificationCode", party),
        city=tree.text("cac:PostalAddress/cbc:CityName", party),
        has_address=tree.first("cac:PostalAddress", party) is not None,
        path=tree.path_of(party),
        post_code=tree.text("cac:PostalAddress/cbc:PostalZone", party),
        contact=tree.text("cac:Contact/cbc:Name", party),
        phone=tree.text("cac:Contact/cbc:Telephone", party),
        email=tree.text("cac:Contact/cbc:ElectronicMail", party),
        has_contact=tree.first("cac:Contact", party) is not None,
        endpoint=tree.text("cbc:EndpointID", party),
    )


def _creditor_id(tree: Tree) -> str:
    """The creditor's number of direct debits: of the payee, or of the seller where nobody else is paid."""
    for path in ("cac:PayeeParty", "cac:AccountingSupplierParty/cac:Party"):
        for one in tree.all(f"{path}/cac:PartyIdentification/cbc:ID"):
            if one.get("schemeID") == "SEPA":
                return text_of(one)
    return ""


def _delivery(tree: Tree) -> Delivery:
    path = "cac:Delivery/cac:DeliveryLocation/cac:Address"
    address = tree.first(path)
    if address is None:
        return Delivery()
    city, post_code = tree.text("cbc:CityName", address), tree.text("cbc:PostalZone", address)
    return Delivery(city, post_code, True, tree.path_of(address))


def _lines(tree: Tree, kind: str, is_credit: bool) -> tuple[Line, ...]:
    quantity_name = "CreditedQuantity" if is_credit else "InvoicedQuantity"
    lines = []
    for number, line in enumerate(tree.all(f"cac:{kind}Line"), start=1):
        quantity = tree.first(f"cbc:{quantity_name}", line)
        category = "cac:Item/cac:ClassifiedTaxCategory"
        path = f"/{kind}/cac:{kind}Line[{number}]"
        lines.append(
            Line(
                line_id=tree.text("cbc:ID", line),
                name=tree.text("cac:Item/cbc:Name", line),
                net=tree.amount("cbc:LineExtensionAmount", line),
                category=tree.text(f"{category}/cbc:ID", line),
                rate=tree.amount(f"{category}/cbc:Percent", line),
                quantity=tree.amount(f"cbc:{quantity_name}", line),
                unit="" if quantity is None else quantity.get("unitCode", ""),
                price=tree.amount("cac:Price/cbc:PriceAmount", line),
                adjustments=_adjustments(tree, line, base=path, is_line=True),
                path=path,
                price_quantity=tree.amount("cac:Price/cbc:BaseQuantity", line),
            )
        )
    return tuple(lines)


def _adjustments(tree: Tree, start: etree._Element, *, base: str, is_line: bool) -> tuple[Adjustment, ...]:
    found = []
    for number, element in enumerate(tree.all("cac:AllowanceCharge", start), start=1):
        reason = tree.text("cbc:AllowanceChargeReason", element) or tree.text("cbc:AllowanceChargeReasonCode", element)
        found.append(
            Adjustment(
                is_charge=tree.text("cbc:ChargeIndicator", element) == "true",
                amount=tree.amount("cbc:Amount", element),
                category="" if is_line else tree.text("cac:TaxCategory/cbc:ID", element),
                rate=None if is_line else tree.amount("cac:TaxCategory/cbc:Percent", element),
                has_reason=bool(reason),
                path=f"{base}/cac:AllowanceCharge[{number}]",
            )
        )
    return tuple(found)


def _tax_lines(tree: Tree, tax_total: etree._Element | None) -> tuple[TaxLine, ...]:
    lines = []
    for element in [] if tax_total is None else tree.all("cac:TaxSubtotal", tax_total):
        reason = "cac:TaxCategory/cbc:TaxExemptionReason"
        lines.append(
            TaxLine(
                category=tree.text("cac:TaxCategory/cbc:ID", element),
                rate=tree.amount("cac:TaxCategory/cbc:Percent", element),
                net=tree.amount("cbc:TaxableAmount", element),
                tax=tree.amount("cbc:TaxAmount", element),
                has_exemption=bool(tree.text(reason, element) or tree.text(f"{reason}Code", element)),
                path=tree.path_of(element),
            )
        )
    return tuple(lines)


def _preceding(tree: Tree) -> tuple[Preceding, ...]:
    path = "cac:BillingReference/cac:InvoiceDocumentReference"
    return tuple(
        Preceding(tree.text("cbc:ID", one), tree.day("cbc:IssueDate", one), tree.path_of(one)) for one in tree.all(path)
    )


def _means(tree: Tree) -> tuple[Means, ...]:
    return tuple(
        Means(
            tree.text("cbc:PaymentMeansCode", one),
            tree.text("cac:PayeeFinancialAccount/cbc:ID", one),
            tree.path_of(one),
            has_transfer=tree.first("cac:PayeeFinancialAccount", one) is not None,
            has_card=tree.first("cac:CardAccount", one) is not None,
            has_debit=tree.first("cac:PaymentMandate", one) is not None,
            mandate=tree.text("cac:PaymentMandate/cbc:ID", one),
            debited=tree.text("cac:PaymentMandate/cac:PayerFinancialAccount/cbc:ID", one),
        )
        for one in tree.all("cac:PaymentMeans")
    )
