"""What every page stands on, worked out before the first reader asks."""

from __future__ import annotations

from datetime import datetime

from huikuan.queries.cells import DUE, need_cells
from huikuan.queries.facts import read_facts
from huikuan.queries.frame import frame_at
from huikuan.queries.history import month_ends, totals_on
from huikuan.queries.home import MONTHS
from huikuan.store.models import Entity


def warm(now: datetime) -> None:
    """Lays the floors and adds up today's cells and the months before, for a process that has just started."""
    entities = tuple(Entity.objects.values_list("id", flat=True))
    if not entities:
        return
    frame = frame_at(now=now, entity_ids=entities)
    with read_facts(frame) as facts:
        need_cells(facts)
        totals_on(facts, month_ends(frame.as_of, MONTHS), DUE)
