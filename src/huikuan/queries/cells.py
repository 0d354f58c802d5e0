"""What is open, added up per account, currency and ageing bucket: the small table most pages are made of."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pyarrow.compute as pc

from huikuan.core.ageing import BUCKETS, UNAPPLIED, BucketBy, bucket_labels, check_buckets
from huikuan.core.money import exponent_of
from huikuan.core.refusals import Refusal
from huikuan.queries.cache import answers
from huikuan.queries.directory import accounts_key, accounts_table, accounts_version, entities_table
from huikuan.queries.facts import Facts
from huikuan.queries.layers import Layers, give_layers, numbers_of, rows_with
from huikuan.queries.open_rows import BOOK_VALUE, CASH_CONTROLS, OPEN_ITEMS, OPEN_RECEIPTS, day_of, texts
from huikuan.queries.patches import cells_of_rows


@dataclass(frozen=True, slots=True)
class Buckets:
    """Upper bounds in days and what days are counted from. Refuses ``ageing.bad_buckets`` and ``ageing.bad_choice``."""

    bounds: tuple[int, ...] = BUCKETS
    bucket_by: BucketBy = "due"

    @staticmethod
    def asked(bounds: Sequence[int], bucket_by: str) -> Buckets:
        if bucket_by not in ("due", "document"):
            raise Refusal(
                "ageing.bad_choice", "{value!r} is not one of {allowed}", value=bucket_by, allowed="due, document"
            )
        return Buckets(check_buckets(tuple(bounds)), "due" if bucket_by == "due" else "document")

    @property
    def labels(self) -> list[str]:
        """In order, unapplied money last."""
        return [*bucket_labels(self.bounds), UNAPPLIED]

    @property
    def day(self) -> str:
        """The item's column that days are counted from."""
        return "due_date" if self.bucket_by == "due" else "document_date"

    def number(self, as_of: str, day: str) -> str:
        """SQL of a bucket's place among the labels; ``as_of`` and ``day`` are SQL dates."""
        cases = " ".join(f"WHEN {day} >= {as_of} - {bound} THEN {place}" for place, bound in enumerate(self.bounds))
        return f"(CASE {cases} ELSE {len(self.bounds)} END)::SMALLINT"

    def day_range(self, facts: Facts, label: str, day: str | None = None) -> str:
        """The predicate of one bucket on an item's day; nothing for an unknown label."""
        if label not in self.labels[:-1]:
            return "false"
        day = day or self.day
        place, as_of = self.labels.index(label), facts.frame.as_of
        latest = "" if place == 0 else f"{day} < {day_of(as_of - timedelta(days=self.bounds[place - 1]))}"
        earliest = "" if place == len(self.bounds) else f"{day} >= {day_of(as_of - timedelta(days=self.bounds[place]))}"
        return " AND ".join(part for part in (earliest, latest) if part)


DUE = Buckets()


CELL = "account_id, entity_id, currency, bucket"
"""The columns that tell cells apart."""


@dataclass(frozen=True, slots=True)
class CellLayers:
    """Cells in layers. ``touched``: all accounts of the customers any of whose cells may have changed, as
    ``accounts_table`` has them; ``None`` where nothing did."""

    layers: Layers
    touched: Any = None

    @property
    def nbytes(self) -> int:
        return self.layers.nbytes + (0 if self.touched is None else int(self.touched.nbytes))


def need_cells(facts: Facts, buckets: Buckets = DUE) -> None:
    """Brings in ``cells``: customer_id, account_id, entity_id, currency, bucket (place among the labels), open_minor,
    open_base, items, days_past_due_max (of items owed), for the frame's entities.

    ``items`` counts items; the unapplied bucket has none. Money in suspense is nobody's yet and not here.
    """
    give_layers(facts, "all_cells", cell_layers(facts, buckets).layers, CELL)
    facts.give("accounts", accounts_table())
    _give_cells(facts, "all_cells")


def cells_of_accounts(facts: Facts, account_ids: Sequence[int], buckets: Buckets = DUE) -> list[dict[str, Any]]:
    """Cells of a few accounts, which the caller has seen to be in the frame."""
    items, receipts = (facts.open_of(kind, account_ids) for kind in (OPEN_ITEMS, OPEN_RECEIPTS))
    cells = cells_of_rows(items, receipts, facts.frame.as_of, buckets.bounds, buckets.day)
    found: list[dict[str, Any]] = cells.to_pylist()
    return found


def _give_cells(facts: Facts, cells: str) -> None:
    facts.view(
        "cells",
        f"SELECT a.customer_id, c.* FROM {cells} AS c JOIN accounts AS a USING (account_id) WHERE {facts.mine_of('c')}",
    )


def cell_layers(facts: Facts, buckets: Buckets = DUE) -> CellLayers:
    """Everybody's cells on the frame's day."""
    return facts.kept(("cells", buckets, accounts_version()), lambda: _layers(facts, buckets))  # type: ignore[no-any-return]


def made_of_cells(
    facts: Facts,
    question: Hashable,
    sql: str,
    column: str,
    few: Callable[[Any, Any], Any],
    buckets: Buckets = DUE,
) -> Layers:
    """What ``sql`` makes of ``cells`` and ``accounts``, customer by customer: a row (or several) of a customer is made
    of this customer's alone, and ``column`` holds its number. Of the frame's entities and customers. ``few`` makes the
    same in Arrow of a few cells and accounts, those the frame shows."""
    cells = cell_layers(facts, buckets)
    version = accounts_version()
    key = (question, cells.layers.key, facts.scope, version)

    def make() -> Any:
        facts.give("some_cells", cells.layers.base)
        facts.give("accounts", accounts_table())
        _give_cells(facts, "some_cells")
        return facts.table(sql).combine_chunks()

    base = answers.get_or_make(key, make)
    if cells.touched is None:
        return Layers(base, key)

    def change() -> Layers:
        accounts, fresh = cells.touched, facts.few_mine(cells.layers.fresh)
        owner = pc.index_in(fresh["account_id"], value_set=accounts["account_id"].combine_chunks())
        fresh = fresh.append_column("customer_id", accounts["customer_id"].take(owner))
        gone = rows_with(base, key, column, numbers_of(accounts["customer_id"]))
        found = few(fresh, facts.few_mine(accounts)).select(base.column_names).cast(base.schema)
        return Layers(base, key, gone, found)

    return facts.kept((question, "layers", facts.scope, version), change)  # type: ignore[no-any-return]


def _layers(facts: Facts, buckets: Buckets) -> CellLayers:
    items, receipts = facts.open(OPEN_ITEMS).layers, facts.open(OPEN_RECEIPTS).layers
    key = ("cells", items.key, receipts.key, facts.frame.as_of, buckets)
    base = answers.get_or_make(key, lambda: _base(facts, buckets, items.base, receipts.base))
    moved = [
        table["account_id"]
        for layers in (items, receipts)
        for table in (layers.gone, layers.fresh)
        if table is not None
    ]
    if not moved:
        return CellLayers(Layers(base, key))
    version, accounts = accounts_key(), accounts_table()
    customers = rows_with(accounts, version, "account_id", numbers_of(*moved))["customer_id"]
    touched = rows_with(accounts, version, "customer_id", numbers_of(customers))
    numbers = numbers_of(touched["account_id"])
    owing, money = (facts.near(kind, "account_id", numbers) for kind in (OPEN_ITEMS, OPEN_RECEIPTS))
    fresh = cells_of_rows(owing, money, facts.frame.as_of, buckets.bounds, buckets.day).cast(base.schema)
    return CellLayers(Layers(base, key, rows_with(base, key, "account_id", numbers), fresh), touched)


def _base(facts: Facts, buckets: Buckets, items: Any, receipts: Any) -> Any:
    facts.give("base_items", items)
    facts.give("base_receipts", receipts)
    return facts.table(_cells_of(facts, buckets, "base_items", "base_receipts", "true")).combine_chunks()


def _cells_of(facts: Facts, buckets: Buckets, items: str, receipts: str, where: str) -> str:
    """Cells of relations that have no book value yet."""
    book = f"SELECT *, {BOOK_VALUE} FROM"
    return _cells_sql(facts, buckets, f"({book} {items})", f"({book} {receipts})", where)


def _cells_sql(facts: Facts, buckets: Buckets, items: str, receipts: str, where: str) -> str:
    as_of = day_of(facts.frame.as_of)
    return (
        f"(SELECT account_id, entity_id, currency, {buckets.number(as_of, buckets.day)} AS bucket,"
        " sum(open_minor)::BIGINT AS open_minor, sum(open_base)::BIGINT AS open_base, count(*)::BIGINT AS items,"
        f" max({as_of} - due_date) FILTER (WHERE open_minor > 0) AS days_past_due_max"
        f" FROM {items} WHERE {where} GROUP BY ALL UNION ALL"
        f" SELECT account_id, entity_id, currency, {len(buckets.bounds) + 1}::SMALLINT, -sum(open_minor)::BIGINT,"
        f" -sum(open_base)::BIGINT, 0, NULL FROM {receipts}"
        f" WHERE ledger_account IN ({texts(CASH_CONTROLS)}) AND {where} GROUP BY ALL)"
    )


def bucket_columns(buckets: Buckets) -> str:
    """Sums per bucket as columns ``b0``, ``b1``, ...; empty where the bucket holds nothing."""
    return ", ".join(
        f"sum(open_minor) FILTER (WHERE bucket = {place})::BIGINT AS b{place}" for place in range(len(buckets.labels))
    )


def cells_of(row: Mapping[str, Any], buckets: Buckets) -> dict[str, int]:
    """The buckets of a row that hold something, by label."""
    return {label: int(minor) for place, label in enumerate(buckets.labels) if (minor := row[f"b{place}"]) is not None}


def overdue(buckets: Buckets, amount: str = "open_minor") -> str:
    """SQL of what is past due: every bucket but the first and unapplied money."""
    return f"coalesce(sum({amount}) FILTER (WHERE bucket BETWEEN 1 AND {len(buckets.bounds)}), 0)::BIGINT"


def unapplied(buckets: Buckets, amount: str = "open_minor") -> str:
    """SQL of unapplied money, negative."""
    return f"coalesce(sum({amount}) FILTER (WHERE bucket = {len(buckets.bounds) + 1}), 0)::BIGINT"


def book_currency(entity_ids: Sequence[int]) -> str:
    """The currency these entities keep their books in; empty where they keep them in several."""
    found = {entity.currency for number, entity in entities_table().items() if number in entity_ids}
    return found.pop() if len(found) == 1 else ""


def currency_order(entity_ids: Sequence[int]) -> str:
    """How amounts of several books are put in order: SQL that puts rows by currency, those of the books first. Empty
    for one book, in whose currency all amounts have a value to be put in order by."""
    if book_currency(entity_ids):
        return ""
    books = sorted({entity.currency for number, entity in entities_table().items() if number in entity_ids})
    cases = " ".join(f"WHEN '{code}' THEN {place}" for place, code in enumerate(books))
    return f"CASE currency {cases} ELSE {len(books)} END, currency" if cases else "currency"


def book_value(amount: str) -> str:
    """SQL that makes book values of entities comparable where they keep books in one currency: at the smallest unit
    any of them has. Over books in several currencies nothing is to be put in order by it."""
    cases = " ".join(f"WHEN {number} THEN {factor}" for number, factor in sorted(book_factors().items()))
    return f"({amount})::HUGEINT * CASE entity_id {cases} ELSE 1 END" if cases else f"({amount})"


def book_factors() -> dict[int, int]:
    """What book values of an entity are multiplied by for that, where it is not 1."""
    places = {number: exponent_of(entity.currency) for number, entity in entities_table().items()}
    finest = max(places.values(), default=0)
    return {number: 10 ** (finest - place) for number, place in places.items() if place != finest}
