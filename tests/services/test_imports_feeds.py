"""Files into the database: snapshots and their settlements, receipts, applications, customers."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Sum

from huikuan.core.accounts import EntryKind, LedgerAccount
from huikuan.services import imports
from huikuan.services.applications import Named, apply_receipt
from huikuan.services.receipts import park_receipt, refund_receipt
from huikuan.store.models import (
    Customer,
    ExchangeRate,
    JournalEntry,
    OpenItem,
    OpenItemBalance,
    Posting,
    Receipt,
    ReceiptBalance,
    SourceSettlement,
)
from tests.services.importing import ITEMS, applied, assert_sound, bring, codes, entity, open_of, preview

pytestmark = pytest.mark.usefixtures("ledger_db")


# -- snapshots -------------------------------------------------------------------------------------------------------
@pytest.mark.practice("D1", "K7")
def test_a_snapshot_proposes_what_vanished_or_shrank_and_a_person_decides(now: datetime) -> None:
    from huikuan.services.source_settlements import decide_settlements, proposals_of

    entity(now)
    bring(now, ITEMS + "".join(f"I{n},C1,A,2026-01-05,2026-02-05,CNY,100.00\n" for n in (1, 2, 3)))
    text = ITEMS + "I1,C1,A,2026-01-05,2026-02-05,CNY,100.00\nI2,C1,A,2026-01-05,2026-02-05,CNY,60.00\n"
    found = preview(now, text, feed="snapshot", snapshot_date=date(2026, 2, 1))
    assert (found.changes["vanished"], found.changes["reduced"], found.changes["changed"]) == (1, 1, 0)
    result = imports.publish(batch_id=found.batch_id, actor_id=None, now=now)
    assert result.settlements == 2 and open_of("I3") == 10000
    again = preview(now, text, feed="snapshot", snapshot_date=date(2026, 2, 1))
    assert (again.changes["vanished"], again.changes["reduced"]) == (0, 0), "proposed once"
    decide_settlements(proposals_of(found.batch_id), accept=True, actor_id=None, now=now)
    assert [open_of(number) for number in ("I1", "I2", "I3")] == [10000, 6000, 0]
    assert {row.settled_on for row in SourceSettlement.objects.all()} == {date(2026, 2, 1)}
    assert preview(now, text, feed="snapshot").changes["vanished"] == 0
    assert_sound()


def test_a_rejected_settlement_is_not_proposed_again_until_the_figure_changes(now: datetime) -> None:
    from huikuan.services.source_settlements import decide_settlements, proposals_of

    entity(now)
    bring(now, ITEMS + "".join(f"I{n},C1,A,2026-01-05,2026-02-05,CNY,100.00\n" for n in (1, 2)))
    text = ITEMS + "I1,C1,A,2026-01-05,2026-02-05,CNY,100.00\n"
    first = bring(now, text, feed="snapshot")
    decide_settlements(proposals_of(first.batch_id), accept=False, actor_id=None, now=now)
    assert preview(now, text, feed="snapshot").changes["vanished"] == 0
    smaller = text + "I2,C1,A,2026-01-05,2026-02-05,CNY,10.00\n"
    assert preview(now, smaller, feed="snapshot").changes["reduced"] == 1


def test_money_for_a_settlement_the_source_reported_is_counted_once(now: datetime) -> None:
    from huikuan.services.source_settlements import decide_settlements, proposals_of

    entity(now)
    bring(now, ITEMS + "".join(f"I{n},C1,A,2026-01-05,2026-02-05,CNY,100.00\n" for n in (1, 2)))
    gone = bring(now, ITEMS + "I1,C1,A,2026-01-05,2026-02-05,CNY,100.00\n", feed="snapshot")
    decide_settlements(proposals_of(gone.batch_id), accept=True, actor_id=None, now=now)
    bring(now, "receipt_id,customer_id,amount,currency,posting_date\nR1,C1,100.00,CNY,2026-02-10\n", "receipts")
    bring(now, applied("A1,I2,R1,100.00,2026-02-11"), "applications")
    assert open_of("I2") == 0 and ReceiptBalance.objects.get().unapplied_minor == 0
    assert SourceSettlement.objects.get().state == "met"
    waiting = Posting.objects.filter(ledger_account=LedgerAccount.SOURCE_SETTLEMENT).aggregate(x=Sum("amount_minor"))
    assert waiting["x"] == 0
    assert_sound()


def test_an_item_reported_settled_later_is_proposed_not_posted(now: datetime) -> None:
    entity(now)
    head = "item_id,customer_id,document_date,due_date,currency,amount,settled_date\n"
    bring(now, head + "I1,C1,2026-01-05,2026-02-05,CNY,100.00,\n")
    result = bring(now, head + "I1,C1,2026-01-05,2026-02-05,CNY,100.00,2026-02-01\n")
    assert (result.rows, result.settlements, result.changes["reduced"]) == (0, 1, 1)
    assert open_of("I1") == 10000 and SourceSettlement.objects.get().settled_on == date(2026, 2, 1)


def test_with_faults_in_a_snapshot_nothing_counts_as_vanished(now: datetime) -> None:
    entity(now)
    bring(now, ITEMS + "".join(f"I{n},C1,A,2026-01-05,2026-02-05,CNY,100.00\n" for n in (1, 2)))
    text = ITEMS + "I1,C1,A,2026-01-05,2026-02-05,CNY,100.00\nI2,C1,A,2026-01-05,2026-02-05,CNY,??\n"
    assert preview(now, text, feed="snapshot").changes["vanished"] == 0


# -- receipts and applications ---------------------------------------------------------------------------------------
RECEIPTS = "receipt_id,customer_id,amount,currency,posting_date,reference\n"


def _start(now: datetime) -> int:
    entity_id = entity(now)
    bring(now, ITEMS + "".join(f"I{n},C1,A,2026-01-05,2026-02-05,CNY,100.00\n" for n in (1, 2, 3)))
    bring(now, RECEIPTS + "R1,C1,150.00,CNY,2026-01-20,wire\nR2,C9,10.00,CNY,2026-01-20,\n", "receipts")
    return entity_id


@pytest.mark.practice("D2")
def test_receipts_and_applications_move_the_same_balances(now: datetime) -> None:
    _start(now)
    assert Receipt.objects.count() == 2 and Customer.objects.count() == 2
    text = applied("A1,I1,R1,100.00,2026-01-21", "A1,I2,R1,30.00,2026-01-21", "A2,I3,,25.00,2026-01-22")
    result = bring(now, text, "applications")
    assert result.rows == 3
    assert [open_of(number) for number in ("I1", "I2", "I3")] == [0, 7000, 7500]
    assert ReceiptBalance.objects.get(receipt__external_id="R1").unapplied_minor == 2000
    legs = Posting.objects.filter(entry__external_id="A1").order_by("line")
    assert [(leg.ledger_account, leg.amount_minor) for leg in legs] == [
        ("unapplied", 13000), ("trade", -10000), ("trade", -3000),
    ]  # fmt: skip
    assert preview(now, text, "applications").changes["unchanged"] == 3
    assert_sound()


def test_over_applied_rows_are_refused_by_row(now: datetime) -> None:
    _start(now)
    text = applied(
        "A1,I1,R1,100.00,2026-01-21",
        "A2,I1,R1,0.01,2026-01-22",
        "A3,I2,R1,60.00,2026-01-23",
        "A4,I9,R1,1.00,2026-01-23",
        "A5,I3,R9,1.00,2026-01-23",
        "A6,I3,R2,1.00,2026-01-23",
        "A7,I3,,-1.00,2026-01-23",
        "A8,I9,,1.00,2026-01-24",
        "A8,I3,,1.00,2026-01-24",
    )
    found = preview(now, text, "applications")
    assert codes(found) == [
        (3, "amount", "application.over_applied"),
        (4, "receipt_id", "application.fund_exceeded"),
        (5, "item_id", "item.unknown"),
        (6, "receipt_id", "receipt.unknown"),
        (7, "receipt_id", "application.other_customer"),
        (8, "amount", "application.over_unapplied"),
        (9, "item_id", "item.unknown"),
        (10, "application_id", "application.other_row"),
    ]
    assert not JournalEntry.objects.filter(kind=EntryKind.APPLICATION).exists()
    result = imports.publish(batch_id=found.batch_id, actor_id=None, now=now, good_rows_only=True)
    assert result.rows == 1 and open_of("I1") == 0
    assert_sound()


def test_a_reversal_row_takes_an_application_back(now: datetime) -> None:
    _start(now)
    head = "application_id,item_id,receipt_id,amount,effective_date,reverses_id,currency\n"
    bring(now, head + "A1,I1,R1,100.00,2026-01-21,,CNY\n", "applications")
    bring(
        now,
        head
        + "A2,I1,R1,-100.00,2026-01-25,A1,CNY\nA3,I2,R1,40.00,2026-01-26,,CNY\nA4,I2,R1,-10.00,2026-01-27,A3,CNY\n",
        "applications",
    )
    reversal = JournalEntry.objects.get(external_id="A2")
    assert (reversal.kind, reversal.reverses.external_id) == ("reversal", "A1")
    part = JournalEntry.objects.get(external_id="A4")
    assert (part.kind, part.reverses_id) == ("application", None)
    assert open_of("I1") == 10000 and open_of("I2") == 7000
    assert ReceiptBalance.objects.get(receipt__external_id="R1").unapplied_minor == 12000
    assert_sound()


def test_a_credit_memo_applied_is_two_rows_of_one_application(now: datetime) -> None:
    entity(now)
    head = "item_id,kind,customer_id,document_date,due_date,currency,amount\n"
    bring(
        now,
        head + "I1,invoice,C1,2026-01-05,2026-02-05,CNY,100.00\nM1,credit_memo,C1,2026-01-06,2026-01-06,CNY,-30.00\n",
    )
    bring(
        now,
        "application_id,item_id,amount,effective_date,source,currency\nA1,I1,30.00,2026-01-10,credit_memo,CNY\nA1,M1,-30.00,2026-01-10,credit_memo,CNY\n",
        "applications",
    )
    assert open_of("I1") == 7000 and open_of("M1") == 0
    assert Posting.objects.filter(entry__external_id="A1").count() == 2
    assert_sound()


def test_write_offs_and_discounts_go_where_they_belong(now: datetime) -> None:
    _start(now)
    head = "application_id,item_id,amount,effective_date,source,currency\n"
    bring(now, head + "A1,I1,10.00,2026-01-21,write_off,CNY\nA2,I1,2.00,2026-01-21,discount,CNY\n", "applications")
    found = {
        leg.ledger_account: leg.amount_minor
        for leg in Posting.objects.filter(entry__kind="application")
        if leg.amount_minor > 0
    }
    assert found == {"bad_debt": 1000, "discount": 200}


def test_an_application_before_its_item_counts_from_the_items_day_and_is_said(now: datetime) -> None:
    _start(now)
    found = preview(now, applied("A1,I1,,10.00,2025-12-01"), "applications")
    assert [warning.code for warning in found.warnings] == ["application.before_item"]
    imports.publish(batch_id=found.batch_id, actor_id=None, now=now)
    assert JournalEntry.objects.get(external_id="A1").posting_date == date(2026, 1, 5)


def test_a_changed_application_is_taken_back_and_posted_anew(now: datetime) -> None:
    _start(now)
    bring(now, applied("A1,I1,R1,100.00,2026-01-21"), "applications")
    result = bring(now, applied("A1,I1,R1,60.00,2026-01-21"), "applications")
    assert result.changes["changed"] == 1
    assert open_of("I1") == 4000
    assert ReceiptBalance.objects.get(receipt__external_id="R1").unapplied_minor == 9000
    assert preview(now, applied("A1,I1,R1,60.00,2026-01-21"), "applications").changes["unchanged"] == 1
    assert_sound()


def test_applications_of_a_changed_item_go_over_to_its_new_version(now: datetime) -> None:
    _start(now)
    bring(now, applied("A1,I1,R1,100.00,2026-01-21", "A1,I2,R1,30.00,2026-01-21"), "applications")
    bring(now, ITEMS + "I1,C1,A,2026-01-05,2026-02-05,CNY,80.00\n")
    assert open_of("I1") == 0 and open_of("I2") == 7000
    assert ReceiptBalance.objects.get(receipt__external_id="R1").unapplied_minor == 4000
    assert_sound()


def test_applications_of_a_changed_receipt_go_over_to_its_new_version(now: datetime) -> None:
    _start(now)
    bring(now, applied("A1,I1,R1,100.00,2026-01-21"), "applications")
    bring(now, RECEIPTS + "R1,C1,80.00,CNY,2026-01-20,wire\n", "receipts")
    assert open_of("I1") == 2000
    assert ReceiptBalance.objects.get(receipt__external_id="R1", is_current=True).unapplied_minor == 0
    assert_sound()


def test_money_in_another_currency_than_the_books_leaves_exact_differences(now: datetime) -> None:
    entity(now)
    for day, rate in ((date(2026, 1, 1), "7.0"), (date(2026, 2, 1), "7.3")):
        ExchangeRate.objects.create(currency="USD", base="CNY", valid_from=day, rate=rate)
    bring(now, ITEMS + "I1,C1,A,2026-01-05,2026-02-05,USD,100.01\n")
    bring(now, RECEIPTS + "R1,C1,150.00,USD,2026-02-10,\n", "receipts")
    head = "application_id,item_id,receipt_id,amount,effective_date,currency\n"
    bring(now, head + "A1,I1,R1,33.33,2026-02-11,USD\nA2,I1,R1,66.68,2026-02-12,USD\n", "applications")
    balance = OpenItemBalance.objects.get()
    assert (balance.open_minor, balance.open_base_minor) == (0, 0)
    difference = Posting.objects.filter(ledger_account=LedgerAccount.EXCHANGE_DIFFERENCE).aggregate(x=Sum("base_minor"))
    assert difference["x"] == -3000
    assert_sound()


def test_what_is_not_posted_again_on_a_changed_document_is_said_first(now: datetime) -> None:
    entity_id = entity(now)
    common: dict[str, Any] = {"actor_id": None, "now": now}
    ExchangeRate.objects.create(currency="USD", base="CNY", valid_from=date(2026, 1, 1), rate="7.0")
    bring(now, ITEMS + "I1,C1,A,2026-01-05,2026-02-05,CNY,100.00\nI2,C1,A,2026-01-05,2026-02-05,CNY,100.00\n")
    bring(
        now,
        RECEIPTS + "R1,C1,90.00,CNY,2026-01-20,\nR2,C1,10.00,USD,2026-01-20,\nR3,C1,5.00,CNY,2026-01-20,\n",
        "receipts",
    )
    one, two, three = Receipt.objects.order_by("id")
    day = date(2026, 1, 25)
    first, second = OpenItem.objects.order_by("id")
    refund_receipt(entity_id, one.id, 10_00, on=day, **common)
    apply_receipt(entity_id, one.id, [Named(first.id, 20_00)], on=day, **common)
    apply_receipt(entity_id, two.id, [Named(second.id, 70_00, paid_minor=10_00)], on=day, **common)
    park_receipt(entity_id, three.id, 1_00, on=day, **common)
    park_receipt(entity_id, three.id, 2_00, on=day, **common)
    found = preview(now, ITEMS + "I1,C1,A,2026-01-05,2026-02-05,CNY,80.00\nI2,C1,A,2026-01-05,2026-02-05,CNY,80.00\n")
    assert found.changes["not_reposted"] == 1
    warning = found.warnings[0]
    assert (warning.row, warning.code, warning.value) == (3, "item.not_reposted", "I2")
    assert "application across currencies" in warning.reason
    result = imports.publish(batch_id=found.batch_id, actor_id=None, now=now)
    assert result.changes["not_reposted"] == 1 and result.warnings[0].code == "item.not_reposted"
    assert (open_of("I1"), open_of("I2")) == (60_00, 80_00)
    money = RECEIPTS + "R1,C1,80.00,CNY,2026-01-20,\nR2,C1,10.00,USD,2026-01-20,\nR3,C1,6.00,CNY,2026-01-20,\n"
    found = preview(now, money, "receipts")
    assert found.changes["not_reposted"] == 1
    assert [(one.value, one.code) for one in found.errors] == [("R1", "receipt.refunded")]
    said = [(one.value, one.reason) for one in found.warnings if one.code == "receipt.not_reposted"]
    assert [name for name, _ in said] == ["R3"]
    assert "money kept on account (2)" in said[0][1]
    imports.publish(batch_id=found.batch_id, actor_id=None, now=now, good_rows_only=True)
    assert "not_reposted" not in preview(now, money, "receipts").changes
    assert_sound()


def test_negative_receipts_are_refused(now: datetime) -> None:
    entity(now)
    found = preview(now, RECEIPTS + "R1,C1,-5.00,CNY,2026-01-20,\n", "receipts")
    assert codes(found) == [(2, "amount", "receipt.not_positive")]


# -- customers -------------------------------------------------------------------------------------------------------
@pytest.mark.practice("A1")
def test_customers_with_names_aliases_parents(now: datetime) -> None:
    entity(now)
    head = "customer_id,name,aliases,parent_id,registration_number,country,payer_accounts\n"
    text = head + "C1,上海贸易,SH Trade;沪贸,,91310000X,CN,6222 1;6222 2\nC2,上海贸易苏州,,C1,,CN,\n"
    assert bring(now, text, "customers").rows == 2
    mother, child = Customer.objects.order_by("id")
    assert child.parent_id == mother.id
    assert sorted(alias.name for alias in mother.aliases.all()) == ["SH Trade", "沪贸"]
    assert "shmy" in mother.search_text
    assert preview(now, text, "customers").changes["unchanged"] == 2
    changed = bring(now, text.replace("上海贸易,", "上海贸易股份,"), "customers")
    assert changed.rows == 1
    assert "上海贸易" in [alias.name for alias in Customer.objects.get(id=mother.id).aliases.all()]


def test_unknown_parents_and_long_texts_are_refused(now: datetime) -> None:
    entity(now)
    text = "customer_id,name,parent_id,country\nC1,A,C7,CN\nC2,B,,China\n"
    assert codes(preview(now, text, "customers")) == [
        (2, "parent_id", "customer.unknown_parent"),
        (3, "country", "text.too_long"),
    ]


# -- real files ------------------------------------------------------------------------------------------------------
@pytest.mark.practice("K7")
def test_the_sample_files_come_in_as_they_are(now: datetime, samples: Path) -> None:
    entity_id = entity(now, "E1", "USD")
    for name, rows, options in (
        ("ibm_late_payments.csv", 2466, {"entity_id": entity_id}),
        ("sap_open.csv", 9681, {"create_entities": "USD", "snapshot_date": date(2020, 5, 20)}),
    ):
        found = imports.preview_upload(
            actor_id=None, now=now, file_name=name, path=samples / "ar" / name, kind="items", **options
        )
        assert (found.rows_good, found.errors_total) == (rows, 0)
        imports.publish(batch_id=found.batch_id, actor_id=None, now=now)
    assert OpenItem.objects.count() == 12147
    assert_sound()
