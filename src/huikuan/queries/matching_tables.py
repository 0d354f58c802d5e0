"""What the matcher works on, as Arrow tables in its own columns: open items, customers, lines, the confirmed past.

Items are named by their number, customers by their account's number. Everything is read from the database as it is now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection
from django.db.models import Q

from huikuan.core.accounts import EntryKind, LedgerAccount
from huikuan.core.matching import Deed
from huikuan.core.money import exponent_of, to_decimal
from huikuan.engines.schemas import AMOUNT, PERCENT, arrow_schema
from huikuan.queries.bank_lines import MatchLine, advices_of
from huikuan.store.arrow import fetch_arrow, text_of
from huikuan.store.models import (
    JournalEntry,
    LineDecision,
    PaymentMandate,
    Posting,
    ReceiptParty,
)

_PART = 5_000


def table_of(kind: str, rows: Sequence[dict[str, Any]]) -> Any:
    """Rows as a table with every column of ``kind``; a column nobody gives is null."""
    schema = arrow_schema(kind)
    return pa.table({field.name: pa.array([row.get(field.name) for row in rows], field.type) for field in schema})


_ITEM = pa.schema(
    [
        ("item_id", pa.int64()),
        ("customer_id", pa.int64()),
        ("kind", pa.string()),
        ("document_number", pa.string()),
        ("po_number", pa.string()),
        ("contract_number", pa.string()),
        ("document_date", pa.date32()),
        ("due_date", pa.date32()),
        ("posting_date", pa.date32()),
        ("currency", pa.string()),
        ("amount", pa.int64()),
        ("open_amount", pa.int64()),
        ("disputed", pa.bool_()),
        ("discount_date", pa.date32()),
        ("discount_percent", pa.int64()),
    ]
)
_COLUMN_OF = {
    "item_id": "i.id",
    "customer_id": "i.account_id",
    "amount": "i.amount_minor",
    "open_amount": "b.open_minor",
    "discount_percent": "i.discount_bp",
}


def open_items_table(entity_id: int, account_ids: Iterable[int] | None = None) -> Any:
    """Items with something open, of all customers or of some."""
    if account_ids is None:
        return _items(entity_id, "b.open_minor <> 0")
    wanted = sorted(set(account_ids))
    parts = [arrow_schema("items").empty_table()]
    for start in range(0, len(wanted), _PART):
        numbers = ", ".join(map(str, wanted[start : start + _PART]))
        parts.append(_items(entity_id, f"b.open_minor <> 0 AND b.account_id IN ({numbers})"))
    return pa.concat_tables(parts)


def items_table(entity_id: int, item_ids: Sequence[int]) -> Any:
    """These items of the entity as they are now, with what is open of them: nothing, too."""
    return _items(entity_id, f"i.id IN ({', '.join(map(str, item_ids))})" if item_ids else "1 = 0")


def all_items_table(entity_id: int) -> Any:
    """Open and settled items, with the day on which they were settled: what the past is replayed on."""
    return _items(entity_id, "b.is_current", _settled_days(entity_id))


def _items(entity_id: int, condition: str, settled: dict[int, date] | None = None) -> Any:
    names = [text_of(_COLUMN_OF.get(field.name, f"i.{field.name}"), field.type) for field in _ITEM]
    rows = fetch_arrow(
        f"SELECT {', '.join(names)} FROM store_openitembalance b JOIN store_openitem i ON i.id = b.item_id"
        f" WHERE i.entity_id = {entity_id} AND {condition}",
        _ITEM,
    )
    given = {name: rows.column(name) for name in rows.column_names}
    for name in ("item_id", "customer_id"):
        given[name] = given[name].cast(pa.string())
    for name in ("po_number", "contract_number"):
        given[name] = pc.if_else(pc.equal(given[name], ""), None, given[name])
    for name in ("amount", "open_amount"):
        given[name] = _decimals(given[name], given["currency"])
    basis_points = pc.if_else(pc.equal(given["discount_percent"], 0), None, given["discount_percent"])
    given["discount_percent"] = _scaled(pc.multiply(basis_points, 100), PERCENT)
    if settled is not None:
        days = pa.array([settled.get(number) for number in rows.column("item_id").to_pylist()], pa.date32())
        given["settled_date"] = pc.if_else(pc.equal(rows.column("open_amount"), 0), days, None)
    schema = arrow_schema("items")
    nothing = {field.name: pa.nulls(rows.num_rows, field.type) for field in schema if field.name not in given}
    return pa.table({**given, **nothing}).select(schema.names).cast(schema)


def _decimals(minor: Any, currency: Any) -> Any:
    """Minor units of their currencies as amounts."""
    for code in pc.unique(currency).to_pylist():
        units = pc.multiply(minor, 10 ** (AMOUNT.scale - exponent_of(code)))
        minor = pc.if_else(pc.equal(currency, code), units, minor)
    return _scaled(minor, AMOUNT)


def _scaled(whole: Any, kind: Any) -> Any:
    """Whole numbers of the last place of a decimal type, as that type."""
    unit = pa.scalar(Decimal(1).scaleb(-kind.scale), pa.decimal128(kind.scale + 1, kind.scale))
    return pc.multiply(whole.cast(pa.decimal128(19, 0)), unit).cast(kind)


def _day(value: date | str | None) -> date | None:
    """SQLite gives dates as text to queries that do not go through a model."""
    return date.fromisoformat(value) if isinstance(value, str) else value


def _settled_days(entity_id: int) -> dict[int, date]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.item_id, MAX(e.posting_date) FROM store_posting p JOIN store_journalentry e ON e.id = p.entry_id"
            " JOIN store_openitembalance b ON b.item_id = p.item_id"
            " WHERE e.entity_id = %s AND b.open_minor = 0 AND b.is_current GROUP BY p.item_id",
            [entity_id],
        )
        return {number: found for number, value in cursor.fetchall() if (found := _day(value)) is not None}


def customers_table(entity_id: int, *, on: date | None = None) -> Any:
    """The accounts of an entity with names, other names, group and known payer accounts. ``on``: whoever has a paper
    that is good on this day counts as the customer for whom they pay."""
    owned = f"(SELECT customer_id, MIN(id) AS id FROM store_customeraccount WHERE entity_id = {entity_id} GROUP BY 1)"
    rows = fetch_arrow(
        f"SELECT a.id, p.id, c.id, c.name, c.registration_number, c.country, c.language FROM {owned} a"
        f" JOIN store_customer c ON c.id = a.customer_id LEFT JOIN {owned} p ON p.customer_id = c.parent_id"
        " ORDER BY a.id",
        _CUSTOMER,
    )
    numbers = rows.column("number").to_pylist()
    aliases = _texts(entity_id, "store_customeralias", "name")
    payers = _texts(entity_id, "store_customerpayeraccount", "number")
    _add_papers(entity_id, on, aliases, payers)
    given = {name: rows.column(name).cast(pa.string()) for name in ("customer_id", "parent_id", "name")}
    for name in ("registration_number", "country", "language"):
        given[name] = pc.if_else(pc.equal(rows.column(name), ""), None, rows.column(name))
    for name, texts in (("aliases", aliases), ("payer_accounts", payers)):
        given[name] = pa.array([";".join(texts[one]) if one in texts else None for one in numbers], pa.string())
    schema = arrow_schema("customers")
    nothing = {field.name: pa.nulls(rows.num_rows, field.type) for field in schema if field.name not in given}
    return pa.table({**given, **nothing}).select(schema.names).cast(schema)


_CUSTOMER = pa.schema(
    [
        ("customer_id", pa.int64()),
        ("parent_id", pa.int64()),
        ("number", pa.int64()),
        *((name, pa.string()) for name in ("name", "registration_number", "country", "language")),
    ]
)
_TEXT = pa.schema([("customer", pa.int64()), ("text", pa.string())])


def _add_papers(entity_id: int, on: date | None, aliases: dict[int, list[str]], payers: dict[int, list[str]]) -> None:
    if on is None:
        return
    papers = PaymentMandate.objects.filter(
        Q(valid_to=None) | Q(valid_to__gte=on), account__entity_id=entity_id, withdrawn_at=None
    ).order_by("id")
    for customer, name, number in papers.values_list("account__customer_id", "payer_name", "payer_account"):
        aliases.setdefault(customer, []).append(name)
        if number:
            payers.setdefault(customer, []).append(number)


def _texts(entity_id: int, table: str, column: str) -> dict[int, list[str]]:
    """By customer of the entity what a table says of it."""
    rows = fetch_arrow(
        f"SELECT customer_id, {column} FROM {table} WHERE customer_id IN"
        f" (SELECT customer_id FROM store_customeraccount WHERE entity_id = {entity_id}) ORDER BY id",
        _TEXT,
    )
    found: dict[int, list[str]] = {}
    for customer, text in zip(rows.column("customer").to_pylist(), rows.column("text").to_pylist(), strict=True):
        found.setdefault(customer, []).append(text)
    return found


def lines_table(lines: Iterable[MatchLine]) -> Any:
    """Open lines: what of their money is still to be decided about. What an advice names stands after the bank's
    text."""
    listed = list(lines)
    advices = advices_of(line.line_id for line in listed)
    return table_of("lines", [_line_row(line, advices.get(line.line_id, ())) for line in listed])


def _line_row(line: MatchLine, advices: Iterable[Any]) -> dict[str, Any]:
    named = [row.document_number for advice in advices for row in advice.rows]
    text = " ".join([line.remittance_text, *named]).strip()
    return {
        "line_id": str(line.line_id),
        "booking_date": line.booking_date,
        "value_date": line.value_date,
        "amount": to_decimal(line.open_minor, line.currency),
        "currency": line.currency,
        "payer_name": line.payer_name or line.ultimate_party or None,
        "payer_account": line.payer_account or None,
        "remittance_text": text or None,
        "end_to_end_id": line.end_to_end_id or None,
        "bank_reference": line.structured_reference or line.bank_reference or None,
        "transaction_code": line.transaction_code or None,
    }


@dataclass(frozen=True, slots=True)
class PastReceipt:
    """Money of the past with its text, and what people applied it to (item → minor units)."""

    receipt_id: int
    value_date: date
    currency: str
    amount_minor: int
    account_id: int | None
    payer_name: str
    payer_account: str
    remittance_text: str
    applied: dict[int, int]


def history_table(entity_id: int, *, without: Callable[[int], bool] = lambda receipt_id: False) -> Any:
    """What people made of money in the past, as the matcher learns it: a row per item paid. ``without``: receipts that
    the matcher posted itself and nobody confirmed."""
    rows = []
    for past in _past_receipts(entity_id):
        if without(past.receipt_id) or past.account_id is None:
            continue
        common = {
            "line_id": f"r{past.receipt_id}",
            "booking_date": past.value_date,
            "value_date": past.value_date,
            "amount": to_decimal(past.amount_minor, past.currency),
            "currency": past.currency,
            "payer_name": past.payer_name or None,
            "payer_account": past.payer_account or None,
            "remittance_text": past.remittance_text or None,
            "customer_id": str(past.account_id),
        }
        rows += [
            {**common, "item_id": str(item_id), "applied": to_decimal(minor, past.currency)}
            for item_id, minor in past.applied.items()
        ]
    return table_of("history", rows + _not_customers(entity_id))


def _not_customers(entity_id: int) -> list[dict[str, Any]]:
    """Money of which a person said that it is no customer's."""
    found = LineDecision.objects.filter(
        entity_id=entity_id, deed=Deed.NOT_CUSTOMER.value, undone_by__isnull=True, is_automatic=False
    ).order_by("id")
    columns = ("booking_date", "value_date", "amount_minor", "currency")
    texts = ("payer_name", "payer_account", "remittance_text")
    rows = found.values_list(
        "line_id", *(f"line__{name}" for name in columns), *(f"line__text__{name}" for name in texts)
    )
    return [
        {
            "line_id": f"l{number}",
            "booking_date": booked,
            "value_date": valued,
            "amount": to_decimal(minor, currency),
            "currency": currency,
            **{name: text or None for name, text in zip(texts, said, strict=True)},
        }
        for number, booked, valued, minor, currency, *said in rows
    ]


def _past_receipts(entity_id: int) -> list[PastReceipt]:
    parties = ReceiptParty.objects.filter(receipt__entity_id=entity_id).exclude(
        Q(payer_name="") & Q(payer_account="") & Q(remittance_text="")
    )
    columns = (
        "receipt_id",
        "receipt__value_date",
        "receipt__currency",
        "receipt__amount_minor",
        "receipt__balance__account_id",
        "payer_name",
        "payer_account",
        "remittance_text",
    )
    applied = _applied(entity_id)
    found = parties.filter(receipt__entry__reversed_by__isnull=True).order_by("receipt__value_date", "receipt_id")
    # Money of which nothing was applied yet has taught nothing: it may only be waiting.
    fields = ("receipt_id", "value_date", "currency", "amount_minor", "account_id", *columns[5:])
    rows: Iterable[Any] = found.values_list(*columns)
    return [
        PastReceipt(**dict(zip(fields, row, strict=True)), applied=applied[row[0]]) for row in rows if row[0] in applied
    ]


def _applied(entity_id: int) -> dict[int, dict[int, int]]:
    """Receipt → item → money applied and standing."""
    entries = JournalEntry.objects.filter(
        entity_id=entity_id, kind=EntryKind.APPLICATION.value, reversed_by__isnull=True
    ).values("id")
    funds = dict(
        Posting.objects.filter(entry_id__in=entries, item=None, receipt__isnull=False).values_list(
            "entry_id", "receipt_id"
        )
    )
    sums: dict[int, dict[int, int]] = {}
    legs = Posting.objects.filter(
        entry_id__in=entries,
        item__isnull=False,
        ledger_account__in=[LedgerAccount.TRADE.value, LedgerAccount.DISCOUNT.value],
    )
    for entry_id, item_id, minor in legs.values_list("entry_id", "item_id", "amount_minor").iterator(chunk_size=_PART):
        receipt_id = funds.get(entry_id)
        if receipt_id is not None:
            of_receipt = sums.setdefault(receipt_id, {})
            of_receipt[item_id] = of_receipt.get(item_id, 0) - minor
    return sums
