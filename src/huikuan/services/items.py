"""Bringing items in: invoices, credit memos, debit memos, deposits, notes, opening balances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from huikuan.core.accounts import (
    CONTRA_ACCOUNTS,
    ITEM_ACCOUNTS,
    NEGATIVE_KINDS,
    Charge,
    EntryKind,
    ItemKind,
    LedgerAccount,
)
from huikuan.core.journal import EntryDraft, PostingDraft
from huikuan.core.money import check_size, exponent_of
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.core.texts import TEXT_MAX, check_texts
from huikuan.services.books import Books, open_books
from huikuan.services.idempotency import once
from huikuan.services.rights import demand_accounts
from huikuan.services.sources import source_id_of
from huikuan.services.writing import ItemRow, Unit

_PART = 5_000


@dataclass(frozen=True, slots=True)
class NewItem:
    """An item as a service is asked to post it. ``amount_minor`` is signed: credits and deposits negative.

    ``effective_date`` defaults to ``document_date``. ``opening``: brought in from an earlier system.
    """

    account_id: int
    external_id: str
    document_date: date
    due_date: date
    currency: str
    amount_minor: int
    kind: ItemKind = ItemKind.INVOICE
    document_number: str = ""
    effective_date: date | None = None
    charge: Charge = Charge.PRINCIPAL
    po_number: str = ""
    contract_number: str = ""
    discount_date: date | None = None
    discount_bp: int | None = None
    disputed: bool = False
    sales_rep: str = ""
    region: str = ""
    product: str = ""
    opening: bool = False
    version: int = 1
    source_recorded_at: datetime | None = None


_TEXTS = dict.fromkeys(
    ("external_id", "document_number", "po_number", "contract_number", "sales_rep", "region", "product"), TEXT_MAX
)


def post_items(
    entity_id: int,
    items: Sequence[NewItem],
    *,
    actor_id: int | None,
    now: datetime,
    source: str = "manual",
    key: str | None = None,
) -> list[int]:
    """Posts items, one entry each, all or none; gives their ids in order.

    Refuses ``right.missing``, ``item.exists``, ``item.zero``, ``item.wrong_sign``, ``account.unknown``,
    ``exchange.no_rate`` and what money and periods refuse.
    """

    def work() -> dict[str, list[int]]:
        accounts = {item.account_id for item in items}
        demand_accounts(actor_id, Right.POST_ITEM, entity_id=entity_id, account_ids=accounts)
        books = open_books(entity_id, actor_id=actor_id)
        unit = Unit(entity_id, actor_id, now, source_id_of(source))
        check_accounts(entity_id, accounts)
        ids = add_items(unit, books, items)
        unit.flush()
        return {"items": ids}

    answer = once(
        entity_id=entity_id, actor_id=actor_id, operation="items.post", key=key, request=items, now=now, work=work
    )
    return list(answer["items"])


def add_items(unit: Unit, books: Books, items: Sequence[NewItem]) -> list[int]:
    """Decides and collects; the caller flushes."""
    item_ids = unit.new_ids("item", len(items))
    entry_ids = unit.new_ids("entry", len(items))
    for item, item_id, entry_id in zip(items, item_ids, entry_ids, strict=True):
        row = decide_item(books, item, item_id=item_id, entry_id=entry_id, source_id=unit.source_id or 0)
        unit.items.append(row)
        unit.add_entry(item_entry(row, opening=item.opening, source_recorded_at=item.source_recorded_at), entry_id)
    return item_ids


def decide_item(books: Books, item: NewItem, *, item_id: int, entry_id: int, source_id: int) -> ItemRow:
    check_texts(item, _TEXTS)
    exponent_of(item.currency)
    check_size(item.amount_minor, item.currency)
    if item.amount_minor == 0:
        raise Refusal("item.zero", "{external_id}: an item of zero owes nothing", external_id=item.external_id)
    if (item.amount_minor < 0) != (item.kind in NEGATIVE_KINDS):
        raise Refusal(
            "item.wrong_sign",
            "{external_id}: {kind} of {amount} has the wrong sign",
            external_id=item.external_id,
            kind=item.kind.value,
            amount=item.amount_minor,
        )
    day = books.posting_day(item.effective_date or item.document_date)
    return ItemRow(
        item_id=item_id,
        entry_id=entry_id,
        account_id=item.account_id,
        source_id=source_id,
        external_id=item.external_id,
        version=item.version,
        kind=item.kind,
        ledger_account=ITEM_ACCOUNTS[item.kind],
        document_number=item.document_number or item.external_id,
        document_date=item.document_date,
        due_date=item.due_date,
        posting_date=day.posting_date,
        effective_date=day.effective_date,
        currency=item.currency,
        amount_minor=item.amount_minor,
        base_minor=books.to_base(item.amount_minor, item.currency, day.effective_date),
        charge=item.charge,
        po_number=item.po_number,
        contract_number=item.contract_number,
        discount_date=item.discount_date,
        discount_bp=item.discount_bp,
        disputed=item.disputed,
        sales_rep=item.sales_rep,
        region=item.region,
        product=item.product,
    )


def item_entry(row: ItemRow, *, opening: bool = False, source_recorded_at: datetime | None = None) -> EntryDraft:
    contra = LedgerAccount.OPENING if opening else CONTRA_ACCOUNTS[row.kind]
    return EntryDraft(
        kind=EntryKind.ITEM,
        effective_date=row.effective_date,
        posting_date=row.posting_date,
        postings=(
            PostingDraft(
                row.ledger_account, row.currency, row.amount_minor, row.base_minor, row.account_id, row.item_id
            ),
            PostingDraft(contra, row.currency, -row.amount_minor, -row.base_minor, row.account_id),
        ),
        source_recorded_at=source_recorded_at,
    )


def check_accounts(entity_id: int, account_ids: set[int]) -> None:
    """Refuses ``account.unknown`` for a customer account that is not this entity's."""
    wanted, known = sorted(account_ids), set()
    for start in range(0, len(wanted), _PART):
        part = wanted[start : start + _PART]
        marks = ", ".join(["%s"] * len(part))
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT id FROM store_customeraccount WHERE id IN ({marks}) AND entity_id = %s", [*part, entity_id]
            )
            known |= {number for (number,) in cursor.fetchall()}
    missing = account_ids - known
    if missing:
        raise Refusal("account.unknown", "there is no account {account} in this entity", account=min(missing))
