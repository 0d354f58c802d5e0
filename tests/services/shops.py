"""A shop on a platform for tests: books in EUR, a bank account, sales files, payouts on the bank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from unittest import mock

from huikuan.core.payout_differences import Difference
from huikuan.core.payouts import FeeRule, ShopKind
from huikuan.queries.payouts import differences_of
from huikuan.queries.shop_facts import units_of
from huikuan.services import bank_import
from huikuan.services.bank_import import AFTER_IMPORT
from huikuan.services.payout_following import settle_payouts
from huikuan.services.payouts import PayoutResult, match_payouts
from huikuan.services.shop_files import ShopFileResult, import_shop_file
from huikuan.services.shops import NewShop, add_shop
from huikuan.store.models import BankLine, OpenItem, Payout, Shop
from tests.services.bank_files import Row, camt053
from tests.services.desk import SYSTEM, Counter

PAYER = "Bazaar Payments"


@dataclass
class Stall:
    """A shop whose platform pays out two days later and keeps 5 %."""

    counter: Counter
    shop_id: int
    files: int = 0

    @classmethod
    def open(cls, **more: Any) -> Stall:
        counter = Counter.open()
        fees = more.pop("fees", (FeeRule("", 500),))
        account = counter.books.accounts["C1"]
        usual: dict[str, Any] = {"kind": ShopKind.MARKETPLACE, "settle_days": 2, "payer_names": (PAYER,)}
        new = NewShop(account, more.pop("name", "Bazaar"), currency="EUR", fees=fees, **{**usual, **more})
        return cls(counter, add_shop(counter.books.entity_id, new, **SYSTEM))

    @property
    def shop(self) -> Shop:
        return Shop.objects.get(id=self.shop_id)

    def sales(self, *rows: str, head: str = "Order ID,Order date,Amount", **more: Any) -> ShopFileResult:
        """A file of sales, a text a row."""
        self.files += 1
        data = "\n".join([head, *rows, ""]).encode()
        return import_shop_file(self.shop_id, f"sales {self.files}.csv", data, **{**SYSTEM, **more})

    def details(self, *rows: str, head: str = "") -> ShopFileResult:
        """A platform's list of what it paid out."""
        usual = "Settlement ID,Settlement date,Order ID,Type,Gross amount,Fee,Net amount"
        return self.sales(*rows, head=head or usual)

    def bank(self, *pairs: tuple[str, str], name: str = PAYER, follows: bool = False) -> list[int]:
        """Money on the bank: day and amount of each line. What is certain settles by itself only where it ``follows``,
        so that a test can look at it before."""
        rows = [Row(amount, day=day, ref=f"P{day}{amount}", name=name) for day, amount in pairs]
        known = set(BankLine.objects.values_list("id", flat=True))
        self.counter.files += 1
        first, last = min(day for day, _ in pairs), max(day for day, _ in pairs)
        data = camt053(rows, number=str(self.counter.files), first=first, last=last, opening="5000.00")
        hooks = [one for one in AFTER_IMPORT if follows or one is not settle_payouts]
        with mock.patch.object(bank_import, "AFTER_IMPORT", hooks):
            self._hand_in(data)
        return sorted(set(BankLine.objects.values_list("id", flat=True)) - known)

    def _hand_in(self, data: bytes) -> None:
        from huikuan.services.bank_files import BankFile
        from huikuan.services.bank_uploads import keep_upload, work_upload

        name = f"bank {self.counter.files}.xml"
        upload = keep_upload([BankFile(name, data)], entity_id=self.counter.books.entity_id, **SYSTEM)
        work_upload(upload, **SYSTEM)

    def match(self) -> list[PayoutResult]:
        return match_payouts(self.shop_id, **SYSTEM)

    def payout(self) -> Payout:
        return Payout.objects.order_by("-id")[:1].get()

    def unit(self, day: str) -> int:
        return next(one.unit for one in units_of(self.shop) if one.day == date.fromisoformat(day))

    def differences(self, as_of: str) -> list[tuple[str, str, int]]:
        """Kind, day and amount of what is open."""
        found = differences_of(self.shop, date.fromisoformat(as_of)).open
        return [(row.what.kind.value, row.what.day.isoformat(), row.what.amount_minor) for row in found]

    def difference(self, as_of: str, kind: str) -> Difference:
        found = differences_of(self.shop, date.fromisoformat(as_of)).open
        return next(row.what for row in found if row.what.kind == kind)

    def open_items(self) -> dict[str, int]:
        """Document number and what is open on it, of items that are not settled."""
        rows = OpenItem.objects.filter(account_id=self.shop.account_id).exclude(balance__open_minor=0)
        return dict(rows.values_list("document_number", "balance__open_minor"))


def lines(sales: Sequence[tuple[str, str, str]]) -> list[str]:
    """Rows of a file of sales: order, day, amount."""
    return [",".join(one) for one in sales]
