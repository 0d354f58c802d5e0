"""Ageing by what is no customer: by entity, currency, or anything an item carries. Sums are added up once for what is
kept; what changed since is taken out of them and put in anew."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from huikuan.queries.cache import answers
from huikuan.queries.cells import (
    Buckets,
    book_factors,
    book_value,
    bucket_columns,
    cell_layers,
    made_of_cells,
    overdue,
)
from huikuan.queries.facts import Facts
from huikuan.queries.few import added_up, in_buckets, times, where_bucket
from huikuan.queries.layers import Layers, numbers_of
from huikuan.queries.open_rows import BOOK_VALUE, CASH_CONTROLS, OPEN_ITEMS, OPEN_RECEIPTS, day_of, texts
from huikuan.queries.patches import item_cells, receipt_cells, with_book_value

_OF_CELLS = {"entity": "entity_id", "currency": "currency"}


def grouped(facts: Facts, by: str, buckets: Buckets) -> Layers:
    """key, currency, a column per bucket, total_minor, items, book: every group. Of customers, overdue_minor and
    overdue_book, too."""
    book = book_value("open_base")
    rest = (
        f"{bucket_columns(buckets)}, sum(open_minor)::BIGINT AS total_minor, sum(items)::BIGINT AS items,"
        f" sum({book})::BIGINT AS book"
    )
    if by == "customer":
        more = f"{overdue(buckets)} AS overdue_minor, {overdue(buckets, book)} AS overdue_book"
        sql = f"SELECT customer_id AS key, currency, {rest}, {more} FROM cells GROUP BY ALL"
        return made_of_cells(
            facts, ("ageing", buckets), sql, "key", lambda cells, _: few_groups(cells, buckets, "customer_id"), buckets
        )
    question = ("ageing groups", by, buckets, facts.scope)
    parts = _parts_of_cells if by in _OF_CELLS else _parts_of_items
    names = f"key, currency, {rest}"
    table = facts.kept(question, lambda: _groups(facts, parts(facts, by, buckets), names, buckets))
    key = (question, facts.snapshot.cache_key, facts.frame.as_of, facts.basis)
    if table.num_rows > GROUPS_MAX:
        return Layers(table, key)
    # Few groups are all taken for changed: they are put in order as they are.
    return Layers(table.slice(0, 0), (*question, "none"), table.slice(0, 0), table)


GROUPS_MAX = 5_000
"""So many groups are added up and put in order in Arrow; for more a statement is planned."""


def _groups(facts: Facts, parts: Any, names: str, buckets: Buckets) -> Any:
    """Groups of their parts: sums by key, currency, entity and bucket, ``n`` the rows they are of."""
    keys, columns = ["key", "currency", "entity_id", "bucket"], ["open_minor", "open_base", "items", "n"]
    if parts.num_rows <= GROUPS_MAX:
        cells = added_up(parts, keys, {name: parts[name] for name in columns})
        return few_groups(cells.filter(pc.greater(cells["n"], 0)), buckets)
    facts.give("parts", parts)
    summed = ", ".join(f"sum({name})::BIGINT AS {name}" for name in columns[:-1])
    return facts.table(
        f"WITH cells AS (SELECT {', '.join(keys)}, {summed} FROM parts GROUP BY {', '.join(keys)} HAVING sum(n) > 0)"
        f" SELECT {names} FROM cells GROUP BY ALL"
    )


def few_groups(cells: Any, buckets: Buckets, key: str = "key") -> Any:
    """``grouped`` of a few cells, by the column ``key``."""
    book = times(cells["open_base"], cells["entity_id"], book_factors())
    columns = in_buckets(cells, len(buckets.labels)) | {
        "total_minor": cells["open_minor"],
        "items": cells["items"],
        "book": book,
    }
    if key == "customer_id":
        late = len(buckets.bounds)
        columns["overdue_minor"] = where_bucket(cells, 1, late, cells["open_minor"])
        columns["overdue_book"] = where_bucket(cells, 1, late, book)
    found = added_up(cells, [key, "currency"], columns)
    return found.rename_columns(["key", *found.column_names[1:]])


def _parts_of_cells(facts: Facts, by: str, buckets: Buckets) -> Any:
    layers = cell_layers(facts, buckets).layers

    def make() -> Any:
        facts.give("some_cells", layers.base)
        return facts.table(
            f"SELECT {_OF_CELLS[by]} AS key, currency, entity_id, bucket, sum(open_minor)::BIGINT AS open_minor,"
            " sum(open_base)::BIGINT AS open_base, sum(items)::BIGINT AS items, count(*)::BIGINT AS n"
            f" FROM some_cells WHERE {facts.mine} GROUP BY ALL"
        )

    base = answers.get_or_make(("parts", by, layers.key, facts.scope), make)
    return pa.concat_tables(
        [
            base,
            *(
                _few_parts(facts, rows, rows[_OF_CELLS[by]], base.schema, turn)
                for rows, turn in ((layers.gone, -1), (layers.fresh, 1))
                if rows is not None
            ),
        ]
    )


def _few_parts(facts: Facts, rows: Any, keys: Any, schema: Any, turn: int) -> Any:
    """A few rows as parts of groups: entity_id, currency, bucket, open_minor, open_base, items as they have them;
    ``turn`` is -1 for what went."""
    ones = pa.array(np.ones(rows.num_rows, np.int64))
    rows = facts.few_mine(rows.append_column("key", keys).append_column("n", ones))
    amounts = ["open_minor", "open_base", "items", "n"]
    values = {name: pc.negate(rows[name]) if turn < 0 and name in amounts else rows[name] for name in schema.names}
    return pa.table(values).cast(schema)


def _parts_of_items(facts: Facts, by: str, buckets: Buckets) -> Any:
    items, receipts = facts.open(OPEN_ITEMS).layers, facts.open(OPEN_RECEIPTS).layers
    last, as_of = len(buckets.bounds) + 1, day_of(facts.frame.as_of)

    def make(kind: Any, rows: Any) -> Any:
        facts.give("some_open", rows)
        of_item = kind is OPEN_ITEMS
        key, bucket = (f"i.{by}", buckets.number(as_of, f"o.{buckets.day}")) if of_item else ("''", f"{last}::SMALLINT")
        amount = "" if of_item else "-"
        facts_of = "JOIN items AS i ON i.item_id = o.item_id" if of_item else ""
        where = "true" if of_item else f"o.ledger_account IN ({texts(CASH_CONTROLS)})"
        return facts.table(
            f"SELECT {key} AS key, o.currency, o.entity_id, {bucket} AS bucket,"
            f" {amount}sum(o.open_minor)::BIGINT AS open_minor, {amount}sum(o.open_base)::BIGINT AS open_base,"
            f" {'count(*)' if of_item else '0'}::BIGINT AS items, count(*)::BIGINT AS n"
            f" FROM (SELECT *, {BOOK_VALUE} FROM some_open) AS o {facts_of} WHERE {facts.mine_of('o')} AND {where}"
            " GROUP BY ALL"
        )

    key = ("parts", by, items.key, receipts.key, facts.frame.as_of, buckets, facts.scope)
    base = answers.get_or_make(
        key,
        lambda: pa.concat_tables([make(OPEN_ITEMS, items.base), make(OPEN_RECEIPTS, receipts.base)]),
    )
    found = [base]
    if items.gone is not None:
        named = facts.facts_of(OPEN_ITEMS, numbers_of(items.gone["item_id"], items.fresh["item_id"]))
        numbers, values = named["item_id"].combine_chunks(), named[by]
        owing = [(with_book_value(items.gone), -1), (with_book_value(items.fresh), 1)]
        for rows, turn in owing:
            keys = values.take(pc.index_in(rows["item_id"], value_set=numbers))
            late = item_cells(rows, facts.frame.as_of, buckets.bounds, buckets.day)
            found.append(_few_parts(facts, late, keys, base.schema, turn))
    if receipts.gone is not None:
        for rows, turn in ((receipts.gone, -1), (receipts.fresh, 1)):
            money = receipt_cells(with_book_value(rows), len(buckets.bounds))
            found.append(_few_parts(facts, money, pa.array([""] * money.num_rows, pa.string()), base.schema, turn))
    return pa.concat_tables(found)
