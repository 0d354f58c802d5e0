"""What shops, their payouts and what differs are called on the screen."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from huikuan.core.payout_differences import DifferenceKind, Reason
from huikuan.core.payouts import How, SalesPosting, ShopKind

Words = dict[str, str | Promise]

KINDS: Words = {
    ShopKind.MARKETPLACE: _("Marketplace"),
    ShopKind.DELIVERY: _("Delivery platform"),
    ShopKind.WALLET: _("Wallet that collects"),
    ShopKind.CARD: _("Card acquirer"),
    ShopKind.TILL: _("Till of a store"),
}
POSTINGS: Words = {
    SalesPosting.SUMMARY: _("Here: one item for each day"),
    SalesPosting.BOOKED: _("By another system: an order's number is its document"),
}
HOWS: Words = {
    How.DETAILS: _("by the platform's list"),
    How.ON_TIME: _("the days due, to the cent"),
    How.RUN: _("days in a row, to the cent"),
    How.CHOSEN: _("chosen by a person"),
}
DIFFERENCES: Words = {
    DifferenceKind.NOT_PAID: _("Sold and not paid out"),
    DifferenceKind.FEE_ABOVE: _("Fee above the agreed rate"),
    DifferenceKind.PAID_LESS: _("Paid out less than expected"),
    DifferenceKind.PAID_MORE: _("Paid out more than expected"),
    DifferenceKind.CHARGE: _("Other charge kept by the platform"),
    DifferenceKind.UNKNOWN_ORDER: _("Paid out for an order that is not among the sales"),
    DifferenceKind.UNKNOWN_REFUND: _("Refund that is not among the sales"),
    DifferenceKind.CASH_SHORT: _("Till short"),
    DifferenceKind.CASH_OVER: _("Till over"),
    DifferenceKind.NO_ITEM: _("Order without a document in the ledger"),
    DifferenceKind.UNKNOWN_PAYOUT: _("Money that fits no sales"),
}
REASONS: Words = {
    Reason.CLAIMED: _("The platform owes it and was told"),
    Reason.FEE_ACCEPTED: _("It is a fee: book it"),
    Reason.TIMING: _("It comes with another payout"),
    Reason.BORNE: _("A person bears it"),
    Reason.OUR_ERROR: _("Our own error, corrected"),
    Reason.OTHER: pgettext_lazy("reason", "Other"),
}
STATES: Words = {
    "waiting": pgettext_lazy("payout", "not due yet"),
    "late": pgettext_lazy("payout", "late"),
    "partly": pgettext_lazy("payout", "partly paid"),
    "short": pgettext_lazy("payout", "paid, differs"),
    "paid": pgettext_lazy("payout", "paid"),
    "elsewhere": pgettext_lazy("payout", "settled otherwise"),
    "nothing": pgettext_lazy("payout", "nothing to pay"),
}
WHY: Words = {
    "no_sales": _("No days add up to it."),
    "several": _("Several choices of days add up to it."),
    "set": _("Some days add up to it, but not in a row: look before you take it."),
    "payout.no_item": _("The ledger has no document of one of these orders."),
}
