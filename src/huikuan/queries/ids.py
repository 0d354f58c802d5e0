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


def contact_id_text(contact_id: int) -> str:
    return public_id("con", contact_id)
