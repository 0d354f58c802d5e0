"""Facts of this installation that people decide on: whether it sends what waits, whether it was restored whole."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import connection

from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.services.auditing import record
from huikuan.services.rights import demand_anywhere
from huikuan.services.transaction import run_in_transaction
from huikuan.store.models import Installation

OUTBOX_HELD = "outbox_held"
UNFINISHED = "restore_unfinished"
STAGING = ".restoring"


def is_outbox_held() -> bool:
    """Whether nothing may be sent to anybody: a restored copy would tell customers everything a second time."""
    return Installation.objects.filter(name=OUTBOX_HELD).exists()


def hold_outbox(*, now: datetime) -> None:
    """Nothing is sent from now on until a person releases it."""
    Installation.objects.get_or_create(name=OUTBOX_HELD, defaults={"value": now.isoformat()})


def release_outbox(*, actor_id: int | None, now: datetime) -> bool:
    """A person takes the decision that this is the installation that speaks to the world. Gives whether it was held.
    Refuses ``right.missing``."""

    def work() -> bool:
        demand_anywhere(actor_id, Right.MANAGE_SYSTEM)
        held = Installation.objects.filter(name=OUTBOX_HELD).delete()[0] > 0
        if held:
            record("outbox.release", now=now, actor_id=actor_id)
        return held

    return run_in_transaction(work)


def refuse_unfinished() -> None:
    """Refuses ``restore.unfinished`` where a restore was begun here and not ended: what is there is not to be used."""
    begun = (Path(settings.HUIKUAN_HOME) / STAGING).exists()
    if not begun and "store_installation" in connection.introspection.table_names():
        begun = Installation.objects.filter(name=UNFINISHED).exists()
    if begun:
        raise Refusal(
            "restore.unfinished",
            "a restore was begun here and not ended; empty the folder and the database, and restore again",
        )
