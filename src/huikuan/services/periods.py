"""Months: opening, soft-closing and closing them, alone against everyone who posts."""

from __future__ import annotations

from datetime import date, datetime

from huikuan.core.periods import PeriodState, decide_period_change, month_of, state_of
from huikuan.core.rights import Right
from huikuan.services.auditing import record
from huikuan.services.books import open_books
from huikuan.services.rights import demand
from huikuan.services.transaction import run_in_transaction
from huikuan.store.models import JournalEntry, Period


def set_period(entity_id: int, month: date, state: PeriodState, *, actor_id: int | None, now: datetime) -> None:
    """Sets a month's state. Waits for postings under way; later ones see it.

    Refuses ``period.closed_for_good`` and ``period.earlier_open`` (an earlier month with entries is not closed yet).
    """
    month = month_of(month)

    def work() -> None:
        right = Right.CLOSE_PERIOD_HARD if state == PeriodState.CLOSED else Right.CLOSE_PERIOD
        demand(actor_id, right, entity_id=entity_id)
        books = open_books(entity_id, exclusive=True)
        old = state_of(month, books.states)
        earlier_open = state == PeriodState.CLOSED and any(
            state_of(earlier, books.states) != PeriodState.CLOSED
            for earlier in _months_with_entries(entity_id, before=month)
        )
        decide_period_change(old, state, earlier_open=earlier_open)
        Period.objects.update_or_create(
            entity_id=entity_id,
            month=month,
            defaults={"state": state.value, "changed_at": now, "changed_by_id": actor_id},
        )
        record(
            f"period.{state.value}", now=now, actor_id=actor_id, entity_id=entity_id, subject=f"period:{month:%Y-%m}"
        )

    run_in_transaction(work)


def _months_with_entries(entity_id: int, *, before: date) -> set[date]:
    days = JournalEntry.objects.filter(entity_id=entity_id, posting_date__lt=before).dates("posting_date", "month")
    return set(days)
