"""Reports written to a folder when a day, a week or a month is over."""

from __future__ import annotations

import os
from collections import Counter
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings

from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.core.said import Line, Said
from huikuan.core.schedule import last_period_end
from huikuan.queries.ageing import ageing_export
from huikuan.queries.frame import frame_at
from huikuan.services.auditing import record
from huikuan.services.rights import demand
from huikuan.services.transaction import run_in_transaction
from huikuan.store.models import ReportSchedule

REPORTS = ("ageing",)


def add_report(
    entity_id: int, every: str, folder: str, *, report: str = "ageing", actor_id: int | None, now: datetime
) -> int:
    """Writes a report from now on, below ``REPORTS_DIR``; gives its number. The first is that of the newest period that
    is over. Refuses ``report.unknown``, ``report.bad_every``, ``report.outside``, ``report.exists`` and
    ``right.missing``."""
    if report not in REPORTS:
        raise Refusal("report.unknown", "{report} is not a report that can be scheduled", report=report)
    last_period_end(every, now.date())
    place(folder)

    def work() -> int:
        demand(actor_id, Right.MANAGE_SYSTEM, entity_id=entity_id)
        same = {"entity_id": entity_id, "report": report, "every": every, "folder": folder}
        if ReportSchedule.objects.filter(**same).exists():
            raise Refusal("report.exists", "this report is written there already")
        row = ReportSchedule.objects.create(**same, created_at=now, created_by_id=actor_id)
        subject = f"report:{row.pk}"
        record("report.add", now=now, actor_id=actor_id, entity_id=entity_id, subject=subject, every=every)
        return int(row.pk)

    return run_in_transaction(work)


def set_report(report_id: int, active: bool, *, actor_id: int | None, now: datetime) -> None:
    """Stops writing a report, or begins again. Refuses ``report.unknown`` and ``right.missing``."""

    def work() -> None:
        row = ReportSchedule.objects.select_for_update().filter(id=report_id).first()
        if row is None:
            raise Refusal("report.unknown", "{report} is not a report that can be scheduled", report=str(report_id))
        demand(actor_id, Right.MANAGE_SYSTEM, entity_id=row.entity_id)
        row.is_active = active
        row.save(update_fields=["is_active"])
        code = "report.resume" if active else "report.pause"
        record(code, now=now, actor_id=actor_id, entity_id=row.entity_id, subject=f"report:{row.pk}")

    run_in_transaction(work)


def place(folder: str) -> Path:
    """The folder below ``REPORTS_DIR``. Refuses ``report.outside``."""
    root = Path(settings.REPORTS_DIR).resolve()
    path = (root / folder).resolve()
    if not path.is_relative_to(root):
        raise Refusal("report.outside", "{folder} lies outside the folder of reports", folder=folder)
    return path


_WRITTEN = {
    "daily": Said("daily reports written: {n}"),
    "weekly": Said("weekly reports written: {n}"),
    "monthly": Said("monthly reports written: {n}"),
}


def write_due(now: datetime) -> Line | None:
    """Writes every report whose newest period is over and not written; gives a line for the log."""
    written: Counter[str] = Counter()
    for row in ReportSchedule.objects.filter(is_active=True).select_related("entity", "created_by").order_by("id"):
        day = last_period_end(row.every, now.astimezone(ZoneInfo(row.entity.timezone)).date())
        if row.last_as_of is None or row.last_as_of < day:
            write(row, day, now)
            ReportSchedule.objects.filter(id=row.pk).update(last_as_of=day)
            written[row.every] += 1
    if not written:
        return None
    return tuple(Said(_WRITTEN[every].template, {"n": written[every]}) for every in _WRITTEN if written[every])


def write(row: ReportSchedule, day: date, now: datetime) -> Path:
    """One report as of ``day``: whole, or not there."""
    language = (row.created_by.language if row.created_by else "") or settings.LANGUAGE_CODE
    frame = frame_at(now=now, entity_ids=(row.entity_id,), entity_id=row.entity_id, as_of=day)
    folder = place(row.folder)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{row.report}-{row.entity.code}-{day.isoformat()}.xlsx"
    draft = folder / f".{path.name}.{os.getpid()}"
    draft.write_bytes(ageing_export(frame, language=language))
    draft.replace(path)
    return path
