"""Words of settlement agreements."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from huikuan.queries.agreements import AgreementRow

Words = dict[str, str | Promise]
KINDS: Words = {
    "three_party": _("Settlement of several parties"),
    "in_kind": _("Thing taken for debts"),
}
STATES: Words = {
    "live": _("Under way"),
    "proposed": _("Proposed"),
    "signed": _("Signed by all"),
    "posted": _("Posted"),
    "done": pgettext_lazy("agreement", "Done"),
    "undone": _("Taken back"),
    "withdrawn": _("Withdrawn"),
    "all": _("All"),
}
_STATES_IN_KIND: Words = {"signed": _("Agreed"), "posted": _("Title passed")}
THINGS: Words = {
    "goods": _("Goods"),
    "equipment": _("Equipment"),
    "vehicle": _("Vehicle"),
    "real_estate": _("Real estate"),
    "securities": _("Shares or securities"),
    "other": pgettext_lazy("thing", "Other"),
}
_STEPS: Words = {
    "signed": _("Signed"),
    "valued": _("Valued"),
    "posted": _("Posted"),
    "invoiced": _("Invoice received"),
    "kept": _("The rest stays open"),
    "lost": _("The rest is written off"),
    "undone": _("Taken back"),
    "withdrawn": _("Withdrawn"),
}


def state_word(kind: str, state: str) -> str:
    """Where an agreement stands."""
    found = _STATES_IN_KIND.get(state) if kind == "in_kind" else None
    return str(found or STATES.get(state, state))


def step_word(kind: str, step: str) -> str:
    """What happened."""
    found = _STATES_IN_KIND.get(step) if kind == "in_kind" and step == "posted" else None
    return str(found or _STEPS.get(step, step))


def agreement_line(row: AgreementRow) -> tuple[AgreementRow, str, str]:
    """An agreement in a card of another page: what it is and where it stands."""
    return row, str(KINDS.get(row.kind, row.kind)), state_word(row.kind, row.state)
