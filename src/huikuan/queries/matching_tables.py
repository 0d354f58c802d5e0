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
from django.db import connection
from django.db.models import Q

from huikuan.core.accounts import EntryKind, LedgerAccount
from huikuan.core.matching import Deed
from huikuan.core.money import to_decimal
from huikuan.engines.schemas import arrow_schema
from huikuan.queries.bank_lines import MatchLine, advices_of
from huikuan.store.models import (
    Customer,
    CustomerAccount,
    CustomerAlias,
    CustomerPayerAccount,
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


_ITEM_SQL = (
    "SELECT i.id, i.account_id, i.kind, i.document_number, i.po_number, i.contract_number, i.document_date, i.due_date,"
    " i.posting_date, i.currency, i.amount_minor, b.open_minor, i.disputed, i.discount_date, i.discount_bp"
    " FROM store_openitembalance b JOIN store_openitem i ON i.id = b.item_id WHERE i.entity_id = %s"
)


def open_items_table(entity_id: int, account_ids: Iterable[int] | None = None) -> Any:
    """Items with something open, of all customers or of some."""
    sql, params = f"{_ITEM_SQL} AND b.open_minor <> 0", [entity_id]
    if account_ids is None:
        return table_of("items", _item_rows(sql, params, {}))
    wanted, rows = sorted(set(account_ids)), []
    for start in range(0, len(wanted), 500):
        part = wanted[start : start + 500]
        marks = ", ".join(["%s"] * len(part))
        rows += _item_rows(f"{sql} AND b.account_id IN ({marks})", [*params, *part], {})
    return table_of("items", rows)


def all_items_table(entity_id: int) -> Any:
    """Open and settled items, with the day on which they were settled: what the past is replayed on."""
    return table_of("items", _item_rows(f"{_ITEM_SQL} AND b.is_current", [entity_id], _settled_days(entity_id)))


def _item_rows(sql: str, params: list[int], settled: dict[int, date]) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return [_item_row(row, settled) for row in cursor.fetchall()]


def _item_row(row: tuple[Any, ...], settled: dict[int, date]) -> dict[str, Any]:
    number, account, kind, document, order, contract, dated, due, posted, currency, amount, still = row[:12]
    percent = None if not row[14] else Decimal(row[14]) / 100
    return {
        "item_id": str(number),
        "customer_id": str(account),
        "kind": kind,
        "document_number": document,
        "po_number": order or None,
        "contract_number": contract or None,
        "document_date": _day(dated),
        "due_date": _day(due),
        "posting_date": _day(posted),
        "currency": currency,
        "amount": to_decimal(amount, currency),
        "open_amount": to_decimal(still, currency),
        "settled_date": settled.get(number) if not still else None,
        "disputed": bool(row[12]),
        "discount_date": _day(row[13]),
        "discount_percent": percent,
    }


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
    accounts = CustomerAccount.objects.filter(entity_id=entity_id).values_list("id", "customer_id").order_by("id")
    by_customer: dict[int, int] = {}
    for account_id, customer_id in accounts:
        by_customer.setdefault(customer_id, account_id)
    aliases = _texts(CustomerAlias.objects, "name", by_customer)
    payers = _texts(CustomerPayerAccount.objects, "number", by_customer)
    _add_papers(entity_id, on, aliases, payers)
    rows = []
    for one in _in_parts(Customer.objects, "id", by_customer):
        parent = by_customer.get(one.parent_id) if one.parent_id else None
        rows.append(
            {
                "customer_id": str(by_customer[one.pk]),
                "name": one.name,
                "aliases": ";".join(aliases.get(one.pk, ())) or None,
                "parent_id": None if parent is None else str(parent),
                "registration_number": one.registration_number or None,
                "country": one.country or None,
                "language": one.language or None,
                "payer_accounts": ";".join(payers.get(one.pk, ())) or None,
            }
        )
    return table_of("customers", rows)


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


def _in_parts(manager: Any, name: str, numbers: Iterable[int]) -> Iterable[Any]:
    wanted = sorted(numbers)
    for start in range(0, len(wanted), 500):
        yield from manager.filter(**{f"{name}__in": wanted[start : start + 500]})


def _texts(manager: Any, column: str, customers: Iterable[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for one in _in_parts(manager, "customer_id", customers):
        found.setdefault(one.customer_id, []).append(getattr(one, column))
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
