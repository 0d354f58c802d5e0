"""The receipt that a bank line of money in becomes."""

from __future__ import annotations

from huikuan.bank.statement import WALLETS, Line
from huikuan.core.channels import channel_of_line
from huikuan.services.bank_fitting import FittedLine
from huikuan.services.receipts import NewReceipt


def receipt_of(account_id: int, line: Line, fitted: FittedLine, key: str, told_in: str) -> NewReceipt:
    """Nobody knows yet whose it is. It is what the payer paid: what a wallet kept of it is booked apart.
    ``told_in``: the format of the statement."""
    return NewReceipt(
        external_id=f"{account_id}-{key}",
        value_date=fitted.value_date,
        currency=line.currency,
        amount_minor=fitted.gross_minor,
        reference=line.structured_reference or _told(line.end_to_end_id) or line.bank_reference,
        payer_name=line.payer_name or line.ultimate_party,
        payer_account=line.payer_account,
        remittance_text=line.remittance_text,
        channel=channel_of_line(line.transaction_code, is_wallet=told_in in WALLETS, mandate_id=line.mandate_id),
    )


def _told(reference: str) -> str:
    """The payer's reference, unless it is the word for none."""
    return "" if reference.upper() in ("NOTPROVIDED", "NONREF", "NONE") else reference
