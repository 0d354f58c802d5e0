"""Short payments: cases listed by deadline, one with what was done about it, and what waits for a person.

Cases are what they are now, whatever day the frame is on; who may see a customer's items sees its cases.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from huikuan.core.approvals import ApprovalKind, ApprovalState
from huikuan.core.short_payments import LIVE, ShortPaymentState
from huikuan.queries.directory import actors_of, find_customers
from huikuan.queries.feeds import Slice
from huikuan.queries.frame import Frame
from huikuan.queries.listing import Page, slice_of
from huikuan.queries.presence import item_has
from huikuan.store.models import ApprovalRequest, RoleGrant, ShortPayment, ShortPaymentEvent, ShortPaymentReason, User
from huikuan.store.public_ids import inner_id, public_id

WHICH = ("open", "late", "rejected", "accepted", "paid", "withdrawn", "all")
_SORTS = {
    "document": "item__document_number",
    "deadline": "deadline",
    "amount": "amount_minor",
    "opened": "opened_on",
    "customer": "account__customer__name",
}


@dataclass(frozen=True, slots=True)
class ShortPaymentRow:
    """A case. ``amount_minor`` is held back of an item of ``item_minor``; ``days_left`` to the deadline, negative when
    it is past, 0 for a case that is decided. ``owner_role``: whom it falls to where it has no owner. ``reason_name``:
    an entity's own reason. ``approval_id``: a request for approval that waits for its decision."""

    id: int
    public_id: str
    state: str
    outcome: str
    reason_code: str
    reason_name: str
    document_number: str
    item_public_id: str
    item_minor: int
    customer_name: str
    customer_public_id: str
    entity_id: int
    entity_code: str
    currency: str
    amount_minor: int
    owner: str
    owner_id: int | None
    owner_role: str
    opened_on: date
    deadline: date
    days_left: int
    receipt_public_id: str
    receipt_reference: str
    entry_public_id: str
    settling_public_id: str
    approval_id: int | None

    @property
    def is_live(self) -> bool:
        return self.state in LIVE

    @property
    def is_late(self) -> bool:
        return self.state == ShortPaymentState.OPEN and self.days_left < 0


@dataclass(frozen=True, slots=True)
class ShortPaymentTotal:
    currency: str
    cases: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class EventRow:
    """Something done with a case; ``owner`` is a person's name, the rest as it was then."""

    at: datetime
    actor: str
    code: str
    note: str
    reason_code: str
    owner: str
    deadline: str
    amount_minor: int | None
    outcome: str


@dataclass(frozen=True, slots=True)
class ShortPaymentFilters:
    """``which``: open, late, another state, or all. ``owner``: the user name of a person to whom they fall."""

    which: str = "open"
    owner: str = ""
    search: str = ""
    customer: str = ""
    reason: str = ""
    currency: str = ""
    item: str = ""


def short_payment_page(
    frame: Frame, filters: ShortPaymentFilters, *, sort: str = "deadline", page: int = 1, size: int = 50
) -> Page[ShortPaymentRow]:
    """Cases the frame shows; ``sort``: document, deadline, amount, opened, customer."""
    found = _found(frame, filters)
    name = sort.removeprefix("-")
    way = "-" if sort.startswith("-") else ""
    order = [f"{way}{_SORTS.get(name, 'deadline')}", "id"]
    totals = found.order_by().values("currency").annotate(cases=Count("id"), amount=Sum("amount_minor"))
    start, count = slice_of(page, size)
    rows = _rows(frame, list(found.order_by(*order)[start : start + count]))
    lines = {row["currency"]: ShortPaymentTotal(row["currency"], row["cases"], int(row["amount"])) for row in totals}
    return Page(rows, sum(line.cases for line in lines.values()), page, size, lines)


def short_payment_counts(frame: Frame) -> dict[str, int]:
    """How many cases stand in each choice of ``WHICH`` that waits for somebody: open, late, rejected."""
    found = ShortPayment.objects.filter(frame.visible())
    live = found.filter(state=ShortPaymentState.OPEN)
    return {
        "open": live.count(),
        "late": live.filter(deadline__lt=frame.today).count(),
        "rejected": found.filter(state=ShortPaymentState.REJECTED).count(),
    }


def short_payments_waiting(frame: Frame, user_id: int) -> tuple[int, int]:
    """Open cases that fall to this person, and how many of them are past their deadline."""
    mine = _of(ShortPayment.objects.filter(frame.visible(), state=ShortPaymentState.OPEN), user_id)
    found = mine.aggregate(all=Count("id"), late=Count("id", filter=Q(deadline__lt=frame.today)))
    return int(found["all"]), int(found["late"])


def short_payment(frame: Frame, text: str) -> ShortPaymentRow | None:
    """One case; ``None`` where the frame has no such case."""
    number = inner_id("shp", text)
    found = [] if number is None else list(_with_facts(ShortPayment.objects.filter(frame.visible(), id=number)))
    return _rows(frame, found)[0] if found else None


def events_of(case_id: int) -> list[EventRow]:
    """What was done with a case, the first first."""
    events = list(ShortPaymentEvent.objects.filter(case_id=case_id).order_by("id"))
    people = actors_of({one.actor_id for one in events} | {one.data.get("owner") for one in events})
    return [
        EventRow(
            at=one.at,
            actor=people.get(one.actor_id, ""),
            code=one.code,
            note=one.note,
            reason_code=str(one.data.get("reason", "")),
            owner=people.get(one.data.get("owner"), ""),
            deadline=str(one.data.get("deadline", "")),
            amount_minor=one.data.get("amount"),
            outcome=str(one.data.get("outcome", "")),
        )
        for one in events
    ]


def short_payments_of_item(frame: Frame, item_text: str) -> list[ShortPaymentRow]:
    """The cases of an item, the latest first."""
    number = inner_id("itm", item_text)
    if number is None or "short_payments" not in item_has(number):
        return []
    return _rows(frame, list(_with_facts(ShortPayment.objects.filter(frame.visible(), item_id=number)).order_by("-id")))


def short_payments_of_customer(frame: Frame, account_ids: Sequence[int], limit: int = 10) -> list[ShortPaymentRow]:
    """The cases of a customer that are not closed, the nearest deadline first."""
    found = ShortPayment.objects.filter(frame.visible(), account_id__in=list(account_ids), state__in=LIVE)
    return _rows(frame, list(_with_facts(found).order_by("deadline", "id")[:limit]))


def short_payment_slice(
    frame: Frame, *, states: Iterable[str], customer: str = "", after: int, limit: int
) -> Slice[ShortPaymentRow]:
    """Cases in the order in which they were opened."""
    found = ShortPayment.objects.filter(frame.visible(), id__gt=after)
    if wanted := list(states):
        found = found.filter(state__in=wanted)
    if customer:
        found = found.filter(account__customer_id=inner_id("cus", customer) or 0)
    rows = list(_with_facts(found).order_by("id")[: limit + 1])
    shown = rows[:limit]
    return Slice(_rows(frame, shown), shown[-1].pk if shown else None, len(rows) > limit)


def who_may_own(entity_id: int) -> list[tuple[int, str]]:
    """People who hold a role in the entity, by name."""
    held = RoleGrant.objects.filter(entity_id=entity_id).values("user_id")
    people = User.objects.filter(Q(id__in=held) | Q(is_superuser=True), is_active=True)
    return sorted(((one.pk, one.get_full_name() or one.get_username()) for one in people), key=lambda row: row[1])


def _found(frame: Frame, filters: ShortPaymentFilters) -> QuerySet[ShortPayment]:
    found = _with_facts(ShortPayment.objects.filter(frame.visible()))
    which = filters.which
    if which == "late":
        found = found.filter(state=ShortPaymentState.OPEN, deadline__lt=frame.today)
    elif which != "all":
        found = found.filter(state=which)
    if filters.owner:
        found = _of(found, User.objects.filter(username=filters.owner).values_list("id", flat=True).first() or 0)
    if filters.customer:
        found = found.filter(account__customer_id=inner_id("cus", filters.customer) or 0)
    if filters.item:
        found = found.filter(item_id=inner_id("itm", filters.item) or 0)
    if filters.reason:
        found = found.filter(reason_code=filters.reason)
    if filters.currency:
        found = found.filter(currency=filters.currency)
    if text := filters.search.strip():
        customers = find_customers(frame, text)
        found = found.filter(Q(item__document_number__icontains=text) | Q(account__customer_id__in=customers))
    return found


def _of(found: QuerySet[ShortPayment], user_id: int) -> QuerySet[ShortPayment]:
    """Those a person owns, and those nobody owns that fall to a role of the person's."""
    mine = Q(owner_id=user_id)
    for entity_id, role in RoleGrant.objects.filter(user_id=user_id).values_list("entity_id", "role"):
        mine |= Q(owner__isnull=True, entity_id=entity_id, owner_role=role)
    return found.filter(mine)


def _with_facts(found: QuerySet[ShortPayment]) -> QuerySet[ShortPayment]:
    return found.select_related("item", "account__customer", "entity", "owner", "receipt")


def _rows(frame: Frame, found: Sequence[ShortPayment]) -> list[ShortPaymentRow]:
    own = ShortPaymentReason.objects.filter(entity_id__in={one.entity_id for one in found}).exclude(name="")
    names = {(entity_id, code): name for entity_id, code, name in own.values_list("entity_id", "code", "name")}
    waiting = dict(
        ApprovalRequest.objects.filter(
            subject__in={f"item:{one.item_id}" for one in found if one.state in LIVE},
            kind__in=[ApprovalKind.SHORT_PAYMENT, ApprovalKind.WRITE_OFF],
            state=ApprovalState.OPEN,
        ).values_list("subject", "id")
    )
    return [_row(frame, one, names.get((one.entity_id, one.reason_code), ""), waiting) for one in found]


def _row(frame: Frame, case: ShortPayment, reason_name: str, waiting: dict[str, int]) -> ShortPaymentRow:
    owner: Any = case.owner
    receipt = case.receipt
    return ShortPaymentRow(
        id=case.pk,
        public_id=public_id("shp", case.pk),
        state=case.state,
        outcome=case.outcome,
        reason_code=case.reason_code,
        reason_name=reason_name,
        document_number=case.item.document_number,
        item_public_id=public_id("itm", case.item_id),
        item_minor=case.item.amount_minor,
        customer_name=case.account.customer.name,
        customer_public_id=public_id("cus", case.account.customer_id),
        entity_id=case.entity_id,
        entity_code=case.entity.code,
        currency=case.currency,
        amount_minor=case.amount_minor,
        owner=(owner.get_full_name() or owner.get_username()) if owner else "",
        owner_id=case.owner_id,
        owner_role=case.owner_role,
        opened_on=case.opened_on,
        deadline=case.deadline,
        days_left=(case.deadline - frame.today).days if case.state in LIVE else 0,
        receipt_public_id=public_id("rcp", receipt.pk) if receipt is not None else "",
        receipt_reference=(receipt.reference or receipt.external_id) if receipt is not None else "",
        entry_public_id=public_id("ent", case.entry_id) if case.entry_id else "",
        settling_public_id=public_id("ent", case.settling_entry_id) if case.settling_entry_id else "",
        approval_id=waiting.get(f"item:{case.item_id}"),
    )
