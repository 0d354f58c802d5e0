"""Words of the programming interface: events, states of keys, endpoints and deliveries."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from huikuan.core.webhooks import EventType

EVENTS: dict[str, str | Promise] = {
    EventType.ITEM_POSTED: _("An item was posted"),
    EventType.RECEIPT_POSTED: _("Money received was posted"),
    EventType.APPLICATION_POSTED: _("Money or credit was applied"),
    EventType.ENTRY_POSTED: _("Another entry was posted: write-off, refund, offset, revaluation …"),
    EventType.ENTRY_REVERSED: _("An entry was reversed"),
    EventType.CUSTOMER_CHANGED: _("A customer was added or changed"),
    EventType.IMPORT_PUBLISHED: _("A file was published"),
    EventType.PERIOD_CHANGED: _("A month was opened or closed"),
    EventType.PING: _("A test"),
}
KEYS: dict[str, str | Promise] = {
    "active": _("in use"),
    "expired": _("expired"),
    "revoked": _("revoked"),
}
ENDPOINTS: dict[str, str | Promise] = {
    "active": _("in use"),
    "failing": _("failing"),
    "paused": _("switched off"),
    "disabled": _("switched off by the product"),
}
REASONS: dict[str, str | Promise] = {
    "gone": _("It answered that it is gone (410)."),
    "failing": _("It failed for five days."),
    "secret": _("Its secret cannot be read any more: renew it."),
}
DELIVERIES: dict[str, str | Promise] = {
    "pending": _("waiting"),
    "delivered": _("delivered"),
    "given_up": _("given up"),
}
