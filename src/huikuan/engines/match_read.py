"""The inputs of a matching run, read and checked together: files for the command line, tables for programs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from huikuan.core.refusals import BadData, DataError, ErrorList
from huikuan.engines.schemas import arrow_schema

KINDS = ("items", "customers", "lines", "history")
_OWN_CURRENCY = ("lines", "history")
"""Kinds that take the items' currency where they name none and the items have only one."""


_ANY_CURRENCY = "CLF"
"""Stands for the items' currency where the items are refused, so that the other files' faults are found all the same:
it has four places, so no amount is refused for its sake."""


@dataclass(slots=True)
class MatchInputs:
    """Checked tables by kind, what was unusual in them. What was not given is an empty table; no history is
    ``None``."""

    tables: dict[str, Any] = field(default_factory=dict)
    warnings: list[DataError] = field(default_factory=list)


def read_match_inputs(
    read: Callable[..., Any],
    sources: Mapping[str, Any],
    *,
    currency: str | None = None,
    profile: Any = None,
    options_of: Callable[[str], Mapping[str, Any]] = lambda kind: {},
) -> MatchInputs:
    """Reads every source with ``read`` (``files.read_table`` or ``files.normalise``); ``profile`` is the items' own.
    Raises ``BadData`` with the faults of all inputs together."""
    found, faults = MatchInputs(), ErrorList()
    for kind in KINDS:
        if sources.get(kind) is None:
            found.tables[kind] = None if kind == "history" else arrow_schema(kind).empty_table()
            continue
        try:
            result = read(
                sources[kind],
                kind,
                profile=profile if kind == "items" else None,
                currency=currency,
                **options_of(kind),
            )
        except BadData as bad:
            if kind == "items" and currency is None:
                currency = _ANY_CURRENCY
            faults.errors.extend(bad.errors[: max(0, faults.keep - len(faults.errors))])
            faults.total += bad.total
            continue
        found.tables[kind] = result.table
        found.warnings += result.warnings
        if kind == "items" and currency is None:
            currencies = result.table.column("currency").unique().to_pylist()
            currency = currencies[0] if len(currencies) == 1 else None
    faults.raise_if_any()
    return found
