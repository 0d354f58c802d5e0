"""From the address bar to a ``Frame``: which entity, as of which day, as known on which instant.

The three stand in the address (``entity``, ``as_of``, ``known_on``) and nowhere else, so a link that is sent shows
the receiver what the sender saw.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial
from typing import Any

from django.http import Http404, HttpRequest
from django.utils import timezone

from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.queries.frame import EntityRow, Frame, frame_at, narrowed_of, seen_entities
from huikuan.queries.grants import EVERYTHING, NOTHING, Held, held_of

KEPT = ("entity", "as_of", "known_on")


@dataclass(frozen=True, slots=True)
class Seat:
    """Where the reader stands: the frame, the entities they may choose from, and what links carry on.

    ``held``: what the reader holds in each entity, in those too whose ledger is not seen. ``is_superuser``: everything,
    even where there are no entities yet.
    """

    frame: Frame
    entities: list[EntityRow]
    entity: EntityRow | None
    kept: dict[str, str]
    refusal: Refusal | None = None
    held: Mapping[int, Held] = field(default_factory=dict)
    is_superuser: bool = False

    def held_in(self, entity_id: int) -> Held:
        return EVERYTHING if self.is_superuser else self.held.get(entity_id, NOTHING)

    def can(self, right: Right, entity_id: int | None = None) -> bool:
        """Whether the reader holds a right, for some customers at least; without an entity, in any of them."""
        if entity_id is not None:
            return self.held_in(entity_id).can(right)
        return self.is_superuser or any(held.can(right) for held in self.held.values())

    def can_whole(self, right: Right, entity_id: int | None = None) -> bool:
        """``can`` for all customers: what the whole entity is about, like its months and imports."""
        if entity_id is not None:
            return right in self.held_in(entity_id).whole
        return self.is_superuser or any(right in held.whole for held in self.held.values())

    def frame_for(self, right: Right) -> Frame:
        """The frame of what is not the ledger: the entities in which the right is held for all customers."""
        ids = tuple(sorted(number for number in self.held if self.can_whole(right, number)))
        if self.is_superuser:
            ids = tuple(row.id for row in self.entities)
        if self.entity is not None:
            ids = tuple(number for number in ids if number == self.entity.id)
        return replace(self.frame, entity_ids=ids, narrowed=())

    def covers(self, right: Right) -> bool:
        """Whether the right is held for everything the frame shows, as taking a copy of it asks."""
        for entity_id in self.frame.entity_ids:
            people = self.held_in(entity_id).people(right)
            seen = dict(self.frame.narrowed).get(entity_id)
            if people is not None and (seen is None or not set(seen) <= people):
                return False
        return bool(self.frame.entity_ids)


def read_seat(request: HttpRequest) -> Seat:
    """The seat for a signed-in request. 404 for an entity this user has no right to.

    A date that is none does not lose the page: the seat is today's and carries the refusal to show.
    """
    user: Any = request.user
    chief = bool(getattr(user, "is_superuser", False))
    held = held_of(user.pk, is_superuser=chief) if user.is_active else {}
    entities = seen_entities(held)
    entity = _entity_of(request, entities)
    kept = {name: text for name in KEPT if (text := request.GET.get(name, "").strip())}
    stand = partial(
        frame_at,
        now=timezone.now(),
        entity_ids=tuple(row.id for row in entities),
        entity_id=entity.id if entity else None,
        narrowed=narrowed_of(entities),
    )
    try:
        frame = stand(as_of=read_day(kept.get("as_of")), known_on=_instant_of(kept.get("known_on")))
    except Refusal as refusal:
        kept = {name: text for name, text in kept.items() if name == "entity"}
        return Seat(stand(), entities, entity, kept, refusal, held, chief)
    return Seat(frame, entities, entity, kept, None, held, chief)


def _entity_of(request: HttpRequest, entities: list[EntityRow]) -> EntityRow | None:
    code = request.GET.get("entity", "").strip()
    if not code:
        return entities[0] if len(entities) == 1 else None
    for row in entities:
        if row.code == code:
            return row
    raise Http404


def number_of(text: str) -> int:
    """A number as a form or an address sends it; 0, which is nobody's, for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def read_day(text: str | None) -> date | None:
    """An ISO date. Refuses ``frame.bad_date`` and ``frame.implausible_date``."""
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Refusal("frame.bad_date", "{text} is not a date; write it as 2026-03-31", text=text[:20]) from None
    if not 1900 <= day.year < 2200:
        raise Refusal("frame.implausible_date", "{text} is not a plausible date", text=text[:20])
    return day


def _instant_of(text: str | None) -> date | datetime | None:
    """A bare date is left a date: only the query knows the entity's zone and so when that day ends."""
    if not text or len(text) <= 10:
        return read_day(text)
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        raise Refusal("frame.bad_instant", "{text} is not an instant", text=text[:40]) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.get_current_timezone())
