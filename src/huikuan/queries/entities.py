"""The legal entities whose books are kept here."""

from __future__ import annotations

from typing import Any

from huikuan.store.models import Entity


def all_entities() -> list[dict[str, Any]]:
    """Every entity, by code: id, code, name, currency, timezone, country."""
    rows = Entity.objects.order_by("code").values("id", "code", "name", "currency", "timezone", "country")
    return [dict(row) for row in rows]
