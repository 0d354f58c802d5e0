"""Where a reader stands: which entities and whose customers, as of which day, as known when. Every question takes a
``Frame``, and what the frame does not show is not there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q

from huikuan.core.ageing import end_of_day
from huikuan.core.rights import Right
from huikuan.mirror.reader import resolve_known
from huikuan.queries.grants import NOTHING, Held, held_by
from huikuan.queries.standing import every_entity
from huikuan.store.models import CustomerAccount, SealHead


@dataclass(frozen=True, slots=True)
class EntityRow:
    """A legal entity of which a user may see the ledger, and what the user holds there."""

    id: int
    code: str
    name: str
    currency: str
    held: Held = field(default=NOTHING, compare=False)

    def can(self, right: Right) -> bool:
        """Whether the right is held here, for some customers at least."""
        return self.held.can(right)

    @property
    def sees(self) -> tuple[int, ...] | None:
        """The people whose customers are seen; ``None`` is all customers."""
        people = self.held.people(Right.SEE_LEDGER)
        return None if people is None else tuple(sorted(people))


@dataclass(frozen=True, slots=True)
class Frame:
    """One point of view. ``entity_ids`` are the entities in it (the chosen one, or all the user may see): what belongs
    to others is not there. ``known_on`` is an instant, ``None`` for all that is known now.

    ``narrowed``: of these entities only the customer accounts are seen that these people own or collect from; of the
    others everything, money nobody knows the owner of included.

    ``known_seq``: the sealed number a ``known_on`` stands for. ``provisional``: that instant lies after the last seal,
    so the answer may still change.
    """

    as_of: date
    known_on: datetime | None
    known_seq: int | None
    entity_id: int | None
    is_now: bool
    provisional: bool
    today: date
    entity_ids: tuple[int, ...] = ()
    narrowed: tuple[tuple[int, tuple[int, ...]], ...] = ()

    @property
    def whole_ids(self) -> tuple[int, ...]:
        """The entities of which everything is seen."""
        some = {entity_id for entity_id, _ in self.narrowed}
        return tuple(number for number in self.entity_ids if number not in some)

    def visible(self, account: str = "account", entity: str = "entity_id") -> Q:
        """The filter of rows the frame shows, in the database. ``account``: the way from a row to its customer account
        (empty for the account itself); ``entity``: to its entity's id."""
        found = Q(**{f"{entity}__in": self.whole_ids})
        way = f"{account}__" if account else ""
        for entity_id, people in self.narrowed:
            theirs = Q(**{f"{way}owner__in": people}) | Q(**{f"{way}collector__in": people})
            found |= Q(**{entity: entity_id}) & theirs
        return found

    def shows(self, entity_id: int, account_ids: Iterable[int | None]) -> bool:
        """Whether all these accounts of an entity are seen; ``None`` is nobody's money."""
        if entity_id in self.whole_ids:
            return True
        wanted = set(account_ids)
        if entity_id not in self.entity_ids or not wanted or None in wanted:
            return False
        return len(self.seen_among(entity_id, wanted)) == len(wanted)

    def seen_among(self, entity_id: int, account_ids: Iterable[int | None]) -> set[int]:
        """Those of the accounts of an entity that are seen."""
        wanted = {number for number in account_ids if number is not None}
        if entity_id in self.whole_ids:
            return wanted
        mine = CustomerAccount.objects.filter(self.visible("", "entity_id"), id__in=wanted, entity_id=entity_id)
        return set(mine.values_list("id", flat=True))


def entities_of(user: Any) -> list[EntityRow]:
    """The entities whose ledger a user may see, by code: all for a superuser, else those a role allows."""
    return seen_entities(held_by(user.pk))


def seen_entities(held: Mapping[int, Held]) -> list[EntityRow]:
    """Of the entities a person holds something in, those whose ledger the person may see, by code."""
    seen = {number for number, rights in held.items() if rights.can(Right.SEE_LEDGER)}
    return [EntityRow(*row[:4], held=held[row[0]]) for row in every_entity() if row[0] in seen]


def narrowed_of(rows: Iterable[EntityRow]) -> dict[int, tuple[int, ...]]:
    """Of the entities not seen whole, the people whose customers are seen, as ``frame_at`` takes them."""
    return {row.id: people for row in rows if (people := row.sees) is not None}


def frame_at(
    *,
    now: datetime,
    entity_ids: tuple[int, ...],
    entity_id: int | None = None,
    as_of: date | None = None,
    known_on: date | datetime | None = None,
    narrowed: Mapping[int, tuple[int, ...]] | None = None,
) -> Frame:
    """The frame of a question asked at ``now``, by someone who may see ``entity_ids``; ``entity_id`` narrows it to one.
    ``narrowed``: of these entities only what belongs to customers of these people (``narrowed_of``).

    Today, and the end of a bare ``known_on`` day, are those of the entity's zone; with several zones the latest, so
    that nothing a colleague further east (or west) booked on that day is missing.
    """
    chosen = tuple(sorted(set(entity_ids)))
    if entity_id is not None:
        chosen = (entity_id,) if entity_id in chosen else ()
    zones = [ZoneInfo(name) for name in {row[4] for row in every_entity() if row[0] in chosen}]
    zones = zones or [ZoneInfo("UTC")]
    today = max(now.astimezone(zone).date() for zone in zones)
    instant = known_on
    if known_on is not None and not isinstance(known_on, datetime):
        instant = max(end_of_day(known_on, zone) for zone in zones)
    seq, provisional = None, False
    if isinstance(instant, datetime):
        known = resolve_known(SealHead.objects.filter(id=1).first(), instant)
        seq, provisional = known.seq, known.provisional
    return Frame(
        as_of=as_of or today,
        known_on=instant if isinstance(instant, datetime) else None,
        known_seq=seq,
        entity_id=entity_id,
        is_now=instant is None and as_of in (None, today),
        provisional=provisional,
        today=today,
        entity_ids=chosen,
        narrowed=tuple(sorted((number, who) for number, who in (narrowed or {}).items() if number in chosen)),
    )


def resolve_frame(
    user: Any,
    *,
    now: datetime,
    as_of: date | None = None,
    known_on: date | datetime | None = None,
    entity: str | None = None,
) -> Frame | None:
    """The frame of a user; ``entity`` is a code. ``None`` where the user has no right to that entity."""
    rows = entities_of(user)
    found = next((row.id for row in rows if row.code == entity), None)
    if entity and found is None:
        return None
    allowed = tuple(row.id for row in rows)
    return frame_at(
        now=now, entity_ids=allowed, entity_id=found, as_of=as_of, known_on=known_on, narrowed=narrowed_of(rows)
    )
