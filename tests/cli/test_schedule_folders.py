"""``huikuan schedule``: folders and reports from the shell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from django.test import override_settings

from huikuan.cli.schedule_folders import schedule
from huikuan.core.refusals import Refusal
from tests.databases import LedgerDb
from tests.web.world import build_world

pytestmark = pytest.mark.practice("K3")


def run(*words: str) -> str:
    done = CliRunner().invoke(schedule, words)
    if isinstance(done.exception, Refusal):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def test_folders_and_reports_from_the_shell(sqlite_db: LedgerDb, tmp_path: Path) -> None:
    build_world()
    (tmp_path / "erp").mkdir()
    with override_settings(WATCH_DIRS=[tmp_path], REPORTS_DIR=tmp_path / "reports"):
        assert "is watched" in run("watch", "erp", "--source", "erp", "--entity", "CN01")
        (folder,) = json.loads(run("folders", "--json"))
        assert (folder["folder"], folder["active"], folder["files"]) == (str(tmp_path / "erp"), True, [])
        run("unwatch", str(folder["number"]))
        assert "paused" in run("folders")
        run("unwatch", str(folder["number"]), "--resume")
        assert "paused" not in run("folders")
        with pytest.raises(Refusal, match="watched already"):
            run("watch", "erp", "--source", "erp", "--entity", "CN01")
        with pytest.raises(Refusal, match="outside"):
            run("watch", "../..", "--source", "erp", "--entity", "CN01")
        run("report", "monthly", "--every", "monthly", "--entity", "CN01")
        (report,) = json.loads(run("reports", "--json"))
        assert (report["report"], report["every"], report["last_as_of"]) == ("ageing", "monthly", None)
        run("unreport", str(report["number"]))
        assert "paused" in run("reports")
