"""The page of the schedule: who may see it, what it says, what its buttons do."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.test import override_settings

from huikuan.core.said import Said
from huikuan.jobs.runner import Runner
from huikuan.services.operations import hold_outbox, is_outbox_held
from huikuan.store.models import ReportSchedule, ScheduledJob, WatchedFolder
from tests.databases import LedgerDb
from tests.web.test_pages import text_of
from tests.web.world import build_world, signed_in

pytestmark = pytest.mark.practice("K4")
NOW = datetime.now(UTC)


@pytest.fixture(autouse=True)
def world(sqlite_db: LedgerDb) -> None:
    build_world()


def test_jobs_are_run_paused_and_read_about() -> None:
    def fail(at: datetime) -> None:
        raise OSError(28, "No space left on device")

    boss = signed_in("boss")
    assert "Nothing has run yet" in text_of(boss.get("/settings/schedule/"))
    Runner({"tidy-up": lambda at: (Said("old lines of the log removed: {n}", {"n": 3000}),), "backup": fail}).run_due()
    shown = text_of(boss.get("/settings/schedule/"))
    assert "old lines of the log removed: 3,000" in shown
    assert "No space left on device" in shown
    assert "Try again" in shown
    assert boss.post("/settings/schedule/jobs/tidy-up/run/").status_code == 302
    assert Runner({"tidy-up": lambda at: (Said("done"),)}).run_due() == ["tidy-up"]
    assert "asked for by Bo Song" in text_of(boss.get("/settings/schedule/?job=tidy-up"))
    boss.post("/settings/schedule/jobs/tidy-up/pause/", {"paused": "yes"})
    assert ScheduledJob.objects.get(name="tidy-up").is_paused
    assert "paused" in text_of(boss.get("/settings/schedule/"))
    chinese = text_of(signed_in("boss", "zh-hans").get("/settings/schedule/"))
    assert "定时任务" in chinese
    assert "已删除的旧日志行：3,000" in chinese
    assert "备份" in chinese
    assert boss.post("/settings/schedule/jobs/seal/pause/", {"paused": "yes"}).status_code == 400


def test_folders_and_reports_are_added_from_the_page(tmp_path: Path) -> None:
    boss = signed_in("boss")
    folder = {"folder": "erp", "entity_code": "CN01", "kind": "items", "feed": "snapshot"}
    assert "HUIKUAN_WATCH_DIR names none" in text_of(boss.post("/settings/schedule/folders/", folder))
    (tmp_path / "erp").mkdir()
    with override_settings(WATCH_DIRS=[tmp_path]):
        refused = boss.post("/settings/schedule/folders/", {**folder, "folder": "../x"})
        assert refused.status_code == 400
        assert "lies outside the folders" in text_of(refused)
        assert "The folder is watched." in text_of(boss.post("/settings/schedule/folders/", folder, follow=True))
        row = WatchedFolder.objects.get()
        assert (row.feed, row.folder) == ("snapshot", str(tmp_path / "erp"))
        boss.post(f"/settings/schedule/folders/{row.pk}/pause/", {"paused": "yes"})
        assert not WatchedFolder.objects.get().is_active
    report = {"every": "weekly", "entity_code": "CN01", "folder": "ar"}
    assert "The report is scheduled" in text_of(boss.post("/settings/schedule/reports/", report, follow=True))
    boss.post(f"/settings/schedule/reports/{ReportSchedule.objects.get().pk}/pause/", {"paused": "yes"})
    assert not ReportSchedule.objects.get().is_active


def test_who_does_not_look_after_the_system_sees_nothing_of_it() -> None:
    for name in ("clerk", "auditor"):
        person = signed_in(name)
        assert person.get("/settings/schedule/").status_code == 403
        assert person.post("/settings/schedule/jobs/tidy-up/run/").status_code == 403
        assert person.post("/settings/schedule/folders/", {"entity_code": "CN01"}).status_code == 403


def test_a_restored_copy_is_released_by_a_person() -> None:
    hold_outbox(now=NOW)
    boss = signed_in("boss")
    assert "This is a restored copy" in text_of(boss.get("/settings/schedule/"))
    assert signed_in("clerk").post("/settings/schedule/release/").status_code == 403
    assert is_outbox_held()
    assert "What waits is sent" in text_of(boss.post("/settings/schedule/release/", follow=True))
    assert not is_outbox_held()
