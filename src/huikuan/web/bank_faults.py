"""The faults of bank files, remittance advice and collections in the reader's language; see ``faults``."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

SENTENCES: dict[str, str | Promise] = {
    "bank.amount": _("The amount cannot be read."),
    "bank.balance": _("The balance cannot be read."),
    "bank.balance_currency": _("Opening and closing balance are in different currencies."),
    "bank.closing_balance": _("Opening balance and lines do not add up to the closing balance."),
    "bank.control_total": _("The file's control total is not the sum of its amounts."),
    "bank.count": _("The file counts more or fewer lines than it holds: it is not complete."),
    "bank.currency": _("The currency is not known."),
    "bank.cut": _("The bank file is cut off."),
    "bank.damaged": _("The bank file is damaged here."),
    "bank.date": _("The day cannot be read."),
    "bank.day_ahead": _("The day lies far in the future: is the year right, and which comes first, day or month?"),
    "bank.date_order": _("Day and month cannot be told apart: say which comes first."),
    "bank.error_answer": _("The bank answered with an error instead of a statement."),
    "bank.line": _("The line is not written as MT940 demands."),
    "bank.mark": _("It is not said whether money came or went."),
    "bank.no_account": _("The statement names no account."),
    "bank.no_closing_balance": _("The statement has no closing balance: the file is cut off."),
    "bank.no_currency": _("The file names no currency: name one."),
    "bank.no_headings": _("No row of headings names a day and an amount."),
    "bank.no_statement": _("The file holds no statement."),
    "bank.not_recognised": _("This is no bank or wallet file that is known."),
    "bank.record": _("The record is not known to BAI2."),
    "bank.repeated_field": _("A field stands twice in one statement: the file is damaged."),
    "bank.running_balance": _("The balance after this line does not follow from the one before."),
    "bank.too_precise": _("More decimal places than the currency has."),
    "bank.two_amounts": _("The row has money both in and out."),
    "bank.type": _("The type of transaction is not known."),
    "collection.bad_amount": _("The amount cannot be collected."),
    "collection.bad_bic": _("The BIC is not valid."),
    "collection.bad_creditor_id": _("The creditor identifier is not valid."),
    "collection.bad_iban": _("The IBAN is not valid."),
    "collection.bad_id": _("The reference has letters that SEPA does not allow, or is too long."),
    "collection.bad_scheme": _("The scheme is neither CORE nor B2B."),
    "collection.bad_sequence": _("The sequence is none of FRST, RCUR, FNAL and OOFF."),
    "collection.no_name": _("The name is missing."),
    "collection.none": _("There is nothing to collect."),
    "collection.repeated": _("The reference is used twice."),
    "collection.signed_late": _("The mandate was signed after the day of collection."),
    "file.line_too_long": _("A line of the file is endless."),
    "pain.missing": _("The message lacks a required element."),
    "pain.namespace": _("The message is not pain.008.001.02."),
    "pain.order": _("The elements are not in the order of the schema."),
    "pain.sum": _("The message's control sums are wrong."),
    "pain.value": _("A value is not what the schema allows."),
    "remittance.broken": _("The mail cannot be read."),
    "remittance.not_recognised": _("No document with a number and an amount is named in it."),
    "remittance.too_deep": _("Mails inside mails inside mails are not opened."),
    "remittance.too_many_parts": _("The mail has too many parts."),
    "xml.broken": _("The XML is damaged or cut off."),
    "xml.entities": _("The XML declares entities, which are not accepted."),
}

PROFILE = _("the bank's profile cannot be used: {why}")
"""A refusal of its own; here so that it stands in the catalog."""
