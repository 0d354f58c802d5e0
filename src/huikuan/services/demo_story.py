"""One customer account's life in the demo: an agenda of actions and a small ledger of what is open.

The story plays its actions in the order in which the writer will play their events, so what it believes to be open is
what the ledger will have. It decides nothing itself; ``demo_fates`` does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from heapq import heappop, heappush
from random import Random

from huikuan.core.accounts import EntryKind, LedgerAccount
from huikuan.core.applications import OpenRow, Order, discount_allowed, distribute
from huikuan.services.demo_events import (
    Apply,
    ApplyCredit,
    Bounce,
    Event,
    Identify,
    ItemIn,
    Park,
    Part,
    ReceiptIn,
    Recover,
    Refund,
    Settle,
    Unapply,
)
from huikuan.services.demo_world import AccountPlan


@dataclass(slots=True)
class Item:
    """An open item as the story knows it. ``pay_on``: when the customer means to pay; ``is_plain``: together with
    what else is due then; ``is_lost``: never by itself."""

    event: ItemIn
    number: int
    open_minor: int
    pay_on: date
    is_plain: bool = True
    is_lost: bool = False
    coming_minor: int = 0

    @property
    def due_minor(self) -> int:
        """Open and no money for it received yet."""
        return max(self.open_minor - self.coming_minor, 0)

    @property
    def ref(self) -> str:
        return self.event.ref

    def row(self) -> OpenRow:
        event = self.event
        return OpenRow(
            item_id=self.number,
            account_id=0,
            ledger_account=LedgerAccount.TRADE,
            currency=event.currency,
            open_minor=self.open_minor,
            open_base_minor=0,
            due_date=event.due_date,
            document_date=event.document_date,
            original_minor=event.amount_minor,
            charge=event.charge,
            discount_date=event.discount_date,
            discount_bp=event.discount_bp,
        )


@dataclass(slots=True)
class Receipt:
    event: ReceiptIn
    left_minor: int
    parked_minor: int = 0
    meant: dict[str, int] = field(default_factory=dict)
    applied: dict[str, int] = field(default_factory=dict)
    spent_minor: int = 0


Action = Callable[[date], object]


class Calendar:
    """The business days of the demo: Monday to Friday without the fixed public holidays of the country."""

    _HOLIDAYS = {
        "CN": {(1, 1), (5, 1), *((10, day) for day in range(1, 8))},
        "DE": {(1, 1), (5, 1), (10, 3), (12, 25), (12, 26)},
    }

    def __init__(self, first: date, last: date, country: str) -> None:
        holidays = self._HOLIDAYS[country]
        span = ((first + timedelta(days=n)) for n in range((last - first).days + 1))
        self.days = [day for day in span if day.weekday() < 5 and (day.month, day.day) not in holidays]
        self.first, self.last = first, last
        self._following: dict[date, date] = {}
        following: date | None = None
        known = set(self.days)
        for back in range((last - first).days + 1):
            day = last - timedelta(days=back)
            following = day if day in known else following
            if following is not None:
                self._following[day] = following

    def on_or_after(self, day: date) -> date | None:
        """The first business day from ``day`` on; ``None`` when the demo ends before it."""
        return self._following.get(max(day, self.first))


class Story:
    """The agenda and the books of one account. Methods named like services emit the event and keep the books."""

    def __init__(self, account: AccountPlan, calendar: Calendar, rng: Random) -> None:
        self.account = account
        self.calendar = calendar
        self.rng = rng
        self.items: dict[str, Item] = {}
        self.receipts: dict[str, Receipt] = {}
        self.events: list[Event] = []
        self._agenda: list[tuple[date, int, int, Action]] = []
        self._steps = 0
        self._now = (date.min, 0)
        self._document_days: set[date] = set()

    # -- the agenda ------------------------------------------------------------------------------------------------
    def at(self, day: date, kind: type[Event], action: Action) -> bool:
        """``action`` will run on the first business day from ``day`` on, among the events of ``kind``. False: never."""
        business_day = self.calendar.on_or_after(day)
        if business_day is not None and (business_day, kind.phase) < self._now:
            # Too late for today: the day's events of this kind have been played.
            business_day = self.calendar.on_or_after(self._now[0] + timedelta(days=1))
        if business_day is None:
            return False
        self._steps += 1
        heappush(self._agenda, (business_day, kind.phase, self._steps, action))
        return True

    def run(self) -> None:
        """Plays the agenda to its end; ``events`` and what is open on ``items`` are then complete."""
        while self._agenda:
            day, phase, _, action = heappop(self._agenda)
            self._now = (day, phase)
            action(day)

    def document_day(self, day: date) -> date | None:
        """A business day from ``day`` on with no other document: two of one day would leave "oldest" to chance."""
        found = self.calendar.on_or_after(day)
        while found is not None and found in self._document_days:
            found = self.calendar.on_or_after(found + timedelta(days=1))
        if found is not None:
            self._document_days.add(found)
        return found

    def days(self, first: int, last: int) -> timedelta:
        """A random number of days."""
        return timedelta(days=self.rng.randint(first, last))

    # -- the books -------------------------------------------------------------------------------------------------
    def owed(self, currency: str | None = None) -> list[Item]:
        """Items still owed, in the order they came in."""
        wanted = currency or self.account.currency
        return [item for item in self.items.values() if item.open_minor > 0 and item.event.currency == wanted]

    def bring_in(self, event: ItemIn, *, pay_on: date, is_plain: bool = True) -> Item:
        item = Item(event, len(self.items), event.amount_minor, pay_on, is_plain)
        self.items[event.ref] = item
        self._add(event)
        return item

    def receive(
        self,
        day: date,
        amount_minor: int,
        *,
        currency: str | None = None,
        is_known: bool = True,
        mentions: Sequence[Item] = (),
        meant: Sequence[Item] = (),
    ) -> Receipt:
        """Money comes in for the items it ``mentions``, or for those ``meant`` without saying so."""
        account = self.account
        event = ReceiptIn(
            entity=account.entity.code,
            day=day,
            ref=f"{account.entity.code}/{account.customer}/R{len(self.receipts)}",
            payer=account.customer,
            is_known=is_known,
            currency=currency or account.currency,
            amount_minor=amount_minor,
            value_date=day,
            mentions=tuple(item.ref for item in mentions),
        )
        receipt = Receipt(event, amount_minor)
        for item in (*mentions, *meant):
            share = item.due_minor if currency else min(item.due_minor, amount_minor)
            item.coming_minor += share
            amount_minor -= share
            receipt.meant[item.ref] = share
        self.receipts[event.ref] = receipt
        self._add(event)
        return receipt

    def identify(self, day: date, receipt: Receipt) -> None:
        self._emit(Identify, day, receipt=receipt.event.ref, customer=self.account.customer)

    def apply_parts(self, day: date, receipt: Receipt, parts: Sequence[Part], *, parked: bool = False) -> bool:
        """Applies to named items what of it is still possible; tells whether anything was."""
        self._arrived(receipt, [part.item for part in parts])
        kept = [part for part in parts if part.amount_minor > 0]
        if not kept:
            return False
        source = LedgerAccount.ADVANCES if parked else LedgerAccount.UNAPPLIED
        for part in kept:
            item = self.items[part.item]
            discount = self.discount_of(item) if part.take_discount else 0
            self._use(receipt, item, part.amount_minor + discount)
            paid = part.amount_minor if part.paid_minor is None else part.paid_minor
            self._spend(receipt, paid, parked=parked)
        self._emit(Apply, day, receipt=receipt.event.ref, parts=tuple(kept), from_account=source)
        return True

    def apply_in_order(self, day: date, receipt: Receipt, order: Order) -> bool:
        """All that is left of a receipt, in an order; what the rule gives is worked out by the rule itself. What other
        money that waits was sent for is left alone: then each part is told."""
        self._arrived(receipt)
        parts = []
        for item, amount in self.spread(receipt.left_minor, receipt.event.currency, order):
            parts.append(Part(item=item.ref, amount_minor=amount))
            self._use(receipt, item, amount)
            self._spend(receipt, amount, parked=False)
        if parts and any(item.coming_minor for item in self.owed(receipt.event.currency)):
            self._emit(Apply, day, receipt=receipt.event.ref, parts=tuple(parts))
        elif parts:
            self._emit(Apply, day, receipt=receipt.event.ref, order=order)
        return bool(parts)

    def spread(self, amount_minor: int, currency: str, order: Order) -> list[tuple[Item, int]]:
        """What an order makes of a sum, without what other money that waits was sent for."""
        rows = {item.number: item for item in self.owed(currency) if item.due_minor}
        open_rows = [replace(item.row(), open_minor=item.due_minor) for item in rows.values()]
        lines = distribute(amount_minor, open_rows, order)
        return [(rows[line.row.item_id], line.amount_minor) for line in lines]

    def apply_credit(self, day: date, credit: Item, item: Item) -> None:
        amount = min(-credit.open_minor, item.due_minor)
        if amount > 0:
            credit.open_minor += amount
            item.open_minor -= amount
            self._emit(ApplyCredit, day, credit=credit.ref, lines=((item.ref, amount),))

    def settle(self, day: date, kind: EntryKind, item: Item, amount_minor: int, memo: str) -> None:
        item.open_minor -= amount_minor
        self._emit(Settle, day, kind=kind, item=item.ref, amount_minor=amount_minor, memo=memo)

    def recover(self, day: date, item: Item, receipt: Receipt, amount_minor: int) -> None:
        self._spend(receipt, amount_minor, parked=False)
        self._emit(Recover, day, item=item.ref, receipt=receipt.event.ref, amount_minor=amount_minor)

    def park(self, day: date, receipt: Receipt) -> None:
        amount, receipt.left_minor = receipt.left_minor, 0
        if amount:
            receipt.parked_minor += amount
            self._emit(Park, day, receipt=receipt.event.ref, amount_minor=amount)

    def refund(self, day: date, receipt: Receipt) -> None:
        amount, receipt.left_minor = receipt.left_minor, 0
        if amount:
            self._emit(Refund, day, receipt=receipt.event.ref, amount_minor=amount)

    def unapply(self, day: date, receipt: Receipt, memo: str) -> None:
        self._take_back(receipt)
        receipt.left_minor += receipt.spent_minor
        receipt.spent_minor = 0
        self._emit(Unapply, day, receipt=receipt.event.ref, memo=memo)

    def bounce(self, day: date, receipt: Receipt, memo: str) -> None:
        self._take_back(receipt)
        receipt.left_minor = receipt.spent_minor = 0
        self._emit(Bounce, day, receipt=receipt.event.ref, memo=memo)

    def discount_of(self, item: Item) -> int:
        row = item.row()
        assert row.discount_date is not None  # noqa: S101 - a fate that asks for what was not agreed
        return discount_allowed(row, row.discount_date)

    def _arrived(self, receipt: Receipt, refs: Iterable[str] | None = None) -> None:
        """The money waits no more for these items (or for any it was meant for)."""
        for ref in list(receipt.meant) if refs is None else refs:
            self.items[ref].coming_minor -= receipt.meant.pop(ref, 0)

    def _use(self, receipt: Receipt, item: Item, amount_minor: int) -> None:
        item.open_minor -= amount_minor
        receipt.applied[item.ref] = receipt.applied.get(item.ref, 0) + amount_minor

    def _spend(self, receipt: Receipt, amount_minor: int, *, parked: bool) -> None:
        if parked:
            receipt.parked_minor -= amount_minor
        else:
            receipt.left_minor -= amount_minor
            receipt.spent_minor += amount_minor

    def _take_back(self, receipt: Receipt) -> None:
        for ref, amount in receipt.applied.items():
            self.items[ref].open_minor += amount
        receipt.applied = {}

    def _emit(self, event_kind: type[Event], day: date, /, **values: object) -> None:
        self._add(event_kind(entity=self.account.entity.code, day=day, **values))

    def _add(self, event: Event) -> None:
        if event.phase != self._now[1]:
            raise AssertionError(f"{type(event).__name__} in an action planned among events of phase {self._now[1]}")
        self.events.append(event)
