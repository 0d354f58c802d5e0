"""People of ours: who there is, which roles they hold, the teams they work in, whose the customers are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.mfa.models import Authenticator
from django.db.models import Count, Q

from huikuan.queries.listing import Page, Whole, slice_of
from huikuan.store.models import CustomerAccount, RoleGrant, Team, User


@dataclass(frozen=True, slots=True)
class GrantRow:
    """A role a person holds. ``granted_by`` is empty where the shell gave it."""

    entity_id: int
    entity_code: str
    entity_name: str
    role: str
    reach: str
    granted_at: datetime
    granted_by: str


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person. ``accounts``: how many customer accounts the person owns or collects from."""

    id: int
    username: str
    full_name: str
    email: str
    is_active: bool
    is_superuser: bool
    last_login: datetime | None
    grants: list[GrantRow]
    teams: list[str]
    accounts: int
    has_second_factor: bool

    @property
    def name(self) -> str:
        return self.full_name or self.username


def people_rows(*, entity_ids: Collection[int] | None = None, search: str = "") -> list[PersonRow]:
    """Everybody by name; ``entity_ids``: those with a role in one of these, those without any, and superusers. Of
    their roles only those in these entities are told."""
    found = User.objects.all()
    if entity_ids is not None:
        found = found.filter(Q(grants__entity_id__in=entity_ids) | Q(grants__isnull=True) | Q(is_superuser=True))
    if text := search.strip():
        found = found.filter(Q(username__icontains=text) | Q(first_name__icontains=text) | Q(email__icontains=text))
    return _rows(found.distinct().order_by("username"), entity_ids)


@dataclass(frozen=True, slots=True)
class PeopleFilters:
    """``role``: holds it somewhere; ``team``: works in it; ``state``: in (may sign in) or out; ``factor``: with or
    without a second one. Empty texts narrow nothing."""

    search: str = ""
    role: str = ""
    team: str = ""
    state: str = ""
    factor: str = ""


def people_page(
    entity_ids: Collection[int], filters: PeopleFilters, *, sort: str, page: int, size: int
) -> Page[PersonRow]:
    """A page of people, as ``people_rows`` gives them. ``sort``: person, customers or signed_in, - for descending."""
    rows = _found(entity_ids, filters, sort)
    start, count = slice_of(page, size)
    return Page(rows[start : start + count], len(rows), page, size)


def people_whole(entity_ids: Collection[int], filters: PeopleFilters, *, sort: str) -> Whole[PersonRow]:
    rows = _found(entity_ids, filters, sort)
    return Whole(iter(rows), len(rows))


def _found(entity_ids: Collection[int], filters: PeopleFilters, sort: str) -> list[PersonRow]:
    rows = [
        row
        for row in people_rows(entity_ids=entity_ids, search=filters.search)
        if (not filters.role or any(grant.role == filters.role for grant in row.grants))
        and (not filters.team or filters.team in row.teams)
        and (not filters.state or row.is_active == (filters.state == "in"))
        and (not filters.factor or row.has_second_factor == (filters.factor == "with"))
    ]
    orders: dict[str, Callable[[PersonRow], Any]] = {
        "person": lambda row: row.name.casefold(),
        "customers": lambda row: row.accounts,
        "signed_in": lambda row: row.last_login.timestamp() if row.last_login else 0.0,
    }
    order = orders.get(sort.removeprefix("-"), orders["person"])
    return sorted(rows, key=order, reverse=sort.startswith("-"))


def person(user_id: int, *, entity_ids: Collection[int] | None = None) -> PersonRow | None:
    """One of ``people_rows``."""
    return next((row for row in people_rows(entity_ids=entity_ids) if row.id == user_id), None)


def _rows(users: object, entity_ids: Collection[int] | None) -> list[PersonRow]:
    listed = list(users)  # type: ignore[call-overload]
    numbers = [user.pk for user in listed]
    factors = set(Authenticator.objects.filter(user_id__in=numbers).values_list("user_id", flat=True))
    grants = _grants_of(numbers, entity_ids)
    teams: dict[int, list[str]] = defaultdict(list)
    for row in team_rows():
        for number in {*row.member_ids, *([row.manager_id] if row.manager_id else [])}:
            teams[number].append(row.name)
    owned: dict[int, int] = defaultdict(int)
    both = CustomerAccount.objects.filter(Q(owner__isnull=False) | Q(collector__isnull=False))
    for owner, collector, count in both.values_list("owner_id", "collector_id").annotate(count=Count("id")):
        for number in {owner, collector} - {None}:
            owned[number] += count
    return [
        PersonRow(
            id=user.pk,
            username=user.username,
            full_name=user.get_full_name(),
            email=user.email,
            is_active=user.is_active,
            is_superuser=user.is_superuser,
            last_login=user.last_login,
            grants=grants.get(user.pk, []),
            teams=teams.get(user.pk, []),
            accounts=owned.get(user.pk, 0),
            has_second_factor=user.pk in factors,
        )
        for user in listed
    ]


def grant_rows(user_id: int) -> list[GrantRow]:
    """The roles of one person, by entity."""
    return _grants_of([user_id], None).get(user_id, [])


def _grants_of(user_ids: Collection[int], entity_ids: Collection[int] | None) -> dict[int, list[GrantRow]]:
    found = RoleGrant.objects.filter(user_id__in=user_ids).select_related("entity", "granted_by")
    if entity_ids is not None:
        found = found.filter(entity_id__in=entity_ids)
    rows: dict[int, list[GrantRow]] = defaultdict(list)
    for grant in found.order_by("entity__code", "role"):
        by = grant.granted_by
        rows[grant.user_id].append(
            GrantRow(
                entity_id=grant.entity_id,
                entity_code=grant.entity.code,
                entity_name=grant.entity.name,
                role=grant.role,
                reach=grant.reach,
                granted_at=grant.granted_at,
                granted_by=(by.get_full_name() or by.get_username()) if by else "",
            )
        )
    return rows


@dataclass(frozen=True, slots=True)
class TeamRow:
    id: int
    name: str
    manager_id: int | None
    manager: str
    member_ids: list[int]
    members: list[str]


def team_rows() -> list[TeamRow]:
    """Every team, by name."""
    rows = []
    for team in Team.objects.select_related("manager").prefetch_related("members").order_by("name"):
        members = sorted(team.members.all(), key=lambda user: user.username)
        rows.append(
            TeamRow(
                id=team.pk,
                name=team.name,
                manager_id=team.manager_id,
                manager=name_of(team.manager) if team.manager else "",
                member_ids=[user.pk for user in members],
                members=[name_of(user) for user in members],
            )
        )
    return rows


def name_of(user: User) -> str:
    """As shown beside what the person did."""
    return user.get_full_name() or user.get_username()
