"""Settings → Teams: who shares customers with whom."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from huikuan.core.refusals import Refusal
from huikuan.queries.people import TeamRow, people_rows, team_rows
from huikuan.services import teams as services
from huikuan.services.rights import Forbidden
from huikuan.web.acting import actor, read_text
from huikuan.web.frames import Seat, number_of
from huikuan.web.pages import refusal_text, show
from huikuan.web.people import entity_ids_managed, managed
from huikuan.web.tags import address


@require_safe
@managed
def list_teams(request: HttpRequest, seat: Seat) -> HttpResponse:
    return show(request, seat, "people/teams.html", {"teams": team_rows()}, room="settings")


def _read(given: QueryDict) -> dict[str, Any]:
    manager = given.get("manager", "")
    return {
        "name": read_text(given, "name", 200),
        "manager_id": number_of(manager) or None,
        "members": [found for text in given.getlist("member") if (found := number_of(text))],
    }


def _form(request: HttpRequest, seat: Seat, team: TeamRow | None, reason: str) -> HttpResponse:
    given = _read(request.POST) if request.method == "POST" else {}
    known = team or TeamRow(0, "", None, "", [], [])
    people = [row for row in people_rows(entity_ids=entity_ids_managed(seat)) if row.is_active]
    context = {
        "team": team,
        "name": given.get("name", known.name),
        "manager_id": given.get("manager_id", known.manager_id),
        "member_ids": given.get("members", known.member_ids),
        "people": people,
        "reason": reason,
    }
    return show(request, seat, "people/team.html", context, room="settings", status=400 if reason else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@managed
def new_team(request: HttpRequest, seat: Seat) -> HttpResponse:
    reason = ""
    if request.method == "POST":
        try:
            services.make_team(**_read(request.POST), **actor(request))
        except Forbidden:
            raise
        except Refusal as refusal:
            reason = refusal_text(refusal)
        else:
            messages.success(request, _("The team is there."))
            return redirect(address(seat.kept, "teams"))
    return _form(request, seat, None, reason)


@require_http_methods(["GET", "HEAD", "POST"])
@managed
def show_team(request: HttpRequest, seat: Seat, team_id: int) -> HttpResponse:
    """A team's name, manager and members, and changing them."""
    team, reason = _known(team_id), ""
    if request.method == "POST":
        given = _read(request.POST)
        # Members this person does not see stay: a form cannot take away what it did not show.
        shown = {row.id for row in people_rows(entity_ids=entity_ids_managed(seat)) if row.is_active}
        given["members"] = sorted({*given["members"], *(set(team.member_ids) - shown)})
        try:
            services.change_team(team_id, **given, **actor(request))
        except Forbidden:
            raise
        except Refusal as refusal:
            reason = refusal_text(refusal)
        else:
            messages.success(request, _("The team was changed."))
            return redirect(address(seat.kept, "teams"))
    return _form(request, seat, team, reason)


@require_POST
@managed
def remove_team(request: HttpRequest, seat: Seat, team_id: int) -> HttpResponse:
    _known(team_id)
    services.remove_team(team_id, **actor(request))
    messages.success(request, _("The team is gone; everybody keeps their own customers."))
    return redirect(address(seat.kept, "teams"))


def _known(team_id: int) -> TeamRow:
    found = next((team for team in team_rows() if team.id == team_id), None)
    if found is None:
        raise Http404
    return found
