"""Months and exchange rates: which months of which entity are closed, what was revalued, which rates are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Max, Min

from huikuan.core.accounts import EntryKind
from huikuan.core.periods import PeriodState, closed_through, month_end, month_of, next_month, state_of
from huikuan.queries.listing import Page
from huikuan.store.models import Entity, ExchangeRate, JournalEntry, Period
from huikuan.store.public_ids import public_id


@dataclass(frozen=True, slots=True)
class MonthRow:
    """A month of an entity. ``entries`` counts those that count from it; ``revaluations`` those of its last day."""

    entity_id: int
    month: date
    state: PeriodState
    entries: int
    revaluations: int
    changed_at: datetime | None
    changed_by: str

    @property
    def last_day(self) -> date:
        return month_end(self.month)


def month_rows(entity_id: int, now: datetime, *, first: date | None = None) -> list[MonthRow]:
    """Months of an entity, newest first: from the month of its first entry (or ``first``, where that is later) to the
    running one, or further where something was posted or closed ahead."""
    zone = ZoneInfo(Entity.objects.values_list("timezone", flat=True).get(id=entity_id))
    posted = JournalEntry.objects.filter(entity_id=entity_id)
    span = posted.aggregate(first=Min("posting_date"), last=Max("posting_date"))
    periods = {row.month: row for row in Period.objects.filter(entity_id=entity_id).select_related("changed_by")}
    states = {month: PeriodState(row.state) for month, row in periods.items()}
    running = month_of(now.astimezone(zone).date())
    newest = max([running, *periods, *([month_of(span["last"])] if span["last"] else [])])
    oldest = min([running, *([month_of(span["first"])] if span["first"] else [])])
    oldest = max(oldest, month_of(first)) if first else oldest
    counts = _counts(entity_id, oldest, newest)
    rows, month = [], oldest
    while month <= newest:
        row = periods.get(month)
        who: Any = row.changed_by if row else None
        entries, revaluations = counts.get(month, (0, 0))
        rows.append(
            MonthRow(
                entity_id=entity_id,
                month=month,
                state=state_of(month, states),
                entries=entries,
                revaluations=revaluations,
                changed_at=row.changed_at if row else None,
                changed_by=(who.get_full_name() or who.get_username()) if who else "",
            )
        )
        month = next_month(month)
    return rows[::-1]


def _counts(entity_id: int, oldest: date, newest: date) -> dict[date, tuple[int, int]]:
    """Per month: entries that count from it, and revaluations of its last day."""
    days = JournalEntry.objects.filter(
        entity_id=entity_id, posting_date__gte=oldest, posting_date__lt=next_month(newest)
    )
    found: dict[date, tuple[int, int]] = {}
    rows: Any = days.order_by().values("posting_date", "kind").annotate(n=Count("id"))
    for row in rows:
        day, month = row["posting_date"], month_of(row["posting_date"])
        entries, revaluations = found.get(month, (0, 0))
        is_revaluation = row["kind"] == EntryKind.REVALUATION.value and day == month_end(month)
        found[month] = (entries + row["n"], revaluations + (row["n"] if is_revaluation else 0))
    return found


def earliest_open(entity_id: int) -> date | None:
    """The first month with entries that is not closed yet: the next one to close."""
    rows = Period.objects.filter(entity_id=entity_id).values_list("month", "state")
    closed = closed_through({month: PeriodState(state) for month, state in rows})
    posted = JournalEntry.objects.filter(entity_id=entity_id)
    if closed is not None:
        posted = posted.filter(posting_date__gte=next_month(closed))
    first = posted.aggregate(first=Min("posting_date"))["first"]
    return month_of(first) if first else None


@dataclass(frozen=True, slots=True)
class RateRow:
    """One unit of ``currency`` is worth ``rate`` units of ``base`` from ``valid_from`` on."""

    currency: str
    base: str
    valid_from: date
    rate: Decimal
    source: str


def rate_page(bases: Sequence[str], *, currency: str = "", page: int = 1, size: int = 50) -> Page[RateRow]:
    """Exchange rates into these base currencies, newest first."""
    found = ExchangeRate.objects.filter(base__in=list(bases))
    if currency:
        found = found.filter(currency=currency)
    start = (max(page, 1) - 1) * size
    rows = found.order_by("-valid_from", "currency", "base")[start : start + size]
    return Page(
        rows=[RateRow(row.currency, row.base, row.valid_from, row.rate.normalize(), row.source) for row in rows],
        total=found.count(),
        page=page,
        size=size,
    )


def rate_currencies(bases: Sequence[str]) -> list[str]:
    """Currencies with a rate into one of these."""
    return sorted(ExchangeRate.objects.filter(base__in=list(bases)).values_list("currency", flat=True).distinct())


def month_before(month: date) -> date:
    return month_of(month - timedelta(days=1))


@dataclass(frozen=True, slots=True)
class LateRow:
    """An entry that counts from another month than it happened in."""

    public_id: str
    kind: str
    effective_date: date
    posting_date: date
    memo: str


def late_rows(entity_id: int, month: date, *, limit: int = 200) -> tuple[list[LateRow], list[LateRow]]:
    """Entries that count from this month and happened in an earlier one; and those that happened in this month and
    count from a later one; newest first."""
    month, after = month_of(month), next_month(month_of(month))
    mine = JournalEntry.objects.filter(entity_id=entity_id).order_by("-posting_date", "-id")
    came_in = mine.filter(posting_date__gte=month, posting_date__lt=after, effective_date__lt=month)
    went_out = mine.filter(effective_date__gte=month, effective_date__lt=after, posting_date__gte=after)
    return ([_late(row) for row in came_in[:limit]], [_late(row) for row in went_out[:limit]])


def _late(row: JournalEntry) -> LateRow:
    return LateRow(public_id("ent", row.id), row.kind, row.effective_date, row.posting_date, row.memo)
