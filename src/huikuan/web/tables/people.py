"""The table of people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from huikuan.core.rights import Right, Role
from huikuan.queries import people as queries
from huikuan.queries.frame import Frame
from huikuan.queries.listing import Page, Whole
from huikuan.queries.people import PeopleFilters, PersonRow
from huikuan.web.people_words import REACHES, ROLES
from huikuan.web.tables.columns import Column, Filter, Kind, Table, filters_of

read_filters = filters_of(PeopleFilters)


def find_rows(frame: Frame, values: Mapping[str, Any], sort: str, page: int, size: int) -> Page[PersonRow]:
    return queries.people_page(frame.entity_ids, read_filters(values), sort=sort, page=page, size=size)


def find_whole(frame: Frame, values: Mapping[str, Any], sort: str) -> Whole[PersonRow]:
    return queries.people_whole(frame.entity_ids, read_filters(values), sort=sort)


def _person(row: PersonRow) -> SafeString:
    shut = "" if row.is_active else " · " + gettext("shut out")
    return format_html('{}<br><small class="dim">{}{}</small>', row.name, row.username, shut)


def _lines(row: PersonRow) -> list[tuple[str, str]]:
    """Each role, and where it holds and for whose customers."""
    everything = [(gettext("Superuser: everything"), "")] if row.is_superuser else []
    return everything + [
        (str(ROLES.get(one.role, one.role)), f"{one.entity_code} · {REACHES.get(one.reach, one.reach)}")
        for one in row.grants
    ]


def _roles(row: PersonRow) -> SafeString:
    lines = _lines(row)
    if not lines:
        return format_html('<span class="dim">{}</span>', gettext("None yet"))
    return format_html_join(mark_safe("<br>"), '{} <small class="dim">{}</small>', lines)


def _teams(_frame: Frame) -> list[tuple[str, str]]:
    return [(row.name, row.name) for row in queries.team_rows()]


PEOPLE = Table(
    key="people",
    word=_("People"),
    room="settings",
    page="people",
    columns=(
        Column("person", _("Person"), Kind.TEXT, lambda row: row.name, sort=True, html=_person, width=26),
        Column(
            "roles",
            _("Roles"),
            Kind.TEXT,
            lambda row: "; ".join(f"{role} {where}".strip() for role, where in _lines(row)),
            html=_roles,
            width=50,
        ),
        Column("teams", _("Teams"), Kind.TEXT, lambda row: ", ".join(row.teams), css="desk-only"),
        Column("customers", _("Customers"), Kind.COUNT, lambda row: row.accounts or None, sort=True, css="desk-only"),
        Column("signed_in", _("Last signed in"), Kind.MOMENT, lambda row: row.last_login, sort=True, css="desk-only"),
        Column("username", _("User name"), Kind.CODE, lambda row: row.username, shown=False),
        Column("email", _("E-mail"), Kind.TEXT, lambda row: row.email, shown=False, width=30),
        Column(
            "factor",
            _("Second factor"),
            Kind.TEXT,
            lambda row: gettext("yes") if row.has_second_factor else gettext("no"),
            shown=False,
            width=12,
        ),
        Column(
            "state",
            _("May sign in"),
            Kind.TEXT,
            lambda row: gettext("yes") if row.is_active else gettext("no"),
            shown=False,
            width=12,
        ),
    ),
    filters=(
        Filter("role", _("Role"), "choice", lambda _frame: [(role.value, str(ROLES[role])) for role in Role]),
        Filter("team", _("Team"), "choice", _teams),
        Filter(
            "state",
            _("May sign in"),
            "choice",
            lambda _frame: [("in", gettext("yes")), ("out", gettext("no"))],
        ),
        Filter(
            "factor",
            _("Second factor"),
            "choice",
            lambda _frame: [("with", gettext("yes")), ("without", gettext("no"))],
        ),
    ),
    usual_sort="person",
    rows=find_rows,
    whole=find_whole,
    open=lambda row: ("person", row.id),
    currency=lambda _row: "",
    is_full=True,
    searches=_("Name or address"),
    right=Right.MANAGE_PEOPLE,
)
