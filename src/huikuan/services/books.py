"""What a posting service needs to know of an entity before it decides: currency, zone, closed months, rates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import connection

from huikuan.core.exchange import Rate, RateTable
from huikuan.core.periods import PeriodState, PostingDay, decide_posting_date
from huikuan.core.refusals import Refusal
from huikuan.store.models import Entity, ExchangeRate, Period

POSTING_LOCK = 7201
"""Advisory lock class: posters share it per entity, changing a period takes it alone."""


@dataclass(frozen=True)
class Books:
    """An entity's books as read at the start of a transaction."""

    entity_id: int
    code: str
    currency: str
    zone: ZoneInfo
    states: dict[date, PeriodState]
    rates: RateTable

    def posting_day(self, effective_date: date, *, may_post_soft_closed: bool = False) -> PostingDay:
        return decide_posting_date(effective_date, self.states, may_post_soft_closed=may_post_soft_closed)

    def to_base(self, minor: int, currency: str, day: date) -> int:
        return self.rates.to_base(minor, currency, day)

    def day_of(self, instant: datetime) -> date:
        """The business day of an instant, in the entity's zone."""
        return instant.astimezone(self.zone).date()


def open_books(entity_id: int, *, exclusive: bool = False) -> Books:
    """Reads the books inside a transaction, holding off period changes until it ends. Refuses ``entity.unknown``."""
    if connection.vendor == "postgresql":
        shared = "" if exclusive else "_shared"
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT pg_advisory_xact_lock{shared}(%s, %s)", [POSTING_LOCK, entity_id])
    entity = Entity.objects.filter(id=entity_id).first()
    if entity is None:
        raise Refusal("entity.unknown", "there is no entity {entity}", entity=entity_id)
    states = {
        month: PeriodState(state)
        for month, state in Period.objects.filter(entity_id=entity_id).values_list("month", "state")
        if state != PeriodState.OPEN
    }
    return Books(
        entity_id=entity.id,
        code=entity.code,
        currency=entity.currency,
        zone=ZoneInfo(entity.timezone),
        states=states,
        rates=load_rates(entity.currency),
    )


def load_rates(base: str) -> RateTable:
    rates: dict[str, list[Rate]] = {}
    rows = ExchangeRate.objects.filter(base=base).order_by("currency", "valid_from")
    for currency, valid_from, rate, source in rows.values_list("currency", "valid_from", "rate", "source"):
        rates.setdefault(currency, []).append(Rate(currency, base, valid_from, rate, source))
    return RateTable(base, rates)
