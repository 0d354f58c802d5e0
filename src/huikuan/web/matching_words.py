"""What the matcher's codes are called, in the reader's language."""

from __future__ import annotations

from decimal import Decimal

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
    "short_payment": gettext_lazy("Short payment"),
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

HABITS: dict[str, Word] = {
    "lines": gettext_lazy("lines seen"),
    "account": gettext_lazy("kept on account"),
    "none": gettext_lazy("not a customer's money"),
    "single": gettext_lazy("one document"),
    "several": gettext_lazy("several documents"),
    "credits": gettext_lazy("credit memos taken off"),
    "over": gettext_lazy("more than owed"),
    "exact": gettext_lazy("to the cent"),
    "part": gettext_lazy("in part"),
    "oldest": gettext_lazy("the oldest first"),
    "late_closed": gettext_lazy("discount taken late, let pass"),
    "late_open": gettext_lazy("discount taken late, still owed"),
    "discount": gettext_lazy("with the agreed discount"),
    "habit_discount": gettext_lazy("with a discount of its own"),
    "charge": gettext_lazy("less bank charges"),
    "short": gettext_lazy("a little short"),
    "exchange": gettext_lazy("with a difference of exchange"),
    "mixed_each": gettext_lazy("discounts item by item, those in time let pass"),
    "mixed_whole": gettext_lazy("discounts of several items, still owed where one is late"),
}
"""How a payer pays, in the words of ``engines.match_history.habits_of``."""
_HABITS_OF: dict[str, Word] = {
    "percent": gettext_lazy("{amount} % taken off"),
    "charge": gettext_lazy("bank charge {amount}"),
    "open": gettext_lazy("{amount} short"),
    "kept": gettext_lazy("{amount} % kept back, still owed"),
}

HELD_BACK: dict[str, Word] = {
    "off": gettext_lazy("automatic posting is switched off"),
    "ambiguous": gettext_lazy("more than one combination fits"),
    "kind": gettext_lazy("not plainly items paid in full"),
    "several_customers": gettext_lazy("for several customers"),
    "third_party": gettext_lazy("somebody else pays, and no paper is kept"),
    "shop": gettext_lazy("a platform's money is looked for among its shop's days"),
    "currency": gettext_lazy("another currency"),
    "closed_period": gettext_lazy("its month is closed"),
    "amount": gettext_lazy("it is larger than what may post itself"),
    "parked": gettext_lazy("put aside"),
    "taken": gettext_lazy("somebody was at it"),
}


def habit_text(detail: str) -> str:
    """A habit's word, with its figure where it has one: amounts and percents come in ten-thousandths."""
    kind, colon, figure = detail.partition(":")
    if not colon or kind not in _HABITS_OF or not figure.isdigit():
        return str(HABITS.get(detail, detail))
    value = Decimal(figure).scaleb(-4)
    shown = f"{value.normalize():f}" if kind in ("percent", "kept") else f"{value:,.2f}"
    return str(_HABITS_OF[kind]).format(amount=shown)


def reason_of(made: Explanation, language: str) -> str:
    return made.reason.get("zh" if language.startswith("zh") else "en", "") or made.reason.get("en", "")
