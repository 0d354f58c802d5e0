"""The table of bills, cheques and other notes."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext_lazy as _

from huikuan.core.notes import AcceptorClass, NoteKind
from huikuan.queries import notes as queries
from huikuan.queries.frame import Frame
from huikuan.queries.notes import WHICH, NoteFilters, NoteRow, NoteTotal
from huikuan.web import note_words
from huikuan.web.format import format_count, format_day
from huikuan.web.tables.columns import Column, Filter, Kind, Table, filters_of, paged
from huikuan.web.tables.common import CURRENCY_ON_A_DESK, CUSTOMER_SORTED, ENTITY_ON_A_DESK
from huikuan.web.tables.items import customer_name


def _number(row: NoteRow) -> SafeString:
    day = format_day(row.maturity_date, get_language() or "en")
    flags = " · ".join(str(note_words.SHORT_WARNINGS[one]) for one in row.warnings)
    warned = format_html(' <small class="bad-text">{}</small>', flags) if flags else ""
    told = format_html('<small class="dim phone-only">{} · {}</small>', day, note_words.state_word(row.kind, row.state))
    return format_html("{}{}{}", row.number, warned, told)


def _state(row: NoteRow) -> SafeString:
    word = note_words.state_word(row.kind, row.state)
    return format_html('{} <small class="dim">{}</small>', word, row.party) if row.party else format_html("{}", word)


def _range(row: NoteRow) -> str:
    return "" if row.range_first is None else f"{row.range_first}-{row.range_last}"


def _count_word(line: NoteTotal) -> str:
    return ngettext("{shown} bill", "{shown} bills", line.notes).format(shown=format_count(line.notes))


COLUMNS = (
    Column("number", _("Number"), Kind.CODE, lambda row: row.number, sort=True, html=_number),
    Column("maturity", _("Matures"), Kind.DAY, lambda row: row.maturity_date, sort=True, css="desk-only"),
    Column(
        "kind",
        _("What it is"),
        Kind.TEXT,
        lambda row: str(note_words.KINDS.get(row.kind, row.kind)),
        css="desk-only",
    ),
    CUSTOMER_SORTED,
    Column("acceptor", _("Who must pay"), Kind.TEXT, lambda row: row.acceptor, sort=True, css="clip desk-only"),
    Column(
        "class",
        _("Class"),
        Kind.TEXT,
        lambda row: str(note_words.CLASSES.get(row.acceptor_class, row.acceptor_class)),
        css="desk-only",
    ),
    Column("drawer", _("Drawer"), Kind.TEXT, lambda row: row.drawer, shown=False),
    Column("guarantor", _("Guarantor"), Kind.TEXT, lambda row: row.guarantor, shown=False),
    Column("range", _("Range of parts"), Kind.CODE, _range, shown=False),
    Column("issue", _("Issued on"), Kind.DAY, lambda row: row.issue_date, sort=True, shown=False),
    ENTITY_ON_A_DESK,
    CURRENCY_ON_A_DESK,
    Column(
        "amount",
        _("Amount"),
        Kind.MONEY,
        lambda row: row.amount_minor,
        sort=True,
        total=lambda line: line.amount_minor,
    ),
    Column(
        "settles",
        _("When it settles"),
        Kind.TEXT,
        lambda row: str(note_words.SETTLES_SHORT.get(row.settles, row.settles)),
        shown=False,
    ),
    Column(
        "state",
        _("State"),
        Kind.TEXT,
        lambda row: note_words.state_word(row.kind, row.state),
        html=_state,
        css="desk-only",
    ),
)


def _kinds(_frame: Frame) -> list[tuple[str, str]]:
    return [(kind.value, str(note_words.KINDS[kind])) for kind in NoteKind]


def _classes(_frame: Frame) -> list[tuple[str, str]]:
    return [(one.value, str(note_words.CLASSES[one])) for one in AcceptorClass]


NOTES = Table(
    key="notes",
    word=_("Bills and cheques"),
    room="cash",
    page="notes",
    columns=COLUMNS,
    filters=(
        Filter("which", _("Which bills"), "choice", is_quiet=True),
        Filter("customer", _("Customer"), "text", is_quiet=True, say=customer_name),
        Filter("kind", _("What it is"), "choice", _kinds),
        Filter("acceptor_class", _("Class"), "choice", _classes),
        Filter("matures_from", _("Matures from"), "day"),
        Filter("matures_to", _("Matures to"), "day"),
    ),
    usual_sort="maturity",
    rows=paged(queries.note_page, filters_of(NoteFilters, which=WHICH)),
    open=lambda row: ("note", row.public_id),
    total_word=_count_word,
    fixed=("which",),
    is_full=True,
    searches=_("Number, customer, drawer or who must pay"),
)
