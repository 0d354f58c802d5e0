"""The tables of bank statements and of their lines."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext_lazy as _

from huikuan.queries import bank as queries
from huikuan.queries import bank_rows
from huikuan.queries.bank import StatementFilters, StatementRow, account_rows
from huikuan.queries.bank_rows import LINE_STATES, LineFilters, LineRow, LineTotal
from huikuan.queries.frame import Frame
from huikuan.web import bank_words, words
from huikuan.web.format import format_amount, format_count, format_day, mask_number
from huikuan.web.tables.columns import Column, Filter, Kind, Table, filters_of, in_one, paged
from huikuan.web.tables.common import CURRENCY_ON_A_DESK, ENTITY_IF_CHOSEN

STATEMENT_STATES = ("all", "open", "gaps")


# -- statements --------------------------------------------------------------------------------------------------------
statement_filters = filters_of(StatementFilters, state=STATEMENT_STATES)


def _accounts(frame: Frame) -> list[tuple[str, str]]:
    return [(row.public_id, row.name) for row in account_rows(frame)]


def period(row: StatementRow) -> str:
    language = get_language() or "en"
    if row.from_date is None or row.to_date is None:
        return "–"
    first, last = format_day(row.from_date, language), format_day(row.to_date, language)
    return last if row.from_date == row.to_date else f"{first} – {last}"


def _period(row: StatementRow) -> SafeString:
    return format_html('{}<small class="dim phone-only">{}</small>', period(row), row.account_name)


def _to_do(row: StatementRow) -> SafeString:
    if not row.to_do:
        return format_html('<span class="dim">{}</span>', "0")
    shown = format_count(row.to_do)
    return format_html("<b>{}</b>", shown)


def _gap(row: StatementRow) -> SafeString:
    if row.gap_minor is None:
        return SafeString("")
    return format_html('<b class="bad-text">{}</b>', format_amount(row.gap_minor, row.currency, get_language() or "en"))


STATEMENTS = Table(
    key="bankstatements",
    word=_("Bank statements"),
    room="bank_statements",
    page="bank_statements",
    columns=(
        Column("to_date", _("Period"), Kind.TEXT, period, sort=True, html=_period, css="date"),
        Column(
            "account", _("Bank account"), Kind.TEXT, lambda row: row.account_name, sort=True, css="desk-only", width=28
        ),
        Column("number", _("Number"), Kind.CODE, lambda row: row.number, shown=False),
        ENTITY_IF_CHOSEN,
        CURRENCY_ON_A_DESK,
        Column("opening", _("Opening balance"), Kind.MONEY, lambda row: row.opening_minor, css="desk-only"),
        Column("in", _("Money in"), Kind.MONEY, lambda row: row.in_minor, css="desk-only"),
        Column("out", _("Money out"), Kind.MONEY, lambda row: row.out_minor, css="desk-only"),
        Column("closing", _("Closing balance"), Kind.MONEY, lambda row: row.closing_minor),
        Column("lines", _("Lines"), Kind.COUNT, lambda row: row.lines_total, css="desk-only"),
        Column("to_do", _("To do"), Kind.COUNT, lambda row: row.to_do, html=_to_do),
        Column("gap", _("Gap before it"), Kind.MONEY, lambda row: row.gap_minor, html=_gap, css="desk-only"),
        Column(
            "format",
            _("Format"),
            Kind.TEXT,
            lambda row: words.word_of(bank_words.FORMATS, row.format),
            shown=False,
        ),
        Column("file", _("File"), Kind.TEXT, lambda row: row.file_name, shown=False, width=30),
        Column("new", _("New lines"), Kind.COUNT, lambda row: row.lines_new, shown=False),
        Column("imported_at", _("Imported at"), Kind.MOMENT, lambda row: row.imported_at, sort=True, shown=False),
        Column("imported_by", _("Imported by"), Kind.TEXT, lambda row: row.imported_by, shown=False),
        Column("reason", _("Taken although it does not tie"), Kind.TEXT, lambda row: row.override_reason, shown=False),
    ),
    filters=(
        Filter("state", _("Which statements"), "choice", is_quiet=True),
        Filter("account", _("Bank account"), "choice", _accounts),
        Filter("since", _("From"), "day"),
        Filter("until", _("Until"), "day"),
    ),
    usual_sort="-to_date",
    rows=paged(queries.statement_page, statement_filters),
    whole=in_one(queries.statement_whole, statement_filters),
    open=lambda row: ("bank_statement", row.public_id),
    is_full=True,
    fixed=("state",),
)


# -- lines -------------------------------------------------------------------------------------------------------------
line_filters = filters_of(LineFilters, state=LINE_STATES)


def _statement_name(frame: Frame, public_id: str) -> str:
    found = queries.statement_of(frame, public_id)
    return f"{found.account_name} {period(found)}" if found else public_id


def _kinds(_frame: Frame) -> list[tuple[str, str]]:
    return [(code, str(word)) for code, word in bank_words.LINE_KINDS.items()]


def state_word(row: LineRow) -> str:
    """The state of money in or taken back; of anything else, what it is."""
    if row.state:
        return words.word_of(bank_words.LINE_STATES, row.state)
    return words.word_of(bank_words.LINE_KINDS, row.kind)


def _day(row: LineRow) -> SafeString:
    state = state_word(row)
    shown = format_day(row.booking_date, get_language() or "en")
    return format_html('{}<small class="dim phone-only">{}</small>', shown, state)


def _payer(row: LineRow) -> SafeString:
    name = row.payer_name or row.customer_name
    if row.customer_name and row.customer_name != row.payer_name and row.payer_name:
        return format_html('{} <small class="dim">→ {}</small>', name, row.customer_name)
    return format_html("{}", name or "–")


def _money_in(row: LineRow) -> SafeString:
    """On a phone, where money out has no column, it stands here too."""
    shown = format_amount(row.amount_minor, row.currency, get_language() or "en")
    if row.amount_minor <= 0:
        return format_html('<span class="neg phone-only">{}</span>', shown)
    return format_html("{}", shown)


def place(row: LineRow) -> str:
    """Where the line stands in its file."""
    return f"{row.row} · {row.element}" if row.element else str(row.row)


def _line_total(line: LineTotal) -> str:
    return ngettext("{shown} line", "{shown} lines", line.lines).format(shown=format_count(line.lines))


LINES = Table(
    key="banklines",
    word=_("Lines of bank statements"),
    room="bank_statements",
    page="bank_lines",
    columns=(
        Column("booking_date", _("Booked"), Kind.DAY, lambda row: row.booking_date, sort=True, html=_day),
        Column("value_date", _("Value date"), Kind.DAY, lambda row: row.value_date, shown=False),
        Column("account", _("Bank account"), Kind.TEXT, lambda row: row.account_name, shown=False),
        Column("payer", _("Payer or payee"), Kind.TEXT, lambda row: row.payer_name, html=_payer, css="clip", width=34),
        Column(
            "payer_account",
            _("Payer account"),
            Kind.CODE,
            lambda row: mask_number(row.payer_account) if row.payer_account else "",
            shown=False,
        ),
        Column("text", _("Text"), Kind.TEXT, lambda row: row.remittance_text, css="clip desk-only", width=50),
        Column(
            "kind",
            _("Kind"),
            Kind.TEXT,
            lambda row: words.word_of(bank_words.LINE_KINDS, row.kind),
            shown=False,
            width=14,
        ),
        CURRENCY_ON_A_DESK,
        Column(
            "in",
            _("Money in"),
            Kind.MONEY,
            lambda row: row.amount_minor if row.amount_minor > 0 else None,
            html=_money_in,
            total=lambda line: line.in_minor,
        ),
        Column(
            "out",
            _("Money out"),
            Kind.MONEY,
            lambda row: row.amount_minor if row.amount_minor < 0 else None,
            css="desk-only",
            total=lambda line: line.out_minor,
        ),
        Column("amount", _("Amount"), Kind.MONEY, lambda row: row.amount_minor, sort=True, shown=False),
        Column("left", _("Left"), Kind.MONEY, lambda row: row.left_minor or None, css="desk-only"),
        Column(
            "state",
            _("State"),
            Kind.TEXT,
            state_word,
            css="desk-only",
            width=18,
            page=lambda row: ("receipt", row.receipt_public_id),
        ),
        Column("reference", _("Reference of the bank"), Kind.CODE, lambda row: row.bank_reference, shown=False),
        Column("end_to_end_id", _("Reference of the payer"), Kind.CODE, lambda row: row.end_to_end_id, shown=False),
        Column("place", _("Place in the file"), Kind.CODE, place, shown=False),
    ),
    filters=(
        Filter("state", _("Which lines"), "choice", is_quiet=True),
        Filter("statement", _("Bank statement"), "text", is_quiet=True, say=_statement_name),
        Filter("account", _("Bank account"), "choice", _accounts),
        Filter("kind", _("Kind"), "choice", _kinds),
        Filter("since", _("Booked from"), "day"),
        Filter("until", _("Booked until"), "day"),
        Filter("amount_from", _("Amount from"), "amount"),
        Filter("amount_to", _("Amount to"), "amount"),
    ),
    usual_sort="-booking_date",
    rows=paged(bank_rows.line_page, line_filters),
    whole=in_one(bank_rows.line_whole, line_filters),
    open=lambda row: ("bank_line", row.public_id),
    currency=lambda row: str(row.currency),
    total_word=_line_total,
    fixed=("state", "statement"),
    searches=_("Payer, text, reference or amount"),
)
