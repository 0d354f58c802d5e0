"""Who may take a step of a request for approval: those who hold its role, and those who stand in for them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from huikuan.core.approvals import ApprovalState, ApprovalStep, Decided
from huikuan.core.rights import Role
from huikuan.queries.grants import team_of
from huikuan.store.models import Absence, ApprovalDecision, ApprovalRequest, RoleGrant, User


def steps_of(row: ApprovalRequest) -> tuple[ApprovalStep, ...]:
    """The steps of a request, as the ladder stood when it was asked."""
    return tuple(ApprovalStep(number, Role(role), amount) for number, role, amount in row.steps)


def taken_of(decisions: Iterable[ApprovalDecision]) -> list[Decided]:
    """Decisions as the rule knows them."""
    return [Decided(one.number, one.decided_by_id, one.approved) for one in decisions]


class Decider:
    """What a person may decide: the roles held by the person and by those the person stands in for on a day."""

    def __init__(self, user_id: int, today: date) -> None:
        self.user_id = user_id
        away = Absence.objects.filter(
            deputy_id=user_id, first_day__lte=today, last_day__gte=today, user__is_active=True
        )
        self.people = [
            user_id,
            *away.filter(user__is_active=True).order_by("user_id").values_list("user_id", flat=True),
        ]
        rows = User.objects.filter(id__in=self.people, is_superuser=True, is_active=True)
        self.superusers = set(rows.values_list("id", flat=True))
        grants = RoleGrant.objects.filter(user_id__in=self.people).values_list("user_id", "entity_id", "role", "reach")
        self.grants = {(user, entity, role): reach for user, entity, role, reach in grants}
        self.teams: dict[int, frozenset[int]] = {}

    def may(self, row: ApprovalRequest, step: ApprovalStep | None, taken: Iterable[Decided]) -> bool:
        """Whether this person may take the step that waits."""
        if step is None or row.state != ApprovalState.OPEN or row.requested_by_id == self.user_id:
            return False
        if any(one.by == self.user_id for one in taken):
            return False
        return bool(self.holders(row, step.role))

    def holders(self, row: ApprovalRequest, role: Role) -> list[int]:
        """Through whom this person may take a step of a role: himself or herself first, then whom the person stands in
        for; never through who asked."""
        return [user for user in self.people if user != row.requested_by_id and self._holds(user, row, role)]

    def _holds(self, user_id: int, row: ApprovalRequest, role: Role) -> bool:
        if user_id in self.superusers:
            return True
        reach = self.grants.get((user_id, row.entity_id, role.value))
        if reach is None or row.account is None:
            return reach == "all"
        if reach == "all":
            return True
        people = frozenset({user_id})
        if reach == "team":
            people = self.teams.setdefault(user_id, team_of(user_id))
        return bool({row.account.owner_id, row.account.collector_id} & people)
