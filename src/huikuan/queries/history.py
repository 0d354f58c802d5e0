"""Ageing totals of many days at once. Sums of money need no item's own balance, only on which day a posting counts
and when its item is due; so the whole past is one table by these two days, added up once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pyarrow as pa

from huikuan.queries.cells import Buckets
from huikuan.queries.facts import Facts
from huikuan.queries.open_rows import CASH_CONTROLS, CASH_LEGS, ITEM_LEGS, basis_day, texts


@dataclass(frozen=True, slots=True)
class MonthPoint:
    """One bucket's total in one currency as of a day."""

    as_of: date
    currency: str
    bucket: str
    open_minor: int


def month_ends(last: date, count: int) -> list[date]:
    """``last`` and the ``count`` month ends before it, rising."""
    days, day = [last], last
    for _ in range(count):
        day = day.replace(day=1) - timedelta(days=1)
        days.append(day)
    return days[::-1]


def month_before(day: date) -> date:
    """The same day a month earlier; the end of the shorter month where it has no such day."""
    last = day.replace(day=1) - timedelta(days=1)
    return last.replace(day=min(day.day, last.day))


def totals_on(facts: Facts, days: Sequence[date], buckets: Buckets) -> list[MonthPoint]:
    """The ageing totals of the frame's entities on each of these days, by the facts' basis and knowledge."""
    facts.give("by_days", _by_days(facts, buckets))
    facts.give("asked_days", pa.table({"as_of": pa.array(list(days), pa.date32())}))
    number = f"CASE WHEN day IS NULL THEN {len(buckets.bounds) + 1} ELSE {buckets.number('as_of', 'day')} END"
    rows = facts.rows(
        f"SELECT as_of, currency, {number} AS bucket, sum(amount_minor)::BIGINT AS open_minor"
        f" FROM asked_days JOIN by_days ON counted <= as_of WHERE {facts.mine}"
        " GROUP BY ALL HAVING sum(amount_minor) <> 0 ORDER BY ALL"
    )
    labels = buckets.labels
    return [MonthPoint(row["as_of"], row["currency"], labels[row["bucket"]], row["open_minor"]) for row in rows]


def _by_days(facts: Facts, buckets: Buckets) -> Any:
    """entity_id, currency, counted (the day postings count), day (the item's; null for unapplied money), sums."""
    counted = basis_day(facts.basis, "j.")

    def make(only: str) -> Any:
        where = f" AND {only}" if only else ""
        return facts.table(
            f"SELECT j.entity_id, j.currency, {counted} AS counted, i.{buckets.day} AS day,"
            " sum(j.amount_minor)::BIGINT AS amount_minor"
            f" FROM (SELECT * FROM journal WHERE {ITEM_LEGS}{where}) AS j JOIN items AS i ON i.item_id = j.item_id"
            " GROUP BY ALL UNION ALL"
            f" SELECT j.entity_id, j.currency, {counted}, NULL, sum(j.amount_minor)::BIGINT FROM journal AS j"
            f" WHERE {CASH_LEGS} AND ledger_account IN ({texts(CASH_CONTROLS)}){where} GROUP BY ALL"
        )

    def grow() -> Any:
        return facts.grown(
            ("by_days", buckets.day),
            make,
            lambda after: make(f"(ledger_seq > {after} OR ledger_seq IS NULL)"),
            lambda kept, later: pa.concat_tables([kept, later]),
        )

    return facts.kept_for_any_day(("by_days", buckets.day), grow)
