"""Few rows put in order and added up in Arrow: the same as the statements of ``layers``, ``groups`` and ``customers``,
which are for millions. After a posting it is a handful, and planning a statement would take longer than the answer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_ORDERED_BY = re.compile(r"\(?(\w+)\)?(?: (ASC|DESC))?(?: NULLS LAST)?")


def is_among(column: Any, others: Any) -> Any:
    """Which values of a column are among those of another, or among an array."""
    values = others.combine_chunks() if isinstance(others, pa.ChunkedArray) else pa.array(others, column.type)
    return pc.is_in(column, value_set=values)


def without(rows: Any, column: str, others: Any) -> Any:
    """The rows whose number in a column is none of others'."""
    return rows.filter(pc.invert(is_among(rows[column], others)))


def order_keys(order: str, names: Sequence[str]) -> list[tuple[str, str]] | None:
    """ORDER BY as Arrow takes it; ``None`` where it goes by more than columns."""
    keys = []
    for part in order.removeprefix("ORDER BY ").split(", "):
        match = _ORDERED_BY.fullmatch(part)
        if match is None or match[1] not in names:
            return None
        keys.append((match[1], "descending" if match[2] == "DESC" else "ascending"))
    return keys


def first_rows(rows: Any, keys: list[tuple[str, str]], offset: int, count: int) -> list[dict[str, Any]]:
    """The rows from an offset on, so many, in an order; nulls come last."""
    places = pc.sort_indices(rows, sort_keys=keys).slice(offset, count)
    found: list[dict[str, Any]] = rows.take(places).to_pylist()
    return found


def signed_sums(parts: Iterable[tuple[Any, int]], keys: list[str], columns: Mapping[str, str]) -> list[dict[str, Any]]:
    """Rows of several tables, each with a sign, added up by ``keys``: ``rows`` counts them, each of ``columns`` is the
    sum of a column and ``n_`` before its name how many rows have a value there."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    names = list(dict.fromkeys(columns.values()))
    for table, turn in parts:
        if not table.num_rows:
            continue
        wanted = [([], "count_all"), *((name, how) for name in names for how in ("sum", "count"))]
        for row in table.group_by(keys, use_threads=False).aggregate(wanted).to_pylist():
            group = tuple(row[key] for key in keys)
            line = found.setdefault(group, {key: row[key] for key in keys} | {"rows": 0})
            line["rows"] += turn * row["count_all"]
            for name, column in columns.items():
                line[name] = line.get(name, 0) + turn * (row[f"{column}_sum"] or 0)
                line[f"n_{name}"] = line.get(f"n_{name}", 0) + turn * row[f"{column}_count"]
    return list(found.values())


def sums_of(rows: Any, by: str, columns: Mapping[str, str]) -> list[dict[str, Any]]:
    """Rows added up by a column, in its order: ``rows`` counts them, each of ``columns`` is the sum of one."""
    lines = signed_sums([(rows, 1)], [by], columns)
    return sorted(({name: line[name] for name in (by, "rows", *columns)} for line in lines), key=lambda line: line[by])


def added_up(rows: Any, keys: list[str], columns: Mapping[str, Any], largest: Mapping[str, Any] | None = None) -> Any:
    """Values beside the rows (``columns``) added up by ``keys``, and the largest of others; null where none is."""
    table, largest = rows.select(keys), largest or {}
    for name, values in (*columns.items(), *largest.items()):
        table = table.append_column(name, values)
    wanted = [*((name, "sum") for name in columns), *((name, "max") for name in largest)]
    found = table.group_by(keys, use_threads=False).aggregate(wanted)
    names = [*keys, *(f"{name}_sum" for name in columns), *(f"{name}_max" for name in largest)]
    return found.select(names).rename_columns([*keys, *columns, *largest])


def in_buckets(cells: Any, count: int) -> dict[str, Any]:
    """What each row of cells has in each of the buckets: ``b0``, ``b1``, ..."""
    bucket, amount, none = cells["bucket"], cells["open_minor"], pa.scalar(None, pa.int64())
    return {f"b{place}": pc.if_else(pc.equal(bucket, place), amount, none) for place in range(count)}


def where_bucket(cells: Any, first: int, last: int, amount: Any) -> Any:
    """An amount where the row's bucket is one of these, else nothing."""
    bucket = cells["bucket"]
    inside = pc.and_(pc.greater_equal(bucket, first), pc.less_equal(bucket, last))
    return pc.if_else(inside, amount, pa.scalar(0, pa.int64()))


def times(amount: Any, numbers: Any, factors: Mapping[int, int]) -> Any:
    """An amount times the factor of the number beside it, 1 where it has none."""
    if not factors:
        return amount
    found = np.ones(len(numbers), np.int64)
    beside = numbers.to_numpy()
    for number, factor in factors.items():
        found[beside == number] = factor
    return pc.multiply_checked(amount, pa.array(found))
