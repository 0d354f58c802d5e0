"""Customers and their accounts with our entities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from huikuan.core.clocks import zone_names
from huikuan.core.money import exponent_of
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right, Role
from huikuan.core.texts import NAME_MAX, TEXT_MAX, check_texts
from huikuan.services.auditing import record
from huikuan.services.customer_names import refresh_search_text
from huikuan.services.rights import demand, demand_anywhere
from huikuan.services.sources import source_id_of
from huikuan.services.telling import tell_customers
from huikuan.services.transaction import run_in_transaction
from huikuan.store.models import (
    Customer,
    CustomerAccount,
    CustomerAlias,
    CustomerPayerAccount,
    CustomerRef,
    Entity,
    RoleGrant,
    User,
)
from huikuan.store.search import search_text_of


@dataclass(frozen=True, slots=True)
class NewCustomer:
    """A customer with the id a source knows it by. ``name`` may be what the source has, however odd."""

    external_id: str
    name: str
    aliases: tuple[str, ...] = ()
    registration_number: str = ""
    country: str = ""
    language: str = ""
    segment: str = ""
    payer_accounts: tuple[str, ...] = ()
    terms_days: int | None = None


_TEXTS = {"external_id": TEXT_MAX, "name": NAME_MAX, "registration_number": 40, "country": 2, "segment": 60}


def add_entity(
    code: str,
    name: str,
    currency: str,
    *,
    timezone: str = "UTC",
    country: str = "",
    actor_id: int | None,
    now: datetime,
) -> int:
    """Opens a legal entity's books. Refuses ``entity.exists``, ``money.unknown_currency`` and ``entity.bad_zone``."""
    exponent_of(currency)
    if timezone not in zone_names():
        raise Refusal("entity.bad_zone", "{zone!r} is not a time zone", zone=timezone)

    def work() -> int:
        demand_anywhere(actor_id, Right.MANAGE_SYSTEM)
        if Entity.objects.filter(code=code).exists():
            raise Refusal("entity.exists", "entity {entity} exists", entity=code)
        entity = Entity.objects.create(code=code, name=name, currency=currency, timezone=timezone, country=country)
        record("entity.add", now=now, actor_id=actor_id, entity_id=entity.id, code=code, currency=currency)
        make_first_administrator(entity.id, actor_id, now)
        return int(entity.id)

    return run_in_transaction(work)


def make_first_administrator(entity_id: int, actor_id: int | None, now: datetime) -> None:
    """Who opens books and is no superuser manages their people: somebody must."""
    if actor_id is None or User.objects.filter(id=actor_id, is_superuser=True).exists():
        return
    role = Role.ADMINISTRATOR.value
    RoleGrant.objects.create(user_id=actor_id, entity_id=entity_id, role=role, granted_at=now)
    record("people.grant", now=now, actor_id=None, entity_id=entity_id, subject=f"user:{actor_id}", role=role)


def add_customers(
    entity_id: int, customers: Sequence[NewCustomer], *, source: str, actor_id: int | None, now: datetime
) -> dict[str, int]:
    """Makes (or finds) customers and their accounts with an entity; gives account ids by external id.

    A known external id keeps its customer; name and master data are brought up to date, a former name stays as an
    alias. Only customers, never their ledger, change here.
    """

    for new in customers:
        check_texts(new, _TEXTS)

    def work() -> dict[str, int]:
        demand(actor_id, Right.EDIT_CUSTOMER, entity_id=entity_id)
        source_id = source_id_of(source)
        known = {
            ref.external_id: ref.account
            for ref in CustomerRef.objects.filter(
                source_id=source_id, entity_id=entity_id, external_id__in=[new.external_id for new in customers]
            ).select_related("account__customer", "account__origin")
        }
        accounts: dict[str, int] = {}
        for new in customers:
            account = known.get(new.external_id)
            if account is None:
                account = _create(entity_id, source_id, new, now)
            else:
                # What a source says of a duplicate is about the duplicate, also while it is merged into another.
                _update(account.origin or account.customer, new)
            accounts[new.external_id] = account.id
        record("customers.add", now=now, actor_id=actor_id, entity_id=entity_id, count=len(customers))
        changed = CustomerAccount.objects.filter(id__in=list(accounts.values()))
        tell_customers(changed.values_list("customer_id", flat=True), now=now)
        return accounts

    return run_in_transaction(work)


def _create(entity_id: int, source_id: int, new: NewCustomer, now: datetime) -> CustomerAccount:
    customer = Customer.objects.create(
        name=new.name,
        registration_number=new.registration_number,
        country=new.country,
        language=new.language,
        segment=new.segment,
        search_text=search_text_of(new.name, new.aliases),
    )
    _add_names_and_accounts(customer, new)
    account = CustomerAccount.objects.create(
        customer=customer, entity_id=entity_id, terms_days=new.terms_days, created_at=now
    )
    CustomerRef.objects.create(source_id=source_id, entity_id=entity_id, external_id=new.external_id, account=account)
    return account


def _update(customer: Customer, new: NewCustomer) -> None:
    if new.name and new.name != customer.name:
        CustomerAlias.objects.get_or_create(customer=customer, name=customer.name, defaults={"is_former": True})
        customer.name = new.name
    for field in ("registration_number", "country", "language", "segment"):
        if getattr(new, field):
            setattr(customer, field, getattr(new, field))
    _add_names_and_accounts(customer, new)
    customer.save()
    refresh_search_text(customer.id)


def _add_names_and_accounts(customer: Customer, new: NewCustomer) -> None:
    for alias in new.aliases:
        CustomerAlias.objects.get_or_create(customer=customer, name=alias)
    for number in new.payer_accounts:
        CustomerPayerAccount.objects.get_or_create(customer=customer, number=number)
