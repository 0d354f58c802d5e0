"""What roles, reaches and rights are called on the screen, in the reader's language."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from huikuan.core.rights import RIGHT_WORDS, Reach, Right, Role

ROLES: dict[str, str | Promise] = {
    Role.SALES_REP: _("Sales rep"),
    Role.SALES_MANAGER: _("Sales manager"),
    Role.AR_CLERK: _("Receivables clerk"),
    Role.COLLECTOR: _("Collector"),
    Role.CFO: _("CFO"),
    Role.AUDITOR: _("Auditor"),
    Role.ADMINISTRATOR: _("Administrator"),
}

REACHES: dict[str, str | Promise] = {
    Reach.OWN: _("Own customers"),
    Reach.TEAM: _("The team's customers"),
    Reach.ALL: _("All customers"),
}

RIGHTS: dict[str, str | Promise] = {
    Right.SEE_LEDGER: _("see the ledger"),
    Right.SEE_AUDIT: _("see the audit trail"),
    Right.EXPORT: _("export data"),
    Right.UNMASK: _("see personal data in full"),
    Right.IMPORT: _("import files"),
    Right.POST_ITEM: _("post items"),
    Right.POST_CASH: _("post cash"),
    Right.EDIT_BANK_ACCOUNT: _("edit our bank accounts"),
    Right.OVERRIDE_BANK_STATEMENT: _("take bank statements that do not tie"),
    Right.DECIDE_MATCH: _("decide about bank lines"),
    Right.AUDIT_MATCH: _("check automatic postings"),
    Right.EDIT_MATCH_POLICY: _("set what posts itself"),
    Right.APPROVE_DEBIT: _("approve collections by direct debit"),
    Right.POST_NOTE: _("take bills and record what becomes of them"),
    Right.NEGOTIATE_NOTE: _("discount and endorse bills"),
    Right.REFUND_OTHER_PAYEE: _("refund to another payee"),
    Right.POST_ADJUSTMENT: _("write off and offset"),
    Right.HANDLE_SHORT_PAYMENT: _("see to short payments"),
    Right.REVERSE: _("reverse entries"),
    Right.DECIDE_SETTLEMENT: _("decide on source settlements"),
    Right.EDIT_RATES: _("edit exchange rates"),
    Right.CLOSE_PERIOD: _("open, soft-close and revalue months"),
    Right.CLOSE_PERIOD_HARD: _("close months for good"),
    Right.POST_SOFT_CLOSED: _("post into soft-closed months"),
    Right.EXPORT_GL: _("export to the general ledger"),
    Right.MAP_GL: _("map accounts of the general ledger"),
    Right.EDIT_CUSTOMER: _("edit customers"),
    Right.MERGE_CUSTOMER: _("merge customers"),
    Right.EDIT_PAYER_ACCOUNT: _("change payer accounts"),
    Right.ADD_DOCUMENT: _("add documents"),
    Right.DECIDE_APPROVAL: _("decide on approvals of one's role"),
    Right.MANAGE_PEOPLE: _("manage people"),
    Right.MANAGE_POLICY: _("manage policies"),
    Right.MANAGE_SYSTEM: _("manage the system"),
}

_BY_ENGLISH = {words: right.value for right, words in RIGHT_WORDS.items()}


def right_word(text: str) -> str:
    """A right by its code or its English words; anything else as it is."""
    return str(RIGHTS.get(_BY_ENGLISH.get(text, text), text))
