"""Items and customers as the matcher holds them: columns in one canonical order, and where each number leads."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from huikuan.core.money import EXPONENTS
from huikuan.engines.match_columns import flat
from huikuan.engines.match_index import CONTRACT, ORDER, Keys, folded_keys, index_items, order_parts, tail_keys
from huikuan.engines.match_text import plain_number

NOTE = "note"
"""An item that is a bill: its acceptor pays it, it is not next by age."""
UNIT = 10_000
"""Amounts are whole numbers of 1/10,000 of the major unit: what ``decimal128(18, 4)`` holds."""
NEVER = 10**7
"""A day after every day."""


def units_of(column: Any) -> Any:
    """A decimal column as 64-bit units; nulls are zero."""
    filled = pc.fill_null(column.cast(pa.decimal128(22, 4)), 0)
    scaled = pc.multiply(filled, pa.scalar(UNIT, pa.decimal128(6, 0)))
    return np.asarray(scaled.cast(pa.decimal128(38, 0), safe=False).cast(pa.int64()).to_numpy(zero_copy_only=False))


def days_of(column: Any, otherwise: int) -> Any:
    """A column of dates as days since 1970."""
    return pc.fill_null(pc.cast(column, pa.int32()), otherwise).to_numpy()


def numbers_of(values: Any) -> array[int]:
    """A numpy column of whole numbers as they are looked up one by one: in one piece, of which a forked process copies
    nothing by reading it."""
    return array("q", np.asarray(values, dtype=np.int64).tobytes())


def coded(column: Any) -> tuple[Any, Any]:
    """A column's different texts, and which of them each row has: -1 for none."""
    encoded = flat(column).dictionary_encode()
    return encoded.dictionary, pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False)


def in_order(items: Any) -> tuple[Any, list[str], Any]:
    """The order of items by customer, due date, document date, document number and item id (what is missing comes
    last), the customers that have any, and per item in that order which of them is its."""
    names, codes = coded(items.column("customer_id"))
    owner = (pc.rank(names).to_numpy(zero_copy_only=False).astype(np.int64) - 1)[codes]
    due, dated = (days_of(items.column(name), NEVER) for name in ("due_date", "document_date"))
    order = np.lexsort((dated, due, owner))
    same = np.ones(len(order), dtype=bool)
    for column in (owner, due, dated):
        same[1:] &= column[order[1:]] == column[order[:-1]]
    same[:1] = False
    tied = same.copy()
    tied[:-1] |= same[1:]
    places = np.flatnonzero(tied)
    if len(places):
        some = items.select(["document_number", "item_id"]).take(order[places])
        some = some.append_column("run", pa.array(np.cumsum(~same)[places]))
        keys = [(name, "ascending") for name in ("run", "document_number", "item_id")]
        order[places] = order[places][pc.sort_indices(some, sort_keys=keys).to_numpy()]
    return order, names.take(pc.sort_indices(names)).to_pylist(), owner[order]


@lru_cache(maxsize=512)
def smallest_unit(currency: str) -> int:
    """The smallest amount of a currency in units: 100 where there are cents, 10,000 for yen."""
    return int(10 ** (4 - EXPONENTS.get(currency, 2)))


class Book:
    """Every item, open or settled, in the order (customer, due date, document date, document number, item id).

    ``places`` of items and customers are positions in that order, so that nothing depends on the order of a file.
    """

    def __init__(self, items: Any, customers: Any) -> None:
        order, owners, owner = in_order(items)
        self.customer_ids: list[str] = sorted({*owners, *customers.column("customer_id").to_pylist()})
        self.customer_place = {name: at for at, name in enumerate(self.customer_ids)}
        places = np.asarray([self.customer_place[name] for name in owners], dtype=np.int64)[owner]
        self._shown, self._ids = (items.column(name).take(order) for name in ("document_number", "item_id"))
        self.shown: list[str] = self._shown.to_pylist()
        self.item_ids: list[str] = self._ids.to_pylist()
        self.kinds: list[str] = _names(items.column("kind"), order)
        self.currencies: list[str] = _names(items.column("currency"), order)
        self.entities: list[str | None] = _names(items.column("entity"), order)
        self.amounts = units_of(items.column("amount"))[order]
        given = items.column("open_amount")
        self.open_given = pc.is_valid(given).to_numpy(zero_copy_only=False)[order]
        self.open_amounts = units_of(given)[order]
        dated = days_of(items.column("document_date"), 0)[order]
        posted = pc.coalesce(items.column("posting_date"), items.column("document_date"))
        self.dated = numbers_of(dated)
        self.due = numbers_of(days_of(items.column("due_date"), 0)[order])
        self.opens = numbers_of(np.minimum(days_of(posted, 0)[order], dated))
        self.settled = days_of(items.column("settled_date"), NEVER)[order].astype(np.int64)
        self.discount_until = numbers_of(days_of(items.column("discount_date"), -NEVER)[order])
        self.contested: list[bool] = items.column("disputed").fill_null(False).take(pa.array(order)).to_pylist()
        self.discounts = numbers_of(units_of(items.column("discount_percent"))[order])
        self.index_owners(places)
        self.index_amounts()
        self._index_numbers([coded(items.column(name)) for name in ("po_number", "contract_number")], order)
        self._read_customers(customers)

    def index_owners(self, places: Any) -> None:
        """Whose each item is, by the places of customers."""
        self.customer_of = numbers_of(places)
        edges = np.flatnonzero(np.diff(places, prepend=-1, append=-1)).tolist()
        self.of_customer: dict[int, range] = {
            self.customer_of[start]: range(start, stop) for start, stop in pairwise(edges)
        }
        self._item_place: dict[str, int] | None = None

    def index_amounts(self) -> None:
        """Items by their original amounts, and whether any is contested."""
        self.has_contested = any(self.contested)
        self.amount_order = np.argsort(self.amounts, kind="stable")
        self.amount_sorted = self.amounts[self.amount_order]

    def _index_numbers(self, orders: list[tuple[Any, Any]], order: Any) -> None:
        """Numbers of documents, orders and contracts → the items they may mean."""
        self.order_codes = [(names, codes[order]) for names, codes in orders]
        parts = [order_parts(*one, kind) for one, kind in zip(self.order_codes, (ORDER, CONTRACT), strict=True)]
        keys, (self._plain, self._core) = index_items(self._shown, self._ids, [*parts[0], *parts[1]])
        self.numbers: list[str] = self._plain.to_pylist()
        self.cores: list[str] = self._core.to_pylist()
        self.index_keys(keys)

    def index_keys(self, keys: Keys) -> None:
        """Where each number leads, and how common numbers of its length are."""
        self.keys = keys
        self.number_lengths = keys.lengths()
        commonest = sorted(self.number_lengths.items(), key=lambda one: (-one[1], one[0]))
        self.core_lengths = [size for size, _ in commonest[:4] if size >= 5]
        self._folded: Keys | None = None
        self._tails: Keys | None = None
        self._orders: dict[int, tuple[str, ...]] = {}

    @property
    def item_place(self) -> dict[str, int]:
        """Where each item stands, by its id; made when first needed."""
        if self._item_place is None:
            self._item_place = {name: at for at, name in enumerate(self.item_ids)}
        return self._item_place

    @property
    def by_folded(self) -> Keys:
        """Numbers with letters read as the digits they look like; made when first needed."""
        if self._folded is None:
            self._folded = folded_keys(self._plain)
        return self._folded

    @property
    def by_tail(self) -> Keys:
        """The last ten digits of numbers longer than that: what a structured reference has room for; made when first
        needed."""
        if self._tails is None:
            self._tails = tail_keys(self._core)
        return self._tails

    def orders_of(self, item: int) -> tuple[str, ...]:
        """Plain numbers of an item's order and contract."""
        held = self._orders.get(item)
        if held is None:
            pair = [
                plain_number(names[at].as_py()) for names, codes in self.order_codes if (at := int(codes[item])) >= 0
            ]
            held = self._orders[item] = tuple(one for one in pair if len(one) >= 5)
        return held

    def _read_customers(self, customers: Any) -> None:
        count = len(self.customer_ids)
        self.names: list[list[str]] = [[] for _ in range(count)]
        self.listed_accounts: list[str] = [""] * count
        self.parents: list[int] = [-1] * count
        self.registrations: list[str] = [""] * count
        columns = ("customer_id", "name", "aliases", "parent_id", "payer_accounts", "registration_number")
        for customer, name, aliases, parent, accounts, registration in zip(
            *(customers.column(one).to_pylist() for one in columns), strict=True
        ):
            at = self.customer_place[customer]
            self.names[at] = [name, *(one.strip() for one in (aliases or "").split(";") if one.strip())]
            self.listed_accounts[at] = accounts or ""
            self.parents[at] = self.customer_place.get(parent or "", -1)
            self.registrations[at] = plain_number(registration or "")
        self.family_of = _families(self.parents)
        self.families: dict[int, list[int]] = {}
        for at, root in enumerate(self.family_of):
            self.families.setdefault(root, []).append(at)

    def rarity(self, digits: int, letters: int) -> float:
        """How unlikely a number of that many digits and letters would hit an item by chance: minus the decimal
        logarithm, between 0.2 and 8."""
        density = math.log10(max(self.number_lengths.get(digits, 1), 1))
        return min(max(digits - density + min(letters, 3) * 0.8, 0.2), 8.0)

    def same_amount(self, low: int, high: int, most: int) -> list[int]:
        """Places of items whose original amount lies from ``low`` to ``high``; nothing where there are more than
        ``most``."""
        start = int(np.searchsorted(self.amount_sorted, low, "left"))
        stop = int(np.searchsorted(self.amount_sorted, high, "right"))
        if stop - start > most:
            return []
        return sorted(self.amount_order[start:stop].tolist())


def _names(column: Any, order: Any) -> list[Any]:
    """A column of few different texts as a list in which equal ones are one object."""
    names, codes = coded(column)
    return list(np.asarray([*names.to_pylist(), None], dtype=object)[codes[order]].tolist())


def _families(parents: Iterable[int]) -> list[int]:
    """The head of each customer's group; a ring of parents ends where it began."""
    held = list(parents)
    heads = []
    for at in range(len(held)):
        seen, head = {at}, at
        while held[head] >= 0 and held[head] not in seen:
            head = held[head]
            seen.add(head)
        heads.append(min(seen) if held[head] >= 0 else head)
    return heads
