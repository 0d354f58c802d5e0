"""The inputs of an ageing, read and checked together: files for the command line, tables for programs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from huikuan.core.refusals import BadData, DataError, ErrorList


@dataclass(slots=True)
class Inputs:
    """Checked tables (or paths of Parquet files) by kind (items, applications, receipts), what was unusual in them."""

    tables: dict[str, Any] = field(default_factory=dict)
    warnings: list[DataError] = field(default_factory=list)


def read_inputs(
    read: Callable[..., Any],
    sources: Mapping[str, Any],
    *,
    profile: Any = None,
    currency: str | None = None,
    snapshot_date: date | None = None,
    options_of: Callable[[str], Mapping[str, Any]] = lambda kind: {},
) -> Inputs:
    """Reads items first, then applications and receipts (``None``: not given), each with ``read``, which is
    ``files.read_table``, ``files.normalise`` or an ``age_spool`` reader; ``profile`` is the items' own.

    Applications and receipts without a currency take ``currency``, else the one currency all items have. Raises
    ``BadData`` with the faults of all inputs together.
    """
    found, faults = Inputs(), ErrorList()
    for kind in ("items", "applications", "receipts"):
        if sources.get(kind) is None:
            continue
        own = kind == "items"
        try:
            result = read(
                sources[kind],
                kind,
                profile=profile if own else None,
                currency=currency,
                snapshot_date=snapshot_date if own else None,
                **options_of(kind),
            )
        except BadData as bad:
            faults.errors.extend(bad.errors[: max(0, faults.keep - len(faults.errors))])
            faults.total += bad.total
            continue
        found.tables[kind] = result.table
        found.warnings += result.warnings
        if own and currency is None:
            currency = _only_currency(result.table)
    faults.raise_if_any()
    return found


def _only_currency(table: Any) -> str | None:
    """The currency of all items, where it is one; ``table`` may be the path of a Parquet file."""
    if isinstance(table, Path):
        import pyarrow.parquet as pq

        table = pq.read_table(table, columns=["currency"], read_dictionary=["currency"])
    currencies = table.column("currency").unique().to_pylist()
    return currencies[0] if len(currencies) == 1 else None
