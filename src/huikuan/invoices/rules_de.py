"""What XRechnung asks beyond EN 16931: the rules BR-DE of KoSIT's specification (3.0), with their severity there.

Not asked: BR-DE-21 (which version of the specification: any is read) and BR-DE-22 (names of attachments).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from huikuan.core.ibans import is_iban
from huikuan.invoices.document import Fault, InvoiceDocument

TYPES = frozenset({"326", "380", "384", "389", "381", "875", "876", "877"})
"""Invoices, corrected and self-billed ones, credit notes, and invoices of construction (BR-DE-17)."""
CORRECTED = "384"
TRANSFERS, CARDS, DEBITS = frozenset({"30", "58"}), frozenset({"48", "54", "55"}), frozenset({"59"})
_SKONTO = re.compile(r"#(SKONTO|VERZUG)#TAGE=\d+#PROZENT=\d{1,3}\.\d{2}(#BASISBETRAG=-?\d+\.\d{2})?#")
_EMAIL = re.compile(r"[^@\s.][^@\s]*[^@\s.]@[^@\s.][^@\s]*[^@\s.]|[^@\s.]@[^@\s.][^@\s]*[^@\s.]")


def german_faults(document: InvoiceDocument) -> list[Fault]:
    """Every rule of XRechnung that is broken."""
    return [*_header(document), *_people(document), *_means(document), *_terms(document)]


def _header(document: InvoiceDocument) -> Iterator[Fault]:
    if not document.buyer_reference:
        sentence = "the buyer reference (Leitweg-ID) is missing"
        yield Fault("BR-DE-15", document.path_of("buyer_reference"), sentence)
    if document.type_code and document.type_code not in TYPES:
        text = {"text": document.type_code[:20]}
        sentence = "XRechnung does not have invoices of type {text}"
        yield Fault("BR-DE-17", document.path_of("type_code"), sentence, text)
    if document.type_code == CORRECTED and not document.preceding:
        sentence = "a corrected invoice should name the one it corrects"
        yield Fault("BR-DE-26", document.path_of("type_code"), sentence, is_warning=True)
    for line in document.tax_lines:
        if line.rate is None and line.category != "O":
            yield Fault("BR-DE-14", line.path, "the rate of the VAT category is missing")


def _people(document: InvoiceDocument) -> Iterator[Fault]:
    seller, buyer, delivery = document.seller, document.buyer, document.delivery
    if seller.has_contact:
        for rule, text, sentence in (
            ("BR-DE-5", seller.contact, "the name of the seller's contact is missing"),
            ("BR-DE-6", seller.phone, "the phone number of the seller's contact is missing"),
            ("BR-DE-7", seller.email, "the e-mail address of the seller's contact is missing"),
        ):
            if not text:
                yield Fault(rule, seller.path, sentence)
        if seller.phone and len(re.findall(r"\d", seller.phone)) < 3:
            sentence = "the phone number of the seller's contact should have three digits at least"
            yield Fault("BR-DE-27", seller.path, sentence, is_warning=True)
        if seller.email and not _EMAIL.fullmatch(seller.email):
            sentence = "{text} does not look like an e-mail address"
            yield Fault("BR-DE-28", seller.path, sentence, {"text": seller.email[:60]}, is_warning=True)
    else:
        yield Fault("BR-DE-2", seller.path, "the seller's contact is missing")
    addresses = [(seller, "BR-DE-3", "BR-DE-4"), (buyer, "BR-DE-8", "BR-DE-9")]
    for party, city, post_code in addresses:
        yield from _address(party.has_address, party.city, party.post_code, party.path, (city, post_code))
    yield from _address(
        delivery.has_address, delivery.city, delivery.post_code, delivery.path, ("BR-DE-10", "BR-DE-11")
    )


def _address(there: bool, city: str, post_code: str, path: str, rules: tuple[str, str]) -> Iterator[Fault]:
    """An address that is there has a city and a post code."""
    if there and not city:
        yield Fault(rules[0], path, "the city of the address is missing")
    if there and not post_code:
        yield Fault(rules[1], path, "the post code of the address is missing")


def _means(document: InvoiceDocument) -> Iterator[Fault]:
    if not document.means:
        yield Fault("BR-DE-1", document.path_of("means"), "it does not say how to pay")
    for one in document.means:
        for rule, codes, there, sentence in (
            ("BR-DE-23", TRANSFERS, one.has_transfer, "a transfer needs the account to pay to"),
            ("BR-DE-24", CARDS, one.has_card, "a card payment needs the details of the card"),
            ("BR-DE-25", DEBITS, one.has_debit, "a direct debit needs its mandate"),
        ):
            if one.code in codes and not there:
                yield Fault(rule, one.path, sentence)
        if one.code in DEBITS and one.has_debit:
            if not document.creditor_id:
                yield Fault("BR-DE-30", one.path, "a direct debit needs the creditor's identifier")
            if not one.debited:
                yield Fault("BR-DE-31", one.path, "a direct debit needs the account that is debited")
            elif not is_iban(one.debited):
                sentence = "{text} is not an IBAN: its check digits are wrong"
                yield Fault("BR-DE-20", one.path, sentence, {"text": one.debited[:40]}, is_warning=True)


def _terms(document: InvoiceDocument) -> Iterator[Fault]:
    """Lines of the payment terms that start with # are structured."""
    lines = [line.strip() for line in document.payment_terms.splitlines()]
    for line in lines:
        if line.startswith("#") and not _SKONTO.fullmatch(line):
            sentence = "{text} is not written as structured payment terms are: #SKONTO#TAGE=14#PROZENT=2.00#"
            yield Fault("BR-DE-18", document.path_of("payment_terms"), sentence, {"text": line[:80]})
