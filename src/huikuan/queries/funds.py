"""What a receipt has to give: the part of it that stands on one account, with its base value."""

from __future__ import annotations

from django.db.models import Sum

from huikuan.core.accounts import LedgerAccount
from huikuan.core.applications import Fund
from huikuan.store.models import Posting, Receipt, ReceiptBalance


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
