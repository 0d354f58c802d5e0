"""Lists for programs: rows in an order that never changes, each slice beginning after the last row of the one before.

Unlike the pages' lists nothing is counted, added up or sorted by choice, so a slice costs the same wherever it is, and
rows that come meanwhile neither shift nor repeat others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar

from huikuan.core.refusals import Refusal
from huikuan.queries.directory import accounts_of, customer_ids_of, external_ids_of
from huikuan.queries.facts import Facts, read_facts
from huikuan.queries.frame import Frame
from huikuan.queries.open_rows import day_of, ids
from huikuan.queries.receipts import Money, legs_of, money_of, receipts_by_channel, receipts_mine
from huikuan.store.models import CustomerAccount, OpenItem, Receipt, Source
from huikuan.store.public_ids import inner_id, public_id

T = TypeVar("T")
NOBODYS = -1
"""An account that is nobody's: for a customer the frame does not show."""


@dataclass(frozen=True, slots=True)
class Slice(Generic[T]):
    """Some rows. ``last`` is where the next slice begins after, ``None`` where nothing was found; ``more`` says that
    there are further rows."""

    rows: list[T]
    last: int | None
    more: bool


def cut(found: Sequence[Mapping[str, Any]], key: str, limit: int) -> tuple[list[Mapping[str, Any]], int | None, bool]:
    """From up to ``limit + 1`` rows: those shown, the last one's key, whether there are more."""
    shown = list(found[:limit])
    return shown, shown[-1][key] if shown else None, len(found) > limit


def accounts_named(frame: Frame, customer: str) -> list[int] | None:
    """The accounts of a customer by its opaque id; ``None`` where none is named."""
    if not customer:
        return None
    customer_id = inner_id("cus", customer)
    return (accounts_of(frame, customer_id) if customer_id is not None else []) or [NOBODYS]


class Wheres:
    """Predicates and their parameters."""

    def __init__(self, *sql: str) -> None:
        self.sql = list(sql)
        self.given: dict[str, Any] = {}

    def same(self, column: str, value: str) -> None:
        if value:
            name = f"same_{len(self.given)}"
            self.sql.append(f"{column} = ${name}")
            self.given[name] = value

    def days(self, column: str, since: date | None, until: date | None) -> None:
        if since is not None:
            self.sql.append(f"{column} >= {day_of(since)}")
        if until is not None:
            self.sql.append(f"{column} <= {day_of(until)}")

    def among(self, column: str, numbers: Sequence[int] | None) -> None:
        if numbers is not None:
            self.sql.append(f"{column} IN ({ids(numbers)})")

    @property
    def text(self) -> str:
        return " AND ".join(self.sql)


# -- items -----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class ItemWish:
    """What a list of items is narrowed to. ``state``: open, overdue or all; ``source`` the system it came from."""

    state: str = "all"
    customer: str = ""
    currency: str = ""
    kind: str = ""
    external_id: str = ""
    document_number: str = ""
    source: str = ""
    due_from: date | None = None
    due_to: date | None = None


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """An item's facts, and what is open on it as of the frame's day."""

    item: OpenItem
    open_minor: int
    customer_public_id: str
    customer_number: str
    source: str


def item_slice(frame: Frame, wish: ItemWish, *, after: int, limit: int) -> Slice[ItemFacts]:
    """Items of the frame in the order in which they came."""
    with read_facts(frame) as facts:
        facts.need("open_items")
        where = Wheres(facts.mine_of("i"), f"i.item_id > {after}", facts.counting.counts)
        where.among("i.account_id", accounts_named(frame, wish.customer))
        for column in ("currency", "kind", "external_id", "document_number"):
            where.same(f"i.{column}", getattr(wish, column))
        where.days("i.due_date", wish.due_from, wish.due_to)
        if wish.source:
            where.among("i.source_id", _source_ids(wish.source))
        if wish.state == "overdue":
            where.sql.append(f"i.due_date < {day_of(frame.as_of)}")
        kind = "LEFT JOIN" if wish.state == "all" else "JOIN"
        found = facts.rows(
            "SELECT i.item_id, i.account_id, coalesce(o.open_minor, 0) AS open_minor FROM items AS i"
            f" {kind} (SELECT item_id, open_minor FROM open_items) AS o ON o.item_id = i.item_id"
            f" WHERE {where.text} ORDER BY i.item_id LIMIT {limit + 1}",
            where.given,
        )
    rows, last, more = cut(found, "item_id", limit)
    return Slice(_item_facts(frame, rows), last, more)


def one_item(frame: Frame, text: str) -> ItemFacts | None:
    """An item by its opaque id. ``None`` where the frame has none."""
    number = inner_id("itm", text)
    if number is None:
        return None
    with read_facts(frame) as facts:
        facts.need("open_items")
        found = facts.rows(
            "SELECT i.item_id, i.account_id, coalesce(o.open_minor, 0) AS open_minor FROM items AS i"
            " LEFT JOIN (SELECT item_id, open_minor FROM open_items) AS o ON o.item_id = i.item_id"
            f" WHERE i.item_id = {number} AND {facts.mine_of('i')} AND {facts.counting.counts}"
        )
    return next(iter(_item_facts(frame, found)), None)


def posted_items(frame: Frame, numbers: Sequence[int]) -> list[ItemFacts]:
    """Items just posted, in the order given, from the database alone: all of each is open."""
    accounts = dict(OpenItem.objects.filter(id__in=numbers).values_list("id", "account_id"))
    rows = [{"item_id": number, "account_id": accounts[number], "open_minor": None} for number in numbers]
    return _item_facts(frame, rows)


def _item_facts(frame: Frame, rows: Sequence[Mapping[str, Any]]) -> list[ItemFacts]:
    items = OpenItem.objects.in_bulk([row["item_id"] for row in rows])
    owners = customer_ids_of(row["account_id"] for row in rows)
    refs = external_ids_of(frame, owners.values())
    codes = dict(Source.objects.values_list("id", "code"))
    shown = []
    for row in rows:
        item, owner = items[row["item_id"]], owners[row["account_id"]]
        left = item.amount_minor if row["open_minor"] is None else row["open_minor"]
        number = next(iter(refs.get(owner, ())), "")
        shown.append(ItemFacts(item, left, public_id("cus", owner), number, codes.get(item.source_id, "")))
    return shown


def _source_ids(code: str) -> list[int]:
    return list(Source.objects.filter(code=code).values_list("id", flat=True)) or [NOBODYS]


# -- receipts --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class ReceiptWish:
    """What a list of receipts is narrowed to. ``state``: todo (unidentified or unapplied money left) or all."""

    state: str = "all"
    currency: str = ""
    external_id: str = ""
    reference: str = ""
    source: str = ""
    value_from: date | None = None
    value_to: date | None = None
    channel: str = ""


@dataclass(frozen=True, slots=True)
class ReceiptFacts:
    """A receipt's facts and what became of its money as of the frame's day."""

    receipt: Receipt
    money: Money
    customer_public_id: str
    source: str

    @property
    def channel(self) -> str:
        """By which channel it came; empty where nobody knows."""
        return str(getattr(getattr(self.receipt, "channel_row", None), "channel", ""))


def receipt_slice(frame: Frame, wish: ReceiptWish, *, after: int, limit: int) -> Slice[ReceiptFacts]:
    """Receipts of the frame in the order in which they came."""
    with read_facts(frame) as facts:
        where = Wheres(receipts_mine(facts), f"receipt_id > {after}", facts.counting.counts)
        for column in ("currency", "external_id", "reference"):
            where.same(column, getattr(wish, column))
        where.days("value_date", wish.value_from, wish.value_to)
        if wish.source:
            where.among("source_id", _source_ids(wish.source))
        if wish.channel:
            facts.give("by_channel", receipts_by_channel(frame, wish.channel))
            where.sql.append("receipt_id IN (SELECT receipt_id FROM by_channel)")
        if wish.state == "todo":
            facts.need("open_receipts")
            waiting = "SELECT receipt_id FROM open_receipts WHERE ledger_account <> 'advances' AND open_minor > 0"
            where.sql.append(f"receipt_id IN ({waiting})")
        found = facts.rows(
            f"SELECT receipt_id FROM receipts WHERE {where.text} ORDER BY receipt_id LIMIT {limit + 1}", where.given
        )
        rows, last, more = cut(found, "receipt_id", limit)
        return Slice(_receipt_facts(facts, [row["receipt_id"] for row in rows]), last, more)


def one_receipt(frame: Frame, text: str) -> ReceiptFacts | None:
    """A receipt by its opaque id. ``None`` where the frame has none."""
    number = inner_id("rcp", text)
    if number is None:
        return None
    with read_facts(frame) as facts:
        facts.give("near_receipts", facts.naming("receipts", "receipt_id", [number]))
        found = facts.rows(
            f"SELECT receipt_id FROM near_receipts WHERE {receipts_mine(facts)} AND {facts.counting.counts}"
        )
        return next(iter(_receipt_facts(facts, [row["receipt_id"] for row in found])), None)


def posted_receipts(numbers: Sequence[int]) -> list[ReceiptFacts]:
    """Receipts just posted, in the order given, from the database alone: nothing of them is applied."""
    receipts = Receipt.objects.select_related("balance", "source", "channel_row").in_bulk(list(numbers))
    owners = customer_ids_of(r.account_id for r in receipts.values() if r.account_id is not None)
    shown = []
    for number in numbers:
        receipt = receipts[number]
        owner = owners.get(receipt.account_id or 0)
        bucket = "suspense" if owner is None else "unapplied"
        money = Money({bucket: receipt.amount_minor}, 0, 0, is_reversed=False)
        customer = "" if owner is None else public_id("cus", owner)
        shown.append(ReceiptFacts(receipt, money, customer, receipt.source.code))
    return shown


def _receipt_facts(facts: Facts, numbers: Sequence[int]) -> list[ReceiptFacts]:
    legs = legs_of(facts, numbers)
    receipts = Receipt.objects.select_related("balance", "channel_row").in_bulk(numbers)
    accounts = {number: receipts[number].balance.account_id for number in numbers}
    owners = customer_ids_of(account for account in accounts.values() if account is not None)
    codes = dict(Source.objects.values_list("id", "code"))
    shown = []
    for number in numbers:
        receipt, money, owner = receipts[number], money_of(legs[number]), owners.get(accounts[number] or 0)
        # Whose it is, is asked of today: a receipt is identified once, and that it was not yet shows in its state.
        customer = "" if owner is None or money.rest_minor.get("suspense") else public_id("cus", owner)
        shown.append(ReceiptFacts(receipt, money, customer, codes.get(receipt.source_id, "")))
    return shown


def account_named(frame: Frame, entity_id: int, text: str) -> int:
    """The account a customer has with an entity, by the customer's opaque id or a number a source knows it by.

    Refuses ``account.unknown`` (also for a customer who is not seen) and ``account.ambiguous``.
    """
    number = inner_id("cus", text)
    mine = CustomerAccount.objects.filter(frame.visible(""), entity_id=entity_id)
    mine = mine.filter(customer_id=number) if number is not None else mine.filter(refs__external_id=text)
    found = list(mine.order_by("id").values_list("id", flat=True).distinct()[:2])
    if not found:
        raise Refusal("account.unknown", "there is no {kind} {text}", kind="account", text=text)
    if len(found) > 1:
        raise Refusal("account.ambiguous", "{text} fits several: use the opaque id", text=text)
    return int(found[0])
