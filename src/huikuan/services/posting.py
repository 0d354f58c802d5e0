"""Posting one decided entry: books opened, day found, rows written, audited, once per idempotency key."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from huikuan.core.accounts import EntryKind
from huikuan.core.journal import EntryDraft, PostingDraft
from huikuan.core.rights import Right
from huikuan.core.texts import NAME_MAX, check_text
from huikuan.services.approvals import NewApproval, demand_approved
from huikuan.services.auditing import record
from huikuan.services.books import open_books
from huikuan.services.idempotency import once
from huikuan.services.rights import demand_legs, demand_some
from huikuan.services.row_days import RowDays
from huikuan.services.writing import Unit

Legs = tuple[PostingDraft, ...]


def post_one(
    entity_id: int,
    operation: str,
    request: object,
    decide: Callable[[], tuple[EntryKind, Legs]],
    *,
    right: Right,
    on: date,
    actor_id: int | None,
    now: datetime,
    memo: str = "",
    key: str | None = None,
    proposal: Callable[[Legs], NewApproval] | None = None,
    approved: int | None = None,
    after: Callable[[int], object] | None = None,
) -> int:
    """``decide`` reads locked rows and gives the entry's kind and legs; returns the id of the posted entry.

    ``right``: what the person must hold for the customers whose accounts the legs move something on. ``on`` is the
    effective date; the posting date follows from the entity's periods and the rows it moves. ``proposal``: what to ask
    for where the amount needs approval; ``approved``: the request being carried out. ``after``: what else belongs to
    the same transaction, once the entry is written.
    """

    check_text("memo", memo, NAME_MAX)

    def work() -> dict[str, int]:
        demand_some(actor_id, right, entity_id=entity_id)
        books = open_books(entity_id, actor_id=actor_id)
        unit = Unit(entity_id, actor_id, now)
        kind, legs = decide()
        demand_legs(actor_id, right, entity_id=entity_id, legs=legs)
        if proposal is not None and actor_id is not None and approved is None:
            demand_approved(proposal(legs))
        day = RowDays().posting_day(books, on, legs)
        entry_id = unit.add_entry(EntryDraft(kind, day.effective_date, day.posting_date, legs, memo=memo))
        unit.flush()
        if after is not None:
            after(entry_id)
        record(operation, now=now, actor_id=actor_id, entity_id=entity_id, subject=f"entry:{entry_id}")
        return {"entry": entry_id}

    answer = once(
        entity_id=entity_id,
        actor_id=actor_id,
        operation=operation,
        key=key,
        request=(request, memo),
        now=now,
        work=work,
    )
    return int(answer["entry"])
