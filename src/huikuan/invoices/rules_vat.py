"""The rules of the VAT breakdown and of each VAT category (BR-S-08 and its kin)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal

from huikuan.invoices.codes import CATEGORIES, NEED_EXEMPTION, TAXED
from huikuan.invoices.document import ZERO, Fault, InvoiceDocument, TaxLine

TOLERANCE = Decimal(1)
"""Up to this difference between tax and base × rate is a warning: the official validators accept it, because tax may
have been rounded line by line."""
_CENT = Decimal("0.01")


def vat_faults(document: InvoiceDocument) -> Iterator[Fault]:
    yield from _breakdown(document)
    yield from _members(document)
    for one in document.tax_lines:
        if one.category in CATEGORIES:
            yield from _category(document, one)


def _breakdown(document: InvoiceDocument) -> Iterator[Fault]:
    if not document.tax_lines:
        yield Fault("BR-CO-18", document.path_of("tax_lines"), "there is no VAT breakdown")
    for one in document.tax_lines:
        for rule, is_missing, sentence in (
            ("BR-45", one.net is None, "the taxable amount is missing"),
            ("BR-46", one.tax is None, "the tax amount is missing"),
            ("BR-47", not one.category, "the VAT category is missing"),
            ("BR-48", one.rate is None and one.category != "O", "the VAT rate is missing"),
        ):
            if is_missing:
                yield Fault(rule, one.path, sentence)
        if one.category and one.category not in CATEGORIES:
            yield Fault("BR-CL-17", one.path, "{text} is not a VAT category", {"text": one.category[:20]})
        for amount, rule in ((one.net, "BR-DEC-19"), (one.tax, "BR-DEC-20")):
            if amount is not None and amount != round(amount, 2):
                yield Fault(rule, one.path, "{text} has more than two decimal places", {"text": f"{amount:f}"})
        if one.rate is not None and one.rate != round(one.rate, 2):
            yield Fault(
                "RATE", one.path, "a rate of {text} % has more than two decimal places", {"text": str(one.rate)}
            )
        if one.rate is not None and one.net is not None and one.tax is not None:
            yield from _taxed(one)


def _taxed(one: TaxLine) -> Iterator[Fault]:
    counted = ((one.net or ZERO) * (one.rate or ZERO) / 100).quantize(_CENT, ROUND_HALF_UP)
    said = one.tax or ZERO
    if said == counted:
        return
    yield Fault(
        "BR-CO-17",
        one.path,
        "the tax is {said}, {net} at {rate} % make {counted}",
        {"said": f"{said:f}", "net": f"{one.net:f}", "rate": f"{one.rate:f}", "counted": f"{counted:f}"},
        is_warning=abs(said - counted) < TOLERANCE,
    )


def _members(document: InvoiceDocument) -> Iterator[Fault]:
    """Categories and rates of lines, allowances and charges, and that each has its place in the breakdown."""
    listed = {one.category for one in document.tax_lines}
    missing: dict[str, str] = {}
    for category, rate, path, step in _parts(document):
        if not category:
            continue
        if category not in CATEGORIES:
            yield Fault("BR-CL-18", path, "{text} is not a VAT category", {"text": category[:20]})
            continue
        name = CATEGORIES[category]
        if category in {"S"} and (rate is None or rate <= 0):
            yield Fault(f"BR-{name}-{step}", path, "standard-rated, and no rate above zero")
        elif category in TAXED and rate is None:
            yield Fault(f"BR-{name}-{step}", path, "the VAT rate is missing")
        elif category not in TAXED and rate is not None and (rate != 0 or category == "O"):
            yield Fault(f"BR-{name}-{step}", path, "category {category} has no rate", {"category": category})
        elif category not in TAXED and category != "O" and rate is None:
            yield Fault(f"BR-{name}-{step}", path, "category {category} needs a rate of 0", {"category": category})
        if category not in listed:
            missing.setdefault(category, path)
    for category, path in missing.items():
        rule = f"BR-{CATEGORIES[category]}-01"
        yield Fault(rule, path, "category {category} is not in the VAT breakdown", {"category": category})
    if not document.seller.tax_id and any(line.category == "S" for line in document.lines):
        yield Fault("BR-S-02", document.seller.path, "standard-rated, and the seller has no VAT number")


def _parts(document: InvoiceDocument) -> Iterator[tuple[str, Decimal | None, str, str]]:
    """(category, rate, path, last part of the rule's name) of everything that has a category."""
    for line in document.lines:
        yield line.category, line.rate, line.path, "05"
    for one in document.adjustments:
        yield one.category, one.rate, one.path, "07" if one.is_charge else "06"


def _category(document: InvoiceDocument, one: TaxLine) -> Iterator[Fault]:
    name = CATEGORIES[one.category]
    counted = _base(document, one)
    if counted is not None and one.net is not None and one.net != counted:
        yield Fault(
            f"BR-{name}-08",
            one.path,
            "the taxable amount is {said}, what has this category and rate adds up to {counted}",
            {"said": f"{one.net:f}", "counted": f"{counted:f}"},
        )
    if one.category not in TAXED and one.tax:
        yield Fault(f"BR-{name}-09", one.path, "category {category} has no tax", {"category": one.category})
    if one.category in NEED_EXEMPTION and not one.has_exemption:
        yield Fault(f"BR-{name}-10", one.path, "the reason for the exemption is missing")
    if one.category not in NEED_EXEMPTION and one.has_exemption:
        yield Fault(f"BR-{name}-10", one.path, "category {category} has no exemption", {"category": one.category})


def _base(document: InvoiceDocument, one: TaxLine) -> Decimal | None:
    """What of the document has this category (and, where it has rates, this rate)."""
    total = ZERO
    for line in document.lines:
        if _same(line.category, line.rate, one):
            if line.net is None:
                return None
            total += line.net
    for adjustment in document.adjustments:
        if _same(adjustment.category, adjustment.rate, one):
            if adjustment.amount is None:
                return None
            total += adjustment.amount if adjustment.is_charge else -adjustment.amount
    return total


def _same(category: str, rate: Decimal | None, one: TaxLine) -> bool:
    return category == one.category and (category not in TAXED or rate == one.rate)
