"""Where a reader stands: which entities, as of which day, as known when. Every question takes a ``Frame``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from huikuan.core.ageing import end_of_day
from huikuan.mirror.reader import resolve_known
from huikuan.store.models import Entity, EntityMembership, SealHead


@dataclass(frozen=True, slots=True)
class EntityRow:
    """A legal entity a user may see. ``can_post``: the user may also change its ledger."""

    id: int
    code: str
    name: str
    currency: str
    can_post: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """One point of view. ``entity_ids`` are the entities in it (the chosen one, or all the user may see): what belongs
    to others is not there. ``known_on`` is an instant, ``None`` for all that is known now.

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


def entities_of(user: Any) -> list[EntityRow]:
    """The entities a user may see, by code: all for a superuser, else those the user is a member of."""
    if user.is_superuser:
        rows = [(entity, True) for entity in Entity.objects.order_by("code")]
    else:
        memberships = EntityMembership.objects.filter(user_id=user.pk).select_related("entity").order_by("entity__code")
        rows = [(membership.entity, membership.can_post) for membership in memberships]
    return [EntityRow(entity.id, entity.code, entity.name, entity.currency, can_post) for entity, can_post in rows]


def frame_at(
    *,
    now: datetime,
    entity_ids: tuple[int, ...],
    entity_id: int | None = None,
    as_of: date | None = None,
    known_on: date | datetime | None = None,
) -> Frame:
    """The frame of a question asked at ``now``, by someone who may see ``entity_ids``; ``entity_id`` narrows it to one.

    Today, and the end of a bare ``known_on`` day, are those of the entity's zone; with several zones the latest, so
    that nothing a colleague further east (or west) booked on that day is missing.
    """
    chosen = tuple(sorted(set(entity_ids)))
    if entity_id is not None:
        chosen = (entity_id,) if entity_id in chosen else ()
    zones = [
        ZoneInfo(name) for name in Entity.objects.filter(id__in=chosen).values_list("timezone", flat=True).distinct()
    ]
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
    return frame_at(now=now, entity_ids=allowed, entity_id=found, as_of=as_of, known_on=known_on)
