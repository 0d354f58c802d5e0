"""Opaque ids for the edges, which may not ask the database room themselves."""

from __future__ import annotations

from huikuan.store.public_ids import public_id


def entry_id_text(entry_id: int) -> str:
    return public_id("ent", entry_id)


def item_id_text(item_id: int) -> str:
    return public_id("itm", item_id)


def receipt_id_text(receipt_id: int) -> str:
    return public_id("rcp", receipt_id)
