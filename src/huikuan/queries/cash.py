"""The cash room's list: money received, where it stands as of the frame's day, found by what a person types."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from huikuan.queries.asking import once
from huikuan.queries.cells import currency_order
from huikuan.queries.directory import (
    CustomerFacts,
    accounts_of,
    accounts_table,
    customer_ids_of,
    customers_of,
    entities_table,
    find_customers,
)
from huikuan.queries.facts import Facts, read_facts
from huikuan.queries.few import added_up, first_rows, order_keys, sums_of
from huikuan.queries.finding import amount_of, amount_sql, bound_sql, give_texts, may_stand, stands_nowhere
from huikuan.queries.frame import Frame
from huikuan.queries.layers import FEW, all_rows
from huikuan.queries.listing import CHUNK, ROWS_MAX, Page, Whole, order_of, slice_of
from huikuan.queries.open_rows import OPEN_RECEIPTS, day_of, ids
from huikuan.queries.receipts import ReceiptRow, legs_of, money_of, receipt_row, receipts_by_channel, receipts_mine
from huikuan.store.models import Receipt, ReceiptParty
from huikuan.store.public_ids import inner_id, public_id

CASH_STATES = {
    "todo": "unidentified_minor + unapplied_minor > 0",
    "unidentified": "unidentified_minor > 0",
    "unapplied": "unapplied_minor > 0",
    "on_account": "on_account_minor > 0",
    "all": "true",
}
"""What the list can be narrowed to. ``todo``: money somebody still has to identify or apply."""

_SORTS = {
    "reference": "lower(coalesce(nullif(reference, ''), external_id))",
    "value_date": "value_date",
    "amount": "base_minor",
    "rest": "base_minor::HUGEINT * (unidentified_minor + unapplied_minor + on_account_minor) // amount_minor",
}
_AMOUNTS = {"amount": "amount_minor", "rest": "unidentified_minor + unapplied_minor + on_account_minor"}
"""What is put in order within a currency where books are kept in several."""
_HITS_MAX = 10_000
_BUCKETS = (("suspense", "unidentified_minor"), ("unapplied", "unapplied_minor"), ("advances", "on_account_minor"))


@dataclass(frozen=True, slots=True)
class CashRow:
    """A receipt with whose it is (empty while nobody knows) and where what is left of it stands."""

    row: ReceiptRow
    unidentified_minor: int
    unapplied_minor: int
    on_account_minor: int
    customer_name: str
    customer_public_id: str
    payer_name: str
    entity_code: str
    channel: str = ""


@dataclass(frozen=True, slots=True)
class CashTotal:
    """Sums of everything the list found, in one currency."""

    currency: str
    receipts: int
    amount_minor: int
    unidentified_minor: int
    unapplied_minor: int
    on_account_minor: int

    @property
    def rest_minor(self) -> int:
        return self.unidentified_minor + self.unapplied_minor + self.on_account_minor


@dataclass(frozen=True, slots=True)
class CashFilters:
    """What the list is narrowed to. ``state`` of ``CASH_STATES``; days are value dates; amounts are what was received,
    in major units of its currency; ``receipts`` public ids; ``customer`` a public id. Not ``by_customer``: ``search``
    is for what stands on the receipt itself, not for whose it is. ``channel``: how it was paid."""

    search: str = ""
    state: str = "todo"
    currency: str = ""
    value_from: date | None = None
    value_to: date | None = None
    amount_from: Decimal | None = None
    amount_to: Decimal | None = None
    receipts: tuple[str, ...] = ()
    customer: str = ""
    by_customer: bool = True
    channel: str = ""


def cash_page(
    frame: Frame,
    *,
    state: str = "todo",
    search: str = "",
    currency: str = "",
    sort: str = "-value_date",
    page: int = 1,
    size: int = 50,
    filters: CashFilters | None = None,
    counted: bool = True,
) -> Page[CashRow]:
    """Receipts of the frame's entities, narrowed by ``filters`` or, in short, by the first three. ``search``
    references, source numbers, payers, customers, exact amounts; ``sort``: reference, value_date, amount, rest.
    Not ``counted``: only the rows, and how many they are."""
    filters = filters or CashFilters(search, state, currency)
    with read_facts(frame) as facts:
        numbers, totals = _find(facts, filters, sort, slice_of(page, size), counted=counted)
        legs = legs_of(facts, numbers)
    total = sum(row.receipts for row in totals.values()) if counted else len(numbers)
    return Page(_rows(frame, numbers, legs), total, page, size, totals)


def cash_whole(frame: Frame, filters: CashFilters, *, sort: str = "-value_date") -> Whole[CashRow]:
    """Everything ``cash_page`` would show page by page, from one state of the ledger."""
    with read_facts(frame) as facts:
        numbers, totals = _find(facts, filters, sort, (0, ROWS_MAX))
        legs: dict[int, list[dict[str, Any]]] = {}
        for start in range(0, len(numbers), CHUNK):
            legs |= legs_of(facts, numbers[start : start + CHUNK])

    def shown() -> Iterator[CashRow]:
        for start in range(0, len(numbers), CHUNK):
            yield from _rows(frame, numbers[start : start + CHUNK], legs)

    return Whole(shown(), len(numbers), totals)


def _find(
    facts: Facts, filters: CashFilters, sort: str, limit: tuple[int, int], *, counted: bool = True
) -> tuple[list[int], dict[str, CashTotal]]:
    """The receipts found, in their order, and the totals of all."""
    if (text := filters.search.strip()) and _finds_nothing(facts, text, by_customer=filters.by_customer):
        return [], {}
    currencies = currency_order(facts.frame.entity_ids)
    order = order_of(sort, _SORTS, "-value_date", ["receipt_id DESC"], amounts=_AMOUNTS, currencies=currencies)
    if (few := _find_few(facts, filters, order, limit)) is not None:
        return few
    wheres, given = _narrowed(facts, filters)
    found = f"(SELECT * FROM {_source(facts, filters.state)} WHERE {' AND '.join(wheres)})"
    sums = (
        "SELECT currency, count(*) AS receipts, sum(amount_minor)::BIGINT AS amount_minor,"
        " sum(unidentified_minor)::BIGINT AS unidentified_minor, sum(unapplied_minor)::BIGINT AS unapplied_minor,"
        f" sum(on_account_minor)::BIGINT AS on_account_minor FROM {found} GROUP BY currency ORDER BY currency"
    )
    totals = facts.rows(sums, given) if counted else []
    picked = facts.rows(f"SELECT receipt_id FROM {found} {order} LIMIT {limit[1]} OFFSET {limit[0]}", given)
    return [row["receipt_id"] for row in picked], {row["currency"]: CashTotal(**row) for row in totals}


_STATE_BUCKETS = {
    "todo": ("unidentified_minor", "unapplied_minor"),
    "unidentified": ("unidentified_minor",),
    "unapplied": ("unapplied_minor",),
    "on_account": ("on_account_minor",),
}


def _find_few(
    facts: Facts, filters: CashFilters, order: str, limit: tuple[int, int]
) -> tuple[list[int], dict[str, CashTotal]] | None:
    """``_find`` in Arrow, of few open receipts and whoever sees all of the frame's entities; ``None`` where it takes a
    statement."""
    plain = replace(filters, state="", currency="") == CashFilters(state="")
    if not plain or filters.state not in _STATE_BUCKETS or facts.frame.narrowed:
        return None
    layers = facts.open(OPEN_RECEIPTS).layers
    keys = order_keys(order.replace("base_minor", "amount_base"), layers.base.column_names)
    if keys is None or layers.base.num_rows > FEW:
        return None
    rows = facts.few_mine(all_rows(layers, "receipt_id"))
    if filters.currency:
        rows = rows.filter(pc.equal(rows["currency"], filters.currency))
    none, account = pa.scalar(0, pa.int64()), rows["ledger_account"]
    buckets = {name: pc.if_else(pc.equal(account, bucket), rows["open_minor"], none) for bucket, name in _BUCKETS}
    found = added_up(rows, ["receipt_id", "currency", "value_date", "amount_minor", "amount_base"], buckets)
    held = none
    for name in _STATE_BUCKETS[filters.state]:
        held = pc.add(held, found[name])
    found = found.filter(pc.greater(held, 0))
    columns = ("amount_minor", *buckets)
    totals = [
        CashTotal(*line.values()) for line in sums_of(found, "currency", dict(zip(columns, columns, strict=True)))
    ]
    return [row["receipt_id"] for row in first_rows(found, keys, *limit)], {total.currency: total for total in totals}


def _narrowed(facts: Facts, filters: CashFilters) -> tuple[list[str], dict[str, Any]]:
    """Predicates over receipts, and their parameters."""
    wheres = [CASH_STATES.get(filters.state, "true")]
    given: dict[str, Any] = {}
    if filters.currency:
        wheres.append("currency = $currency")
        given["currency"] = filters.currency
    if filters.value_from:
        wheres.append(f"value_date >= {day_of(filters.value_from)}")
    if filters.value_to:
        wheres.append(f"value_date <= {day_of(filters.value_to)}")
    if filters.amount_from is not None:
        wheres.append(f"amount_minor >= {bound_sql(filters.amount_from, upper=False)}")
    if filters.amount_to is not None:
        wheres.append(f"amount_minor <= {bound_sql(filters.amount_to, upper=True)}")
    if filters.channel:
        facts.give("by_channel", receipts_by_channel(facts.frame, filters.channel))
        wheres.append("receipt_id IN (SELECT receipt_id FROM by_channel)")
    if filters.receipts:
        numbers = ids(n for text in filters.receipts if (n := inner_id("rcp", text)) is not None)
        wheres.append(f"receipt_id IN ({numbers})")
    if filters.customer:
        customer_id = inner_id("cus", filters.customer)
        accounts = ids([] if customer_id is None else accounts_of(facts.frame, customer_id))
        wheres.append(
            f"(account_id IN ({accounts}) OR receipt_id IN (SELECT receipt_id FROM journal WHERE kind = 'identify'"
            f" AND receipt_id IS NOT NULL AND account_id IN ({accounts})))"
        )
    if text := filters.search.strip():
        wheres.append(_hits(facts, text, by_customer=filters.by_customer))
    return wheres, given


def cash_counts(frame: Frame) -> dict[str, int]:
    """How many receipts have money in each state that asks for work: unidentified, unapplied, on_account."""
    names = {"suspense": "unidentified", "unapplied": "unapplied", "advances": "on_account"}
    with read_facts(frame) as facts:
        facts.need("open_receipts")
        rows = facts.rows(
            "SELECT ledger_account, count(DISTINCT receipt_id) AS n FROM open_receipts"
            f" WHERE {facts.mine} AND open_minor > 0 GROUP BY ledger_account"
        )
    return {names[row["ledger_account"]]: row["n"] for row in rows if row["ledger_account"] in names}


def _source(facts: Facts, state: str) -> str:
    """Every receipt that counts by the frame's day, with its buckets; open ones alone where the state is of them."""
    facts.need("open_receipts")
    facts.give("accounts", accounts_table())
    buckets = ", ".join(
        f"coalesce(sum(open_minor) FILTER (WHERE ledger_account = '{account}'), 0)::BIGINT AS {name}"
        for account, name in _BUCKETS
    )
    if state != "all":
        return (
            "(SELECT receipt_id, currency, value_date, reference, external_id, amount_minor, amount_base AS base_minor,"
            f" coalesce(max(nullif(account_id, 0)), any_value(came_to)) AS account_id, {buckets} FROM open_receipts"
            f" WHERE {facts.mine} AND {receipts_mine(facts)} GROUP BY ALL)"
        )
    return (
        "(SELECT r.receipt_id, r.currency, r.value_date, r.reference, r.external_id, r.amount_minor, r.base_minor,"
        " coalesce(o.account_id, r.account_id) AS account_id, coalesce(o.unidentified_minor, 0) AS unidentified_minor,"
        " coalesce(o.unapplied_minor, 0) AS unapplied_minor, coalesce(o.on_account_minor, 0) AS on_account_minor"
        f" FROM (SELECT * FROM receipts WHERE {receipts_mine(facts)} AND {facts.counting.counts}) AS r LEFT JOIN"
        f" (SELECT receipt_id, max(nullif(account_id, 0)) AS account_id, {buckets} FROM open_receipts"
        f" WHERE {facts.mine} GROUP BY receipt_id) AS o ON o.receipt_id = r.receipt_id)"
    )


_TEXTS = ("reference", "external_id")


def _finds_nothing(facts: Facts, text: str, *, by_customer: bool) -> bool:
    """Whether ``_hits`` would certainly find nothing."""
    if amount_of(text) or not stands_nowhere(facts, "receipt_texts", "receipts", _TEXTS, text):
        return False
    return not _paid_by(facts, text) and not (by_customer and find_customers(facts.frame, text))


def _paid_by(facts: Facts, text: str) -> list[int]:
    """Receipts whose payer's name, as the bank said it, holds the text."""

    def look_up() -> list[int]:
        payers = ReceiptParty.objects.filter(payer_name__icontains=text, receipt__entity_id__in=facts.frame.entity_ids)
        return list(payers.values_list("receipt_id", flat=True)[:_HITS_MAX])

    return once(("paid by", facts.frame.entity_ids, text), look_up)


def _hits(facts: Facts, text: str, *, by_customer: bool) -> str:
    """The predicate of receipts that were meant."""
    paid = pa.array(_paid_by(facts, text), pa.int64())
    letters = give_texts(facts, "receipt_texts", "receipts", "receipt_id", _TEXTS)
    meant = "contains(found_by, $wanted)" if may_stand(text, letters) else "found_by = $wanted AND false"
    found = facts.table(f"SELECT receipt_id FROM receipt_texts WHERE {meant}", {"wanted": text.lower()})
    hits = pa.concat_tables([found, pa.table({"receipt_id": paid})])
    facts.give("hit_receipts", hits)
    parts = ["receipt_id IN (SELECT receipt_id FROM hit_receipts)"] if hits.num_rows else ["false"]
    customers = find_customers(facts.frame, text) if by_customer else []
    if customers:
        facts.give("hit_customers", pa.table({"customer_id": pa.array(customers, pa.int64())}))
        accounts = "(SELECT account_id FROM accounts JOIN hit_customers USING (customer_id))"
        parts += [
            f"account_id IN {accounts}",
            "receipt_id IN (SELECT receipt_id FROM journal WHERE kind = 'identify' AND receipt_id IS NOT NULL"
            f" AND account_id IN {accounts})",
        ]
    value = amount_of(text)
    if value:
        rest = "unidentified_minor + unapplied_minor + on_account_minor"
        parts.append(f"{amount_sql(value)} IN (amount_minor, {rest})")
    return f"({' OR '.join(parts)})"


def _rows(frame: Frame, numbers: Sequence[int], legs: dict[int, list[dict[str, Any]]]) -> list[CashRow]:
    receipts = Receipt.objects.select_related("party", "channel_row").in_bulk(list(numbers))
    accounts = {number: _owner(receipts[number], legs[number]) for number in numbers}
    owners = customer_ids_of({account for account in accounts.values() if account is not None})
    names = customers_of(frame, owners.values())
    codes = entities_table()
    rows = []
    for number in numbers:
        receipt, money = receipts[number], money_of(legs[number])
        owner = owners.get(accounts[number] or 0)
        facts: CustomerFacts | None = names.get(owner) if owner is not None else None
        party = getattr(receipt, "party", None)
        rows.append(
            CashRow(
                row=receipt_row(receipt, money),
                unidentified_minor=money.rest_minor.get("suspense", 0),
                unapplied_minor=money.rest_minor.get("unapplied", 0),
                on_account_minor=money.rest_minor.get("advances", 0),
                customer_name=facts.name if facts else "",
                customer_public_id=public_id("cus", owner) if owner is not None else "",
                payer_name=party.payer_name if party else "",
                entity_code=codes[receipt.entity_id].code,
                channel=getattr(getattr(receipt, "channel_row", None), "channel", ""),
            )
        )
    return rows


def _owner(receipt: Receipt, legs: Sequence[dict[str, Any]]) -> int | None:
    """Whose account the money was last put on, as of the frame's day; what was taken back was put on nobody's."""
    undone = {leg["reverses_id"] for leg in legs if leg["reverses_id"] is not None}
    standing = [leg for leg in legs if leg["reverses_id"] is None and leg["entry_id"] not in undone]
    given = [leg["account_id"] for leg in standing if leg["account_id"] is not None and leg["amount_minor"] < 0]
    return given[-1] if given else receipt.account_id
