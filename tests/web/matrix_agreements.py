"""A settlement agreement in the world of the matrix of pages."""

from __future__ import annotations

from datetime import date

from huikuan.core.agreements import ThingKind
from huikuan.services.agreements import NewInKind, propose_in_kind
from huikuan.store.models import OpenItem
from huikuan.store.public_ids import public_id
from tests.web.world import START


def agreement_of(item: OpenItem) -> str:
    """A thing taken for a cent of an item."""
    new = NewInKind(item.entity_id, f"K-{item.pk}", ((item.pk, 1),), 1, "A pencil", ThingKind.GOODS, "")
    return public_id("agr", propose_in_kind(new, on=date(2026, 3, 6), actor_id=None, now=START))
