"""The life of an item and of a receipt, and the entry behind each line of it."""

from __future__ import annotations

from datetime import date

import pytest

from huikuan.queries.frame import frame_at
from huikuan.queries.ids import entry_id_text, item_id_text, receipt_id_text
from huikuan.queries.items import entry, item_life
from huikuan.queries.lives import receipt_life
from huikuan.store.models import OpenItem, Receipt
from tests.queries.conftest import MARCH, Shop

pytestmark = pytest.mark.practice("D1", "D3")


def test_every_posting_of_an_item_with_what_was_open_after_it(shop: Shop) -> None:
    found = item_life(shop.frame(), item_id_text(shop.items["M1-1"]))
    assert found is not None
    assert [(row.entry_kind, row.amount_minor, row.open_after_minor) for row in found.postings] == [
        ("item", 100_000, 100_000),
        ("application", -40_000, 60_000),
        ("application", -10_000, 50_000),
        ("write_off", -5_000, 45_000),
    ]
    paid, credit, written_off = found.postings[1:]
    assert paid.counterpart is not None
    assert (paid.counterpart.kind, paid.counterpart.label) == ("receipt", "BK-1")
    assert credit.counterpart is not None
    assert (credit.counterpart.kind, credit.counterpart.label) == ("item", "INV-M1-C")
    assert credit.counterpart.public_id == item_id_text(shop.items["M1-C"])
    assert (written_off.counterpart, written_off.ledger_seq, written_off.memo) == (None, None, "agreed")
    assert [row.ledger_seq for row in found.postings[:3]] == sorted(row.ledger_seq or 0 for row in found.postings[:3])
    item = found.item
    assert (item.open_minor, item.days_past_due, item.bucket) == (45_000, 70, "61-90")
    assert (item.customer_name, item.entity_name, item.po_number) == (
        "上海明远贸易有限公司",
        "华东销售有限公司",
        "PO-77",
    )


def test_the_life_of_an_item_in_the_past(shop: Shop) -> None:
    text = item_id_text(shop.items["M1-1"])
    early = item_life(shop.frame(as_of=date(2026, 3, 5)), text)
    assert early is not None
    assert early.item.open_minor == 60_000
    unknown = item_life(shop.frame(known_on=date(2026, 2, 1)), text)
    assert unknown is not None
    assert len(unknown.postings) == 1
    before = item_life(shop.frame(known_on=date(2026, 1, 1)), text)
    assert before is None
    not_yet = item_life(shop.frame(as_of=date(2026, 1, 1)), text)
    assert not_yet is not None
    assert (not_yet.postings, not_yet.item.open_minor) == ([], 0)


def test_a_bounced_payment_in_both_lives(shop: Shop) -> None:
    item = item_life(shop.frame(), item_id_text(shop.items["A1-1"]))
    assert item is not None
    assert [(row.entry_kind, row.open_after_minor) for row in item.postings] == [
        ("item", 80_000),
        ("application", 0),
        ("reversal", 80_000),
    ]
    assert item.postings[2].reverses_public_id == item.postings[1].entry_public_id
    money = receipt_life(shop.frame(), receipt_id_text(shop.receipts["R2"]))
    assert money is not None
    assert [(row.entry_kind, row.open_after_minor) for row in money.postings] == [
        ("receipt", 80_000),
        ("application", 0),
        ("reversal", 80_000),
        ("reversal", 0),
    ]
    assert money.postings[1].counterpart is not None
    assert money.postings[1].counterpart.label == "INV-A1-1"
    assert money.receipt.row.state == "reversed"


def test_money_nobody_knows(shop: Shop) -> None:
    found = receipt_life(shop.frame(), receipt_id_text(shop.receipts["R3"]))
    assert found is not None
    assert (found.receipt.customer_name, found.receipt.row.state) == ("", "unidentified")
    known = receipt_life(shop.frame(), receipt_id_text(shop.receipts["R1"]))
    assert known is not None
    assert (known.receipt.customer_name, known.receipt.payer_name) == ("上海明远贸易有限公司", "明远财务")


def test_an_entry_with_its_place_in_the_chain(shop: Shop) -> None:
    found = entry(shop.frame(), entry_id_text(shop.entries["paid"]))
    assert found is not None
    assert [(row.ledger_account, row.amount_minor, row.label) for row in found.postings] == [
        ("unapplied", 40_000, "BK-1"),
        ("trade", -40_000, "INV-M1-1"),
    ]
    assert found.ledger_seq
    assert len(found.hash) == 64
    assert found.sealed_at is not None
    assert (found.base_currency, found.reversed_by_public_id) == ("CNY", "")
    undone = entry(shop.frame(), entry_id_text(shop.entries["usd"]))
    assert undone is not None
    later = entry(shop.frame(), undone.reversed_by_public_id)
    assert later is not None
    assert (later.kind, later.memo, later.reverses_public_id) == ("reversal", "no cover", undone.public_id)
    unsealed = entry(shop.frame(), entry_id_text(shop.entries["written_off"]))
    assert unsealed is not None
    assert (unsealed.ledger_seq, unsealed.hash, unsealed.sealed_at) == (None, "", None)
    assert entry(shop.frame(known_on=date(2026, 2, 28)), entry_id_text(shop.entries["paid"])) is None


def test_what_belongs_to_another_entity_is_not_there(shop: Shop) -> None:
    german = frame_at(now=MARCH, entity_ids=(shop.de,))
    item = OpenItem.objects.get(id=shop.items["M1-1"])
    receipt = Receipt.objects.get(id=shop.receipts["R1"])
    assert item_life(german, item_id_text(item.id)) is None
    assert receipt_life(german, receipt_id_text(receipt.id)) is None
    assert entry(german, entry_id_text(item.entry_id)) is None
    assert item_life(german, entry_id_text(item.id)) is None
