"""Bank lines of a small company, and what a clerk does with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from huikuan.core.matching import Deed, Leg
from huikuan.services import bank_accounts
from huikuan.services.bank_accounts import NewAccount
from huikuan.services.bank_files import BankFile
from huikuan.services.bank_uploads import keep_upload, work_upload
from huikuan.services.line_decisions import Choice, decide_line
from huikuan.services.line_undoing import undo_decision
from huikuan.store.models import BankLine, OpenItem, OpenItemBalance, ReceiptBalance
from tests.services.bank_files import IBAN, Row, camt053
from tests.services.ledger import NOW, Ledger

SYSTEM: dict[str, Any] = {"actor_id": None, "now": NOW}
Balances = tuple[dict[int, int], dict[int, tuple[int, int, int]]]


@dataclass
class Counter:
    """Books in EUR, a bank account, and its lines."""

    books: Ledger
    files: int = 0

    @classmethod
    def open(cls) -> Counter:
        books = Ledger("EUR")
        bank_accounts.add_account(books.entity_id, NewAccount("Main", IBAN), **SYSTEM)
        return cls(books)

    def lines(self, *rows: Row) -> list[int]:
        """Imports a statement; gives its lines in order."""
        self.files += 1
        known = set(BankLine.objects.values_list("id", flat=True))
        data = camt053(rows, number=str(self.files), opening=f"{1000 + self.files}.00")
        upload = keep_upload([BankFile(f"{self.files}.xml", data)], entity_id=self.books.entity_id, **SYSTEM)
        work_upload(upload, **SYSTEM)
        return sorted(set(BankLine.objects.values_list("id", flat=True)) - known)

    def line(self, amount: str, **more: str) -> int:
        (number,) = self.lines(Row(amount, ref=f"R{self.files + 1}", **more))
        return number

    def leg(self, item_id: int, minor: int, deduction: int = 0, reason: str = "") -> Leg:
        account = OpenItem.objects.values_list("account_id", flat=True).get(id=item_id)
        return Leg(item_id, account, minor, deduction, reason)

    def apply(self, line_id: int, *legs: Leg, **more: Any) -> int:
        who = {name: more.pop(name) for name in ("actor_id", "now", "key", "run_id") if name in more}
        choice = Choice(Deed.APPLY, legs=legs, **more)
        return decide_line(self.books.entity_id, line_id, choice, **{**SYSTEM, **who})

    def decide(self, line_id: int, choice: Choice, **more: Any) -> int:
        return decide_line(self.books.entity_id, line_id, choice, **{**SYSTEM, **more})

    def undo(self, decision_id: int, **more: Any) -> int:
        return undo_decision(self.books.entity_id, decision_id, **{**SYSTEM, **more})


def open_on(item_id: int) -> int:
    return int(OpenItemBalance.objects.values_list("open_minor", flat=True).get(item_id=item_id))


def money_of(line_id: int) -> tuple[int, int, int]:
    """In suspense, unapplied, on account: of all receipts the line's money stands on."""
    from huikuan.services.line_desk import receipts_of
    from huikuan.store.models import BankLineReceipt

    first = BankLineReceipt.objects.values_list("receipt_id", flat=True).get(line_id=line_id)
    rows = ReceiptBalance.objects.filter(receipt_id__in=receipts_of(line_id, first))
    sums = [0, 0, 0]
    for row in rows:
        for at, minor in enumerate((row.unidentified_minor, row.unapplied_minor, row.on_account_minor)):
            sums[at] += minor
    return sums[0], sums[1], sums[2]


def balances() -> Balances:
    """Every item and every receipt that has something open."""
    return (
        dict(OpenItemBalance.objects.exclude(open_minor=0).values_list("item_id", "open_minor")),
        {
            row.receipt_id: (row.unidentified_minor, row.unapplied_minor, row.on_account_minor)
            for row in ReceiptBalance.objects.all()
            if row.unidentified_minor or row.unapplied_minor or row.on_account_minor
        },
    )
