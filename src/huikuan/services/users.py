"""People of ours who sign in: making them, their passwords, the entities they may see. Nobody signs up by himself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from huikuan.core.refusals import Refusal
from huikuan.services.auditing import record
from huikuan.services.transaction import run_in_transaction
from huikuan.store.models import Entity, EntityMembership, User


def create_user(
    username: str,
    *,
    password: str | None,
    email: str = "",
    full_name: str = "",
    language: str = "",
    is_superuser: bool = False,
    memberships: Mapping[int, bool] | None = None,
    actor_id: int | None,
    now: datetime,
) -> int:
    """Makes a person who may sign in; gives the user's id. A superuser sees and does everything.

    ``memberships``: entity id → whether the user may post there. Without a password nobody can sign in as the user
    until one is set. Refuses ``user.exists``, ``user.email_taken``, ``user.bad_name``, ``user.bad_email``,
    ``user.weak_password`` and ``entity.unknown``.
    """
    user = User(
        username=username,
        email=email,
        first_name=full_name,
        language=language,
        is_superuser=is_superuser,
        is_staff=is_superuser,
        date_joined=now,
    )
    _check(user)
    _put_password(user, password)

    def work() -> int:
        if User.objects.filter(username__iexact=username).exists():
            raise Refusal("user.exists", "there is a user {name} already", name=username)
        if email and User.objects.filter(email__iexact=email).exists():
            raise Refusal("user.email_taken", "another user has the address {email}", email=email)
        user.pk = None
        user.save(force_insert=True)
        _set_memberships(user.id, memberships or {})
        record("user.add", now=now, actor_id=actor_id, subject=f"user:{user.id}", superuser=is_superuser)
        return int(user.id)

    return run_in_transaction(work)


def set_password(username: str, password: str, *, actor_id: int | None, now: datetime) -> None:
    """Gives a user another password, which ends every session of the user's.

    Refuses ``user.unknown`` and ``user.weak_password``.
    """
    found = User.objects.filter(username__iexact=username).first()
    if found is None:
        raise Refusal("user.unknown", "there is no user {name}", name=username)
    _put_password(found, password)

    def work() -> None:
        User.objects.filter(id=found.id).update(password=found.password)
        record("user.password", now=now, actor_id=actor_id, subject=f"user:{found.id}")

    run_in_transaction(work)


def set_memberships(username: str, memberships: Mapping[str, bool], *, actor_id: int | None, now: datetime) -> None:
    """The entities (by code) a user may see from now on, and whether the user may post there.

    Refuses ``user.unknown`` and ``entity.unknown``.
    """

    def work() -> None:
        user = User.objects.filter(username__iexact=username).first()
        if user is None:
            raise Refusal("user.unknown", "there is no user {name}", name=username)
        wanted = entity_ids(memberships)
        EntityMembership.objects.filter(user=user).delete()
        _set_memberships(user.id, wanted)
        record("user.memberships", now=now, actor_id=actor_id, subject=f"user:{user.id}", entities=dict(memberships))

    run_in_transaction(work)


def entity_ids(memberships: Mapping[str, bool]) -> dict[int, bool]:
    """Memberships by entity id for those by code. Refuses ``entity.unknown``."""
    numbers = dict(Entity.objects.filter(code__in=list(memberships)).values_list("code", "id"))
    for code in memberships:
        if code not in numbers:
            raise Refusal("entity.unknown", "there is no entity {entity}", entity=code)
    return {numbers[code]: can_post for code, can_post in memberships.items()}


def _check(user: User) -> None:
    try:
        User.username_validator(user.username)
    except ValidationError:
        raise Refusal(
            "user.bad_name", "{name!r}: a user name has letters, digits and @ . + - _ only", name=user.username
        ) from None
    if user.email:
        try:
            validate_email(user.email)
        except ValidationError:
            raise Refusal("user.bad_email", "{email!r} is not an e-mail address", email=user.email) from None


def _put_password(user: User, password: str | None) -> None:
    if password is None:
        user.set_unusable_password()
        return
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Refusal("user.weak_password", "{reasons}", reasons=" ".join(error.messages)) from None
    user.set_password(password)


def _set_memberships(user_id: int, memberships: Mapping[int, bool]) -> None:
    missing = set(memberships) - set(Entity.objects.filter(id__in=list(memberships)).values_list("id", flat=True))
    if missing:
        raise Refusal("entity.unknown", "there is no entity {entity}", entity=min(missing))
    EntityMembership.objects.bulk_create(
        [
            EntityMembership(user_id=user_id, entity_id=entity_id, can_post=can_post)
            for entity_id, can_post in sorted(memberships.items())
        ]
    )
