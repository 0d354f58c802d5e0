"""Whose a customer account is: the person who owns it and the one who collects from it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.queries.grants import granted_in
from huikuan.services.auditing import record
from huikuan.services.rights import demand_accounts
from huikuan.services.transaction import run_in_transaction
from huikuan.store.models import CustomerAccount, User

KEEP = -1
"""Leaves the owner or collector as it is; ``None`` takes it away."""
_PART = 500


def assign_accounts(
    account_ids: Iterable[int],
    *,
    owner_id: int | None = KEEP,
    collector_id: int | None = KEEP,
    actor_id: int | None,
    now: datetime,
) -> int:
    """Gives accounts another owner or collector, all or none; gives how many were changed. Asks for the right to edit
    each of these customers.

    Refuses ``account.unknown``, ``user.unknown``, ``assign.no_role`` (the person sees no customers in that entity) and
    ``right.missing``.
    """
    wanted = sorted(set(account_ids))
    changes = {name: who for name, who in (("owner", owner_id), ("collector", collector_id)) if who != KEEP}

    def work() -> int:
        accounts = _locked(wanted)
        if len(accounts) < len(wanted):
            missing = min(set(wanted) - {account.pk for account in accounts})
            raise Refusal("account.unknown", "there is no account {account} in this entity", account=missing)
        by_entity: dict[int, list[int]] = defaultdict(list)
        for account in accounts:
            by_entity[account.entity_id].append(account.pk)
        for entity_id, numbers in by_entity.items():
            demand_accounts(actor_id, Right.EDIT_CUSTOMER, entity_id=entity_id, account_ids=numbers)
            for who in changes.values():
                if who is not None:
                    _check_person(who, entity_id)
        return sum(_assign(account, changes, actor_id, now) for account in accounts)

    return run_in_transaction(work)


def _locked(wanted: list[int]) -> list[CustomerAccount]:
    rows = CustomerAccount.objects.select_for_update().order_by("id")
    return [row for at in range(0, len(wanted), _PART) for row in rows.filter(id__in=wanted[at : at + _PART])]


def _check_person(user_id: int, entity_id: int) -> None:
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        raise Refusal("user.unknown", "there is no user {name}", name=user_id)
    if not granted_in(user_id, entity_id).can(Right.SEE_LEDGER):
        raise Refusal(
            "assign.no_role", "{name} has no role there that sees customers; give one first", name=user.username
        )


def _assign(account: CustomerAccount, changes: dict[str, int | None], actor_id: int | None, now: datetime) -> bool:
    before = {name: getattr(account, f"{name}_id") for name in changes}
    if before == changes:
        return False
    CustomerAccount.objects.filter(pk=account.pk).update(**{f"{name}_id": who for name, who in changes.items()})
    data = {name: {"from": before[name], "to": who} for name, who in changes.items() if before[name] != who}
    subject = f"account:{account.pk}"
    record("account.assign", now=now, actor_id=actor_id, entity_id=account.entity_id, subject=subject, **data)
    return True
