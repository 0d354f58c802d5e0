"""Today: what is owed, how it ages and has aged, who is furthest behind, what came in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow.compute as pc

from huikuan.queries.cells import DUE, cell_layers, cells_of
from huikuan.queries.customers import BucketTotal
from huikuan.queries.directory import customers_of
from huikuan.queries.facts import Facts, read_facts
from huikuan.queries.frame import Frame
from huikuan.queries.groups import grouped
from huikuan.queries.history import MonthPoint, month_ends, totals_on
from huikuan.queries.imports import import_page
from huikuan.queries.layers import Asked, Layers, sums, top
from huikuan.store.public_ids import public_id

__all__ = ["BucketTotal", "CurrencyTotal", "CustomerAgeing", "Home", "MonthPoint", "home"]

TOP = 8
MONTHS = 12
IMPORTS = 5


@dataclass(frozen=True, slots=True)
class CurrencyTotal:
    """What is owed in one currency. ``open_minor`` is the ageing total: unapplied money (negative) is in it."""

    currency: str
    open_minor: int
    overdue_minor: int
    not_due_minor: int
    unapplied_minor: int
    items: int
    customers: int


@dataclass(frozen=True, slots=True)
class CustomerAgeing:
    """A customer in one currency with its buckets, in order: (label, minor units)."""

    public_id: str
    name: str
    currency: str
    open_minor: int
    overdue_minor: int
    cells: list[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Home:
    """``history``: the totals on the last twelve month ends and on the frame's day."""

    totals: list[CurrencyTotal]
    buckets: list[BucketTotal]
    top_overdue: list[CustomerAgeing]
    recent_imports: list[Any]
    history: list[MonthPoint]


def home(frame: Frame) -> Home:
    """Everything the first page shows, of the frame's entities; currencies with the most customers first."""
    with read_facts(frame) as facts:
        cells = cell_layers(facts).layers
        mine = Asked(where=facts.mine)
        buckets = sums(facts, cells, mine, "currency, bucket", {"open_minor": "open_minor", "items": "items"})
        owing = grouped(facts, "customer", DUE)
        customers = sums(facts, owing, Asked(), "currency", {})
        customers.sort(key=lambda row: (-row["rows"], row["currency"]))
        furthest = _top_overdue(facts, owing)
        history = totals_on(facts, month_ends(frame.as_of, MONTHS), DUE)
    return Home(
        totals=[_total(row["currency"], row["rows"], buckets) for row in customers],
        buckets=[BucketTotal(r["currency"], DUE.labels[r["bucket"]], r["open_minor"], r["items"]) for r in buckets],
        top_overdue=furthest,
        recent_imports=list(import_page(frame, page=1, size=IMPORTS).rows),
        history=history,
    )


def _total(currency: str, customers: int, buckets: list[dict[str, Any]]) -> CurrencyTotal:
    mine = {row["bucket"]: row for row in buckets if row["currency"] == currency}
    last = len(DUE.labels) - 1
    minor = {place: row["open_minor"] for place, row in mine.items()}
    return CurrencyTotal(
        currency=currency,
        open_minor=sum(minor.values()),
        overdue_minor=sum(amount for place, amount in minor.items() if 0 < place < last),
        not_due_minor=minor.get(0, 0),
        unapplied_minor=minor.get(last, 0),
        items=sum(row["items"] for row in mine.values()),
        customers=customers,
    )


def _top_overdue(facts: Facts, owing: Layers) -> list[CustomerAgeing]:
    late = Asked(where="overdue_minor > 0", few=lambda rows: rows.filter(pc.greater(rows["overdue_minor"], 0)))
    rows = top(facts, owing, late, "key, currency", "ORDER BY overdue_book DESC, key, currency", (0, TOP))
    names = customers_of(facts.frame, (row["key"] for row in rows))
    return [
        CustomerAgeing(
            public_id=public_id("cus", row["key"]),
            name=names[row["key"]].name,
            currency=row["currency"],
            open_minor=row["total_minor"],
            overdue_minor=row["overdue_minor"],
            cells=list(cells_of(row, DUE).items()),
        )
        for row in rows
    ]
