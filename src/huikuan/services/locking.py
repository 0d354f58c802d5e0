"""Reading rows that are about to change: locked, always in id order, as the pure rules want them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Model

from huikuan.core.accounts import Charge, LedgerAccount
from huikuan.core.applications import OpenRow
from huikuan.core.refusals import Refusal
from huikuan.store.models import OpenItem, Receipt, ReceiptBalance

M = TypeVar("M", bound=Model)


def lock_items(entity_id: int, item_ids: Iterable[int]) -> dict[int, OpenRow]:
    """The items by id, their balances locked. Refuses ``item.unknown`` for one that is not this entity's."""
    wanted = sorted(set(item_ids))
    rows = {}
    for start in range(0, len(wanted), _PART):
        part = wanted[start : start + _PART]
        sql = (
            f"{_OPEN_ROWS} WHERE b.item_id IN ({', '.join(['%s'] * len(part))}) AND i.entity_id = %s ORDER BY b.item_id"
        )
        with connection.cursor() as cursor:
            cursor.execute(sql + _lock("b"), [*part, entity_id])
            for row in cursor.fetchall():
                rows[row[0]] = _open_row(row)
    for item_id in wanted:
        if item_id not in rows:
            raise Refusal("item.unknown", "there is no item {item_id} in this entity", item_id=item_id)
    return rows


def lock_open_items(entity_id: int, account_id: int, currency: str) -> list[OpenRow]:
    """Everything of one account still owed in a currency, locked, for money the customer did not name."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"{_OPEN_ROWS} WHERE b.account_id = %s AND b.open_minor <> 0 AND b.open_minor > 0 AND i.currency = %s"
            f" AND i.entity_id = %s ORDER BY b.item_id{_lock('b')}",
            [account_id, currency, entity_id],
        )
        rows = [_open_row(row) for row in cursor.fetchall()]
    # A row that changed while we waited for its lock is read anew: it may have been paid meanwhile.
    return [row for row in rows if row.open_minor > 0]


def open_item_ids(entity_id: int, account_id: int, currency: str) -> list[int]:
    """The items of an account still owed in a currency, not locked."""
    wanted = OpenItem.objects.filter(entity_id=entity_id, account_id=account_id, currency=currency)
    return list(wanted.filter(balance__open_minor__gt=0).values_list("id", flat=True))


_PART = 5_000
_OPEN_ROWS = (
    "SELECT b.item_id, i.account_id, i.ledger_account, i.currency, b.open_minor, b.open_base_minor, i.due_date,"
    " i.document_date, i.amount_minor, i.charge, i.discount_date, i.discount_bp"
    " FROM store_openitembalance b JOIN store_openitem i ON i.id = b.item_id"
)
_ACCOUNTS = {account.value: account for account in LedgerAccount}
_CHARGES = {charge.value: charge for charge in Charge}


def _marks(values: Sequence[object]) -> str:
    return ", ".join(["%s"] * len(values))


def _lock(alias: str) -> str:
    """On SQLite the transaction holds the whole database."""
    return "" if connection.vendor == "sqlite" else f" FOR UPDATE OF {alias}"


def _open_row(row: tuple[Any, ...]) -> OpenRow:
    return OpenRow(
        item_id=row[0],
        account_id=row[1],
        ledger_account=_ACCOUNTS[row[2]],
        currency=row[3],
        open_minor=row[4],
        open_base_minor=row[5],
        due_date=row[6],
        document_date=row[7],
        original_minor=row[8],
        charge=_CHARGES[row[9]],
        discount_date=row[10],
        discount_bp=row[11],
    )


def lock_receipt(entity_id: int, receipt_id: int) -> tuple[Receipt, ReceiptBalance]:
    """Refuses ``receipt.unknown``."""
    return lock_receipts(entity_id, [receipt_id])[receipt_id]


def lock_receipts(entity_id: int, receipt_ids: Iterable[int]) -> dict[int, tuple[Receipt, ReceiptBalance]]:
    """As ``lock_receipt``, for many."""
    wanted = sorted(set(receipt_ids))
    found: dict[int, tuple[Receipt, ReceiptBalance]] = {}
    for start in range(0, len(wanted), _PART):
        part = wanted[start : start + _PART]
        marks = _marks(part)
        balances = _fetch(ReceiptBalance, f"receipt_id IN ({marks}) ORDER BY receipt_id{_lock('m')}", part)
        locked = {balance.receipt_id: balance for balance in balances}
        receipts = _fetch(Receipt, f"id IN ({marks}) AND entity_id = %s", [*part, entity_id])
        found |= {receipt.id: (receipt, locked[receipt.id]) for receipt in receipts if receipt.id in locked}
    for receipt_id in wanted:
        if receipt_id not in found:
            raise Refusal("receipt.unknown", "there is no receipt {receipt_id} in this entity", receipt_id=receipt_id)
    return found


def _fetch(model: type[M], where: str, values: Sequence[int]) -> list[M]:
    """Whole rows by plain SQL: building the query anew each time would take longer than the database does."""
    fields = [field.attname for field in model._meta.concrete_fields]
    columns = ", ".join(f'm."{field.column}"' for field in model._meta.concrete_fields)
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT {columns} FROM "{model._meta.db_table}" m WHERE {where}', values)
        return [model.from_db("default", fields, row) for row in cursor.fetchall()]
