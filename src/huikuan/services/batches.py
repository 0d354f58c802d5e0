"""Many applications in one transaction: read and locked together, decided one after the other, written together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from huikuan.core.accounts import EntryKind, LedgerAccount
from huikuan.core.applications import Fund, Line, OpenRow, Order, credit_legs, distribute, fund_legs
from huikuan.core.journal import EntryDraft, PostingDraft
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.queries.funds import fund_of
from huikuan.services.applications import Named, named_lines
from huikuan.services.auditing import record
from huikuan.services.books import open_books
from huikuan.services.idempotency import once
from huikuan.services.locking import lock_items, lock_receipts
from huikuan.services.rights import demand_accounts, demand_some, moved_by
from huikuan.services.row_days import RowDays
from huikuan.services.source_settlements import lock_owed, unmet_settlements
from huikuan.services.writing import Unit
from huikuan.store.models import Receipt, ReceiptBalance


@dataclass(frozen=True, slots=True)
class ReceiptUse:
    """What ``applications.apply_receipt`` is asked for, as one of many."""

    receipt_id: int
    named: tuple[Named, ...] = ()
    order: Order | None = None
    amount_minor: int | None = None
    from_account: LedgerAccount = LedgerAccount.UNAPPLIED


@dataclass(frozen=True, slots=True)
class CreditUse:
    """What ``applications.apply_credit`` is asked for, as one of many."""

    credit_item_id: int
    named: tuple[Named, ...]


Use = ReceiptUse | CreditUse


def apply_batch(
    entity_id: int,
    uses: Sequence[Use],
    *,
    on: date,
    actor_id: int | None,
    now: datetime,
    key: str | None = None,
) -> list[int]:
    """Posts an application for each of ``uses``, in their order, all or none; gives the entries' ids.

    Each sees what those before it did, as if they had been posted one by one. Refuses what ``apply_receipt`` and
    ``apply_credit`` refuse.
    """

    def work() -> dict[str, list[int]]:
        demand_some(actor_id, Right.POST_CASH, entity_id=entity_id)
        books = open_books(entity_id, actor_id=actor_id)
        unit = Unit(entity_id, actor_id, now)
        desk, days = _Desk(entity_id), RowDays()
        desk.load(uses)
        days.read(desk.items, desk.receipts)
        ids, moved = [], set[int | None]()
        for use in uses:
            if desk.is_stale(use):
                # Something before it used the same rows: write that, and read again what it left.
                unit.flush()
                desk.load([use])
            legs = desk.decide(use)
            moved |= moved_by(legs)
            desk.note(legs)
            day = days.posting_day(books, on, legs)
            ids.append(unit.add_entry(EntryDraft(EntryKind.APPLICATION, day.effective_date, day.posting_date, legs)))
        # Once for all: what somebody holds is looked up anew every time. Nothing is committed before this.
        demand_accounts(actor_id, Right.POST_CASH, entity_id=entity_id, account_ids=moved)
        unit.flush()
        if ids:
            record(
                "application.post_batch",
                now=now,
                actor_id=actor_id,
                entity_id=entity_id,
                subject=f"entry:{ids[0]}",
                count=len(ids),
            )
        return {"entries": ids}

    answer = once(
        entity_id=entity_id,
        actor_id=actor_id,
        operation="application.post_batch",
        key=key,
        request=(tuple(uses), on),
        now=now,
        work=work,
    )
    return list(answer["entries"])


@dataclass(slots=True)
class _Desk:
    """The rows a batch works on, as read under lock, and which of them have been used since."""

    entity_id: int
    receipts: dict[int, Receipt] = field(default_factory=dict)
    balances: dict[int, ReceiptBalance] = field(default_factory=dict)
    items: dict[int, OpenRow] = field(default_factory=dict)
    unmet: dict[int, OpenRow] = field(default_factory=dict)
    used_items: set[int] = field(default_factory=set)
    used_receipts: set[int] = field(default_factory=set)
    used_accounts: set[int | None] = field(default_factory=set)

    def load(self, uses: Iterable[Use]) -> None:
        """Locks receipts before items, each in id order, as ``apply_receipt`` does. What was used is forgotten."""
        uses = list(uses)
        receipt_ids = {use.receipt_id for use in uses if isinstance(use, ReceiptUse)}
        item_ids = {line.item_id for use in uses for line in use.named}
        item_ids |= {use.credit_item_id for use in uses if isinstance(use, CreditUse)}
        for receipt_id, (receipt, balance) in lock_receipts(self.entity_id, receipt_ids).items():
            self.receipts[receipt_id], self.balances[receipt_id] = receipt, balance
        if item_ids:
            rows = lock_items(self.entity_id, item_ids)
            self.items |= rows
            for item_id in rows:
                self.unmet.pop(item_id, None)
            self.unmet |= unmet_settlements(rows)
        # Everything noted has been written; what is not among these rows is read again when it is needed.
        for item_id in self.used_items - item_ids:
            self.items.pop(item_id, None)
        for receipt_id in self.used_receipts - receipt_ids:
            self.balances.pop(receipt_id, None)
        self.used_items, self.used_receipts, self.used_accounts = set(), set(), set()

    def is_stale(self, use: Use) -> bool:
        wanted = {line.item_id for line in use.named}
        if isinstance(use, CreditUse):
            wanted.add(use.credit_item_id)
        else:
            balance = self.balances.get(use.receipt_id)
            if balance is None or use.receipt_id in self.used_receipts:
                return True
            if not use.named and balance.account_id in self.used_accounts:
                return True
        return bool(wanted & self.used_items) or not wanted <= self.items.keys()

    def decide(self, use: Use) -> tuple[PostingDraft, ...]:
        if isinstance(use, CreditUse):
            lines = [Line(self.items[line.item_id], line.amount_minor) for line in use.named]
            return credit_legs(self.items[use.credit_item_id], lines)
        receipt = self.receipts[use.receipt_id]
        fund = fund_of(receipt, self.balances[use.receipt_id], use.from_account)
        if fund.account_id is None:
            raise Refusal("receipt.unidentified", "say first whose money this is", receipt_id=use.receipt_id)
        if use.named:
            return fund_legs(fund, named_lines(self.items, use.named, receipt.value_date, self.unmet))
        return fund_legs(fund, self._distributed(fund, use, fund.account_id))

    def _distributed(self, fund: Fund, use: ReceiptUse, account_id: int) -> list[Line]:
        rows = lock_owed(self.entity_id, account_id, fund.currency)
        ceiling = fund.available_minor if use.amount_minor is None else use.amount_minor
        return distribute(ceiling, rows, use.order or Order.OLDEST_FIRST)

    def note(self, legs: Iterable[PostingDraft]) -> None:
        for leg in legs:
            if leg.item_id is not None:
                self.used_items.add(leg.item_id)
                self.used_accounts.add(leg.account_id)
            if leg.receipt_id is not None:
                self.used_receipts.add(leg.receipt_id)
