"""Words of short payments."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

Words = dict[str, str | Promise]
REASONS: Words = {
    "unstated": _("Not explained yet"),
    "price": _("Price differs"),
    "quantity": _("Quantity missing"),
    "quality": _("Quality, damage"),
    "discount": _("Discount taken"),
    "rebate": _("Rebate or bonus"),
    "bank_charge": _("Bank charge"),
    "freight": _("Freight"),
    "tax": _("Tax withheld"),
    "penalty": _("Contract penalty"),
    "retention": _("Retention money"),
    "other": pgettext_lazy("short payment", "Other"),
}
STATES: Words = {
    "open": pgettext_lazy("short payment", "Open"),
    "rejected": pgettext_lazy("short payment", "Rejected"),
    "accepted": pgettext_lazy("short payment", "Accepted"),
    "paid": pgettext_lazy("short payment", "Paid"),
    "withdrawn": pgettext_lazy("short payment", "Withdrawn"),
}
OUTCOMES: Words = {"write_off": _("written off"), "credit_memo": _("by credit memo")}
EVENTS: Words = {
    "opened": pgettext_lazy("short payment", "Opened"),
    "changed": pgettext_lazy("short payment", "Changed"),
    "accepted": pgettext_lazy("short payment", "Accepted"),
    "rejected": pgettext_lazy("short payment", "Rejected"),
    "paid": pgettext_lazy("short payment", "Paid"),
    "withdrawn": _("Withdrawn: the payment was undone"),
    "reopened": _("Open again: what settled it was taken back"),
    "settled": _("Credit memo applied"),
}


def reason_word(code: str, name: str = "") -> str:
    """An entity's own name for a reason, else the product's word."""
    return name or str(REASONS.get(code, code))


def state_word(state: str, outcome: str = "", *, settled: bool = True) -> str:
    """The state, for an accepted case with how it leaves the books."""
    word = str(STATES.get(state, state))
    if state != "accepted":
        return word
    if outcome == "credit_memo" and not settled:
        return str(_("Accepted, credit memo to come"))
    return f"{word}, {OUTCOMES[outcome]}" if outcome in OUTCOMES else word
