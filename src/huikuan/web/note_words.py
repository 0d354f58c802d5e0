"""What bills, cheques and other notes are called on the screen, and what is done with them."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from huikuan.core.channels import Channel
from huikuan.core.notes import AcceptorClass, NoteKind, NoteState, NoteStep, Settles, Warn

Words = dict[str, str | Promise]

KINDS: Words = {
    NoteKind.ACCEPTANCE: _("Acceptance bill"),
    NoteKind.PROMISSORY: _("Promissory note"),
    NoteKind.CHEQUE: _("Cheque"),
    NoteKind.CERTIFICATE: _("Electronic receivable certificate"),
}
CLASSES: Words = {
    AcceptorClass.MAJOR_BANK: _("Large bank"),
    AcceptorClass.OTHER_BANK: _("Other bank"),
    AcceptorClass.FINANCE_COMPANY: _("Finance company"),
    AcceptorClass.COMPANY: _("Company"),
}
STATES: Words = {
    NoteState.HELD: pgettext_lazy("bill", "in hand"),
    NoteState.PRESENTED: pgettext_lazy("bill", "presented"),
    NoteState.DISCOUNTED: pgettext_lazy("bill", "discounted"),
    NoteState.ENDORSED: pgettext_lazy("bill", "endorsed"),
    NoteState.SPLIT: pgettext_lazy("bill", "split"),
    NoteState.PAID: pgettext_lazy("bill", "paid"),
    NoteState.DISHONOURED: pgettext_lazy("bill", "dishonoured"),
    NoteState.RETURNED: pgettext_lazy("bill", "returned"),
}
STEPS: Words = {
    NoteStep.RECEIVED: pgettext_lazy("bill", "Taken"),
    NoteStep.PRESENTED: pgettext_lazy("bill", "Presented"),
    NoteStep.DISCOUNTED: pgettext_lazy("bill", "Discounted"),
    NoteStep.ENDORSED: pgettext_lazy("bill", "Endorsed"),
    NoteStep.SPLIT: pgettext_lazy("bill", "Split"),
    NoteStep.PAID: pgettext_lazy("bill", "Paid"),
    NoteStep.DISHONOURED: pgettext_lazy("bill", "Dishonoured"),
    NoteStep.RETURNED: pgettext_lazy("bill", "Returned"),
}
CHEQUE_STEPS: Words = STEPS | {
    NoteStep.PRESENTED: _("Deposited"),
    NoteStep.PAID: _("Cleared"),
    NoteStep.DISHONOURED: pgettext_lazy("cheque", "Bounced"),
}
CHEQUE_STATES: Words = STATES | {
    NoteState.PRESENTED: _("deposited"),
    NoteState.PAID: _("cleared"),
    NoteState.DISHONOURED: pgettext_lazy("cheque", "bounced"),
}
ENDS: Words = {
    NoteState.DISHONOURED: _("It was not paid."),
    NoteState.RETURNED: _("It was given back."),
}
CHEQUE_ENDS: Words = ENDS | {NoteState.DISHONOURED: _("It bounced.")}
"""How a note ended without money."""
DEEDS: Words = {
    NoteStep.PRESENTED: _("Present"),
    NoteStep.PAID: _("It was paid"),
    NoteStep.DISCOUNTED: pgettext_lazy("do", "Discount"),
    NoteStep.ENDORSED: _("Endorse"),
    NoteStep.SPLIT: pgettext_lazy("do", "Split"),
    NoteStep.DISHONOURED: _("Dishonoured …"),
    NoteStep.RETURNED: _("Return …"),
}
CHEQUE_DEEDS: Words = DEEDS | {
    NoteStep.PRESENTED: pgettext_lazy("cheque", "Deposit"),
    NoteStep.PAID: _("It has cleared"),
    NoteStep.DISHONOURED: _("Bounced …"),
}
BUTTONS: Words = {
    NoteStep.PRESENTED: _("Record: presented"),
    NoteStep.PAID: _("Post: paid"),
    NoteStep.DISCOUNTED: _("Post the discount"),
    NoteStep.ENDORSED: _("Post the endorsement"),
    NoteStep.SPLIT: _("Split it"),
    NoteStep.DISHONOURED: _("Post: not paid"),
    NoteStep.RETURNED: _("Post: returned"),
}
SETTLES: Words = {
    Settles.AT_ONCE: _("at once: the items are settled when it is taken"),
    Settles.AT_MATURITY: _("at maturity: the items stay open, covered, until it is paid"),
}
SETTLES_SHORT: Words = {Settles.AT_ONCE: _("at once"), Settles.AT_MATURITY: _("at maturity")}
WARNINGS: Words = {
    Warn.TERM_LONG: _("More than six months from issue to maturity: longer than a commercial bill may run."),
    Warn.CHEQUE_LATE: _("The ten days in which a cheque is deposited are over."),
    Warn.PRESENT_NOW: _("It is mature: present it within ten days."),
    Warn.PRESENT_LATE: _("It has been mature for more than ten days: recourse may be lost."),
}
SHORT_WARNINGS: Words = {
    Warn.TERM_LONG: _("long term"),
    Warn.CHEQUE_LATE: _("over ten days"),
    Warn.PRESENT_NOW: _("present now"),
    Warn.PRESENT_LATE: _("present: late"),
}
CHANNELS: Words = {
    Channel.TRANSFER: _("Bank transfer"),
    Channel.CASH: _("Cash (notes and coins)"),
    Channel.CHEQUE: _("Cheque"),
    Channel.CARD: _("Card"),
    Channel.E_PAYMENT: _("E-payment"),
    Channel.DIRECT_DEBIT: _("Direct debit"),
    Channel.NOTE: _("Bill, settling at once"),
    Channel.NOTE_PAID: _("Money for a bill"),
}


def end_word(kind: str, state: str) -> str:
    """How a note ended without money; empty where it did not."""
    return str((CHEQUE_ENDS if kind == NoteKind.CHEQUE else ENDS).get(state, ""))


def state_word(kind: str, state: str) -> str:
    """What a note's state is called."""
    return str((CHEQUE_STATES if kind == NoteKind.CHEQUE else STATES).get(state, state))


def step_word(kind: str, step: str) -> str:
    """What a step is called when it has happened."""
    return str((CHEQUE_STEPS if kind == NoteKind.CHEQUE else STEPS).get(step, step))


def deed_word(kind: str, step: str) -> str:
    """What doing a step is called."""
    return str((CHEQUE_DEEDS if kind == NoteKind.CHEQUE else DEEDS).get(step, step))
