"""API keys: the one a request carries, and lists of them without their secrets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from huikuan.core.api_keys import read_key
from huikuan.store.models import ApiKey, Entity, User


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A key that works now, and the person it acts as. ``entity_ids`` ``None``: all of the person's."""

    id: int
    prefix: str
    user: User
    scopes: frozenset[str]
    entity_ids: frozenset[int] | None
    last_used_at: datetime | None


def find_key(text: str, now: datetime) -> KnownKey | None:
    """The key of that text; ``None`` where it is none, revoked, expired, or its person may not sign in."""
    given = read_key(text)
    if given is None:
        return None
    found = ApiKey.objects.select_related("user").filter(prefix=given.prefix).first()
    if found is None or not given.matches(found.secret_sha256):
        return None
    if found.revoked_at is not None or (found.expires_at is not None and found.expires_at <= now):
        return None
    if not found.user.is_active:
        return None
    entities = None if found.entity_ids is None else frozenset(found.entity_ids)
    return KnownKey(found.pk, found.prefix, found.user, frozenset(found.scopes), entities, found.last_used_at)


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key as lists show it. ``state``: active, expired or revoked."""

    id: int
    name: str
    prefix: str
    user_id: int
    user: str
    scopes: tuple[str, ...]
    entities: tuple[str, ...] | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    state: str


def key_rows(now: datetime, *, user_id: int | None = None) -> list[KeyRow]:
    """Keys, the newest first; of one person, or everybody's. The caller asks who may see them."""
    found: QuerySet[ApiKey] = ApiKey.objects.select_related("user").order_by("-id")
    if user_id is not None:
        found = found.filter(user_id=user_id)
    codes = dict(Entity.objects.values_list("id", "code"))
    return [_row(key, codes, now) for key in found]


def _row(key: ApiKey, codes: dict[int, str], now: datetime) -> KeyRow:
    expired = key.expires_at is not None and key.expires_at <= now
    return KeyRow(
        id=key.pk,
        name=key.name,
        prefix=f"hk_{key.prefix}_…",
        user_id=key.user_id,
        user=key.user.get_full_name() or key.user.get_username(),
        scopes=tuple(key.scopes),
        entities=None if key.entity_ids is None else tuple(_codes(key.entity_ids, codes)),
        created_at=key.created_at,
        expires_at=key.expires_at,
        last_used_at=key.last_used_at,
        state="revoked" if key.revoked_at else "expired" if expired else "active",
    )


def _codes(entity_ids: Iterable[int], codes: dict[int, str]) -> list[str]:
    return sorted(codes[number] for number in entity_ids if number in codes)
