"""A kept table, and what changed since it was made.

What a table of a million rows adds up to, and its first rows in some order, are worked out once for the kept table.
A posting changes a few rows: these are taken out of the answer and put into it anew, so that the first question after
a posting costs what the change costs and not what the ledger does.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from huikuan.queries.cache import answers
from huikuan.queries.few import first_rows, is_among, order_keys, signed_sums, without

if TYPE_CHECKING:
    from huikuan.queries.facts import Facts

PREFIX = 512
"""So many rows of an order are kept at least."""
PREFIX_MAX = 16_384
"""Pages further down are read from the whole table."""

FEW = 50_000
"""So many rows are added up and put in order in Arrow; for more a statement is planned."""


@dataclass(frozen=True, slots=True)
class Layers:
    """Rows as they stand: those of ``base`` (a table kept under ``key``) without those that are ``gone``, and the
    ``fresh`` ones; both are ``None`` where nothing changed. ``gone`` holds whole rows, as they are in ``base``."""

    base: Any
    key: Hashable
    gone: Any = None
    fresh: Any = None

    @property
    def nbytes(self) -> int:
        """Without the base, which counts for itself."""
        return sum(int(table.nbytes) for table in (self.gone, self.fresh) if table is not None)


@dataclass(frozen=True, slots=True)
class Index:
    """Where the rows of a table are that have a number in a column."""

    values: Any
    order: Any

    @staticmethod
    def of(column: Any) -> Index:
        numbers = column.to_numpy()
        order = np.argsort(numbers, kind="stable")
        return Index(numbers[order], order.astype(np.int32))

    @property
    def nbytes(self) -> int:
        return int(self.values.nbytes + self.order.nbytes)

    def positions(self, numbers: Any) -> Any:
        """Positions of all rows with one of the (different) numbers."""
        first = np.searchsorted(self.values, numbers)
        count = np.searchsorted(self.values, numbers, side="right") - first
        ends = np.cumsum(count)
        places = np.arange(ends[-1] if len(ends) else 0) + np.repeat(first - ends + count, count)
        return self.order[places]


def rows_with(table: Any, key: Hashable, column: str, numbers: Iterable[int] | Any) -> Any:
    """The rows of a table kept under ``key`` with one of the numbers in a column that has no nulls. How the column is
    sorted is kept beside it."""
    wanted = np.unique(np.asarray(numbers if hasattr(numbers, "__len__") else list(numbers), dtype=np.int64))
    if not table.num_rows or not len(wanted):
        return table.slice(0, 0)
    index = answers.get_or_make(("index", key, column), lambda: Index.of(table[column]))
    return table.take(pa.array(index.positions(wanted)))


def layers_with(layers: Layers, column: str, numbers: Iterable[int]) -> Layers:
    """Those of the rows with one of the numbers in a column. Nothing made of them may be kept."""
    wanted = np.fromiter(numbers, np.int64)
    base = rows_with(layers.base, layers.key, column, wanted)
    if layers.gone is None or layers.fresh is None:
        return Layers(base, None)
    gone, fresh = (table.filter(is_among(table[column], wanted)) for table in (layers.gone, layers.fresh))
    return Layers(base, None, gone, fresh)


def numbers_of(*columns: Any) -> Any:
    """The different numbers in some columns, rising."""
    found = [column.to_numpy() for column in columns if len(column)]
    return np.unique(np.concatenate(found)) if found else np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question about layered rows. ``source`` is SQL of a relation made of ``{rows}``, row by row; ``where`` its
    predicate; ``given`` the parameters of both. ``{items}`` in them are the facts of the items; ``named`` holds those
    of the rows that changed. ``keep``: the answer depends on rows and facts alone, so that the base's may be kept.
    ``few``: what the two make of a few rows, in Arrow; known of itself where all rows are taken as they are, or those
    the frame shows."""

    source: str = "{rows}"
    where: str = "true"
    given: Mapping[str, Any] | None = None
    keep: bool = True
    few: Callable[[Any], Any] | None = None

    def of(self, rows: str, items: str = "items") -> str:
        return f"{self.source} WHERE {self.where}".format(rows=rows, items=items)

    @property
    def parameters(self) -> Hashable:
        return tuple(sorted((self.given or {}).items()))

    def in_arrow(self, facts: Facts) -> Callable[[Any], Any] | None:
        """``few``, where there is one."""
        if self.few is not None or self.source != "{rows}":
            return self.few
        if self.where == "true":
            return lambda rows: rows
        return facts.few_mine if self.where == facts.mine else None


def give_layers(facts: Facts, name: str, layers: Layers, same: str) -> None:
    """Makes ``name`` the relation of all the rows. ``same``: the columns that tell them apart."""
    facts.give(f"{name}_base", layers.base)
    rows = f"SELECT * FROM {name}_base"
    if layers.gone is not None:
        facts.give(f"{name}_gone", layers.gone)
        facts.give(f"{name}_fresh", layers.fresh)
        rows += f" ANTI JOIN {name}_gone USING ({same}) UNION ALL BY NAME SELECT * FROM {name}_fresh"
    facts.view(name, rows)


def sums(facts: Facts, layers: Layers, asked: Asked, by: str, columns: Mapping[str, str]) -> list[dict[str, Any]]:
    """Rows added up by the columns ``by``, in their order: ``rows`` counts them, and each of ``columns`` is the sum of
    an expression, ``None`` where it has no value in any row."""
    added = "".join(f", sum({sql})::BIGINT AS {name}, count({sql}) AS n_{name}" for name, sql in columns.items())
    sql = f"SELECT {by}, count(*) AS rows{added} FROM {asked.of('layer')} GROUP BY {by}"
    question = ("sums", layers.key, facts.scope, sql, asked.parameters)

    def ask_base() -> Any:
        facts.give("layer", layers.base)
        return facts.table(sql, asked.given)

    def ask() -> list[dict[str, Any]]:
        keys, few = by.split(", "), _in_arrow(facts, layers, asked, columns.values())
        if few is not None and not asked.keep and layers.base.num_rows <= FEW:
            parts = signed_sums([(few(layers.base), 1), *_changes(layers, few)], keys, columns)
            return _lines(parts, keys)
        base = answers.get_or_make(question, ask_base) if asked.keep else ask_base()
        rows = base.to_pylist()
        if layers.gone is not None:
            rows += (
                signed_sums(_changes(layers, few), keys, columns) if few else _told(facts, layers, asked, by, columns)
            )
        return _lines(rows, keys)

    found: list[dict[str, Any]] = facts.kept((*question, "all"), ask) if asked.keep else ask()
    return found


def _in_arrow(facts: Facts, layers: Layers, asked: Asked, columns: Iterable[str] = ()) -> Callable[[Any], Any] | None:
    """How a question takes the rows that changed, where they are few and it asks for ``columns`` as they are."""
    changed = 0 if layers.gone is None else layers.gone.num_rows + layers.fresh.num_rows
    if changed > FEW or not {*columns} <= {*layers.base.column_names}:
        return None
    return asked.in_arrow(facts)


def _changes(layers: Layers, few: Callable[[Any], Any]) -> list[tuple[Any, int]]:
    return [] if layers.gone is None else [(few(layers.gone), -1), (few(layers.fresh), 1)]


def _told(facts: Facts, layers: Layers, asked: Asked, by: str, columns: Mapping[str, str]) -> list[dict[str, Any]]:
    """What changed, added up by a statement."""
    told = "".join(
        f", sum(turn * {sql})::BIGINT AS {name}, sum(turn) FILTER ({sql} IS NOT NULL)::BIGINT AS n_{name}"
        for name, sql in columns.items()
    )
    facts.give("layer_gone", layers.gone)
    facts.give("layer_fresh", layers.fresh)
    both = "(SELECT *, -1 AS turn FROM layer_gone UNION ALL BY NAME SELECT *, 1 AS turn FROM layer_fresh)"
    sql = f"SELECT {by}, sum(turn)::BIGINT AS rows{told} FROM {asked.of(both, 'named')} GROUP BY {by}"
    found: list[dict[str, Any]] = facts.table(sql, asked.given).to_pylist()
    return found


def _lines(rows: Iterable[dict[str, Any]], keys: list[str]) -> list[dict[str, Any]]:
    """Sums of parts put together, in the order of their keys; without those no row is left of."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        line = found.setdefault(tuple(row[key] for key in keys), {key: row[key] for key in keys})
        for name, value in row.items():
            if name not in keys:
                line[name] = line.get(name, 0) + (value or 0)
    lines = [found[group] for group in sorted(found) if found[group]["rows"]]
    return [
        {name: None if line.get(f"n_{name}") == 0 else value for name, value in line.items() if name[:2] != "n_"}
        for line in lines
    ]


def top(
    facts: Facts, layers: Layers, asked: Asked, same: str, order: str, limit: tuple[int, int]
) -> list[dict[str, Any]]:
    """The rows from an offset on, so many (``limit``: offset and count), in an order that leaves no two rows equal.
    ``same``: the columns that tell rows apart; of the first of them all rows are gone together."""
    offset, count = limit
    changed = 0 if layers.gone is None else layers.gone.num_rows
    reach = PREFIX
    while reach < offset + count + changed:
        reach *= 2
    if not asked.keep or reach > PREFIX_MAX:
        return _top_of_all(facts, layers, asked, same, order, limit)
    key = ("top", layers.key, facts.scope, asked.source, asked.where, asked.parameters, order, reach)

    def ask_base() -> Any:
        facts.give("layer", layers.base)
        return facts.table(f"SELECT * FROM {asked.of('layer')} {order} LIMIT {reach}", asked.given)

    def ask() -> list[dict[str, Any]]:
        first = answers.get_or_make(key, ask_base)
        if layers.gone is None:
            found: list[dict[str, Any]] = first.slice(offset, count).to_pylist()
            return found
        few, keys = _in_arrow(facts, layers, asked), order_keys(order, first.column_names)
        if few is not None and keys is not None:
            number = same.partition(", ")[0]
            fresh = few(layers.fresh).select(first.column_names).cast(first.schema)
            return first_rows(pa.concat_tables([without(first, number, layers.gone[number]), fresh]), keys, *limit)
        facts.give("layer_first", first)
        facts.give("layer_gone", layers.gone)
        facts.give("layer_fresh", layers.fresh)
        return facts.rows(
            f"SELECT * FROM (SELECT * FROM layer_first ANTI JOIN layer_gone USING ({same}) UNION ALL BY NAME"
            f" SELECT * FROM {asked.of('layer_fresh', 'named')}) {order} LIMIT {count} OFFSET {offset}",
            asked.given,
        )

    rows: list[dict[str, Any]] = facts.kept((*key, limit), ask)
    return rows


def _top_of_all(
    facts: Facts, layers: Layers, asked: Asked, same: str, order: str, limit: tuple[int, int]
) -> list[dict[str, Any]]:
    """``top`` of rows that are put in order anew."""
    few, keys = _in_arrow(facts, layers, asked), order_keys(order, layers.base.column_names)
    if few is not None and keys is not None and layers.base.num_rows <= FEW:
        return first_rows(few(all_rows(layers, same.partition(", ")[0])), keys, *limit)
    give_layers(facts, "layered", layers, same)
    offset, count = limit
    return facts.rows(f"SELECT * FROM {asked.of('layered')} {order} LIMIT {count} OFFSET {offset}", asked.given)


def all_rows(layers: Layers, number: str) -> Any:
    """All rows as they stand; ``number``: a column all rows of one number of which are gone together."""
    if layers.gone is None:
        return layers.base
    names, schema = layers.base.column_names, layers.base.schema
    left = without(layers.base, number, layers.gone[number])
    return pa.concat_tables([left, layers.fresh.select(names).cast(schema)])
