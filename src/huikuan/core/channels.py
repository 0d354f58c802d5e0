"""The ways in which customers pay."""

from __future__ import annotations

import re
from enum import StrEnum


class Channel(StrEnum):
    TRANSFER = "transfer"
    CASH = "cash"
    CHEQUE = "cheque"
    CARD = "card"
    E_PAYMENT = "e_payment"
    DIRECT_DEBIT = "direct_debit"
    NOTE = "note"
    """An acceptance bill, a promissory note or a certificate that settled at once: no money yet."""
    NOTE_PAID = "note_paid"
    """Money for a note: it was paid or discounted."""


BY_HAND = (Channel.TRANSFER, Channel.CARD, Channel.E_PAYMENT, Channel.DIRECT_DEBIT)
"""Channels a person names when recording money; the others have forms of their own."""


_FAMILIES = {
    # ISO 20022, the family of the domain PMNT
    "IDDT": Channel.DIRECT_DEBIT,
    "CCRD": Channel.CARD,
    "MCRD": Channel.CARD,
    "RCHQ": Channel.CHEQUE,
    "CNTR": Channel.CASH,
    # SWIFT, MT940
    "NDDT": Channel.DIRECT_DEBIT,
    "NCHK": Channel.CHEQUE,
    # OFX
    "DIRECTDEBIT": Channel.DIRECT_DEBIT,
    "CHECK": Channel.CHEQUE,
    "POS": Channel.CARD,
    "CASH": Channel.CASH,
    # BAI2: lock box and package of cheques
    "115": Channel.CHEQUE,
    "175": Channel.CHEQUE,
}


def channel_of_line(transaction_code: str, *, is_wallet: bool = False, mandate_id: str = "") -> Channel:
    """By which channel the money of a bank line came: by the bank's own code where it says so, an e-payment in a
    wallet's bill, a direct debit where the line names a mandate; anything else came by transfer."""
    if is_wallet:
        return Channel.E_PAYMENT
    if mandate_id:
        return Channel.DIRECT_DEBIT
    parts = re.split(r"[^A-Z0-9]+", transaction_code.upper())
    return next((_FAMILIES[part] for part in parts if part in _FAMILIES), Channel.TRANSFER)
