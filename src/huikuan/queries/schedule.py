"""The schedule as people see it: jobs, what became of their runs, watched folders, reports."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from huikuan.core.rights import Right
from huikuan.core.said import Line, read_line
from huikuan.core.schedule import PLANS
from huikuan.queries.frame import EntityRow
from huikuan.queries.grants import held_by
from huikuan.queries.listing import PAGE_SIZE_MAX, Page
from huikuan.store.models import Entity, ReportSchedule, ScheduledJob, ScheduledRun, User, WatchedFile, WatchedFolder


@dataclass(frozen=True, slots=True)
class RunRow:
    """``state``: running, done, failed or lost (its process died)."""

    id: int
    job: str
    state: str
    started_at: datetime
    finished_at: datetime | None
    line: Line
    error: Line
    host: str
    pid: int
    asked_by: str

    @property
    def seconds(self) -> float | None:
        return None if self.finished_at is None else (self.finished_at - self.started_at).total_seconds()


@dataclass(frozen=True, slots=True)
class JobRow:
    """``next_at`` is ``None`` where it is paused, and for quick jobs, which always go on."""

    name: str
    every: timedelta
    is_quick: bool
    is_paused: bool
    is_running: bool
    next_at: datetime | None
    last_success_at: datetime | None
    failures: int
    last: RunRow | None


def job_rows(now: datetime) -> list[JobRow]:
    """Every job there is."""
    rows = {row.name: row for row in ScheduledJob.objects.all()}
    return [_job(name, rows.get(name), now) for name in PLANS]


def _job(name: str, row: ScheduledJob | None, now: datetime) -> JobRow:
    plan = PLANS[name]
    run = ScheduledRun.objects.filter(job=name).select_related("asked_by").order_by("-id").first()
    paused = row is not None and row.is_paused
    waiting = not plan.is_quick and (not paused or (row is not None and row.asked_by_id is not None))
    return JobRow(
        name=name,
        every=plan.every,
        is_quick=plan.is_quick,
        is_paused=paused,
        is_running=row is not None and row.lease_until is not None and row.lease_until > now,
        next_at=((row and row.due_at) or now) if waiting else None,
        last_success_at=row.last_success_at if row else None,
        failures=row.failures if row else 0,
        last=_run(run) if run else None,
    )


def run_page(*, job: str = "", page: int = 1, size: int = 50) -> Page[RunRow]:
    """The log, the newest run first; of one job where it is named."""
    found = ScheduledRun.objects.filter(job=job) if job else ScheduledRun.objects.all()
    size = min(max(size, 1), PAGE_SIZE_MAX)
    start = (max(page, 1) - 1) * size
    rows = found.select_related("asked_by").order_by("-id")[start : start + size]
    return Page([_run(row) for row in rows], found.count(), page, size)


def _run(row: ScheduledRun) -> RunRow:
    return RunRow(
        row.pk,
        row.job,
        row.state,
        row.started_at,
        row.finished_at,
        read_line(row.line),
        read_line(row.error),
        row.host,
        row.pid,
        _name_of(row.asked_by),
    )


def _name_of(user: User | None) -> str:
    return (user.get_full_name() or user.get_username()) if user else ""


@dataclass(frozen=True, slots=True)
class FolderRow:
    """A watched folder with the last files that came into it."""

    id: int
    folder: str
    entity_id: int
    entity_name: str
    kind: str
    feed: str
    profile: str
    is_active: bool
    files: list[FileRow]


@dataclass(frozen=True, slots=True)
class FileRow:
    """``state``: imported, refused or known. ``batch_id``: the import made of it."""

    file_name: str
    state: str
    line: Line
    at: datetime
    batch_id: int | None


@dataclass(frozen=True, slots=True)
class ReportRow:
    id: int
    report: str
    every: str
    folder: str
    entity_id: int
    entity_name: str
    is_active: bool
    last_as_of: date | None


def folder_rows(entity_ids: tuple[int, ...], *, files: int = 5) -> list[FolderRow]:
    """Watched folders of these entities."""
    rows = WatchedFolder.objects.filter(entity_id__in=entity_ids).select_related("entity").order_by("folder")
    return [
        FolderRow(
            row.pk,
            row.folder,
            row.entity_id,
            row.entity.name,
            row.kind,
            row.feed,
            row.profile,
            row.is_active,
            [
                FileRow(one.file_name, one.state, read_line(one.line), one.at, one.batch_id)
                for one in WatchedFile.objects.filter(watched=row).order_by("-id")[:files]
            ],
        )
        for row in rows
    ]


def report_rows(entity_ids: tuple[int, ...]) -> list[ReportRow]:
    """Scheduled reports of these entities."""
    rows = ReportSchedule.objects.filter(entity_id__in=entity_ids).select_related("entity").order_by("id")
    return [
        ReportRow(
            row.pk, row.report, row.every, row.folder, row.entity_id, row.entity.name, row.is_active, row.last_as_of
        )
        for row in rows
    ]


def all_entities() -> tuple[int, ...]:
    """Every legal entity there is, for the shell."""
    return tuple(Entity.objects.order_by("code").values_list("id", flat=True))


def managed_entities(user_id: int) -> list[EntityRow]:
    """The legal entities whose folders and reports a person looks after, by code."""
    held = held_by(user_id)
    mine = [number for number, rights in held.items() if rights.can(Right.MANAGE_SYSTEM)]
    rows = Entity.objects.filter(id__in=mine).order_by("code").values_list("id", "code", "name", "currency")
    return [EntityRow(*row, held=held[row[0]]) for row in rows]
