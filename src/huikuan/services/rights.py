"""Asking whether a person may: services call ``demand`` before they change anything. Where a program acts with a key,
the key must name the right as well, for what a deed brings with it too."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q

from huikuan.core.accounts import CONTROL_ACCOUNTS
from huikuan.core.journal import PostingDraft
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.queries.grants import held_by, held_in, is_chief, narrowing
from huikuan.store.models import CustomerAccount, Entity

_PART = 500


class Forbidden(Refusal):
    """The person may not do this (HTTP 403)."""


def rights_in(actor_id: int, entity_id: int) -> frozenset[Right]:
    """Everything a person may do in an entity, for some customers at least. A superuser may do everything."""
    return held_in(actor_id, entity_id).rights


def demand(actor_id: int | None, right: Right, *, entity_id: int, account_id: int | None = None) -> None:
    """Refuses ``right.missing`` where the person may not. ``actor_id`` ``None`` is the system or the shell, which may.

    ``account_id``: the customer account it is about, which must be in the person's reach (``right.out_of_reach``).
    Without one it is about the whole entity, or about money nobody knows the owner of: the right must be held for all
    customers.
    """
    demand_accounts(actor_id, right, entity_id=entity_id, account_ids=[account_id])


def demand_accounts(actor_id: int | None, right: Right, *, entity_id: int, account_ids: Iterable[int | None]) -> None:
    """``demand`` for several customer accounts of an entity at once; ``None`` among them is nobody's account."""
    if actor_id is None:
        return
    held = held_in(actor_id, entity_id)
    if not held.can(right):
        raise missing(right)
    people = held.people(right)
    if people is None:
        return
    wanted = set(account_ids)
    if None in wanted or _in_reach(entity_id, people, wanted) < len(wanted):
        raise out_of_reach(right)


def demand_some(actor_id: int | None, right: Right, *, entity_id: int) -> None:
    """Refuses ``right.missing`` to one who does not hold the right for any customer, before anything is looked at:
    ``demand_accounts`` follows when it is known whose accounts it is about."""
    if actor_id is not None and not held_in(actor_id, entity_id).can(right):
        raise missing(right)


def demand_legs(actor_id: int | None, right: Right, *, entity_id: int, legs: Iterable[PostingDraft]) -> None:
    """``demand`` for a posting: every customer account it moves something on; where it is on none (or on money nobody
    knows the owner of), the right must be held for all customers."""
    if actor_id is not None:
        demand_accounts(actor_id, right, entity_id=entity_id, account_ids=moved_by(legs))


def moved_by(legs: Iterable[PostingDraft]) -> set[int | None]:
    """The customer accounts a posting moves something on; ``None`` among them is nobody's money."""
    return {leg.account_id for leg in legs if leg.ledger_account in CONTROL_ACCOUNTS} or {None}


def demand_seen(actor_id: int | None, right: Right, *, entity_id: int) -> None:
    """``demand`` for taking out what one sees in an entity: the right must be held for every customer that is seen."""
    if actor_id is None:
        return
    held = held_in(actor_id, entity_id)
    people, seen = held.people(right), held.people(Right.SEE_LEDGER)
    if people is not None and (not people or seen is None or not seen <= people):
        raise missing(right)


def demand_rates(actor_id: int | None, base: str) -> None:
    """``demand`` for exchange rates into a currency: of one of the entities whose books are kept in it; where there is
    none, of any."""
    if actor_id is None:
        return
    books = set(Entity.objects.filter(currency=base).values_list("id", flat=True))
    held = held_by(actor_id)
    if not books:
        demand_anywhere(actor_id, Right.EDIT_RATES)
    elif not any(Right.EDIT_RATES in held[entity_id].whole for entity_id in books & held.keys()):
        raise missing(Right.EDIT_RATES)


def demand_customer(actor_id: int | None, right: Right, *, customer_id: int) -> None:
    """``demand`` for what belongs to a customer of the whole group: the right must be held for one of its accounts at
    least, or, for a customer without any, in some entity for all customers."""
    if actor_id is None:
        return
    held = held_by(actor_id)
    accounts = list(CustomerAccount.objects.filter(customer_id=customer_id).values_list("id", "entity_id"))
    if not accounts and any(right in one.whole for one in held.values()):
        return
    for account_id, entity_id in accounts:
        people = held[entity_id].people(right) if entity_id in held else frozenset()
        if people is None or (people and _in_reach(entity_id, people, {account_id})):
            return
    raise missing(right)


def demand_anywhere(actor_id: int | None, right: Right) -> None:
    """``demand`` for what belongs to no entity: the right must be held for all customers of one at least."""
    if actor_id is None or any(right in held.whole for held in held_by(actor_id).values()):
        return
    if not is_chief(actor_id):
        raise missing(right)


def missing(right: Right) -> Forbidden:
    if narrowing.get() is not None:
        return Forbidden(
            "right.missing", "The key, or its person's roles, do not allow this here: {right}.", right=right.value
        )
    return Forbidden("right.missing", "Your roles do not allow this here: {right}.", right=right.value)


def out_of_reach(right: Right) -> Forbidden:
    """For one who holds the right for some customers, where others (or the whole entity) are concerned."""
    return Forbidden("right.out_of_reach", "Your roles allow this for some customers only: {right}.", right=right.value)


def _in_reach(entity_id: int, people: frozenset[int], account_ids: Iterable[int | None]) -> int:
    """How many of the accounts these people own or collect from."""
    wanted = sorted(number for number in account_ids if number is not None)
    theirs = CustomerAccount.objects.filter(Q(owner__in=people) | Q(collector__in=people), entity_id=entity_id)
    return sum(theirs.filter(id__in=wanted[start : start + _PART]).count() for start in range(0, len(wanted), _PART))
