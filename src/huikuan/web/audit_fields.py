"""What was recorded with an event of the audit trail, in the reader's language: names of fields, and codes in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from huikuan.web import book_words, customer_words, debit_words, people_words, short_payment_words, words

AUDIT_FIELDS: dict[str, str | Promise] = {
    "about": _("About"),
    "account": _("Account"),
    "accounts": _("Customer accounts"),
    "active": _("Active"),
    "after": _("After"),
    "amount": _("Amount in the smallest unit"),
    "amount_minor": _("Amount in the smallest unit"),
    "api_key": _("API key"),
    "applications": _("Applications"),
    "applied": _("Applied"),
    "as_of": _("As of"),
    "asked": _("Asked"),
    "attached": _("Attached"),
    "automatic": _("By itself"),
    "balances": _("Balances"),
    "bank_days": _("Days for the bank"),
    "before": _("Before"),
    "bytes": _("Size in bytes"),
    "changes": _("Changes"),
    "cheques": _("Cheques settle"),
    "code": _("Code"),
    "collector": _("Collector"),
    "columns": _("Columns"),
    "count": _("Number"),
    "currency": _("Currency"),
    "customer": _("Customer"),
    "customers": _("Customers"),
    "cut_over": _("Cut-over day"),
    "day": _("Day"),
    "days_late": _("Days late"),
    "deadline": _("Decide by"),
    "decision": _("Decision"),
    "deliveries": _("Deliveries"),
    "deputy": _("Deputy"),
    "ends_in": _("Ends in"),
    "entities": _("Legal entities"),
    "entry": _("Entry"),
    "escort_from_minor": _("Escort from, in the smallest unit"),
    "every": _("How often"),
    "evidence": _("Kind of evidence"),
    "feed": _("Feed"),
    "fields": _("Fields"),
    "files": _("Files"),
    "filters": _("Filters"),
    "first": _("First day"),
    "form": _("Form"),
    "format": _("Format"),
    "former": _("Version before"),
    "former_epoch": _("Chain before"),
    "hash": _("Hash"),
    "is_done": _("Done"),
    "item": _("Item"),
    "items": _("Items"),
    "kind": _("Kind"),
    "known": _("Known already"),
    "ladder": _("Steps"),
    "last": _("Last day"),
    "ledger_seq": _("Sealed number"),
    "left_out": _("Left out"),
    "lines": _("Lines"),
    "links": _("Linked to"),
    "made_at": _("Made at"),
    "mandate": _("Paper of another payer"),
    "memo": _("Memo"),
    "merge": _("Merge"),
    "merged": _("Merged customer"),
    "method": _("Method"),
    "names": _("Names"),
    "notes": _("Bills settle"),
    "references": _("Payment references of documents"),
    "notice_days": _("Days of notice"),
    "number": _("Document number"),
    "other": _("The other one"),
    "outcome": _("How"),
    "owner": _("Owner"),
    "point": _("Point"),
    "points": _("Points"),
    "posted": _("Posted"),
    "proposed": _("What was proposed"),
    "reach": _("Reach"),
    "reason": _("Reason"),
    "reasons": _("Reasons"),
    "replace": _("Replaces what was entered"),
    "retaken": _("Applied anew"),
    "role": _("Role"),
    "receipts": _("Receipts"),
    "rows": _("Rows"),
    "run": _("Collection"),
    "scopes": _("Scopes"),
    "settlements": _("Source settlements"),
    "settles": _("Settles"),
    "sha256": _("Hash of the file"),
    "share_bp": _("Share, in hundredths of a percent"),
    "shared": _("Shared"),
    "since": _("Since"),
    "step": _("Step"),
    "superuser": _("Superuser"),
    "table": _("Table"),
    "tax_id": _("Tax number"),
    "to_seq": _("Up to sealed number"),
    "types": _("Kinds of events"),
    "days": _("Days"),
    "fees": _("Fees"),
    "shop": _("Shop"),
    "how": _("How"),
    "fee": _("Fee"),
}

_KINDS = {
    **words.ITEM_KINDS,
    **words.ENTRY_KINDS,
    **words.APPROVAL_KINDS,
    **words.IMPORT_KINDS,
    **customer_words.NOTE_KINDS,
}
_CODES: Mapping[str, Mapping[str, Any]] = {
    "kind": _KINDS,
    "reason": short_payment_words.REASONS,
    "reasons": short_payment_words.REASONS,
    "outcome": short_payment_words.OUTCOMES,
    "role": people_words.ROLES,
    "ladder": people_words.ROLES,
    "reach": people_words.REACHES,
    "every": words.EVERY,
    "feed": words.FEEDS,
    "method": {"password": _("Password")},
    "evidence": words.EVIDENCE_TYPES,
    "fields": {**debit_words.AMENDED, **words.FIELDS, **customer_words.FILE_FIELDS},
    "before": customer_words.FILE_FIELDS,
    "after": customer_words.FILE_FIELDS,
    "point": book_words.POINTS,
    "points": book_words.POINTS,
}


def field_word(name: str) -> str:
    """The name of a field in words; one without words as it is."""
    return str(AUDIT_FIELDS.get(name, name))


def value_text(name: str, value: Any) -> str:
    """A value in words where it is a code of ours, else as it was recorded."""
    codes = _CODES.get(name, {})
    return _text(value, lambda code: str(codes.get(code, code)))


def details(data: Mapping[str, Any]) -> str:
    """Everything recorded, in one line."""
    shown = ((name, value) for name, value in data.items() if value not in ("", None))
    return " · ".join(f"{field_word(name)}: {value_text(name, value)}" for name, value in shown)


def _text(value: Any, word: Callable[[str], str]) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return _now("yes") if value else _now("no")
    if isinstance(value, Mapping):
        return ", ".join(f"{word(str(name))} = {_text(one, word)}" for name, one in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(_text(one, word) for one in value)
    return word(value) if isinstance(value, str) else str(value)
