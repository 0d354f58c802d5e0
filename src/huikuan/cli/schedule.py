"""``huikuan schedule``: what is done without anybody asking, when it was done, and doing it now."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime

import click

from huikuan.cli.django import setup_database
from huikuan.core.said import line_text

_ACTOR = click.option("--as", "actor", metavar="USER", help="Who does it (for the audit trail); without, the system.")


@click.group()
def schedule() -> None:
    """Jobs with their last and next run; run one now; read the log; pause one."""
    setup_database()


@schedule.command("list")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def list_jobs(as_json: bool) -> None:
    """Every job: how often, last success, next run, failures in a row."""
    from huikuan.queries.schedule import job_rows

    rows = job_rows(datetime.now(UTC))
    if as_json:
        shown = [
            {
                "job": row.name,
                "every_seconds": row.every.total_seconds(),
                "paused": row.is_paused,
                "running": row.is_running,
                "failures": row.failures,
                "last_success_at": _iso(row.last_success_at),
                "next_at": _iso(row.next_at),
            }
            for row in rows
        ]
        click.echo(json.dumps(shown))
        return
    for row in rows:
        state = "running" if row.is_running else "paused" if row.is_paused else f"{row.failures or ''}"
        state = f"failed {state}x" if row.failures and not (row.is_running or row.is_paused) else state
        click.echo(
            f"{row.name:<18} every {row.every!s:<16} last {_short(row.last_success_at):<20}"
            f" next {_short(row.next_at):<20} {state}".rstrip()
        )


@schedule.command("run")
@click.argument("name")
def run_job(name: str) -> None:
    """Do a job now, in this process, due or not. Exit 65 while somebody else runs it."""
    from huikuan.core.schedule import plan_of

    plan_of(name)
    sys.stdout.flush()
    os.execv(sys.executable, (sys.executable, "-m", "huikuan.jobs.once", name))


@schedule.command("log")
@click.argument("name", default="")
@click.option("--last", default=20, show_default=True, help="Runs shown, the newest last.")
def show_log(name: str, last: int) -> None:
    """The log, of all jobs or of one."""
    from huikuan.queries.schedule import run_page

    for row in reversed(run_page(job=name, size=last).rows):
        took = "" if row.seconds is None else f"{row.seconds:.1f} s"
        said = line_text(row.error or row.line)
        click.echo(f"{_short(row.started_at):<20} {row.job:<18} {row.state:<8} {took:>9}  {said}".rstrip())


@schedule.command("pause")
@click.argument("name")
@click.option("--resume", is_flag=True, help="Go on with it.")
@_ACTOR
def pause(name: str, resume: bool, actor: str | None) -> None:
    """Pause a job, or go on with it."""
    from huikuan.services.lookup import find_user
    from huikuan.services.schedule import set_paused

    set_paused(name, not resume, actor_id=find_user(actor), now=datetime.now(UTC))
    click.echo(f"{name} {'goes on' if resume else 'is paused'}")


@schedule.command("erase")
@click.option("--keep", default=None, metavar="KIND=DAYS,…", help="By default HUIKUAN_KEEP_DAYS.")
@click.option("--dry-run", is_flag=True, help="Only count what would be erased.")
@_ACTOR
def erase(keep: str | None, dry_run: bool, actor: str | None) -> None:
    """Erase names and texts of payers that are older than they are kept. It cannot be taken back."""
    from django.conf import settings

    from huikuan.core.keeping import parse_keeping
    from huikuan.services.keeping import erase_old
    from huikuan.services.lookup import find_user

    days = parse_keeping(settings.KEEP_DAYS if keep is None else keep)
    if not days:
        click.echo("nothing is erased: say for how many days something is kept")
    for one in erase_old(days, actor_id=find_user(actor), now=datetime.now(UTC), dry_run=dry_run):
        word = "would be erased" if dry_run else "erased"
        click.echo(f"{one.kind.value:<12} {one.entity:<8} before {one.before.isoformat()}  {one.count:,} {word}")


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _short(at: datetime | None) -> str:
    return "-" if at is None else at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
