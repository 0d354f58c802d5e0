"""The reasons for short payments an entity knows, and the share up to which a rest becomes a case by itself."""

from __future__ import annotations

from huikuan.core.rights import Role
from huikuan.core.short_payments import DEFAULT_REASONS, SHARE_BP, ShortReason
from huikuan.store.models import ShortPaymentPolicy, ShortPaymentReason


def reasons_of(entity_id: int) -> tuple[ShortReason, ...]:
    """Those the entity has set, in their order; the product's where it has set none."""
    rows = ShortPaymentReason.objects.filter(entity_id=entity_id).order_by("position", "id")
    found = tuple(ShortReason(row.code, Role(row.owner_role), row.days, row.name, row.is_active) for row in rows)
    return found or DEFAULT_REASONS


def share_of(entity_id: int) -> int:
    """Hundredths of a percent."""
    found = ShortPaymentPolicy.objects.filter(entity_id=entity_id).values_list("share_bp", flat=True).first()
    return SHARE_BP if found is None else found
