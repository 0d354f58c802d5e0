"""Ageing by what is no customer: by entity, currency, or anything an item carries. Sums are added up once for what is
kept; what changed since is taken out of them and put in anew."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from huikuan.queries.cache import answers
from huikuan.queries.cells import Buckets, book_value, bucket_columns, cell_layers, made_of_cells, overdue
from huikuan.queries.facts import Facts
from huikuan.queries.layers import Layers, numbers_of
from huikuan.queries.open_rows import BOOK_VALUE, CASH_CONTROLS, OPEN_ITEMS, OPEN_RECEIPTS, day_of, texts

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
        return made_of_cells(facts, ("ageing", buckets), sql, "key", buckets)
    question = ("ageing groups", by, buckets, facts.scope)
    parts = _parts_of_cells if by in _OF_CELLS else _parts_of_items

    def make() -> Any:
        facts.give("parts", parts(facts, by, buckets))
        return facts.table(
            "WITH cells AS (SELECT key, currency, entity_id, bucket, sum(open_minor)::BIGINT AS open_minor,"
            " sum(open_base)::BIGINT AS open_base, sum(items)::BIGINT AS items FROM parts"
            f" GROUP BY key, currency, entity_id, bucket HAVING sum(n) > 0) SELECT key, currency, {rest} FROM cells"
            " GROUP BY ALL"
        )

    table = facts.kept(question, make)
    return Layers(table, (question, facts.snapshot.cache_key, facts.frame.as_of, facts.basis))


def _parts_of_cells(facts: Facts, by: str, buckets: Buckets) -> Any:
    layers = cell_layers(facts, buckets).layers

    def make(rows: Any, sign: str = "") -> Any:
        facts.give("some_cells", rows)
        return facts.table(
            f"SELECT {_OF_CELLS[by]} AS key, currency, entity_id, bucket, {sign}sum(open_minor)::BIGINT AS open_minor,"
            f" {sign}sum(open_base)::BIGINT AS open_base, {sign}sum(items)::BIGINT AS items,"
            f" {sign}count(*)::BIGINT AS n FROM some_cells WHERE {facts.mine} GROUP BY ALL"
        )

    base = answers.get_or_make(("parts", by, layers.key, facts.scope), lambda: make(layers.base))
    if layers.gone is None:
        return base
    return pa.concat_tables([base, make(layers.gone, "-"), make(layers.fresh)])


def _parts_of_items(facts: Facts, by: str, buckets: Buckets) -> Any:
    items, receipts = facts.open(OPEN_ITEMS).layers, facts.open(OPEN_RECEIPTS).layers
    last, as_of = len(buckets.bounds) + 1, day_of(facts.frame.as_of)

    def make(kind: Any, rows: Any, sign: str, named: str = "items") -> Any:
        facts.give("some_open", rows)
        of_item = kind is OPEN_ITEMS
        key, bucket = (f"i.{by}", buckets.number(as_of, f"o.{buckets.day}")) if of_item else ("''", f"{last}::SMALLINT")
        amount = sign if of_item else "" if sign else "-"
        facts_of = f"JOIN {named} AS i ON i.item_id = o.item_id" if of_item else ""
        where = "true" if of_item else f"o.ledger_account IN ({texts(CASH_CONTROLS)})"
        return facts.table(
            f"SELECT {key} AS key, o.currency, o.entity_id, {bucket} AS bucket,"
            f" {amount}sum(o.open_minor)::BIGINT AS open_minor, {amount}sum(o.open_base)::BIGINT AS open_base,"
            f" {sign}{'count(*)' if of_item else '0'}::BIGINT AS items, {sign}count(*)::BIGINT AS n"
            f" FROM (SELECT *, {BOOK_VALUE} FROM some_open) AS o {facts_of} WHERE {facts.mine_of('o')} AND {where}"
            " GROUP BY ALL"
        )

    key = ("parts", by, items.key, receipts.key, facts.frame.as_of, buckets, facts.scope)
    base = answers.get_or_make(
        key,
        lambda: pa.concat_tables([make(OPEN_ITEMS, items.base, ""), make(OPEN_RECEIPTS, receipts.base, "")]),
    )
    found = [base]
    if items.gone is not None:
        facts.give("named", facts.facts_of(OPEN_ITEMS, numbers_of(items.gone["item_id"], items.fresh["item_id"])))
        found += [make(OPEN_ITEMS, items.gone, "-", "named"), make(OPEN_ITEMS, items.fresh, "", "named")]
    if receipts.gone is not None:
        found += [make(OPEN_RECEIPTS, receipts.gone, "-"), make(OPEN_RECEIPTS, receipts.fresh, "")]
    return pa.concat_tables(found)
