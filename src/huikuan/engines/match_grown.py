"""A book brought up to the state of its items by the few that changed: what a full build gives, without putting all in
order anew."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from copy import copy
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa

from huikuan.engines.match_book import Book
from huikuan.engines.match_columns import flat
from huikuan.engines.match_index import Keys

LISTS = (
    "shown",
    "item_ids",
    "kinds",
    "currencies",
    "entities",
    "dated",
    "due",
    "opens",
    "discount_until",
    "contested",
    "discounts",
    "numbers",
    "cores",
)
COLUMNS = ("amounts", "open_given", "open_amounts", "settled")
TEXTS = ("_shown", "_ids", "_plain", "_core")


def grown(book: Book, touched: Iterable[tuple[str, str]], now: Any) -> Book | None:
    """The book with the items that were touched (customer id, item id; whether they stand in it or not) as they are
    ``now``: the rows of them that belong into it, a checked table of items in which every row has its dates and number.

    ``None`` where only a full build can tell, because an item is of a customer the book does not know. The book given
    stays as it is; what it knows of customers is shared.
    """
    small = Book(now, _nobody())
    if any(name not in book.customer_place for name in small.customer_ids):
        return None
    out = [at for customer, item in touched if (at := place_of(book, customer, item)) is not None]
    owners = [book.customer_place[small.customer_ids[at]] for at in small.customer_of]
    before = [_place_for(book, owner, small, at) for at, owner in enumerate(owners)]
    count = len(book.shown)
    taken = np.insert(np.arange(count), before, count + np.arange(len(owners)))
    taken = taken[~np.isin(taken, out)]
    made = copy(book)
    _splice(made, book, small, taken)
    owner_of = np.concatenate([book.customer_of, owners]).astype(np.int64)[taken]
    made.index_owners(owner_of)
    made.index_amounts()
    moved = np.full(count + len(owners), -1, dtype=np.int64)
    moved[taken] = np.arange(len(taken))
    made.index_keys(_keys(book.keys, small.keys, moved, count))
    return made


def _nobody() -> Any:
    columns = ("customer_id", "name", "aliases", "parent_id", "payer_accounts", "registration_number")
    return pa.table({name: pa.array([], pa.string()) for name in columns})


def place_of(book: Book, customer_id: str, item_id: str) -> int | None:
    """Where an item of a customer stands in the book, if it does."""
    owner = book.customer_place.get(customer_id, -1)
    return next((at for at in book.of_customer.get(owner, ()) if book.item_ids[at] == item_id), None)


def _place_for(book: Book, owner: int, small: Book, item: int) -> int:
    """Before which item of the book one of the small book comes, in the order of both."""
    low, high = bisect_left(book.customer_of, owner), bisect_right(book.customer_of, owner)
    return bisect_left(range(high), _order(small, item), low, key=lambda at: _order(book, at))


def _order(book: Book, at: int) -> tuple[int, int, str, str]:
    return book.due[at], book.dated[at], book.shown[at], book.item_ids[at]


def _splice(made: Book, book: Book, small: Book, taken: Any) -> None:
    """What the book says of each item, for the items taken out of the book and, counted on from it, the small one."""
    count = len(book.shown)
    ends = [0, *(np.flatnonzero(np.diff(taken) != 1) + 1).tolist(), len(taken)]
    runs = [(int(taken[start]), int(taken[stop - 1]) + 1) for start, stop in pairwise(ends) if stop > start]
    # The last of the book and the first of the small one may be neighbours: a run is of one of them.
    runs = [
        part
        for first, stop in runs
        for part in ((first, min(stop, count)), (max(first, count), stop))
        if part[1] > part[0]
    ]
    for name in LISTS:
        whole, few, one = getattr(book, name), getattr(small, name), getattr(book, name)[:0]
        for first, stop in runs:
            one += whole[first:stop] if first < count else few[first - count : stop - count]
        setattr(made, name, one)
    for name in COLUMNS:
        setattr(made, name, np.concatenate([getattr(book, name), getattr(small, name)])[taken])
    for name in TEXTS:
        setattr(made, name, pa.concat_arrays([flat(getattr(book, name)), flat(getattr(small, name))]).take(taken))
    made.order_codes = [
        (
            pa.concat_arrays([names, more]),
            np.concatenate([codes, np.where(added < 0, added, added + len(names))])[taken],
        )
        for (names, codes), (more, added) in zip(book.order_codes, small.order_codes, strict=True)
    ]


def _keys(whole: Keys, few: Keys, moved: Any, count: int) -> Keys:
    """The keys of both books. ``moved``: where each item of the book and then of the small one is now, -1 for those
    that left."""
    marks, places, digits = whole.rows()
    more, others, more_digits = few.rows()
    places = moved[np.concatenate([places, others + count])]
    stays = places >= 0
    return Keys(np.concatenate([marks, more])[stays], places[stays], np.concatenate([digits, more_digits])[stays])
