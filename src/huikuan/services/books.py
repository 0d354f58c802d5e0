"""What a posting service needs to know of an entity before it decides: currency, zone, closed months, rates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Context, Decimal
from zoneinfo import ZoneInfo

from django.db import connection

from huikuan.core.exchange import Rate, RateTable
from huikuan.core.periods import PeriodState, PostingDay, decide_posting_date
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.queries.grants import held_in
from huikuan.store.models import ExchangeRate

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
    may_post_soft_closed: bool = False

    def posting_day(self, effective_date: date, *, may_post_soft_closed: bool = False) -> PostingDay:
        """The day an entry counts from. Who may post into soft-closed months posts on the true day there."""
        may = may_post_soft_closed or self.may_post_soft_closed
        return decide_posting_date(effective_date, self.states, may_post_soft_closed=may)

    def to_base(self, minor: int, currency: str, day: date) -> int:
        return self.rates.to_base(minor, currency, day)

    def day_of(self, instant: datetime) -> date:
        """The business day of an instant, in the entity's zone."""
        return instant.astimezone(self.zone).date()


def open_books(entity_id: int, *, exclusive: bool = False, actor_id: int | None = None) -> Books:
    """Reads the books inside a transaction, holding off period changes until it ends. Refuses ``entity.unknown``.

    ``actor_id``: who posts; the system and the shell post into soft-closed months no more than anybody.
    """
    if connection.vendor == "postgresql":
        shared = "" if exclusive else "_shared"
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT pg_advisory_xact_lock{shared}(%s, %s)", [POSTING_LOCK, entity_id])
    with connection.cursor() as cursor:
        cursor.execute("SELECT code, currency, timezone FROM store_entity WHERE id = %s", [entity_id])
        row = cursor.fetchone()
        if row is None:
            raise Refusal("entity.unknown", "there is no entity {entity}", entity=entity_id)
        code, currency, timezone = row
        cursor.execute("SELECT month, state FROM store_period WHERE entity_id = %s AND state <> 'open'", [entity_id])
        states = {month: PeriodState(state) for month, state in cursor.fetchall()}
    return Books(
        entity_id=entity_id,
        code=code,
        currency=currency,
        zone=ZoneInfo(timezone),
        states=states,
        rates=load_rates(currency),
        may_post_soft_closed=PeriodState.SOFT_CLOSED in states.values() and _may_post_soft_closed(actor_id, entity_id),
    )


def _may_post_soft_closed(actor_id: int | None, entity_id: int) -> bool:
    return actor_id is not None and Right.POST_SOFT_CLOSED in held_in(actor_id, entity_id).whole


def load_rates(base: str) -> RateTable:
    """The rates of a base currency, each currency read when it is first asked for: most postings need none."""
    return RateTable(base, _Rates(base))


_PLACES = Decimal("1e-10")
_FIFTEEN_DIGITS = Context(prec=15)


def _exact(rate: Decimal | float) -> Decimal:
    """A rate as it was stored: SQLite keeps decimals as binary numbers, of which fifteen digits are exact."""
    if isinstance(rate, Decimal):
        return rate
    return _FIFTEEN_DIGITS.create_decimal_from_float(rate).quantize(_PLACES)


class _Rates(Mapping[str, Sequence[Rate]]):
    """Rates by currency, oldest first; kept no longer than the books they belong to."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.read: dict[str, list[Rate]] = {}

    def __getitem__(self, currency: str) -> Sequence[Rate]:
        if currency not in self.read:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT valid_from, rate, source FROM store_exchangerate"
                    " WHERE base = %s AND currency = %s ORDER BY valid_from",
                    [self.base, currency],
                )
                self.read[currency] = [
                    Rate(currency, self.base, valid_from, _exact(rate), source)
                    for valid_from, rate, source in cursor.fetchall()
                ]
        return self.read[currency]

    def __iter__(self) -> Iterator[str]:
        found = ExchangeRate.objects.filter(base=self.base).values_list("currency", flat=True)
        return iter(sorted(set(found)))

    def __len__(self) -> int:
        return len(list(iter(self)))
