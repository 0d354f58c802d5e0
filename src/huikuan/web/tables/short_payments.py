"""The table of short payments."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext_lazy as _

from huikuan.queries import short_payments as queries
from huikuan.queries.frame import Frame
from huikuan.queries.short_payments import WHICH, ShortPaymentFilters, ShortPaymentRow, ShortPaymentTotal
from huikuan.web import people_words
from huikuan.web.format import format_count, format_day
from huikuan.web.short_payment_words import REASONS, reason_word, state_word
from huikuan.web.tables.columns import Column, Filter, Kind, Table, filters_of, paged
from huikuan.web.tables.common import CURRENCY_ON_A_DESK, CUSTOMER_SORTED, ENTITY_IF_CHOSEN
from huikuan.web.tables.items import customer_name


def owner_word(row: ShortPaymentRow) -> str:
    """Who sees to it, else the role it falls to."""
    return row.owner or str(people_words.ROLES.get(row.owner_role, row.owner_role))


def days_left_word(row: ShortPaymentRow) -> str:
    """How long there is time, or since when there is none."""
    if not row.is_live:
        return ""
    if row.days_left < 0:
        return ngettext("{n} day late", "{n} days late", -row.days_left).format(n=-row.days_left)
    if not row.days_left:
        return str(_("today"))
    return ngettext("{n} day left", "{n} days left", row.days_left).format(n=row.days_left)


def _deadline(row: ShortPaymentRow) -> SafeString:
    day, left = format_day(row.deadline, get_language() or "en"), days_left_word(row)
    return format_html('{} <small class="{}">{}</small>', day, "bad-text" if row.is_late else "dim", left)


def _document(row: ShortPaymentRow) -> SafeString:
    reason, left = reason_word(row.reason_code, row.reason_name), days_left_word(row)
    return format_html(
        '{}<small class="dim phone-only">{}</small><small class="{} phone-only">{}</small>',
        row.document_number,
        reason,
        "bad-text" if row.is_late else "dim",
        left,
    )


def _owner(row: ShortPaymentRow) -> SafeString:
    return format_html('<span class="{}">{}</span>', "" if row.owner else "dim", owner_word(row))


def _state(row: ShortPaymentRow) -> str:
    return state_word(row.state, row.outcome, settled=bool(row.settling_public_id))


def _count_word(line: ShortPaymentTotal) -> str:
    return ngettext("{shown} case", "{shown} cases", line.cases).format(shown=format_count(line.cases))


COLUMNS = (
    Column("document", _("Document"), Kind.CODE, lambda row: row.document_number, sort=True, html=_document),
    CUSTOMER_SORTED,
    Column(
        "reason", _("Reason"), Kind.TEXT, lambda row: reason_word(row.reason_code, row.reason_name), css="desk-only"
    ),
    CURRENCY_ON_A_DESK,
    Column(
        "amount",
        _("Held back"),
        Kind.MONEY,
        lambda row: row.amount_minor,
        sort=True,
        total=lambda line: line.amount_minor,
    ),
    Column("item_amount", _("Of the document"), Kind.MONEY, lambda row: row.item_minor, css="desk-only"),
    Column("owner", _("Falls to"), Kind.TEXT, owner_word, css="desk-only", html=_owner),
    Column("deadline", _("Decide by"), Kind.DAY, lambda row: row.deadline, sort=True, css="desk-only", html=_deadline),
    Column("opened", _("Since"), Kind.DAY, lambda row: row.opened_on, sort=True, css="desk-only"),
    Column("state", _("State"), Kind.TEXT, _state, css="desk-only"),
    ENTITY_IF_CHOSEN,
    Column("receipt", _("Receipt"), Kind.CODE, lambda row: row.receipt_reference, shown=False),
)


def _reasons(_frame: Frame) -> list[tuple[str, str]]:
    return [(code, str(word)) for code, word in REASONS.items()]


SHORT_PAYMENTS = Table(
    key="shortpayments",
    word=_("Short payments"),
    room="cash",
    page="short_payments",
    columns=COLUMNS,
    filters=(
        Filter("which", _("Which cases"), "choice", is_quiet=True),
        Filter("owner", _("Falls to"), "text", is_quiet=True),
        Filter("customer", _("Customer"), "text", is_quiet=True, say=customer_name),
        Filter("reason", _("Reason"), "choice", _reasons),
    ),
    usual_sort="deadline",
    rows=paged(queries.short_payment_page, filters_of(ShortPaymentFilters, which=WHICH)),
    open=lambda row: ("short_payment", row.public_id),
    total_word=_count_word,
    fixed=("which", "owner"),
    searches=_("Document or customer"),
)
