"""What the matcher's codes are called, in the reader's language."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from huikuan.core.matching import Deed, Explanation, NotCustomers

Word = str | Promise

NOT_CUSTOMERS: dict[str, Word] = {
    NotCustomers.INTEREST: gettext_lazy("Interest from the bank"),
    NotCustomers.TAX_REFUND: gettext_lazy("Tax refund"),
    NotCustomers.OWN_TRANSFER: gettext_lazy("Transfer of our own"),
    NotCustomers.LOAN: gettext_lazy("Loan"),
    NotCustomers.PLATFORM_PAYOUT: gettext_lazy("Payout of a platform"),
    NotCustomers.SUPPLIER_REFUND: gettext_lazy("Refund from a supplier"),
    NotCustomers.OTHER: gettext_lazy("Other"),
}

KINDS: dict[str, Word] = {
    "items": gettext_lazy("Pays in full"),
    "part_payment": gettext_lazy("Part payment"),
    "on_account": gettext_lazy("On account"),
    "overpayment": gettext_lazy("Overpayment"),
    "duplicate": gettext_lazy("Paid twice"),
    "not_customer": gettext_lazy("Not a customer's money"),
    "outgoing": gettext_lazy("Money out"),
}

DEDUCTIONS: dict[str, Word] = {
    "early_payment_discount": gettext_lazy("early-payment discount"),
    "bank_charge": gettext_lazy("bank charge"),
    "exchange": gettext_lazy("exchange difference"),
    "short_payment": gettext_lazy("short payment"),
    "overpayment": gettext_lazy("overpayment"),
}

DEEDS: dict[str, Word] = {
    Deed.APPLY: gettext_lazy("Applied"),
    Deed.ON_ACCOUNT: gettext_lazy("Kept on account"),
    Deed.UNAPPLIED: gettext_lazy("Left unapplied"),
    Deed.NOT_CUSTOMER: gettext_lazy("Not a customer's money"),
    Deed.UNDO: gettext_lazy("Taken back"),
}

LEARNED: dict[str, Word] = {
    "account": gettext_lazy("Payer account"),
    "alias": gettext_lazy("Payer name"),
    "word": gettext_lazy("Word"),
    "habit": gettext_lazy("Habit"),
}

HELD_BACK: dict[str, Word] = {
    "off": gettext_lazy("automatic posting is switched off"),
    "ambiguous": gettext_lazy("more than one combination fits"),
    "kind": gettext_lazy("not plainly items paid in full"),
    "several_customers": gettext_lazy("for several customers"),
    "third_party": gettext_lazy("somebody else pays, and no paper is kept"),
    "currency": gettext_lazy("another currency"),
    "closed_period": gettext_lazy("its month is closed"),
    "amount": gettext_lazy("it is larger than what may post itself"),
    "parked": gettext_lazy("put aside"),
    "taken": gettext_lazy("somebody was at it"),
}


def reason_of(made: Explanation, language: str) -> str:
    return made.reason.get("zh" if language.startswith("zh") else "en", "") or made.reason.get("en", "")
