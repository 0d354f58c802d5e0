"""Items of a generated company: number series, amounts, orders, contracts, credit memos, terms."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta

from benchmarks._match_customers import Customer

FIRST_DAY = date(2025, 3, 3)


def day_of(day: int) -> date:
    """The date of a day counted from the first."""
    return FIRST_DAY + timedelta(days=day)


@dataclass(slots=True, eq=False)
class Item:
    """One item; amounts in minor units with its sign, days counted from the first. ``open_minor`` moves."""

    item_id: str
    kind: str
    customer: Customer
    document_number: str
    po_number: str
    contract_number: str
    document_day: int
    due_day: int
    amount_minor: int
    open_minor: int
    discount_day: int | None = None
    discount_percent: int = 0
    settled_day: int | None = None
    pay_day: int = 0
    disputed: bool = False
    moves: list[tuple[int, int]] = field(default_factory=list)
    """Day and amount of everything that reduced it."""

    @property
    def currency_code(self) -> str:
        """The currency of the item: its customer's."""
        return self.customer.currency

    def settle(self, minor: int, day: int) -> None:
        """Reduces what is open by ``minor`` (with the item's sign)."""
        self.open_minor -= minor
        self.moves.append((day, minor))
        assert self.open_minor * self.amount_minor >= 0, self.item_id
        if self.open_minor == 0:
            self.settled_day = day


SERIES: dict[str, Callable[[int, date], str]] = {
    "counter": lambda number, day: f"{104_000 + number}",
    "inv_year": lambda number, day: f"INV-{day.year}-{number:05d}",
    "sap": lambda number, day: f"{1_800_000 + number:010d}",
    "eight": lambda number, day: f"{4_518_000 + number:08d}",
    "twenty": lambda number, day: f"{day.year % 100}312000000{1_004_500 + number:09d}",
    "german": lambda number, day: f"RE{day.year}/{number:04d}",
    "french": lambda number, day: f"F-{day.year % 100}-{number:05d}",
    "branch": lambda number, day: f"HK{day.year % 100}{day.month:02d}{number:04d}",
    "suffix": lambda number, day: f"{20_000 + number}/{day.year % 100}",
}
"""How invoices are numbered, by series."""

CREDIT_SERIES: dict[str, Callable[[int, date], str]] = {
    "counter": lambda number, day: f"9{number:05d}",
    "inv_year": lambda number, day: f"CN-{day.year}-{number:04d}",
    "sap": lambda number, day: f"{1_600_000 + number:010d}",
    "german": lambda number, day: f"GS{day.year}/{number:04d}",
}


def open_on(item: Item, day: int) -> int:
    """What was open of ``item`` at the start of ``day``."""
    return item.amount_minor - sum(minor for moved, minor in item.moves if moved < day)


def series_of(chance: random.Random) -> list[str]:
    """The two to four series one company uses."""
    return chance.sample(list(SERIES), chance.choice((2, 3, 3, 4)))


def amount(chance: random.Random, customer: Customer) -> int:
    """Minor units: a monthly fee, a list price many customers pay, a round sum or anything."""
    if customer.recurring_minor and chance.random() < 0.9:
        return customer.recurring_minor
    kind = chance.random()
    if kind < 0.07:
        return chance.choice((99_900, 150_000, 248_000, 500_000, 1_280_000)) * chance.choice((1, 1, 2, 3))
    if kind < 0.15:
        return max(1, round(chance.lognormvariate(13, 1.2) / 10_000)) * 10_000
    return max(2_000, round(chance.lognormvariate(13, 1.3)))


def _order(chance: random.Random, customer: Customer, number: int) -> str:
    kind = int(customer.customer_id[1:]) % 4
    return (f"PO45{number:08d}", f"P-{number % 90_000 + 10_000}", f"45{number:08d}", f"CG{number:07d}")[kind]


def _issue_days(chance: random.Random, customer: Customer, days: int, rate: float) -> list[int]:
    if customer.recurring_minor:
        first = chance.randrange(0, 28)
        return [day for day in range(first, days, 30) if day >= customer.since]
    found, day = [], customer.since + chance.expovariate(customer.weight * rate)
    while day < days:
        found.append(int(day))
        if chance.random() < 0.12:
            found.append(int(day))  # two invoices of one delivery day
        day += chance.expovariate(customer.weight * rate)
    return found


def _pay_day(chance: random.Random, item: Item) -> int:
    habit = item.customer.habit
    due = item.due_day + habit.lead_days + round(chance.gauss(0, 3))
    if item.discount_day is not None and habit.discount_taker:
        due = item.discount_day + (chance.randrange(-3, 1) if chance.random() < 0.85 else chance.randrange(2, 7))
    return max(item.document_day + 1, due)


def _dated(chance: random.Random, customers: list[Customer], days: int, rate: float) -> list[tuple[int, int]]:
    """(day, place of the customer) of every invoice, in order of days."""
    pairs = [(day, place) for place, one in enumerate(customers) for day in _issue_days(chance, one, days, rate)]
    chance.shuffle(pairs)
    pairs.sort(key=lambda pair: pair[0])
    return pairs


def make_items(
    chance: random.Random,
    customers: list[Customer],
    series: list[str],
    days: int,
    rate: float,
    switch_day: int | None = None,
    first: int = 0,
) -> list[Item]:
    """All invoices and credit memos of ``days`` days in order of their day. ``rate``: invoices per day of a customer of
    weight 1. From ``switch_day`` on one series is replaced by another (a new system). Numbers count from ``first``."""
    made: list[Item] = []
    counts: dict[str, int] = {}
    last_order: dict[str, str] = {}
    unused = next(name for name in SERIES if name not in series)
    for day, place in _dated(chance, customers, days, rate):
        customer = customers[place]
        name = series[customer.series]
        if switch_day is not None and day >= switch_day and name == series[0]:
            name = unused
        counts[name] = counts.get(name, first + chance.randrange(50, 900)) + chance.choice((1, 1, 1, 1, 2, 3))
        minor = amount(chance, customer)
        order = last_order.get(customer.customer_id, "")
        if not order or chance.random() < 0.85:
            order = last_order[customer.customer_id] = _order(chance, customer, 1000 + len(made) * 7)
        item = Item(
            item_id=f"I{len(made) + 1:07d}",
            kind="invoice",
            customer=customer,
            document_number=SERIES[name](counts[name], day_of(day)),
            po_number=order if chance.random() < 0.85 else "",
            contract_number=chance.choice(customer.contracts) if chance.random() < 0.3 else "",
            document_day=day,
            due_day=day + customer.terms_days,
            amount_minor=minor,
            open_minor=minor,
        )
        if customer.discount_percent:
            item.discount_day, item.discount_percent = day + 10, customer.discount_percent
        item.pay_day = _pay_day(chance, item)
        made.append(item)
        if chance.random() < 0.035:
            made.append(_credit(chance, item, name, counts, len(made)))
    made.sort(key=lambda one: one.document_day)
    return made


def _credit(chance: random.Random, item: Item, series: str, counts: dict[str, int], place: int) -> Item:
    minor = -max(100, round(item.amount_minor * chance.choice((0.05, 0.1, 0.2, 0.5, 1.0)) * chance.uniform(0.8, 1)))
    key = series if series in CREDIT_SERIES else "inv_year"
    counts["credit " + key] = counts.get("credit " + key, counts[series] // 50) + 1
    day = item.document_day + chance.randrange(1, 12)
    return Item(
        item_id=f"I{place + 1:07d}",
        kind="credit_memo",
        customer=item.customer,
        document_number=CREDIT_SERIES[key](counts["credit " + key], day_of(day)),
        po_number=item.po_number,
        contract_number=item.contract_number,
        document_day=day,
        due_day=day,
        amount_minor=minor,
        open_minor=minor,
    )
