"""The rules: each said under its name and with the place it stands at; no wrong sum gets past them."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huikuan.core.ibans import is_iban
from huikuan.invoices.document import Fault
from huikuan.invoices.reading import parse_invoice
from huikuan.invoices.rules import check_invoice
from tests.invoices import builders as build
from tests.invoices.builders import D, Fapiao, Row, Sample

pytestmark = pytest.mark.practice("D10")


def faults_of(data: bytes) -> list[Fault]:
    return [fault for document in parse_invoice(data, "invoice") for fault in check_invoice(document)]


def rules_in(data: bytes) -> set[str]:
    return {fault.rule for fault in faults_of(data) if not fault.is_warning}


SUMS = {
    "lines_net": "BR-CO-10",
    "allowances": "BR-CO-11",
    "charges": "BR-CO-12",
    "net": "BR-CO-13",
    "tax": "BR-CO-14",
    "gross": "BR-CO-15",
    "payable": "BR-CO-16",
    "prepaid": "BR-CO-16",
    "base0": "BR-S-08",
    "base1": "BR-S-08",
    "tax0": "BR-CO-14",
    "line0": "BR-CO-10",
    "line1": "BR-S-08",
}


@pytest.mark.parametrize("name", SUMS)
@pytest.mark.parametrize("form", [build.ubl, build.cii])
def test_a_wrong_sum_breaks_its_rule(form, name: str) -> None:
    sample = Sample(allowance=D("50.00"), charge=D("8.00"))
    assert SUMS[name] in rules_in(form(sample.but(**{name: "777.77"})))


amounts = st.integers(1, 10_000_000).map(lambda cents: D(cents).scaleb(-2))
rows = st.builds(
    lambda net, kind: Row("Thing", net, *kind),
    amounts,
    st.sampled_from([("S", D(19)), ("S", D(7)), ("S", D("8.1")), ("Z", D(0)), ("AE", D(0))]),
)


@settings(max_examples=120, deadline=None)
@given(
    data=st.data(),
    lines=st.lists(rows, min_size=1, max_size=6),
    allowance=st.just(D("0.00")) | amounts,
    charge=st.just(D("0.00")) | amounts,
    prepaid=st.just(D("0.00")) | amounts,
    is_credit=st.booleans(),
    delta=st.integers(-500, 500).filter(bool),
)
def test_any_sum_changed_is_caught(data, lines, allowance, charge, prepaid, is_credit, delta) -> None:
    sample = Sample(rows=tuple(lines), allowance=allowance, charge=charge, prepaid=prepaid, is_credit=is_credit)
    form = data.draw(st.sampled_from([build.ubl, build.cii]))
    # Several lines of one category with a base below zero and the like are right as long as the sums are.
    assert faults_of(form(sample)) == []
    right = sample.totals() | {f"line{number}": str(row.net) for number, row in enumerate(sample.rows)}
    for number, (_, _, base, tax) in enumerate(sample.taxes()):
        right |= {f"base{number}": base, f"tax{number}": tax}
    name = data.draw(st.sampled_from(sorted(right)))
    wrong = sample.but(**{name: str(D(right[name]) + D(delta).scaleb(-2))})
    assert any(not fault.is_warning for fault in faults_of(form(wrong))), name


@settings(max_examples=80, deadline=None)
@given(
    data=st.data(),
    nets=st.lists(st.integers(1, 10_000_000), min_size=1, max_size=5),
    delta=st.integers(-500, 500).filter(bool),
)
def test_any_sum_of_a_chinese_invoice_changed_is_caught(data, nets, delta) -> None:
    lines = []
    for cents in nets:
        net = D(cents).scaleb(-2)
        lines.append(("*服务*咨询费", f"{net:f}", "6%", f"{(net * 6 / 100).quantize(D('0.01'), 'ROUND_HALF_UP'):f}"))
    fapiao = Fapiao(rows=tuple(lines))
    forms = [
        build.fapiao_xml,
        lambda one: build.fapiao_xlsx([one]),
        lambda one: build.pdf_with(None, text=build.fapiao_text(one)),
        build.ofd_tagged,
    ]
    form = data.draw(st.sampled_from(forms))
    assert not rules_in(form(fapiao))
    name = data.draw(st.sampled_from(["net", "tax", "gross"]))
    wrong = fapiao.but(**{name: str(D(fapiao.sums()[name]) + D(delta).scaleb(-2))})
    assert rules_in(form(wrong)), name


def without(xml: bytes, pattern: str) -> bytes:
    changed = re.sub(pattern.encode(), b"", xml, count=1, flags=re.DOTALL)
    assert changed != xml, pattern
    return changed


@pytest.mark.parametrize(
    ("rule", "pattern"),
    [
        ("BR-01", "<cbc:CustomizationID>.*?</cbc:CustomizationID>"),
        ("BR-02", "<cbc:ID>RE-2026-001</cbc:ID>"),
        ("BR-03", "<cbc:IssueDate>.*?</cbc:IssueDate>"),
        ("BR-04", "<cbc:InvoiceTypeCode>.*?</cbc:InvoiceTypeCode>"),
        ("BR-05", "<cbc:DocumentCurrencyCode>.*?</cbc:DocumentCurrencyCode>"),
        ("BR-06", "<cbc:RegistrationName>Beispiel GmbH</cbc:RegistrationName>"),
        ("BR-07", "<cbc:RegistrationName>Nordic Timber AB</cbc:RegistrationName>"),
        ("BR-08", "<cac:PostalAddress>.*?</cac:PostalAddress>"),
        ("BR-09", "<cbc:IdentificationCode>DE</cbc:IdentificationCode>"),
        ("BR-10", "(?<=Nordic Timber AB</cbc:EndpointID>)<cac:PostalAddress>.*?</cac:PostalAddress>"),
        ("BR-11", "<cbc:IdentificationCode>SE</cbc:IdentificationCode>"),
        ("BR-12", "<cbc:LineExtensionAmount[^>]*>1200.00</cbc:LineExtensionAmount>"),
        ("BR-13", "<cbc:TaxExclusiveAmount.*?</cbc:TaxExclusiveAmount>"),
        ("BR-14", "<cbc:TaxInclusiveAmount.*?</cbc:TaxInclusiveAmount>"),
        ("BR-15", "<cbc:PayableAmount.*?</cbc:PayableAmount>"),
        ("BR-16", "<cac:InvoiceLine>.*</cac:InvoiceLine>"),
        ("BR-21", "(?<=<cac:InvoiceLine>)<cbc:ID>1</cbc:ID>"),
        ("BR-22", "<cbc:InvoicedQuantity.*?</cbc:InvoicedQuantity>"),
        ("BR-23", " unitCode='C62'"),
        ("BR-24", "<cbc:LineExtensionAmount[^>]*>1000.00</cbc:LineExtensionAmount>"),
        ("BR-25", "<cbc:Name>Pump</cbc:Name>"),
        ("BR-26", "<cac:Price>.*?</cac:Price>"),
        ("BR-45", "<cbc:TaxableAmount.*?</cbc:TaxableAmount>"),
        ("BR-46", "(?<=</cbc:TaxableAmount>)<cbc:TaxAmount.*?</cbc:TaxAmount>"),
        ("BR-47", "(?<=<cac:TaxCategory>)<cbc:ID>S</cbc:ID>"),
        ("BR-48", "(?<=<cbc:ID>S</cbc:ID>)<cbc:Percent>19</cbc:Percent>(?=</cac:TaxCategory>)"),
        ("BR-49", "<cbc:PaymentMeansCode>.*?</cbc:PaymentMeansCode>"),
        ("BR-61", "<cac:PayeeFinancialAccount>.*?</cac:PayeeFinancialAccount>"),
        ("BR-CO-04", "<cac:ClassifiedTaxCategory>.*?</cac:ClassifiedTaxCategory>"),
        ("BR-CO-18", "<cac:TaxSubtotal>.*</cac:TaxSubtotal>"),
        ("BR-CO-25", "<cbc:DueDate>.*?</cbc:DueDate>"),
        ("BR-CO-26", "<cac:PartyTaxScheme>.*?</cac:PartyTaxScheme>"),
        ("BR-S-02", "<cac:PartyTaxScheme>.*?</cac:PartyTaxScheme>"),
        ("BR-S-05", "(?<=<cbc:ID>S</cbc:ID>)<cbc:Percent>19</cbc:Percent>(?=</cac:ClassifiedTaxCategory>)"),
    ],
)
def test_what_is_missing_is_named(rule: str, pattern: str) -> None:
    found = faults_of(without(build.ubl(Sample()), pattern))
    assert rule in {fault.rule for fault in found}
    assert all(fault.path.startswith("/Invoice") for fault in found)


@pytest.mark.parametrize(
    ("rule", "old", "new"),
    [
        ("BR-CL-01", ">380<", ">38O<"),
        ("BR-CL-04", "<cbc:DocumentCurrencyCode>EUR", "<cbc:DocumentCurrencyCode>EURO"),
        ("BR-CL-14", "IdentificationCode>DE<", "IdentificationCode>D<"),
        ("BR-CL-16", "PaymentMeansCode>58<", "PaymentMeansCode>580<"),
        ("BR-CL-17", "<cac:TaxCategory><cbc:ID>S<", "<cac:TaxCategory><cbc:ID>Q<"),
        ("BR-CL-18", "<cac:ClassifiedTaxCategory><cbc:ID>S<", "<cac:ClassifiedTaxCategory><cbc:ID>Q<"),
        ("BR-CO-09", ">DE123456789<", ">QQ123456789<"),
        ("BR-27", "<cbc:PriceAmount currencyID=\"EUR\">1000.00", "<cbc:PriceAmount currencyID=\"EUR\">-1000.00"),
        ("BR-DEC-12", ">1200.00</cbc:TaxExclusiveAmount>", ">1200.001</cbc:TaxExclusiveAmount>"),
        ("READ-AMOUNT", "PayableAmount currencyID=\"EUR\">1404.00", "PayableAmount currencyID=\"EUR\">1.404,00"),
        ("READ-DATE", "<cbc:DueDate>2026-06-30", "<cbc:DueDate>30.06.2026"),
        ("BR-S-10", "<cbc:Percent>19</cbc:Percent></cac:TaxCategory>", "<cbc:Percent>19</cbc:Percent>"
         "<cbc:TaxExemptionReason>x</cbc:TaxExemptionReason></cac:TaxCategory>"),
        ("BR-E-09", "<cac:TaxCategory><cbc:ID>S<", "<cac:TaxCategory><cbc:ID>E<"),
        ("BR-E-10", "<cac:TaxCategory><cbc:ID>S<", "<cac:TaxCategory><cbc:ID>E<"),
        ("BR-E-05", "<cac:ClassifiedTaxCategory><cbc:ID>S<", "<cac:ClassifiedTaxCategory><cbc:ID>E<"),
        ("BR-E-01", "<cac:ClassifiedTaxCategory><cbc:ID>S<", "<cac:ClassifiedTaxCategory><cbc:ID>E<"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(rule: str, old: str, new: str) -> None:
    xml = build.ubl(Sample())
    assert old.encode() in xml
    assert rule in {fault.rule for fault in faults_of(xml.replace(old.encode(), new.encode(), 1))}


def test_tax_rounded_by_lines_is_a_warning() -> None:
    """Validators accept less than one unit of difference between tax and base × rate; so do we, and say it."""
    sample = Sample(rows=(Row("Pump", D("1000.00")),)).but(
        tax0="190.01", tax="190.01", gross="1190.01", payable="1190.01"
    )
    (fault,) = faults_of(build.ubl(sample))
    assert (fault.rule, fault.is_warning) == ("BR-CO-17", True)
    far = sample.but(tax0="191.00", tax="191.00", gross="1191.00", payable="1191.00")
    assert rules_in(build.ubl(far)) == {"BR-CO-17"}


@pytest.mark.parametrize(
    ("rule", "fapiao"),
    [
        ("CN-01", Fapiao(number="12345678")),
        ("CN-03", Fapiao(seller="")),
        ("CN-04", Fapiao(buyer="")),
        ("CN-06", Fapiao().but(gross="1342.01")),
        ("CN-07", Fapiao().but(net="1200.01")),
        ("CN-08", Fapiao().but(tax="142.01")),
        ("CN-09", Fapiao(rows=(("*服务*费", "100.00", "12%", "12.00"),))),
        ("CN-09", Fapiao(rows=(("*服务*费", "100.00", "", "12.00"),))),
        ("CN-13", Fapiao().but(net="1200.001")),
        ("READ-DATE", Fapiao(issued="2026-02-31")),
    ],
)
def test_rules_of_chinese_invoices(rule: str, fapiao: Fapiao) -> None:
    assert rule in rules_in(build.fapiao_xml(fapiao))


def test_warnings_of_chinese_invoices() -> None:
    warned = {
        "CN-12": Fapiao(buyer_id="91110105MA0000008L"),
        "CN-10": Fapiao(rows=(("*服务*费", "100.00", "6%", "6.07"),)),
        "CN-11": Fapiao(rows=(("*服务*费", "-100.00", "6%", "-6.00"),)),
    }
    for rule, fapiao in warned.items():
        (fault,) = faults_of(build.fapiao_xml(fapiao))
        assert (fault.rule, fault.is_warning) == (rule, True)


def test_a_void_invoice_is_not_booked() -> None:
    book = build.fapiao_xlsx([Fapiao()])
    import zipfile
    from io import BytesIO

    parts = {name: zipfile.ZipFile(BytesIO(book)).read(name) for name in zipfile.ZipFile(BytesIO(book)).namelist()}
    parts["xl/sharedStrings.xml"] = parts["xl/sharedStrings.xml"].replace("正常".encode(), "已作废".encode())
    assert rules_in(build.archive(parts)) == {"CN-02"}


def test_all_faults_at_once() -> None:
    sample = replace(Sample(seller="", iban="DE75512108001245126198"), due="").but(gross="1.00", tax0="0.50")
    assert rules_in(build.ubl(sample)) >= {"BR-06", "BR-CO-14", "BR-CO-15", "BR-CO-16", "BR-CO-17", "BR-CO-25"}
    assert "READ-IBAN" in {fault.rule for fault in faults_of(build.ubl(sample))}


def test_check_digits_of_an_iban() -> None:
    assert is_iban("DE75 5121 0800 1245 1261 99")
    assert not is_iban("DE75512108001245126198")
    assert not is_iban("CN123")
