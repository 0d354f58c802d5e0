"""Items: what is open (or ever was), filtered, sorted and added up. The life of one is in ``lives``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from huikuan.core.ageing import bucket_of
from huikuan.queries.cells import DUE, book_value
from huikuan.queries.directory import accounts_of, accounts_table, customer_ids_of, customers_of, names_table
from huikuan.queries.entries import EntryDetail, entry
from huikuan.queries.facts import Facts, read_facts
from huikuan.queries.finding import give_hits
from huikuan.queries.frame import Frame
from huikuan.queries.listing import Page, limit_of, order_of
from huikuan.queries.lives import ItemLife, item_life
from huikuan.queries.open_rows import basis_day, day_of, ids
from huikuan.store.models import OpenItem
from huikuan.store.public_ids import inner_id, public_id

__all__ = ["EntryDetail", "ItemLife", "ItemRow", "entry", "item_life", "item_page", "items_of_accounts"]


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
) -> Page[ItemRow]:
    """Items of the frame's entities. ``state``: open, overdue, all; ``bucket`` an ageing bucket by due date (open items
    only); ``customer`` a public id; ``search`` document, PO, contract and source numbers, customers, exact amounts;
    ``sort``: document_number, customer, document_date, due_date, amount, open, days_past_due."""
    accounts: Sequence[int] | None = None
    if customer:
        customer_id = inner_id("cus", customer)
        accounts = [] if customer_id is None else accounts_of(frame, customer_id)
    return _page(frame, accounts, search, state, bucket, currency, sort, page, size)


def items_of_accounts(
    frame: Frame, accounts: Sequence[int], *, state: str = "open", sort: str = "due_date", page: int = 1, size: int = 50
) -> Page[ItemRow]:
    """The items of these accounts; the caller has asked whether they may be seen."""
    return _page(frame, accounts, "", state, "", "", sort, page, size)


def _page(
    frame: Frame,
    accounts: Sequence[int] | None,
    search: str,
    state: str,
    bucket: str,
    currency: str,
    sort: str,
    page: int,
    size: int,
) -> Page[ItemRow]:
    with read_facts(frame) as facts:
        if accounts is None:
            facts.need("open_items")
        else:
            facts.need_items_of(accounts)
        facts.give("accounts", accounts_table())
        filters = [facts.mine]
        if accounts is not None:
            filters.append(f"account_id IN ({ids(accounts)})")
        source = _source(facts, state, " AND ".join(filters))
        wheres = ["true"]
        given: dict[str, Any] = {}
        if currency:
            wheres.append("currency = $currency")
            given["currency"] = currency
        if bucket:
            wheres.append(f"open_minor <> 0 AND {DUE.day_range(facts, bucket)}")
        if state == "overdue":
            wheres.append(f"due_date < {day_of(frame.as_of)}")
        if search.strip():
            wheres.append(give_hits(facts, search))
        found = f"(SELECT * FROM {source} WHERE {' AND '.join(wheres)})"
        totals = facts.rows(
            "SELECT currency, count(*) AS items, sum(amount_minor)::BIGINT AS amount_minor,"
            f" sum(open_minor)::BIGINT AS open_minor FROM {found} GROUP BY currency ORDER BY currency",
            given,
        )
        rows = facts.rows(_ordered(facts, found, sort, limit_of(page, size)), given)
    return Page(
        rows=_item_rows(frame, rows),
        total=sum(row["items"] for row in totals),
        page=page,
        size=size,
        totals={row["currency"]: ItemTotal(**row) for row in totals},
    )


def _source(facts: Facts, state: str, where: str) -> str:
    """The rows a state is about, all with the columns of open items."""
    if state != "all":
        return f"(SELECT * FROM open_items WHERE {where})"
    return (
        "(SELECT i.*, coalesce(o.open_minor, 0) AS open_minor, coalesce(o.open_base, 0) AS open_base FROM"
        " (SELECT item_id, account_id, entity_id, currency, due_date, document_date, amount_minor,"
        f" base_minor AS amount_base FROM items WHERE {where}"
        f" AND {basis_day(facts.basis)} <= {day_of(facts.frame.as_of)}) AS i"
        f" LEFT JOIN (SELECT item_id, open_minor, open_base FROM open_items WHERE {where}) AS o"
        " ON o.item_id = i.item_id)"
    )


def _ordered(facts: Facts, found: str, sort: str, limit: str) -> str:
    name = sort.removeprefix("-")
    joined = ""
    if name == "document_number":
        joined = "JOIN (SELECT item_id, document_number FROM items) USING (item_id)"
    elif name == "customer":
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
    order = order_of(sort, columns, "due_date", ["item_id"])
    return f"SELECT item_id, account_id, open_minor FROM {found} {joined} {order} {limit}"


def _item_rows(frame: Frame, rows: list[dict[str, Any]]) -> list[ItemRow]:
    """Rows as shown. Facts of an item never change, so those of a page come from the database by key."""
    items = OpenItem.objects.in_bulk([row["item_id"] for row in rows])
    owners = customer_ids_of(row["account_id"] for row in rows)
    names = customers_of(frame, owners.values())
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
            )
        )
    return shown
