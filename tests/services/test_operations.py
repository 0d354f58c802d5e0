"""Every operation of the ledger: the legs it posts, and what is open afterwards."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from huikuan.core.accounts import Charge, EntryKind, ItemKind, LedgerAccount
from huikuan.core.applications import Order
from huikuan.services.applications import Named
from huikuan.store.models import CustomerAlias, JournalEntry, OpenItem, Receipt
from tests.databases import LedgerDb
from tests.services.ledger import DAY, NOW, Ledger, entry_of_item, entry_of_receipt, legs_of, sum_of


@pytest.fixture
def ledger(ledger_db: LedgerDb) -> Ledger:
    return Ledger()


@pytest.mark.practice("D1")
@pytest.mark.parametrize(
    ("kind", "amount", "account", "contra"),
    [
        (ItemKind.INVOICE, 100, "trade", "sales"),
        (ItemKind.CREDIT_MEMO, -100, "trade", "sales"),
        (ItemKind.DEBIT_MEMO, 100, "trade", "other_income"),
        (ItemKind.DEPOSIT, -100, "advances", "opening"),
        (ItemKind.ON_ACCOUNT, -100, "advances", "opening"),
        (ItemKind.NOTE, 100, "notes", "clearing"),
    ],
)
def test_an_item_of_each_kind(ledger: Ledger, kind: ItemKind, amount: int, account: str, contra: str) -> None:
    item = ledger.item(amount, kind=kind)
    assert legs_of(entry_of_item(item)) == [(account, "CNY", amount, amount), (contra, "CNY", -amount, -amount)]
    assert ledger.open_of(item) == (amount, amount)


def test_an_opening_balance_stands_against_opening(ledger: Ledger) -> None:
    item = ledger.item(100, opening=True)
    assert [leg[0] for leg in legs_of(entry_of_item(item))] == ["trade", "opening"]


def test_an_item_keeps_every_fact_it_came_with(ledger: Ledger) -> None:
    facts = {
        "external_id": "000123",
        "document_number": "增-7",
        "po_number": "PO 9",
        "contract_number": "C/1",
        "discount_date": DAY + timedelta(days=10),
        "discount_bp": 200,
        "disputed": True,
        "sales_rep": "李",
        "region": "华东",
        "product": "P",
    }
    row = OpenItem.objects.get(id=ledger.item(100, due=DAY + timedelta(days=30), **facts))
    assert {name: getattr(row, name) for name in facts} == facts
    assert (row.due_date, row.document_date, row.posting_date) == (DAY + timedelta(days=30), DAY, DAY)
    entry = row.entry
    assert (entry.recorded_at, entry.kind, entry.actor_id) == (NOW, "item", None)


def test_money_of_a_known_customer_and_of_nobody(ledger: Ledger) -> None:
    known, unknown = ledger.receipt(100), ledger.receipt(70, customer=None, payer_name="谁", remittance_text="?")
    assert [leg[0] for leg in legs_of(entry_of_receipt(known))] == ["bank", "unapplied"]
    assert [leg[0] for leg in legs_of(entry_of_receipt(unknown))] == ["bank", "suspense"]
    assert ledger.money_of(known) == (0, 100, 0)
    assert ledger.money_of(unknown) == (70, 0, 0)
    assert Receipt.objects.get(id=unknown).party.payer_name == "谁"


@pytest.mark.practice("D4")
def test_named_application(ledger: Ledger) -> None:
    one, two, money = ledger.item(100), ledger.item(50), ledger.receipt(120)
    entry = ledger.apply(money, (one, 70), (two, 50))
    assert legs_of(entry) == [("unapplied", "CNY", 120, 120), ("trade", "CNY", -70, -70), ("trade", "CNY", -50, -50)]
    assert ledger.open_of(one) == (30, 30)
    assert ledger.open_of(two) == (0, 0)
    assert ledger.money_of(money) == (0, 0, 0)


@pytest.mark.practice("D4")
def test_the_three_orders(ledger: Ledger) -> None:
    old = ledger.item(100, due=DAY - timedelta(days=60))
    new = ledger.item(200, due=DAY)
    interest = ledger.item(30, due=DAY, kind=ItemKind.DEBIT_MEMO, charge=Charge.INTEREST)
    cost = ledger.item(20, due=DAY, kind=ItemKind.DEBIT_MEMO, charge=Charge.COST)
    ledger.item(-500)
    ledger.item(77, customer="C2")
    items = (old, new, interest, cost)
    for order, left in {
        Order.OLDEST_FIRST: [0, 130, 30, 20],
        Order.PRO_RATA: [51, 103, 16, 10],
        Order.COSTS_INTEREST_PRINCIPAL: [0, 180, 0, 0],
    }.items():
        entry = ledger.spread(ledger.receipt(170), order)
        assert [ledger.open_of(item)[0] for item in items] == left, order
        ledger.reverse(entry)


def test_an_order_may_be_capped_and_leaves_the_rest_with_the_payer(ledger: Ledger) -> None:
    item, money = ledger.item(100), ledger.receipt(500)
    ledger.spread(money, Order.OLDEST_FIRST, amount=40)
    assert ledger.open_of(item)[0] == 60
    ledger.spread(money, Order.OLDEST_FIRST)
    assert ledger.open_of(item)[0] == 0
    assert ledger.money_of(money) == (0, 400, 0)


@pytest.mark.practice("D6")
def test_early_payment_discount_is_had_once(ledger: Ledger) -> None:
    terms = {"discount_date": DAY + timedelta(days=10), "discount_bp": 200}
    item, money = ledger.item(10_000, **terms), ledger.receipt(10_000)
    first = ledger.apply(money, Named(item, 4_900, take_discount=True))
    assert legs_of(first) == [
        ("unapplied", "CNY", 4900, 4900),
        ("trade", "CNY", -5100, -5100),
        ("discount", "CNY", 200, 200),
    ]
    ledger.apply(money, Named(item, 1_000, take_discount=True))
    assert ledger.open_of(item) == (3_900, 3_900)
    assert sum_of(LedgerAccount.DISCOUNT) == (200, 200)
    ledger.reverse(first)
    ledger.apply(money, Named(item, 8_800, take_discount=True))
    assert ledger.open_of(item) == (0, 0)
    assert sum_of(LedgerAccount.DISCOUNT) == (200, 200)


def test_a_credit_memo_is_applied_in_one_entry(ledger: Ledger) -> None:
    memo, one, two = ledger.item(-80), ledger.item(50), ledger.item(50)
    entry = ledger.apply_credit(memo, (one, 50), (two, 20))
    assert legs_of(entry) == [("trade", "CNY", 70, 70), ("trade", "CNY", -50, -50), ("trade", "CNY", -20, -20)]
    assert [ledger.open_of(item)[0] for item in (memo, one, two)] == [-10, 0, 30]


def test_a_deposit_is_applied_from_advances(ledger: Ledger) -> None:
    deposit, item = ledger.item(-80, kind=ItemKind.DEPOSIT), ledger.item(100)
    assert legs_of(ledger.apply_credit(deposit, (item, 80))) == [
        ("advances", "CNY", 80, 80),
        ("trade", "CNY", -80, -80),
    ]


@pytest.mark.practice("D5")
def test_write_off_offset_and_assignment(ledger: Ledger) -> None:
    item, memo = ledger.item(100), ledger.item(-30)
    for kind, contra in (
        (EntryKind.WRITE_OFF, "bad_debt"),
        (EntryKind.OFFSET, "payables"),
        (EntryKind.ASSIGNMENT, "assigned"),
    ):
        assert legs_of(ledger.settle(kind, item, 25)) == [("trade", "CNY", -25, -25), (contra, "CNY", 25, 25)]
    assert legs_of(ledger.settle(EntryKind.WRITE_OFF, memo, -30)) == [
        ("trade", "CNY", 30, 30),
        ("bad_debt", "CNY", -30, -30),
    ]
    assert ledger.open_of(item)[0] == 25
    assert ledger.open_of(memo) == (0, 0)


def test_money_that_comes_after_a_write_off(ledger: Ledger) -> None:
    item, money = ledger.item(100), ledger.receipt(70)
    ledger.settle(EntryKind.WRITE_OFF, item, 60)
    assert legs_of(ledger.recover(item, money, 50)) == [("unapplied", "CNY", 50, 50), ("recovery", "CNY", -50, -50)]
    assert ledger.open_of(item)[0] == 40
    ledger.recover(item, money, 10)
    assert ledger.money_of(money) == (0, 10, 0)


def test_identify_park_refund(ledger: Ledger) -> None:
    money = ledger.receipt(100, customer=None)
    ledger.refund(money, 10, from_account=LedgerAccount.SUSPENSE)
    assert legs_of(ledger.identify(money)) == [("suspense", "CNY", 90, 90), ("unapplied", "CNY", -90, -90)]
    assert ledger.owner_of(money) == ledger.accounts["C1"]
    assert legs_of(ledger.park(money, 40)) == [("unapplied", "CNY", 40, 40), ("advances", "CNY", -40, -40)]
    assert ledger.money_of(money) == (0, 50, 40)
    assert legs_of(ledger.refund(money, 20)) == [("unapplied", "CNY", 20, 20), ("bank", "CNY", -20, -20)]
    ledger.refund(money, 5, from_account=LedgerAccount.ADVANCES)
    item = ledger.item(100)
    ledger.apply(money, (item, 35), from_account=LedgerAccount.ADVANCES)
    assert ledger.money_of(money) == (0, 30, 0)


def test_the_base_value_of_each_account_leaves_with_its_last_cent(ledger: Ledger) -> None:
    """A receipt that stands in parts on two accounts: neither keeps a cent of value without an amount."""
    ledger.rate("USD", "7.1357")
    for parked in range(1, 10):
        money = ledger.receipt(10, "USD")
        ledger.park(money, parked)
        item = ledger.item(10, "USD")
        for step in (1,) * (10 - parked):
            ledger.apply(money, (item, step))
        ledger.apply(money, (item, parked), from_account=LedgerAccount.ADVANCES)
        assert ledger.open_of(item) == (0, 0)
        assert sum_of(LedgerAccount.UNAPPLIED) == sum_of(LedgerAccount.ADVANCES) == (0, 0), parked


def test_customers_keep_their_account_and_former_names(ledger_db: LedgerDb) -> None:
    from huikuan.services.customers import NewCustomer, add_customers

    ledger = Ledger()
    new = [NewCustomer("C1", "新名", aliases=("别名",), payer_accounts=("6222",))]
    assert add_customers(ledger.entity_id, new, source="manual", **ledger.common) == {"C1": ledger.accounts["C1"]}
    assert set(CustomerAlias.objects.values_list("name", flat=True)) == {"Customer C1", "别名"}


def test_three_dates(ledger: Ledger) -> None:
    entry = JournalEntry.objects.get(id=entry_of_item(ledger.item(5, on=date(2025, 1, 2))))
    assert (entry.effective_date, entry.posting_date, entry.recorded_at) == (date(2025, 1, 2), date(2025, 1, 2), NOW)
