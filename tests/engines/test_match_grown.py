"""A book brought up by what changed is the book a full build gives, in every part of it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from huikuan.engines.match_book import Book
from huikuan.engines.match_grown import grown
from huikuan.engines.schemas import arrow_schema

pytestmark = pytest.mark.practice("E3")
FIRST = date(2026, 1, 1)
Item = dict[str, Any]


def table(kind: str, rows: list[Item]) -> Any:
    return pa.table({one.name: pa.array([row.get(one.name) for row in rows], one.type) for one in arrow_schema(kind)})


def item(number: int, owner: int, day: int, minor: int, left: int, shown: str, order: str | None) -> Item:
    return {
        "item_id": str(number),
        "customer_id": f"C{owner}",
        "kind": "invoice",
        "document_number": shown,
        "po_number": order,
        "document_date": FIRST + timedelta(days=day),
        "due_date": FIRST + timedelta(days=day // 2 + 20),
        "currency": "CNY" if minor % 3 else "EUR",
        "amount": Decimal(minor),
        "open_amount": Decimal(min(left, minor)),
        "discount_percent": Decimal(2) if minor % 2 else None,
    }


NUMBERS = st.sampled_from(
    ["INV-10023", "INV/10024", "RE 00077", "10023", "A7", "", "2026-0017-33", "INV-2026000123456"]
)
ITEMS = st.lists(
    st.tuples(
        st.integers(0, 40),
        st.integers(0, 5),
        st.integers(0, 6),
        st.integers(1, 9),
        st.integers(1, 9),
        NUMBERS,
        st.sampled_from([None, "PO-4711", "4500012345"]),
    ),
    max_size=25,
    unique_by=lambda one: one[0],
)
CUSTOMERS = table("customers", [{"customer_id": f"C{at}", "name": f"Customer {at}"} for at in range(6)])


def parts(book: Book) -> dict[str, Any]:
    """Everything a book holds, comparable."""
    held = dict(vars(book))
    held["keys"] = {name: value.tolist() for name, value in zip("mpd", book.keys.rows(), strict=True)}
    held["order_codes"] = [
        [names[int(at)].as_py() if at >= 0 else None for at in codes] for names, codes in book.order_codes
    ]
    held["item_place"] = book.item_place
    for name in ("_item_place", "_folded", "_tails", "_orders"):
        held.pop(name)
    return {
        name: value.to_pylist()
        if hasattr(value, "to_pylist")
        else value.tolist()
        if isinstance(value, np.ndarray)
        else value
        for name, value in held.items()
    }


@given(ITEMS, ITEMS)
def test_a_grown_book_is_a_full_one(before: list[Any], after: list[Any]) -> None:
    was, now = ({row[0]: item(*row) for row in rows} for rows in (before, after))
    # An item is one customer's, and is written as it is written: only what is open of it changes.
    now = {number: {**was.get(number, row), "open_amount": row["open_amount"]} for number, row in now.items()}
    touched = {number: row for number, row in {**was, **now}.items() if was.get(number) != now.get(number)}
    book = Book(table("items", list(was.values())), CUSTOMERS)
    kept = parts(book)
    changed = table("items", [now[number] for number in touched if number in now])
    made = grown(book, [(row["customer_id"], row["item_id"]) for row in touched.values()], changed)
    assert made is not None
    assert parts(made) == parts(Book(table("items", list(now.values())), CUSTOMERS))
    assert parts(book) == kept
    for key in ("1OO23", "2026000123456"):
        assert made.by_folded.find(key) == Book(table("items", list(now.values())), CUSTOMERS).by_folded.find(key)


def test_an_item_of_an_unknown_customer_takes_a_full_build() -> None:
    book = Book(table("items", [item(1, 1, 1, 1, 1, "A7", None)]), CUSTOMERS)
    assert grown(book, [("C9", "2")], table("items", [item(2, 9, 1, 1, 1, "A8", None)])) is None
