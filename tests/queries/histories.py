"""Random histories posted through the real services, and the slow, plain sums their pages must agree with."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from huikuan.core.accounts import EntryKind, ItemKind
from huikuan.core.ageing import AgeingApplication, AgeingHistory, AgeingItem
from huikuan.core.applications import Order
from huikuan.core.money import to_decimal
from huikuan.core.refusals import Refusal
from huikuan.queries.frame import Frame, frame_at
from huikuan.services.adjustments import recover_item, settle_item
from huikuan.services.applications import Named, apply_credit, apply_receipt
from huikuan.services.customers import NewCustomer, add_customers, add_entity
from huikuan.services.items import NewItem, post_items
from huikuan.services.receipts import NewReceipt, identify_receipt, park_receipt, post_receipts, refund_receipt
from huikuan.services.reversals import reverse_entry
from huikuan.services.sealing import seal
from huikuan.store.models import CustomerRef, ExchangeRate, JournalEntry, OpenItem, Posting, Receipt, SealRun

START = date(2026, 1, 5)
NAMES = ("上海明远贸易有限公司", "Müller Werkzeuge GmbH", "Acme Components Ltd", "北京华联商贸有限公司")
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
CONTROLS = ("trade", "notes", "advances", "unapplied", "suspense")


@dataclass
class World:
    """A ledger being filled. Days pass; what is posted is recorded on the evening of its day."""

    rng: random.Random
    day: date = START
    entities: list[int] = field(default_factory=list)
    accounts: dict[int, list[int]] = field(default_factory=dict)
    items: list[int] = field(default_factory=list)
    receipts: list[int] = field(default_factory=list)
    applied: list[int] = field(default_factory=list)
    refused: int = 0

    @property
    def now(self) -> datetime:
        return datetime(self.day.year, self.day.month, self.day.day, 20, 0, tzinfo=UTC)


def open_world(seed: int) -> World:
    """Two entities with books in CNY and EUR, four customers, one of them a customer of both."""
    world = World(random.Random(seed))
    for code, name, currency, zone in (
        ("CN", "华东公司", "CNY", "Asia/Shanghai"),
        ("DE", "Vertrieb GmbH", "EUR", "Europe/Berlin"),
    ):
        entity = add_entity(code, name, currency, timezone=zone, actor_id=None, now=world.now)
        world.entities.append(entity)
        new = [NewCustomer(f"{code}{number}", name, country="CN") for number, name in enumerate(NAMES)]
        accounts = add_customers(entity, new, source="erp", actor_id=None, now=world.now)
        world.accounts[entity] = list(accounts.values())
        for foreign, rate in (("USD", "7.1"), ("JPY", "0.05"), ("EUR", "7.8"), ("CNY", "0.13")):
            if foreign != currency:
                ExchangeRate.objects.create(currency=foreign, base=currency, valid_from=date(2025, 1, 1), rate=rate)
    return world


def live(world: World, days: int, per_day: int = 4, *, seal_every: int = 3) -> None:
    """Lets days pass: things happen, some of them late; every few days the ledger is sealed."""
    for number in range(days):
        for _ in range(per_day):
            try:
                world.rng.choices([act for act, _ in ACTS], [weight for _, weight in ACTS])[0](world)
            except Refusal:
                world.refused += 1
        if number % seal_every == seal_every - 1:
            seal(now=world.now + timedelta(hours=1))
        world.day += timedelta(days=world.rng.choice((1, 1, 2, 9)))


def _item(world: World) -> None:
    entity = world.rng.choice(world.entities)
    kind = world.rng.choice(
        (ItemKind.INVOICE, ItemKind.INVOICE, ItemKind.INVOICE, ItemKind.CREDIT_MEMO, ItemKind.DEPOSIT)
    )
    sign = -1 if kind in (ItemKind.CREDIT_MEMO, ItemKind.DEPOSIT) else 1
    document = world.day - timedelta(days=world.rng.choice((0, 0, 5, 40)))
    number = len(world.items)
    new = NewItem(
        world.rng.choice(world.accounts[entity]),
        f"I{number}",
        document,
        document + timedelta(days=world.rng.choice((0, 10, 30, 60))),
        world.rng.choice(("CNY", "EUR", "USD", "JPY")),
        sign * world.rng.randrange(1, 500) * 100,
        kind=kind,
        document_number=f"INV-{number:05d}",
        region=world.rng.choice(("east", "north", "")),
        sales_rep=world.rng.choice(("王磊", "Kim")),
    )
    world.items += post_items(entity, [new], actor_id=None, now=world.now)


def _receipt(world: World) -> None:
    entity = world.rng.choice(world.entities)
    number = len(world.receipts)
    owner = world.rng.choice([*world.accounts[entity], None])
    new = NewReceipt(
        f"R{number}",
        world.day,
        world.rng.choice(("CNY", "EUR", "USD", "JPY")),
        world.rng.randrange(1, 500) * 100,
        owner,
        reference=f"BK{number:04d}",
        effective_date=world.day - timedelta(days=world.rng.choice((0, 0, 2))),
    )
    world.receipts += post_receipts(entity, [new], actor_id=None, now=world.now)


def _pick(world: World) -> tuple[Receipt, OpenItem]:
    return (
        Receipt.objects.get(id=world.rng.choice(world.receipts or [0])),
        OpenItem.objects.get(id=world.rng.choice(world.items or [0])),
    )


def _guard(act):
    def tried(world: World) -> None:
        if world.receipts and world.items:
            act(world)

    return tried


@_guard
def _apply_order(world: World) -> None:
    receipt, _ = _pick(world)
    order = world.rng.choice(list(Order))
    world.applied.append(
        apply_receipt(receipt.entity_id, receipt.id, order=order, on=world.day, actor_id=None, now=world.now)
    )


@_guard
def _apply_named(world: World) -> None:
    receipt, item = _pick(world)
    other = receipt.currency != item.currency
    named = Named(item.id, world.rng.randrange(1, 200) * 100, paid_minor=700 if other else None)
    world.applied.append(apply_receipt(item.entity_id, receipt.id, [named], on=world.day, actor_id=None, now=world.now))


@_guard
def _apply_credit(world: World) -> None:
    _, item = _pick(world)
    mine = OpenItem.objects.filter(account_id=item.account_id, currency=item.currency, amount_minor__gt=0).first()
    if mine:
        world.applied.append(
            apply_credit(item.entity_id, item.id, [Named(mine.id, 100)], on=world.day, actor_id=None, now=world.now)
        )


@_guard
def _identify(world: World) -> None:
    receipt, _ = _pick(world)
    account = world.rng.choice(world.accounts[receipt.entity_id])
    identify_receipt(receipt.entity_id, receipt.id, account, on=world.day, actor_id=None, now=world.now)


@_guard
def _park(world: World) -> None:
    receipt, _ = _pick(world)
    park_receipt(receipt.entity_id, receipt.id, 500, on=world.day, actor_id=None, now=world.now)


@_guard
def _refund(world: World) -> None:
    receipt, _ = _pick(world)
    refund_receipt(receipt.entity_id, receipt.id, 300, on=world.day, actor_id=None, now=world.now)


@_guard
def _write_off(world: World) -> None:
    _, item = _pick(world)
    kind = world.rng.choice((EntryKind.WRITE_OFF, EntryKind.OFFSET, EntryKind.ASSIGNMENT))
    amount = 200 if item.amount_minor > 0 else -200
    settle_item(item.entity_id, kind, item.id, amount, on=world.day, actor_id=None, now=world.now)


@_guard
def _recover(world: World) -> None:
    receipt, item = _pick(world)
    recover_item(item.entity_id, item.id, receipt.id, 100, on=world.day, actor_id=None, now=world.now)


@_guard
def _unapply(world: World) -> None:
    if world.applied:
        entry = JournalEntry.objects.get(id=world.rng.choice(world.applied))
        reverse_entry(entry.entity_id, entry.id, on=world.day, actor_id=None, now=world.now)


@_guard
def _bounce(world: World) -> None:
    receipt, item = _pick(world)
    entry_id = world.rng.choice((receipt, receipt, item)).entry_id
    entity = JournalEntry.objects.get(id=entry_id).entity_id
    reverse_entry(entity, entry_id, on=world.day, actor_id=None, now=world.now)


ACTS = (
    (_item, 12),
    (_receipt, 6),
    (_apply_order, 4),
    (_apply_named, 5),
    (_apply_credit, 2),
    (_identify, 2),
    (_park, 1),
    (_refund, 1),
    (_write_off, 1),
    (_recover, 1),
    (_unapply, 1),
    (_bounce, 1),
)


# -- the plain sums --------------------------------------------------------------------------------------------------
@dataclass
class Plain:
    """Everything posted, in Python lists, to be added up the slow way."""

    postings: list[Posting]
    sealed_at: dict[int, datetime]
    items: dict[int, OpenItem]

    def counted(self, frame: Frame, basis: str = "posting") -> list[Posting]:
        return [
            leg
            for leg in self.postings
            if getattr(leg.entry, f"{basis}_date") <= frame.as_of
            and leg.entry.entity_id in frame.entity_ids
            and (
                frame.known_on is None
                or (leg.entry_id in self.sealed_at and self.sealed_at[leg.entry_id] <= frame.known_on)
            )
        ]

    def control(self, frame: Frame, basis: str = "posting") -> dict[tuple[int, str, str], int]:
        sums: dict[tuple[int, str, str], int] = defaultdict(int)
        for leg in self.counted(frame, basis):
            if leg.ledger_account in CONTROLS:
                sums[leg.entry.entity_id, leg.ledger_account, leg.currency] += leg.amount_minor
        return {key: total for key, total in sums.items() if total}

    def owed(self, frame: Frame, basis: str = "posting") -> dict[str, int]:
        """Control accounts without suspense, per currency: what the ageing must add up to."""
        sums: dict[str, int] = defaultdict(int)
        for (_, account, currency), total in self.control(frame, basis).items():
            sums[currency] += 0 if account == "suspense" else total
        return {currency: total for currency, total in sums.items() if total}

    def open_items(self, frame: Frame, basis: str = "posting") -> dict[int, int]:
        sums: dict[int, int] = defaultdict(int)
        for leg in self.counted(frame, basis):
            if leg.item_id is not None and leg.ledger_account in CONTROLS:
                sums[leg.item_id] += leg.amount_minor
        return {item: total for item, total in sums.items() if total}


def read_plain() -> Plain:
    runs = list(SealRun.objects.order_by("last_seq").values_list("last_seq", "sealed_at"))
    sealed = {}
    for seq, entry_id in JournalEntry.objects.filter(seal__isnull=False).values_list("seal__ledger_seq", "id"):
        sealed[entry_id] = next(at for last, at in runs if last >= seq)
    return Plain(
        list(Posting.objects.select_related("entry").all()), sealed, {item.id: item for item in OpenItem.objects.all()}
    )


def as_history(plain: Plain) -> AgeingHistory:
    """Items and what was applied to them, as the reference in ``core`` takes them; amounts in major units."""
    customer = {ref.account_id: ref.external_id for ref in CustomerRef.objects.order_by("-id")}
    items = [
        AgeingItem(
            item_id=str(item.id),
            currency=item.currency,
            amount=to_decimal(item.amount_minor, item.currency),
            posting_date=item.posting_date,
            document_date=item.document_date,
            due_date=item.due_date,
            effective_date=item.effective_date,
            recorded_at=plain.sealed_at.get(item.entry_id, NEVER),
            columns={"customer_id": customer[item.account_id], "region": item.region, "kind": item.kind},
        )
        for item in plain.items.values()
    ]
    parts = [
        AgeingApplication(
            item_id=str(leg.item_id),
            amount=-to_decimal(leg.amount_minor, leg.currency),
            posting_date=leg.entry.posting_date,
            effective_date=leg.entry.effective_date,
            recorded_at=plain.sealed_at.get(leg.entry_id, NEVER),
        )
        for leg in plain.postings
        if leg.item_id is not None and leg.ledger_account in CONTROLS and leg.entry.kind != "item"
    ]
    return AgeingHistory(items, parts)


def frames_of(world: World, count: int) -> list[Frame]:
    """Now, and random days as known on random days."""
    everyone = tuple(world.entities)
    frames = [frame_at(now=world.now, entity_ids=everyone)]
    span = (world.day - START).days + 1
    for _ in range(count):
        as_of = START + timedelta(days=world.rng.randrange(span))
        known = START + timedelta(days=world.rng.randrange(span)) if world.rng.random() < 0.6 else None
        entity = world.rng.choice([None, None, *world.entities])
        frames.append(frame_at(now=world.now, entity_ids=everyone, entity_id=entity, as_of=as_of, known_on=known))
    return frames


def minor_of(amount: Decimal, currency: str) -> int:
    return int(amount / to_decimal(1, currency))
