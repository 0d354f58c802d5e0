"""Plays the demo's plan through the services: one transaction a business day, recorded in the evening of that day."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from huikuan.core.accounts import EntryKind
from huikuan.core.refusals import Refusal
from huikuan.services import demo_events as happened
from huikuan.services.adjustments import recover_item, settle_item
from huikuan.services.applications import Named
from huikuan.services.batches import CreditUse, ReceiptUse, apply_batch
from huikuan.services.demo_events import Event
from huikuan.services.demo_plan import DemoPlan
from huikuan.services.demo_world import CustomerPlan, EntityPlan
from huikuan.services.items import NewItem, post_items
from huikuan.services.periods import set_period
from huikuan.services.receipts import NewReceipt, identify_receipt, park_receipt, post_receipts, refund_receipt
from huikuan.services.revaluation import revalue
from huikuan.services.reversals import reverse_entry
from huikuan.services.sealing import seal
from huikuan.services.transaction import run_in_transaction
from huikuan.store.models import JournalEntry, OpenItem, Receipt

ITEM_SOURCE = "demo-erp"
BANK_SOURCE = "demo-bank"
EVENING = time(18, 30)
SEALED = time(20, 0)
DAILY_SEALS = timedelta(days=60)


@dataclass(slots=True)
class Writer:
    """The numbers of what the plan names, and who acts. ``entities`` by code, ``accounts`` by (code, customer)."""

    plan: DemoPlan
    now: datetime
    entities: Mapping[str, int]
    accounts: Mapping[tuple[str, str], int]
    clerk_id: int
    chief_id: int
    items: dict[str, int] = field(default_factory=dict)
    receipts: dict[str, int] = field(default_factory=dict)
    _by_code: dict[str, EntityPlan] = field(init=False)
    _customers: dict[str, CustomerPlan] = field(init=False)

    def __post_init__(self) -> None:
        self._by_code = {entity.code: entity for entity in self.plan.entities}
        self._customers = {customer.external_id: customer for customer in self.plan.customers}

    def play(self, progress: Callable[[int, int], None] | None = None, *, after: date | None = None) -> None:
        """Plays every day of the plan later than ``after``; ``progress(done, of)`` counts business days."""
        days = list(self.plan.days())
        if after is not None:
            self._restore(after)
        for number, (day, events) in enumerate(days, start=1):
            if after is None or day > after:
                run_in_transaction(lambda today=events: self._play_day(today))  # type: ignore[misc]
                following = days[number][0] if number < len(days) else None
                if self._is_sealed(day, following):
                    seal(now=min(datetime.combine(day, SEALED, UTC), self.now), mirror=False)
            if progress is not None:
                progress(number, len(days))
        seal(now=self.now)

    def _is_sealed(self, day: date, following: date | None) -> bool:
        """Every evening of the last two months; before that, to be quick, at the end of a week or month."""
        if following is None or day > self.plan.last - DAILY_SEALS:
            return True
        return following.isocalendar()[1] != day.isocalendar()[1] or following.month != day.month

    def _play_day(self, events: list[Event]) -> None:
        for (code, kind), group in groupby(events, key=lambda event: (event.entity, type(event))):
            HANDLERS[kind](self, self.entities[code], list(group))

    def at(self, event: Event) -> datetime:
        """The evening of the event's day where its entity is."""
        zone = ZoneInfo(self._by_code[event.entity].timezone)
        return min(datetime.combine(event.day, EVENING, zone), self.now)

    def _restore(self, after: date) -> None:
        """Numbers of what an interrupted run has already written."""
        found = {
            model: {
                (entity_id, external_id): number
                for number, entity_id, external_id in model.objects.filter(
                    entity_id__in=list(self.entities.values())
                ).values_list("id", "entity_id", "external_id")
            }
            for model in (OpenItem, Receipt)
        }
        for event in self.plan.events:
            if event.day > after:
                break
            if isinstance(event, happened.ItemIn):
                self.items[event.ref] = found[OpenItem][self.entities[event.entity], event.number]
            elif isinstance(event, happened.ReceiptIn):
                self.receipts[event.ref] = found[Receipt][self.entities[event.entity], event.number]

    # -- one method per kind of event ------------------------------------------------------------------------------
    def bring_in(self, entity_id: int, events: list[happened.ItemIn]) -> None:
        wanted = [
            NewItem(
                account_id=self.accounts[event.entity, event.customer],
                external_id=event.number,
                document_date=event.document_date,
                due_date=event.due_date,
                currency=event.currency,
                amount_minor=event.amount_minor,
                kind=event.kind,
                effective_date=event.effective_date,
                charge=event.charge,
                po_number=event.po_number,
                contract_number=event.contract_number,
                discount_date=event.discount_date,
                discount_bp=event.discount_bp,
                disputed=event.disputed,
                sales_rep=event.sales_rep,
                region=event.region,
                product=event.product,
                opening=event.opening,
            )
            for event in events
        ]
        numbers = post_items(entity_id, wanted, actor_id=None, now=self.at(events[0]), source=ITEM_SOURCE)
        self.items.update(zip((event.ref for event in events), numbers, strict=True))

    def receive(self, entity_id: int, events: list[happened.ReceiptIn]) -> None:
        wanted = [self._receipt(event) for event in events]
        at = self.at(events[0])
        numbers = post_receipts(entity_id, wanted, actor_id=self.clerk_id, now=at, source=BANK_SOURCE)
        self.receipts.update(zip((event.ref for event in events), numbers, strict=True))

    def _receipt(self, event: happened.ReceiptIn) -> NewReceipt:
        customer = self._customers[event.payer]
        # Who cannot be told has a name in capitals, cut off by the bank, and an account nobody has seen.
        shown = customer.name.legal if event.is_known else customer.name.aliases[-1:] or (customer.name.legal,)
        return NewReceipt(
            external_id=event.number,
            value_date=event.value_date,
            currency=event.currency,
            amount_minor=event.amount_minor,
            account_id=self.accounts[event.entity, event.payer] if event.is_known else None,
            reference=event.number,
            payer_name=shown if isinstance(shown, str) else shown[0].upper()[:22],
            payer_account=customer.payer_account if event.is_known else "",
            remittance_text=event.remittance_text,
        )

    def identify(self, entity_id: int, events: list[happened.Identify]) -> None:
        for event in events:
            account_id = self.accounts[event.entity, event.customer]
            identify_receipt(entity_id, self.receipts[event.receipt], account_id, **self._who(event))

    def apply_credits(self, entity_id: int, events: list[happened.ApplyCredit]) -> None:
        uses = [
            CreditUse(self.items[event.credit], tuple(Named(self.items[item], amount) for item, amount in event.lines))
            for event in events
        ]
        apply_batch(entity_id, uses, **self._who(events[0]))

    def apply(self, entity_id: int, events: list[happened.Apply]) -> None:
        uses = [
            ReceiptUse(
                receipt_id=self.receipts[event.receipt],
                named=tuple(
                    Named(self.items[part.item], part.amount_minor, part.take_discount, part.paid_minor)
                    for part in event.parts
                ),
                order=event.order,
                from_account=event.from_account,
            )
            for event in events
        ]
        apply_batch(entity_id, uses, **self._who(events[0]))

    def settle(self, entity_id: int, events: list[happened.Settle]) -> None:
        for event in events:
            who = self._who(event, chief=True)  # who posts cash may not adjust
            settle_item(entity_id, event.kind, self.items[event.item], event.amount_minor, memo=event.memo, **who)

    def recover(self, entity_id: int, events: list[happened.Recover]) -> None:
        for event in events:
            item_id, receipt_id = self.items[event.item], self.receipts[event.receipt]
            recover_item(entity_id, item_id, receipt_id, event.amount_minor, **self._who(event, chief=True))

    def park(self, entity_id: int, events: list[happened.Park]) -> None:
        for event in events:
            park_receipt(entity_id, self.receipts[event.receipt], event.amount_minor, **self._who(event))

    def refund(self, entity_id: int, events: list[happened.Refund]) -> None:
        for event in events:
            refund_receipt(
                entity_id,
                self.receipts[event.receipt],
                event.amount_minor,
                from_account=event.from_account,
                **self._who(event),
            )

    def unapply(self, entity_id: int, events: list[happened.Unapply]) -> None:
        for event in events:
            entry_id = _application_of(self.receipts[event.receipt])
            reverse_entry(entity_id, entry_id, memo=event.memo, **self._who(event))

    def bounce(self, entity_id: int, events: list[happened.Bounce]) -> None:
        for event in events:
            entry_id = Receipt.objects.values_list("entry_id", flat=True).get(id=self.receipts[event.receipt])
            reverse_entry(entity_id, entry_id, memo=event.memo, **self._who(event))

    def revalue(self, entity_id: int, events: list[happened.Revalue]) -> None:
        for event in events:
            revalue(entity_id, event.month, actor_id=self.chief_id, now=self.at(event))

    def close(self, entity_id: int, events: list[happened.ClosePeriod]) -> None:
        for event in events:
            set_period(entity_id, event.month, event.state, actor_id=self.chief_id, now=self.at(event))

    def _who(self, event: Event, *, chief: bool = False) -> dict[str, Any]:
        return {"on": event.day, "actor_id": self.chief_id if chief else self.clerk_id, "now": self.at(event)}


def _application_of(receipt_id: int) -> int:
    """The entry that applied a receipt last and has not been taken back."""
    found = JournalEntry.objects.filter(
        postings__receipt_id=receipt_id, kind=EntryKind.APPLICATION.value, reversed_by__isnull=True
    )
    entry_id = found.order_by("-id").values_list("id", flat=True).first()
    if entry_id is None:
        raise Refusal("demo.not_applied", "receipt {receipt_id} is not applied", receipt_id=receipt_id)
    return int(entry_id)


HANDLERS: dict[type[Event], Callable[[Writer, int, Any], None]] = {
    happened.ItemIn: Writer.bring_in,
    happened.ReceiptIn: Writer.receive,
    happened.Identify: Writer.identify,
    happened.ApplyCredit: Writer.apply_credits,
    happened.Apply: Writer.apply,
    happened.Settle: Writer.settle,
    happened.Recover: Writer.recover,
    happened.Park: Writer.park,
    happened.Refund: Writer.refund,
    happened.Unapply: Writer.unapply,
    happened.Bounce: Writer.bounce,
    happened.Revalue: Writer.revalue,
    happened.ClosePeriod: Writer.close,
}
"""How each kind of event is written."""
