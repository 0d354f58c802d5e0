"""Customers: the list with what each owes, and one customer on one screen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from huikuan.queries.cells import (
    DUE,
    book_factors,
    book_value,
    cells_of_accounts,
    currency_order,
    made_of_cells,
    overdue,
    unapplied,
)
from huikuan.queries.directory import (
    account_rows,
    accounts_of,
    customer_row,
    customers_of,
    entities_table,
    external_ids_of,
    find_customers,
    know_customer,
    names_table,
    references_of,
)
from huikuan.queries.facts import Facts, read_facts
from huikuan.queries.few import added_up, times, where_bucket, without
from huikuan.queries.frame import Frame
from huikuan.queries.items import ItemRow, items_of_accounts
from huikuan.queries.layers import Asked, layers_with, sums, top
from huikuan.queries.listing import CHUNK, ROWS_MAX, Page, Whole, order_of, slice_of
from huikuan.queries.presence import customer_has
from huikuan.queries.receipts import ReceiptRow, receipts_of_accounts
from huikuan.store.models import Customer, CustomerAccount
from huikuan.store.public_ids import inner_id
from huikuan.store.public_ids import public_id as opaque

SORTS = {
    "name": "sort_name",
    "open": "open_book",
    "overdue": "overdue_book",
    "unapplied": "unapplied_book",
    "days_past_due": "days_past_due_max",
    "items": "items",
}


@dataclass(frozen=True, slots=True)
class CustomerTotal:
    """Sums of a list in one currency. ``open_minor`` is the ageing total, unapplied money (negative) included."""

    currency: str
    open_minor: int
    overdue_minor: int
    unapplied_minor: int
    items: int


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """A customer in one currency. ``open_minor`` is the ageing total, unapplied money (negative) included;
    ``days_past_due_max`` is of the oldest item owed, 0 where nothing is past due."""

    public_id: str
    name: str
    external_id: str
    country: str
    currency: str
    open_minor: int
    overdue_minor: int
    unapplied_minor: int
    days_past_due_max: int
    items: int
    segment: str = ""
    registration_number: str = ""


@dataclass(frozen=True, slots=True)
class CustomerFilters:
    """What the list is narrowed to. ``country`` and ``segment`` as they stand on the customer; ``owner`` and
    ``collector`` are user names of people whose accounts they are; ``overdue``: only who owes something past due."""

    search: str = ""
    currency: str = ""
    country: str = ""
    segment: str = ""
    owner: str = ""
    collector: str = ""
    overdue: bool = False


def customer_page(
    frame: Frame,
    *,
    search: str = "",
    sort: str = "-open",
    page: int = 1,
    size: int = 50,
    currency: str = "",
    filters: CustomerFilters | None = None,
    counted: bool = True,
) -> Page[CustomerRow]:
    """Customers of the frame's entities, a row per currency in which something is open; those who owe nothing have one
    row of zeros. ``sort``: name, open, overdue, unapplied, days_past_due, items; amounts by their book value, with
    books in several currencies by currency and then by themselves. Not ``counted``: only the rows, and how many."""
    filters = filters or CustomerFilters(search, currency)
    rows, total, totals = _find(frame, filters, sort, slice_of(page, size), counted=counted)
    return Page(_customer_rows(frame, rows), total, page, size, totals)


def customer_whole(frame: Frame, filters: CustomerFilters, *, sort: str = "-open") -> Whole[CustomerRow]:
    """Everything ``customer_page`` would show page by page."""
    rows, _total, totals = _find(frame, filters, sort, (0, ROWS_MAX))

    def shown() -> Iterator[CustomerRow]:
        for start in range(0, len(rows), CHUNK):
            yield from _customer_rows(frame, rows[start : start + CHUNK])

    return Whole(shown(), len(rows), totals)


def _find(
    frame: Frame, filters: CustomerFilters, sort: str, limit: tuple[int, int], *, counted: bool = True
) -> tuple[list[dict[str, Any]], int, dict[str, CustomerTotal]]:
    with read_facts(frame) as facts:
        layers = made_of_cells(facts, "customers", _all_rows(facts), "customer_id", few_customer_rows)
        where, given, wanted = _narrowed(facts, filters)
        if wanted is not None:
            layers = layers_with(layers, "customer_id", wanted)
        asked = Asked(where=where, given=given, keep=wanted is None, few=partial(_few, filters))
        totals = sums(facts, layers, asked, "currency", _TOTALS) if counted else []
        if sort.removeprefix("-") == "name":
            facts.give("names", names_table(wanted))
            asked = replace(asked, source="(SELECT * FROM {rows} JOIN names USING (customer_id))", keep=False, few=None)
        amounts = {"open": "open_minor", "overdue": "overdue_minor", "unapplied": "unapplied_minor"}
        order = order_of(
            sort,
            SORTS,
            "-open",
            ["customer_id", "currency"],
            amounts=amounts,
            currencies=currency_order(frame.entity_ids),
        )
        rows = top(facts, layers, asked, "customer_id, currency", order, limit)
    if not counted:
        return rows, len(rows), {}
    lines = {row["currency"]: CustomerTotal(**{k: v for k, v in row.items() if k != "rows"}) for row in totals}
    return rows, sum(row["rows"] for row in totals), lines


def _few(filters: CustomerFilters, rows: Any) -> Any:
    """Of a few rows of the list in Arrow, those the predicate of ``_narrowed`` lets through."""
    if filters.currency:
        rows = rows.filter(pc.equal(rows["currency"], filters.currency))
    return rows.filter(pc.greater(rows["overdue_minor"], 0)) if filters.overdue else rows


_TOTALS = {name: name for name in ("open_minor", "overdue_minor", "unapplied_minor", "items")}


def _narrowed(facts: Facts, filters: CustomerFilters) -> tuple[str, dict[str, Any], set[int] | None]:
    """A predicate over the list's rows with its parameters, and the customers it is narrowed to, if it is."""
    wheres, given = ["true"], {}
    if filters.currency:
        wheres.append("currency = $currency")
        given["currency"] = filters.currency
    if filters.overdue:
        wheres.append("overdue_minor > 0")
    wanted: set[int] | None = set(find_customers(facts.frame, filters.search)) if filters.search.strip() else None
    same = {name: getattr(filters, name) for name in ("country", "segment") if getattr(filters, name)}
    if same:
        wanted = _both(wanted, Customer.objects.filter(**same).values_list("id", flat=True))
    mine = CustomerAccount.objects.filter(facts.frame.visible(""))
    for name in ("owner", "collector"):
        if who := getattr(filters, name):
            wanted = _both(wanted, mine.filter(**{f"{name}__username": who}).values_list("customer_id", flat=True))
    return " AND ".join(wheres), given, wanted


def _both(wanted: set[int] | None, found: Iterable[int]) -> set[int]:
    return set(found) if wanted is None else wanted & set(found)


def _all_rows(facts: Facts) -> str:
    """Every customer of the frame and currency, with its figures: SQL over ``cells`` and ``accounts``."""
    book = book_value("open_base")
    currencies = " ".join(f"WHEN {number} THEN '{entity.currency}'" for number, entity in entities_table().items())
    own = f"CASE min(entity_id) {currencies} END" if currencies else "''"
    return (
        "WITH owing AS (SELECT customer_id, currency, sum(open_minor)::BIGINT AS open_minor,"
        f" {overdue(DUE)} AS overdue_minor, {unapplied(DUE)} AS unapplied_minor,"
        " greatest(coalesce(max(days_past_due_max), 0), 0)::INTEGER AS days_past_due_max, sum(items)::BIGINT AS items,"
        f" sum({book})::BIGINT AS open_book, {overdue(DUE, book)} AS overdue_book,"
        f" {unapplied(DUE, book)} AS unapplied_book FROM cells GROUP BY customer_id, currency)"
        " SELECT * FROM owing UNION ALL"
        f" SELECT customer_id, {own}, 0, 0, 0, 0, 0, 0, 0, 0"
        f" FROM (SELECT * FROM accounts WHERE {facts.mine}) ANTI JOIN owing USING (customer_id) GROUP BY customer_id"
    )


def few_customer_rows(cells: Any, accounts: Any) -> Any:
    """``_all_rows`` of a few cells and accounts in Arrow."""
    last = len(DUE.labels) - 1
    book = times(cells["open_base"], cells["entity_id"], book_factors())
    columns = {
        "open_minor": cells["open_minor"],
        "overdue_minor": where_bucket(cells, 1, last - 1, cells["open_minor"]),
        "unapplied_minor": where_bucket(cells, last, last, cells["open_minor"]),
        "items": cells["items"],
        "open_book": book,
        "overdue_book": where_bucket(cells, 1, last - 1, book),
        "unapplied_book": where_bucket(cells, last, last, book),
    }
    days = pc.max_element_wise(pc.fill_null(cells["days_past_due_max"], 0), 0).cast(pa.int32())
    owing = added_up(cells, ["customer_id", "currency"], columns, {"days_past_due_max": days})
    rest = without(accounts, "customer_id", owing["customer_id"])
    first = rest.group_by("customer_id", use_threads=False).aggregate([("entity_id", "min")])
    entities = entities_table()
    own = [entities[number].currency for number in first["entity_id_min"].to_pylist()]
    zeros = {name: pa.array(np.zeros(first.num_rows, np.int64)) for name in (*columns, "days_past_due_max")}
    nothing = pa.table({"customer_id": first["customer_id"], "currency": pa.array(own, pa.string()), **zeros})
    return pa.concat_tables([owing, nothing.select(owing.column_names).cast(owing.schema)])


def _customer_rows(frame: Frame, rows: list[dict[str, Any]]) -> list[CustomerRow]:
    who = customers_of(frame, (row["customer_id"] for row in rows))
    return [
        CustomerRow(
            public_id=opaque("cus", row["customer_id"]),
            name=(facts := who[row["customer_id"]]).name,
            external_id=facts.external_id,
            country=facts.country,
            currency=row["currency"],
            open_minor=row["open_minor"],
            overdue_minor=row["overdue_minor"],
            unapplied_minor=row["unapplied_minor"],
            days_past_due_max=row["days_past_due_max"],
            items=row["items"],
            segment=facts.segment,
            registration_number=facts.registration_number,
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class AccountRow:
    """A customer's account with one entity. ``terms_days``: net days agreed, if any."""

    entity_id: int
    entity_name: str
    terms_days: int | None
    external_ids: list[str]


@dataclass(frozen=True, slots=True)
class Balance:
    """What a customer owes in one currency; ``open_minor`` is the ageing total, ``unapplied_minor`` negative in it;
    ``days_past_due_max`` is of the oldest item owed, 0 where nothing is past due."""

    currency: str
    open_minor: int
    overdue_minor: int
    not_due_minor: int
    unapplied_minor: int
    items: int
    days_past_due_max: int = 0


@dataclass(frozen=True, slots=True)
class BucketTotal:
    """One ageing bucket in one currency; only buckets that hold something are listed."""

    currency: str
    bucket: str
    open_minor: int
    items: int


@dataclass(frozen=True, slots=True)
class CustomerDetail:
    public_id: str
    name: str
    aliases: list[str]
    country: str
    registration_number: str
    external_ids: list[str]
    accounts: list[AccountRow]
    balances: list[Balance]
    buckets: list[BucketTotal]


def customer(frame: Frame, public_id: str) -> CustomerDetail | None:
    """One customer with its accounts in the frame's entities; ``None`` where it has none there."""
    customer_id = inner_id("cus", public_id)
    found = customer_row(customer_id) if customer_id is not None else None
    accounts = accounts_of(frame, customer_id) if customer_id is not None else []
    if found is None or customer_id is None or not accounts:
        return None
    know_customer(frame, found)
    with read_facts(frame) as facts:
        rows = _buckets(cells_of_accounts(facts, accounts))
    return CustomerDetail(
        public_id=public_id,
        name=found.name,
        aliases=_aliases(found, accounts),
        country=found.country,
        registration_number=found.registration_number,
        external_ids=external_ids_of(frame, [customer_id]).get(customer_id, []),
        accounts=_accounts(frame, customer_id),
        balances=_balances(rows),
        buckets=[
            BucketTotal(row["currency"], DUE.labels[row["bucket"]], row["open_minor"], row["items"]) for row in rows
        ],
    )


def _aliases(customer: Customer, accounts: list[int]) -> list[str]:
    if "aliases" not in customer_has(customer.id, accounts):
        return []
    return list(customer.aliases.order_by("id").values_list("name", flat=True))


def _buckets(cells: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A customer's cells added up by currency and bucket."""
    found: dict[tuple[str, int], dict[str, Any]] = {}
    for cell in cells:
        row = found.setdefault((cell["currency"], cell["bucket"]), {"open_minor": 0, "items": 0, "days": 0})
        row["open_minor"] += cell["open_minor"]
        row["items"] += cell["items"]
        row["days"] = max(row["days"], cell["days_past_due_max"] or 0)
    return [{"currency": code, "bucket": place, **found[code, place]} for code, place in sorted(found)]


def _balances(rows: list[dict[str, Any]]) -> list[Balance]:
    last = len(DUE.labels) - 1
    balances = []
    for currency in sorted({row["currency"] for row in rows}):
        mine = [row for row in rows if row["currency"] == currency]
        balances.append(
            Balance(
                currency=currency,
                open_minor=sum(row["open_minor"] for row in mine),
                overdue_minor=sum(row["open_minor"] for row in mine if 0 < row["bucket"] < last),
                not_due_minor=sum(row["open_minor"] for row in mine if row["bucket"] == 0),
                unapplied_minor=sum(row["open_minor"] for row in mine if row["bucket"] == last),
                items=sum(row["items"] for row in mine),
                days_past_due_max=max(row["days"] for row in mine),
            )
        )
    return balances


def _accounts(frame: Frame, customer_id: int) -> list[AccountRow]:
    refs = references_of(frame, customer_id)
    return [
        AccountRow(
            account.entity_id,
            account.entity.name,
            account.terms_days,
            [text for one, text in refs if one == account.id],
        )
        for account in account_rows(frame, customer_id)
    ]


def customer_items(
    frame: Frame, public_id: str, *, state: str = "open", sort: str = "due_date", page: int = 1, size: int = 50
) -> Page[ItemRow] | None:
    """A customer's items; ``state`` and ``sort`` as for ``item_page``. ``None`` for a customer not in the frame."""
    accounts = _accounts_in(frame, public_id)
    return items_of_accounts(frame, accounts, state=state, sort=sort, page=page, size=size) if accounts else None


def customer_receipts(frame: Frame, public_id: str, *, page: int = 1, size: int = 50) -> Page[ReceiptRow] | None:
    """Money received from a customer, newest first. ``None`` for a customer not in the frame."""
    accounts = _accounts_in(frame, public_id)
    return receipts_of_accounts(frame, accounts, page=page, size=size) if accounts else None


def _accounts_in(frame: Frame, public_id: str) -> list[int]:
    customer_id = inner_id("cus", public_id)
    return [] if customer_id is None else accounts_of(frame, customer_id)
