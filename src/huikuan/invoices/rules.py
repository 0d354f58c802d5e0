"""The rules of EN 16931: what must be there, and the sums that must be right. Every rule under its own name.

The rules of the VAT categories are in ``rules_vat``; those of Chinese invoices in ``rules_cn``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal

from huikuan.core.ibans import is_iban
from huikuan.core.money import EXPONENTS
from huikuan.invoices.codes import COUNTRIES, INVOICE_TYPES, PAYMENT_MEANS, TRANSFERS, VAT_PREFIXES
from huikuan.invoices.document import ZERO, Fault, InvoiceDocument, Party
from huikuan.invoices.profiles import WITHOUT_LINES
from huikuan.invoices.rules_cn import chinese_faults
from huikuan.invoices.rules_de import german_faults
from huikuan.invoices.rules_peppol import peppol_faults
from huikuan.invoices.rules_vat import vat_faults
from huikuan.invoices.trees import plain_amount

FAULTS_MAX = 500

_PRESENT = (
    ("BR-01", "specification", "the specification identifier is missing"),
    ("BR-02", "number", "the invoice number is missing"),
    ("BR-03", "issue_date", "the issue date is missing"),
    ("BR-04", "type_code", "the invoice type code is missing"),
    ("BR-05", "currency", "the invoice currency is missing"),
)
_SUMS_PRESENT = (
    ("BR-12", "lines_net", "the sum of the lines is missing"),
    ("BR-13", "net", "the total without VAT is missing"),
    ("BR-14", "gross", "the total with VAT is missing"),
    ("BR-15", "payable", "the amount due is missing"),
)
_DECIMALS = {
    "lines_net": "BR-DEC-09",
    "allowances": "BR-DEC-10",
    "charges": "BR-DEC-11",
    "net": "BR-DEC-12",
    "tax": "BR-DEC-13",
    "gross": "BR-DEC-14",
    "prepaid": "BR-DEC-16",
    "rounding": "BR-DEC-17",
    "payable": "BR-DEC-18",
}


def check_invoice(document: InvoiceDocument) -> list[Fault]:
    """Every fault of an invoice, those of reading first; warnings among them. At most 500."""
    faults = list(document.reading)
    if document.is_chinese:
        faults += chinese_faults(document)
    elif document.profile == "ZUGFeRD 1" or document.profile in WITHOUT_LINES:
        faults.append(
            Fault(
                "PROFILE",
                document.path_of("specification"),
                "the profile {profile} does not carry what an invoice by EN 16931 has: ask for another one",
                {"profile": document.profile},
            )
        )
    else:
        for check in (_presence, _parties, _codes, _lines, _sums, _payment, vat_faults):
            faults += check(document)
        if document.profile.startswith("XRechnung"):
            faults += german_faults(document)
        elif document.profile.startswith("Peppol"):
            faults += peppol_faults(document)
    return faults[:FAULTS_MAX]


def _presence(document: InvoiceDocument) -> Iterator[Fault]:
    for rule, name, sentence in _PRESENT:
        if not getattr(document, name) and not _unreadable(document, name):
            yield Fault(rule, document.path_of(name), sentence)
    if not document.lines:
        yield Fault("BR-16", document.path_of("lines"), "there is no line")
    for one in document.preceding:
        if not one.number:
            yield Fault("BR-55", one.path, "the number of the preceding invoice is missing")


def _unreadable(document: InvoiceDocument, name: str) -> bool:
    """Whether a fact is there and cannot be read, which has been told already."""
    return any(fault.path == document.path_of(name) for fault in document.reading)


def _parties(document: InvoiceDocument) -> Iterator[Fault]:
    for party, name, address, country in (
        (document.seller, "BR-06", "BR-08", "BR-09"),
        (document.buyer, "BR-07", "BR-10", "BR-11"),
    ):
        if not party.name:
            yield Fault(name, party.path, "the name is missing")
        if not party.has_address:
            yield Fault(address, party.path, "the postal address is missing")
        elif not party.country:
            yield Fault(country, party.path, "the country of the address is missing")
        yield from _party_codes(party)
    if not document.seller.tax_id and not document.seller.registration_id:
        yield Fault("BR-CO-26", document.seller.path, "the seller has neither a VAT number nor a register number")


def _party_codes(party: Party) -> Iterator[Fault]:
    if party.country and party.country not in COUNTRIES:
        yield Fault("BR-CL-14", party.path, "{text} is not a country of ISO 3166", {"text": party.country[:20]})
    if party.tax_id and re.match(r"[A-Z]{2}", party.tax_id) and party.tax_id[:2] not in VAT_PREFIXES:
        yield Fault(
            "BR-CO-09", party.path, "the VAT number {text} starts with no country code", {"text": party.tax_id[:40]}
        )


def _codes(document: InvoiceDocument) -> Iterator[Fault]:
    if document.type_code and document.type_code not in INVOICE_TYPES:
        text = {"text": document.type_code[:20]}
        yield Fault("BR-CL-01", document.path_of("type_code"), "{text} is not a type of invoice", text)
    for rule, name in (("BR-CL-04", "currency"), ("BR-CL-05", "tax_currency")):
        code = getattr(document, name)
        if code and code not in EXPONENTS:
            yield Fault(rule, document.path_of(name), "{text} is not a currency of ISO 4217", {"text": code[:20]})
    for one in document.means:
        if one.code and one.code not in PAYMENT_MEANS:
            yield Fault("BR-CL-16", one.path, "{text} is not a means of payment", {"text": one.code[:20]})


def _lines(document: InvoiceDocument) -> Iterator[Fault]:
    for line in document.lines:
        missing = (
            ("BR-21", not line.line_id, "the line's number is missing"),
            ("BR-22", line.quantity is None, "the quantity is missing"),
            ("BR-23", not line.unit, "the unit is missing"),
            ("BR-24", line.net is None, "the line's net amount is missing"),
            ("BR-25", not line.name, "the name of what was sold is missing"),
            ("BR-26", line.price is None, "the price is missing"),
            ("BR-CO-04", not line.category, "the line's VAT category is missing"),
        )
        for rule, is_missing, sentence in missing:
            if is_missing:
                yield Fault(rule, line.path, sentence)
        if line.price is not None and line.price < 0:
            yield Fault("BR-27", line.path, "the price is below zero")
        yield from _places(line.net, "BR-DEC-23", line.path)
        for one in line.adjustments:
            if one.amount is None:
                yield Fault("BR-43" if one.is_charge else "BR-41", one.path, "the amount is missing")
            if not one.has_reason:
                yield Fault("BR-44" if one.is_charge else "BR-42", one.path, "the reason is missing")
            yield from _places(one.amount, "BR-DEC-27" if one.is_charge else "BR-DEC-24", one.path)


def _sums(document: InvoiceDocument) -> Iterator[Fault]:
    totals = document.totals
    for rule, name, sentence in _SUMS_PRESENT:
        if getattr(totals, name) is None and not _unreadable(document, name):
            yield Fault(rule, document.path_of(name), sentence)
    for name, rule in _DECIMALS.items():
        yield from _places(getattr(totals, name), rule, document.path_of(name))
    for one in document.adjustments:
        if one.amount is None:
            yield Fault("BR-36" if one.is_charge else "BR-31", one.path, "the amount is missing")
        if not one.category:
            yield Fault("BR-37" if one.is_charge else "BR-32", one.path, "the VAT category is missing")
        if not one.has_reason:
            yield Fault("BR-38" if one.is_charge else "BR-33", one.path, "the reason is missing")
        yield from _places(one.amount, "BR-DEC-05" if one.is_charge else "BR-DEC-01", one.path)
    yield from _equations(document)


def _equations(document: InvoiceDocument) -> Iterator[Fault]:
    """BR-CO-10 to BR-CO-16. An equation with an unknown in it is not asked: what is missing has been told."""
    totals = document.totals
    allowances = [one.amount for one in document.adjustments if not one.is_charge]
    charges = [one.amount for one in document.adjustments if one.is_charge]
    tax = totals.tax if totals.tax is not None or document.tax_lines else ZERO
    equations = (
        ("BR-CO-10", "lines_net", totals.lines_net, add(line.net for line in document.lines)),
        ("BR-CO-11", "allowances", totals.allowances or ZERO, add(allowances)),
        ("BR-CO-12", "charges", totals.charges or ZERO, add(charges)),
        ("BR-CO-13", "net", totals.net, add([totals.lines_net, minus(totals.allowances), totals.charges or ZERO])),
        ("BR-CO-14", "tax", tax, add(one.tax for one in document.tax_lines)),
        ("BR-CO-15", "gross", totals.gross, add([totals.net, tax])),
        (
            "BR-CO-16",
            "payable",
            totals.payable,
            add([totals.gross, minus(totals.prepaid), totals.rounding or ZERO]),
        ),
    )
    for rule, name, said, counted in equations:
        if said is not None and counted is not None and said != counted:
            yield Fault(
                rule,
                document.path_of(name),
                _EQUATIONS[rule],
                {"said": plain_amount(said), "counted": plain_amount(counted)},
            )


_EQUATIONS = {
    "BR-CO-10": "the sum of the lines is {said}, the lines add up to {counted}",
    "BR-CO-11": "the sum of the allowances is {said}, the allowances add up to {counted}",
    "BR-CO-12": "the sum of the charges is {said}, the charges add up to {counted}",
    "BR-CO-13": "the total without VAT is {said}, lines less allowances plus charges are {counted}",
    "BR-CO-14": "the total VAT is {said}, the VAT breakdown adds up to {counted}",
    "BR-CO-15": "the total with VAT is {said}, net and VAT are {counted}",
    "BR-CO-16": "the amount due is {said}, total less paid amount plus rounding is {counted}",
}


def _payment(document: InvoiceDocument) -> Iterator[Fault]:
    is_open = (document.totals.payable or ZERO) > 0
    has_terms = document.due_date or document.payment_terms or _unreadable(document, "due_date")
    if is_open and not has_terms:
        yield Fault("BR-CO-25", document.path_of("due_date"), "there is neither a due date nor payment terms")
    for one in document.means:
        if not one.code:
            yield Fault("BR-49", one.path, "the code of the payment means is missing")
        if one.code in TRANSFERS and not one.account:
            yield Fault("BR-61", one.path, "a transfer needs an account to pay to")
        if one.code == "58" and one.account and not is_iban(one.account):
            path, text = one.path, {"text": one.account[:40]}
            yield Fault("READ-IBAN", path, "{text} is not an IBAN: its check digits are wrong", text, is_warning=True)


def add(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """The sum; ``None`` where one of them is missing."""
    total = ZERO
    for amount in amounts:
        if amount is None:
            return None
        total += amount
    return total


def minus(amount: Decimal | None) -> Decimal:
    """The negative; of nothing, zero."""
    return ZERO if amount is None else -amount


def _places(amount: Decimal | None, rule: str, path: str) -> Iterator[Fault]:
    if amount is not None and amount != round(amount, 2):
        yield Fault(rule, path, "{text} has more than two decimal places", {"text": plain_amount(amount)})
