"""What an event of the audit trail concerns, in words where no name of its own says it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from huikuan.queries.audit import AuditRow
from huikuan.web.words import ENTRY_KINDS, JOBS, LEDGER_ACCOUNTS, Words, word_of

SUBJECTS: Words = {
    "account": _("Ledger account"),
    "api_key": _("API key"),
    "approval": _("Request"),
    "bank_line": _("Bank line"),
    "cash": _("Receipt for cash"),
    "contact": _("Person"),
    "debit_mandate": _("Mandate"),
    "debit_payment": _("Direct debit"),
    "document": _("Document"),
    "entity": _("Legal entity"),
    "job": _("Job"),
    "learned": _("Learned"),
    "payer_account": _("Payer account"),
    "payout": _("Payout"),
    "period": _("Period"),
    "remittance": _("Remittance advice"),
    "report": _("Report"),
    "run": _("Run of the matcher"),
    "shop": _("Shop"),
    "short_payment": _("Short payment"),
    "table": _("Table"),
    "team": _("Team"),
    "view": _("View"),
    "watched": _("Watched folder"),
    "webhook": _("Webhook"),
}


def subject_word(row: AuditRow) -> str:
    """Its name (of an entry what was posted), else what sort of thing it is and which."""
    kind, _colon, rest = row.about.partition(":")
    if row.subject != row.about:
        return word_of(ENTRY_KINDS, row.subject) if kind == "entry" else row.subject
    if kind not in SUBJECTS:
        return row.subject
    return f"{SUBJECTS[kind]} {_which(kind, rest)}".rstrip()


def _which(kind: str, rest: str) -> str:
    from huikuan.web.tables.registry import TABLES  # The audit trail is one of them.

    if kind == "table":
        return str(TABLES[rest].word) if rest in TABLES else word_of({"ageing": _("Ageing")}, rest)
    known = {"job": JOBS, "account": LEDGER_ACCOUNTS}.get(kind, {})
    return str(known.get(rest, rest))
