"""What people hold: their rights in each legal entity, and whose customers each right is for.

The reach "own" is the customers a person owns or collects from. "Team" adds those of everybody in the teams the person
is a member or the manager of. So a right that is not for all customers is for those of a set of ``people``: a customer
account is in reach when one of them owns it or collects from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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


def held_by(user_id: int) -> dict[int, Held]:
    """By entity, what a person holds; nothing for one who is gone. A superuser holds everything everywhere."""
    user = User.objects.filter(id=user_id, is_active=True).only("is_superuser").first()
    return {} if user is None else held_of(user.pk, is_superuser=user.is_superuser)


def held_of(user_id: int, *, is_superuser: bool) -> dict[int, Held]:
    """``held_by`` for somebody known to be let in."""
    if is_superuser:
        return dict.fromkeys((row[0] for row in every_entity()), EVERYTHING)
    return _granted(user_id, grants_of(user_id))


def held_in(user_id: int, entity_id: int) -> Held:
    """What a person holds in one entity."""
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
