"""Watched folders: a file is taken when it has stopped growing, imported once, and moved where people find it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from django.test import override_settings
from openpyxl import load_workbook

from huikuan.core.refusals import Refusal
from huikuan.core.said import Line, line_text, read_line
from huikuan.services import reports, watching
from huikuan.services.customers import add_entity
from huikuan.services.watching import NewFolder, add_folder, look
from huikuan.store.models import OpenItem, ReportSchedule, WatchedFile
from tests.databases import LedgerDb

HEAD = "item_id,customer_id,document_date,due_date,amount,currency\n"
ROW = "A-1,0001,2026-03-01,2026-03-31,10.00,CNY\n"
pytestmark = pytest.mark.practice("K4", "D10")


@pytest.fixture
def entity(ledger_db: LedgerDb, now: datetime) -> int:
    return add_entity("CN01", "上海示例有限公司", "CNY", timezone="Asia/Shanghai", actor_id=None, now=now)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder that may be watched."""
    root = tmp_path / "inbox"
    (root / "erp").mkdir(parents=True)
    with override_settings(WATCH_DIRS=[root], REPORTS_DIR=tmp_path / "reports"):
        yield root / "erp"


def watch(entity: int, now: datetime, **options: str) -> None:
    add_folder(NewFolder(entity, "erp", "items", source="erp", **options), actor_id=None, now=now)


def test_a_file_is_taken_when_it_has_stopped_growing(entity: int, folder: Path, now: datetime) -> None:
    watch(entity, now)
    path = folder / "march.csv"
    path.write_text(HEAD)
    assert look(now) is None
    path.write_text(HEAD + ROW)
    assert look(now) is None, "it has grown since the last look"
    assert said(look(now)) == "imported: 1"
    assert OpenItem.objects.get().external_id == "A-1"
    assert (folder / "done" / "march.csv").exists()
    assert not path.exists()
    assert said(read_line(WatchedFile.objects.get().line)) == "rows posted: 1"


def said(line: Line | None) -> str | None:
    return None if line is None else line_text(line)


def bring(folder: Path, name: str, text: str, now: datetime) -> str | None:
    (folder / name).write_text(text)
    look(now)
    return said(look(now))


def test_the_same_content_is_imported_once(entity: int, folder: Path, now: datetime) -> None:
    watch(entity, now)
    assert bring(folder, "march.csv", HEAD + ROW, now) == "imported: 1"
    assert bring(folder, "march.csv", HEAD + ROW, now) == "known already: 1"
    WatchedFile.objects.all().delete()
    assert bring(folder, "again.csv", HEAD + ROW, now) == "known already: 1", (
        "posted, and the process died before it said so"
    )
    assert len(list((folder / "done").iterdir())) == 3
    assert OpenItem.objects.count() == 1


def test_a_faulty_file_is_refused_with_its_faults_marked(entity: int, folder: Path, now: datetime) -> None:
    watch(entity, now)
    assert bring(folder, "bad.csv", HEAD + ROW + "A-2,0001,2026-03-01,2026-03-31,oops,CNY\n", now) == "refused: 1"
    assert not OpenItem.objects.exists()
    assert {path.name for path in (folder / "refused").iterdir()} == {"bad.csv", "bad-faults.csv"}
    assert "oops" in (folder / "refused" / "bad-faults.csv").read_text()
    assert said(read_line(WatchedFile.objects.get().line)) == "data.refused: faults found: 1"


def test_a_folder_is_of_one_entity(entity: int, folder: Path, now: datetime) -> None:
    add_entity("DE01", "Beispiel GmbH", "EUR", actor_id=None, now=now)
    watch(entity, now)
    text = "entity," + HEAD + "DE01," + ROW.replace("CNY", "EUR")
    assert bring(folder, "other.csv", text, now) == "refused: 1"
    assert not OpenItem.objects.exists()


def test_a_snapshot_may_be_again_as_it_was(entity: int, folder: Path, now: datetime) -> None:
    watch(entity, now, feed="snapshot")
    one, two = HEAD + ROW, HEAD + ROW + ROW.replace("A-1", "A-2")
    told = [bring(folder, "open.csv", text, now) for text in (one, one, two, one)]
    assert told == ["imported: 1", "known already: 1", "imported: 1", "imported: 1"]


def test_what_may_not_be_watched(entity: int, folder: Path, tmp_path: Path, now: datetime) -> None:
    outside = tmp_path / "secret"
    outside.mkdir()
    (folder.parent / "link").symlink_to(outside)
    watch(entity, now)
    for name, code in (
        ("../secret", "watch.outside"),
        (str(outside), "watch.outside"),
        ("link", "watch.outside"),
        ("nothing", "watch.no_folder"),
        ("erp", "watch.taken"),
    ):
        with pytest.raises(Refusal) as refused:
            add_folder(NewFolder(entity, name, "items"), actor_id=None, now=now)
        assert refused.value.code == code, name
    with override_settings(WATCH_DIRS=[]), pytest.raises(Refusal) as refused:
        add_folder(NewFolder(entity, "erp", "items"), actor_id=None, now=now)
    assert refused.value.code == "watch.off"


def test_a_link_in_the_folder_is_not_followed_and_a_lost_folder_is_told(
    entity: int, folder: Path, tmp_path: Path, now: datetime
) -> None:
    watch(entity, now)
    (tmp_path / "passwords.csv").write_text("x")
    (folder / "link.csv").symlink_to(tmp_path / "passwords.csv")
    assert look(now) is None
    assert look(now) is None
    (folder / "link.csv").unlink()
    folder.rmdir()
    assert said(look(now)) == "folders not there: 1"
    watching.set_watched(1, False, actor_id=None, now=now)
    assert look(now) is None


def test_reports_are_written_once_a_period(entity: int, folder: Path, tmp_path: Path, now: datetime) -> None:
    for every in ("daily", "monthly"):
        reports.add_report(entity, every, f"ar/{every}", actor_id=None, now=now)
    assert said(reports.write_due(now)) == "daily reports written: 1; monthly reports written: 1"
    assert reports.write_due(now) is None
    written = sorted(str(path.relative_to(tmp_path / "reports")) for path in tmp_path.rglob("*.xlsx"))
    assert written == ["ar/daily/ageing-CN01-2026-06-14.xlsx", "ar/monthly/ageing-CN01-2026-05-31.xlsx"]
    assert load_workbook(tmp_path / "reports" / written[0])
    assert ReportSchedule.objects.get(every="daily").last_as_of.isoformat() == "2026-06-14"
    for arguments, code in (
        (("hourly", "ar"), "report.bad_every"),
        (("daily", "../../etc"), "report.outside"),
        (("daily", "ar/daily"), "report.exists"),
    ):
        with pytest.raises(Refusal) as refused:
            reports.add_report(entity, *arguments, actor_id=None, now=now)
        assert refused.value.code == code
    reports.set_report(ReportSchedule.objects.get(every="daily").pk, False, actor_id=None, now=now)
