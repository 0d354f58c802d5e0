"""The table of customers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from huikuan.queries import choices
from huikuan.queries import customers as queries
from huikuan.queries.customers import CustomerFilters, CustomerRow
from huikuan.web.format import format_amount, format_count
from huikuan.web.tables.columns import Choices, Column, Filter, Kind, Table, in_one, paged
from huikuan.web.tables.common import CURRENCY_ON_A_DESK
from huikuan.web.tables.items import ITEMS
from huikuan.web.tags import cell_bar, days_class


def read_filters(values: Mapping[str, Any]) -> CustomerFilters:
    return CustomerFilters(**{**values, "overdue": bool(values.get("overdue"))})


def _values_of(name: str) -> Choices:
    return lambda frame: [(text, text) for text in choices.customer_values(frame, name)]


def _people(name: str) -> Choices:
    return lambda frame: choices.account_people(frame, name)


def _overdue(row: CustomerRow) -> SafeString:
    text = format_amount(row.overdue_minor, row.currency, get_language() or "en")
    css = "neg" if row.overdue_minor < 0 else "" if row.overdue_minor else "zero"
    return format_html('<span class="{}">{}</span>{}', css, text, cell_bar(row.overdue_minor, row.open_minor, "b3"))


def _late(row: CustomerRow) -> SafeString:
    if row.days_past_due_max <= 0:
        return SafeString("–")
    return format_html(
        '<i class="dot {}"></i>{}', days_class(row.days_past_due_max), format_count(row.days_past_due_max)
    )


COLUMNS = (
    Column("name", _("Customer"), Kind.TEXT, lambda row: row.name, sort=True, width=40),
    Column("number", _("Number"), Kind.CODE, lambda row: row.external_id, css="desk-only"),
    Column("country", _("Country"), Kind.TEXT, lambda row: row.country, css="desk-only", width=9),
    Column("segment", _("Segment"), Kind.TEXT, lambda row: row.segment, shown=False),
    Column("registration", _("Registration number"), Kind.CODE, lambda row: row.registration_number, shown=False),
    CURRENCY_ON_A_DESK,
    Column(
        "open",
        _("Owed"),
        Kind.MONEY,
        lambda row: row.open_minor,
        sort=True,
        total=lambda line: line.open_minor,
        by_value=True,
    ),
    Column(
        "overdue",
        _("Overdue"),
        Kind.MONEY,
        lambda row: row.overdue_minor,
        sort=True,
        total=lambda line: line.overdue_minor,
        html=_overdue,
        by_value=True,
    ),
    Column(
        "unapplied",
        _("Unapplied"),
        Kind.MONEY,
        lambda row: row.unapplied_minor,
        sort=True,
        css="desk-only",
        total=lambda line: line.unapplied_minor,
        by_value=True,
    ),
    Column(
        "days_past_due",
        _("Days late"),
        Kind.COUNT,
        lambda row: row.days_past_due_max or None,
        sort=True,
        css="desk-only",
        html=_late,
    ),
    Column(
        "items",
        _("Items"),
        Kind.COUNT,
        lambda row: row.items,
        sort=True,
        css="desk-only",
        total=lambda line: line.items,
    ),
)

CUSTOMERS = Table(
    key="customers",
    word=_("Customers"),
    room="customers",
    page="customers",
    columns=COLUMNS,
    filters=(
        Filter("overdue", _("Overdue only"), "flag"),
        Filter("currency", _("Currency"), "choice", next(f.choices for f in ITEMS.filters if f.key == "currency")),
        Filter("country", _("Country"), "choice", _values_of("country")),
        Filter("segment", _("Segment"), "choice", _values_of("segment")),
        Filter("owner", _("Owner"), "choice", _people("owner")),
        Filter("collector", _("Collector"), "choice", _people("collector")),
    ),
    usual_sort="-open",
    rows=paged(queries.customer_page, read_filters),
    whole=in_one(queries.customer_whole, read_filters),
    open=lambda row: ("customer", row.public_id),
    searches=_("Name, number or registration number"),
)
