"""The table of journal entries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from huikuan.core.refusals import Refusal
from huikuan.queries import journal as queries
from huikuan.queries.frame import Frame
from huikuan.queries.journal import JournalFilters, JournalRow, JournalTotal
from huikuan.web import words
from huikuan.web.format import format_count, format_day
from huikuan.web.frames import read_day
from huikuan.web.tables.columns import Column, Filter, Kind, Table, in_one, paged
from huikuan.web.tables.common import ENTITY_ON_A_DESK


def read_filters(values: Mapping[str, Any]) -> JournalFilters:
    """Refuses ``table.bad_month``."""
    month = values.get("month", "")
    try:
        first = read_day(f"{month}-01") if month else None
    except Refusal:
        raise Refusal("table.bad_month", "{text} is not a month; write it as 2026-03", text=month[:20]) from None
    return JournalFilters(
        kind=values.get("kind", ""),
        month=first,
        account=values.get("account", ""),
        actor=values.get("actor", ""),
        late=bool(values.get("late")),
    )


def _kinds(_frame: Frame) -> list[tuple[str, str]]:
    return [(code, str(word)) for code, word in words.ENTRY_KINDS.items()]


def _accounts(_frame: Frame) -> list[tuple[str, str]]:
    return [(code, str(word)) for code, word in words.LEDGER_ACCOUNTS.items()]


def _actors(frame: Frame) -> list[tuple[str, str]]:
    return [("-", _now("The system")), *queries.journal_actors(frame)]


def _number(row: JournalRow) -> SafeString:
    if row.ledger_seq is None:
        return format_html('<span class="dim">{}</span>', _now("not sealed yet"))
    return format_html("{}", format_count(row.ledger_seq))


def _counts(row: JournalRow) -> str:
    return words.word_of(words.ENTRY_KINDS, row.kind)


def _kind(row: JournalRow) -> SafeString:
    day = format_day(row.posting_date, get_language() or "en")
    told = '{}<small class="dim phone-only">{}</small><small class="dim phone-only">{}</small>'
    return format_html(told, _counts(row), row.concerns, day)


def _count_word(line: JournalTotal) -> str:
    return ngettext("{shown} entry", "{shown} entries", line.entries).format(shown=format_count(line.entries))


COLUMNS = (
    Column("number", _("Entry no."), Kind.COUNT, lambda row: row.ledger_seq, sort=True, width=14, html=_number),
    Column("kind", _("Kind"), Kind.TEXT, _counts, html=_kind),
    Column("concerns", _("Concerns"), Kind.TEXT, lambda row: row.concerns, css="clip desk-only", width=36),
    Column("posting_date", _("Counts from"), Kind.DAY, lambda row: row.posting_date, sort=True, css="desk-only"),
    Column("effective_date", _("Happened on"), Kind.DAY, lambda row: row.effective_date, sort=True, css="desk-only"),
    ENTITY_ON_A_DESK,
    Column("currency", _("Currency"), Kind.TEXT, lambda row: row.base_currency, css="desk-only", width=9),
    Column("debit", _("Debit = credit"), Kind.MONEY, lambda row: row.debit_minor, total=lambda line: line.debit_minor),
    Column("actor", _("Recorded by"), Kind.TEXT, lambda row: row.actor, css="desk-only"),
    Column("recorded_at", _("Recorded at"), Kind.MOMENT, lambda row: row.recorded_at, sort=True, css="desk-only"),
    Column("memo", _("Memo"), Kind.TEXT, lambda row: row.memo, shown=False, width=30),
    Column("external_id", _("Number in the source system"), Kind.CODE, lambda row: row.external_id, shown=False),
)

JOURNAL = Table(
    key="journal",
    word=_("Journal"),
    room="journal",
    page="journal",
    columns=COLUMNS,
    filters=(
        Filter("kind", _("Kind"), "choice", _kinds),
        Filter("month", _("Month"), "month"),
        Filter("account", _("Ledger account"), "choice", _accounts),
        Filter("actor", _("Recorded by"), "choice", _actors),
        Filter("late", _("Late entries only"), "flag"),
    ),
    usual_sort="-number",
    rows=paged(queries.journal_page, read_filters),
    whole=in_one(queries.journal_whole, read_filters),
    open=lambda row: ("entry", row.public_id),
    currency=lambda row: str(row.base_currency),
    total_word=_count_word,
)
