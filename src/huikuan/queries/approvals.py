"""Approvals as people see them: what waits for me, what I asked for, everything; one request with its steps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from huikuan.core.approvals import ApprovalKind, ApprovalState, ApprovalStep, next_step
from huikuan.core.rights import Role
from huikuan.queries.deciders import Decider, steps_of, taken_of
from huikuan.queries.feeds import Slice
from huikuan.queries.listing import Page
from huikuan.store.models import (
    Absence,
    ApprovalDecision,
    ApprovalRequest,
    ApprovalRule,
    Entity,
    OpenItem,
    Receipt,
    RoleGrant,
    User,
)
from huikuan.store.public_ids import public_id


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step of a request. ``decided_by`` is empty while it waits."""

    number: int
    role: str
    from_minor: int
    approved: bool | None = None
    note: str = ""
    decided_by: str = ""
    on_behalf_of: str = ""
    decided_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ApprovalRow:
    """A request for approval. ``facts``: what was asked for, as its kind keeps it; ``waits_for``: the role of the step
    that waits; ``mine``: this person may decide it now; ``asked_by_me``: this person may withdraw it."""

    id: int
    kind: str
    state: str
    title: str
    amount_minor: int
    currency: str
    base_minor: int
    entity_id: int
    entity_name: str
    entity_currency: str
    customer_name: str
    customer_public_id: str
    page: str
    page_id: str
    on: date
    reason: str
    facts: Mapping[str, Any]
    requested_by: str
    requested_at: datetime
    closed_at: datetime | None
    waits_for: str
    mine: bool
    asked_by_me: bool
    entry_public_id: str
    steps: tuple[StepRow, ...]


@dataclass(frozen=True, slots=True)
class AbsenceRow:
    id: int
    person: str
    deputy: str
    first_day: date
    last_day: date
    is_mine: bool


def approval_page(
    *, user_id: int, entity_ids: Iterable[int], which: str, today: date, page: int = 1, size: int = 50
) -> Page[ApprovalRow]:
    """Requests of the entities a person sees. ``which``: waiting (for a decision of this person), asked (by this
    person), all. One who holds nothing there sees only what concerns him or her."""
    found = ApprovalRequest.objects.select_related(
        "entity", "account__customer", "requested_by", "entry"
    ).prefetch_related("decisions__decided_by", "decisions__on_behalf_of")
    found = found.order_by("-requested_at", "-id")
    decider = Decider(user_id, today)
    seen = set(entity_ids)
    if which == "asked":
        found = found.filter(requested_by_id=user_id)
    elif which == "waiting":
        found = found.filter(state=ApprovalState.OPEN)
        rows = [one for one in (_row(row, decider) for row in found) if one.mine]
        start = (page - 1) * size
        return Page(rows[start : start + size], len(rows), page, size)
    else:
        found = found.filter(entity_id__in=seen)
    start = (page - 1) * size
    return Page([_row(row, decider) for row in found[start : start + size]], found.count(), page, size)


def approval_slice(
    *,
    user_id: int,
    within: Iterable[int],
    entity_ids: Iterable[int],
    which: str,
    today: date,
    after: int,
    limit: int,
) -> Slice[ApprovalRow]:
    """Requests of the entities ``within``, in the order in which they were asked. ``entity_ids``: those of which every
    request is seen; of the others, what concerns this person."""
    found = ApprovalRequest.objects.select_related(
        "entity", "account__customer", "requested_by", "entry"
    ).prefetch_related("decisions__decided_by", "decisions__on_behalf_of")
    found = found.filter(entity_id__in=list(within), id__gt=after).order_by("id")
    if which == "asked":
        found = found.filter(requested_by_id=user_id)
    elif which == "waiting":
        found = found.filter(state=ApprovalState.OPEN)
    decider, whole = Decider(user_id, today), set(entity_ids)
    rows: list[ApprovalRow] = []
    for request in found.iterator(chunk_size=200):
        row = _row(request, decider)
        took = any(one.decided_by_id == user_id for one in request.decisions.all())
        concerns = row.mine or row.asked_by_me or took
        if row.mine if which == "waiting" else concerns or row.entity_id in whole:
            rows.append(row)
            if len(rows) > limit:
                break
    shown = rows[:limit]
    return Slice(shown, shown[-1].id if shown else None, len(rows) > limit)


def approval(request_id: int, *, user_id: int, entity_ids: Iterable[int], today: date) -> ApprovalRow | None:
    """One request; ``None`` for who neither asked, nor may decide, nor sees its whole entity."""
    found = ApprovalRequest.objects.select_related("entity", "account__customer", "requested_by", "entry")
    row = found.filter(id=request_id).first()
    if row is None:
        return None
    one = _row(row, Decider(user_id, today))
    took = row.decisions.filter(decided_by_id=user_id).exists()
    return one if one.mine or one.asked_by_me or took or row.entity_id in set(entity_ids) else None


def request_waiting(subject: str) -> int | None:
    """The request about a subject (such as ``bill:12``) that waits for its decision."""
    found = ApprovalRequest.objects.filter(subject=subject, state=ApprovalState.OPEN).order_by("id")
    return found.values_list("id", flat=True).first()


def approvals_waiting(user_id: int, today: date) -> int:
    """How many requests wait for this person."""
    decider = Decider(user_id, today)
    found = ApprovalRequest.objects.filter(state=ApprovalState.OPEN).select_related("account")
    count = 0
    for row in found.prefetch_related("decisions"):
        steps, taken = steps_of(row), taken_of(row.decisions.all())
        count += decider.may(row, next_step(steps, taken), taken)
    return count


def ladders(entity_ids: Iterable[int]) -> dict[tuple[int, str], list[ApprovalStep]]:
    """The steps by entity and kind of deed."""
    found: dict[tuple[int, str], list[ApprovalStep]] = {}
    for row in ApprovalRule.objects.filter(entity_id__in=list(entity_ids)).order_by("number"):
        step = ApprovalStep(row.number, Role(row.role), row.from_minor)
        found.setdefault((row.entity_id, row.kind), []).append(step)
    return found


def roles_held(entity_ids: Iterable[int]) -> set[tuple[int, str]]:
    """Roles somebody active holds in an entity: a step of any other waits for a superuser."""
    found = RoleGrant.objects.filter(entity_id__in=list(entity_ids), user__is_active=True)
    return set(found.values_list("entity_id", "role"))


def absences(user_id: int, today: date, *, everybody: bool = False) -> list[AbsenceRow]:
    """Absences that have not ended: the person's own, those the person stands in for, or everybody's."""
    rows = Absence.objects.filter(last_day__gte=today).select_related("user", "deputy").order_by("first_day", "id")
    return [
        AbsenceRow(row.pk, name_of(row.user), name_of(row.deputy), row.first_day, row.last_day, row.user_id == user_id)
        for row in rows
        if everybody or user_id in (row.user_id, row.deputy_id)
    ]


def colleagues(user_id: int) -> list[tuple[int, str]]:
    """Who could stand in for a person: those who share an entity, by name."""
    person = User.objects.filter(id=user_id).first()
    found = User.objects.filter(is_active=True).exclude(id=user_id)
    if person is not None and not person.is_superuser:
        entities = Entity.objects.filter(grants__user_id=user_id)
        found = found.filter(grants__entity__in=entities).distinct()
    return sorted(((row.pk, name_of(row)) for row in found), key=lambda one: one[1])


def name_of(user: Any) -> str:
    return (user.get_full_name() or user.username) if user is not None else ""


def _row(row: ApprovalRequest, decider: Decider) -> ApprovalRow:
    steps, decisions = steps_of(row), list(row.decisions.all())
    waiting = next_step(steps, taken_of(decisions)) if row.state == ApprovalState.OPEN else None
    by_number = {one.number: one for one in decisions}
    page, page_id, on = _about(row)
    customer = row.account.customer if row.account else None
    return ApprovalRow(
        id=row.pk,
        kind=ApprovalKind(row.kind).value,
        state=row.state,
        title=row.title,
        amount_minor=abs(row.amount_minor),
        currency=row.currency,
        base_minor=abs(row.base_minor),
        entity_id=row.entity_id,
        entity_name=row.entity.name,
        entity_currency=row.entity.currency,
        customer_name=customer.name if customer else "",
        customer_public_id=public_id("cus", customer.pk) if customer else "",
        page=page,
        page_id=page_id,
        on=on,
        reason=row.reason,
        facts=row.facts,
        requested_by=name_of(row.requested_by),
        requested_at=row.requested_at,
        closed_at=row.closed_at,
        waits_for=waiting.role.value if waiting else "",
        mine=decider.may(row, waiting, taken_of(decisions)),
        asked_by_me=row.requested_by_id == decider.user_id,
        entry_public_id=public_id("ent", row.entry_id) if row.entry_id else "",
        steps=tuple(_step(step, by_number.get(step.number)) for step in steps),
    )


def _step(step: ApprovalStep, taken: ApprovalDecision | None) -> StepRow:
    if taken is None:
        return StepRow(step.number, step.role.value, step.from_minor)
    return StepRow(
        step.number,
        step.role.value,
        step.from_minor,
        taken.approved,
        taken.note,
        name_of(taken.decided_by),
        name_of(taken.on_behalf_of),
        taken.decided_at,
    )


def _about(row: ApprovalRequest) -> tuple[str, str, date]:
    """The page of what a request is about."""
    on = date.fromisoformat(row.facts["on"])
    kind, _colon, number = row.subject.partition(":")
    if kind == "receipt" and Receipt.objects.filter(id=int(number)).exists():
        return "receipt", public_id("rcp", int(number)), on
    if kind == "item" and OpenItem.objects.filter(id=int(number)).exists():
        return "item", public_id("itm", int(number)), on
    if kind == "bill":
        return "note", public_id("bil", int(number)), on
    if kind == "agreement":
        return "agreement", public_id("agr", int(number)), on
    return "", "", on
