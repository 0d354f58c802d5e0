"""Lines as the matcher sees them, and what is open when they arrive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from huikuan.engines.match_book import NEVER, Book, days_of, units_of
from huikuan.engines.match_packed import packed
from huikuan.engines.match_payers import name_key
from huikuan.engines.match_text import plain_account

TEXTS = ("remittance_text", "end_to_end_id", "bank_reference")


@packed
@dataclass(slots=True)
class Line:
    """One bank line. ``amount`` in units, ``day`` since 1970; ``texts`` in the order of ``TEXTS``."""

    line_id: str
    day: int
    amount: int
    currency: str
    entity: str | None
    name: str
    account: str
    texts: tuple[str, str, str]

    @property
    def order(self) -> tuple[Any, ...]:
        """The canonical order of lines: by content, then by id."""
        return (self.day, self.amount, self.name, self.account, self.texts, self.currency, self.line_id)

    @property
    def payer_key(self) -> str:
        return name_key(self.name) if self.name else ""

    @property
    def text(self) -> str:
        return self.texts[0]


def read_lines(table: Any) -> list[Line]:
    """The rows of a table of lines (or of history, one row per line) in their order."""
    columns = {name: table.column(name).to_pylist() for name in ("line_id", "currency", "entity", "payer_name")}
    amounts = units_of(table.column("amount")).tolist()
    days = days_of(table.column("booking_date"), 0).tolist()
    accounts = [plain_account(one) for one in table.column("payer_account").to_pylist()]
    texts = [[one or "" for one in table.column(name).to_pylist()] for name in TEXTS]
    return [
        Line(
            columns["line_id"][at],
            days[at],
            amounts[at],
            columns["currency"][at],
            columns["entity"][at],
            columns["payer_name"][at] or "",
            accounts[at],
            (texts[0][at], texts[1][at], texts[2][at]),
        )
        for at in range(table.num_rows)
    ]


@dataclass(slots=True)
class Pool:
    """Open items of one customer in one currency and entity, oldest due first; ``amounts`` what is open of each.
    ``months``: those dated in each month, once asked for; ``early``: those that were there on ``early_day``, as last
    asked for; ``until``: the last day on which all are open."""

    items: list[int]
    amounts: list[int]
    latest: int
    months: dict[tuple[int, int], list[int]] = field(default_factory=dict)
    early: Pool | None = None
    early_day: int = -NEVER
    until: int = NEVER

    def of_amount(self, amount: int) -> list[int]:
        """Items of which exactly so much is open."""
        if amount not in self.amounts:
            return []
        return [item for item, one in zip(self.items, self.amounts, strict=True) if one == amount]


@dataclass(slots=True)
class State:
    """What is open at one moment: ``open_now`` in units per item, 0 where nothing is; until and with its day in
    ``closes``, where these are known."""

    book: Book
    open_now: list[int]
    closes: list[int] | None = None
    pools: dict[tuple[int, str, str | None], Pool] = field(default_factory=dict)
    pool_keys: dict[int, list[tuple[int, str, str | None]]] = field(default_factory=dict)

    def set_open(self, item: int, amount: int) -> None:
        """Changes what is open of an item."""
        self.open_now[item] = amount
        customer = self.book.customer_of[item]
        for key in [key for key in self.pool_keys.pop(customer, ()) if key in self.pools]:
            del self.pools[key]

    def is_open(self, item: int, line: Line) -> bool:
        """Open, of the line's currency and entity."""
        if self.open_now[item] == 0 or (self.closes is not None and self.closes[item] < line.day):
            return False
        return self.fits(item, line)

    def fits(self, item: int, line: Line) -> bool:
        """Of the line's currency and entity."""
        book = self.book
        if book.currencies[item] != line.currency:
            return False
        return line.entity is None or book.entities[item] is None or book.entities[item] == line.entity

    def pool(self, customer: int, line: Line) -> Pool:
        """What the line could pay of a customer's: open, in its currency and entity, not dated after it."""
        key = (customer, line.currency, line.entity)
        pool = self.pools.get(key)
        if pool is None:
            opened, book = self.open_now, self.book
            currencies, entities, currency, entity = book.currencies, book.entities, line.currency, line.entity
            items = [
                at
                for at in book.of_customer.get(customer, ())
                if opened[at]
                and currencies[at] == currency
                and (entity is None or entities[at] is None or entities[at] == entity)
            ]
            pool = self.pools[key] = _pool(items, self)
            self.pool_keys.setdefault(customer, []).append(key)
        if pool.latest <= line.day <= pool.until:
            return pool
        if pool.early is None or pool.early_day != line.day:
            opens, closes = self.book.opens, self.closes
            there = [at for at in pool.items if opens[at] <= line.day and (closes is None or closes[at] >= line.day)]
            pool.early = _pool(there, self)
            pool.early_day = line.day
        return pool.early


def _pool(items: Sequence[int], state: State) -> Pool:
    amounts = list(map(state.open_now.__getitem__, items))
    pool = Pool(list(items), amounts, max(map(state.book.opens.__getitem__, items), default=-NEVER))
    if state.closes is not None:
        pool.until = min(map(state.closes.__getitem__, items), default=NEVER)
    return pool
