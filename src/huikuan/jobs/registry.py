"""What is done without anybody asking, and how often."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from huikuan.core.refusals import Refusal


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of scheduled work. ``run(now)`` does it and returns a line for the log, or nothing to say nothing.

    ``every`` is counted from the last time it succeeded, which outlives a restart when ``is_kept``.
    """

    name: str
    every: timedelta
    run: Callable[[datetime], str | None]
    is_kept: bool = True


def seal_entries(now: datetime) -> str | None:
    """Gives committed entries their sealed number and hash, and mirrors them."""
    from huikuan.services import sealing

    sealing.seal(now=now)
    return None


def export_head_hash(now: datetime) -> str | None:
    """Writes today's head of the chain outside the database: a chain alone proves nothing against whoever can rewrite
    all of it. Nothing to do while nothing is sealed."""
    from django.conf import settings

    from huikuan.services import sealing

    try:
        return f"head of the chain written to {sealing.export_head(settings.HEADS_DIR, now=now)}"
    except Refusal as refusal:
        return refusal.message


def tidy_up(now: datetime) -> str | None:
    """Removes sessions that have ended and results of background tasks older than a month."""
    from django.core.management import call_command

    call_command("clearsessions", verbosity=0)
    call_command("prune_db_task_results", "--min-age-days=30", verbosity=0)
    return None


def sweep_imports(now: datetime) -> str | None:
    """Removes staged files that nobody needs any more."""
    from huikuan.services.imports import sweep

    removed = sweep(now)
    return f"{removed} folders of imports removed" if removed else None


def send_webhooks(now: datetime) -> str | None:
    """Sends webhooks that are due, in the background: a slow endpoint must not keep the sealer waiting."""
    from huikuan.delivery.webhooks import courier

    courier.nudge()
    return None


def prune_outbox(now: datetime) -> str | None:
    """Removes events that were told long ago, with the log of their deliveries."""
    from huikuan.services.webhooks import prune

    removed = prune(now)
    return f"{removed} events removed from the outbox" if removed else None


def all_jobs() -> list[Job]:
    """Everything scheduled, in the order in which it is tried."""
    return [
        Job("seal", timedelta(seconds=2), seal_entries, is_kept=False),
        Job("webhooks", timedelta(seconds=2), send_webhooks, is_kept=False),
        Job("export-head-hash", timedelta(days=1), export_head_hash),
        Job("tidy-up", timedelta(days=1), tidy_up),
        Job("sweep-imports", timedelta(days=1), sweep_imports),
        Job("prune-outbox", timedelta(days=1), prune_outbox),
    ]
