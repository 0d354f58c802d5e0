"""The faults of a file in the reader's language.

A reader writes its reasons in English, exact and complete. Elsewhere a fault is told by its code; where the English
sentence knows more than the code (the other row of a duplicate, say), it follows in brackets.
"""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from huikuan.core.refusals import DataError
from huikuan.core.said import fill
from huikuan.web import bank_faults

SENTENCES: dict[str, str | Promise] = {
    "application.before_item": _("Dated before its item: counts from the item's day."),
    "application.changed": _("The ledger has this application otherwise; it is left as it is."),
    "application.currency": _("Receipt and item are in different currencies."),
    "application.currency_needs_amount": _("Receipt and item are in different currencies: post this one by hand."),
    "application.dates": _("The rows of one application have different dates."),
    "application.fund_exceeded": _("More than is left of the receipt."),
    "application.other_customer": _("The item belongs to another customer than the money."),
    "application.other_row": _("Another row of the same application is faulty."),
    "application.over_applied": _("More than is still open on the item."),
    "application.over_unapplied": _("More is taken back than was ever applied."),
    "application.too_long": _("One application has too many rows."),
    "application.zero_amount": _("The amount is zero: there is nothing to apply."),
    "bool.unparseable": _("Neither yes nor no."),
    "cell.missing": _("A required value is missing."),
    "cell.no_value": _("The cell holds a formula without a value: open the file in the spreadsheet and save it."),
    "column.ambiguous": _("Two columns fit equally well: say which one is meant."),
    "column.duplicate": _("Two columns have the same heading."),
    "column.guessed": _("The column was recognised by its heading or content."),
    "column.missing": _("A required column is missing."),
    "column.stands_in": _("Another column stands in for this one."),
    "column.type": _("The column holds the wrong type of data."),
    "column.unit": _("The column's amounts are in thousands or ten thousands: give them in full."),
    "currency.assumed": _("The currency was assumed."),
    "currency.conflict": _("The file's currency and the one given differ."),
    "currency.missing": _("No currency: name one for rows without."),
    "customer.unknown_parent": _("The parent is not known."),
    "customer.own_parent": _("A customer cannot be its own parent."),
    "date.ambiguous": _("Day and month cannot be told apart: choose a layout that says their order."),
    "date.guessed": _("The order of day and month was read from the column."),
    "date.out_of_range": _("The date is not within 1900 to 2199."),
    "date.serial": _("Numbers were read as spreadsheet dates."),
    "date.time_dropped": _("The time of day was left out."),
    "date.unparseable": _("Not a date: write it as 2026-03-31."),
    "entity.forbidden": _("You may not post into this legal entity."),
    "entity.missing": _("No legal entity: choose one for rows without."),
    "entity.unknown": _("This legal entity is not known."),
    "exchange.no_rate": _("An exchange rate is missing."),
    "file.binary": _("The file is not text."),
    "file.broken": _("The file is damaged."),
    "file.cut": _("The file is cut off."),
    "file.empty": _("The file is empty."),
    "file.encoding": _("The encoding is neither UTF-8 nor GB18030 throughout."),
    "file.encrypted": _("The file is protected with a password."),
    "file.entities": _("The file holds unsafe definitions."),
    "file.no_header": _("No row of headings was found."),
    "file.no_rows": _("The file has headings but no rows."),
    "file.quote": _("A quotation mark is not closed."),
    "file.sheet": _("The workbook has no such sheet."),
    "file.too_large": _("The file is too large."),
    "file.too_many_rows": _("The file has too many rows."),
    "file.unknown_type": _("The type of file is not known: hand in CSV, Excel (.xlsx) or Parquet."),
    "file.unreadable": _("The file cannot be read."),
    "file.wrong_content": _("The content does not fit the file's ending."),
    "file.zip_bomb": _("The workbook unpacks to far more than its size: refused for safety."),
    "gl.bad_account": _("Not an account number of the general ledger's length."),
    "gl.bad_character": _("A character the format does not have; voucher numbers can stand as reference instead."),
    "gl.too_long": _("Longer than the field of the format."),
    "gl.too_many_lines": _("More lines than the format takes: group by entry or by day."),
    "gl.too_precise": _("More decimal places than the format has."),
    "gl.unknown_dimension": _("Nothing a voucher's line can show."),
    "golive.bad_line": _("A line is account, currency, amount."),
    "golive.no_control_account": _("Not a control account."),
    "id.digits_lost": _("A number of more than 15 digits has lost some: format the column as text."),
    "id.mangled": _("The spreadsheet has rewritten the number: format the column as text."),
    "import.repeated": _("This very file was posted before."),
    "instant.no_offset": _("The time has no zone: add one such as +08:00."),
    "instant.unparseable": _("Not an instant such as 2026-03-31T17:00:00+08:00."),
    "item.after_snapshot": _("Posted after the day of the snapshot."),
    "item.changed": _("Differs from the ledger: taken back and posted anew."),
    "item.not_reposted": _(
        "Recoveries, payments across currencies and the like on the old version are not posted again: do so by hand."
    ),
    "item.open_above": _("More is open in the file than in the ledger; nothing is changed."),
    "item.other_customer": _("The ledger has this item under another customer."),
    "item.unknown": _("This item is not known."),
    "item.due_before_document": _("The due date is before the document date."),
    "item.negative": _("Negative, but not a credit memo: give its kind."),
    "item.open_amount_outside": _("The open amount does not lie between zero and the amount."),
    "item.positive_credit": _("A credit memo, deposit or payment on account must be negative."),
    "item.settled_before_document": _("Settled before its document date."),
    "item.unknown_kind": _("Not a kind of item."),
    "item.zero_amount": _("The amount is zero: nothing is owed."),
    "key.duplicate": _("This number occurs more than once in the file."),
    "money.digits_lost": _("More than 15 digits: a spreadsheet's number cannot hold them."),
    "money.symbol_mismatch": _("The currency sign does not fit the row's currency."),
    "money.too_large": _("The amount is too large."),
    "money.too_precise": _("More decimal places than the currency has."),
    "money.unknown_currency": _("Not an ISO 4217 currency."),
    "money.unparseable": _("Not an amount: write it as 1234.56."),
    "number.ambiguous": _("Point and comma cannot be told apart: choose a layout that says how amounts are written."),
    "number.guessed": _("How amounts are written was read from the column."),
    "percent.fractions": _("No percentage reaches 1: read as percent (0.02 is 0.02 %), not as parts of one."),
    "percent.outside": _("The percentage is not within 0 to 100."),
    "profile.kind": _("This layout reads another kind of file."),
    "profile.note": _("A note of this layout."),
    "receipt.changed": _("Differs from the ledger: taken back and posted anew."),
    "receipt.not_reposted": _(
        "Recoveries, payments across currencies and the like on the old version are not posted again: do so by hand."
    ),
    "receipt.not_positive": _("Money received must be positive; money sent back is a refund."),
    "receipt.refunded": _("Money of it was sent back: reverse the refund first."),
    "receipt.unknown": _("This receipt is not known."),
    "receipt.negative": _("Negative: read as money given back."),
    "receipt.zero_amount": _("The amount is zero: nothing was received."),
    "row.total": _("A row of totals was left out."),
    "row.width": _("The row has another number of cells than the headings."),
    "table.unreadable": _("The table cannot be read."),
    "terms.unknown": _("These terms give no net days: write the number of days."),
    "text.control": _("The text holds invisible control characters."),
    "text.too_long": _("The text is too long."),
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


def _row_text(fault: DataError) -> str:
    """Which rows have the same number, without the reader's English around them; empty where it is not said so."""
    rows = fault.reason.rpartition(" rows: ")[2] if fault.code == "key.duplicate" else fault.reason
    return "" if rows == fault.reason else gettext("rows {rows}").format(rows=rows)


def fault_text(fault: DataError) -> str:
    """``fault`` as a sentence; the reader's own words where the language is English or the code is new."""
    sentence = SENTENCES.get(fault.code) or bank_faults.SENTENCES.get(fault.code)
    if sentence is None or (get_language() or "en").startswith("en"):
        return fault.reason
    if fault.code in NOTES:
        return gettext(fault.reason)
    if fault.code in bank_faults.SENTENCES and (exact := bank_faults.template_of(fault.reason)):
        return fill(gettext(exact.template), exact.params)
    exacter = _row_text(fault) or fault.reason
    return f"{sentence}（{exacter}）" if fault.code in EXACTER or fault.code in bank_faults.SENTENCES else str(sentence)
