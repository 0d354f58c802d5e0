"""From the address bar to a ``Frame``: which entity, as of which day, as known on which instant.

The three stand in the address (``entity``, ``as_of``, ``known_on``) and nowhere else, so a link that is sent shows
the receiver what the sender saw.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from django.http import Http404, HttpRequest
from django.utils import timezone

from huikuan.core.refusals import Refusal
from huikuan.queries.frame import EntityRow, Frame, entities_of, frame_at

KEPT = ("entity", "as_of", "known_on")


@dataclass(frozen=True, slots=True)
class Seat:
    """Where the reader stands: the frame, the entities they may choose from, and what links carry on."""

    frame: Frame
    entities: list[EntityRow]
    entity: EntityRow | None
    kept: dict[str, str]
    refusal: Refusal | None = None


def read_seat(request: HttpRequest) -> Seat:
    """The seat for a signed-in request. 404 for an entity this user has no right to.

    A date that is none does not lose the page: the seat is today's and carries the refusal to show.
    """
    entities = entities_of(request.user)
    entity = _entity_of(request, entities)
    kept = {name: text for name in KEPT if (text := request.GET.get(name, "").strip())}
    stand = partial(
        frame_at,
        now=timezone.now(),
        entity_ids=tuple(row.id for row in entities),
        entity_id=entity.id if entity else None,
    )
    try:
        frame = stand(as_of=read_day(kept.get("as_of")), known_on=_instant_of(kept.get("known_on")))
    except Refusal as refusal:
        kept = {name: text for name, text in kept.items() if name == "entity"}
        return Seat(stand(), entities, entity, kept, refusal)
    return Seat(frame, entities, entity, kept)


def _entity_of(request: HttpRequest, entities: list[EntityRow]) -> EntityRow | None:
    code = request.GET.get("entity", "").strip()
    if not code:
        return entities[0] if len(entities) == 1 else None
    for row in entities:
        if row.code == code:
            return row
    raise Http404


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
