"""What a bank or wallet said happened on an account: statements, their lines and balances, and faults of a file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from huikuan.core.refusals import BadData, DataError
from huikuan.core.said import Said

FAULTS_MAX = 10_000
"""Faults kept of one file; more are only counted."""


class StatementFormat(StrEnum):
    """What a file was recognised as. ``TABLE`` is a bank's CSV or Excel, read by its headings."""

    CAMT052 = "camt.052"
    CAMT053 = "camt.053"
    CAMT054 = "camt.054"
    PAIN002 = "pain.002"
    CAMT029 = "camt.029"
    MT940 = "mt940"
    MT942 = "mt942"
    BAI2 = "bai2"
    OFX = "ofx"
    TABLE = "table"
    ALIPAY = "alipay"
    WECHAT = "wechat"


WALLETS = frozenset({StatementFormat.ALIPAY, StatementFormat.WECHAT})


REPORTS = frozenset({StatementFormat.PAIN002, StatementFormat.CAMT029})
"""Formats that tell of direct debits and of no account."""


class LineStatus(StrEnum):
    """Only booked lines are money that moved and count in balances. ``pending`` may still change;
    ``information`` is what a bank or wallet tells without moving money on this account (its amount has no sign)."""

    BOOKED = "booked"
    PENDING = "pending"
    INFORMATION = "information"


@dataclass(frozen=True, slots=True)
class Balance:
    """What the bank says stood on the account. ``row`` is where the file says so."""

    amount: Decimal
    on: date | None = None
    currency: str = ""
    row: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One movement. ``amount`` is exact, in major units, credits positive.

    ``row`` is the file's line, the sheet's row or the XML element's line, from 1; ``element`` names the place where a
    row alone does not (``Ntry 3, TxDtls 2``). Of a batch each payment is a line of its own: ``batch_id`` holds them
    together and ``batch_size`` says how many they are. ``charges`` is what the bank kept back: ``amount`` is what
    arrived. ``fee`` is a wallet's own fee for the line. ``balance`` is the balance after the line.
    """

    ordinal: int
    row: int
    booking_date: date
    amount: Decimal
    currency: str
    element: str = ""
    value_date: date | None = None
    status: LineStatus = LineStatus.BOOKED
    payer_name: str = ""
    payer_account: str = ""
    payer_bank: str = ""
    ultimate_party: str = ""
    remittance_text: str = ""
    structured_reference: str = ""
    end_to_end_id: str = ""
    mandate_id: str = ""
    bank_reference: str = ""
    transaction_code: str = ""
    transaction_text: str = ""
    is_reversal: bool = False
    is_return: bool = False
    return_reason: str = ""
    original_amount: Decimal | None = None
    original_currency: str = ""
    charges: Decimal | None = None
    fee: Decimal | None = None
    balance: Decimal | None = None
    batch_id: str = ""
    batch_size: int = 1

    @property
    def is_booked(self) -> bool:
        return self.status is LineStatus.BOOKED

    @property
    def kept(self) -> Decimal:
        """What a wallet kept of it before the rest came (given back with a refund: negative); nothing where the fee is
        only mentioned."""
        if self.fee is None or self.original_amount is None or self.original_currency != self.currency:
            return Decimal(0)
        kept = self.original_amount - self.amount
        return kept if abs(kept) == abs(self.fee) else Decimal(0)


@dataclass(frozen=True, slots=True)
class Statement:
    """One account over a stretch of time, as one file tells it.

    ``account`` is the identification as the file writes it; ``iban``, ``bank`` (BIC, routing number or name), ``owner``
    where it tells. ``statement_id`` is the bank's own number of the statement. ``notes`` are remarks for a person
    (a batch that could not be split, rows that are not payments).
    """

    format: StatementFormat
    account: str = ""
    iban: str = ""
    bank: str = ""
    currency: str = ""
    owner: str = ""
    statement_id: str = ""
    sequence: str = ""
    from_date: date | None = None
    to_date: date | None = None
    opening: Balance | None = None
    closing: Balance | None = None
    lines: tuple[Line, ...] = ()
    notes: tuple[Said, ...] = ()
    row: int = 1
    file: str = ""

    @property
    def booked(self) -> tuple[Line, ...]:
        """The lines that moved money."""
        return tuple(line for line in self.lines if line.is_booked)


class BadStatement(BadData):
    """A file that cannot be read, with every fault found: row, element or column, code, reason."""

    def __init__(self, errors: list[DataError], total: int | None = None) -> None:
        super().__init__(errors[:FAULTS_MAX], max(total or 0, len(errors)))

    @classmethod
    def of(cls, name: str, code: str, reason: str, row: int | None = None, column: str | None = None) -> BadStatement:
        """A file with this one fault."""
        return cls([DataError(name, row, column, reason, code)])
