"""The faults of bank files, remittance advice and collections in the reader's language; see ``faults``."""

from __future__ import annotations

import re
from functools import cache

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from huikuan.core.said import Said

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
    "bank_statement.other_currency": _("The account is kept in another currency."),
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
    "shop_file.bad_amount": _("This is no amount."),
    "shop_file.bad_day": _("This is no day, or one that could be read in two ways."),
    "shop_file.changed": _("An earlier file says another amount of this."),
    "shop_file.day_ahead": _("The day lies in the future."),
    "shop_file.no_table": _("No table with a day and an amount of sales was found."),
}

PROFILE = _("the bank's profile cannot be used: {why}")
"""A refusal of its own; here so that it stands in the catalog."""

EXACT = (
    Said(
        "the balance was {before}, the line is {line}, the balance after it should be {after} and the file says {told}"
    ),
    Said("opening balance {opening} + {count} lines {lines} = {sum}, but the closing balance is {closing}"),
    Said("the opening balance is {told}, but the balance after this line ({line}) is {after}"),
    Said("the closing balance is {told}, but the balance after this line ({line}) is {after}"),
    Said("the opening balance is in {opening}, the closing one in {closing}"),
    Said("the row has a day and no amount"),
    Said("the row has an amount and no day"),
    Said("the row has money both in and out"),
    Said("{value} is not an amount in the currency's smallest unit"),
    Said("{value} is not an amount"),
    Said("{value} is not a day such as 260131"),
    Said("{value} is not a day"),
    Said("{value} does not begin with days of the calendar"),
    Said("{value} does not tell whether money came or went"),
    Said("{value} is not a currency"),
    Said("{value} is not a line such as 2601310131C12,50NTRFNONREF//123"),
    Said("{value} is not a balance such as C260131EUR1234,56"),
    Said("{day} lies in the future"),
    Said("the line is in {currency}, the account in {own}"),
    Said("the opening balance is in {currency}, the account in {own}"),
    Said("the closing balance is in {currency}, the account in {own}"),
    Said("{amount} has more decimal places than {currency} has"),
    Said("no row of headings names a day and an amount; the fullest row reads: {headings}"),
    Said("the summary counts {told} entries, the file holds {count}: it is not complete"),
    Said("the control total is {told}, the amounts add up to {sum}"),
    Said("the trailer counts {told} records, there are {count}"),
    Said("the XML is damaged or cut off: {why}"),
    Said("{field} stands twice in one statement: the file is damaged or a line is missing before it"),
)
"""Sentences of the readers that say more than their code, as templates: these a reader gets whole in any language."""


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    return [
        (re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+?)", re.escape(one.template)), re.DOTALL), one.template)
        for one in EXACT
    ]


def template_of(reason: str) -> Said | None:
    """The template a reader's sentence follows, with what stands in it; ``None`` where none is known."""
    for pattern, template in _patterns():
        if found := pattern.fullmatch(reason):
            return Said(template, dict(found.groupdict()))
    return None
