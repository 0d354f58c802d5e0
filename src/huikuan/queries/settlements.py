"""Settlements a source reported: what a snapshot no longer showed, or showed smaller; to be decided or decided."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet, Sum

from huikuan.queries.frame import Frame
from huikuan.queries.ids import entry_id_text, item_id_text
from huikuan.queries.listing import Page
from huikuan.store.models import SourceSettlement
from huikuan.store.public_ids import public_id


@dataclass(frozen=True, slots=True)
class SettlementRow:
    """A reported settlement. ``amount_minor`` has the item's sign; ``open_minor`` is what is open on the item now."""

    id: int
    state: str
    item_public_id: str
    document_number: str
    customer_public_id: str
    customer_name: str
    currency: str
    amount_minor: int
    open_minor: int
    settled_on: date
    batch_id: int
    file_name: str
    decided_at: datetime | None
    decided_by: str
    entry_public_id: str


@dataclass(frozen=True, slots=True)
class SettlementTotal:
    currency: str
    amount_minor: int


def settlement_page(
    frame: Frame, *, state: str = "proposed", batch_id: int | None = None, page: int = 1, size: int = 50
) -> Page[SettlementRow]:
    """Reported settlements of the frame's entities; ``state``: proposed, posted, met, rejected, or ``all``."""
    found = _in_frame(frame)
    if state != "all":
        found = found.filter(state=state)
    if batch_id is not None:
        found = found.filter(batch_id=batch_id)
    totals = found.order_by().values("item__currency").annotate(amount=Sum("amount_minor"))
    start = (max(page, 1) - 1) * size
    rows = found.select_related("item__account__customer", "item__balance", "batch", "decided_by").order_by("-id")
    return Page(
        rows=[_row(settlement) for settlement in rows[start : start + size]],
        total=found.count(),
        page=page,
        size=size,
        totals={row["item__currency"]: SettlementTotal(row["item__currency"], int(row["amount"])) for row in totals},
    )


def settlements_waiting(frame: Frame, *, batch_id: int | None = None) -> int:
    """How many wait for a decision, of one import or of all."""
    found = _in_frame(frame).filter(state=SourceSettlement.State.PROPOSED)
    return (found if batch_id is None else found.filter(batch_id=batch_id)).count()


def proposed_ids(frame: Frame, wanted: Iterable[int] | None = None, *, batch_id: int | None = None) -> list[int]:
    """The ids among ``wanted`` (or all) that wait for a decision in the frame's entities."""
    found = _in_frame(frame).filter(state=SourceSettlement.State.PROPOSED)
    if wanted is not None:
        found = found.filter(id__in=list(wanted))
    if batch_id is not None:
        found = found.filter(batch_id=batch_id)
    return list(found.order_by("id").values_list("id", flat=True))


def _in_frame(frame: Frame) -> QuerySet[SourceSettlement]:
    return SourceSettlement.objects.filter(frame.visible("item__account", "item__entity_id"))


def _row(settlement: SourceSettlement) -> SettlementRow:
    item = settlement.item
    who: Any = settlement.decided_by
    return SettlementRow(
        id=settlement.pk,
        state=settlement.state,
        item_public_id=item_id_text(item.pk),
        document_number=item.document_number,
        customer_public_id=public_id("cus", item.account.customer_id),
        customer_name=item.account.customer.name,
        currency=item.currency,
        amount_minor=settlement.amount_minor,
        open_minor=item.balance.open_minor,
        settled_on=settlement.settled_on,
        batch_id=settlement.batch_id,
        file_name=settlement.batch.file_name,
        decided_at=settlement.decided_at,
        decided_by=(who.get_full_name() or who.get_username()) if who else "",
        entry_public_id=entry_id_text(settlement.entry_id) if settlement.entry_id else "",
    )
