"""Whose customers are: the owner and the collector of each customer account, and who can be one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from huikuan.core.rights import ROLE_RIGHTS, Right
from huikuan.queries.directory import account_rows, actors_of, customer_row, external_ids_of, find_customers
from huikuan.queries.frame import Frame
from huikuan.queries.listing import Page
from huikuan.queries.people import name_of
from huikuan.store.models import Customer, CustomerAccount, RoleGrant, User
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
    found = customer_row(number) if number is not None else None
    if number is None or found is None:
        return []
    accounts = account_rows(frame, number)
    people = actors_of(one for account in accounts for one in (account.owner_id, account.collector_id))
    numbers = external_ids_of(frame, [number]).get(number, [])
    return [_row(account, found, numbers, people) for account in accounts]


def assigned_page(
    frame: Frame, entity_id: int, *, search: str = "", whose: str = "", page: int = 1, size: int = 50
) -> Page[Assigned]:
    """Customer accounts of an entity by name. ``whose``: a person's number, or ``nobody`` for those without an owner;
    ``search`` as in the list of customers."""
    found = CustomerAccount.objects.filter(frame.visible(""), entity_id=entity_id)
    if whose == "nobody":
        found = found.filter(owner=None)
    elif whose.isascii() and whose.isdigit() and len(whose) < 19:
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
    listed = list(accounts.select_related("entity", "customer"))
    people = actors_of(one for account in listed for one in (account.owner_id, account.collector_id))
    numbers = external_ids_of(frame, [account.customer_id for account in listed])
    return [_row(account, account.customer, numbers.get(account.customer_id, []), people) for account in listed]


def _row(
    account: CustomerAccount, customer: Customer, numbers: list[str], people: Mapping[int | None, str]
) -> Assigned:
    return Assigned(
        account_id=account.pk,
        entity_id=account.entity_id,
        entity_code=account.entity.code,
        entity_name=account.entity.name,
        customer_public_id=public_id("cus", customer.pk),
        customer_name=customer.name,
        external_id=numbers[0] if numbers else "",
        owner_id=account.owner_id,
        owner=people.get(account.owner_id, ""),
        collector_id=account.collector_id,
        collector=people.get(account.collector_id, ""),
    )
