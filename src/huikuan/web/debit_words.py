"""What mandates, collections and their payments are called on the screen, and what a bank's reason says."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy

from huikuan.core.direct_debits import (
    Bundle,
    MandateState,
    PaymentState,
    RecallReason,
    RunState,
    SequenceType,
    Use,
    reason_code,
)
from huikuan.web.format import format_count

Words = dict[str, str | Promise]

MANDATES: Words = {
    MandateState.ACTIVE: pgettext_lazy("mandate", "active"),
    MandateState.BLOCKED: pgettext_lazy("mandate", "blocked"),
    MandateState.REVOKED: pgettext_lazy("mandate", "revoked"),
    MandateState.USED_UP: pgettext_lazy("mandate", "used up"),
    MandateState.EXPIRED: pgettext_lazy("mandate", "expired"),
}
USES: Words = {Use.RECURRENT: _("recurrent"), Use.ONE_OFF: _("for one collection")}
BUNDLES: Words = {Bundle.CUSTOMER: _("One payment per customer"), Bundle.ITEM: _("One payment per item")}
SEQUENCES: Words = {
    SequenceType.FRST: pgettext_lazy("direct debit", "first"),
    SequenceType.RCUR: pgettext_lazy("direct debit", "recurrent"),
    SequenceType.OOFF: pgettext_lazy("direct debit", "only one"),
    SequenceType.FNAL: pgettext_lazy("direct debit", "last"),
}
RUNS: Words = {
    RunState.PROPOSED: pgettext_lazy("collection", "proposed"),
    RunState.APPROVED: pgettext_lazy("collection", "approved"),
    RunState.SENT: pgettext_lazy("collection", "at the bank"),
    RunState.CANCELLED: pgettext_lazy("collection", "cancelled"),
}
DONE = pgettext_lazy("collection", "done")
PAYMENTS: Words = {
    PaymentState.PLANNED: pgettext_lazy("direct debit", "planned"),
    PaymentState.SENT: pgettext_lazy("direct debit", "at the bank"),
    PaymentState.COLLECTED: pgettext_lazy("direct debit", "collected"),
    PaymentState.REJECTED: pgettext_lazy("direct debit", "rejected"),
    PaymentState.RETURNED: pgettext_lazy("direct debit", "returned"),
    PaymentState.WITHDRAWN: pgettext_lazy("direct debit", "taken out"),
}
EVENTS: Words = {
    "proposed": _("Proposed"),
    "withdrawn": _("Payment taken out"),
    "cancelled": _("Cancelled"),
    "notified": _("Customers told"),
    "approved": _("Approved"),
    "file": _("File taken"),
    "sent": _("Handed to the bank"),
    "settled": _("Money came"),
    "unsettled": _("Money taken back from it"),
    "reinstated": _("Not taken back after all"),
    "recall": _("The bank was asked to recall"),
    "recall_kept": _("The bank collects it all the same"),
    "rejected": _("Payment rejected"),
    "returned": _("Payment returned"),
}
LEFT_OUT: Words = {
    "no_mandate": _("without a mandate"),
    "in_run": _("in another collection"),
    "short_payment": _("with an open short payment"),
    "disputed": _("disputed"),
    "covered": _("covered by a bill"),
    "credit": _("that the customer's credits pay"),
    "mandate_blocked": _("whose mandate is blocked"),
    "mandate_revoked": _("whose mandate is revoked"),
    "mandate_expired": _("whose mandate has expired"),
    "mandate_used_up": _("whose mandate is used up"),
}
AMENDED: Words = {
    "reference": _("Reference of the mandate"),
    "payer_iban": _("IBAN"),
    "payer_bic": _("BIC"),
    "payer_name": _("Account holder"),
}
"""What of a mandate may be different from one day on."""

RECALLS: Words = {
    RecallReason.DUPL: _("sent twice"),
    RecallReason.CUST: _("the customer is not to be charged"),
    RecallReason.TECH: _("a technical fault"),
    RecallReason.FRAD: _("fraud"),
}
"""Why the bank is asked not to collect."""

REASONS: Words = {
    "AC01": _("no such account number"),
    "AC04": _("the account is closed"),
    "AC06": _("the account is blocked"),
    "AC13": _("a consumer's account, not for the scheme between companies"),
    "AG01": _("direct debits are not possible on the account"),
    "AG02": _("wrong kind of transaction"),
    "AM04": _("not enough money"),
    "AM05": _("sent twice"),
    "BE05": _("the creditor identifier is wrong"),
    "ARDT": _("given back already"),
    "CNOR": _("the creditor's bank cannot be reached"),
    "CUST": _("recalled by us: the customer is not to be charged"),
    "DNOR": _("the payer's bank cannot be reached"),
    "DUPL": _("recalled by us: sent twice"),
    "FF01": _("the file format is wrong"),
    "FRAD": _("recalled by us: fraud"),
    "LEGL": _("for reasons of law"),
    "MD01": _("no valid mandate"),
    "MD02": _("data of the mandate are missing"),
    "MD06": _("the payer asked for the money back"),
    "MD07": _("the payer has died"),
    "MS02": _("the payer refused"),
    "MS03": _("no reason given"),
    "RC01": _("the BIC is wrong"),
    "NOAS": _("the customer did not answer"),
    "NOOR": _("the bank never had it"),
    "RR04": _("for reasons of law"),
    "SL01": _("the payer shut the account to us"),
    "RJCR": _("no reason given"),
    "TECH": _("recalled by us: a technical fault"),
    "TM01": _("handed in too late"),
}
BY_HAND = ("AM04", "MD06", "MS02", "AC04", "MD01", "AC01", "AC06", "AG01", "MS03")


def reason_word(reason: str) -> str:
    """A bank's reason in words, with its code; text without a code we know as it is."""
    code = reason_code(reason) or reason.strip()[:4].upper()
    return f"{REASONS[code]} ({code})" if code in REASONS else reason


def event_note(code: str, note: str) -> str:
    """What was noted of an event, in words: a bank's reason, why it was asked to recall and how many payments."""
    if code == "recall":
        reason, _space, count = note.partition(" ")
        said = str(RECALLS.get(reason, reason))
        return f"{said} · {_payments(count)}" if count else said
    if code in ("recall_kept", "rejected", "returned"):
        return reason_word(note)
    return _payments(note) if code == "settled" else note


def _payments(count: str) -> str:
    if not count.isdigit():
        return count
    return ngettext("{n} payment", "{n} payments", int(count)).format(n=format_count(int(count)))


def mandate_word(row_state: str) -> str:
    return str(MANDATES.get(row_state, row_state))
