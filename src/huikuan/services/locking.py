"""Reading rows that are about to change: locked, always in id order, as the pure rules want them."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Sum

from huikuan.core.accounts import Charge, LedgerAccount
from huikuan.core.applications import Fund, OpenRow
from huikuan.core.refusals import Refusal
from huikuan.store.models import OpenItem, OpenItemBalance, Posting, Receipt, ReceiptBalance


def lock_items(entity_id: int, item_ids: Iterable[int]) -> dict[int, OpenRow]:
    """The items by id, their balances locked. Refuses ``item.unknown`` for one that is not this entity's."""
    wanted = sorted(set(item_ids))
    balances = {
        row.item_id: row
        for row in OpenItemBalance.objects.select_for_update().filter(item_id__in=wanted).order_by("item_id")
    }
    rows = {}
    for item in OpenItem.objects.filter(id__in=wanted, entity_id=entity_id):
        balance = balances[item.id]
        rows[item.id] = OpenRow(
            item_id=item.id,
            account_id=item.account_id,
            ledger_account=LedgerAccount(item.ledger_account),
            currency=item.currency,
            open_minor=balance.open_minor,
            open_base_minor=balance.open_base_minor,
            due_date=item.due_date,
            document_date=item.document_date,
            original_minor=item.amount_minor,
            charge=Charge(item.charge),
            discount_date=item.discount_date,
            discount_bp=item.discount_bp,
        )
    for item_id in wanted:
        if item_id not in rows:
            raise Refusal("item.unknown", "there is no item {item_id} in this entity", item_id=item_id)
    return rows


def lock_open_items(entity_id: int, account_id: int, currency: str) -> list[OpenRow]:
    """Everything of one account still owed in a currency, locked, for money the customer did not name."""
    open_ids = OpenItemBalance.objects.filter(account_id=account_id, open_minor__gt=0).values_list("item_id", flat=True)
    wanted = OpenItem.objects.filter(id__in=open_ids, currency=currency, entity_id=entity_id)
    rows = lock_items(entity_id, wanted.values_list("id", flat=True))
    return [row for row in rows.values() if row.open_minor > 0]


def lock_receipt(entity_id: int, receipt_id: int) -> tuple[Receipt, ReceiptBalance]:
    """Refuses ``receipt.unknown``."""
    balance = ReceiptBalance.objects.select_for_update().filter(receipt_id=receipt_id).first()
    receipt = Receipt.objects.filter(id=receipt_id, entity_id=entity_id).first()
    if balance is None or receipt is None:
        raise Refusal("receipt.unknown", "there is no receipt {receipt_id} in this entity", receipt_id=receipt_id)
    return receipt, balance


def fund_of(receipt: Receipt, balance: ReceiptBalance, ledger_account: LedgerAccount) -> Fund:
    """The part of a receipt standing on one account, with its base value: all that is left of the receipt where the
    money stands on that account alone, else what the journal has there."""
    parts = {
        LedgerAccount.SUSPENSE: balance.unidentified_minor,
        LedgerAccount.UNAPPLIED: balance.unapplied_minor,
        LedgerAccount.ADVANCES: balance.on_account_minor,
    }
    amount = parts[ledger_account]
    alone = amount == sum(parts.values())
    return Fund(
        receipt_id=receipt.id,
        account_id=None if ledger_account == LedgerAccount.SUSPENSE else balance.account_id,
        ledger_account=ledger_account,
        currency=receipt.currency,
        available_minor=amount,
        base_minor=balance.open_base_minor if alone else _base_on(receipt.id, ledger_account),
    )


def _base_on(receipt_id: int, ledger_account: LedgerAccount) -> int:
    legs = Posting.objects.filter(receipt_id=receipt_id, item_id=None, ledger_account=ledger_account.value)
    return -int(legs.aggregate(base=Sum("base_minor"))["base"] or 0)
