"""What is done without anybody asking: each job of ``core.schedule.PLANS`` and its work."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from huikuan.core.refusals import Refusal
from huikuan.core.said import Line, Said

Work = Callable[[datetime], Line | None]
"""Does a job at an instant; gives a line for the log, or nothing where there was nothing to do."""


def seal_entries(now: datetime) -> Line | None:
    """Gives committed entries their sealed number and hash, and mirrors them."""
    from huikuan.services import sealing

    sealing.seal(now=now)
    return None


def export_head_hash(now: datetime) -> Line | None:
    """Writes today's head of the chain outside the database: a chain alone proves nothing against whoever can rewrite
    all of it. Nothing to do while nothing is sealed."""
    from django.conf import settings

    from huikuan.services import sealing

    try:
        path = sealing.export_head(settings.HEADS_DIR, now=now)
    except Refusal as refusal:
        return (Said(refusal.template, {k: str(v) for k, v in refusal.params.items()}),)
    return (Said("head of the chain written to {path}", {"path": str(path)}),)


def tidy_up(now: datetime) -> Line | None:
    """Removes sessions that have ended, results of background tasks older than a month and old lines of the log."""
    from django.core.management import call_command

    from huikuan.services.schedule import prune

    call_command("clearsessions", verbosity=0)
    call_command("prune_db_task_results", "--min-age-days=30", verbosity=0)
    removed = prune(now)
    return (Said("old lines of the log removed: {n}", {"n": removed}),) if removed else None


def sweep_imports(now: datetime) -> Line | None:
    """Removes staged files that nobody needs any more."""
    from huikuan.services.imports import sweep

    removed = sweep(now)
    return (Said("folders of imports removed: {n}", {"n": removed}),) if removed else None


def watch_folders(now: datetime) -> Line | None:
    """Imports what has come into watched folders."""
    from huikuan.services.watching import look

    return look(now)


def write_reports(now: datetime) -> Line | None:
    """Writes the reports whose day, week or month is over."""
    from huikuan.services.reports import write_due

    return write_due(now)


def match_lines(now: datetime) -> Line | None:
    """Works out what open bank lines pay, and posts what is sure enough."""
    from huikuan.services.matching_timer import match_due

    return match_due(now)


def back_up(now: datetime) -> Line | None:
    """Writes a backup and removes old ones."""
    from huikuan.services.backup import back_up_daily

    return back_up_daily(now)


def send_webhooks(now: datetime) -> Line | None:
    """Sends webhooks that are due, in the background: a slow endpoint must not keep the sealer waiting."""
    from huikuan.delivery.webhooks import courier

    courier.nudge()
    return None


def prune_outbox(now: datetime) -> Line | None:
    """Removes events that were told long ago, with the log of their deliveries."""
    from huikuan.services.webhooks import prune

    removed = prune(now)
    return (Said("events removed from the outbox: {n}", {"n": removed}),) if removed else None


def look_for_duplicates(now: datetime) -> Line | None:
    """Compares customers that changed with all others, where these are too many to do it while a person waits."""
    from huikuan.queries.duplicates import keep_found

    found = keep_found()
    return None if found is None else (Said("pairs of customers that may be one: {n}", {"n": found}),)


def erase_old(now: datetime) -> Line | None:
    """Erases names and texts of payers that are kept no longer; nothing unless the site says for how many days."""
    from django.conf import settings

    from huikuan.core.keeping import parse_keeping
    from huikuan.services import keeping

    done = [one for one in keeping.erase_old(parse_keeping(settings.KEEP_DAYS), actor_id=None, now=now) if one.count]
    return (
        tuple(
            Said(
                "{entity}: erased, of before {day}, {kind}: {n}",
                {"entity": one.entity, "day": one.before.isoformat(), "kind": one.kind.value, "n": one.count},
            )
            for one in done
        )
        or None
    )


WORK: dict[str, Work] = {
    "seal": seal_entries,
    "webhooks": send_webhooks,
    "watched-folders": watch_folders,
    "reports": write_reports,
    "match": match_lines,
    "duplicates": look_for_duplicates,
    "export-head-hash": export_head_hash,
    "backup": back_up,
    "sweep-imports": sweep_imports,
    "tidy-up": tidy_up,
    "prune-outbox": prune_outbox,
    "erase-old": erase_old,
}
