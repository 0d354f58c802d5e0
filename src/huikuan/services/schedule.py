"""The schedule: who runs a job (a lease, so that nothing runs twice), what came of it (a log people read)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from huikuan.core.refusals import BadData, Conflict, Refusal
from huikuan.core.rights import Right
from huikuan.core.said import Line, Said, keep_line
from huikuan.core.schedule import FREQUENT, LEASE, PLANS, next_after_failure, next_after_success, plan_of
from huikuan.services.auditing import record
from huikuan.services.rights import demand_anywhere
from huikuan.services.transaction import run_in_transaction
from huikuan.store.models import ScheduledJob, ScheduledRun

KEPT = timedelta(days=90)
"""How long the log goes back."""
State = ScheduledRun.State


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that runs jobs: ``name`` is its own among all processes that ever were."""

    name: str
    host: str
    pid: int


def due_jobs(now: datetime) -> list[str]:
    """Names of the jobs that look due; only ``claim`` decides. Jobs never seen before are due."""
    rows = {row.name: row for row in ScheduledJob.objects.all()}
    return [
        name
        for name, plan in PLANS.items()
        if not plan.is_quick and ((row := rows.get(name)) is None or (_is_due(row, now) and not _is_held(row, now)))
    ]


def _is_due(row: ScheduledJob, now: datetime) -> bool:
    if row.is_paused and row.asked_by_id is None:
        return False
    return row.due_at is None or row.due_at <= now


def _is_held(row: ScheduledJob, now: datetime) -> bool:
    return row.lease_until is not None and row.lease_until > now


def claim(name: str, holder: Holder, *, now: datetime, force: bool = False) -> int | None:
    """Takes a job that is due for ``LEASE`` and opens its line in the log, whose id is given; ``None`` where somebody
    else has it or did it. ``force``: even if it is not due or paused; refuses ``schedule.running`` while it is held."""
    plan_of(name)

    def work() -> int | None:
        ScheduledJob.objects.get_or_create(name=name)
        row = ScheduledJob.objects.select_for_update().get(name=name)
        if _is_held(row, now):
            if force:
                raise Conflict("schedule.running", "{name} is running right now", name=name)
            return None
        if not force and not _is_due(row, now):
            return None
        # Nobody renewed the lease of whoever had it last: that process is gone.
        ScheduledRun.objects.filter(job=name, state=State.RUNNING).update(state=State.LOST, finished_at=now)
        run = ScheduledRun.objects.create(
            job=name, started_at=now, host=holder.host, pid=holder.pid, asked_by_id=row.asked_by_id
        )
        row.lease_holder, row.lease_until, row.asked_by_id = holder.name, now + LEASE, None
        row.save(update_fields=["lease_holder", "lease_until", "asked_by"])
        return int(run.pk)

    return run_in_transaction(work)


def renew(name: str, holder: Holder, *, now: datetime) -> bool:
    """A sign of life while the job runs; false when it was taken over by somebody else."""
    mine = ScheduledJob.objects.filter(name=name, lease_holder=holder.name)
    return bool(mine.update(lease_until=now + LEASE))


def finish(run_id: int, name: str, holder: Holder, *, now: datetime, line: Line | None) -> None:
    """The job is done and the lease given back."""
    plan = plan_of(name)

    def work() -> None:
        run = ScheduledRun.objects.filter(id=run_id, state=State.RUNNING)
        asked = run.filter(asked_by__isnull=False).exists()
        if line is None and plan.every < FREQUENT and not asked:
            run.delete()
        else:
            run.update(state=State.DONE, finished_at=now, line=keep_line(line or ()))
        row = ScheduledJob.objects.select_for_update().get(name=name)
        if row.lease_holder == holder.name:
            row.lease_holder, row.lease_until, row.last_success_at, row.failures = "", None, now, 0
            # Asked for again while it ran: due at once.
            row.due_at = now if row.asked_by_id else next_after_success(plan, now)
            row.save(update_fields=["lease_holder", "lease_until", "last_success_at", "failures", "due_at"])

    run_in_transaction(work)


def fail(run_id: int, name: str, holder: Holder, *, now: datetime, error: BaseException) -> None:
    """The job failed; it is tried again soon (``next_after_failure``)."""
    plan = plan_of(name)

    def work() -> None:
        found = ScheduledRun.objects.filter(id=run_id, state=State.RUNNING)
        found.update(state=State.FAILED, finished_at=now, error=keep_line((describe_failure(error),)))
        row = ScheduledJob.objects.select_for_update().get(name=name)
        if row.lease_holder == holder.name:
            row.failures += 1
            row.lease_holder, row.lease_until = "", None
            row.due_at = next_after_failure(plan, now, row.failures)
            row.save(update_fields=["failures", "lease_holder", "lease_until", "due_at"])

    run_in_transaction(work)


def note_quick(name: str, *, now: datetime) -> None:
    """A sign of life of a quick job, now and then."""
    ScheduledJob.objects.update_or_create(name=name, defaults={"last_success_at": now, "failures": 0})


def note_quick_failure(name: str, holder: Holder, *, now: datetime, error: BaseException) -> None:
    """A quick job's failure in the log: the first of a row of them."""

    def work() -> None:
        ScheduledJob.objects.get_or_create(name=name)
        row = ScheduledJob.objects.select_for_update().get(name=name)
        if row.failures == 0:
            ScheduledRun.objects.create(
                job=name,
                state=State.FAILED,
                started_at=now,
                finished_at=now,
                host=holder.host,
                pid=holder.pid,
                error=keep_line((describe_failure(error),)),
            )
        row.failures += 1
        row.save(update_fields=["failures"])

    run_in_transaction(work)


def describe_failure(error: BaseException) -> Said:
    """What may stand in a log: never a row of somebody's file or database. The process's own log has the rest."""
    if isinstance(error, BadData):
        return Said("faults found: {n}", {"n": error.total}, error.code)
    if isinstance(error, Refusal):
        return Said(error.template, {k: str(v) for k, v in error.params.items()}, error.code)
    if isinstance(error, OSError) and error.strerror:
        return Said(f"{type(error).__name__}: {error.strerror}")
    return Said(type(error).__name__)


# -- people ----------------------------------------------------------------------------------------------------------
def run_now(name: str, *, actor_id: int | None, now: datetime) -> None:
    """Asks for a job to be done as soon as a scheduler sees it, paused or not. One that runs is done again afterwards.

    Refuses ``schedule.unknown`` and ``right.missing``.
    """
    plan_of(name)

    def work() -> None:
        demand_anywhere(actor_id, Right.MANAGE_SYSTEM)
        ScheduledJob.objects.update_or_create(name=name, defaults={"due_at": now, "asked_by_id": actor_id})
        record("schedule.run_now", now=now, actor_id=actor_id, subject=f"job:{name}")

    run_in_transaction(work)


def set_paused(name: str, paused: bool, *, actor_id: int | None, now: datetime) -> None:
    """A paused job is done only when somebody asks. Refuses ``schedule.unknown``, ``schedule.no_pause`` (sealing: what
    is not sealed cannot be proved) and ``right.missing``."""
    if plan_of(name).is_quick:
        raise Refusal("schedule.no_pause", "{name} cannot be paused", name=name)

    def work() -> None:
        demand_anywhere(actor_id, Right.MANAGE_SYSTEM)
        ScheduledJob.objects.update_or_create(name=name, defaults={"is_paused": paused})
        record("schedule.pause" if paused else "schedule.resume", now=now, actor_id=actor_id, subject=f"job:{name}")

    run_in_transaction(work)


def prune(now: datetime) -> int:
    """Removes lines of the log older than ``KEPT``; gives how many."""
    return ScheduledRun.objects.filter(started_at__lt=now - KEPT).exclude(state=State.RUNNING).delete()[0]
