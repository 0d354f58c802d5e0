"""A kept table, and what changed since it was made.

What a table of a million rows adds up to, and its first rows in some order, are worked out once for the kept table.
A posting changes a few rows: these are taken out of the answer and put into it anew, so that the first question after
a posting costs what the change costs and not what the ledger does.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from huikuan.queries.cache import answers

if TYPE_CHECKING:
    from huikuan.queries.facts import Facts

PREFIX = 512
"""So many rows of an order are kept at least."""
PREFIX_MAX = 16_384
"""Pages further down are read from the whole table."""

HANDFUL = 500
"""So many changed rows are added up row by row; for more a statement is planned."""


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
    few = pa.array(wanted)
    gone, fresh = (table.filter(pc.is_in(table[column], value_set=few)) for table in (layers.gone, layers.fresh))
    return Layers(base, None, gone, fresh)


def numbers_of(*columns: Any) -> Any:
    """The different numbers in some columns, rising."""
    found = [column.to_numpy() for column in columns if len(column)]
    return np.unique(np.concatenate(found)) if found else np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question about layered rows. ``source`` is SQL of a relation made of ``{rows}``, row by row; ``where`` its
    predicate; ``given`` the parameters of both. ``{items}`` in them are the facts of the items; ``named`` holds those
    of the rows that changed. ``keep``: the answer depends on rows and facts alone, so that the base's may be kept."""

    source: str = "{rows}"
    where: str = "true"
    given: Mapping[str, Any] | None = None
    keep: bool = True

    def of(self, rows: str, items: str = "items") -> str:
        return f"{self.source} WHERE {self.where}".format(rows=rows, items=items)

    @property
    def parameters(self) -> Hashable:
        return tuple(sorted((self.given or {}).items()))


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
    told = "".join(
        f", sum(turn * {sql})::BIGINT AS {name}, sum(turn) FILTER ({sql} IS NOT NULL)::BIGINT AS n_{name}"
        for name, sql in columns.items()
    )
    sql = f"SELECT {by}, count(*) AS rows{added} FROM {asked.of('layer')} GROUP BY {by}"
    question = ("sums", layers.key, facts.scope, sql, asked.parameters)

    def ask_base() -> Any:
        facts.give("layer", layers.base)
        return facts.table(sql, asked.given)

    def ask_changes() -> Any:
        if plain := _plain(facts, layers, asked, columns.values()):
            return _sums_of_few(plain, by, columns)
        facts.give("layer_gone", layers.gone)
        facts.give("layer_fresh", layers.fresh)
        both = "(SELECT *, -1 AS turn FROM layer_gone UNION ALL BY NAME SELECT *, 1 AS turn FROM layer_fresh)"
        return facts.table(
            f"SELECT {by}, sum(turn)::BIGINT AS rows{told} FROM {asked.of(both, 'named')} GROUP BY {by}", asked.given
        )

    parts = [answers.get_or_make(question, ask_base) if asked.keep else ask_base()]
    if layers.gone is not None:
        parts.append(facts.kept(question, ask_changes) if asked.keep else ask_changes())
    keys = by.split(", ")
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in (row for part in parts for row in part.to_pylist()):
        line = found.setdefault(tuple(row[key] for key in keys), {key: row[key] for key in keys})
        for name, value in row.items():
            if name not in keys:
                line[name] = line.get(name, 0) + (value or 0)
    lines = [found[group] for group in sorted(found) if found[group]["rows"]]
    return [
        {name: None if line.get(f"n_{name}") == 0 else value for name, value in line.items() if name[:2] != "n_"}
        for line in lines
    ]


def _plain(facts: Facts, layers: Layers, asked: Asked, columns: Iterable[str]) -> list[tuple[Any, int]] | None:
    """The rows that went and those that came, each with its sign, where a question takes them as they are: a handful is
    added up in less time than a statement is planned in."""
    if asked.source != "{rows}" or not set(columns) <= set(layers.base.column_names):
        return None
    if layers.gone.num_rows + layers.fresh.num_rows > HANDFUL:
        return None
    parts = [(layers.gone, -1), (layers.fresh, 1)]
    if asked.where == "true":
        return parts
    if asked.where != facts.mine or facts.frame.narrowed:
        return None
    whole = pa.array(facts.frame.whole_ids, pa.int64())
    return [(table.filter(pc.is_in(table["entity_id"], value_set=whole)), turn) for table, turn in parts]


def _sums_of_few(parts: Iterable[tuple[Any, int]], by: str, columns: Mapping[str, str]) -> Any:
    """As the statement of ``sums`` that adds up what changed."""
    keys = by.split(", ")
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for table, turn in parts:
        for row in table.select(list(dict.fromkeys([*keys, *columns.values()]))).to_pylist():
            group = tuple(row[key] for key in keys)
            line = found.setdefault(group, {key: row[key] for key in keys} | {"rows": 0})
            line["rows"] += turn
            for name, column in columns.items():
                value = row[column]
                line[name] = line.get(name, 0) + turn * (value or 0)
                line[f"n_{name}"] = line.get(f"n_{name}", 0) + (0 if value is None else turn)
    return FewRows(list(found.values()))


@dataclass(frozen=True, slots=True)
class FewRows:
    """A kept answer of a few rows that never was a table."""

    rows: list[dict[str, Any]]

    def to_pylist(self) -> list[dict[str, Any]]:
        return self.rows


def top(
    facts: Facts, layers: Layers, asked: Asked, same: str, order: str, limit: tuple[int, int]
) -> list[dict[str, Any]]:
    """The rows from an offset on, so many (``limit``: offset and count), in an order that leaves no two rows equal.
    ``same``: the columns that tell rows apart."""
    offset, count = limit
    changed = 0 if layers.gone is None else layers.gone.num_rows
    reach = PREFIX
    while reach < offset + count + changed:
        reach *= 2
    if not asked.keep or reach > PREFIX_MAX:
        give_layers(facts, "layered", layers, same)
        return facts.rows(f"SELECT * FROM {asked.of('layered')} {order} LIMIT {count} OFFSET {offset}", asked.given)

    key = ("top", layers.key, facts.scope, asked.source, asked.where, asked.parameters, order, reach)

    def ask() -> Any:
        facts.give("layer", layers.base)
        return facts.table(f"SELECT * FROM {asked.of('layer')} {order} LIMIT {reach}", asked.given)

    first = answers.get_or_make(key, ask)
    if layers.gone is None:
        rows: list[dict[str, Any]] = first.slice(offset, count).to_pylist()
        return rows
    facts.give("layer_first", first)
    facts.give("layer_gone", layers.gone)
    facts.give("layer_fresh", layers.fresh)
    return facts.rows(
        f"SELECT * FROM (SELECT * FROM layer_first ANTI JOIN layer_gone USING ({same}) UNION ALL BY NAME"
        f" SELECT * FROM {asked.of('layer_fresh', 'named')}) {order} LIMIT {count} OFFSET {offset}",
        asked.given,
    )
