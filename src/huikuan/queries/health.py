"""Whether this installation can work, and the figures that say how it does."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.models import Count
from django_tasks_db.models import DBTaskResult

from huikuan.mirror.pending import unsealed_condition
from huikuan.store import triggers
from huikuan.store.models import Installation, ScheduledJob, SealHead

ALIVE = timedelta(minutes=2)
"""How old a sign of life of the worker or the scheduler may be."""
WORKER = "worker"


@dataclass(frozen=True, slots=True)
class Readiness:
    """One condition of working. ``detail`` says what is missing."""

    name: str
    ok: bool
    detail: str = ""


def readiness(now: datetime) -> list[Readiness]:
    """Database, tables of this version, triggers, a writable mirror, a worker and a scheduler that are alive."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return [Readiness("database", False, "it does not answer")]
    return [
        Readiness("database", True),
        _migrations(),
        _triggers(),
        _mirror(),
        _alive("worker", WORKER, now),
        _alive("scheduler", "seal", now),
    ]


def _migrations() -> Readiness:
    loader = MigrationLoader(connection)
    missing = sorted(f"{app}.{name}" for app, name in set(loader.graph.nodes) - set(loader.applied_migrations))
    return Readiness("migrations", not missing, f"{len(missing)} to apply" if missing else "")


def _triggers() -> Readiness:
    faults = triggers.faults(connection)
    return Readiness("triggers", not faults, f"{len(faults)} missing or altered" if faults else "")


def _mirror() -> Readiness:
    folder = Path(settings.HUIKUAN_HOME) / "mirror"
    place = folder if folder.exists() else folder.parent
    ok = os.access(place, os.W_OK | os.X_OK)
    return Readiness("mirror", ok, "" if ok else "its folder cannot be written")


def _alive(name: str, job: str, now: datetime) -> Readiness:
    seen = ScheduledJob.objects.filter(name=job).values_list("last_success_at", flat=True).first()
    ok = seen is not None and now - seen < ALIVE
    return Readiness(name, ok, "" if ok else "no sign of life")


@dataclass(frozen=True, slots=True)
class Figures:
    """``tasks``: by state. ``jobs``: name → seconds since 1970 of its last success, failures in a row."""

    entries_sealed: int
    entries_unsealed: int
    tasks: dict[str, int]
    jobs: dict[str, tuple[float | None, int]]
    outbox_held: bool


def figures() -> Figures:
    """What the database can say quickly, whatever its size."""
    head = SealHead.objects.filter(id=1).first()
    condition = "true" if head is None else unsealed_condition(head)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM store_journalentry e WHERE {condition}")
        unsealed = int(cursor.fetchone()[0])
    tasks = DBTaskResult.objects.order_by().values_list("status").annotate(n=Count("id"))
    return Figures(
        entries_sealed=0 if head is None else head.last_seq,
        entries_unsealed=unsealed,
        tasks={str(status): n for status, n in tasks},
        jobs={
            row.name: (row.last_success_at.timestamp() if row.last_success_at else None, row.failures)
            for row in ScheduledJob.objects.order_by("name")
        },
        outbox_held=Installation.objects.filter(name="outbox_held").exists(),
    )
