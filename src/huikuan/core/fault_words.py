"""The faults of a file in the reader's language.

A reader writes its reasons in English, exact and complete. In another language a reason that follows a known template
is said whole; elsewhere a fault is told by its code, and where the English sentence knows more than the code (the other
row of a duplicate, say), it follows in brackets.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from huikuan.core import fault_words_bank
from huikuan.core.refusals import DataError
from huikuan.core.said import Said, fill

SENTENCES: dict[str, Said] = {
    "application.before_item": Said("Dated before its item: counts from the item's day."),
    "application.changed": Said("The ledger has this application otherwise; it is left as it is."),
    "application.currency": Said("Receipt and item are in different currencies."),
    "application.currency_needs_amount": Said("Receipt and item are in different currencies: post this one by hand."),
    "application.dates": Said("The rows of one application have different dates."),
    "application.fund_exceeded": Said("More than is left of the receipt."),
    "application.other_customer": Said("The item belongs to another customer than the money."),
    "application.other_row": Said("Another row of the same application is faulty."),
    "application.over_applied": Said("More than is still open on the item."),
    "application.over_unapplied": Said("More is taken back than was ever applied."),
    "application.too_long": Said("One application has too many rows."),
    "application.zero_amount": Said("The amount is zero: there is nothing to apply."),
    "bool.unparseable": Said("Neither yes nor no."),
    "cell.missing": Said("A required value is missing."),
    "cell.no_value": Said("The cell holds a formula without a value: open the file in the spreadsheet and save it."),
    "column.ambiguous": Said("Two columns fit equally well: say which one is meant."),
    "column.duplicate": Said("Two columns have the same heading."),
    "column.guessed": Said("The column was recognised by its heading or content."),
    "column.missing": Said("A required column is missing."),
    "column.stands_in": Said("Another column stands in for this one."),
    "column.type": Said("The column holds the wrong type of data."),
    "column.unit": Said("The column's amounts are in thousands or ten thousands: give them in full."),
    "currency.assumed": Said("The currency was assumed."),
    "currency.conflict": Said("The file's currency and the one given differ."),
    "currency.missing": Said("No currency: name one for rows without."),
    "customer.unknown_parent": Said("The parent is not known."),
    "customer.own_parent": Said("A customer cannot be its own parent."),
    "date.ambiguous": Said("Day and month cannot be told apart: choose a layout that says their order."),
    "date.guessed": Said("The order of day and month was read from the column."),
    "date.out_of_range": Said("The date is not within 1900 to 2199."),
    "date.serial": Said("Numbers were read as spreadsheet dates."),
    "date.time_dropped": Said("The time of day was left out."),
    "date.unparseable": Said("Not a date: write it as 2026-03-31."),
    "entity.forbidden": Said("You may not post into this legal entity."),
    "entity.missing": Said("No legal entity: choose one for rows without."),
    "entity.unknown": Said("This legal entity is not known."),
    "exchange.no_rate": Said("An exchange rate is missing."),
    "file.binary": Said("The file is not text."),
    "file.broken": Said("The file is damaged."),
    "file.cut": Said("The file is cut off."),
    "file.empty": Said("The file is empty."),
    "file.encoding": Said("The encoding is neither UTF-8 nor GB18030 throughout."),
    "file.encrypted": Said("The file is protected with a password."),
    "file.entities": Said("The file holds unsafe definitions."),
    "file.no_header": Said("No row of headings was found."),
    "file.no_rows": Said("The file has headings but no rows."),
    "file.quote": Said("A quotation mark is not closed."),
    "file.sheet": Said("The workbook has no such sheet."),
    "file.too_large": Said("The file is too large."),
    "file.too_many_rows": Said("The file has too many rows."),
    "file.unknown_type": Said("The type of file is not known: hand in CSV, Excel (.xlsx) or Parquet."),
    "file.unreadable": Said("The file cannot be read."),
    "file.wrong_content": Said("The content does not fit the file's ending."),
    "file.zip_bomb": Said("The workbook unpacks to far more than its size: refused for safety."),
    "gl.bad_account": Said("Not an account number of the general ledger's length."),
    "gl.bad_character": Said("A character the format does not have; voucher numbers can stand as reference instead."),
    "gl.too_long": Said("Longer than the field of the format."),
    "gl.too_many_lines": Said("More lines than the format takes: group by entry or by day."),
    "gl.too_precise": Said("More decimal places than the format has."),
    "gl.unknown_dimension": Said("Nothing a voucher's line can show."),
    "golive.bad_line": Said("A line is account, currency, amount."),
    "golive.no_control_account": Said("Not a control account."),
    "id.digits_lost": Said("A number of more than 15 digits has lost some: format the column as text."),
    "id.mangled": Said("The spreadsheet has rewritten the number: format the column as text."),
    "import.repeated": Said("This very file was posted before."),
    "instant.no_offset": Said("The time has no zone: add one such as +08:00."),
    "instant.unparseable": Said("Not an instant such as 2026-03-31T17:00:00+08:00."),
    "item.after_snapshot": Said("Posted after the day of the snapshot."),
    "item.changed": Said("Differs from the ledger: taken back and posted anew."),
    "item.not_reposted": Said(
        "Recoveries, payments across currencies and the like on the old version are not posted again: do so by hand."
    ),
    "item.open_above": Said("More is open in the file than in the ledger; nothing is changed."),
    "item.other_customer": Said("The ledger has this item under another customer."),
    "item.unknown": Said("This item is not known."),
    "item.due_before_document": Said("The due date is before the document date."),
    "item.negative": Said("Negative, but not a credit memo: give its kind."),
    "item.open_amount_outside": Said("The open amount does not lie between zero and the amount."),
    "item.positive_credit": Said("A credit memo, deposit or payment on account must be negative."),
    "item.settled_before_document": Said("Settled before its document date."),
    "item.unknown_kind": Said("Not a kind of item."),
    "item.zero_amount": Said("The amount is zero: nothing is owed."),
    "key.duplicate": Said("This number occurs more than once in the file."),
    "money.digits_lost": Said("More than 15 digits: a spreadsheet's number cannot hold them."),
    "money.symbol_mismatch": Said("The currency sign does not fit the row's currency."),
    "money.too_large": Said("The amount is too large."),
    "money.too_precise": Said("More decimal places than the currency has."),
    "money.unknown_currency": Said("Not an ISO 4217 currency."),
    "money.unparseable": Said("Not an amount: write it as 1234.56."),
    "number.ambiguous": Said(
        "Point and comma cannot be told apart: choose a layout that says how amounts are written."
    ),
    "number.guessed": Said("How amounts are written was read from the column."),
    "percent.fractions": Said("No percentage reaches 1: read as percent (0.02 is 0.02 %), not as parts of one."),
    "percent.outside": Said("The percentage is not within 0 to 100."),
    "profile.kind": Said("This layout reads another kind of file."),
    "profile.note": Said("A note of this layout."),
    "receipt.changed": Said("Differs from the ledger: taken back and posted anew."),
    "receipt.not_reposted": Said(
        "Recoveries, payments across currencies and the like on the old version are not posted again: do so by hand."
    ),
    "receipt.not_positive": Said("Money received must be positive; money sent back is a refund."),
    "receipt.refunded": Said("Money of it was sent back: reverse the refund first."),
    "receipt.unknown": Said("This receipt is not known."),
    "receipt.negative": Said("Negative: read as money given back."),
    "receipt.zero_amount": Said("The amount is zero: nothing was received."),
    "row.total": Said("A row of totals was left out."),
    "row.width": Said("The row has another number of cells than the headings."),
    "table.unreadable": Said("The table cannot be read."),
    "terms.unknown": Said("These terms give no net days: write the number of days."),
    "text.control": Said("The text holds invisible control characters."),
    "text.too_long": Said("The text is too long."),
}

EXACTER = frozenset(
    {
        *("gl.bad_account", "gl.bad_character", "gl.too_long", "gl.too_many_lines", "gl.too_precise"),
        *("key.duplicate", "column.missing", "column.ambiguous", "column.duplicate", "column.guessed"),
        *("column.stands_in", "currency.assumed", "currency.conflict", "date.guessed", "number.guessed", "column.unit"),
        *(
            "exchange.no_rate",
            "import.repeated",
            "item.changed",
            "receipt.changed",
            "item.not_reposted",
            "receipt.not_reposted",
            "entity.unknown",
            "application.currency",
        ),
        *("file.too_large", "file.too_many_rows", "file.encoding", "file.sheet", "row.width", "item.unknown_kind"),
    }
)
"""Codes whose English sentence names something that the code does not."""


NOTES = frozenset({"profile.note"})
"""Codes whose sentence is fixed and stands in the catalog itself."""

EXACT = (
    *fault_words_bank.EXACT,
    Said("amounts are read as {format}, as {example} shows"),
    Said("the column is read as {field}: {why}"),
    Said("the file has no {missing}: this column stands for it"),
    Said("the column {heading} (for {field}) is missing; the file has {headings}"),
    Said("the required column {field} is missing; the file has {headings}"),
    Said("a column {fields} is required; the file has {headings}"),
    Said("{field} could be any of: {headings}; say which one by a profile or a mapping"),
    Said("{field} could be any of: {headings}; none is used"),
    Said("the profile {profile} says {currency}, the run {other}"),
    Said("the heading {heading} stands {times} times: make it unique"),
    Said("amounts without a currency are taken as {currency} (profile {profile})"),
    Said("the heading says amounts are in units of {unit}: use a profile with amount_unit = {same}"),
    Said("the row has {cells} cells, the headings {width}: a delimiter or quote is missing or too many"),
    Said("{value} is not a kind of item: use {kinds}"),
    Said("the file has {size} bytes, more than the limit of {limit}"),
    Said("the file has {columns} columns"),
    Said("there is no sheet {sheet}; the workbook has {sheets}"),
    Said("the text is neither UTF-8 nor GB18030: save it as CSV UTF-8"),
    Said("the file is damaged: it is not UTF-8 here"),
)
"""Sentences of the readers that say more than their code, as templates: these a reader gets whole in any language."""

_ROWS = Said("rows {rows}")
FOUND = (Said("1 fault found, nothing was written"), Said("{total} faults found, nothing was written"))
"""What ``BadData`` says; here so that it stands in the catalog."""
Translate = Callable[[str], str]


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


def fault_sentence(fault: DataError, translate: Translate) -> str:
    """``fault`` as a sentence, put together by ``translate`` (English → the reader's language); the reader's own words
    where the code is new."""
    sentence = SENTENCES.get(fault.code) or fault_words_bank.SENTENCES.get(fault.code)
    if sentence is None:
        return fault.reason
    if fault.code in NOTES:
        return translate(fault.reason)
    told = translate(sentence.template)
    if fault.code not in EXACTER and fault.code not in fault_words_bank.SENTENCES:
        return told
    if exact := template_of(fault.reason):
        params = {name: translate(str(text)) if name == "why" else text for name, text in exact.params.items()}
        return fill(translate(exact.template), params)
    rows = fault.reason.rpartition(" rows: ")[2] if fault.code == "key.duplicate" else fault.reason
    exacter = fault.reason if rows == fault.reason else fill(translate(_ROWS.template), {"rows": rows})
    return f"{told}（{exacter}）"
