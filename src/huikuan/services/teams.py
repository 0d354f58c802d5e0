"""Teams: people who share customers. Who is in one decides what the reach "team" covers, in every entity."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from huikuan.core.refusals import Refusal
from huikuan.core.rights import Reach, Right
from huikuan.services.auditing import record
from huikuan.services.rights import demand, demand_anywhere
from huikuan.services.transaction import run_in_transaction
from huikuan.store.models import RoleGrant, Team, User

_NAME_MAX = 120


def make_team(name: str, *, manager_id: int | None, members: Iterable[int], actor_id: int | None, now: datetime) -> int:
    """A new team; gives its id. Asks to manage people in every entity where one of them has a role for a team.

    Refuses ``team.no_name``, ``team.exists``, ``user.unknown``, ``grant.self`` and ``right.missing``.
    """

    def work() -> int:
        team = Team(name=_checked(name))
        _put(team, manager_id, set(members), actor_id)
        record("team.add", now=now, actor_id=actor_id, subject=f"team:{team.pk}", **_said(team))
        return int(team.pk)

    return run_in_transaction(work)


def change_team(
    team_id: int, *, name: str, manager_id: int | None, members: Iterable[int], actor_id: int | None, now: datetime
) -> None:
    """Another name, manager or members. Refuses ``team.unknown`` and what ``make_team`` refuses."""

    def work() -> None:
        team = _locked(team_id)
        before = _said(team)
        team.name = _checked(name, but=team_id)
        _put(team, manager_id, set(members), actor_id)
        record("team.change", now=now, actor_id=actor_id, subject=f"team:{team_id}", before=before, **_said(team))

    run_in_transaction(work)


def remove_team(team_id: int, *, actor_id: int | None, now: datetime) -> None:
    """Its people keep their own customers. Refuses ``team.unknown`` and ``right.missing``."""

    def work() -> None:
        team = _locked(team_id)
        before = _said(team)
        _demand(_people_of(team), actor_id)
        team.delete()
        record("team.remove", now=now, actor_id=actor_id, subject=f"team:{team_id}", before=before)

    run_in_transaction(work)


def _put(team: Team, manager_id: int | None, members: set[int], actor_id: int | None) -> None:
    before = _people_of(team) if team.pk else set()
    after = members | ({manager_id} if manager_id is not None else set())
    missing = after - set(User.objects.filter(id__in=after).values_list("id", flat=True))
    if missing:
        raise Refusal("user.unknown", "there is no user {name}", name=min(missing))
    _demand(before | after, actor_id)
    if actor_id in after - before and _for_team().filter(user_id=actor_id).exists():
        raise Refusal("grant.self", "nobody gives a role to himself; ask another administrator")
    team.manager_id = manager_id
    team.save()
    team.members.set(members)


def _demand(people: set[int], actor_id: int | None) -> None:
    demand_anywhere(actor_id, Right.MANAGE_PEOPLE)
    for entity_id in _for_team().filter(user_id__in=people).values_list("entity_id", flat=True).distinct():
        demand(actor_id, Right.MANAGE_PEOPLE, entity_id=entity_id)


def _for_team() -> QuerySet[RoleGrant]:
    return RoleGrant.objects.filter(reach=Reach.TEAM.value)


def _people_of(team: Team) -> set[int]:
    people = set(team.members.values_list("id", flat=True))
    return people | ({team.manager_id} if team.manager_id is not None else set())


def _said(team: Team) -> dict[str, Any]:
    members = sorted(team.members.values_list("id", flat=True))
    return {"name": team.name, "manager": team.manager_id, "members": members}


def _checked(name: str, but: int | None = None) -> str:
    text = " ".join(name.split())
    if not text or len(text) > _NAME_MAX:
        raise Refusal("team.no_name", "Give the team a name of at most 120 characters.")
    same = Team.objects.filter(name__iexact=text)
    if (same if but is None else same.exclude(pk=but)).exists():
        raise Refusal("team.exists", "there is a team {name} already", name=text)
    return text


def _locked(team_id: int) -> Team:
    found = Team.objects.select_for_update().filter(pk=team_id).first()
    if found is None:
        raise Refusal("team.unknown", "there is no such team")
    return found
