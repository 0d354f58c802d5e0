"""Random people at work on random books: every operation of the ledger, in any order, on any rows."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from huikuan.core.accounts import Charge, EntryKind, ItemKind, LedgerAccount
from huikuan.core.applications import Order
from huikuan.core.periods import PeriodState
from huikuan.core.refusals import Refusal
from huikuan.services.applications import Named
from huikuan.store.models import JournalEntry, OpenItemBalance, ReceiptBalance
from tests.services.ledger import Ledger
from tests.simulation.invariants import check_invariants

START = date(2026, 1, 1)
CURRENCIES = ("CNY", "USD", "JPY")
RATES = {"USD": ("7.1357", "7.0901", "7.2222"), "JPY": ("0.0478", "0.0511", "0.0449")}

amounts = st.integers(1, 2000)
days = st.integers(0, 120).map(lambda number: START + timedelta(days=number))
names = st.sampled_from(["C1", "C2"])
currencies = st.sampled_from(CURRENCIES)
shares = st.sampled_from([1, 1, 2, 3, 7])
"""An amount is what there is divided by one of these: mostly all of it."""


class Books(RuleBasedStateMachine):
    """Each rule asks a service for something that may or may not be possible; a refusal is an answer like another.

    Whatever happens, the invariants hold after it.
    """

    items: Any = Bundle("items")
    receipts: Any = Bundle("receipts")

    def __init__(self) -> None:
        super().__init__()
        self.refusals: set[str] = set()

    @initialize()
    def open_books(self) -> None:
        self.ledger = Ledger()
        self.ledger.customer("C2")
        for currency, rates in RATES.items():
            for month, rate in enumerate(rates, start=1):
                self.ledger.rate(currency, rate, START if month == 1 else date(2026, month, 1))

    def attempt(self, operation: Any, *arguments: Any, **more: Any) -> Any:
        try:
            return operation(*arguments, **more)
        except Refusal as refusal:
            self.refusals.add(refusal.code)
            return None

    def part_of_item(self, item: int, share: int) -> int:
        opened = OpenItemBalance.objects.get(item_id=item).open_minor
        return opened // share or opened

    def part_of_money(self, receipt: int, share: int, column: str = "unapplied_minor") -> int:
        there = int(ReceiptBalance.objects.values_list(column, flat=True).get(receipt_id=receipt))
        return there // share or there

    @rule(
        target=items, amount=amounts, currency=currencies, customer=names, on=days, charge=st.sampled_from(list(Charge))
    )
    def add_invoice(self, **facts: Any) -> int:
        return self.ledger.item(**facts, discount_date=facts["on"] + timedelta(days=10), discount_bp=300)

    @rule(
        target=items,
        amount=amounts,
        currency=currencies,
        customer=names,
        on=days,
        kind=st.sampled_from([ItemKind.CREDIT_MEMO, ItemKind.DEPOSIT]),
    )
    def add_credit(self, amount: int, **facts: Any) -> int:
        return self.ledger.item(-amount, **facts)

    @rule(target=receipts, amount=amounts, currency=currencies, customer=st.sampled_from(["C1", "C2", None]), on=days)
    def receive(self, **facts: Any) -> int:
        return self.ledger.receipt(**facts)

    @rule(
        receipt=receipts,
        lines=st.lists(st.tuples(items, shares), min_size=1, max_size=3),
        discount=st.booleans(),
        on=days,
    )
    def apply_named(self, receipt: int, lines: list[tuple[int, int]], discount: bool, on: date) -> None:
        left, named = self.part_of_money(receipt, 1), []
        for item, share in lines:
            part = self.part_of_item(item, share)
            part = min(part, left) or part
            left = max(left - part, 0)
            named.append(Named(item, part, take_discount=discount and share == 2))
        self.attempt(self.ledger.apply, receipt, *named, on=on)

    @rule(receipt=receipts, item=items, paid=shares, share=shares, on=days)
    def apply_across_currencies(self, receipt: int, item: int, paid: int, share: int, on: date) -> None:
        named = Named(item, self.part_of_item(item, share), paid_minor=self.part_of_money(receipt, paid))
        self.attempt(self.ledger.apply, receipt, named, on=on)

    @rule(receipt=receipts, item=items, share=shares, on=days)
    def apply_advances(self, receipt: int, item: int, share: int, on: date) -> None:
        part = min(self.part_of_item(item, share), self.part_of_money(receipt, 1, "on_account_minor"))
        self.attempt(self.ledger.apply, receipt, (item, part), on=on, from_account=LedgerAccount.ADVANCES)

    @rule(receipt=receipts, order=st.sampled_from(list(Order)), on=days)
    def apply_in_order(self, receipt: int, order: Order, on: date) -> None:
        self.attempt(self.ledger.spread, receipt, order, on=on)

    @rule(credit=items, item=items, share=shares, on=days)
    def apply_credit(self, credit: int, item: int, share: int, on: date) -> None:
        part = min(-self.part_of_item(credit, 1), self.part_of_item(item, share))
        self.attempt(self.ledger.apply_credit, credit, (item, part), on=on)

    @rule(receipt=receipts, customer=names, on=days)
    def identify(self, receipt: int, customer: str, on: date) -> None:
        self.attempt(self.ledger.identify, receipt, customer, on=on)

    @rule(receipt=receipts, share=shares, on=days)
    def park(self, receipt: int, share: int, on: date) -> None:
        self.attempt(self.ledger.park, receipt, self.part_of_money(receipt, share), on=on)

    @rule(
        receipt=receipts,
        share=shares,
        on=days,
        account=st.sampled_from([LedgerAccount.UNAPPLIED, LedgerAccount.ADVANCES, LedgerAccount.SUSPENSE]),
    )
    def refund(self, receipt: int, share: int, on: date, account: LedgerAccount) -> None:
        column = {"unapplied": "unapplied_minor", "advances": "on_account_minor", "suspense": "unidentified_minor"}
        part = self.part_of_money(receipt, share, column[account.value])
        self.attempt(self.ledger.refund, receipt, part, on=on, from_account=account)

    @rule(
        item=items,
        share=shares,
        on=days,
        kind=st.sampled_from([EntryKind.WRITE_OFF, EntryKind.OFFSET, EntryKind.ASSIGNMENT]),
    )
    def settle(self, item: int, share: int, on: date, kind: EntryKind) -> None:
        self.attempt(self.ledger.settle, kind, item, self.part_of_item(item, share), on=on)

    @rule(item=items, receipt=receipts, share=shares, on=days)
    def recover(self, item: int, receipt: int, share: int, on: date) -> None:
        self.attempt(self.ledger.recover, item, receipt, self.part_of_money(receipt, share), on=on)

    @rule(which=st.integers(0, 10**6), later=st.integers(0, 40))
    def reverse(self, which: int, later: int) -> None:
        entries = list(JournalEntry.objects.order_by("id").values_list("id", "effective_date"))
        if entries:
            entry, day = entries[which % len(entries)]
            self.attempt(self.ledger.reverse, entry, on=day + timedelta(days=later))

    @rule(month=st.integers(1, 4), state=st.sampled_from(list(PeriodState)))
    def change_period(self, month: int, state: PeriodState) -> None:
        self.attempt(self.ledger.set_period, date(2026, month, 1), state)

    @rule(month=st.integers(1, 4))
    def revalue(self, month: int) -> None:
        if self.attempt(self.ledger.revalue, date(2026, month, 1)):
            assert self.ledger.revalue(date(2026, month, 1)) == []

    @invariant()
    def holds(self) -> None:
        check_invariants()
