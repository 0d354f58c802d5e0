"""The tables of files handed in and of the settlements their snapshots reported."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from huikuan.queries import imports as queries
from huikuan.queries import settlements as settlement_queries
from huikuan.queries.frame import Frame
from huikuan.queries.imports import ImportRow
from huikuan.queries.listing import Page
from huikuan.queries.settlements import SettlementRow
from huikuan.web import words
from huikuan.web.format import format_count, format_moment
from huikuan.web.frames import number_of
from huikuan.web.tables.columns import Column, Filter, Kind, Table
from huikuan.web.tables.common import CURRENCY, CUSTOMER

STATES = ("proposed", "posted", "met", "rejected", "all")


def find_imports(frame: Frame, _values: Mapping[str, Any], _sort: str, page: int, size: int) -> Page[ImportRow]:
    return queries.import_page(frame, page=page, size=size)


def find_settlements(frame: Frame, values: Mapping[str, Any], _sort: str, page: int, size: int) -> Page[SettlementRow]:
    state, batch = values.get("state", "proposed"), str(values.get("batch", ""))
    return settlement_queries.settlement_page(
        frame,
        state=state if state in STATES else "proposed",
        batch_id=number_of(batch) or None,
        page=page,
        size=size,
    )


def _faults(row: ImportRow) -> SafeString:
    text = format_count(row.errors_total)
    return format_html('<b class="bad-text">{}</b>', text) if row.errors_total else format_html("{}", text)


def _when(at: Any, who: str) -> SafeString:
    if at is None:
        return SafeString("")
    shown = format_moment(at, get_language() or "en")
    return format_html('{}<br><small class="dim">{}</small>', shown, who) if who else format_html("{}", shown)


def _decided(row: SettlementRow) -> SafeString:
    state = words.word_of(words.SETTLEMENT_STATES, row.state)
    if row.decided_at is None:
        return format_html("{}", state)
    moment = format_moment(row.decided_at, get_language() or "en")
    return format_html('{}<br><small class="dim">{} {}</small>', state, row.decided_by, moment)


IMPORTS = Table(
    key="imports",
    word=_("Imports"),
    room="imports",
    page="imports",
    columns=(
        Column("file", _("File"), Kind.TEXT, lambda row: row.file_name, width=36),
        Column("kind", _("What"), Kind.TEXT, lambda row: words.word_of(words.IMPORT_KINDS, row.kind)),
        Column("feed", _("Feed"), Kind.TEXT, lambda row: words.word_of(words.FEEDS, row.feed), shown=False),
        Column("source", _("Source"), Kind.TEXT, lambda row: row.source, shown=False),
        Column("entity", _("Legal entity"), Kind.TEXT, lambda row: row.entity_name or "–"),
        Column("rows", _("Rows"), Kind.COUNT, lambda row: row.rows_total),
        Column("faults", _("Faults"), Kind.COUNT, lambda row: row.errors_total, html=_faults),
        Column("state", _("State"), Kind.TEXT, lambda row: words.word_of(words.IMPORT_STATES, row.state)),
        Column(
            "created_at",
            _("When, by whom"),
            Kind.MOMENT,
            lambda row: row.created_at,
            css="who",
            html=lambda row: _when(row.created_at, row.created_by),
        ),
        Column("created_by", _("Handed in by"), Kind.TEXT, lambda row: row.created_by, shown=False),
        Column("published_at", _("Posted at"), Kind.MOMENT, lambda row: row.published_at, shown=False),
        Column("published_by", _("Posted by"), Kind.TEXT, lambda row: row.published_by, shown=False),
    ),
    filters=(),
    usual_sort="",
    rows=find_imports,
    open=lambda row: ("import", row.id),
    currency=lambda _row: "",
    is_full=True,
)

SETTLEMENTS = Table(
    key="settlements",
    word=_("Settlements to review"),
    room="imports",
    page="settlements",
    columns=(
        Column("document_number", _("Document"), Kind.CODE, lambda row: row.document_number),
        CUSTOMER,
        Column("settled_on", _("Settled on"), Kind.DAY, lambda row: row.settled_on),
        CURRENCY,
        Column(
            "amount",
            _("To be settled"),
            Kind.MONEY,
            lambda row: row.amount_minor,
            total=lambda line: line.amount_minor,
        ),
        Column("open", _("Open now"), Kind.MONEY, lambda row: row.open_minor),
        Column("file", _("File"), Kind.TEXT, lambda row: row.file_name, page=lambda row: ("import", str(row.batch_id))),
        Column(
            "state",
            _("State"),
            Kind.TEXT,
            lambda row: words.word_of(words.SETTLEMENT_STATES, row.state),
            css="who",
            html=_decided,
            page=lambda row: ("entry", row.entry_public_id),
        ),
        Column("decided_by", _("Decided by"), Kind.TEXT, lambda row: row.decided_by, shown=False),
        Column("decided_at", _("Decided at"), Kind.MOMENT, lambda row: row.decided_at, shown=False),
    ),
    filters=(
        Filter("state", _("State"), "choice", is_quiet=True),
        Filter("batch", _("Import"), "text", is_quiet=True, say=lambda _frame, number: f"#{number}"),
    ),
    usual_sort="",
    rows=find_settlements,
    open=lambda row: ("item", row.item_public_id),
    tick=lambda row: str(row.id),
    fixed=("state",),
)
