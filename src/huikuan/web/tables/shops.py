"""The tables of shops and platforms, and of their payouts."""

from __future__ import annotations

from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy

from huikuan.queries import shop_lists as queries
from huikuan.queries.frame import Frame
from huikuan.queries.shop_lists import PayoutFilters, PayoutTotal, ShopFilters, ShopTotal
from huikuan.queries.shops import ShopRow, shop_model
from huikuan.web import shop_words
from huikuan.web.format import format_count
from huikuan.web.tables.columns import Column, Filter, Kind, Table, filters_of, paged
from huikuan.web.tables.common import CURRENCY_ON_A_DESK, ENTITY_IF_CHOSEN, ENTITY_ON_A_DESK
from huikuan.web.words import word_of

SHOP_STATES = {
    "differing": _("With differences"),
    "waiting": _("With money waiting"),
    "active": _("In use"),
    "shut": pgettext_lazy("shops", "Shut"),
}


def _shop_name(row: ShopRow) -> SafeString:
    shut = format_html(' <small class="dim">{}</small>', SHOP_STATES["shut"]) if not row.is_active else ""
    return format_html("{}{}", row.name, shut)


def _differences(row: ShopRow) -> SafeString:
    text = format_count(row.differences)
    return format_html('<b class="bad-text">{}</b>', text) if row.differences else format_html("{}", text)


def _shops_word(line: ShopTotal) -> str:
    return ngettext("{shown} shop", "{shown} shops", line.shops).format(shown=format_count(line.shops))


SHOPS = Table(
    key="shops",
    word=_("Shops and platforms"),
    room="shops",
    page="shops",
    columns=(
        Column("name", _("Shop"), Kind.TEXT, lambda row: row.name, sort=True, html=_shop_name, width=30),
        Column("kind", _("Kind"), Kind.TEXT, lambda row: word_of(shop_words.KINDS, row.kind), css="desk-only"),
        Column(
            "customer",
            _("Customer"),
            Kind.TEXT,
            lambda row: row.customer_name,
            sort=True,
            css="clip desk-only",
            width=36,
            page=lambda row: ("customer", row.customer_public_id),
        ),
        ENTITY_ON_A_DESK,
        Column("last_day", _("Sales until"), Kind.DAY, lambda row: row.last_day, sort=True, css="desk-only"),
        CURRENCY_ON_A_DESK,
        Column(
            "to_come",
            _("To come"),
            Kind.MONEY,
            lambda row: row.to_come_minor,
            sort=True,
            total=lambda line: line.to_come_minor,
        ),
        Column("waiting", _("Money waiting"), Kind.COUNT, lambda row: row.waiting, css="desk-only"),
        Column("differences", _("Differences"), Kind.COUNT, lambda row: row.differences, sort=True, html=_differences),
        Column("days", _("Days with sales"), Kind.COUNT, lambda row: row.days, shown=False),
        Column("settle_days", _("Paid out after days"), Kind.COUNT, lambda row: row.settle_days, shown=False),
        Column("account", _("Bank account"), Kind.TEXT, lambda row: row.bank_account, shown=False),
    ),
    filters=(
        Filter(
            "state",
            _("State"),
            "choice",
            choices=lambda frame: [(code, str(word)) for code, word in SHOP_STATES.items()],
        ),
        Filter(
            "kind",
            _("Kind"),
            "choice",
            choices=lambda frame: [(code, str(word)) for code, word in shop_words.KINDS.items()],
        ),
        Filter("currency", _("Currency"), "text"),
    ),
    usual_sort="name",
    rows=paged(queries.shop_page, filters_of(ShopFilters)),
    open=lambda row: ("shop", row.public_id),
    total_word=_shops_word,
    is_full=True,
    searches=_("Shop, customer or payer"),
)


def _shop_word(frame: Frame, text: str) -> str:
    found = shop_model(frame, text)
    return found.name if found is not None else text


def _payouts_word(line: PayoutTotal) -> str:
    return ngettext("{shown} payout", "{shown} payouts", line.payouts).format(shown=format_count(line.payouts))


def _money(name: str) -> dict[str, Any]:
    return {
        "kind": Kind.MONEY,
        "value": lambda row: getattr(row.payout, name) or None,
        "total": lambda line: getattr(line, name),
    }


PAYOUTS = Table(
    key="payouts",
    word=_("Payouts"),
    room="shops",
    page="payouts",
    columns=(
        Column("day", _("Day"), Kind.DAY, lambda row: row.payout.day, sort=True),
        Column("shop", _("Shop"), Kind.TEXT, lambda row: row.shop_name, sort=True, css="clip", width=30),
        Column(
            "customer",
            _("Customer"),
            Kind.TEXT,
            lambda row: row.customer_name,
            css="clip desk-only",
            width=36,
            page=lambda row: ("customer", row.customer_public_id),
        ),
        ENTITY_IF_CHOSEN,
        CURRENCY_ON_A_DESK,
        Column(
            "paid",
            _("Paid out"),
            Kind.MONEY,
            lambda row: row.payout.paid_minor,
            sort=True,
            total=lambda line: line.paid_minor,
        ),
        Column("fee", _("Fee booked"), css="desk-only", **_money("booked_minor")),
        Column("short", _("Too little"), css="desk-only", **_money("short_minor")),
        Column("rest", _("Too much"), css="desk-only", **_money("rest_minor")),
        Column("charges", _("Other charges"), shown=False, **_money("charges_minor")),
        Column("key", _("Platform's number"), Kind.CODE, lambda row: row.payout.payout_key, shown=False, width=24),
        Column(
            "how", _("How"), Kind.TEXT, lambda row: word_of(shop_words.HOWS, row.payout.how), css="desk-only", width=28
        ),
        Column("by", _("Recorded by"), Kind.TEXT, lambda row: row.payout.recorded_by, shown=False),
        Column("at", _("Recorded"), Kind.MOMENT, lambda row: row.payout.recorded_at, shown=False),
        Column(
            "state",
            _("State"),
            Kind.TEXT,
            lambda row: str(_("taken back")) if row.payout.undone else str(_("stands")),
            css="desk-only",
        ),
    ),
    filters=(
        Filter("which", _("Which payouts"), "choice", is_quiet=True),
        Filter("shop", _("Shop"), "text", is_quiet=True, say=_shop_word),
        Filter(
            "how",
            _("How"),
            "choice",
            choices=lambda frame: [(code, str(word)) for code, word in shop_words.HOWS.items()],
        ),
        Filter("since", _("From"), "day"),
        Filter("until", _("Until"), "day"),
        Filter("currency", _("Currency"), "text"),
    ),
    usual_sort="-day",
    rows=paged(queries.payout_page, filters_of(PayoutFilters, which=queries.PAYOUT_STATES)),
    open=lambda row: ("payout", row.public_id),
    total_word=_payouts_word,
    fixed=("which",),
    is_full=True,
    searches=_("Shop, customer or platform's number"),
)
