"""What an invoice says, whatever format it came in. Amounts are exact decimals in major units, as written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

ZERO = Decimal(0)


class SourceFormat(StrEnum):
    UBL = "ubl"
    CII = "cii"
    PDF_CII = "pdf_cii"  # ZUGFeRD / Factur-X: CII inside a PDF
    PDF_UBL = "pdf_ubl"
    CN_XML = "cn_xml"
    CN_OFD = "cn_ofd"
    CN_PDF = "cn_pdf"
    CN_XLSX = "cn_xlsx"


CHINESE = frozenset({SourceFormat.CN_XML, SourceFormat.CN_OFD, SourceFormat.CN_PDF, SourceFormat.CN_XLSX})
CREDIT_TYPES = frozenset({"81", "83", "261", "262", "296", "308", "381", "396", "420", "458", "502", "503", "532"})
"""Codes of UNTDID 1001 whose amounts are owed to the customer."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A rule an invoice breaks. ``rule`` is the rule's own name (BR-CO-10) or a code of ours (CN-05, READ-AMOUNT);
    ``path`` the element or cell; ``template`` an English sentence whose ``{fields}`` are in ``params``.

    ``is_warning``: unusual, but nothing the ledger depends on.
    """

    rule: str
    path: str
    template: str
    params: Mapping[str, str] = field(default_factory=dict)
    is_warning: bool = False

    @property
    def reason(self) -> str:
        return self.template.format(**self.params) if self.params else self.template


@dataclass(frozen=True, slots=True)
class Party:
    """Seller or buyer. ``tax_id`` is the VAT or taxpayer number, ``registration_id`` the one of the companies register.
    ``country`` and ``has_address`` are what EN 16931 asks of a postal address; ``contact`` (a person or a department),
    ``phone``, ``email``, ``post_code`` and ``endpoint`` (the address of electronic invoices) what nations ask for."""

    name: str = ""
    tax_id: str = ""
    registration_id: str = ""
    country: str = ""
    city: str = ""
    has_address: bool = False
    path: str = ""
    post_code: str = ""
    contact: str = ""
    phone: str = ""
    email: str = ""
    has_contact: bool = False
    endpoint: str = ""


@dataclass(frozen=True, slots=True)
class Adjustment:
    """An allowance or charge, of the whole document or of a line (then without category)."""

    is_charge: bool
    amount: Decimal | None
    category: str = ""
    rate: Decimal | None = None
    has_reason: bool = False
    path: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A line. ``rate`` in percent; ``tax`` and ``gross`` only where the format says them per line (数电票);
    ``price_quantity`` is the number of units the price is for (one, where it is not said)."""

    line_id: str
    name: str
    net: Decimal | None
    category: str = ""
    rate: Decimal | None = None
    quantity: Decimal | None = None
    unit: str = ""
    price: Decimal | None = None
    tax: Decimal | None = None
    gross: Decimal | None = None
    adjustments: tuple[Adjustment, ...] = ()
    path: str = ""
    price_quantity: Decimal | None = None


@dataclass(frozen=True, slots=True)
class TaxLine:
    """Net and tax of one category and rate. ``rate`` in percent, ``None`` where there is none (outside the scope)."""

    category: str
    rate: Decimal | None
    net: Decimal | None
    tax: Decimal | None
    has_exemption: bool = False
    path: str = ""


@dataclass(frozen=True, slots=True)
class Totals:
    lines_net: Decimal | None = None
    allowances: Decimal | None = None
    charges: Decimal | None = None
    net: Decimal | None = None
    tax: Decimal | None = None
    gross: Decimal | None = None
    prepaid: Decimal | None = None
    rounding: Decimal | None = None
    payable: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Preceding:
    """An earlier invoice this one corrects."""

    number: str
    issue_date: date | None = None
    path: str = ""


@dataclass(frozen=True, slots=True)
class Means:
    """How it is to be paid: a code of UNTDID 4461 and an account (an IBAN, mostly). ``has_transfer``, ``has_card`` and
    ``has_debit``: which group of details there is; ``mandate`` and ``debited`` belong to a direct debit."""

    code: str
    account: str = ""
    path: str = ""
    has_transfer: bool = False
    has_card: bool = False
    has_debit: bool = False
    mandate: str = ""
    debited: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where the goods go, if that is said (``has_address``)."""

    city: str = ""
    post_code: str = ""
    has_address: bool = False
    path: str = ""


@dataclass(frozen=True, slots=True)
class InvoiceDocument:
    """One invoice as its file says it. ``paths``: where each fact stands, or would stand if it were there.

    ``specification`` is the format's own name for its rules, ``profile`` ours. ``type_code``: UNTDID 1001, ``red`` for
    a Chinese red-letter invoice. ``reading``: faults found while reading. Amounts of a credit note are positive in
    EN 16931 and negative in a red-letter invoice; ``signed`` gives both the same sign.
    """

    file_name: str
    source_format: SourceFormat
    profile: str = ""
    specification: str = ""
    number: str = ""
    type_code: str = ""
    issue_date: date | None = None
    due_date: date | None = None
    payment_terms: str = ""
    currency: str = ""
    tax_currency: str = ""
    seller: Party = Party()
    buyer: Party = Party()
    lines: tuple[Line, ...] = ()
    tax_lines: tuple[TaxLine, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()
    totals: Totals = Totals()
    preceding: tuple[Preceding, ...] = ()
    means: tuple[Means, ...] = ()
    order_reference: str = ""
    contract_reference: str = ""
    buyer_reference: str = ""
    business_process: str = ""
    creditor_id: str = ""
    delivery: Delivery = Delivery()
    note: str = ""
    paths: Mapping[str, str] = field(default_factory=dict)
    reading: tuple[Fault, ...] = ()

    @property
    def is_chinese(self) -> bool:
        return self.source_format in CHINESE

    @property
    def is_credit(self) -> bool:
        """Whether it lowers what the customer owes."""
        amount = self.totals.gross or ZERO
        return self.signed(amount) < 0

    def signed(self, amount: Decimal) -> Decimal:
        """An amount of the document from the ledger's side: positive is owed by the customer."""
        return -amount if self.type_code in CREDIT_TYPES else amount

    def path_of(self, name: str) -> str:
        return self.paths.get(name, "")
