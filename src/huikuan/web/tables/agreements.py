"""The table of settlement agreements."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from huikuan.queries import agreements as queries
from huikuan.queries.agreements import WHICH, AgreementFilters, AgreementRow, AgreementTotal
from huikuan.queries.frame import Frame
from huikuan.web.agreement_words import KINDS, state_word
from huikuan.web.format import format_count
from huikuan.web.tables.columns import Column, Filter, Kind, Table, filters_of, paged
from huikuan.web.tables.common import CURRENCY_ON_A_DESK, CUSTOMER_SORTED, ENTITY_IF_CHOSEN
from huikuan.web.tables.items import customer_name


def _number(row: AgreementRow) -> SafeString:
    return format_html('{}<small class="dim phone-only">{}</small>', row.number, KINDS.get(row.kind, row.kind))


def waits_word(row: AgreementRow) -> str:
    """Whose signature is missing."""
    if row.state != "proposed":
        return ""
    return str(_("not signed by {names}")).format(names=", ".join(row.waits_for))


def _state(row: AgreementRow) -> SafeString:
    return format_html('{} <small class="dim">{}</small>', state_word(row.kind, row.state), waits_word(row))


def _count_word(line: AgreementTotal) -> str:
    return ngettext("{shown} agreement", "{shown} agreements", line.agreements).format(
        shown=format_count(line.agreements)
    )


COLUMNS = (
    Column("number", _("Number"), Kind.CODE, lambda row: row.number, sort=True, html=_number),
    Column("kind", _("Kind"), Kind.TEXT, lambda row: str(KINDS.get(row.kind, row.kind)), css="desk-only"),
    CUSTOMER_SORTED,
    Column("parties", _("Parties"), Kind.TEXT, lambda row: ", ".join(row.parties), css="clip", width=40, shown=False),
    Column("thing", _("Thing"), Kind.TEXT, lambda row: row.thing, css="clip desk-only", width=30),
    CURRENCY_ON_A_DESK,
    Column(
        "amount",
        _("Debts closed"),
        Kind.MONEY,
        lambda row: row.amount_minor,
        sort=True,
        total=lambda line: line.amount_minor,
    ),
    Column("rest", _("Not covered"), Kind.MONEY, lambda row: row.rest_minor or None, shown=False),
    Column("proposed", _("Proposed on"), Kind.DAY, lambda row: row.proposed_on, sort=True, css="desk-only"),
    Column("posted", _("Posted on"), Kind.DAY, lambda row: row.posted_on, css="desk-only"),
    Column(
        "state", _("State"), Kind.TEXT, lambda row: state_word(row.kind, row.state), css="wraps desk-only", html=_state
    ),
    ENTITY_IF_CHOSEN,
)


def _kinds(_frame: Frame) -> list[tuple[str, str]]:
    return [(code, str(word)) for code, word in KINDS.items()]


AGREEMENTS = Table(
    key="agreements",
    word=_("Settlement agreements"),
    room="cash",
    page="agreements",
    columns=COLUMNS,
    filters=(
        Filter("which", _("Which agreements"), "choice", is_quiet=True),
        Filter("customer", _("Customer"), "text", is_quiet=True, say=customer_name),
        Filter("kind", _("Kind"), "choice", _kinds),
        Filter("currency", _("Currency"), "text"),
    ),
    usual_sort="-proposed",
    rows=paged(queries.agreement_page, filters_of(AgreementFilters, which=WHICH)),
    open=lambda row: ("agreement", row.public_id),
    total_word=_count_word,
    fixed=("which",),
    is_full=True,
    searches=_("Number, customer, party or thing"),
)
