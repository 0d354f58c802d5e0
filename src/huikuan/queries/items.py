"""Items: what is open (or ever was), filtered, sorted and added up. The life of one is in ``lives``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from huikuan.core.ageing import bucket_of
from huikuan.queries.cells import DUE, book_value, currency_order
from huikuan.queries.directory import (
    accounts_of,
    accounts_table,
    customer_ids_of,
    customers_of,
    entities_table,
    names_table,
    reference_of,
)
from huikuan.queries.entries import EntryDetail, entry
from huikuan.queries.facts import Facts, read_facts
from huikuan.queries.few import first_rows, order_keys, sums_of
from huikuan.queries.finding import bound_sql, finds_no_item, give_hits, give_near
from huikuan.queries.frame import Frame
from huikuan.queries.layers import Asked, numbers_of, sums, top
from huikuan.queries.listing import CHUNK, ROWS_MAX, Page, Whole, order_of, slice_of
from huikuan.queries.lives import ItemLife, item_life
from huikuan.queries.open_rows import BOOK_VALUE, OPEN_ITEMS, basis_day, day_of, ids
from huikuan.queries.patches import with_book_value
from huikuan.store.models import OpenItem
from huikuan.store.public_ids import inner_id, public_id

__all__ = [
    "EntryDetail",
    "ItemFilters",
    "ItemLife",
    "ItemRow",
    "entry",
    "item_life",
    "item_page",
    "item_whole",
    "items_of_accounts",
]


@dataclass(frozen=True, slots=True)
class ItemRow:
    """An item as of the frame's day. ``amount_minor`` and ``open_minor`` are signed: credits are negative."""

    public_id: str
    document_number: str
    kind: str
    document_date: date
    due_date: date
    posting_date: date
    currency: str
    amount_minor: int
    open_minor: int
    days_past_due: int
    bucket: str
    po_number: str
    customer_name: str
    customer_public_id: str
    entity_id: int
    entity_code: str = ""
    customer_number: str = ""
    contract_number: str = ""
    external_id: str = ""
    sales_rep: str = ""
    region: str = ""
    product: str = ""
    payment_reference: str = ""


@dataclass(frozen=True, slots=True)
class ItemFilters:
    """What a list of items is narrowed to. ``state``: open, overdue, all; ``bucket`` an ageing bucket by due date (open
    items only); ``customer`` a public id; amounts are of the document, in major units of its currency; ``sales_rep``,
    ``region``, ``product`` as they stand on the item; ``items`` public ids. Not ``by_customer``: ``search`` is for what
    stands on the item itself, not for whose it is."""

    search: str = ""
    state: str = "open"
    bucket: str = ""
    customer: str = ""
    currency: str = ""
    kind: str = ""
    due_from: date | None = None
    due_to: date | None = None
    amount_from: Decimal | None = None
    amount_to: Decimal | None = None
    sales_rep: str = ""
    region: str = ""
    product: str = ""
    items: tuple[str, ...] = ()
    by_customer: bool = True


@dataclass(frozen=True, slots=True)
class ItemTotal:
    """Sums of everything a list found, in one currency."""

    currency: str
    items: int
    amount_minor: int
    open_minor: int


def item_page(
    frame: Frame,
    *,
    search: str = "",
    state: str = "open",
    bucket: str = "",
    customer: str = "",
    currency: str = "",
    sort: str = "due_date",
    page: int = 1,
    size: int = 50,
    filters: ItemFilters | None = None,
    counted: bool = True,
) -> Page[ItemRow]:
    """Items of the frame's entities, narrowed by ``filters`` or, in short, by the first five (see ``ItemFilters``).
    ``search``: document, PO, contract and source numbers, customers, exact amounts; ``sort``: document_number,
    customer, document_date, due_date, amount, open, days_past_due.
    Not ``counted``: only the rows, and how many they are."""
    filters = filters or ItemFilters(search, state, bucket, customer, currency)
    rows, totals = _find(frame, _accounts(frame, filters), filters, sort, slice_of(page, size), counted=counted)
    if not counted:
        return Page(_item_rows(frame, rows), len(rows), page, size)
    return Page(_item_rows(frame, rows), sum(total.items for total in totals.values()), page, size, totals)


def item_whole(frame: Frame, filters: ItemFilters, *, sort: str = "due_date") -> Whole[ItemRow]:
    """Everything ``item_page`` would show page by page."""
    rows, totals = _find(frame, _accounts(frame, filters), filters, sort, (0, ROWS_MAX))

    def shown() -> Iterator[ItemRow]:
        for start in range(0, len(rows), CHUNK):
            yield from _item_rows(frame, rows[start : start + CHUNK])

    return Whole(shown(), len(rows), totals)


def items_of_accounts(
    frame: Frame, accounts: Sequence[int], *, state: str = "open", sort: str = "due_date", page: int = 1, size: int = 50
) -> Page[ItemRow]:
    """The items of these accounts; the caller has asked whether they may be seen."""
    rows, totals = _find(frame, accounts, ItemFilters(state=state), sort, slice_of(page, size))
    return Page(_item_rows(frame, rows), sum(total.items for total in totals.values()), page, size, totals)


def _accounts(frame: Frame, filters: ItemFilters) -> Sequence[int] | None:
    if not filters.customer:
        return None
    customer_id = inner_id("cus", filters.customer)
    return [] if customer_id is None else accounts_of(frame, customer_id)


def _find(
    frame: Frame,
    accounts: Sequence[int] | None,
    filters: ItemFilters,
    sort: str,
    limit: tuple[int, int],
    *,
    counted: bool = True,
) -> tuple[list[dict[str, Any]], dict[str, ItemTotal]]:
    """The rows found (item_id, account_id, open_minor) in their order, and the totals of all."""
    with read_facts(frame) as facts:
        if accounts is None and filters.state != "all" and not filters.search.strip():
            return _find_layered(facts, filters, sort, limit, counted=counted)
        if accounts is not None and (owed := _find_near(facts, accounts, filters, sort, limit)) is not None:
            return owed
        if accounts is None and finds_no_item(facts, filters.search, by_customer=filters.by_customer):
            return [], {}
        items = "items"
        wheres, given = _narrowed(facts, filters)
        if accounts is not None:
            facts.need_items_of(accounts)
            if filters.state == "all" or "{items}" in "".join(wheres) + _ordered(facts, sort)[0]:
                facts.give("near_items", facts.naming("items", "account_id", accounts))
                items = "near_items"
        if filters.search.strip():
            near = give_near(facts, filters.search, by_customer=filters.by_customer) if accounts is None else None
            items = near or items
            if near is None:
                facts.need("open_items")
                wheres.append(give_hits(facts, filters.search, by_customer=filters.by_customer))
        elif accounts is None:
            facts.need("open_items")
        mine = facts.mine if accounts is None else f"{facts.mine} AND account_id IN ({ids(accounts)})"
        source = _source(facts, filters.state, mine, items)
        found = f"(SELECT * FROM {source} WHERE {' AND '.join(wheres).format(items=items)})"
        columns = ", ".join(f"sum({name})::BIGINT AS {name}" for name in _TOTALS)
        by_currency = f"SELECT currency, count(*) AS items, {columns} FROM {found} GROUP BY currency ORDER BY currency"
        totals = facts.rows(by_currency, given) if counted else []
        join, order = _ordered(facts, sort)
        chosen = f"SELECT item_id, account_id, open_minor FROM {found} {join.format(items=items)}"
        rows = facts.rows(f"{chosen} {order} LIMIT {limit[1]} OFFSET {limit[0]}", given)
    return rows, {row["currency"]: ItemTotal(**row) for row in totals}


_TOTALS = {"amount_minor": "amount_minor", "open_minor": "open_minor"}


def _find_layered(
    facts: Facts, filters: ItemFilters, sort: str, limit: tuple[int, int], *, counted: bool
) -> tuple[list[dict[str, Any]], dict[str, ItemTotal]]:
    """Of everything that is open, without looking at each row again after every posting."""
    layers = facts.open(OPEN_ITEMS).layers
    wheres, given = _narrowed(facts, filters)
    where = " AND ".join([facts.mine, *wheres])
    join, order = _ordered(facts, sort)
    if layers.gone is not None and layers.fresh is not None and "{items}" in where + join:
        changed = numbers_of(layers.gone["item_id"], layers.fresh["item_id"])
        facts.give("named", facts.facts_of(OPEN_ITEMS, changed))
    narrow = _few(facts, filters)
    few = None if narrow is None else lambda rows: narrow(with_book_value(rows))
    asked = Asked(f"(SELECT *, {BOOK_VALUE} FROM {{rows}})", where, given, few=few)
    totals = sums(facts, layers, asked, "currency", _TOTALS) if counted else []
    keep, few = sort.removeprefix("-") != "customer", None if join else asked.few
    asked = replace(asked, source=f"{asked.source} {join}", keep=keep, few=few)
    rows = top(facts, layers, asked, "item_id", order, limit)
    return rows, {
        row["currency"]: ItemTotal(row["currency"], row["rows"], row["amount_minor"], row["open_minor"])
        for row in totals
    }


def _find_near(
    facts: Facts, accounts: Sequence[int], filters: ItemFilters, sort: str, limit: tuple[int, int]
) -> tuple[list[dict[str, Any]], dict[str, ItemTotal]] | None:
    """Of what some accounts owe, in Arrow; ``None`` where it takes a statement."""
    narrow, (join, order) = _few(facts, replace(filters, customer="")), _ordered(facts, sort)
    if narrow is None or join:
        return None
    rows = narrow(facts.open_of(OPEN_ITEMS, accounts))
    keys = order_keys(order, rows.column_names)
    if keys is None:
        return None
    totals = [ItemTotal(*line.values()) for line in sums_of(rows, "currency", _TOTALS)]
    return first_rows(rows, keys, *limit), {total.currency: total for total in totals}


def _few(facts: Facts, filters: ItemFilters) -> Callable[[Any], Any] | None:
    """The same of a few open items in Arrow, where they are narrowed to a state and a currency at most."""
    if filters.state == "all" or replace(filters, state="", currency="") != ItemFilters(state=""):
        return None

    def take(rows: Any) -> Any:
        rows = facts.few_mine(rows)
        if filters.currency:
            rows = rows.filter(pc.equal(rows["currency"], filters.currency))
        late = filters.state == "overdue"
        return rows.filter(pc.less(rows["due_date"], pa.scalar(facts.frame.as_of, pa.date32()))) if late else rows

    return take


def _narrowed(facts: Facts, filters: ItemFilters) -> tuple[list[str], dict[str, Any]]:
    """Predicates over the rows of a state, and their parameters, but for what is searched."""
    wheres = ["true"]
    given: dict[str, Any] = {}
    if filters.currency:
        wheres.append("currency = $currency")
        given["currency"] = filters.currency
    if filters.bucket:
        wheres.append(f"open_minor <> 0 AND {DUE.day_range(facts, filters.bucket)}")
    if filters.state == "overdue":
        wheres.append(f"due_date < {day_of(facts.frame.as_of)}")
    if filters.due_from:
        wheres.append(f"due_date >= {day_of(filters.due_from)}")
    if filters.due_to:
        wheres.append(f"due_date <= {day_of(filters.due_to)}")
    if filters.amount_from is not None:
        wheres.append(f"amount_minor >= {bound_sql(filters.amount_from, upper=False)}")
    if filters.amount_to is not None:
        wheres.append(f"amount_minor <= {bound_sql(filters.amount_to, upper=True)}")
    if filters.items:
        wheres.append(f"item_id IN ({ids(n for text in filters.items if (n := inner_id('itm', text)) is not None)})")
    same = {name: getattr(filters, name) for name in ("kind", "sales_rep", "region", "product")}
    same = {name: text for name, text in same.items() if text}
    if same:
        wheres.append(
            f"item_id IN (SELECT item_id FROM {{items}} WHERE {' AND '.join(f'{name} = ${name}' for name in same)})"
        )
        given |= same
    return wheres, given


def _source(facts: Facts, state: str, where: str, items: str) -> str:
    """The rows a state is about, all with the columns of open items."""
    if state != "all":
        return f"(SELECT * FROM open_items WHERE {where})"
    return (
        "(SELECT i.*, coalesce(o.open_minor, 0) AS open_minor, coalesce(o.open_base, 0) AS open_base FROM"
        " (SELECT item_id, account_id, entity_id, currency, due_date, document_date, amount_minor,"
        f" base_minor AS amount_base FROM {items} WHERE {where}"
        f" AND {basis_day(facts.basis)} <= {day_of(facts.frame.as_of)}) AS i"
        f" LEFT JOIN (SELECT item_id, open_minor, open_base FROM open_items WHERE {where}) AS o"
        " ON o.item_id = i.item_id)"
    )


def _ordered(facts: Facts, sort: str) -> tuple[str, str]:
    """What is joined for an order, and the order."""
    name = sort.removeprefix("-")
    joined = ""
    if name == "document_number":
        joined = "JOIN (SELECT item_id, document_number FROM {items}) USING (item_id)"
    elif name == "customer":
        facts.give("accounts", accounts_table())
        facts.give("names", names_table())
        joined = "JOIN (SELECT account_id, sort_name FROM accounts JOIN names USING (customer_id)) USING (account_id)"
    columns = {
        "document_number": "document_number",
        "customer": "sort_name",
        "document_date": "document_date",
        "due_date": "due_date",
        "amount": book_value("amount_base"),
        "open": book_value("open_base"),
        "days_past_due": f"CASE WHEN open_minor <> 0 THEN {day_of(facts.frame.as_of)} - due_date END",
    }
    return joined, order_of(
        sort,
        columns,
        "due_date",
        ["item_id"],
        amounts={"amount": "amount_minor", "open": "open_minor"},
        currencies=currency_order(facts.frame.entity_ids),
    )


def _item_rows(frame: Frame, rows: list[dict[str, Any]]) -> list[ItemRow]:
    """Rows as shown. Facts of an item never change, so those of a page come from the database by key."""
    items = OpenItem.objects.in_bulk([row["item_id"] for row in rows])
    owners = customer_ids_of(row["account_id"] for row in rows)
    names = customers_of(frame, owners.values())
    entities = entities_table()
    shown = []
    for row in rows:
        item, owner = items[row["item_id"]], owners[row["account_id"]]
        days = (frame.as_of - item.due_date).days
        shown.append(
            ItemRow(
                public_id=public_id("itm", item.id),
                document_number=item.document_number,
                kind=item.kind,
                document_date=item.document_date,
                due_date=item.due_date,
                posting_date=item.posting_date,
                currency=item.currency,
                amount_minor=item.amount_minor,
                open_minor=row["open_minor"],
                days_past_due=days,
                bucket=bucket_of(days, DUE.bounds),
                po_number=item.po_number,
                customer_name=names[owner].name,
                customer_public_id=public_id("cus", owner),
                entity_id=item.entity_id,
                entity_code=entities[item.entity_id].code,
                customer_number=names[owner].external_id,
                contract_number=item.contract_number,
                external_id=item.external_id,
                sales_rep=item.sales_rep,
                region=item.region,
                product=item.product,
                payment_reference=reference_of(item, entities[item.entity_id].references),
            )
        )
    return shown
