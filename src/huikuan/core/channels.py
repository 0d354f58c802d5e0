"""The ways in which customers pay."""

from __future__ import annotations

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

NO_MONEY = frozenset({Channel.NOTE})
"""What settles items and is no money yet."""
