"""Opaque ids of this installation. The key is made once and kept in the database, so a restored copy keeps links."""

from __future__ import annotations

import secrets

from django.db import connection

from huikuan.core.public_ids import decode_id, encode_id
from huikuan.store.audit import Installation

_keys: dict[tuple[str, str], bytes] = {}


def public_id(prefix: str, number: int) -> str:
    """``cus`` customer, ``itm`` item, ``ent`` journal entry, ``rcp`` receipt, ``imp`` import batch."""
    return encode_id(prefix, number, _key())


def inner_id(prefix: str, text: str) -> int | None:
    """The number behind an opaque id, or ``None`` where it is none of this kind."""
    return decode_id(prefix, text, _key())


def _key() -> bytes:
    settings = connection.settings_dict  # looked up once: it is some way to it, and a page has hundreds of ids
    database = (str(settings["NAME"]), str(settings.get("PORT", "")))
    if database not in _keys:
        row, _ = Installation.objects.get_or_create(name="public_id_key", defaults={"value": secrets.token_hex(16)})
        _keys[database] = bytes.fromhex(row.value)
    return _keys[database]
