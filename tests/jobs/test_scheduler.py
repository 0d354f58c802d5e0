"""The schedule: what is due runs once, a failure is tried again, a restart repeats nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from huikuan.jobs.registry import Job, all_jobs
from huikuan.jobs.scheduler import RETRY, Schedule

DAY = timedelta(days=1)


def test_a_job_runs_when_its_interval_is_over(tmp_path: Path, now: datetime) -> None:
    ran: list[datetime] = []
    schedule = Schedule([Job("daily", DAY, ran.append)], tmp_path / "schedule.json")
    assert schedule.run_due(now) == ["daily"]
    assert schedule.run_due(now + DAY - timedelta(seconds=1)) == []
    assert schedule.run_due(now + DAY) == ["daily"]
    assert ran == [now, now + DAY]


def test_a_restart_repeats_no_daily_work(tmp_path: Path, now: datetime) -> None:
    ran: list[str] = []
    jobs = [
        Job("daily", DAY, lambda at: ran.append("daily")),
        Job("often", timedelta(seconds=2), lambda at: ran.append("often"), is_kept=False),
    ]
    Schedule(jobs, tmp_path / "schedule.json").run_due(now)
    Schedule(jobs, tmp_path / "schedule.json").run_due(now + timedelta(seconds=1))
    assert ran == ["daily", "often", "often"]


def test_a_failure_is_tried_again_and_stops_nobody(tmp_path: Path, now: datetime) -> None:
    tried: list[datetime] = []

    def fail(at: datetime) -> None:
        tried.append(at)
        raise OSError("the disk is full")

    ran: list[datetime] = []
    schedule = Schedule([Job("bad", DAY, fail), Job("good", DAY, ran.append)], tmp_path / "schedule.json")
    assert schedule.run_due(now) == ["good"]
    assert schedule.run_due(now + RETRY / 2) == []
    schedule.run_due(now + RETRY)
    assert tried == [now, now + RETRY]
    assert ran == [now]


def test_a_broken_file_is_an_empty_one(tmp_path: Path, now: datetime) -> None:
    path = tmp_path / "schedule.json"
    for content in ("", "{", "[1]", '{"daily": "yesterday"}', '{"daily": 3}'):
        path.write_text(content)
        assert Schedule([Job("daily", DAY, lambda at: None)], path).run_due(now) == ["daily"]


def test_names_of_jobs_are_their_own() -> None:
    names = [job.name for job in all_jobs()]
    assert len(set(names)) == len(names)
