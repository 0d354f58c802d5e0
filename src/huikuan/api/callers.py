"""Who calls: a program with a key, or a person whose browser is signed in; what they may, and how often."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from ninja.errors import AuthenticationError
from ninja.utils import check_csrf

from huikuan.api.problems import NotThere, Problem
from huikuan.core.rights import Right
from huikuan.queries.api_keys import find_key
from huikuan.queries.frame import EntityRow, Frame, frame_at, narrowed_of, seen_entities
from huikuan.queries.grants import Held, Narrowing, held_by, narrowing
from huikuan.services.api_keys import note_use, take_requests
from huikuan.services.auditing import acting_key
from huikuan.services.rights import missing

SAFE = ("GET", "HEAD", "OPTIONS")


@dataclass
class Caller:
    """A person, or a program with a key of that person's. ``held``: rights by entity, the key's narrowing done."""

    user: Any
    key_id: int | None
    held: dict[int, Held]
    now: datetime

    @property
    def actor(self) -> dict[str, Any]:
        """Who does it and when, as every service asks."""
        return {"actor_id": self.user.pk, "now": self.now}

    @cached_property
    def entities(self) -> list[EntityRow]:
        """The entities whose ledger may be seen."""
        return seen_entities(self.held)

    def entity(self, code: str) -> EntityRow:
        """The entity of a code. What may not be seen is not there."""
        for row in self.entities:
            if row.code == code:
                return row
        raise NotThere("entity.unknown", f"there is no entity {code[:40]}")

    def demand(self, right: Right, entity_id: int) -> None:
        """Refuses ``right.missing`` where the key or its person may not; the service asks both again."""
        if entity_id not in self.held or not self.held[entity_id].can(right):
            raise missing(right)

    def demand_whole(self, right: Right, entity_id: int) -> None:
        """``demand`` for what is about every customer of the entity."""
        if entity_id not in self.held or right not in self.held[entity_id].whole:
            raise missing(right)

    def entities_with(self, right: Right) -> list[int]:
        """The entities in which the right is held for all customers."""
        return [number for number, held in self.held.items() if right in held.whole]

    def frame(self, entity: str = "", as_of: date | None = None, known_on: date | datetime | None = None) -> Frame:
        """Where the question stands. Refuses an entity that is not seen as one that is not there."""
        return frame_at(
            now=self.now,
            entity_ids=tuple(row.id for row in self.entities),
            entity_id=self.entity(entity).id if entity else None,
            as_of=as_of,
            known_on=known_on,
            narrowed=narrowed_of(self.entities),
        )


def caller_of(request: HttpRequest) -> Caller:
    """The caller the door has let in."""
    found: Caller = request.caller  # type: ignore[attr-defined]
    return found


class Door:
    """Lets in by ``Authorization: Bearer hk_…``, else by the session of a signed-in browser (whose writes must carry
    the CSRF token). Everything else is a 401."""

    def __call__(self, request: HttpRequest) -> Caller:
        caller = self._by_key(request) or self._by_session(request)
        if caller is None:
            raise AuthenticationError
        request.caller = caller  # type: ignore[attr-defined]
        _check_parameters(request)
        return caller

    def _by_key(self, request: HttpRequest) -> Caller | None:
        header = request.headers.get("Authorization")
        if header is None:
            return None
        scheme, _, text = header.partition(" ")
        now = timezone.now()
        key = find_key(text.strip(), now) if scheme.lower() == "bearer" else None
        if key is None:
            raise AuthenticationError
        request.api_budget = budget.take(key.id)  # type: ignore[attr-defined]
        if request.api_budget.left < 0:  # type: ignore[attr-defined]
            raise Problem(429, "api.too_many", "too many requests: wait as long as Retry-After says")
        acting_key.set(key.prefix)
        narrowing.set(Narrowing(key.user.pk, key.scopes, key.entity_ids))
        note_use(key.id, key.last_used_at, now=now)
        return Caller(key.user, key.id, held_by(key.user.pk), now)

    def _by_session(self, request: HttpRequest) -> Caller | None:
        if not request.user.is_authenticated:
            return None
        if request.method not in SAFE and check_csrf(request) is not None:
            raise Problem(403, "api.csrf", "a browser's writes carry the token of its session (X-CSRFToken)")
        return Caller(request.user, None, held_by(request.user.pk), timezone.now())


def _check_parameters(request: HttpRequest) -> None:
    """A misspelt filter must not quietly find everything."""
    known = getattr(request, "api_known", None)
    unknown = set() if known is None else set(request.GET) - known
    if unknown:
        detail = f"there is no parameter {min(unknown)[:60]!r} here"
        raise Problem(422, "api.unknown_parameter", detail)


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a key has left in this minute (negative: it has asked too often), and the seconds until the next."""

    limit: int
    left: int
    resets_in: int


@dataclass(slots=True)
class _Share:
    """Of a key's requests in ``minute``: ``left`` are this process's own, ``rest`` nobody has taken."""

    minute: int
    left: int
    rest: int


@dataclass
class Budget:
    """Requests by key and minute. The limit is for all server processes together; each takes a twentieth of it at a
    time, so a key may be told to wait a little early where several processes serve it."""

    shares: dict[int, _Share] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, key_id: int) -> Allowance:
        """Counts one request."""
        limit, seconds = settings.API_REQUESTS_PER_MINUTE, int(time.time())
        minute, resets_in = seconds // 60, 60 - seconds % 60
        share = self._share(key_id, minute, limit)
        if not share.left and share.rest:  # outside the lock: a busy database holds up this request alone
            granted, rest = take_requests(key_id, minute=minute, wanted=max(limit // 20, 1), limit=limit)
            with self.lock:
                share.left, share.rest = share.left + granted, rest
        with self.lock:
            if not share.left:
                return Allowance(limit, -1, resets_in)
            share.left -= 1
            return Allowance(limit, share.left + share.rest, resets_in)

    def _share(self, key_id: int, minute: int, limit: int) -> _Share:
        with self.lock:
            share = self.shares.get(key_id)
            if share is None or share.minute != minute:
                share = self.shares[key_id] = _Share(minute, 0, limit)
            return share


budget = Budget()
