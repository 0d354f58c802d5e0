"""Lists: one page of rows with the count and the totals of everything the question found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

T = TypeVar("T")

PAGE_SIZE_MAX = 1000


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """``rows`` is page number ``page`` (from 1) of ``size`` rows; ``total`` counts and ``totals`` adds up, by currency,
    everything the question found."""

    rows: list[T]
    total: int
    page: int
    size: int
    totals: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Whole(Generic[T]):
    """Everything a question found, for a file: ``rows`` come one by one, ``total`` and ``totals`` are known before."""

    rows: Iterator[T]
    total: int
    totals: dict[str, Any] = field(default_factory=dict)


ROWS_MAX = 1_000_000
"""So many rows at most go into one file: a sheet holds a few more."""
CHUNK = 1_000
"""Rows of a file are brought in so many at a time."""


def limit_of(page: int, size: int) -> str:
    """LIMIT and OFFSET of a page, whatever numbers were asked for."""
    offset, count = slice_of(page, size)
    return f"LIMIT {count} OFFSET {offset}"


def slice_of(page: int, size: int) -> tuple[int, int]:
    """Where a page starts and how many rows it may have, whatever numbers were asked for."""
    size = min(max(int(size), 1), PAGE_SIZE_MAX)
    return (max(int(page), 1) - 1) * size, size


def order_of(
    sort: str,
    columns: Mapping[str, str],
    usual: str,
    ties: Sequence[str],
    *,
    amounts: Mapping[str, str] | None = None,
    currencies: str = "",
) -> str:
    """ORDER BY for ``sort`` (a name of ``columns``, with ``-`` for descending); an unknown name means ``usual``.

    Equal rows are put in the order of ``ties``, so that pages never overlap. Where ``currencies`` is given, amounts are
    put by currency first, and then by themselves (``amounts``: column by name) and not by a value (``columns``).
    """
    name = sort.removeprefix("-")
    if name not in columns:
        sort, name = usual, usual.removeprefix("-")
    turn = "DESC" if sort.startswith("-") else "ASC"
    if currencies and name in (amounts or {}):
        return f"ORDER BY {currencies}, {(amounts or {})[name]} {turn} NULLS LAST, {', '.join(ties)}"
    return f"ORDER BY {columns[name]} {turn} NULLS LAST, {', '.join(ties)}"
