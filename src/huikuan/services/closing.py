"""Closing a month with its list: points ticked by people, the month closed for good."""

from __future__ import annotations

from datetime import date, datetime

from huikuan.core.closing import MANUAL_POINTS, decide_close
from huikuan.core.periods import PeriodState, month_of
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.core.texts import NAME_MAX, check_text
from huikuan.services.auditing import record
from huikuan.services.books import open_books
from huikuan.services.checklist import month_points
from huikuan.services.periods import set_period
from huikuan.services.rights import demand
from huikuan.services.sealing import seal
from huikuan.services.transaction import run_in_transaction
from huikuan.store.models import ClosingMark


def mark_point(
    entity_id: int, month: date, point: str, *, is_done: bool, note: str = "", actor_id: int | None, now: datetime
) -> None:
    """Ticks a point of a month's list, or takes the tick back; who and when stay. Refuses ``closing.unknown_point``."""
    check_text("note", note, NAME_MAX)
    if point not in MANUAL_POINTS:
        raise Refusal("closing.unknown_point", "{point} is not a point a person ticks", point=point[:40])

    def work() -> None:
        demand(actor_id, Right.CLOSE_PERIOD, entity_id=entity_id)
        ClosingMark.objects.create(
            entity_id=entity_id, month=month_of(month), point=point, is_done=is_done, note=note,
            marked_at=now, marked_by_id=actor_id,
        )  # fmt: skip
        record(
            "period.point", now=now, actor_id=actor_id, entity_id=entity_id,
            subject=f"period:{month:%Y-%m}", point=point, is_done=is_done,
        )  # fmt: skip

    run_in_transaction(work)


def close_month(entity_id: int, month: date, *, reason: str = "", actor_id: int | None, now: datetime) -> None:
    """Closes a month for good, with its list looked at while nobody posts. What is committed is sealed first.

    Refuses ``closing.mandatory``, ``closing.points_open`` (points open and no reason), ``period.earlier_open`` and
    ``period.closed_for_good``.
    """
    month = month_of(month)
    check_text("reason", reason, NAME_MAX)
    demand(actor_id, Right.CLOSE_PERIOD_HARD, entity_id=entity_id)
    seal(now=now)

    def work() -> None:
        demand(actor_id, Right.CLOSE_PERIOD_HARD, entity_id=entity_id)
        open_books(entity_id, exclusive=True)
        left = decide_close(month_points(entity_id, month, now=now), month, reason)
        set_period(entity_id, month, PeriodState.CLOSED, actor_id=actor_id, now=now)
        if left:
            record(
                "period.closed_with_points_open", now=now, actor_id=actor_id, entity_id=entity_id,
                subject=f"period:{month:%Y-%m}", points=left, reason=reason.strip(),
            )  # fmt: skip

    run_in_transaction(work)
