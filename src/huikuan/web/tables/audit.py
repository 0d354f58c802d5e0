"""The table of the audit trail."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from huikuan.core.rights import Right
from huikuan.queries import audit as queries
from huikuan.queries.audit import AuditFilters, AuditRow
from huikuan.queries.frame import Frame
from huikuan.web.audit_fields import details
from huikuan.web.audit_subjects import subject_word
from huikuan.web.audit_words import code_word
from huikuan.web.tables.columns import Column, Filter, Kind, Table, filters_of, in_one, paged
from huikuan.web.tables.common import ENTITY_ON_A_DESK

read_filters = filters_of(AuditFilters)


def _codes(frame: Frame) -> list[tuple[str, str]]:
    return sorted(((code, code_word(code)) for code in queries.audit_codes(frame)), key=lambda one: one[1])


def _actors(_frame: Frame) -> list[tuple[str, str]]:
    return [("-", _now("The system")), *((name, name) for name in queries.audit_actors())]


def _who(row: AuditRow) -> SafeString:
    return format_html("{}", row.actor) if row.actor else format_html('<span class="dim">{}</span>', _now("System"))


AUDIT = Table(
    key="audit",
    word=_("Audit trail"),
    room="settings",
    page="audit",
    columns=(
        Column("at", _("When"), Kind.MOMENT, lambda row: row.at, sort=True),
        Column("actor", _("Who"), Kind.TEXT, lambda row: row.actor, html=_who),
        Column("what", _("What"), Kind.TEXT, lambda row: code_word(row.code), width=34),
        Column("subject", _("Concerns"), Kind.TEXT, subject_word, css="clip", width=30),
        ENTITY_ON_A_DESK,
        Column("details", _("Details"), Kind.TEXT, lambda row: details(row.data), css="clip desk-only", width=60),
        Column("code", _("Code"), Kind.CODE, lambda row: row.code, shown=False),
    ),
    filters=(
        Filter("code", _("What"), "choice", _codes),
        Filter("actor", _("Who"), "choice", _actors),
        Filter("since", _("Since"), "day"),
        Filter("until", _("Until"), "day"),
    ),
    usual_sort="-at",
    rows=paged(queries.audit_page, read_filters),
    whole=in_one(queries.audit_whole, read_filters),
    open=lambda row: ("audit_event", row.id),
    currency=lambda _row: "",
    searches=_("Document, customer, person or code"),
    right=Right.SEE_AUDIT,
)
