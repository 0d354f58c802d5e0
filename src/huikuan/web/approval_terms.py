"""The terms of a request for approval: what who decides must know beside the amount."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from huikuan.core.approvals import ApprovalKind
from huikuan.web.acting import amount_text


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
