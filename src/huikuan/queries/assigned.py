"""Whose customers are: the owner and the collector of each customer account, and who can be one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from huikuan.core.rights import ROLE_RIGHTS, Right
from huikuan.queries.directory import external_ids_of, find_customers
from huikuan.queries.frame import Frame
from huikuan.queries.listing import Page
from huikuan.queries.people import name_of
from huikuan.store.models import CustomerAccount, RoleGrant, User
from huikuan.store.public_ids import inner_id, public_id

SEEING = tuple(role.value for role, rights in ROLE_RIGHTS.items() if Right.SEE_LEDGER in rights)
"""Roles that see customers, some at least."""


@dataclass(frozen=True, slots=True)
class Assignable:
    """A person customers of an entity can be given to."""

    id: int
    name: str


def assignable(entity_id: int) -> list[Assignable]:
    """People let in who see customers of an entity, by name. Superusers are there to look after the system."""
    grants = RoleGrant.objects.filter(entity_id=entity_id, role__in=SEEING)
    people = User.objects.filter(id__in=grants.values("user_id"), is_active=True, is_superuser=False)
    return sorted((Assignable(user.pk, name_of(user)) for user in people), key=lambda one: one.name)


@dataclass(frozen=True, slots=True)
class Assigned:
    """Whose a customer account is; names are empty where it is nobody's."""

    account_id: int
    entity_id: int
    entity_code: str
    entity_name: str
    customer_public_id: str
    customer_name: str
    external_id: str
    owner_id: int | None
    owner: str
    collector_id: int | None
    collector: str


def assigned_of(frame: Frame, customer: str) -> list[Assigned]:
    """The accounts of a customer (by its opaque id) that the frame shows."""
    number = inner_id("cus", customer)
    if number is None:
        return []
    return _rows(frame, CustomerAccount.objects.filter(frame.visible(""), customer_id=number).order_by("entity__code"))


def assigned_page(
    frame: Frame, entity_id: int, *, search: str = "", whose: str = "", page: int = 1, size: int = 50
) -> Page[Assigned]:
    """Customer accounts of an entity by name. ``whose``: a person's number, or ``nobody`` for those without an owner;
    ``search`` as in the list of customers."""
    found = CustomerAccount.objects.filter(frame.visible(""), entity_id=entity_id)
    if whose == "nobody":
        found = found.filter(owner=None)
    elif whose.isdigit():
        found = found.filter(Q(owner_id=int(whose)) | Q(collector_id=int(whose)))
    if search:
        found = found.filter(customer_id__in=find_customers(frame, search))
    start = (max(page, 1) - 1) * size
    listed = found.order_by("customer__name", "id")[start : start + size]
    return Page(rows=_rows(frame, listed), total=found.count(), page=page, size=size)


def account_ids_of(frame: Frame, entity_id: int, customers: Iterable[str]) -> list[int]:
    """The accounts with an entity, as far as the frame shows them, of customers by their opaque ids."""
    numbers = [number for text in customers if (number := inner_id("cus", text)) is not None]
    mine = CustomerAccount.objects.filter(frame.visible(""), entity_id=entity_id, customer_id__in=numbers)
    return list(mine.order_by("id").values_list("id", flat=True))


def _rows(frame: Frame, accounts: QuerySet[CustomerAccount]) -> list[Assigned]:
    listed = list(accounts.select_related("entity", "customer", "owner", "collector"))
    numbers = external_ids_of(frame, [account.customer_id for account in listed])
    return [
        Assigned(
            account_id=account.pk,
            entity_id=account.entity_id,
            entity_code=account.entity.code,
            entity_name=account.entity.name,
            customer_public_id=public_id("cus", account.customer_id),
            customer_name=account.customer.name,
            external_id=next(iter(numbers.get(account.customer_id, ())), ""),
            owner_id=account.owner_id,
            owner=name_of(account.owner) if account.owner else "",
            collector_id=account.collector_id,
            collector=name_of(account.collector) if account.collector else "",
        )
        for account in listed
    ]
