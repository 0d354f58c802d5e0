"""Small books for tests: one entity, customers by name, and the services with the usual arguments filled in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from huikuan.core.accounts import EntryKind, ItemKind, LedgerAccount
from huikuan.core.applications import Order
from huikuan.core.periods import PeriodState
from huikuan.services import adjustments, applications, customers, items, periods, receipts, revaluation, reversals
from huikuan.services.applications import Named
from huikuan.store.models import ExchangeRate, OpenItem, OpenItemBalance, Posting, Receipt, ReceiptBalance

NOW = datetime(2026, 6, 15, 8, 30, tzinfo=UTC)
DAY = date(2026, 3, 10)


@dataclass
class Ledger:
    """Books in ``currency`` with one customer ``C1`` (more by ``customer``). Days default to ``DAY``."""

    currency: str = "CNY"
    code: str = "E1"
    entity_id: int = 0
    accounts: dict[str, int] = field(default_factory=dict)
    number: int = 0

    def __post_init__(self) -> None:
        if not self.entity_id:
            self.entity_id = customers.add_entity(self.code, self.code, self.currency, actor_id=None, now=NOW)
        self.customer("C1")

    @property
    def common(self) -> dict[str, Any]:
        return {"actor_id": None, "now": NOW}

    def next_name(self, letter: str) -> str:
        self.number += 1
        return f"{letter}{self.number}"

    def customer(self, name: str) -> int:
        if name not in self.accounts:
            new = [customers.NewCustomer(name, f"Customer {name}")]
            self.accounts |= customers.add_customers(self.entity_id, new, source="manual", **self.common)
        return self.accounts[name]

    def rate(self, currency: str, rate: str, since: date = date(2020, 1, 1)) -> None:
        ExchangeRate.objects.create(
            currency=currency, base=self.currency, valid_from=since, rate=Decimal(rate), source="test"
        )

    def item(
        self, amount: int, currency: str = "", *, customer: str = "C1", key: str | None = None, **more: Any
    ) -> int:
        day = more.pop("on", DAY)
        new = items.NewItem(
            account_id=self.customer(customer),
            external_id=more.pop("external_id", None) or self.next_name("I"),
            document_date=day,
            due_date=more.pop("due", day),
            currency=currency or self.currency,
            amount_minor=amount,
            **{"kind": ItemKind.INVOICE if amount > 0 else ItemKind.CREDIT_MEMO} | more,
        )
        return items.post_items(self.entity_id, [new], key=key, **self.common)[0]

    def receipt(
        self, amount: int, currency: str = "", *, customer: str | None = "C1", key: str | None = None, **more: Any
    ) -> int:
        new = receipts.NewReceipt(
            external_id=more.pop("external_id", None) or self.next_name("R"),
            value_date=more.pop("on", DAY),
            currency=currency or self.currency,
            amount_minor=amount,
            account_id=None if customer is None else self.customer(customer),
            **more,
        )
        return receipts.post_receipts(self.entity_id, [new], key=key, **self.common)[0]

    def apply(self, receipt_id: int, *named: Named | tuple[int, int], on: date = DAY, **more: Any) -> int:
        lines = [line if isinstance(line, Named) else Named(*line) for line in named]
        return applications.apply_receipt(self.entity_id, receipt_id, lines, on=on, **self.common, **more)

    def spread(self, receipt_id: int, order: Order, amount: int | None = None, on: date = DAY, **more: Any) -> int:
        return applications.apply_receipt(
            self.entity_id, receipt_id, order=order, amount_minor=amount, on=on, **self.common, **more
        )

    def apply_credit(self, credit_id: int, *named: tuple[int, int], on: date = DAY, key: str | None = None) -> int:
        lines = [Named(*line) for line in named]
        return applications.apply_credit(self.entity_id, credit_id, lines, on=on, key=key, **self.common)

    def identify(self, receipt_id: int, customer: str = "C1", on: date = DAY, **more: Any) -> int:
        account_id = self.customer(customer)
        return receipts.identify_receipt(self.entity_id, receipt_id, account_id, on=on, **self.common, **more)

    def park(self, receipt_id: int, amount: int, on: date = DAY, **more: Any) -> int:
        return receipts.park_receipt(self.entity_id, receipt_id, amount, on=on, **self.common, **more)

    def refund(self, receipt_id: int, amount: int, on: date = DAY, **more: Any) -> int:
        return receipts.refund_receipt(self.entity_id, receipt_id, amount, on=on, **{**self.common, **more})

    def settle(self, kind: EntryKind, item_id: int, amount: int, on: date = DAY, **more: Any) -> int:
        return adjustments.settle_item(self.entity_id, kind, item_id, amount, on=on, **{**self.common, **more})

    def recover(self, item_id: int, receipt_id: int, amount: int, on: date = DAY, **more: Any) -> int:
        return adjustments.recover_item(self.entity_id, item_id, receipt_id, amount, on=on, **self.common, **more)

    def reverse(self, entry_id: int, on: date = DAY, **more: Any) -> list[int]:
        return reversals.reverse_entry(self.entity_id, entry_id, on=on, **self.common, **more)

    def set_period(self, month: date, state: PeriodState) -> None:
        periods.set_period(self.entity_id, month, state, **self.common)

    def revalue(self, month: date) -> list[int]:
        return revaluation.revalue(self.entity_id, month, **self.common)

    def open_of(self, item_id: int) -> tuple[int, int]:
        """What is open on an item: amount and base value."""
        balance = OpenItemBalance.objects.get(item_id=item_id)
        return balance.open_minor, balance.open_base_minor

    def money_of(self, receipt_id: int) -> tuple[int, int, int]:
        """Where a receipt's money stands: unidentified, unapplied, on account."""
        balance = ReceiptBalance.objects.get(receipt_id=receipt_id)
        return balance.unidentified_minor, balance.unapplied_minor, balance.on_account_minor

    def owner_of(self, receipt_id: int) -> int | None:
        return ReceiptBalance.objects.get(receipt_id=receipt_id).account_id


def entry_of_item(item_id: int) -> int:
    return OpenItem.objects.get(id=item_id).entry_id


def entry_of_receipt(receipt_id: int) -> int:
    return Receipt.objects.get(id=receipt_id).entry_id


Leg = tuple[str, str, int, int]


def legs_of(entry_id: int) -> list[Leg]:
    """The legs of an entry: account, currency, amount, base value, in order."""
    legs = Posting.objects.filter(entry_id=entry_id).order_by("line")
    return [(leg.ledger_account, leg.currency, leg.amount_minor, leg.base_minor) for leg in legs]


def sum_of(account: LedgerAccount, entries: Sequence[int] | None = None) -> tuple[int, int]:
    """What an account stands at: amount (currencies added up) and base value."""
    legs = Posting.objects.filter(ledger_account=account.value)
    if entries is not None:
        legs = legs.filter(entry_id__in=list(entries))
    return sum(leg.amount_minor for leg in legs), sum(leg.base_minor for leg in legs)
