"""Items and customers as the matcher holds them: columns in one canonical order, and where each number leads."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from huikuan.core.money import EXPONENTS
from huikuan.engines.match_index import Keys, core_column, folded_keys, number_keys, order_keys, plain_column, tail_keys
from huikuan.engines.match_text import plain_number

UNIT = 10_000
"""Amounts are whole numbers of 1/10,000 of the major unit: what ``decimal128(18, 4)`` holds."""
NEVER = 10**7
"""A day after every day."""


def units_of(column: Any) -> Any:
    """A decimal column as 64-bit units; nulls are zero."""
    filled = pc.fill_null(column.cast(pa.decimal128(22, 4)), 0)
    scaled = pc.multiply(filled, pa.scalar(UNIT, pa.decimal128(6, 0)))
    return np.asarray(scaled.cast(pa.decimal128(38, 0), safe=False).cast(pa.int64()).to_numpy(zero_copy_only=False))


def days_of(column: Any, otherwise: int) -> list[int]:
    """A column of dates as days since 1970."""
    return list(pc.fill_null(pc.cast(column, pa.int32()), otherwise).to_pylist())


def smallest_unit(currency: str) -> int:
    """The smallest amount of a currency in units: 100 where there are cents, 10,000 for yen."""
    return int(10 ** (4 - EXPONENTS.get(currency, 2)))


class Book:
    """Every item, open or settled, in the order (customer, due date, document date, document number, item id).

    ``places`` of items and customers are positions in that order, so that nothing depends on the order of a file.
    """

    def __init__(self, items: Any, customers: Any) -> None:
        names = ["customer_id", "due_date", "document_date", "document_number", "item_id"]
        items = items.take(pc.sort_indices(items, sort_keys=[(name, "ascending") for name in names]))
        self.item_ids: list[str] = items.column("item_id").to_pylist()
        ids = items.column("customer_id").to_pylist()
        known = set(ids) | set(customers.column("customer_id").to_pylist())
        self.customer_ids: list[str] = sorted(known)
        self.customer_place = {name: at for at, name in enumerate(self.customer_ids)}
        self.customer_of: list[int] = [self.customer_place[name] for name in ids]
        self.shown: list[str] = items.column("document_number").to_pylist()
        self.kinds: list[str] = items.column("kind").to_pylist()
        self.currencies: list[str] = items.column("currency").to_pylist()
        self.entities: list[str | None] = items.column("entity").to_pylist()
        self.amounts = units_of(items.column("amount"))
        given = items.column("open_amount")
        self.open_given = pc.is_valid(given).to_numpy(zero_copy_only=False)
        self.open_amounts = units_of(given)
        self.dated = days_of(items.column("document_date"), 0)
        self.due = days_of(items.column("due_date"), 0)
        posted = pc.coalesce(items.column("posting_date"), items.column("document_date"))
        self.opens: list[int] = np.minimum(days_of(posted, 0), self.dated).tolist()
        self.settled = np.asarray(days_of(items.column("settled_date"), NEVER), dtype=np.int64)
        self.discount_until = days_of(items.column("discount_date"), -NEVER)
        self.discounts: list[int] = units_of(items.column("discount_percent")).tolist()
        self.item_place = {name: at for at, name in enumerate(self.item_ids)}
        edges = np.flatnonzero(np.diff(np.asarray(self.customer_of, dtype=np.int64), prepend=-1, append=-1)).tolist()
        self.of_customer: dict[int, range] = {
            self.customer_of[start]: range(start, stop) for start, stop in pairwise(edges)
        }
        self._index_amounts()
        self._index_numbers(items)
        self._read_customers(customers)

    def _index_amounts(self) -> None:
        self.amount_order = np.argsort(self.amounts, kind="stable")
        self.amount_sorted = self.amounts[self.amount_order]

    def _index_numbers(self, items: Any) -> None:
        """Numbers of documents, orders and contracts → the items they may mean."""
        plain = plain_column(items.column("document_number"))
        core = core_column(plain)
        self.numbers: list[str] = plain.to_pylist()
        self.cores: list[str] = core.to_pylist()
        self.by_number, self.by_core, self.number_lengths = number_keys(
            items.column("document_number"), items.column("item_id"), plain, core
        )
        self._order_columns = (items.column("po_number"), items.column("contract_number"))
        self.by_order, self.by_contract = (order_keys(column) for column in self._order_columns)
        self._folded: Keys | None = None
        self._tails: Keys | None = None
        self._orders: dict[int, tuple[str, ...]] = {}
        commonest = sorted(self.number_lengths.items(), key=lambda one: (-one[1], one[0]))
        self.core_lengths = [size for size, _ in commonest[:4] if size >= 5]

    @property
    def by_folded(self) -> Keys:
        """Numbers with letters read as the digits they look like; made when first needed."""
        if self._folded is None:
            self._folded = folded_keys(self.numbers)
        return self._folded

    @property
    def by_tail(self) -> Keys:
        """The last ten digits of numbers longer than that: what a structured reference has room for; made when first
        needed."""
        if self._tails is None:
            self._tails = tail_keys(self.cores)
        return self._tails

    def orders_of(self, item: int) -> tuple[str, ...]:
        """Plain numbers of an item's order and contract."""
        held = self._orders.get(item)
        if held is None:
            pair = [plain_number(column[item].as_py() or "") for column in self._order_columns]
            held = self._orders[item] = tuple(one for one in pair if len(one) >= 5)
        return held

    def _read_customers(self, customers: Any) -> None:
        count = len(self.customer_ids)
        self.names: list[list[str]] = [[] for _ in range(count)]
        self.listed_accounts: list[str] = [""] * count
        self.parents: list[int] = [-1] * count
        self.registrations: list[str] = [""] * count
        for row in customers.select(
            ["customer_id", "name", "aliases", "parent_id", "payer_accounts", "registration_number"]
        ).to_pylist():
            at = self.customer_place[row["customer_id"]]
            aliases = [one.strip() for one in (row["aliases"] or "").split(";") if one.strip()]
            self.names[at] = [row["name"], *aliases]
            self.listed_accounts[at] = row["payer_accounts"] or ""
            self.parents[at] = self.customer_place.get(row["parent_id"] or "", -1)
            self.registrations[at] = plain_number(row["registration_number"] or "")
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
