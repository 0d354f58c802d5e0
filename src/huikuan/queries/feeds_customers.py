"""Customers for programs: master data and accounts, in the order in which they came."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from huikuan.queries.directory import accounts_of
from huikuan.queries.feeds import Slice
from huikuan.queries.frame import Frame
from huikuan.store.models import Customer, CustomerAccount, CustomerRef
from huikuan.store.public_ids import inner_id, public_id


@dataclass(frozen=True, slots=True)
class RefFacts:
    """A number a source knows the account by."""

    source: str
    external_id: str


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """A customer's account with an entity. ``owner`` and ``collector`` are user names."""

    entity: str
    currency: str
    terms_days: int | None
    credit_limit_minor: int | None
    owner: str
    collector: str
    refs: tuple[RefFacts, ...]


@dataclass(frozen=True, slots=True)
class CustomerFacts:
    """A customer and its accounts in the frame. ``parent`` is the opaque id of the group's head, where it is seen."""

    customer: Customer
    public_id: str
    parent: str
    aliases: tuple[str, ...]
    accounts: tuple[AccountFacts, ...]


def customer_slice(
    frame: Frame, *, external_id: str = "", registration_number: str = "", after: int, limit: int
) -> Slice[CustomerFacts]:
    """Customers with an account the frame shows."""
    mine = CustomerAccount.objects.filter(frame.visible(""))
    if external_id:
        mine = mine.filter(refs__external_id=external_id)
    found = Customer.objects.filter(id__gt=after, id__in=mine.values("customer_id"))
    if registration_number:
        found = found.filter(registration_number=registration_number)
    rows = list(found.order_by("id")[: limit + 1])
    shown = rows[:limit]
    return Slice(_facts(frame, shown), shown[-1].pk if shown else None, len(rows) > limit)


def one_customer(frame: Frame, text: str) -> CustomerFacts | None:
    """A customer by its opaque id. ``None`` where the frame shows no account of it."""
    number = inner_id("cus", text)
    if number is None or not accounts_of(frame, number):
        return None
    return next(iter(_facts(frame, list(Customer.objects.filter(id=number)))), None)


def customer_of_account(frame: Frame, account_id: int) -> CustomerFacts | None:
    """The customer of an account, from the database alone."""
    found = Customer.objects.filter(accounts__id=account_id)
    return next(iter(_facts(frame, list(found))), None)


def _facts(frame: Frame, customers: Sequence[Customer]) -> list[CustomerFacts]:
    numbers = [customer.pk for customer in customers]
    aliases: dict[int, list[str]] = defaultdict(list)
    for customer in Customer.objects.filter(id__in=numbers).prefetch_related("aliases"):
        aliases[customer.pk] = sorted(alias.name for alias in customer.aliases.all())
    accounts: dict[int, list[AccountFacts]] = defaultdict(list)
    refs: dict[int, list[RefFacts]] = defaultdict(list)
    mine = CustomerAccount.objects.filter(frame.visible(""), customer_id__in=numbers)
    for source, external_id, account_id in (
        CustomerRef.objects.filter(account__in=mine)
        .order_by("id")
        .values_list("source__code", "external_id", "account_id")
    ):
        refs[account_id].append(RefFacts(source, external_id))
    for account in mine.select_related("entity", "owner", "collector").order_by("entity__code", "id"):
        accounts[account.customer_id].append(_account(account, tuple(refs[account.pk])))
    parents = {customer.parent_id for customer in customers if customer.parent_id is not None}
    seen = CustomerAccount.objects.filter(frame.visible(""), customer_id__in=parents)
    shown_parents = set(seen.values_list("customer_id", flat=True))
    return [
        CustomerFacts(
            customer,
            public_id("cus", customer.pk),
            public_id("cus", customer.parent_id) if customer.parent_id in shown_parents and customer.parent_id else "",
            tuple(aliases[customer.pk]),
            tuple(accounts[customer.pk]),
        )
        for customer in customers
    ]


def _account(account: CustomerAccount, refs: tuple[RefFacts, ...]) -> AccountFacts:
    return AccountFacts(
        entity=account.entity.code,
        currency=account.entity.currency,
        terms_days=account.terms_days,
        credit_limit_minor=account.credit_limit_minor,
        owner=account.owner.get_username() if account.owner else "",
        collector=account.collector.get_username() if account.collector else "",
        refs=refs,
    )
