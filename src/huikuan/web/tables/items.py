"""The table of items."""

from __future__ import annotations

from dataclasses import replace

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from huikuan.core.payment_reference import printed_reference
from huikuan.queries import choices
from huikuan.queries import customers as customer_queries
from huikuan.queries import items as queries
from huikuan.queries.frame import Frame
from huikuan.queries.items import ItemFilters, ItemRow
from huikuan.web import words
from huikuan.web.format import format_count, format_day
from huikuan.web.tables.columns import Choices, Column, Filter, Kind, Table, filters_of, in_one, paged
from huikuan.web.tables.common import CURRENCY_ON_A_DESK, CUSTOMER_SORTED, ENTITY_IF_CHOSEN

STATES = ("open", "overdue", "all")
BUCKETS = ("not_due", "1-30", "31-60", "61-90", ">90")


read_filters = filters_of(ItemFilters, state=STATES)


def _values_of(name: str) -> Choices:
    return lambda frame: [(text, text) for text in choices.item_values(frame, name)]


def item_kinds(_frame: Frame) -> list[tuple[str, str]]:
    return [(code, str(word)) for code, word in words.ITEM_KINDS.items()]


def _buckets(_frame: Frame) -> list[tuple[str, str]]:
    return [(code, words.bucket_word(code)) for code in BUCKETS]


def customer_name(frame: Frame, public_id: str) -> str:
    found = customer_queries.customer(frame, public_id)
    return found.name if found else public_id


def _document(row: ItemRow) -> SafeString:
    day = format_day(row.due_date, get_language() or "en")
    told = '{}<small class="dim phone-only">{}</small><small class="dim phone-only">{}</small>'
    return format_html(told, row.document_number, row.customer_name, day)


def _late(row: ItemRow) -> SafeString:
    if not row.open_minor:
        return SafeString(f'<span class="dim">{escape(_now("settled"))}</span>')
    css, title = words.bucket_class(row.bucket), escape(words.bucket_word(row.bucket))
    dot = f'<i class="dot {css}" title="{title}"></i>'
    if row.days_past_due > 0:
        return SafeString(f"{dot}{format_count(row.days_past_due)}")
    return SafeString(f'{dot}<span class="dim">{escape(_now("not due"))}</span>')


COLUMNS = (
    Column("document_number", _("Document"), Kind.CODE, lambda row: row.document_number, sort=True, html=_document),
    replace(CUSTOMER_SORTED, css="clip desk-only"),
    Column("customer_number", _("Customer no."), Kind.CODE, lambda row: row.customer_number, shown=False),
    Column(
        "kind", _("Kind"), Kind.TEXT, lambda row: words.word_of(words.ITEM_KINDS, row.kind), css="desk-only", width=14
    ),
    Column("document_date", _("Document date"), Kind.DAY, lambda row: row.document_date, sort=True, css="desk-only"),
    Column("due_date", _("Due date"), Kind.DAY, lambda row: row.due_date, sort=True, css="desk-only"),
    Column("posting_date", _("Counts from"), Kind.DAY, lambda row: row.posting_date, shown=False),
    CURRENCY_ON_A_DESK,
    Column(
        "amount",
        _("Amount"),
        Kind.MONEY,
        lambda row: row.amount_minor,
        sort=True,
        css="desk-only",
        total=lambda line: line.amount_minor,
        by_value=True,
    ),
    Column(
        "open",
        _("Open"),
        Kind.MONEY,
        lambda row: row.open_minor,
        sort=True,
        total=lambda line: line.open_minor,
        by_value=True,
    ),
    Column(
        "days_past_due",
        _("Days late"),
        Kind.COUNT,
        lambda row: max(row.days_past_due, 0) if row.open_minor else None,
        sort=True,
        css="days",
        html=_late,
    ),
    Column(
        "bucket",
        _("Ageing"),
        Kind.TEXT,
        lambda row: words.bucket_word(row.bucket) if row.open_minor else None,
        shown=False,
        width=14,
    ),
    Column("po_number", _("PO number"), Kind.CODE, lambda row: row.po_number, css="desk-only"),
    Column(
        "payment_reference",
        _("Payment reference"),
        Kind.CODE,
        lambda row: printed_reference(row.payment_reference),
        shown=False,
        width=34,
    ),
    Column("contract_number", _("Contract number"), Kind.CODE, lambda row: row.contract_number, shown=False),
    Column("sales_rep", _("Sales rep"), Kind.TEXT, lambda row: row.sales_rep, shown=False),
    Column("region", _("Region"), Kind.TEXT, lambda row: row.region, shown=False),
    Column("product", _("Product"), Kind.TEXT, lambda row: row.product, shown=False),
    ENTITY_IF_CHOSEN,
    Column("external_id", _("Number in the source system"), Kind.CODE, lambda row: row.external_id, shown=False),
)

FILTERS = (
    Filter("state", _("Which items"), "choice", is_quiet=True),
    Filter("bucket", _("Ageing"), "choice", _buckets, is_quiet=True),
    Filter("customer", _("Customer"), "text", is_quiet=True, say=customer_name),
    Filter("kind", _("Kind"), "choice", item_kinds),
    Filter("currency", _("Currency"), "choice", _values_of("currency")),
    Filter("due_from", _("Due from"), "day"),
    Filter("due_to", _("Due to"), "day"),
    Filter("amount_from", _("Amount from"), "amount"),
    Filter("amount_to", _("Amount to"), "amount"),
    Filter("sales_rep", _("Sales rep"), "choice", _values_of("sales_rep")),
    Filter("region", _("Region"), "choice", _values_of("region")),
    Filter("product", _("Product"), "choice", _values_of("product")),
)

ITEMS = Table(
    key="items",
    word=_("Items"),
    room="items",
    page="items",
    columns=COLUMNS,
    filters=FILTERS,
    usual_sort="due_date",
    rows=paged(queries.item_page, read_filters),
    whole=in_one(queries.item_whole, read_filters),
    open=lambda row: ("item", row.public_id),
    tick=lambda row: row.public_id,
    fixed=("state", "bucket"),
    searches=_("Document, PO number or customer"),
)
