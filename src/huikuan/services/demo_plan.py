"""The whole demo as data: who is there, and everything that happens, day by day. Pure: the same seed and last day give
the same plan on every machine, and nothing here knows a database.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import groupby

from huikuan.core.accounts import ItemKind
from huikuan.core.exchange import Rate
from huikuan.core.periods import PeriodState, month_end, month_of, next_month
from huikuan.services.demo_bills import SPECIAL, play_account, suits
from huikuan.services.demo_events import ClosePeriod, Event, ItemIn, ReceiptIn, Revalue
from huikuan.services.demo_fates import FATES
from huikuan.services.demo_names import seeded
from huikuan.services.demo_story import Calendar
from huikuan.services.demo_world import ENTITIES, AccountPlan, CustomerPlan, EntityPlan, make_customers, make_rates

CLOSING_DAY = 10
"""On this day a month two months back is closed softly, and one three months back for good."""

_SLOW = ("recovered", "dunned", "over", "misapplied", "bounced", "bounced")
"""Fates that take months: given to an account's first invoices, so that short demos have them too."""

_PREFIX = {
    ItemKind.INVOICE: "I",
    ItemKind.CREDIT_MEMO: "G",
    ItemKind.DEBIT_MEMO: "D",
    ItemKind.DEPOSIT: "A",
    ItemKind.ON_ACCOUNT: "A",
    ItemKind.NOTE: "N",
}


@dataclass(frozen=True, slots=True)
class DemoSize:
    """What to make: so many customers over so many months, from a seed."""

    customers: int = 200
    months: int = 24
    seed: int = 1


@dataclass(frozen=True, slots=True)
class DemoPlan:
    """``events`` in the order in which they are to be played: by day, entity, phase. ``owed``: document number → what
    the stories end with open on it, which is what the ledger must say, too."""

    first: date
    last: date
    entities: tuple[EntityPlan, ...]
    customers: list[CustomerPlan]
    rates: list[Rate]
    events: list[Event]
    owed: dict[str, int]

    def days(self) -> Iterator[tuple[date, list[Event]]]:
        """The business days on which something happens, each with its events."""
        for day, events in groupby(self.events, key=lambda event: event.day):
            yield day, list(events)


def make_plan(size: DemoSize, last: date) -> DemoPlan:
    """A demo that ends on ``last`` and began ``size.months`` earlier, on the first of a month."""
    first = month_of(last)
    for _ in range(size.months):
        first = month_of(first - timedelta(days=1))
    seed = str(size.seed)
    customers = make_customers(seed, size.customers)
    accounts = [account for customer in customers for account in customer.accounts]
    calendars = {entity.code: Calendar(first, last, entity.country) for entity in ENTITIES}
    wanted = _given_by_hand(accounts)
    events: list[tuple[Event, int]] = []
    owed: dict[str, int] = {}
    for order, account in enumerate(accounts):
        rng = seeded(seed, "account", account.entity.code, account.customer)
        story = play_account(account, calendars[account.entity.code], rng, wanted[order])
        events += [(event, order) for event in story.events]
        owed |= {ref: item.open_minor for ref, item in story.items.items()}
    for entity in ENTITIES:
        events += [(event, -1) for event in _month_ends(entity, calendars[entity.code])]
    places = {entity.code: place for place, entity in enumerate(ENTITIES)}
    # The sort is stable: what one account does in one phase of a day stays in its order.
    events.sort(key=lambda pair: (pair[0].day, places[pair[0].entity], pair[0].phase, pair[1]))
    numbered = number_documents(event for event, _ in events)
    by_number = {event.number: owed[event.ref] for event in numbered if isinstance(event, ItemIn)}
    return DemoPlan(first, last, ENTITIES, customers, make_rates(seed, first, last), numbered, by_number)


def _given_by_hand(accounts: list[AccountPlan]) -> dict[int, list[str]]:
    """Every fate at least once in each demo: spread over the accounts with the most invoices that it suits."""
    wanted: dict[int, list[str]] = defaultdict(list)
    busiest = sorted(range(len(accounts)), key=lambda order: (-accounts[order].per_month, order))
    for name in (*_SLOW, *(name for name in FATES if name not in _SLOW), *SPECIAL):
        fitting = [order for order in busiest if suits(accounts[order], name)]
        if fitting:
            chosen = min(fitting, key=lambda order: len(wanted[order]))
            wanted[chosen].append(name)
    return wanted


def _month_ends(entity: EntityPlan, calendar: Calendar) -> Iterator[Event]:
    """Revaluation on the first business day of the next month; closing later (see ``CLOSING_DAY``)."""
    month = month_of(calendar.first)
    while month_end(month) < calendar.last:
        revalued = calendar.on_or_after(next_month(month))
        if revalued is not None:
            yield Revalue(entity=entity.code, day=revalued, month=month)
        closing = next_month(month)
        for state in (PeriodState.SOFT_CLOSED, PeriodState.CLOSED):
            closing = next_month(closing)
            closed = calendar.on_or_after(closing + timedelta(days=CLOSING_DAY - 1))
            if closed is not None:
                yield ClosePeriod(entity=entity.code, day=closed, month=month, state=state)
        month = next_month(month)


def number_documents(events: Iterable[Event]) -> list[Event]:
    """Gives documents and receipts their numbers, in the order in which they come in, and remittances their texts."""
    counters: Counter[tuple[str, str, int]] = Counter()
    numbers: dict[str, str] = {}

    def numbered(event: Event) -> Event:
        if isinstance(event, ItemIn):
            year = event.document_date.year
            series = (event.entity, _PREFIX[event.kind], year)
            counters[series] += 1
            numbers[event.ref] = f"{event.entity}{series[1]}{year % 100:02d}-{counters[series]:05d}"
            return replace(event, number=numbers[event.ref])
        if isinstance(event, ReceiptIn):
            series = (event.entity, "B", event.day.toordinal())
            counters[series] += 1
            number = f"{event.entity}B{event.day:%y%m%d}-{counters[series]:03d}"
            return replace(event, number=number, remittance_text=" ".join(numbers[ref] for ref in event.mentions))
        return event

    return [numbered(event) for event in events]
