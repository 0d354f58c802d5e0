"""E-invoices into the ledger: once, with their net and tax, matched to their customer, or refused with every reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from huikuan.core.refusals import BadData, Refusal
from huikuan.invoices.document import InvoiceDocument
from huikuan.invoices.reading import parse_invoice
from huikuan.queries.cache import Cache
from huikuan.services import einvoices
from huikuan.services.customers import NewCustomer, add_customers, add_entity
from huikuan.services.einvoices import import_invoices, keep_upload, post_upload, set_tax_id, upload_files
from huikuan.services.einvoices_types import InvoiceFile, Report
from huikuan.services.items import NewItem, post_items
from huikuan.services.merging import merge_customers
from huikuan.services.reversals import reverse_entry
from huikuan.services.verifying import verify
from huikuan.store.files import path_of
from huikuan.store.models import (
    AuditEvent,
    Customer,
    CustomerAccount,
    CustomerAlias,
    DocumentLink,
    EInvoice,
    EInvoiceTax,
    JournalEntry,
    OpenItem,
    OpenItemBalance,
    Posting,
    User,
)
from tests.databases import LedgerDb
from tests.invoices import builders as build
from tests.invoices.builders import D, Fapiao, Sample

pytestmark = pytest.mark.practice("D10")

NOW = datetime(2026, 6, 15, 8, 30, tzinfo=UTC)
SYSTEM = {"actor_id": None, "now": NOW}
FORMS: dict[str, Callable[[Sample], bytes]] = {"ubl": build.ubl, "cii": build.cii}


class House:
    """A German and a Chinese entity, a customer of each."""

    def __init__(self) -> None:
        self.de = add_entity("DE01", "Beispiel GmbH", "EUR", timezone="Europe/Berlin", **SYSTEM)
        self.cn = add_entity("CN01", "上海示例有限公司", "CNY", timezone="Asia/Shanghai", **SYSTEM)
        set_tax_id(self.de, "DE 123456789", **SYSTEM)
        set_tax_id(self.cn, build.SELLER_CN, **SYSTEM)
        nordic = NewCustomer("9", "Nordic Timber", registration_number="SE556677889901", terms_days=14)
        self.nordic = add_customers(self.de, [nordic], source="erp", **SYSTEM)["9"]
        hualian = NewCustomer("0001", "北京华联", aliases=("北京华联商贸有限公司",), terms_days=30)
        self.hualian = add_customers(self.cn, [hualian], source="erp", **SYSTEM)["0001"]

    def bring(self, entity_id: int, *files: bytes, **more: bool) -> Report:
        listed = [InvoiceFile(f"{number}.bin", data) for number, data in enumerate(files, start=1)]
        return import_invoices(listed, entity_id=entity_id, **SYSTEM, **more)

    def refused(self, entity_id: int, *files: bytes, **more: bool) -> list[str]:
        before = OpenItem.objects.count(), JournalEntry.objects.count(), EInvoice.objects.count()
        with pytest.raises(BadData) as stopped:
            self.bring(entity_id, *files, **more)
        assert (OpenItem.objects.count(), JournalEntry.objects.count(), EInvoice.objects.count()) == before
        dry = self.bring(entity_id, *files, dry_run=True, **more)
        codes = [fault.rule for one in dry.outcomes for fault in one.errors]
        assert [error.code for error in stopped.value.errors] == codes
        return codes


@pytest.fixture
def house(ledger_db: LedgerDb) -> House:
    return House()


def test_an_invoice_becomes_an_item_with_its_taxes(house: House) -> None:
    sample = Sample(terms="#SKONTO#TAGE=14#PROZENT=2.00#")
    data = build.ubl(sample)
    report = house.bring(house.de, data)
    assert (report.posted, report.attached, report.new_customers) == (1, 0, 0)
    item = OpenItem.objects.get(id=report.outcomes[0].item_id)
    assert (item.account_id, item.kind, item.amount_minor, item.currency) == (house.nordic, "invoice", 140400, "EUR")
    assert (item.document_number, item.external_id) == ("RE-2026-001", "DE123456789:RE-2026-001")
    assert (item.document_date, item.due_date, item.po_number) == (date(2026, 5, 31), date(2026, 6, 30), "PO-77")
    assert (item.discount_date, item.discount_bp) == (date(2026, 6, 14), 200)
    legs = Posting.objects.filter(entry_id=item.entry_id).order_by("line")
    assert [(leg.ledger_account, leg.amount_minor) for leg in legs] == [("trade", 140400), ("sales", -140400)]
    invoice = EInvoice.objects.get(item=item)
    assert (invoice.net_minor, invoice.tax_minor, invoice.gross_minor, invoice.payable_minor) == (
        120000,
        20400,
        140400,
        140400,
    )
    assert [(one.category, one.rate_bp, one.net_minor, one.tax_minor) for one in invoice.taxes.order_by("id")] == [
        ("S", 1900, 100000, 19000),
        ("S", 700, 20000, 1400),
    ]
    assert path_of(invoice.file_sha256).read_bytes() == data
    link = DocumentLink.objects.get(kind="item", object_id=item.id)
    assert (link.document.sha256, link.document.evidence_type) == (invoice.file_sha256, "invoice")
    assert AuditEvent.objects.filter(code="einvoice.post", subject=f"item:{item.id}").count() == 1


def test_the_same_again_changes_nothing(house: House) -> None:
    data = build.ubl(Sample())
    first = house.bring(house.de, data).outcomes[0].item_id
    again = house.bring(house.de, data)
    assert (again.posted, again.outcomes[0].status, again.outcomes[0].item_id) == (0, "known", first)
    # the same invoice in another format: nothing is posted, the further original is kept
    other = house.bring(house.de, build.pdf_with(build.cii(Sample())))
    assert (other.posted, other.outcomes[0].status, other.outcomes[0].item_id) == (0, "known", first)
    assert OpenItem.objects.count() == EInvoice.objects.count() == 1
    assert DocumentLink.objects.filter(kind="item", object_id=first).count() == 2


def test_the_same_invoice_twice_in_one_lot(house: House) -> None:
    report = house.bring(house.de, build.ubl(Sample()), build.cii(Sample()))
    assert [one.status for one in report.outcomes] == ["new", "known"]
    assert report.outcomes[0].item_id == report.outcomes[1].item_id
    assert DocumentLink.objects.filter(object_id=report.outcomes[0].item_id, kind="item").count() == 2
    other = replace(Sample(), number="B", rows=(build.Row("Pump", D("1.00")),))
    changed = replace(other, rows=(build.Row("Pump", D("2.00")),))
    assert house.refused(house.de, build.ubl(other), build.ubl(changed)) == ["einvoice.changed"]


def test_other_content_under_the_same_number_is_refused(house: House) -> None:
    house.bring(house.de, build.ubl(Sample()))
    changed = replace(Sample(), rows=(build.Row("Pump", D("999.00")),))
    assert house.refused(house.de, build.ubl(changed)) == ["einvoice.changed"]


@pytest.mark.parametrize("form", FORMS)
def test_a_credit_note_lowers_what_is_owed(house: House, form: str) -> None:
    credit = Sample(number="GS-1", is_credit=True, preceding="RE-2026-001")
    report = house.bring(house.de, FORMS[form](Sample()), FORMS[form](credit))
    item = OpenItem.objects.get(id=report.outcomes[1].item_id)
    assert (item.kind, item.amount_minor) == ("credit_memo", -140400)
    invoice = EInvoice.objects.get(item=item)
    assert (invoice.net_minor, invoice.tax_minor, invoice.preceding_number) == (-120000, -20400, "RE-2026-001")
    assert sum(OpenItemBalance.objects.values_list("open_minor", flat=True)) == 0


def test_what_was_paid_before_is_not_owed_again(house: House) -> None:
    report = house.bring(house.de, build.ubl(Sample(prepaid=D("404.00"))))
    item = OpenItem.objects.get(id=report.outcomes[0].item_id)
    assert item.amount_minor == 100000
    assert [fault.rule for fault in report.outcomes[0].warnings] == ["einvoice.prepaid"]
    assert house.refused(house.de, build.ubl(Sample(number="P", prepaid=D("1404.00")))) == ["einvoice.nothing_due"]


def test_chinese_invoices_and_a_red_letter(house: House) -> None:
    blue = Fapiao()
    red = Fapiao(
        number="26312000000000000025", rows=(("*设备*泵", "-1000.00", "13%", "-130.00"),), takes_back=blue.number
    )
    report = house.bring(house.cn, build.fapiao_xlsx([blue, red]))
    assert [one.status for one in report.outcomes] == ["new", "new"]
    items = [OpenItem.objects.get(id=one.item_id) for one in report.outcomes]
    assert [(item.account_id, item.kind, item.amount_minor) for item in items] == [
        (house.hualian, "invoice", 134200),
        (house.hualian, "credit_memo", -113000),
    ]
    # no due date on a Chinese invoice: thirty days by the customer's terms
    assert items[0].due_date == date(2026, 6, 30)
    rates = EInvoice.objects.get(item=items[0]).taxes.order_by("rate_bp")
    assert [(one.rate_bp, one.net_minor, one.tax_minor) for one in rates] == [(600, 20000, 1200), (1300, 100000, 13000)]
    assert EInvoice.objects.get(item=items[1]).preceding_number == blue.number
    # the XML of the same invoice, later: known, and kept
    assert house.bring(house.cn, build.fapiao_xml(blue)).outcomes[0].status == "known"
    assert DocumentLink.objects.filter(kind="item", object_id=items[0].id).count() == 2
    assert DocumentLink.objects.filter(kind="item", object_id=items[1].id).count() == 1


def test_an_item_of_the_erp_gets_the_invoice_instead_of_a_twin(house: House) -> None:
    new = NewItem(
        house.nordic, "4711", date(2026, 5, 31), date(2026, 6, 20), "EUR", 140400, document_number="RE-2026-001"
    )
    (item_id,) = post_items(house.de, [new], source="erp", **SYSTEM)
    report = house.bring(house.de, build.ubl(Sample()))
    assert (report.posted, report.attached, report.outcomes[0].item_id) == (0, 1, item_id)
    assert OpenItem.objects.count() == 1
    assert EInvoice.objects.get().item_id == item_id
    assert house.bring(house.de, build.ubl(Sample())).outcomes[0].status == "known"


def test_an_item_of_the_erp_that_says_otherwise(house: House) -> None:
    other = add_customers(house.de, [NewCustomer("8", "Someone Else")], source="erp", **SYSTEM)["8"]
    day = date(2026, 5, 31)
    post_items(house.de, [NewItem(house.nordic, "1", day, day, "EUR", 1, document_number="A")], source="erp", **SYSTEM)
    post_items(house.de, [NewItem(other, "2", day, day, "EUR", 140400, document_number="B")], source="erp", **SYSTEM)
    twins = [NewItem(other, name, day, day, "EUR", 140400, document_number="C") for name in ("3", "4")]
    post_items(house.de, twins, source="erp", **SYSTEM)
    assert house.refused(house.de, build.ubl(Sample(number="A"))) == ["einvoice.other_amount"]
    assert house.refused(house.de, build.ubl(Sample(number="B"))) == ["einvoice.other_customer"]
    assert house.refused(house.de, build.ubl(Sample(number="C"))) == ["einvoice.several_items"]
    gone = OpenItem.objects.get(document_number="A")
    reverse_entry(house.de, gone.entry_id, on=day, **SYSTEM)
    assert house.bring(house.de, build.ubl(Sample(number="A"))).posted == 1


def test_an_unknown_buyer_is_made_a_customer_only_when_asked(house: House) -> None:
    sample = Sample(buyer="Új Vevő Kft", buyer_id="HU12345678")
    assert house.refused(house.de, build.ubl(sample)) == ["einvoice.buyer_unknown"]
    second = replace(sample, number="RE-2026-002")
    report = house.bring(house.de, build.ubl(sample), build.ubl(second), new_customers=True)
    assert (report.posted, report.new_customers) == (2, 1)
    customer = Customer.objects.get(name="Új Vevő Kft")
    assert (customer.registration_number, customer.country) == ("HU12345678", "SE")
    # a customer of another entity needs an account here
    assert house.refused(house.de, build.ubl(Sample(number="X", buyer="北京华联", buyer_id=""))) == [
        "einvoice.no_account"
    ]
    house.bring(house.de, build.ubl(Sample(number="X", buyer="北京华联", buyer_id="")), new_customers=True)
    assert CustomerAccount.objects.filter(customer__name="北京华联").count() == 2


def test_buyers_are_found_by_number_then_by_name(house: House) -> None:
    by_country = Sample(number="1", buyer="Another Spelling AB", buyer_id="SE 5566-77889901")
    by_name = Sample(number="2", buyer="Nordic Timber", buyer_id="")
    report = house.bring(house.de, build.ubl(by_country), build.ubl(by_name))
    assert [one.match.by for one in report.outcomes] == ["number", "name"]
    assert {one.match.account_id for one in report.outcomes} == {house.nordic}
    add_customers(house.de, [NewCustomer("7", "Nordic Timber")], source="erp", **SYSTEM)
    assert house.refused(house.de, build.ubl(replace(by_name, number="3"))) == ["einvoice.buyer_ambiguous"]


def test_a_merged_customer_keeps_its_own_account(house: House) -> None:
    twin = NewCustomer("10", "Nordic Timber (old)", registration_number="SE111111111101")
    old = add_customers(house.de, [twin], source="erp", **SYSTEM)["10"]
    merged, survivor = (CustomerAccount.objects.get(id=number).customer_id for number in (old, house.nordic))
    merge_customers(merged, survivor, reason="same register entry", **SYSTEM)
    to_old = Sample(number="1", buyer_id="SE111111111101")
    report = house.bring(house.de, build.ubl(to_old), build.ubl(Sample(number="2")))
    assert [one.match.account_id for one in report.outcomes] == [old, house.nordic]
    assert {one.match.customer_id for one in report.outcomes} == {survivor}


def test_only_our_own_invoices(house: House) -> None:
    assert house.refused(house.de, build.ubl(Sample(seller_id="DE999999999"))) == ["einvoice.not_ours"]
    assert house.refused(house.de, build.fapiao_xml(Fapiao())) == ["einvoice.not_ours"]
    set_tax_id(house.de, "", **SYSTEM)
    assert house.refused(house.de, build.ubl(Sample(seller="Other GmbH"))) == ["einvoice.not_ours"]
    report = house.bring(house.de, build.ubl(Sample()))
    assert [fault.rule for fault in report.outcomes[0].warnings] == ["einvoice.seller_by_name"]


def test_every_fault_of_every_file_at_once(house: House) -> None:
    wrong = build.ubl(Sample(number="W").but(gross="1.00"))
    unknown = build.ubl(Sample(number="U", buyer="Nobody", buyer_id=""))
    codes = house.refused(house.de, build.ubl(Sample()), wrong, b"no invoice", unknown)
    assert codes == ["BR-CO-15", "BR-CO-16", "invoice.not_recognised", "einvoice.buyer_unknown"]
    report = house.bring(house.de, build.ubl(Sample()), wrong, b"no invoice", unknown, good_only=True)
    assert (report.posted, len(report.refused)) == (1, 3)
    # the file of a refused invoice is no document
    assert DocumentLink.objects.count() == 1


def test_what_the_ledger_refuses_is_told_before_posting(house: House) -> None:
    assert house.refused(house.de, build.ubl(Sample(currency="SEK"))) == ["exchange.no_rate"]
    assert house.refused(house.de, build.ubl(Sample(number="N" * 121))) == ["text.too_long"]


def test_no_due_date_and_no_terms_is_said(house: House) -> None:
    CustomerAlias.objects.all().delete()
    plain = add_customers(house.cn, [NewCustomer("5", "北京华联商贸有限公司")], source="erp", **SYSTEM)["5"]
    report = house.bring(house.cn, build.fapiao_xml(Fapiao()))
    assert [fault.rule for fault in report.outcomes[0].warnings] == ["einvoice.no_due_date"]
    item = OpenItem.objects.get(id=report.outcomes[0].item_id)
    assert (item.account_id, item.due_date) == (plain, date(2026, 5, 31))


def test_who_may(house: House) -> None:
    nobody = User.objects.create_user("nobody", "n@example.com", "x")
    files = [InvoiceFile("a.xml", build.ubl(Sample()))]
    mine = {"entity_id": house.de, "actor_id": nobody.pk, "now": NOW}
    for act in (lambda: import_invoices(files, **mine), lambda: keep_upload(files, **mine)):
        with pytest.raises(Refusal) as refused:
            act()
        assert refused.value.code == "right.missing"
    with pytest.raises(Refusal) as refused:
        set_tax_id(house.de, "X", actor_id=nobody.pk, now=NOW)
    assert refused.value.code == "right.missing"


def test_uploads_are_shown_then_posted_once(house: House) -> None:
    files = [InvoiceFile("a.xml", build.ubl(Sample())), InvoiceFile("b.pdf", build.pdf_with(build.cii(Sample())))]
    upload = keep_upload(files, entity_id=house.de, **SYSTEM)
    entity_id, kept = upload_files(upload, actor_id=None)
    assert (entity_id, kept) == (house.de, files)
    assert post_upload(upload, **SYSTEM).posted == 1
    assert post_upload(upload, **SYSTEM).posted == 0
    other = User.objects.create_user("other", "o@example.com", "x")
    with pytest.raises(Refusal) as refused:
        upload_files(upload, actor_id=other.pk)
    assert refused.value.code == "right.missing"
    with pytest.raises(Refusal) as refused:
        upload_files(upload + 1, actor_id=None)
    assert refused.value.code == "einvoice.no_upload"
    for bad, code in (([], "einvoice.no_file"), (files * 101, "einvoice.too_many")):
        with pytest.raises(Refusal) as refused:
            keep_upload(bad, entity_id=house.de, **SYSTEM)
        assert refused.value.code == code
    path_of(EInvoice.objects.get().file_sha256).unlink()
    with pytest.raises(Refusal) as refused:
        upload_files(upload, actor_id=None)
    assert refused.value.code == "document.lost"


def test_a_file_is_read_once_however_often_it_is_shown(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def counted(data: bytes, name: str) -> list[InvoiceDocument]:
        read.append(name)
        return parse_invoice(data, name)

    monkeypatch.setattr(einvoices, "parse_invoice", counted)
    monkeypatch.setattr(einvoices, "_READ", Cache())
    files = [InvoiceFile(f"once-{n}.xml", build.ubl(Sample(number=f"ONCE-{n}"))) for n in range(2)]
    shown = [import_invoices(files, entity_id=house.de, dry_run=True, **SYSTEM) for _ in range(3)]
    assert [report.count("new") for report in shown] == [2, 2, 2]
    assert import_invoices(files, entity_id=house.de, **SYSTEM).posted == 2
    assert read == ["once-0.xml", "once-1.xml"]
    # The same name with other content is another file, and what cannot be read is tried again.
    other = InvoiceFile("once-0.xml", build.ubl(Sample(number="ONCE-9")))
    assert import_invoices([other], entity_id=house.de, dry_run=True, **SYSTEM).count("new") == 1
    broken = InvoiceFile("broken.xml", b"<Invoice")
    for _ in range(2):
        assert import_invoices([broken], entity_id=house.de, dry_run=True, **SYSTEM).count("refused") == 1
    assert read[2:] == ["once-0.xml", "broken.xml", "broken.xml"]


def test_verify_compares_rates_totals_and_items(house: House) -> None:
    house.bring(house.de, build.ubl(Sample()), build.ubl(Sample(number="P", prepaid=D("4.00"))))
    checks = {check.name: check for check in verify().checks}
    assert (checks["einvoices"].ok, checks["einvoices"].count) == (True, 2)
    invoice = EInvoice.objects.get(number="P")
    EInvoiceTax.objects.create(einvoice=invoice, category="S", rate_bp=1900, net_minor=1, tax_minor=0)
    found = next(check for check in verify().checks if check.name == "einvoices")
    assert not found.ok
    assert found.detail == (
        "e-invoice P: net 120000 and tax 20400, by rate 120001 and 20400; due 140000, its item 140000"
    )
