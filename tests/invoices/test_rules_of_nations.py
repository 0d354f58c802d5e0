"""What XRechnung and Peppol ask beyond EN 16931, in both syntaxes; a plain invoice is not asked for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from huikuan.invoices.reading import parse_invoice
from huikuan.invoices.rules import check_invoice
from tests.invoices import builders as build
from tests.invoices.european import PEPPOL
from tests.invoices.samples import Sample

pytestmark = pytest.mark.practice("D10")
PLAIN = "urn:cen.eu:en16931:2017"
FORMS = pytest.mark.parametrize("form", [build.ubl, build.cii])


def rules_in(data: bytes, *, warnings: bool = False) -> list[str]:
    faults = [fault for document in parse_invoice(data, "x.xml") for fault in check_invoice(document)]
    return [fault.rule for fault in faults if warnings or not fault.is_warning]


@FORMS
@pytest.mark.parametrize(
    ("part", "rule"),
    [
        ("contacts", "BR-DE-2"),
        ("Supplier_city", "BR-DE-3"),
        ("Supplier_post_code", "BR-DE-4"),
        ("contact", "BR-DE-5"),
        ("phone", "BR-DE-6"),
        ("email", "BR-DE-7"),
        ("Customer_city", "BR-DE-8"),
        ("Customer_post_code", "BR-DE-9"),
        ("buyer_reference", "BR-DE-15"),
    ],
)
def test_xrechnung_asks_for_more(form, part: str, rule: str) -> None:
    sample = Sample()
    assert rules_in(form(sample)) == []
    assert rules_in(form(sample.lacking(part))) == [rule]
    assert rules_in(form(replace(sample.lacking(part), specification=PLAIN))) == []


@FORMS
@pytest.mark.parametrize(
    ("part", "rule"),
    [
        ("process", "PEPPOL-EN16931-R001"),
        ("Customer_endpoint", "PEPPOL-EN16931-R010"),
        ("Supplier_endpoint", "PEPPOL-EN16931-R020"),
    ],
)
def test_peppol_asks_for_more(form, part: str, rule: str) -> None:
    sample = replace(Sample(), specification=PEPPOL)
    assert rules_in(form(sample)) == []
    assert rules_in(form(sample.lacking(part))) == [rule]


@FORMS
def test_peppol_asks_for_a_reference_of_either_kind(form) -> None:
    sample = replace(Sample(), specification=PEPPOL)
    assert rules_in(form(sample.lacking("buyer_reference"))) == []
    assert rules_in(form(replace(sample.lacking("buyer_reference"), order=""))) == ["PEPPOL-EN16931-R003"]


@FORMS
def test_a_line_must_be_quantity_times_price_for_peppol(form) -> None:
    sample = replace(Sample(), specification=PEPPOL).but(line0="1000.03")
    assert "PEPPOL-EN16931-R120" in rules_in(form(sample))
    assert "PEPPOL-EN16931-R120" not in rules_in(form(sample.but(line0="1000.02")))


@FORMS
def test_cash_discount_is_written_as_agreed(form) -> None:
    for terms, rules in (
        ("30 days net", []),
        ("#SKONTO#TAGE=14#PROZENT=2.00#", []),
        ("#SKONTO#TAGE=14#PROZENT=2.00#BASISBETRAG=500.00#", []),
        ("#SKONTO#TAGE=14#PROZENT=2#", ["BR-DE-18"]),
        ("#RABATT#TAGE=14#PROZENT=2.00#", ["BR-DE-18"]),
    ):
        assert rules_in(form(replace(Sample(), terms=terms))) == rules, terms


def test_the_way_of_paying_has_its_details() -> None:
    text = build.ubl(Sample()).decode()
    start, stop = text.index("<cac:PaymentMeans>"), text.index("</cac:PaymentMeans>") + len("</cac:PaymentMeans>")

    def paying(code: str, inside: str = "") -> str:
        means = f"<cac:PaymentMeans><cbc:PaymentMeansCode>{code}</cbc:PaymentMeansCode>{inside}</cac:PaymentMeans>"
        return text[:start] + means + text[stop:]

    assert rules_in((text[:start] + text[stop:]).encode()) == ["BR-DE-1"]
    assert rules_in(paying("54").encode()) == ["BR-DE-24"]
    assert rules_in(paying("54", "<cac:CardAccount/>").encode()) == []
    assert rules_in(paying("59").encode()) == ["BR-DE-25"]
    mandate = "<cac:PaymentMandate><cbc:ID>M-1</cbc:ID></cac:PaymentMandate>"
    assert rules_in(paying("59", mandate).encode()) == ["BR-DE-30", "BR-DE-31"]


def test_a_corrected_invoice_should_name_the_one_it_corrects() -> None:
    text = build.ubl(Sample()).decode().replace("TypeCode>380<", "TypeCode>384<")
    assert rules_in(text.encode()) == []
    assert rules_in(text.encode(), warnings=True) == ["BR-DE-26"]
    assert rules_in(text.replace(">384<", ">383<").encode()) == ["BR-DE-17"]
