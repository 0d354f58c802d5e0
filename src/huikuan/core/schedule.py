"""Which work is done without anybody asking, how often, and when again after a failure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from huikuan.core.refusals import Refusal

RETRY = timedelta(seconds=30)
RETRY_MAX = timedelta(hours=1)
LEASE = timedelta(minutes=5)
"""How long a job belongs to whoever runs it without a sign of life."""
FREQUENT = timedelta(hours=1)
"""Of a job done more often than this, a run that found nothing to do leaves no line in the log."""
EVERY = ("daily", "weekly", "monthly")


@dataclass(frozen=True, slots=True)
class Plan:
    """One job. ``every`` is counted from its last success. A quick one is done by every scheduler, may be done by two
    at once, and leaves a line in the log only when it fails."""

    name: str
    every: timedelta
    is_quick: bool = False


PLANS = {
    plan.name: plan
    for plan in (
        Plan("seal", timedelta(seconds=2), is_quick=True),
        Plan("webhooks", timedelta(seconds=2), is_quick=True),
        Plan("watched-folders", timedelta(minutes=1)),
        Plan("reports", timedelta(minutes=15)),
        Plan("match", timedelta(minutes=15)),
        Plan("duplicates", timedelta(minutes=15)),
        Plan("export-head-hash", timedelta(days=1)),
        Plan("backup", timedelta(days=1)),
        Plan("sweep-imports", timedelta(days=1)),
        Plan("tidy-up", timedelta(days=1)),
        Plan("prune-outbox", timedelta(days=1)),
        Plan("erase-old", timedelta(days=1)),
    )
}


def plan_of(name: str) -> Plan:
    """Refuses ``schedule.unknown``."""
    if name not in PLANS:
        raise Refusal(
            "schedule.unknown", "there is no job {name}; there are {known}", name=name, known=", ".join(PLANS)
        )
    return PLANS[name]


def next_after_success(plan: Plan, finished_at: datetime) -> datetime:
    return finished_at + plan.every


def next_after_failure(plan: Plan, failed_at: datetime, failures: int) -> datetime:
    """Half a minute after the first failure in a row, then twice as long each time, an hour at most; never later than
    the job would be due anyway. With a job every day: 30 s, 1 min, 2 min, 4 min … 1 h."""
    wait = RETRY * (1 << min(max(failures, 1) - 1, 10))
    return failed_at + min(wait, RETRY_MAX, plan.every)


def last_period_end(every: str, today: date) -> date:
    """The last day of the newest day, week (Monday to Sunday) or month that is over on ``today``."""
    if every == "daily":
        return today - timedelta(days=1)
    if every == "weekly":
        return today - timedelta(days=today.isoweekday())
    if every == "monthly":
        return today.replace(day=1) - timedelta(days=1)
    raise Refusal("report.bad_every", "{every} is not daily, weekly or monthly", every=every)
