"""The table of receipts."""

from __future__ import annotations

from dataclasses import replace

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from huikuan.queries import cash as queries
from huikuan.queries import choices
from huikuan.queries.cash import CASH_STATES, CashFilters, CashRow, CashTotal
from huikuan.queries.frame import Frame
from huikuan.web import words
from huikuan.web.format import format_count, format_day
from huikuan.web.note_words import CHANNELS
from huikuan.web.tables.columns import Column, Filter, Kind, Table, filters_of, in_one, paged
from huikuan.web.tables.common import CURRENCY_ON_A_DESK, CUSTOMER, ENTITY_ON_A_DESK
from huikuan.web.tables.items import customer_name

read_filters = filters_of(CashFilters, state=CASH_STATES)


def _currencies(frame: Frame) -> list[tuple[str, str]]:
    return [(code, code) for code in choices.receipt_currencies(frame)]


def _channels(_frame: Frame) -> list[tuple[str, str]]:
    return [(str(code), str(word)) for code, word in CHANNELS.items()]


def _reference(row: CashRow) -> SafeString:
    day = format_day(row.row.value_date, get_language() or "en")
    told = '{}<small class="dim phone-only">{} · {}</small>'
    return format_html(told, row.row.reference, day, words.word_of(words.RECEIPT_STATES, row.row.state))


def _payer(row: CashRow) -> SafeString:
    other = row.payer_name if row.payer_name and row.payer_name != row.customer_name else ""
    if not other:
        return format_html("{}", row.customer_name)
    return format_html('{} <small class="dim" title="{}">{}</small>', row.customer_name, _now("Payer"), other)


def _count_word(line: CashTotal) -> str:
    return ngettext("{shown} receipt", "{shown} receipts", line.receipts).format(shown=format_count(line.receipts))


COLUMNS = (
    Column("reference", _("Reference"), Kind.CODE, lambda row: row.row.reference, sort=True, html=_reference),
    Column("value_date", _("Value date"), Kind.DAY, lambda row: row.row.value_date, sort=True, css="desk-only"),
    Column("posting_date", _("Counts from"), Kind.DAY, lambda row: row.row.posting_date, shown=False),
    replace(CUSTOMER, html=_payer),
    Column("payer", _("Payer"), Kind.TEXT, lambda row: row.payer_name, shown=False, width=30),
    Column("channel", _("Paid by"), Kind.TEXT, lambda row: str(CHANNELS.get(row.channel, "")), css="desk-only"),
    ENTITY_ON_A_DESK,
    replace(CURRENCY_ON_A_DESK, value=lambda row: row.row.currency),
    Column(
        "amount",
        _("Received"),
        Kind.MONEY,
        lambda row: row.row.amount_minor,
        sort=True,
        css="desk-only",
        total=lambda line: line.amount_minor,
        by_value=True,
    ),
    Column(
        "unidentified",
        _("Payer unknown"),
        Kind.MONEY,
        lambda row: row.unidentified_minor or None,
        css="desk-only",
        total=lambda line: line.unidentified_minor,
    ),
    Column(
        "unapplied",
        _("Unapplied"),
        Kind.MONEY,
        lambda row: row.unapplied_minor or None,
        shown=False,  # "Left" and "State" say it; the column is one click away
        css="desk-only",
        total=lambda line: line.unapplied_minor,
    ),
    Column(
        "on_account",
        _("On account"),
        Kind.MONEY,
        lambda row: row.on_account_minor or None,
        shown=False,  # "Left" and "State" say it; the column is one click away
        css="desk-only",
        total=lambda line: line.on_account_minor,
    ),
    Column(
        "rest",
        _("Left"),
        Kind.MONEY,
        lambda row: row.row.unapplied_minor,
        sort=True,
        total=lambda line: line.rest_minor,
        by_value=True,
    ),
    Column("applied", _("Applied to items"), Kind.MONEY, lambda row: row.row.applied_minor, shown=False),
    Column(
        "state",
        _("State"),
        Kind.TEXT,
        lambda row: words.word_of(words.RECEIPT_STATES, row.row.state),
        css="desk-only",
        width=16,
    ),
    Column("external_id", _("Number in the source system"), Kind.CODE, lambda row: row.row.external_id, shown=False),
)

CASH = Table(
    key="cash",
    word=_("Receipts"),
    room="cash",
    page="cash",
    columns=COLUMNS,
    filters=(
        Filter("state", _("Which receipts"), "choice", is_quiet=True),
        Filter("customer", _("Customer"), "text", is_quiet=True, say=customer_name),
        Filter("currency", _("Currency"), "choice", _currencies),
        Filter("channel", _("Paid by"), "choice", _channels),
        Filter("value_from", _("Value date from"), "day"),
        Filter("value_to", _("Value date to"), "day"),
        Filter("amount_from", _("Amount from"), "amount"),
        Filter("amount_to", _("Amount to"), "amount"),
    ),
    usual_sort="-value_date",
    rows=paged(queries.cash_page, read_filters),
    whole=in_one(queries.cash_whole, read_filters),
    open=lambda row: ("receipt", row.row.public_id),
    currency=lambda row: str(row.row.currency),
    total_word=_count_word,
    tick=lambda row: row.row.public_id,
    fixed=("state",),
    searches=_("Reference, payer, customer or amount"),
)
