"""Many applications at once are what they would have been one by one."""

from __future__ import annotations

from datetime import date

import pytest

from huikuan.core.accounts import EntryKind, LedgerAccount
from huikuan.core.applications import Order
from huikuan.core.refusals import Conflict, Refusal
from huikuan.services.applications import Named
from huikuan.services.batches import CreditUse, ReceiptUse, Use, apply_batch
from huikuan.services.receipts import park_receipt
from huikuan.store.models import JournalEntry, OpenItemBalance, Posting, ReceiptBalance
from tests import databases
from tests.services.ledger import DAY, Ledger
from tests.simulation.invariants import check_invariants

pytestmark = pytest.mark.practice("D4")


def apply(books: Ledger, *uses: Use, key: str | None = None) -> list[int]:
    return apply_batch(books.entity_id, uses, on=DAY, key=key, **books.common)


def opens(*items: int) -> list[int]:
    return [OpenItemBalance.objects.get(item_id=item).open_minor for item in items]


def left(*receipts: int) -> list[int]:
    return [ReceiptBalance.objects.get(receipt_id=receipt).unapplied_minor for receipt in receipts]


def test_independent_applications_are_posted_together(ledger_db: databases.LedgerDb) -> None:
    books = Ledger()
    first, second, credit = books.item(100_00), books.item(50_00), books.item(-20_00)
    one, two = books.receipt(60_00), books.receipt(30_00, customer="C2")
    other = books.item(30_00, customer="C2")
    ids = apply(
        books,
        ReceiptUse(one, (Named(first, 60_00),)),
        CreditUse(credit, (Named(second, 20_00),)),
        ReceiptUse(two, order=Order.OLDEST_FIRST),
    )
    assert list(JournalEntry.objects.filter(id__in=ids).values_list("kind", flat=True)) == [EntryKind.APPLICATION] * 3
    assert (opens(first, second, credit, other), left(one, two)) == ([40_00, 30_00, 0, 0], [0, 0])
    check_invariants()


def test_each_sees_what_those_before_it_did(ledger_db: databases.LedgerDb) -> None:
    books = Ledger()
    first, second = books.item(100_00, on=date(2026, 1, 5)), books.item(50_00, on=date(2026, 1, 6))
    receipts = [books.receipt(40_00) for _ in range(4)]
    apply(
        books,
        ReceiptUse(receipts[0], (Named(first, 30_00),)),
        ReceiptUse(receipts[0], (Named(second, 10_00),)),
        ReceiptUse(receipts[1], (Named(first, 40_00),)),
        ReceiptUse(receipts[2], order=Order.OLDEST_FIRST),
        ReceiptUse(receipts[3], (Named(second, 30_00),)),
    )
    assert opens(first, second) == [0, 0]
    assert left(*receipts) == [0, 0, 0, 10_00]
    check_invariants()


def test_foreign_money_keeps_its_value_to_the_last_cent(ledger_db: databases.LedgerDb) -> None:
    books = Ledger()
    books.rate("USD", "7.1234567")
    items = [books.item(3_33, "USD", on=date(2026, 1, day)) for day in (5, 6, 7)]
    receipt = books.receipt(9_99, "USD")
    park_receipt(books.entity_id, receipt, 3_33, on=DAY, **books.common)
    apply(
        books,
        *(ReceiptUse(receipt, (Named(item, 3_33),)) for item in items[:2]),
        ReceiptUse(receipt, (Named(items[2], 3_33),), from_account=LedgerAccount.ADVANCES),
    )
    assert opens(*items) == [0, 0, 0]
    assert ReceiptBalance.objects.get(receipt_id=receipt).open_base_minor == 0
    check_invariants()


def test_one_that_is_refused_takes_all_with_it(ledger_db: databases.LedgerDb) -> None:
    books = Ledger()
    first, second = books.item(100_00), books.item(50_00)
    receipt = books.receipt(120_00)
    lost = books.receipt(5_00, customer=None)
    before = Posting.objects.count()
    refused: list[tuple[tuple[Use, ...], str]] = [
        ((ReceiptUse(receipt, (Named(first, 60_00),)), ReceiptUse(receipt, (Named(first, 50_00),))), "over_applied"),
        ((ReceiptUse(receipt, (Named(first, 90_00),)), ReceiptUse(receipt, (Named(second, 40_00),))), "fund_exceeded"),
        ((ReceiptUse(receipt, (Named(first, 1),)), ReceiptUse(lost, (Named(first, 1),))), "unidentified"),
        ((ReceiptUse(receipt, (Named(first, 1),)), ReceiptUse(999_999, (Named(first, 1),))), "receipt.unknown"),
        ((ReceiptUse(receipt, (Named(999_999, 1),)),), "item.unknown"),
        ((CreditUse(first, (Named(second, 1),)),), "not_a_credit"),
    ]
    for uses, code in refused:
        with pytest.raises(Refusal) as error:
            apply(books, *uses)
        assert error.value.code.endswith(code)
    assert Posting.objects.count() == before
    assert left(receipt) == [120_00]


def test_the_same_request_twice_is_one_change(sqlite_db: databases.LedgerDb) -> None:
    books = Ledger()
    item, receipt = books.item(100_00), books.receipt(60_00)
    use = ReceiptUse(receipt, (Named(item, 10_00),))
    assert apply(books, use, key="k") == apply(books, use, key="k")
    assert opens(item) == [90_00]
    with pytest.raises(Conflict):
        apply(books, use, use, key="k")
    assert apply(books) == []
