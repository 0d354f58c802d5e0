"""Asking whether a person may: services call ``demand`` before they change anything."""

from __future__ import annotations

from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right, Role, rights_of_roles
from huikuan.store.models import EntityMembership, RoleGrant, User


class Forbidden(Refusal):
    """The person may not do this (HTTP 403)."""


def rights_in(actor_id: int, entity_id: int) -> frozenset[Right]:
    """Everything a person may do in an entity, for some customers at least. A superuser may do everything."""
    user = User.objects.filter(id=actor_id, is_active=True).only("is_superuser").first()
    if user is None:
        return frozenset()
    if user.is_superuser:
        return frozenset(Right)
    roles = RoleGrant.objects.filter(user_id=actor_id, entity_id=entity_id).values_list("role", flat=True)
    held = rights_of_roles(Role(role) for role in roles)
    if EntityMembership.objects.filter(user_id=actor_id, entity_id=entity_id, can_post=True).exists():
        held |= frozenset(Right) - {Right.MANAGE_PEOPLE, Right.MANAGE_SYSTEM}
    return held


def demand(actor_id: int | None, right: Right, *, entity_id: int, account_id: int | None = None) -> None:
    """Refuses ``right.missing`` where the person may not. ``actor_id`` ``None`` is the system or the shell, which may.

    ``account_id``: the customer account it is about, which must be in the person's reach.
    """
    if actor_id is None:
        return
    if right not in rights_in(actor_id, entity_id):
        raise Forbidden("right.missing", "you may not do this here: the right {right} is needed", right=right.value)
