"""What people hold: their rights in each legal entity, and whose customers each right is for.

The reach "own" is the customers a person owns or collects from. "Team" adds those of everybody in the teams the person
is a member or the manager of. So a right that is not for all customers is for those of a set of ``people``: a customer
account is in reach when one of them owns it or collects from it.

While a program acts with a key, its person may only what the key names, in the key's entities: in every deed the
request brings with it (``narrowing``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field

from huikuan.core.rights import ROLE_RIGHTS, Reach, Right
from huikuan.queries.standing import every_entity, grants_of
from huikuan.store.models import RoleGrant, Team, User

NOBODY: frozenset[int] = frozenset()
_RIGHTS: dict[str, frozenset[Right]] = {role.value: rights for role, rights in ROLE_RIGHTS.items()}


@dataclass(frozen=True, slots=True)
class Held:
    """What a person holds in one entity: the rights for all customers, and the others with whose customers."""

    whole: frozenset[Right] = frozenset()
    narrow: Mapping[Right, frozenset[int]] = field(default_factory=dict)

    def can(self, right: Right) -> bool:
        """Whether the right is held for some customers at least."""
        return right in self.whole or right in self.narrow

    def people(self, right: Right) -> frozenset[int] | None:
        """Whose customers the right is for; ``None`` is everybody's."""
        return None if right in self.whole else self.narrow.get(right, NOBODY)

    @property
    def rights(self) -> frozenset[Right]:
        return self.whole | frozenset(self.narrow)


EVERYTHING = Held(frozenset(Right))
NOTHING = Held()


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What a key leaves to its person: the rights it names (``scopes``), in its entities (``None``: in all)."""

    user_id: int
    scopes: frozenset[str]
    entity_ids: frozenset[int] | None

    def of(self, entity_id: int, held: Held) -> Held:
        """What is left of what the person holds in an entity."""
        if self.entity_ids is not None and entity_id not in self.entity_ids:
            return NOTHING
        return Held(
            frozenset(right for right in held.whole if right in self.scopes),
            {right: people for right, people in held.narrow.items() if right in self.scopes},
        )


narrowing: ContextVar[Narrowing | None] = ContextVar("narrowing", default=None)
"""The key with which a request came; ``None`` where a person, the shell or a job acts."""


def held_by(user_id: int) -> dict[int, Held]:
    """By entity, what a person may now; nothing for one who is gone. A superuser holds everything everywhere. A key
    with which the person acts narrows it."""
    user = User.objects.filter(id=user_id, is_active=True).only("is_superuser").first()
    held = {} if user is None else held_of(user.pk, is_superuser=user.is_superuser)
    key = _key_of(user_id)
    if key is None:
        return held
    left = {entity_id: key.of(entity_id, one) for entity_id, one in held.items()}
    return {entity_id: one for entity_id, one in left.items() if one.rights}


def is_chief(user_id: int) -> bool:
    """Whether a person may everything everywhere, in entities to come too: a superuser who acts without a key."""
    return _key_of(user_id) is None and User.objects.filter(id=user_id, is_active=True, is_superuser=True).exists()


def _key_of(user_id: int) -> Narrowing | None:
    key = narrowing.get()
    return key if key is not None and key.user_id == user_id else None


def held_of(user_id: int, *, is_superuser: bool) -> dict[int, Held]:
    """``held_by`` for somebody known to be let in."""
    if is_superuser:
        return dict.fromkeys((row[0] for row in every_entity()), EVERYTHING)
    return _granted(user_id, grants_of(user_id))


def held_in(user_id: int, entity_id: int) -> Held:
    """What a person may now in one entity: what the person holds, narrowed by a key with which the person acts."""
    key, held = _key_of(user_id), granted_in(user_id, entity_id)
    return held if key is None else key.of(entity_id, held)


def granted_in(user_id: int, entity_id: int) -> Held:
    """What a person holds in one entity, whoever acts: to tell whom something may be given or asked."""
    user = User.objects.filter(id=user_id, is_active=True).only("is_superuser").first()
    if user is None:
        return NOTHING
    if user.is_superuser:
        return EVERYTHING
    grants = RoleGrant.objects.filter(user_id=user_id, entity_id=entity_id).values_list("entity_id", "role", "reach")
    return _granted(user_id, grants).get(entity_id, NOTHING)


def team_of(user_id: int) -> frozenset[int]:
    """The person and everybody in the teams the person is in or manages, their managers too."""
    mine = Team.objects.filter(members=user_id).union(Team.objects.filter(manager_id=user_id))
    numbers = {team.pk: team.manager_id for team in mine}
    members = Team.members.through.objects.filter(team_id__in=list(numbers)).values_list("user_id", flat=True)
    return frozenset({user_id, *members, *(manager for manager in numbers.values() if manager is not None)})


def _granted(user_id: int, grants: Iterable[tuple[int, str, str]]) -> dict[int, Held]:
    rows = list(grants)
    own = frozenset({user_id})
    team = team_of(user_id) if any(reach == Reach.TEAM for _, _, reach in rows) else own
    whole: dict[int, set[Right]] = {}
    narrow: dict[int, dict[Right, frozenset[int]]] = {}
    for entity_id, role, reach in rows:
        rights = _RIGHTS.get(role, frozenset())
        if reach == Reach.ALL:
            whole.setdefault(entity_id, set()).update(rights)
        else:
            people = team if reach == Reach.TEAM else own
            some = narrow.setdefault(entity_id, {})
            for right in rights:
                some[right] = some.get(right, NOBODY) | people
    return {
        entity_id: Held(
            frozenset(all_of := whole.get(entity_id, set())),
            {right: people for right, people in narrow.get(entity_id, {}).items() if right not in all_of},
        )
        for entity_id in whole.keys() | narrow.keys()
    }
