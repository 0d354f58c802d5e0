"""The terms of a request for approval: what who decides must know beside the amount."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from huikuan.core.approvals import ApprovalKind
from huikuan.core.notes import SETTLED, NoteState, NoteStep
from huikuan.web.acting import amount_text

LAPSED: dict[str, str | Promise] = {
    NoteStep.PRESENTED: gettext_lazy("The bill was presented for payment meanwhile: nothing is left to decide."),
    NoteStep.DISCOUNTED: gettext_lazy("The bill was discounted meanwhile: nothing is left to decide."),
    NoteStep.ENDORSED: gettext_lazy("The bill was endorsed meanwhile: nothing is left to decide."),
    NoteStep.SPLIT: gettext_lazy("The bill was split meanwhile: ask for its parts."),
    NoteStep.PAID: gettext_lazy("The bill was paid meanwhile: nothing is left to decide."),
    NoteStep.DISHONOURED: gettext_lazy("The bill was dishonoured meanwhile: nothing is left to decide."),
    NoteStep.RETURNED: gettext_lazy("The bill was given back meanwhile: nothing is left to decide."),
    SETTLED: gettext_lazy("What the bill is worth was settled otherwise meanwhile: nothing is left to decide."),
    NoteState.VOID: gettext_lazy("The split that made this bill was taken back meanwhile: ask for the whole bill."),
}
"""Why a request closed by itself, by what became of what it was about."""


def lapsed_text(facts: Mapping[str, Any]) -> str:
    """Why a request closed by itself; empty where it did not."""
    return str(LAPSED.get(facts.get("lapsed", ""), ""))


def terms_of(kind: str, facts: Mapping[str, Any], currency: str) -> list[tuple[str, str]]:
    """What is asked for: to whom a refund or a bill goes, and at what cost. Labels with their words."""
    if kind == ApprovalKind.REFUND:
        return [(_("Payee"), _("somebody else than who paid"))] if facts.get("other_payee") else []
    if kind not in (ApprovalKind.NOTE_DISCOUNT, ApprovalKind.NOTE_ENDORSE):
        return []
    recourse = _("with recourse") if facts["with_recourse"] else _("without recourse")
    if kind == ApprovalKind.NOTE_ENDORSE:
        return [(_("To whom"), facts["party"]), (_("Recourse"), recourse)]
    rate, days, interest = facts["rate_percent"], facts["days"], facts["interest_minor"]
    told = [
        (_("Which bank"), facts["bank"]),
        (_("Rate, percent a year"), rate or ""),
        (_("Days"), "" if days is None else str(days)),
        (_("Interest kept"), "" if interest is None else amount_text(interest, currency)),
        (_("The bank's fee"), amount_text(facts["fee_minor"], currency) if facts.get("fee_minor") else ""),
        (_("Recourse"), recourse),
    ]
    return [(label, value) for label, value in told if value]
