"""The table of e-invoices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from huikuan.queries import einvoices as queries
from huikuan.queries.einvoices import EInvoiceFilters, EInvoiceRow
from huikuan.queries.frame import Frame
from huikuan.queries.listing import Page
from huikuan.web import words
from huikuan.web.einvoice_words import FORMATS
from huikuan.web.tables.columns import Column, Filter, Kind, Table
from huikuan.web.tables.common import CURRENCY, CUSTOMER


def find_rows(frame: Frame, values: Mapping[str, Any], sort: str, page: int, size: int) -> Page[EInvoiceRow]:
    filters = EInvoiceFilters(
        search=values.get("search", ""),
        kind=values.get("kind", ""),
        source_format=values.get("format", ""),
        currency=values.get("currency", ""),
        since=values.get("since"),
        until=values.get("until"),
    )
    return queries.einvoice_page(frame, filters, sort=sort, page=page, size=size)


def _kinds(_frame: Frame) -> list[tuple[str, str]]:
    return [(kind, words.word_of(words.ITEM_KINDS, kind)) for kind in ("invoice", "credit_memo")]


def _formats(_frame: Frame) -> list[tuple[str, str]]:
    return [(code, words.word_of(FORMATS, code)) for code in FORMATS]


def _currencies(frame: Frame) -> list[tuple[str, str]]:
    return [(code, code) for code in queries.currencies(frame)]


EINVOICES = Table(
    key="einvoices",
    word=_("E-invoices"),
    room="einvoices",
    page="einvoices",
    columns=(
        Column("number", _("Number"), Kind.CODE, lambda row: row.number, sort=True, width=26),
        Column("kind", _("Kind"), Kind.TEXT, lambda row: words.word_of(words.ITEM_KINDS, row.kind), width=14),
        CUSTOMER,
        Column("issue_date", _("Issued"), Kind.DAY, lambda row: row.issue_date, sort=True),
        Column("format", _("Format"), Kind.TEXT, lambda row: words.word_of(FORMATS, row.source_format)),
        Column("profile", _("Profile"), Kind.TEXT, lambda row: row.profile, shown=False),
        CURRENCY,
        Column("net", _("Net"), Kind.MONEY, lambda row: row.net_minor, total=lambda line: line.net_minor),
        Column("tax", _("VAT"), Kind.MONEY, lambda row: row.tax_minor, total=lambda line: line.tax_minor),
        Column(
            "gross", _("Total"), Kind.MONEY, lambda row: row.gross_minor, sort=True, total=lambda line: line.gross_minor
        ),
        Column("imported_at", _("Handed in at"), Kind.MOMENT, lambda row: row.imported_at, shown=False),
    ),
    filters=(
        Filter("kind", _("Kind"), "choice", _kinds),
        Filter("format", _("Format"), "choice", _formats),
        Filter("currency", _("Currency"), "choice", _currencies),
        Filter("since", _("Since"), "day"),
        Filter("until", _("Until"), "day"),
    ),
    usual_sort="-issue_date",
    rows=find_rows,
    open=lambda row: ("item", row.item_public_id),
    searches=_("Number or customer"),
)
