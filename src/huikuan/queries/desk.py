"""What a person who is about to post needs to see: receipts, items and entries as they stand now, in the database.

Unlike the rest of this room these answer from the balances that the services will decide on, not from the mirror, so
that a form never offers what was used a moment ago.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from huikuan.core.accounts import LedgerAccount
from huikuan.queries.applicable import sums_on
from huikuan.queries.directory import (
    CustomerFacts,
    customer_ids_of,
    customers_of,
    external_ids_of,
    find_customers,
    item_row,
    receipt_row,
)
from huikuan.queries.frame import Frame
from huikuan.queries.presence import item_has
from huikuan.store.models import (
    Customer,
    CustomerAccount,
    CustomerRef,
    Entity,
    IdempotencyKey,
    JournalEntry,
    Posting,
    Receipt,
    ReceiptBalance,
)
from huikuan.store.public_ids import inner_id, public_id


@dataclass(frozen=True, slots=True)
class Owner:
    """A customer account: whose money or whose debt it is."""

    account_id: int
    customer_public_id: str
    name: str
    external_id: str


@dataclass(frozen=True, slots=True)
class ReceiptNow:
    """A receipt as it stands. ``today``: in its entity's zone."""

    id: int
    public_id: str
    entry_public_id: str
    entity_id: int
    reference: str
    currency: str
    value_date: date
    effective_date: date
    amount_minor: int
    unidentified_minor: int
    unapplied_minor: int
    on_account_minor: int
    is_reversed: bool
    owner: Owner | None
    payer_name: str
    remittance_text: str
    today: date

    @property
    def rest_minor(self) -> int:
        return self.unidentified_minor + self.unapplied_minor + self.on_account_minor


@dataclass(frozen=True, slots=True)
class ItemNow:
    """An item as it stands. ``written_off_minor``: written off and not recovered, positive."""

    id: int
    public_id: str
    entity_id: int
    document_number: str
    kind: str
    currency: str
    effective_date: date
    amount_minor: int
    open_minor: int
    written_off_minor: int
    owner: Owner
    today: date

    @property
    def is_credit(self) -> bool:
        return self.amount_minor < 0


@dataclass(frozen=True, slots=True)
class EntryNow:
    """A journal entry and the day it counts from."""

    id: int
    public_id: str
    entity_id: int
    kind: str
    effective_date: date
    posting_date: date
    is_reversed: bool
    today: date


def owner_of(frame: Frame, account_id: int | None) -> Owner | None:
    if account_id is None:
        return None
    return owners_of(frame, [account_id])[0]


def owners_of(frame: Frame, account_ids: Iterable[int]) -> list[Owner]:
    """The customers of accounts, in the order asked."""
    wanted = list(account_ids)
    customers = customer_ids_of(wanted)
    facts = customers_of(frame, customers.values())
    return [_owner(account_id, customers[account_id], facts[customers[account_id]]) for account_id in wanted]


def _owner(account_id: int, customer_id: int, facts: CustomerFacts) -> Owner:
    return Owner(account_id, public_id("cus", customer_id), facts.name, facts.external_id)


def find_owners(frame: Frame, entity_id: int, text: str, *, limit: int = 8) -> list[Owner]:
    """Customers with an account at the entity, by opaque id, number, name, alias or pinyin; an exact one comes alone.

    One customer of several that bear the very number or name typed is meant, so it comes alone.
    """
    text = text.strip()
    if not text or entity_id not in frame.entity_ids:
        return []
    kept = tuple((number, people) for number, people in frame.narrowed if number == entity_id)
    narrow = replace(frame, entity_id=entity_id, entity_ids=(entity_id,), narrowed=kept)
    number = inner_id("cus", text)
    if number is None and len(meant := _exactly(narrow, text)) == 1:
        return owners_of(narrow, meant)
    found = [number] if number is not None else find_customers(narrow, text)
    accounts = CustomerAccount.objects.filter(narrow.visible(""), customer_id__in=found[:500])
    pairs = list(accounts.order_by("customer__name", "id").values_list("id", "customer_id"))
    if len(pairs) > 1:
        exact = _exact(narrow, pairs, text)
        pairs = exact if len(exact) == 1 else pairs
    return owners_of(narrow, [account_id for account_id, _ in pairs[:limit]])


def _exactly(frame: Frame, text: str) -> list[int]:
    """Accounts of customers that bear this very number or name: what a person who knows it types, found by an index
    before everything that holds the text is looked for."""
    if text.lower() != text.upper():
        return []  # names are compared in both cases, for which there is no index
    mine = CustomerAccount.objects.filter(frame.visible(""))
    numbered = mine.filter(id__in=CustomerRef.objects.filter(external_id=text).values("account_id"))
    named = mine.filter(customer__name=text)
    return sorted({*numbered.values_list("id", flat=True), *named.values_list("id", flat=True)[:2]})


def _exact(frame: Frame, pairs: Sequence[tuple[int, int]], text: str) -> list[tuple[int, int]]:
    wanted = [customer_id for _, customer_id in pairs]
    numbers = external_ids_of(frame, wanted)
    names = dict(Customer.objects.filter(id__in=wanted).values_list("id", "name"))
    return [pair for pair in pairs if text in numbers.get(pair[1], ()) or text.lower() == names[pair[1]].lower()]


def day_at(entity_id: int, now: datetime) -> date:
    """The business day of an instant in the entity's zone."""
    name = Entity.objects.values_list("timezone", flat=True).get(id=entity_id)
    return now.astimezone(ZoneInfo(name)).date()


def receipt_now(frame: Frame, text: str, now: datetime) -> ReceiptNow | None:
    """A receipt of the frame's entities by its opaque id."""
    number = inner_id("rcp", text)
    if number is None:
        return None
    receipt = receipt_row(number)
    if receipt is None or not frame.shows(receipt.entity_id, [_standing_with(receipt.balance)]):
        return None
    return _receipt(frame, receipt, now)


def _standing_with(balance: ReceiptBalance) -> int | None:
    """Whose money a receipt is; nobody's while any of it stands in suspense."""
    return None if balance.unidentified_minor else balance.account_id


def _receipt(frame: Frame, receipt: Receipt, now: datetime) -> ReceiptNow:
    balance, party = receipt.balance, getattr(receipt, "party", None)
    return ReceiptNow(
        id=receipt.id,
        public_id=public_id("rcp", receipt.id),
        entry_public_id=public_id("ent", receipt.entry_id),
        entity_id=receipt.entity_id,
        reference=receipt.reference or receipt.external_id,
        currency=receipt.currency,
        value_date=receipt.value_date,
        effective_date=receipt.effective_date,
        amount_minor=receipt.amount_minor,
        unidentified_minor=balance.unidentified_minor,
        unapplied_minor=balance.unapplied_minor,
        on_account_minor=balance.on_account_minor,
        is_reversed=JournalEntry.objects.filter(reverses_id=receipt.entry_id).exists(),
        owner=owner_of(frame, balance.account_id),
        payer_name=party.payer_name if party else "",
        remittance_text=party.remittance_text if party else "",
        today=now.astimezone(ZoneInfo(receipt.entity.timezone)).date(),
    )


def money_left(frame: Frame, item: ItemNow, now: datetime, *, limit: int = 100) -> list[ReceiptNow]:
    """Receipts of the item's customer and currency with unapplied money, oldest first."""
    balances = ReceiptBalance.objects.filter(
        account_id=item.owner.account_id, unapplied_minor__gt=0, receipt__currency=item.currency
    )
    receipts = Receipt.objects.filter(balance__in=balances, entity_id=item.entity_id)
    receipts = receipts.select_related("balance", "entity", "party").order_by("value_date", "id")
    return [_receipt(frame, receipt, now) for receipt in receipts[:limit]]


def item_now(frame: Frame, text: str, now: datetime) -> ItemNow | None:
    """An item of the frame's entities by its opaque id."""
    number = inner_id("itm", text)
    if number is None:
        return None
    item = item_row(number)
    if item is None or not frame.shows(item.entity_id, [item.account_id]):
        return None
    lost = (LedgerAccount.BAD_DEBT.value, LedgerAccount.RECOVERY.value)
    owner = owner_of(frame, item.account_id)
    assert owner is not None  # noqa: S101 - an item always has an account
    return ItemNow(
        id=item.id,
        public_id=public_id("itm", item.id),
        entity_id=item.entity_id,
        document_number=item.document_number,
        kind=item.kind,
        currency=item.currency,
        effective_date=item.effective_date,
        amount_minor=item.amount_minor,
        open_minor=item.balance.open_minor,
        written_off_minor=sums_on([item.id], lost).get(item.id, 0) if "losses" in item_has(item.id) else 0,
        owner=owner,
        today=now.astimezone(ZoneInfo(item.entity.timezone)).date(),
    )


def entry_now(frame: Frame, text: str, now: datetime) -> EntryNow | None:
    """An entry of the frame's entities by its opaque id."""
    number = inner_id("ent", text)
    return None if number is None else entry_by_number(frame, number, now)


def entry_by_number(frame: Frame, number: int, now: datetime) -> EntryNow | None:
    entry = JournalEntry.objects.filter(id=number, entity_id__in=frame.entity_ids).select_related("entity").first()
    if entry is None or not _shows_entry(frame, entry):
        return None
    return EntryNow(
        id=entry.id,
        public_id=public_id("ent", entry.id),
        entity_id=entry.entity_id,
        kind=entry.kind,
        effective_date=entry.effective_date,
        posting_date=entry.posting_date,
        is_reversed=JournalEntry.objects.filter(reverses_id=entry.id).exists(),
        today=now.astimezone(ZoneInfo(entry.entity.timezone)).date(),
    )


def _shows_entry(frame: Frame, entry: JournalEntry) -> bool:
    """Whether every account the entry names is seen: one that is only part of it is read, not dealt with."""
    if entry.entity_id in frame.whole_ids:
        return True
    named = Posting.objects.filter(entry_id=entry.pk, account__isnull=False).values_list("account_id", flat=True)
    return frame.shows(entry.entity_id, set(named))


def posted_under(entity_id: int, actor_id: int | None, key: str) -> list[int]:
    """Ids of the receipts that a person has posted by a form with that key."""
    operation = {"operation": "receipts.post", "key": key}
    done = IdempotencyKey.objects.filter(entity_id=entity_id, actor_key=actor_id or 0, **operation).first()
    return list(done.answer["receipts"]) if done else []


def same_receipts(
    frame: Frame, entity_id: int, *, currency: str, amount_minor: int, day: date, but: list[int]
) -> list[str]:
    """References of receipts of that amount and value date, current ones, other than those with these ids."""
    found = Receipt.objects.filter(
        frame.visible(),
        entity_id=entity_id,
        currency=currency,
        amount_minor=amount_minor,
        value_date=day,
        balance__is_current=True,
        entry__reversed_by__isnull=True,
    ).exclude(id__in=but)
    return [reference or external for reference, external in found.values_list("reference", "external_id")[:5]]
