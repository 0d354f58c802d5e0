"""Settlements a source system reported by leaving an item out of its snapshot, or showing it smaller.

Proposed by the import, posted or rejected by a person, met by the bank receipt that explains them: the receipt is
applied to the ``source_settlement`` account first, so that the cash is never counted twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from django.db import connection

from huikuan.core.accounts import EntryKind, LedgerAccount
from huikuan.core.applications import OpenRow, settlement_legs
from huikuan.core.journal import EntryDraft
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.services.auditing import record
from huikuan.services.books import open_books
from huikuan.services.locking import lock_items, lock_open_items, open_item_ids
from huikuan.services.rights import demand_accounts
from huikuan.services.transaction import run_in_transaction
from huikuan.services.writing import Unit
from huikuan.store.models import SourceSettlement

_PART = 5_000


def unmet_settlements(rows: Mapping[int, OpenRow]) -> dict[int, OpenRow]:
    """What stands on the settlement account for these items, as rows money can be applied to. Read from the journal."""
    wanted, sums = sorted(rows), []
    for start in range(0, len(wanted), _PART):
        part = wanted[start : start + _PART]
        marks = ", ".join(["%s"] * len(part))
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT item_id, sum(amount_minor), sum(base_minor) FROM store_posting"
                f" WHERE item_id IN ({marks}) AND ledger_account = %s GROUP BY item_id",
                [*part, LedgerAccount.SOURCE_SETTLEMENT.value],
            )
            sums += cursor.fetchall()
    return {
        item_id: replace(
            rows[item_id],
            ledger_account=LedgerAccount.SOURCE_SETTLEMENT,
            open_minor=int(amount),
            open_base_minor=int(base),
        )
        for item_id, amount, base in sums
        if amount > 0
    }


def lock_owed(entity_id: int, account_id: int, currency: str) -> list[OpenRow]:
    """Everything money of a customer can go to that named nothing, locked: what is open, and what a source reported as
    settled and no receipt has met yet. Without the latter the money would be counted on top of the settlement."""
    settled = sorted(
        SourceSettlement.objects.filter(
            state=SourceSettlement.State.POSTED,
            item__account_id=account_id,
            item__currency=currency,
            item__entity_id=entity_id,
        ).values_list("item_id", flat=True)
    )
    if not settled:
        return lock_open_items(entity_id, account_id, currency)
    # Together and in id order, as everywhere.
    rows = lock_items(entity_id, {*settled, *open_item_ids(entity_id, account_id, currency)})
    unmet = unmet_settlements({item_id: rows[item_id] for item_id in settled})
    return [row for row in rows.values() if row.open_minor > 0] + list(unmet.values())


def decide_settlements(
    settlement_ids: Sequence[int], *, accept: bool, actor_id: int | None, now: datetime
) -> list[int]:
    """Posts (or rejects) proposed settlements; gives the ids decided. Items meanwhile paid are rejected by themselves.

    Refuses ``settlement.decided`` when one of them was decided before.
    """

    def work() -> list[int]:
        found = list(
            SourceSettlement.objects.select_for_update(of=("self",))
            .filter(id__in=list(settlement_ids))
            .select_related("item")
            .order_by("id")
        )
        for settlement in found:
            if settlement.state != SourceSettlement.State.PROPOSED:
                raise Refusal("settlement.decided", "settlement {id} was decided before", id=settlement.id)
        by_entity: dict[int, list[SourceSettlement]] = {}
        for settlement in found:
            by_entity.setdefault(settlement.item.entity_id, []).append(settlement)
        for entity_id, group in sorted(by_entity.items()):
            _decide_group(entity_id, group, accept=accept, actor_id=actor_id, now=now)
        return [settlement.id for settlement in found]

    return run_in_transaction(work)


def _decide_group(
    entity_id: int, group: Sequence[SourceSettlement], *, accept: bool, actor_id: int | None, now: datetime
) -> None:
    accounts = {settlement.item.account_id for settlement in group}
    demand_accounts(actor_id, Right.DECIDE_SETTLEMENT, entity_id=entity_id, account_ids=accounts)
    books = open_books(entity_id, actor_id=actor_id)
    unit = Unit(entity_id, actor_id, now)
    rows = lock_items(entity_id, [settlement.item_id for settlement in group])
    for settlement in group:
        row = rows[settlement.item_id]
        amount = (
            min(settlement.amount_minor, row.open_minor)
            if settlement.amount_minor > 0
            else max(settlement.amount_minor, row.open_minor)
        )
        settlement.decided_at, settlement.decided_by_id = now, actor_id
        if accept and amount:
            day = books.posting_day(settlement.settled_on)
            legs = settlement_legs(row, amount, LedgerAccount.SOURCE_SETTLEMENT)
            draft = EntryDraft(EntryKind.SOURCE_SETTLEMENT, day.effective_date, day.posting_date, legs)
            settlement.entry_id = unit.add_entry(draft)
            settlement.amount_minor = amount
            settlement.state = SourceSettlement.State.POSTED
        else:
            settlement.state = SourceSettlement.State.REJECTED
    unit.flush()
    SourceSettlement.objects.bulk_update(group, ["state", "entry", "amount_minor", "decided_at", "decided_by"])
    record(
        "settlement.accepted" if accept else "settlement.rejected",
        now=now,
        actor_id=actor_id,
        entity_id=entity_id,
        settlements=[settlement.id for settlement in group][:1000],
        count=len(group),
    )


def proposals_of(batch_id: int) -> list[int]:
    return list(
        SourceSettlement.objects.filter(batch_id=batch_id, state=SourceSettlement.State.PROPOSED).values_list(
            "id", flat=True
        )
    )


def propose(batch_id: int, rows: Iterable[tuple[int, int]], *, settled_on: date) -> int:
    """Records proposals (item id, amount with the item's sign); one open proposal an item, the newest wins."""
    wanted = dict(rows)
    SourceSettlement.objects.filter(item_id__in=list(wanted), state=SourceSettlement.State.PROPOSED).update(
        state=SourceSettlement.State.REJECTED
    )
    SourceSettlement.objects.bulk_create(
        [
            SourceSettlement(item_id=item_id, batch_id=batch_id, amount_minor=amount, settled_on=settled_on)
            for item_id, amount in sorted(wanted.items())
        ],
        batch_size=1000,
    )
    return len(wanted)
