"""The faults of a file in the reader's language, and why a column was read as it was."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from huikuan.core.fault_words import fault_sentence
from huikuan.core.refusals import DataError

PROFILE_NOTES = (
    _("Disputed is known only after the fact: do not use it to foretell payment"),
    _("amounts are what was open when the file was made, converted to USD; the original amounts are not in it"),
)

REASONS: dict[str, str | Promise] = {
    "named so": _("named so"),
    "not used": _("not used"),
    "our own heading": _("our own heading"),
    "the heading says so": _("the heading says so"),
    "the heading suggests it": _("the heading suggests it"),
    "the heading suggests it, the content does not": _("the heading suggests it, the content does not"),
    "the cells look like dates": _("the cells look like dates"),
    "the cells look like amounts": _("the cells look like amounts"),
    "every cell is different": _("every cell is different"),
}
"""Why a column is taken for a field, as the reader says it."""


def reason_text(why: str) -> str:
    """Why a column was read as it was, in the reader's language."""
    head, _space, name = why.partition("profile ")
    if not head and name:
        return gettext("layout {name}").format(name=name)
    return str(REASONS.get(why.rpartition(": ")[2], why))


def fault_text(fault: DataError) -> str:
    """``fault`` as a sentence; the reader's own words where the language is English."""
    if (get_language() or "en").startswith("en"):
        return fault.reason
    return fault_sentence(fault, gettext)
