"""What others are told of a change: ids, kinds and amounts, never a name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from huikuan.core.accounts import EntryKind
from huikuan.core.journal import EntryDraft
from huikuan.core.money import to_decimal
from huikuan.core.webhooks import EventType
from huikuan.services.outbox import NewEvent, emit
from huikuan.store.models import CustomerAccount, Entity, ImportBatch, WebhookEndpoint
from huikuan.store.public_ids import public_id

if TYPE_CHECKING:
    from huikuan.services.writing import ItemRow, ReceiptRow

_OWN_EVENT = {EntryKind.ITEM, EntryKind.RECEIPT}
_ENTRY_EVENTS = {
    EntryKind.APPLICATION: EventType.APPLICATION_POSTED,
    EntryKind.REVERSAL: EventType.ENTRY_REVERSED,
}


def tell_posted(
    entity_id: int,
    items: Sequence[ItemRow],
    receipts: Sequence[ReceiptRow],
    entries: Sequence[tuple[int, EntryDraft]],
    *,
    now: datetime,
) -> None:
    """What a unit of work wrote to the ledger."""

    def make() -> Iterator[NewEvent]:
        code = _code_of(entity_id)
        for item in items:
            yield _posted(EventType.ITEM_POSTED, "itm", item.item_id, code, item, {"kind": item.kind.value})
        for receipt in receipts:
            yield _posted(EventType.RECEIPT_POSTED, "rcp", receipt.receipt_id, code, receipt, {})
        for number, draft in entries:
            if draft.kind not in _OWN_EVENT:
                yield _entry_event(number, draft, code)

    emit(entity_id, make, now=now)


def _posted(
    kind: EventType, prefix: str, number: int, code: str, row: ItemRow | ReceiptRow, more: dict[str, Any]
) -> NewEvent:
    subject = public_id(prefix, number)
    data = {
        "id": subject,
        "entity": code,
        "entry": public_id("ent", row.entry_id),
        "external_id": row.external_id,
        "version": row.version,
        "amount": str(to_decimal(row.amount_minor, row.currency)),
        "currency": row.currency,
        "posting_date": row.posting_date.isoformat(),
        **more,
    }
    return NewEvent(kind, subject, data)


def _entry_event(number: int, draft: EntryDraft, code: str) -> NewEvent:
    subject = public_id("ent", number)
    data: dict[str, Any] = {
        "id": subject,
        "entity": code,
        "kind": draft.kind.value,
        "posting_date": draft.posting_date.isoformat(),
        "items": _named("itm", (leg.item_id for leg in draft.postings)),
        "receipts": _named("rcp", (leg.receipt_id for leg in draft.postings)),
    }
    if draft.reverses_id is not None:
        data["reverses"] = public_id("ent", draft.reverses_id)
    return NewEvent(_ENTRY_EVENTS.get(draft.kind, EventType.ENTRY_POSTED), subject, data)


def _named(prefix: str, numbers: Iterable[int | None]) -> list[str]:
    return [public_id(prefix, number) for number in dict.fromkeys(numbers) if number is not None]


def tell_customers(customer_ids: Iterable[int], *, now: datetime) -> None:
    """Customers were added or changed: each of the entities they have an account with is told."""
    if not WebhookEndpoint.objects.filter(is_active=True).exists():
        return
    by_entity: dict[int, list[int]] = {}
    accounts = CustomerAccount.objects.filter(customer_id__in=list(customer_ids)).order_by("entity_id", "customer_id")
    for entity_id, customer_id in accounts.values_list("entity_id", "customer_id"):
        by_entity.setdefault(entity_id, []).append(customer_id)
    for entity_id, numbers in by_entity.items():

        def make(entity_id: int = entity_id, numbers: list[int] = numbers) -> Iterator[NewEvent]:
            code = _code_of(entity_id)
            for number in numbers:
                subject = public_id("cus", number)
                yield NewEvent(EventType.CUSTOMER_CHANGED, subject, {"id": subject, "entity": code})

        emit(entity_id, make, now=now)


def tell_recorded(code: str, entity_id: int | None, subject: str, data: dict[str, Any], *, now: datetime) -> None:
    """What the audit trail notes and others may want to hear: periods, imports, customers."""
    kind, _, text = subject.partition(":")
    if code.startswith("period.") and entity_id is not None:
        _tell(EventType.PERIOD_CHANGED, entity_id, {"period": text, "state": code.removeprefix("period.")}, now)
    elif code == "import.published":
        batch = ImportBatch.objects.filter(id=int(text)).values_list("summary", flat=True).first() or {}
        touched = batch.get("entities") or ([] if entity_id is None else [entity_id])
        told = {"id": int(text), "kind": data.get("kind", ""), "rows": data.get("rows", 0)}
        for number in touched:
            _tell(EventType.IMPORT_PUBLISHED, int(number), told, now)
    elif kind == "customer" and code.startswith("customer.") and text.isdigit():
        tell_customers([int(text)], now=now)


def _tell(kind: EventType, entity_id: int, data: dict[str, Any], now: datetime) -> None:
    emit(entity_id, lambda: [NewEvent(kind, "", {"entity": _code_of(entity_id), **data})], now=now)


def _code_of(entity_id: int) -> str:
    return str(Entity.objects.values_list("code", flat=True).get(id=entity_id))
