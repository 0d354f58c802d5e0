"""What Peppol BIS Billing 3 asks beyond EN 16931, under the names of its rules. National rules of its members are not
asked, nor the code list of electronic address schemes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from huikuan.invoices.document import ZERO, Fault, InvoiceDocument, Line
from huikuan.invoices.trees import plain_amount

PROCESS = re.compile(r"urn:fdc:peppol\.eu:2017:poacc:billing:\d{2}:1\.0")
DEBITS = frozenset({"49", "59"})
SLACK = Decimal("0.02")
"""How far a line's net amount may be from quantity times price (PEPPOL-EN16931-R120)."""


def peppol_faults(document: InvoiceDocument) -> list[Fault]:
    """Every rule of Peppol that is broken."""
    return [*_header(document), *_lines(document)]


def _header(document: InvoiceDocument) -> Iterator[Fault]:
    place = document.path_of("business_process")
    if not document.business_process:
        yield Fault("PEPPOL-EN16931-R001", place, "the business process is missing")
    elif not PROCESS.fullmatch(document.business_process):
        text = {"text": document.business_process[:80]}
        yield Fault("PEPPOL-EN16931-R007", place, "{text} is not a business process of Peppol", text)
    if not document.buyer_reference and not document.order_reference:
        sentence = "there is neither a buyer reference nor an order reference"
        yield Fault("PEPPOL-EN16931-R003", document.path_of("buyer_reference"), sentence)
    if document.tax_currency and document.tax_currency == document.currency:
        sentence = "the currency of VAT must not be said where it is the invoice's"
        yield Fault("PEPPOL-EN16931-R005", document.path_of("tax_currency"), sentence)
    if not document.buyer.endpoint:
        yield Fault("PEPPOL-EN16931-R010", document.buyer.path, "the buyer's electronic address is missing")
    if not document.seller.endpoint:
        yield Fault("PEPPOL-EN16931-R020", document.seller.path, "the seller's electronic address is missing")
    for one in document.means:
        if one.code in DEBITS and not one.mandate:
            yield Fault("PEPPOL-EN16931-R061", one.path, "a direct debit needs the number of its mandate")


def _lines(document: InvoiceDocument) -> Iterator[Fault]:
    for line in document.lines:
        if line.price_quantity is not None and line.price_quantity <= 0:
            yield Fault("PEPPOL-EN16931-R121", line.path, "the quantity the price is for must be above zero")
            continue
        counted = _counted(line)
        if counted is not None and line.net is not None and abs(line.net - counted) > SLACK:
            sentence = "the net amount is {said}, quantity × price with allowances and charges is {counted}"
            params = {"said": plain_amount(line.net), "counted": plain_amount(round(counted, 4))}
            yield Fault("PEPPOL-EN16931-R120", line.path, sentence, params)


def _counted(line: Line) -> Decimal | None:
    """Quantity × price + charges - allowances; nothing where a part of it is missing, which is told elsewhere."""
    if line.quantity is None or line.price is None:
        return None
    extra = ZERO
    for one in line.adjustments:
        if one.amount is None:
            return None
        extra += one.amount if one.is_charge else -one.amount
    return line.quantity * line.price / (line.price_quantity or Decimal(1)) + extra
