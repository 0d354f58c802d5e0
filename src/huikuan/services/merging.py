"""Merging duplicates: the accounts of one customer go over to another, and come back exactly when it is undone.

The journal knows accounts only, so none of its rows changes; what the duplicate had of its own (names, people, notes,
payer accounts) stays with it and is shown with the survivor.
"""

from __future__ import annotations

from datetime import datetime

from huikuan.core.refusals import Conflict, Refusal
from huikuan.core.rights import Right
from huikuan.core.texts import check_text
from huikuan.services.auditing import record
from huikuan.services.customer_names import refresh_search_text
from huikuan.services.rights import demand
from huikuan.services.transaction import run_in_transaction
from huikuan.store.models import Customer, CustomerAccount, CustomerMerge, DistinctCustomers


def merge_customers(merged_id: int, survivor_id: int, *, reason: str, actor_id: int | None, now: datetime) -> int:
    """Says that customer ``merged_id`` is ``survivor_id``; gives the merge's id.

    Accounts stay accounts of their own, now of the survivor: its figures are the sum, and every entry stays where it
    is. Refuses ``merge.same``, ``merge.no_reason``, ``customer.unknown``, ``merge.gone`` (either has been merged into
    another already) and ``right.missing`` (the right in every entity where either has an account).
    """
    check_text("reason", reason, 300)
    if not reason.strip():
        raise Refusal("merge.no_reason", "Say how you know that they are the same.")
    if merged_id == survivor_id:
        raise Refusal("merge.same", "A customer cannot be merged into itself.")

    def work() -> int:
        rows = _locked(merged_id, survivor_id)
        merged, survivor = rows[merged_id], rows[survivor_id]
        for one in (merged, survivor):
            if one.merged_into_id is not None:
                raise Conflict("merge.gone", "{name} has been merged into another customer already.", name=one.name)
        accounts = list(
            CustomerAccount.objects.select_for_update().filter(customer__in=(merged_id, survivor_id)).order_by("id")
        )
        _demand(actor_id, accounts)
        moved = [account for account in accounts if account.customer_id == merged_id]
        merge = CustomerMerge.objects.create(
            merged=merged,
            survivor=survivor,
            reason=reason.strip(),
            accounts=[[account.id, account.origin_id] for account in moved],
            at=now,
            actor_id=actor_id,
        )
        for account in moved:
            account.origin_id = account.origin_id or merged_id
            account.customer_id = survivor_id
        CustomerAccount.objects.bulk_update(moved, ["customer", "origin"], batch_size=500)
        merged.merged_into_id = survivor_id
        merged.save(update_fields=["merged_into"])
        refresh_search_text(survivor_id)
        _tell("customer.merged", merge, moved, actor_id, now)
        return int(merge.id)

    return run_in_transaction(work)


def undo_merge(merge_id: int, *, actor_id: int | None, now: datetime) -> None:
    """Gives the duplicate back what it came with; what the survivor got since stays with the survivor.

    Refuses ``merge.unknown``, ``merge.undone``, ``merge.later_first`` (the survivor has itself been merged since) and
    ``right.missing``.
    """

    def work() -> None:
        merge = CustomerMerge.objects.select_for_update().filter(id=merge_id).first()
        if merge is None:
            raise Refusal("merge.unknown", "there is no merge {number}", number=merge_id)
        if merge.undone_at is not None:
            raise Conflict("merge.undone", "The merge has been undone already.")
        rows = _locked(merge.merged_id, merge.survivor_id)
        survivor = rows[merge.survivor_id]
        if survivor.merged_into_id is not None:
            raise Refusal(
                "merge.later_first",
                "{name} has been merged into another customer since: undo that first.",
                name=survivor.name,
            )
        origins = dict(merge.accounts)
        accounts = list(CustomerAccount.objects.select_for_update().filter(id__in=list(origins)).order_by("id"))
        _demand(actor_id, [*accounts, *CustomerAccount.objects.filter(customer_id=survivor.id)])
        for account in accounts:
            account.customer_id, account.origin_id = merge.merged_id, origins[account.id]
        CustomerAccount.objects.bulk_update(accounts, ["customer", "origin"], batch_size=500)
        merge.undone_at, merge.undone_by_id = now, actor_id
        merge.save(update_fields=["undone_at", "undone_by"])
        Customer.objects.filter(id=merge.merged_id).update(merged_into=None)
        refresh_search_text(merge.survivor_id)
        refresh_search_text(merge.merged_id)
        _tell("customer.unmerged", merge, accounts, actor_id, now)

    run_in_transaction(work)


def keep_apart(first_id: int, second_id: int, *, actor_id: int | None, now: datetime) -> None:
    """Says that two customers are not the same; they are not proposed again. Refuses ``merge.same``,
    ``customer.unknown`` and ``right.missing``."""
    if first_id == second_id:
        raise Refusal("merge.same", "A customer cannot be merged into itself.")

    def work() -> None:
        _locked(first_id, second_id)
        accounts = CustomerAccount.objects.filter(customer__in=(first_id, second_id))
        _demand(actor_id, list(accounts))
        low, high = sorted((first_id, second_id))
        DistinctCustomers.objects.get_or_create(
            first_id=low, second_id=high, defaults={"at": now, "actor_id": actor_id}
        )
        record("customer.kept_apart", now=now, actor_id=actor_id, subject=f"customer:{low}", other=high)

    run_in_transaction(work)


def _locked(*customer_ids: int) -> dict[int, Customer]:
    rows = {one.id: one for one in Customer.objects.select_for_update().filter(id__in=customer_ids).order_by("id")}
    for number in customer_ids:
        if number not in rows:
            raise Refusal("customer.unknown", "there is no customer {number}", number=number)
    return rows


def _demand(actor_id: int | None, accounts: list[CustomerAccount]) -> None:
    for account in {one.id: one for one in accounts}.values():
        demand(actor_id, Right.MERGE_CUSTOMER, entity_id=account.entity_id, account_id=account.id)


def _tell(
    code: str, merge: CustomerMerge, accounts: list[CustomerAccount], actor_id: int | None, now: datetime
) -> None:
    """In every entity where an account moved, or once without an entity."""
    entities: list[int | None] = [*sorted({account.entity_id for account in accounts})]
    for entity_id in entities or [None]:
        record(
            code,
            now=now,
            actor_id=actor_id,
            entity_id=entity_id,
            subject=f"customer:{merge.survivor_id}",
            merge=merge.id,
            merged=merge.merged_id,
            accounts=[account.id for account in accounts if account.entity_id == entity_id],
        )
