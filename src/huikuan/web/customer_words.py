"""What the codes of the customer file are called on the screen."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from huikuan.web.words import ENTRY_KINDS, EVIDENCE_TYPES, IMPORT_KINDS, Words

CONTACT_PARTS: Words = {
    "decides": _("Decides"),
    "accepts": _("Accepts the work"),
    "signs": _("Signs"),
    "pays": _("Pays"),
    "everyday": _("Everyday contact"),
    "legal": _("Legal matters"),
}

NOTE_KINDS: Words = {
    "note": pgettext_lazy("remark", "Note"),
    "observation": _("Observation"),
    "call": _("Call"),
    "visit": _("Visit"),
}

TIMELINE_KINDS: Words = {
    "items": _("Items"),
    "cash": _("Money"),
    "adjustments": _("Write-offs and reversals"),
    "documents": pgettext_lazy("evidence", "Documents"),
    "notes": _("Notes and calls"),
    "file": _("Customer file"),
    "imports": _("Imports"),
}

FILE_EVENTS: Words = {
    "customer": _("Master data changed"),
    "account": _("Terms or limit changed"),
    "contact": _("Contact changed"),
    "habits": _("How it pays changed"),
    "payer_account": _("Payer account changed"),
    "merged": _("Duplicate merged"),
    "unmerged": _("Merge undone"),
    "withdrawn": _("Document withdrawn"),
}

EVENT_CODES: Words = {**IMPORT_KINDS, **EVIDENCE_TYPES, **NOTE_KINDS, **ENTRY_KINDS, **FILE_EVENTS}

HABIT_FIELDS: Words = {
    "budget_needed": _("Needs a budget first"),
    "invoice_needs": _("What must be on the invoice"),
    "closing_day": _("Books close on"),
    "run_days": _("Pays on days of the month"),
    "run_weekdays": _("Pays on weekdays"),
    "run_moves": _("A day off moves"),
    "transfer_days": _("Working days until money is here"),
    "steps": _("Approval steps"),
}

FILE_FIELDS: Words = {
    **HABIT_FIELDS,
    "name": _("Legal name"),
    "registration_number": _("Registration number"),
    "country": _("Country"),
    "region": _("Region"),
    "address": _("Address"),
    "distance_km": _("Distance from us, km"),
    "industry": _("Industry"),
    "segment": _("Segment"),
    "language": _("Language"),
    "currency": _("Usual currency"),
    "tax_number": _("Tax number"),
    "invoice_title": _("Name on invoices"),
    "invoice_address": _("Address and telephone on invoices"),
    "invoice_bank": _("Bank and account on invoices"),
    "invoice_mail": _("E-invoices go to"),
    "parent": _("Belongs to the group of"),
    "aliases": _("Another name"),
    "terms_days": _("Terms (net days)"),
    "credit_limit_minor": _("Credit limit"),
    "payer_account": _("Payer account"),
    "added": _("Contact added"),
    "changed": _("Contact changed"),
    "erased": _("Contact erased"),
}

PAIR_REASONS: Words = {
    "registration": _("same registration number"),
    "payer_account": _("same payer account"),
    "name": _("alike names"),
}
