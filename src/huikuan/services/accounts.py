"""A customer's accounts with our entities: opening another one, its terms, its limit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.services.auditing import record
from huikuan.services.rights import demand, demand_accounts
from huikuan.services.sources import source_id_of
from huikuan.services.transaction import run_in_transaction
from huikuan.store.models import CustomerAccount, CustomerRef, Entity


@dataclass(frozen=True, slots=True)
class NewAccount:
    """Another account of the customer who has ``of_account_id``, under ``external_id`` in the source.

    ``credit_limit_minor`` is in the entity's currency.
    """

    of_account_id: int
    external_id: str
    terms_days: int | None = None
    credit_limit_minor: int | None = None


def open_accounts(
    entity_id: int, accounts: Sequence[NewAccount], *, source: str, actor_id: int | None, now: datetime
) -> dict[str, int]:
    """Opens accounts of known customers with another entity; gives their ids by external id, all or none.

    Refuses ``entity.unknown``, ``account.unknown``, ``account.exists`` (the customer has one with this entity) and
    ``account.other_customer`` (the external id is somebody else's there).
    """

    def work() -> dict[str, int]:
        if not Entity.objects.filter(id=entity_id).exists():
            raise Refusal("entity.unknown", "there is no entity {entity}", entity=entity_id)
        demand(actor_id, Right.EDIT_CUSTOMER, entity_id=entity_id)
        source_id = source_id_of(source)
        made = {new.external_id: _open(entity_id, source_id, new, now) for new in accounts}
        record("accounts.open", now=now, actor_id=actor_id, entity_id=entity_id, count=len(made))
        return made

    return run_in_transaction(work)


def _open(entity_id: int, source_id: int, new: NewAccount, now: datetime) -> int:
    known = CustomerAccount.objects.filter(id=new.of_account_id).first()
    if known is None:
        raise Refusal("account.unknown", "there is no account {account}", account=new.of_account_id)
    if CustomerAccount.objects.filter(customer_id=known.customer_id, entity_id=entity_id).exists():
        raise Refusal("account.exists", "{external_id} has an account with this entity", external_id=new.external_id)
    identity = {"source_id": source_id, "entity_id": entity_id, "external_id": new.external_id}
    if CustomerRef.objects.filter(**identity).exists():
        raise Refusal("account.other_customer", "{external_id} is another customer's here", external_id=new.external_id)
    account = CustomerAccount.objects.create(
        customer_id=known.customer_id,
        entity_id=entity_id,
        terms_days=new.terms_days,
        credit_limit_minor=new.credit_limit_minor,
        created_at=now,
    )
    CustomerRef.objects.create(**identity, account=account)
    return int(account.id)


def set_credit_limits(entity_id: int, limits: Mapping[int, int | None], *, actor_id: int | None, now: datetime) -> None:
    """Sets limits by account id, in minor units of the entity's currency; ``None`` is no limit.

    Refuses ``account.unknown`` and ``account.bad_limit`` (below zero).
    """

    def work() -> None:
        demand_accounts(actor_id, Right.EDIT_CUSTOMER, entity_id=entity_id, account_ids=limits)
        found = list(
            CustomerAccount.objects.select_for_update().filter(entity_id=entity_id, id__in=limits).order_by("id")
        )
        missing = set(limits) - {account.id for account in found}
        if missing:
            raise Refusal("account.unknown", "there is no account {account} in this entity", account=min(missing))
        for account in found:
            limit = limits[account.id]
            if limit is not None and limit < 0:
                raise Refusal("account.bad_limit", "a credit limit is not negative", account=account.id)
            account.credit_limit_minor = limit
        CustomerAccount.objects.bulk_update(found, ["credit_limit_minor"], batch_size=500)
        record("accounts.limit", now=now, actor_id=actor_id, entity_id=entity_id, count=len(found))

    run_in_transaction(work)
