"""The table of receipts for cash."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from huikuan.queries import cash_slips as queries
from huikuan.queries.cash_slips import WHICH, SlipRow, SlipTotal
from huikuan.queries.frame import Frame
from huikuan.queries.listing import Page
from huikuan.web.format import format_count
from huikuan.web.tables.columns import Column, Filter, Kind, Table
from huikuan.web.tables.common import CURRENCY_ON_A_DESK, CUSTOMER, ENTITY_IF_CHOSEN


def find_rows(frame: Frame, values: Mapping[str, Any], sort: str, page: int, size: int) -> Page[SlipRow]:
    which = values.get("which", "out")
    search = str(values.get("search", ""))
    which = which if which in WHICH else "out"
    return queries.slip_page(frame, which=which, search=search, sort=sort, page=page, size=size)


def late_word(days: int) -> str:
    return ngettext("{n} day late", "{n} days late", days).format(n=format_count(days))


def state_word(row: SlipRow) -> str:
    """Whether the money was handed in."""
    if row.is_reversed:
        return _now("taken back")
    return _now("still out") if row.handed_in_on is None else _now("handed in")


def _state(row: SlipRow) -> SafeString:
    late = format_html(' <small class="bad-text">{}</small>', late_word(row.days_late)) if row.days_late else ""
    return format_html("{}{}", state_word(row), late)


def _number(row: SlipRow) -> SafeString:
    return format_html('{}<small class="dim phone-only">{}</small>', row.number, _state(row))


def _count_word(line: SlipTotal) -> str:
    return ngettext("{shown} receipt", "{shown} receipts", line.slips).format(shown=format_count(line.slips))


SLIPS = Table(
    key="slips",
    word=_("Receipts for cash"),
    room="slips",
    page="slips",
    columns=(
        Column("number", _("Number"), Kind.CODE, lambda row: row.number, sort=True, html=_number),
        Column("received_on", _("Received on"), Kind.DAY, lambda row: row.received_on, css="desk-only"),
        CUSTOMER,
        Column("payer", _("Handed over by"), Kind.TEXT, lambda row: row.payer, css="desk-only"),
        Column("collected_by", _("Collected by"), Kind.TEXT, lambda row: row.collected_by, css="desk-only"),
        Column("reason", _("Why cash"), Kind.TEXT, lambda row: row.reason, css="clip desk-only", width=40),
        Column("document", _("Invoice"), Kind.CODE, lambda row: row.document_number, shown=False),
        Column("escort", _("Who went along"), Kind.TEXT, lambda row: row.escort, shown=False),
        ENTITY_IF_CHOSEN,
        CURRENCY_ON_A_DESK,
        Column("amount", _("Amount"), Kind.MONEY, lambda row: row.amount_minor, total=lambda line: line.amount_minor),
        Column("handed_in_on", _("Handed in on"), Kind.DAY, lambda row: row.handed_in_on, css="desk-only"),
        Column("place", _("To whom or where"), Kind.TEXT, lambda row: row.place, shown=False),
        Column("days_late", _("Days late"), Kind.COUNT, lambda row: row.days_late, shown=False),
        Column("state", _("State"), Kind.TEXT, state_word, css="desk-only", html=_state),
    ),
    filters=(Filter("which", _("Which receipts"), "choice", is_quiet=True),),
    usual_sort="-number",
    rows=find_rows,
    open=lambda row: ("slip", row.public_id),
    total_word=_count_word,
    fixed=("which",),
    is_full=True,
    searches=_("Customer or payer"),
)
