"""Where a run of the matcher says how far it is, and which it holds meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from huikuan.store.batch_locks import is_held
from huikuan.store.batch_work import read_progress


@dataclass(frozen=True, slots=True)
class AtWork:
    """The matcher is at work: so many lines looked at, of how many; ``posting`` what may post itself comes last."""

    done: int
    total: int
    posting: bool


def matching_folder(entity_id: int) -> Path:
    """One for each entity; there from its first run on."""
    return Path(settings.HUIKUAN_HOME) / "matching" / str(entity_id)


def at_work(entity_id: int) -> AtWork | None:
    """How far a run over the entity's lines is that goes on right now."""
    folder = matching_folder(entity_id)
    if not is_held(folder):
        return None
    told = read_progress(folder)
    return AtWork(told.done, told.total or 0, told.stage == "post")
