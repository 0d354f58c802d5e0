"""What every page stands on, worked out before the first reader asks."""

from __future__ import annotations

from datetime import datetime

from huikuan.core.periods import last_month_end, last_quarter_end, last_year_end
from huikuan.engines.working_days import working_days_of
from huikuan.queries.ageing import ageing_page
from huikuan.queries.cash import cash_page
from huikuan.queries.cells import DUE, need_cells
from huikuan.queries.customers import customer_page
from huikuan.queries.facts import read_facts
from huikuan.queries.frame import frame_at
from huikuan.queries.history import month_ends, totals_on
from huikuan.queries.home import MONTHS, home
from huikuan.queries.items import item_page
from huikuan.queries.journal import journal_page
from huikuan.queries.receipts import receipts_of_accounts
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


def warm_the_rest(now: datetime) -> None:
    """What single pages stand on: the first page, the ageing, the list of customers, whose receipts are, the journal's
    sums, what numbers are found in, the ageing of the days every page offers, the calendars of the entities."""
    entities = tuple(Entity.objects.values_list("id", flat=True))
    if not entities:
        return
    frame = frame_at(now=now, entity_ids=entities)
    for country in set(Entity.objects.values_list("country", flat=True)):
        working_days_of(country).is_working(frame.today)  # Days off come with a large library.
    home(frame)
    ageing_page(frame, size=1)
    customer_page(frame, size=1)
    receipts_of_accounts(frame, [], size=1)
    journal_page(frame, size=1)
    item_page(frame, size=1)
    item_page(frame, state="overdue", sort="-open", size=1)
    item_page(frame, search="-", state="all", size=1, counted=False)
    cash_page(frame, search="-", state="all", size=1, counted=False)
    for day in {last_month_end(frame.today), last_quarter_end(frame.today), last_year_end(frame.today)}:
        ageing_page(frame_at(now=now, entity_ids=entities, as_of=day), size=1)
