"""What the codes of the ledger are called on the screen, in the reader's language."""

from __future__ import annotations

import re

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy

Words = dict[str, str | Promise]

REFERENCE_SCHEMES: Words = {
    "": _("none"),
    "rf": _("RF (ISO 11649, Europe)"),
    "qr": _("QR reference (Switzerland)"),
    "ogm": _("OGM (Belgium)"),
}
ITEM_KINDS: Words = {
    "invoice": _("Invoice"),
    "credit_memo": _("Credit memo"),
    "debit_memo": _("Debit memo"),
    "deposit": _("Deposit"),
    "on_account": _("On account"),
    "note": _("Note"),
}

ENTRY_KINDS: Words = {
    "item": _("Item booked"),
    "receipt": _("Receipt"),
    "identify": _("Payer identified"),
    "park": _("Kept on account"),
    "application": _("Application"),
    "refund": _("Refund"),
    "offset": _("Offset"),
    "assignment": _("Assignment of claim"),
    "write_off": _("Write-off"),
    "recovery": _("Recovery"),
    "source_settlement": _("Settled in source system"),
    "settlement_met": _("Source settlement met by receipt"),
    "revaluation": _("Revaluation"),
    "reversal": _("Reversal"),
}

LEDGER_ACCOUNTS: Words = {
    "trade": _("Trade receivables"),
    "notes": _("Notes receivable"),
    "advances": _("Customer advances"),
    "unapplied": _("Unapplied receipts"),
    "suspense": _("Unidentified receipts"),
    "bank": _("Bank"),
    "sales": _("Sales"),
    "other_income": _("Other income"),
    "discount": _("Early-payment discount"),
    "interest_income": _("Interest income"),
    "finance_cost": _("Interest banks keep of bills"),
    "cost_recovery": _("Collection costs recovered"),
    "bad_debt": _("Bad debt expense"),
    "recovery": _("Bad debts recovered"),
    "payables": _("Payables"),
    "assigned": _("Claims assigned"),
    "assets_received": _("Things taken for debts"),
    "opening": _("Opening balances"),
    "clearing": _("Clearing"),
    "source_settlement": _("Source settlements awaiting receipt"),
    "exchange_clearing": _("Exchange clearing"),
    "exchange_difference": _("Exchange difference"),
    "exchange_unrealised": _("Unrealised exchange difference"),
    "revaluation": _("Period-end revaluation"),
    "rounding": _("Rounding"),
}

RECEIPT_STATES: Words = {
    "unidentified": _("Payer unknown"),
    "unapplied": _("Unapplied"),
    "partly_applied": _("Partly applied"),
    "applied": pgettext_lazy("receipt", "Applied"),
    "on_account": _("On account"),
    "refunded": _("Refunded"),
    "expected": _("Not there yet on this day"),
    "bounced": _("Bounced"),
    "reversed": _("Reversed"),
}

IMPORT_KINDS: Words = {
    "items": _("Items (invoices, credit memos …)"),
    "customers": _("Customers"),
    "receipts": _("Receipts"),
    "applications": _("Applications"),
    "bank_statements": _("Bank statements"),
    "remittances": _("Remittance advices"),
}

FEEDS: Words = {
    "incremental": _("Incremental: only what is in the file"),
    "snapshot": _("Snapshot: everything open; what is missing has been settled"),
}

JOBS: Words = {
    "seal": _("Seal entries"),
    "watched-folders": _("Import from watched folders"),
    "reports": _("Write reports"),
    "match": _("Match bank lines"),
    "duplicates": _("Look for customers that may be one"),
    "export-head-hash": _("Write the head of the chain outside the database"),
    "backup": _("Back up"),
    "webhooks": _("Send webhooks"),
    "prune-outbox": _("Remove events told long ago"),
    "erase-old": _("Erase names and texts that are kept no longer"),
    "sweep-imports": _("Remove staged files nobody needs"),
    "tidy-up": _("Remove old sessions and logs"),
}
RUN_STATES: Words = {"running": _("running"), "done": _("done"), "failed": _("failed"), "lost": _("died")}
WATCHED_STATES: Words = {"imported": _("imported"), "refused": _("refused"), "known": _("known already")}
EVERY: Words = {"daily": _("Every day"), "weekly": _("Every week"), "monthly": _("Every month")}

IMPORT_STAGES: Words = {
    "read": _("Reading the file"),
    "compare": _("Comparing with the ledger"),
    "post": _("Posting"),
}

IMPORT_STATES: Words = {
    "staged": _("Checked, not posted"),
    "previewed": _("Checked, not posted"),
    "refused": _("Refused"),
    "checking": _("Being checked"),
    "stopped": _("Check stopped"),
    "queued": _("To be posted"),
    "publishing": _("Being posted"),
    "published": _("Posted"),
    "partly_published": _("Good rows posted"),
    "failed": _("Failed"),
    "discarded": _("Discarded"),
}

SETTLEMENT_STATES: Words = {
    "proposed": _("To review"),
    "posted": pgettext_lazy("settlement", "Posted"),
    "met": _("Met by receipt"),
    "rejected": _("Rejected"),
    "all": _("All"),
}

PERIOD_STATES: Words = {
    "open": pgettext_lazy("month", "Open"),
    "soft_closed": _("Soft-closed"),
    "closed": _("Closed"),
}

EVIDENCE_TYPES: Words = {
    "invoice": _("Invoice"),
    "contract": _("Contract"),
    "delivery_note": _("Signed delivery note"),
    "acceptance": _("Acceptance certificate"),
    "confirmation": _("Confirmed statement of account"),
    "iou": _("IOU"),
    "minutes": _("Minutes"),
    "letter": _("Letter"),
    "payment_order": _("Order to pay for another"),
    "other": _("Other document"),
}

APPROVAL_KINDS: Words = {
    "write_off": _("Write-off"),
    "offset": _("Offset"),
    "assignment": _("Assignment of claim"),
    "refund": _("Refund"),
    "short_payment": _("Credit for a short payment"),
    "note_discount": _("Discount of a bill"),
    "note_endorse": _("Endorsement of a bill"),
}
APPROVAL_STATES: Words = {
    "open": _("waiting"),
    "approved": _("approved"),
    "rejected": _("rejected"),
    "withdrawn": _("withdrawn"),
    "lapsed": _("closed by itself"),
}

GROUPINGS: Words = {
    "customer": _("Customer"),
    "entity": _("Legal entity"),
    "currency": _("Currency"),
    "region": _("Region"),
    "product": _("Product"),
    "sales_rep": _("Sales rep"),
    "kind": _("Kind"),
    "contract_number": _("Contract number"),
}

FIELDS: Words = {
    "item_id": _("Item id"),
    "kind": _("Kind"),
    "customer_id": _("Customer id"),
    "customer_name": _("Customer name"),
    "document_number": _("Document number"),
    "po_number": _("PO number"),
    "contract_number": _("Contract number"),
    "document_date": _("Document date"),
    "due_date": _("Due date"),
    "posting_date": _("Posting date"),
    "effective_date": _("Effective date"),
    "value_date": _("Value date"),
    "recorded_at": _("Recorded at"),
    "currency": _("Currency"),
    "amount": _("Amount"),
    "open_amount": _("Open amount"),
    "settled_date": _("Settled date"),
    "terms": _("Terms (net days)"),
    "entity": _("Legal entity"),
    "disputed": _("Disputed"),
    "discount_date": _("Discount date"),
    "discount_percent": _("Discount percent"),
    "sales_rep": _("Sales rep"),
    "region": _("Region"),
    "product": _("Product"),
    "name": _("Name"),
    "aliases": _("Aliases"),
    "parent_id": _("Parent id"),
    "registration_number": _("Registration number"),
    "country": _("Country"),
    "language": _("Language"),
    "segment": _("Segment"),
    "payer_accounts": _("Payer accounts"),
    "application_id": _("Application id"),
    "reverses_id": _("Reverses id"),
    "source": _("Source"),
    "receipt_id": _("Receipt id"),
}

CHANGES: Words = {
    "new": _("New"),
    "unchanged": _("Unchanged"),
    "changed": _("Changed: reversed and posted anew"),
    "reduced": _("Smaller in the file: to be reviewed as settled in part"),
    "not_reposted": _("Not posted again: what stood on their old version"),
    "late": _("Late: their month is closed, so they count from the next open one"),
    "vanished": _("No longer in the file: to be reviewed as settled"),
}

_SPAN = re.compile(r"(\d+)-(\d+)")
_ABOVE = re.compile(r">(\d+)")


def word_of(words: Words, code: str) -> str:
    """The word for a code; a code without one is shown in plain letters rather than hidden."""
    known = words.get(code)
    return code.replace("_", " ").capitalize() if known is None else str(known)


def bucket_word(bucket: str) -> str:
    """``31-60`` → ``31–60 days`` / ``31-60 天``."""
    if bucket == "not_due":
        return str(_("Not due"))
    if bucket == "unapplied":
        return str(_("Unapplied"))
    if span := _SPAN.fullmatch(bucket):
        return str(_("{first}–{last} days")).format(first=span[1], last=span[2])
    if above := _ABOVE.fullmatch(bucket):
        return str(_("Over {days} days")).format(days=above[1])
    return bucket


def is_bucket(text: str) -> bool:
    return text in ("not_due", "unapplied") or bool(_SPAN.fullmatch(text) or _ABOVE.fullmatch(text))


def bucket_class(bucket: str) -> str:
    """The colour of a bucket: the same days have the same colour whatever the list of buckets."""
    if bucket in ("not_due", "unapplied"):
        return {"not_due": "b0", "unapplied": "bu"}[bucket]
    days = _ABOVE.fullmatch(bucket)
    first = int(days[1]) + 1 if days else int(bucket.split("-", maxsplit=1)[0]) if _SPAN.fullmatch(bucket) else 0
    return class_of_days(first)


def class_of_days(days: int) -> str:
    """The colour class for so many days past due."""
    if days <= 0:
        return "b0"
    return next(name for limit, name in ((30, "b1"), (60, "b2"), (90, "b3"), (10**9, "b4")) if days <= limit)


def days_word(days: int) -> str:
    """``3 days late`` / ``not due``; a day count says which way it counts."""
    if days <= 0:
        return str(_("not due"))
    return ngettext("{days} day late", "{days} days late", days).format(days=f"{days:,}")
