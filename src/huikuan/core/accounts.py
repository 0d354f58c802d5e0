"""The ledger accounts of the receivables subledger and which of them hold open rows.

Debit is positive, credit negative. ``CONTROL_ACCOUNTS`` are those whose balance must equal the signed sum of their
open rows (items or receipts), per entity and currency; every other account is the other side of an entry.
"""

from __future__ import annotations

from enum import StrEnum


class LedgerAccount(StrEnum):
    TRADE = "trade"  # trade receivables: invoices, debit memos, credit memos
    NOTES = "notes"  # acceptance bills and promissory notes held
    ADVANCES = "advances"  # deposits and money deliberately kept on account
    UNAPPLIED = "unapplied"  # money of a known customer not yet applied
    SUSPENSE = "suspense"  # money whose payer is not known
    BANK = "bank"
    SALES = "sales"
    OTHER_INCOME = "other_income"
    DISCOUNT = "discount"
    INTEREST_INCOME = "interest_income"
    FINANCE_COST = "finance_cost"  # what a bank keeps of a bill it discounts
    COST_RECOVERY = "cost_recovery"
    BAD_DEBT = "bad_debt"
    RECOVERY = "recovery"
    PAYABLES = "payables"  # what we owe the customer, used by offset
    ASSIGNED = "assigned"  # claims handed to a factor or another creditor
    ASSETS_RECEIVED = "assets_received"  # things taken for debts, until the general ledger has them as what they are
    OPENING = "opening"  # contra of balances brought in from an earlier system
    CLEARING = "clearing"  # contra of settlements a source system reported without saying how
    SOURCE_SETTLEMENT = "source_settlement"  # vanished from a snapshot: waits for the receipt that explains it
    EXCHANGE_CLEARING = "exchange_clearing"  # settlement across currencies passes through here
    EXCHANGE_DIFFERENCE = "exchange_difference"  # realised, base currency only
    EXCHANGE_UNREALISED = "exchange_unrealised"  # period end, base currency only
    REVALUATION = "revaluation"  # period-end adjustment of the control accounts, reversed on the next day
    ROUNDING = "rounding"


CONTROL_ACCOUNTS = (
    LedgerAccount.TRADE,
    LedgerAccount.NOTES,
    LedgerAccount.ADVANCES,
    LedgerAccount.UNAPPLIED,
    LedgerAccount.SUSPENSE,
)


class ItemKind(StrEnum):
    INVOICE = "invoice"
    CREDIT_MEMO = "credit_memo"
    DEBIT_MEMO = "debit_memo"
    DEPOSIT = "deposit"
    ON_ACCOUNT = "on_account"
    NOTE = "note"


ITEM_ACCOUNTS: dict[ItemKind, LedgerAccount] = {
    ItemKind.INVOICE: LedgerAccount.TRADE,
    ItemKind.CREDIT_MEMO: LedgerAccount.TRADE,
    ItemKind.DEBIT_MEMO: LedgerAccount.TRADE,
    ItemKind.DEPOSIT: LedgerAccount.ADVANCES,
    ItemKind.ON_ACCOUNT: LedgerAccount.ADVANCES,
    ItemKind.NOTE: LedgerAccount.NOTES,
}
"""The control account an item of a kind stands on."""

CONTRA_ACCOUNTS: dict[ItemKind, LedgerAccount] = {
    ItemKind.INVOICE: LedgerAccount.SALES,
    ItemKind.CREDIT_MEMO: LedgerAccount.SALES,
    ItemKind.DEBIT_MEMO: LedgerAccount.OTHER_INCOME,
    ItemKind.DEPOSIT: LedgerAccount.OPENING,
    ItemKind.ON_ACCOUNT: LedgerAccount.OPENING,
    ItemKind.NOTE: LedgerAccount.CLEARING,
}
"""The other side of the entry that brings an item in."""


class Charge(StrEnum):
    """What an item is made of, for the legal order of application (PRC Civil Code art. 561)."""

    COST = "cost"
    INTEREST = "interest"
    PRINCIPAL = "principal"


NEGATIVE_KINDS = frozenset({ItemKind.CREDIT_MEMO, ItemKind.DEPOSIT, ItemKind.ON_ACCOUNT})


class EntryKind(StrEnum):
    ITEM = "item"  # an item comes in
    RECEIPT = "receipt"  # money comes in
    IDENTIFY = "identify"  # suspense → a customer's unapplied money
    PARK = "park"  # unapplied → on account
    APPLICATION = "application"
    REFUND = "refund"
    OFFSET = "offset"
    ASSIGNMENT = "assignment"
    WRITE_OFF = "write_off"
    RECOVERY = "recovery"
    SOURCE_SETTLEMENT = "source_settlement"
    SETTLEMENT_MET = "settlement_met"
    REVALUATION = "revaluation"
    REVERSAL = "reversal"
