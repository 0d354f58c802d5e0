"""The schedule: what is due runs once, by whoever holds its lease; failures are tried again and can be read about."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from huikuan.core.refusals import BadData, Conflict, DataError, Refusal
from huikuan.core.said import Said, line_text, read_line
from huikuan.core.schedule import LEASE, PLANS, RETRY, last_period_end, next_after_failure
from huikuan.jobs.registry import WORK
from huikuan.jobs.runner import Runner, new_holder
from huikuan.services import schedule
from huikuan.store.models import AuditEvent, ScheduledJob, ScheduledRun, User
from tests.databases import LedgerDb
from tests.servers import ROOT

DAY = timedelta(days=1)
JOB = "tidy-up"
pytestmark = pytest.mark.practice("K4")


class Clock:
    """A clock a test sets."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock(ledger_db: LedgerDb, now: datetime) -> Clock:
    return Clock(now)


def test_a_job_runs_when_its_interval_is_over(clock: Clock) -> None:
    ran: list[datetime] = []
    start = clock.now
    runner = Runner({JOB: ran.append}, clock)
    assert runner.run_due() == [JOB]
    clock.now = start + DAY - timedelta(seconds=1)
    assert runner.run_due() == []
    clock.now = start + DAY
    assert Runner({JOB: ran.append}, clock).run_due() == [JOB], "a restart repeats nothing"
    assert ran == [start, start + DAY]


def test_a_failure_is_logged_and_tried_again_and_stops_nobody(clock: Clock) -> None:
    def fail(at: datetime) -> None:
        raise OSError(28, "No space left on device", "/secret/Zhang San.csv")

    start = clock.now
    runner = Runner(
        {JOB: fail, "sweep-imports": lambda at: (Said("folders of imports removed: {n}", {"n": 3}),)}, clock
    )
    assert runner.run_due() == ["sweep-imports"]
    clock.now = start + RETRY / 2
    assert runner.run_due() == []
    clock.now = start + RETRY
    runner.run_due()
    assert ScheduledJob.objects.get(name=JOB).failures == 2
    runs = ScheduledRun.objects.filter(job=JOB)
    assert {(run.state, line_text(read_line(run.error))) for run in runs} == {
        ("failed", "OSError: No space left on device")
    }
    done = ScheduledRun.objects.get(job="sweep-imports")
    assert (done.state, line_text(read_line(done.line))) == ("done", "folders of imports removed: 3")


def test_waits_between_tries_grow() -> None:
    at = datetime(2026, 6, 1)  # noqa: DTZ001 - only differences matter
    waits = [(next_after_failure(PLANS[JOB], at, n) - at).total_seconds() for n in (1, 2, 3, 8, 50)]
    assert waits == [30, 60, 120, 3600, 3600]
    assert next_after_failure(PLANS["seal"], at, 9) - at == PLANS["seal"].every


def test_what_another_holds_is_left_alone_until_its_lease_runs_out(clock: Clock) -> None:
    runner = Runner({JOB: lambda at: (Said("done"),)}, clock)
    dead = new_holder()
    assert schedule.claim(JOB, dead, now=clock.now)
    assert runner.run_due() == []
    with pytest.raises(Conflict) as refused:
        runner.run(JOB, force=True)
    assert refused.value.code == "schedule.running"
    assert schedule.renew(JOB, dead, now=clock.now + timedelta(minutes=1))
    clock.now += LEASE + timedelta(seconds=59)
    assert runner.run_due() == []
    clock.now += timedelta(seconds=1)
    assert runner.run_due() == [JOB]
    assert [run.state for run in ScheduledRun.objects.order_by("id")] == ["lost", "done"]
    assert not schedule.renew(JOB, dead, now=clock.now), "the first one is told that it lost the job"


def test_two_schedulers_run_a_job_once(ledger_db: LedgerDb, tmp_path: Path) -> None:
    path = tmp_path / "ran"
    code = (
        "import sys, time, django; django.setup()\n"
        "from huikuan.core.said import Said\n"
        "from huikuan.jobs.runner import Runner\n"
        "def work(at):\n"
        "    open(sys.argv[1], 'a').write('x'); time.sleep(0.5); return (Said('done'),)\n"
        "runner = Runner({'tidy-up': work, 'sweep-imports': work})\n"
        "for _ in range(15):\n"
        "    runner.run_due(); time.sleep(0.05)\n"
    )
    env = {**ledger_db.env, "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}", "DJANGO_SETTINGS_MODULE": "tests.settings"}
    both = [subprocess.Popen([sys.executable, "-c", code, str(path)], env=env) for _ in range(2)]
    assert [process.wait(600) for process in both] == [0, 0]
    assert path.read_text() == "xx", "each of the two jobs once"
    assert ScheduledRun.objects.filter(state="done").count() == 2


def test_frequent_jobs_that_find_nothing_leave_no_line(clock: Clock) -> None:
    runner = Runner({"watched-folders": lambda at: None, JOB: lambda at: None}, clock)
    assert runner.run_due() == ["watched-folders", JOB]
    assert [run.job for run in ScheduledRun.objects.all()] == [JOB]
    assert ScheduledJob.objects.get(name="watched-folders").last_success_at == clock.now


def test_a_quick_job_fails_once_in_the_log(clock: Clock) -> None:
    def fail(at: datetime) -> None:
        raise BadData([DataError("a.csv", 1, "name", "Zhang San is no amount", "amount.bad", "Zhang San")])

    runner = Runner({"seal": fail}, clock)
    for _ in range(3):
        assert not runner.run_quick("seal")
        clock.now += RETRY
    assert [line_text(read_line(run.error)) for run in ScheduledRun.objects.all()] == ["data.refused: faults found: 1"]
    good = Runner({"seal": lambda at: None}, clock)
    assert good.run_quick("seal")
    assert not good.run_quick("seal"), "two seconds later at the earliest"
    assert ScheduledJob.objects.get(name="seal").failures == 0


def test_people_ask_for_a_run_and_pause(clock: Clock) -> None:
    boss = User.objects.create_superuser("boss", "boss@example.com", "x")
    clerk = User.objects.create_user("clerk", "clerk@example.com", "x")
    runner = Runner({JOB: lambda at: (Said("done"),)}, clock)
    schedule.set_paused(JOB, True, actor_id=boss.pk, now=clock.now)
    assert runner.run_due() == []
    schedule.run_now(JOB, actor_id=boss.pk, now=clock.now)
    assert runner.run_due() == [JOB], "asked for, a paused job runs once"
    assert runner.run_due() == []
    assert ScheduledRun.objects.get().asked_by == boss
    assert list(AuditEvent.objects.values_list("code", flat=True)) == ["schedule.pause", "schedule.run_now"]
    for refused in (
        lambda: schedule.run_now(JOB, actor_id=clerk.pk, now=clock.now),
        lambda: schedule.set_paused(JOB, False, actor_id=clerk.pk, now=clock.now),
        lambda: schedule.set_paused("seal", True, actor_id=boss.pk, now=clock.now),
        lambda: schedule.run_now("mow-the-lawn", actor_id=boss.pk, now=clock.now),
    ):
        with pytest.raises(Refusal):
            refused()


def test_a_run_asked_for_while_one_is_under_way_comes_after_it(clock: Clock) -> None:
    boss = User.objects.create_superuser("boss", "boss@example.com", "x")
    ran: list[int] = []

    def work(at: datetime) -> None:
        if not ran:
            schedule.run_now(JOB, actor_id=boss.pk, now=at)
        ran.append(1)

    runner = Runner({JOB: work}, clock)
    runner.run_due()
    runner.run_due()
    runner.run_due()
    assert len(ran) == 2


def test_periods_end_where_people_say_they_do(now: datetime) -> None:
    day = now.date()  # a Monday, 15 June 2026
    assert [last_period_end(every, day).isoformat() for every in ("daily", "weekly", "monthly")] == [
        "2026-06-14",
        "2026-06-14",
        "2026-05-31",
    ]


def test_every_plan_has_its_work() -> None:
    assert WORK.keys() == PLANS.keys()
