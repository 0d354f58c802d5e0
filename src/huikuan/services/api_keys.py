"""API keys: made once, shown once, narrowed to some rights and entities, taken back."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from huikuan.core.api_keys import key_of
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.core.texts import check_text
from huikuan.services.auditing import record
from huikuan.services.rights import Forbidden, demand_anywhere
from huikuan.services.transaction import run_in_transaction
from huikuan.store.models import ApiKey, ApiKeyUse, Entity, User

USE_NOTED_EVERY = timedelta(minutes=1)


def add_key(
    user_id: int,
    name: str,
    scopes: Sequence[str],
    *,
    entity_ids: Sequence[int] | None = None,
    expires_at: datetime | None = None,
    actor_id: int | None,
    now: datetime,
) -> tuple[int, str]:
    """A key that acts as a person; gives its id and its text, which is shown this once.

    ``scopes``: codes of rights; what the person may not do, the key may not either, whatever its scopes. Nobody makes a
    key for someone else, for whoever holds it could do what that person may: only the shell does. Refuses
    ``api_key.not_yours``, ``api_key.no_name``, ``api_key.no_scopes``, ``api_key.unknown_scope``, ``api_key.expired``,
    ``user.unknown``, ``entity.unknown``.
    """
    check_text("name", name, 120)
    if not name.strip():
        raise Refusal("api_key.no_name", "Give the key a name that says which program uses it.")
    if not scopes:
        raise Refusal("api_key.no_scopes", "Choose at least one right.")
    for scope in scopes:
        if scope not in set(Right):
            raise Refusal("api_key.unknown_scope", "{scope} is not a right", scope=scope)
    if expires_at is not None and expires_at <= now:
        raise Refusal("api_key.expired", "The key would have expired already.")
    key = key_of(secrets.token_bytes(64))

    def work() -> int:
        if actor_id is not None and actor_id != user_id:
            raise Forbidden("api_key.not_yours", "A key is made by the person whose rights it has.")
        if not User.objects.filter(id=user_id, is_active=True).exists():
            raise Refusal("user.unknown", "there is no user {name}", name=user_id)
        _check_entities(entity_ids)
        made = ApiKey.objects.create(
            user_id=user_id,
            name=name.strip(),
            prefix=key.prefix,
            secret_sha256=key.secret_sha256,
            scopes=sorted(set(scopes)),
            entity_ids=None if entity_ids is None else sorted(set(entity_ids)),
            created_at=now,
            created_by_id=actor_id,
            expires_at=expires_at,
        )
        record("api_key.added", now=now, actor_id=actor_id, subject=f"api_key:{made.pk}", scopes=made.scopes)
        return int(made.pk)

    return run_in_transaction(work), key.text


def revoke_key(key_id: int, *, actor_id: int | None, now: datetime) -> None:
    """Takes a key back: one's own, or, with the right ``system.manage``, anybody's. It stops working at once.

    Refuses ``api_key.unknown`` and ``right.missing``; a key revoked before stays as it is.
    """

    def work() -> None:
        found = ApiKey.objects.select_for_update().filter(id=key_id).first()
        if found is None:
            raise Refusal("api_key.unknown", "there is no such key")
        if found.user_id != actor_id:
            demand_anywhere(actor_id, Right.MANAGE_SYSTEM)
        if found.revoked_at is None:
            found.revoked_at = now
            found.save(update_fields=["revoked_at"])
            record("api_key.revoked", now=now, actor_id=actor_id, subject=f"api_key:{found.pk}")

    run_in_transaction(work)


def note_use(key_id: int, last_used_at: datetime | None, *, now: datetime) -> None:
    """Remembers that a key was used; to the minute, so that reading does not become writing."""
    if last_used_at is None or now - last_used_at >= USE_NOTED_EVERY:
        ApiKey.objects.filter(id=key_id).update(last_used_at=now)


def take_requests(key_id: int, *, minute: int, wanted: int, limit: int) -> tuple[int, int]:
    """A server process takes up to ``wanted`` of the ``limit`` requests of a key in a minute (counted since 1970).

    Gives how many it got and how many nobody has taken yet. So all processes together never serve more than the limit,
    and one of them writes once for many requests.
    """

    def work() -> tuple[int, int]:
        start = {"minute": minute, "taken": 0}
        use, _ = ApiKeyUse.objects.select_for_update().get_or_create(key_id=key_id, defaults=start)
        if use.minute != minute:
            use.minute, use.taken = minute, 0
        granted = max(min(wanted, limit - use.taken), 0)
        if granted:
            use.taken += granted
            use.save()
        return granted, max(limit - use.taken, 0)

    return run_in_transaction(work)


def _check_entities(entity_ids: Sequence[int] | None) -> None:
    missing = set(entity_ids or ()) - set(Entity.objects.filter(id__in=entity_ids or ()).values_list("id", flat=True))
    if missing:
        raise Refusal("entity.unknown", "there is no entity {entity}", entity=min(missing))
