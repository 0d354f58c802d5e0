"""Ageing on columns: items, applications and receipts in, what is owed by how long past due out.

The rules are those of ``core.ageing``; this engine gives the same figures on millions of rows, through DuckDB over
Arrow tables or Parquet files, in bounded memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from huikuan.core.ageing import BUCKETS, Basis, BucketBy
from huikuan.engines.age_checks import run_checked
from huikuan.engines.age_inputs import MEMORY_LIMIT, open_duckdb, read_facts
from huikuan.engines.age_options import AgeingAnswer, AgeOptions
from huikuan.engines.age_relations import (
    age_relations,
    run_bridge,
    run_open_items,
)

__all__ = [
    "MEMORY_LIMIT",
    "AgeOptions",
    "AgeingAnswer",
    "age",
    "age_answer",
    "age_relations",
    "open_duckdb",
    "open_items",
]


def age(
    items: Any,
    applications: Any = None,
    receipts: Any = None,
    *,
    as_of: date,
    known_on: datetime | date | None = None,
    by: Sequence[str] = ("customer_id",),
    buckets: Sequence[int] = BUCKETS,
    bucket_by: BucketBy = "due",
    basis: Basis = "posting",
    snapshot_date: date | None = None,
    wide: bool = False,
) -> Any:
    """What is owed at the end of ``as_of`` as recorded by ``known_on`` (a bare date: the end of that day, UTC).

    Inputs are tables in the columns of the file formats: anything with ``__arrow_c_stream__``, or paths of Parquet
    files. The answer is an Arrow table, sorted: the ``by`` columns, currency, bucket, open_amount (decimal128(38, 4)),
    items; ``wide``: a column per bucket, ``unapplied``, total, items. Refuses what ``age_answer`` refuses.
    """
    return age_answer(
        items,
        applications,
        receipts,
        as_of=as_of,
        known_on=known_on,
        by=by,
        buckets=buckets,
        bucket_by=bucket_by,
        basis=basis,
        snapshot_date=snapshot_date,
        wide=wide,
        bridge=False,
    ).table


def age_answer(
    items: Any,
    applications: Any = None,
    receipts: Any = None,
    *,
    as_of: date,
    known_on: datetime | date | None = None,
    by: Sequence[str] = ("customer_id",),
    buckets: Sequence[int] = BUCKETS,
    bucket_by: BucketBy = "due",
    basis: Basis = "posting",
    snapshot_date: date | None = None,
    wide: bool = False,
    bridge: bool = True,
    memory_limit: str = MEMORY_LIMIT,
) -> AgeingAnswer:
    """``age`` with its warnings and, on the effective basis, the ``bridge`` from the posting basis.

    Refuses ``ageing.bad_buckets``, ``ageing.bad_by``, ``ageing.bad_choice``, ``ageing.bad_known_on``,
    ``ageing.unknown_column``, ``ageing.missing_column``, ``ageing.missing_value``, ``ageing.column_type``,
    ``ageing.snapshot_date_missing``, ``ageing.before_snapshot``, ``ageing.known_before_snapshot``, and with
    ``BadData`` an application in another currency than its item or receipt.
    """
    options = AgeOptions(
        as_of=as_of,
        known_on=known_on,
        by=by,
        buckets=buckets,
        bucket_by=bucket_by,
        basis=basis,
        snapshot_date=snapshot_date,
        wide=wide,
        checks=True,
    )
    with open_duckdb(memory_limit) as con:
        facts = read_facts(con, items, applications, receipts, options)
        answer = run_checked(con, facts, options)
        if bridge and basis == "effective":
            answer = replace(answer, bridge=run_bridge(con, facts, options))
        return answer


def open_items(
    items: Any,
    applications: Any = None,
    *,
    as_of: date,
    known_on: datetime | date | None = None,
    by: Sequence[str] = ("customer_id",),
    buckets: Sequence[int] = BUCKETS,
    bucket_by: BucketBy = "due",
    basis: Basis = "posting",
    snapshot_date: date | None = None,
) -> Any:
    """The items behind an ageing, one row each: item_id, the ``by`` columns, currency, amount, open_amount,
    days_past_due, bucket; most overdue first. Refuses as ``age_answer`` does."""
    options = AgeOptions(
        as_of=as_of,
        known_on=known_on,
        by=by,
        buckets=buckets,
        bucket_by=bucket_by,
        basis=basis,
        snapshot_date=snapshot_date,
        checks=True,
    )
    with open_duckdb() as con:
        facts = read_facts(con, items, applications, None, options)
        run_checked(con, facts, options)
        return run_open_items(con, facts, options)
