"""Open items: listed, read, posted; the life of one; credit applied."""

from __future__ import annotations

from typing import Literal

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router

from huikuan.api.answers import post_once, tagged
from huikuan.api.callers import caller_of
from huikuan.api.paging import Cursor
from huikuan.api.parts import OnceKey, entity_for, frame_of, read_account, read_minor, read_on
from huikuan.api.problems import NotThere
from huikuan.api.schemas import (
    Code,
    CreditIn,
    Currency,
    Day,
    EntriesPosted,
    EntryList,
    Id,
    ItemIn,
    ItemList,
    ItemOut,
    ItemsIn,
    ItemsPosted,
    ListAsked,
    Standpoint,
    Text,
    entry_out,
    item_out,
)
from huikuan.core.accounts import ItemKind
from huikuan.core.rights import Right
from huikuan.queries.desk import ItemNow, item_now
from huikuan.queries.directory import entities_table
from huikuan.queries.feeds import ItemWish, item_slice, one_item, posted_items
from huikuan.queries.feeds_journal import EntryWish, entry_slice
from huikuan.queries.ids import entry_id_text
from huikuan.services.applications import Named, apply_credit
from huikuan.services.items import NewItem, post_items

router = Router(tags=["Items"])


class ItemsAsked(ListAsked):
    state: Literal["open", "overdue", "all"] = "all"
    customer: Id | Literal[""] = ""
    currency: Currency | Literal[""] = ""
    kind: ItemKind | Literal[""] = ""
    external_id: Text = ""
    document_number: Text = ""
    source: Code = ""
    due_from: Day | None = None
    due_to: Day | None = None


@router.get("", response=ItemList, summary="List items")
def list_items(request: HttpRequest, asked: Query[ItemsAsked]) -> object:
    """Items in the order in which they came. `state` and `open_amount` hold as of the day asked for."""
    cursor = Cursor("items", asked, asked.cursor)
    wish = ItemWish(**{name: getattr(asked, name) for name in ItemWish.__slots__})
    found = item_slice(frame_of(request, asked), wish, after=cursor.after, limit=asked.limit)
    entities = entities_table()
    return cursor.page(found, lambda row: item_out(row, entities))


@router.get("/{item_id}", response=ItemOut, summary="Read an item")
def read_item(request: HttpRequest, item_id: Path[Id], asked: Query[Standpoint]) -> HttpResponse:
    """One item, with its ETag."""
    found = one_item(frame_of(request, asked), item_id)
    if found is None:
        raise NotThere
    return tagged(request, item_out(found, entities_table()))


@router.get("/{item_id}/life", response=EntryList, summary="The life of an item")
def read_life(request: HttpRequest, item_id: Path[Id], asked: Query[ListAsked]) -> object:
    """Every sealed entry that names the item, in the ledger's order."""
    frame = frame_of(request, asked)
    if one_item(frame, item_id) is None:
        raise NotThere
    cursor = Cursor(f"life:{item_id}", asked, asked.cursor)
    found = entry_slice(frame, EntryWish(item=item_id), after=cursor.after, limit=asked.limit)
    return cursor.page(found, entry_out)


@router.post("", response={201: ItemsPosted}, summary="Post items")
def create_items(request: HttpRequest, body: ItemsIn, key: OnceKey) -> HttpResponse:
    """Posts invoices, credit memos, debit memos, deposits: one entry each, all of them or none."""
    caller = caller_of(request)
    entity_id = entity_for(caller, body.entity, Right.POST_ITEM)

    def work() -> ItemsPosted:
        items = [_new_item(request, entity_id, item, f"#/items/{index}") for index, item in enumerate(body.items)]
        numbers = post_items(entity_id, items, source=body.source, **caller.actor)
        entities = entities_table()
        return ItemsPosted(items=[item_out(found, entities) for found in posted_items(caller.frame(), numbers)])

    return post_once(request, caller, entity_id, "items.post", key, body, work)


def _new_item(request: HttpRequest, entity_id: int, given: ItemIn, pointer: str) -> NewItem:
    same = (
        "external_id kind charge document_number document_date due_date effective_date currency po_number"
        " contract_number discount_date disputed sales_rep region product"
    ).split()
    return NewItem(
        **{name: getattr(given, name) for name in same},
        account_id=read_account(caller_of(request), entity_id, given.customer, f"{pointer}/customer"),
        amount_minor=read_minor(given.amount, given.currency, f"{pointer}/amount"),
        discount_bp=None if given.discount_percent is None else _basis_points(given.discount_percent),
    )


def _basis_points(percent: str) -> int:
    whole, _, part = percent.partition(".")
    return int(whole) * 100 + int(part.ljust(2, "0") or 0)


@router.post("/{item_id}/credit", response={201: EntriesPosted}, summary="Apply a credit")
def apply_item(request: HttpRequest, item_id: Path[Id], body: CreditIn, key: OnceKey) -> HttpResponse:
    """Applies a credit memo, deposit or on-account item to items owed."""
    caller = caller_of(request)
    found = _postable(request, item_id)

    def work() -> EntriesPosted:
        frame = caller.frame()
        lines = []
        for index, line in enumerate(body.lines):
            item = item_now(frame, line.item, caller.now)
            if item is None:
                raise NotThere("item.unknown", f"there is no item {line.item} in this entity")
            minor = read_minor(line.amount, item.currency, f"#/lines/{index}/amount")
            lines.append(Named(item.id, minor))
        on = read_on(body.on, found.entity_id, caller.now)
        return EntriesPosted(
            entries=[entry_id_text(apply_credit(found.entity_id, found.id, lines, on=on, **caller.actor))]
        )

    return post_once(request, caller, found.entity_id, "credit.apply", key, body, work)


def _postable(request: HttpRequest, item_id: str) -> ItemNow:
    """An item the caller sees and may post to."""
    caller = caller_of(request)
    found = item_now(caller.frame(), item_id, caller.now)
    if found is None:
        raise NotThere
    caller.demand(Right.POST_CASH, found.entity_id)
    return found
