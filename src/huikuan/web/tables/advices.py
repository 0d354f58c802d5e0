"""The table of remittance advices."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from huikuan.queries import remittances as queries
from huikuan.queries.remittances import ADVICE_STATES, AdviceFilters, AdviceLine, AdviceTotal
from huikuan.web.format import format_count
from huikuan.web.tables.columns import Column, Filter, Kind, Table, filters_of, in_one, paged
from huikuan.web.tables.common import CURRENCY_ON_A_DESK, ENTITY_IF_CHOSEN

advice_filters = filters_of(AdviceFilters, state=ADVICE_STATES)


def state_word(row: AdviceLine) -> str:
    """Whether it found its bank line."""
    return _now("found") if row.line_public_id else _now("not yet")


def _state(row: AdviceLine) -> SafeString:
    return format_html("{}" if row.line_public_id else '<span class="dim">{}</span>', state_word(row))


def _count_word(line: AdviceTotal) -> str:
    return ngettext("{shown} advice", "{shown} advices", line.advices).format(shown=format_count(line.advices))


ADVICES = Table(
    key="advices",
    word=_("Remittance advices"),
    room="bank_statements",
    page="remittances",
    columns=(
        Column(
            "payer",
            _("Payer"),
            Kind.TEXT,
            lambda row: row.payer_name or row.file_name,
            sort=True,
            css="clip",
            width=34,
        ),
        Column("dated", _("Dated"), Kind.DAY, lambda row: row.dated, sort=True, css="desk-only"),
        Column("reference", _("Reference"), Kind.CODE, lambda row: row.reference, shown=False),
        Column("file", _("File"), Kind.TEXT, lambda row: row.file_name, sort=True, css="clip desk-only", width=30),
        Column("documents", _("Documents"), Kind.COUNT, lambda row: row.documents, css="desk-only"),
        ENTITY_IF_CHOSEN,
        CURRENCY_ON_A_DESK,
        Column("amount", _("Amount"), Kind.MONEY, lambda row: row.total_minor, total=lambda line: line.total_minor),
        Column(
            "state",
            _("Bank line"),
            Kind.TEXT,
            state_word,
            html=_state,
            page=lambda row: ("bank_line", row.line_public_id),
        ),
        Column("received_at", _("Handed in at"), Kind.MOMENT, lambda row: row.received_at, sort=True, shown=False),
        Column("received_by", _("Handed in by"), Kind.TEXT, lambda row: row.received_by, shown=False),
    ),
    filters=(
        Filter("state", _("Which advices"), "choice", is_quiet=True),
        Filter("since", _("Dated from"), "day"),
        Filter("until", _("Dated until"), "day"),
    ),
    usual_sort="-received_at",
    rows=paged(queries.advice_page, advice_filters),
    whole=in_one(queries.advice_whole, advice_filters),
    open=lambda row: ("remittance", row.public_id),
    total_word=_count_word,
    fixed=("state",),
    is_full=True,
    searches=_("Payer, reference or file"),
)
