"""Opaque ids for the edges, which may not ask the database room themselves."""

from __future__ import annotations

from huikuan.store.public_ids import inner_id, public_id


def entry_id_text(entry_id: int) -> str:
    return public_id("ent", entry_id)


def item_id_text(item_id: int) -> str:
    return public_id("itm", item_id)


def receipt_id_text(receipt_id: int) -> str:
    return public_id("rcp", receipt_id)


def import_id_text(batch_id: int) -> str:
    return public_id("imp", batch_id)


def import_number(text: str) -> int | None:
    """The number behind an import's opaque id."""
    return inner_id("imp", text)


def short_payment_id_text(case_id: int) -> str:
    return public_id("shp", case_id)


def contact_id_text(contact_id: int) -> str:
    return public_id("con", contact_id)


def bank_line_id_text(line_id: int) -> str:
    return public_id("bln", line_id)


def bank_line_number(text: str) -> int | None:
    """The number behind a bank line's opaque id."""
    return inner_id("bln", text)


def bank_account_number(text: str) -> int | None:
    """The number behind a bank account's opaque id."""
    return inner_id("bac", text)


def note_id_text(note_id: int) -> str:
    return public_id("bil", note_id)


def bank_upload_id_text(upload_id: int) -> str:
    return public_id("bup", upload_id)


def bank_upload_number(text: str) -> int | None:
    """The number behind a bank upload's opaque id."""
    return inner_id("bup", text)


def remittance_id_text(advice_id: int) -> str:
    return public_id("rem", advice_id)


def line_decision_id_text(decision_id: int) -> str:
    return public_id("dec", decision_id)


def line_decision_number(text: str) -> int | None:
    """The number behind the opaque id of a decision about a bank line."""
    return inner_id("dec", text)


def agreement_id_text(agreement_id: int) -> str:
    return public_id("agr", agreement_id)
