"""What people of ours may do: roles given and taken back, people let in and shut out.

Nobody gives a role to himself, no role joins duties that are to be apart, and there is always somebody left who can
manage people. A role is given, changed or taken back by who manages people in that entity.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from huikuan.core.refusals import Refusal
from huikuan.core.rights import RIGHT_WORDS, ROLES_OF_ALL, Grant, Reach, Right, Role, duties_in_conflict
from huikuan.services.auditing import record
from huikuan.services.rights import Forbidden, demand, demand_anywhere
from huikuan.services.transaction import run_in_transaction
from huikuan.store.models import Entity, RoleGrant, User


def grant(user_id: int, new: Grant, *, actor_id: int | None, now: datetime) -> None:
    """Gives a person a role in an entity; one the person has there already gets the reach asked for.

    Refuses ``user.unknown``, ``user.inactive``, ``entity.unknown``, ``grant.self``, ``grant.whole_only``,
    ``duties.conflict`` and ``right.missing``.
    """

    def work() -> None:
        add_grant(locked_user(user_id), new, actor_id=actor_id, now=now)

    run_in_transaction(work)


def add_grant(user: User, new: Grant, *, actor_id: int | None, now: datetime) -> None:
    """``grant`` inside the caller's transaction."""
    check_entity(new.entity_id)
    demand(actor_id, Right.MANAGE_PEOPLE, entity_id=new.entity_id)
    _check_grant(user, new, actor_id)
    known = RoleGrant.objects.filter(user=user, entity_id=new.entity_id, role=new.role.value).first()
    subject = f"user:{user.pk}"
    if known is None:
        RoleGrant.objects.create(
            user=user,
            entity_id=new.entity_id,
            role=new.role.value,
            reach=new.reach.value,
            granted_at=now,
            granted_by_id=actor_id,
        )
        code = "people.grant"
    elif known.reach == new.reach:
        return
    else:
        RoleGrant.objects.filter(pk=known.pk).update(reach=new.reach.value, granted_at=now, granted_by=actor_id)
        code = "people.reach"
    said = {"role": new.role.value, "reach": new.reach.value}
    record(code, now=now, actor_id=actor_id, entity_id=new.entity_id, subject=subject, **said)


def _check_grant(user: User, new: Grant, actor_id: int | None) -> None:
    if actor_id == user.pk:
        raise Refusal("grant.self", "nobody gives a role to himself; ask another administrator")
    if not user.is_active:
        raise Refusal("user.inactive", "{name} is shut out; let the person in again first", name=user.username)
    if new.role in ROLES_OF_ALL and new.reach != Reach.ALL:
        raise Refusal("grant.whole_only", "this role is about the whole entity and is given for all customers only")
    held = RoleGrant.objects.filter(user=user, entity_id=new.entity_id).values_list("role", flat=True)
    for first, second in duties_in_conflict([new.role, *(Role(role) for role in held)]):
        raise Refusal(
            "duties.conflict",
            "with this role one person could both {first} and {second}; two people must do that",
            first=RIGHT_WORDS[first],
            second=RIGHT_WORDS[second],
        )


def revoke(user_id: int, *, entity_id: int, role: Role, actor_id: int | None, now: datetime) -> None:
    """Takes a role back; one the person does not have is left alone.

    Refuses ``user.unknown``, ``people.last_administrator`` and ``right.missing``.
    """

    def work() -> None:
        check_entity(entity_id)
        demand(actor_id, Right.MANAGE_PEOPLE, entity_id=entity_id)
        user = locked_user(user_id)
        gone, _ = RoleGrant.objects.filter(user=user, entity_id=entity_id, role=role.value).delete()
        if not gone:
            return
        if role == Role.ADMINISTRATOR:
            _check_somebody_left([entity_id])
        record(
            "people.revoke",
            now=now,
            actor_id=actor_id,
            entity_id=entity_id,
            subject=f"user:{user_id}",
            role=role.value,
        )

    run_in_transaction(work)


def set_active(user_id: int, active: bool, *, actor_id: int | None, now: datetime) -> None:
    """Shuts a person out, which ends every session, or lets the person in again. Roles and customers stay.

    Refuses ``user.unknown``, ``people.self``, ``people.last_administrator``, ``people.superuser_only`` and
    ``right.missing``.
    """

    def work() -> None:
        user = locked_user(user_id)
        demand_over(actor_id, user)
        if actor_id == user_id:
            raise Refusal("people.self", "nobody shuts himself out; ask another administrator")
        if user.is_active == active:
            return
        User.objects.filter(pk=user_id).update(is_active=active)
        if not active:
            _check_somebody_left(_administered_by(user_id), was_superuser=user.is_superuser)
        code = "user.activate" if active else "user.deactivate"
        record(code, now=now, actor_id=actor_id, subject=f"user:{user_id}")

    run_in_transaction(work)


def demand_over(actor_id: int | None, user: User) -> None:
    """Refuses ``right.missing`` to one who does not manage people in every entity the person has a role in, and
    ``people.superuser_only`` to one who is no superuser where the person is."""
    if actor_id is None:
        return
    if user.is_superuser and not User.objects.filter(id=actor_id, is_superuser=True, is_active=True).exists():
        raise Forbidden("people.superuser_only", "only a superuser may do this to a superuser")
    demand_anywhere(actor_id, Right.MANAGE_PEOPLE)
    for entity_id in RoleGrant.objects.filter(user=user).values_list("entity_id", flat=True).distinct():
        demand(actor_id, Right.MANAGE_PEOPLE, entity_id=entity_id)


def locked_user(user_id: int) -> User:
    """Refuses ``user.unknown``."""
    found = User.objects.select_for_update().filter(pk=user_id).first()
    if found is None:
        raise Refusal("user.unknown", "there is no user {name}", name=user_id)
    return found


def check_entity(entity_id: int) -> None:
    if not Entity.objects.filter(id=entity_id).exists():
        raise Refusal("entity.unknown", "there is no entity {entity}", entity=entity_id)


def _administered_by(user_id: int) -> list[int]:
    mine = RoleGrant.objects.filter(user_id=user_id, role=Role.ADMINISTRATOR.value)
    return list(mine.values_list("entity_id", flat=True))


def _check_somebody_left(entity_ids: Iterable[int], *, was_superuser: bool = False) -> None:
    """Somebody must be able to manage people: an active superuser, or an administrator of each of the entities (of all,
    where the last superuser is shut out). Those who could be the last are locked, so that two cannot go at once."""
    chiefs = User.objects.select_for_update().filter(is_superuser=True).order_by("id")
    if any(chief.is_active for chief in chiefs):
        return
    wanted = set(Entity.objects.values_list("id", flat=True)) if was_superuser else set(entity_ids)
    admins = RoleGrant.objects.select_for_update().filter(role=Role.ADMINISTRATOR.value).order_by("id")
    active = set(User.objects.filter(is_active=True).values_list("id", flat=True))
    left = {row.entity_id for row in admins if row.user_id in active}
    if wanted - left or (was_superuser and not left):
        raise Refusal(
            "people.last_administrator", "somebody must be left who can manage people: name another administrator first"
        )
