"""What a Chinese fully digital e-invoice 数电票 must fulfil to be booked: rules of ours, CN-01 to CN-13."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal

from huikuan.core.registration import is_unified_code
from huikuan.invoices.codes import CN_RATES
from huikuan.invoices.document import Fault, InvoiceDocument, Line, Party

_CENT = Decimal("0.01")
LINE_TOLERANCE = Decimal("0.06")
"""A line's tax may differ from amount × rate by six fen, as the tax platform allows."""


def chinese_faults(document: InvoiceDocument) -> Iterator[Fault]:
    yield from _head(document)
    yield from _totals(document)
    for line in document.lines:
        yield from _line(line)
    if not document.lines and document.totals.net is not None:
        sentence = "the file has no lines: net and tax are kept without the rate"
        yield Fault("CN-09", document.path_of("lines"), sentence, is_warning=True)
    yield from _red(document)


def _head(document: InvoiceDocument) -> Iterator[Fault]:
    if not document.number:
        yield Fault("CN-01", document.path_of("number"), "the invoice number is missing")
    elif not re.fullmatch(r"[0-9]{20}", document.number):
        text = {"text": document.number[:40]}
        path = document.path_of("number")
        yield Fault("CN-01", path, "{text} is not a number of a fully digital e-invoice, which has 20 digits", text)
    if document.issue_date is None and not any(
        fault.path == document.path_of("issue_date") for fault in document.reading
    ):
        yield Fault("CN-02", document.path_of("issue_date"), "the issue date is missing")
    for rule, party in (("CN-03", document.seller), ("CN-04", document.buyer)):
        if not party.name:
            yield Fault(rule, party.path, "the name is missing")
        yield from _number(party)


def _number(party: Party) -> Iterator[Fault]:
    """Taxpayer numbers of eighteen characters carry a check character; others (persons, abroad) are as they are."""
    if len(party.tax_id) == 18 and not is_unified_code(party.tax_id):
        text = {"text": party.tax_id}
        yield Fault("CN-12", party.path, "the check character of {text} is wrong: mistyped", text, is_warning=True)


def _totals(document: InvoiceDocument) -> Iterator[Fault]:
    totals = document.totals
    for name, sentence in (
        ("net", "the amount without tax is missing"),
        ("tax", "the tax is missing"),
        ("gross", "the total with tax is missing"),
    ):
        amount = getattr(totals, name)
        path = document.path_of(name)
        if amount is None and not any(fault.path == path for fault in document.reading):
            yield Fault("CN-05", path, sentence)
        if amount is not None and amount != round(amount, 2):
            yield Fault("CN-13", path, "{text} has more than two decimal places", {"text": f"{amount:f}"})
    if totals.net is not None and totals.tax is not None and totals.gross is not None:
        counted = totals.net + totals.tax
        if counted != totals.gross:
            said = {"said": f"{totals.gross:f}", "counted": f"{counted:f}"}
            yield Fault("CN-06", document.path_of("gross"), "total with tax {said}, amount and tax are {counted}", said)
    yield from _sums(document)


def _sums(document: InvoiceDocument) -> Iterator[Fault]:
    for rule, name, sentence in (
        ("CN-07", "net", "the amount is {said}, the lines add up to {counted}"),
        ("CN-08", "tax", "the tax is {said}, the taxes of the lines add up to {counted}"),
    ):
        amounts = [getattr(line, name) for line in document.lines]
        said = getattr(document.totals, name)
        if not amounts or said is None or any(amount is None for amount in amounts):
            continue
        counted = sum(amounts, Decimal(0))
        if said != counted:
            params = {"said": f"{said:f}", "counted": f"{counted:f}"}
            yield Fault(rule, document.path_of(name), sentence, params)


def _line(line: Line) -> Iterator[Fault]:
    if line.net is None:
        yield Fault("CN-05", line.path, "the amount without tax is missing")
    if line.net is not None and line.tax is not None and line.gross is not None and line.net + line.tax != line.gross:
        said = {"said": f"{line.gross:f}", "counted": f"{line.net + line.tax:f}"}
        yield Fault("CN-06", line.path, "total with tax {said}, amount and tax are {counted}", said)
    if line.category == "?":
        yield Fault("CN-09", line.path, "the tax rate is missing or cannot be read")
        return
    if line.rate is None:
        return
    if f"{line.rate.normalize():f}" not in CN_RATES:
        yield Fault("CN-09", line.path, "{text} % is no tax rate", {"text": f"{line.rate:f}"})
    elif line.net is not None and line.tax is not None:
        counted = (line.net * line.rate / 100).quantize(_CENT, ROUND_HALF_UP)
        if abs(counted - line.tax) > LINE_TOLERANCE:
            params = {"said": f"{line.tax:f}", "counted": f"{counted:f}"}
            yield Fault("CN-10", line.path, "the tax is {said}, by the rate it would be {counted}", params, True)


def _red(document: InvoiceDocument) -> Iterator[Fault]:
    gross = document.totals.gross
    if gross is None:
        return
    if document.type_code == "red" and gross > 0:
        yield Fault("CN-11", document.path_of("gross"), "a red-letter invoice of more than zero")
    if gross < 0 and not document.preceding:
        sentence = "a red-letter invoice that does not name the invoice it takes back"
        yield Fault("CN-11", document.path_of("note"), sentence, is_warning=True)
    for one in document.preceding:
        if not re.fullmatch(r"[0-9]{8,20}", one.number):
            text = {"text": one.number[:40]}
            yield Fault("CN-11", one.path, "{text} is not the number of an invoice", text)
