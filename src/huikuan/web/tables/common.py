"""Columns that many tables have."""

from __future__ import annotations

from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from huikuan.web.tables.columns import Column, Kind

CUSTOMER = Column(
    "customer",
    _("Customer"),
    Kind.TEXT,
    lambda row: row.customer_name,
    css="clip",
    width=36,
    page=lambda row: ("customer", row.customer_public_id),
)
CUSTOMER_SORTED = replace(CUSTOMER, sort=True)
CURRENCY = Column("currency", _("Currency"), Kind.TEXT, lambda row: row.currency, width=9)
CURRENCY_ON_A_DESK = replace(CURRENCY, css="desk-only")
"""A phone tells it beside the amount."""
ENTITY_ON_A_DESK = Column(
    "entity", _("Legal entity"), Kind.CODE, lambda row: row.entity_code, css="desk-only", width=12
)
ENTITY_IF_CHOSEN = replace(ENTITY_ON_A_DESK, css="", shown=False)
