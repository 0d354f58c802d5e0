"""Settings → People: who signs in, with which roles, in which entities, for whose customers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from huikuan.core.refusals import Refusal
from huikuan.core.rights import ROLE_RIGHTS, Grant, Reach, Right, Role
from huikuan.queries import people as queries
from huikuan.queries.entities import all_entities
from huikuan.services import people as services
from huikuan.services import users
from huikuan.services.rights import Forbidden
from huikuan.web.acting import actor, read_text
from huikuan.web.frames import Seat
from huikuan.web.pages import page, refusal_text, show
from huikuan.web.people_words import REACHES, RIGHTS, ROLES
from huikuan.web.tables.asks import read_table
from huikuan.web.tables.grid import frame_of, grid_of
from huikuan.web.tables.people import PEOPLE
from huikuan.web.tags import address

managed = page(right=Right.MANAGE_PEOPLE, whole=True)


def entities_managed(seat: Seat) -> list[dict[str, Any]]:
    """The entities in which this person may give roles, by code."""
    return [row for row in all_entities() if seat.can_whole(Right.MANAGE_PEOPLE, row["id"])]


def entity_ids_managed(seat: Seat) -> list[int]:
    return [row["id"] for row in entities_managed(seat)]


@require_safe
@managed
def list_people(request: HttpRequest, seat: Seat) -> HttpResponse:
    ask = read_table(request, seat, PEOPLE)
    rows = PEOPLE.rows(frame_of(seat, PEOPLE), ask.wanted, ask.basics.sort, ask.basics.page, ask.basics.size)
    grid = grid_of(request, seat, ask, rows)
    context = {"grid": grid, "rows": rows, "filtered": ask.is_narrowed, "roles": role_lines()}
    return show(request, seat, "people/list.html", context, room="settings")


def role_lines() -> list[tuple[str, str]]:
    """Each role and what it allows, in words."""
    return [
        (str(ROLES[role]), ", ".join(str(RIGHTS[right]) for right in Right if right in ROLE_RIGHTS[role]))
        for role in Role
    ]


def _role_choices(seat: Seat) -> dict[str, Any]:
    return {
        "entities": entities_managed(seat),
        "role_choices": [(role.value, ROLES[role]) for role in Role],
        "reach_choices": [(reach.value, REACHES[reach]) for reach in (Reach.ALL, Reach.TEAM, Reach.OWN)],
    }


def _read_grant(request: HttpRequest, seat: Seat) -> Grant:
    """The role a form is about. 404 for an entity this person does not manage."""
    code, role, reach = (request.POST.get(name, "") for name in ("book", "role", "reach"))
    entity_id = next((row["id"] for row in entities_managed(seat) if row["code"] == code), None)
    if entity_id is None or role not in set(Role) or reach not in set(Reach):
        raise Http404
    return Grant(entity_id, Role(role), Reach(reach))


@require_http_methods(["GET", "HEAD", "POST"])
@managed
def new_person(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Lets somebody in, with a first role."""
    reason, given = "", request.POST
    if request.method == "POST":
        try:
            grants = [_read_grant(request, seat)] if given.get("role") else []
            user_id = users.create_user(
                given.get("username", "").strip()[:150],
                password=given.get("password", "")[:200],
                email=given.get("email", "").strip()[:254],
                full_name=read_text(given, "full_name", 150),
                grants=grants,
                **actor(request),
            )
        except Forbidden:
            raise
        except Refusal as refusal:
            reason = refusal_text(refusal)
        else:
            messages.success(request, _("{name} may sign in.").format(name=given.get("username", "").strip()))
            return redirect(address(seat.kept, "person", user_id))
    context = {"given": given, "reason": reason, **_role_choices(seat)}
    return show(request, seat, "people/new.html", context, room="settings", status=400 if reason else 200)


@require_safe
@managed
def show_person(request: HttpRequest, seat: Seat, user_id: int) -> HttpResponse:
    return _person(request, seat, user_id)


def _person(request: HttpRequest, seat: Seat, user_id: int, reason: str = "") -> HttpResponse:
    found = _known(seat, user_id)
    context = {
        "person": found,
        "reason": reason,
        "is_me": found.id == request.user.pk,
        "may_change": not found.is_superuser or seat.is_superuser,
        **_role_choices(seat),
    }
    return show(request, seat, "people/person.html", context, room="settings", status=400 if reason else 200)


def _known(seat: Seat, user_id: int) -> queries.PersonRow:
    """404 for somebody this person has nothing to do with: of other entities alone."""
    found = queries.person(user_id, entity_ids=entity_ids_managed(seat))
    if found is None:
        raise Http404
    return found


def _change(request: HttpRequest, seat: Seat, user_id: int, work: Callable[[], str]) -> HttpResponse:
    """Does what a form on a person's page asks and says so; a refusal is told on that page."""
    _known(seat, user_id)
    try:
        said = work()
    except Forbidden:
        raise
    except Refusal as refusal:
        return _person(request, seat, user_id, refusal_text(refusal))
    messages.success(request, said)
    return redirect(address(seat.kept, "person", user_id))


@require_POST
@managed
def grant_role(request: HttpRequest, seat: Seat, user_id: int) -> HttpResponse:
    new = _read_grant(request, seat)

    def work() -> str:
        services.grant(user_id, new, **actor(request))
        return _("Role given: {role}.").format(role=ROLES[new.role])

    return _change(request, seat, user_id, work)


@require_POST
@managed
def revoke_role(request: HttpRequest, seat: Seat, user_id: int) -> HttpResponse:
    gone = _read_grant(request, seat)

    def work() -> str:
        services.revoke(user_id, entity_id=gone.entity_id, role=gone.role, **actor(request))
        return _("Role taken back: {role}.").format(role=ROLES[gone.role])

    return _change(request, seat, user_id, work)


@require_POST
@managed
def change_active(request: HttpRequest, seat: Seat, user_id: int) -> HttpResponse:
    """Shuts a person out or lets the person in again."""
    active = request.POST.get("active") == "yes"

    def work() -> str:
        services.set_active(user_id, active, actor_id=request.user.pk, now=timezone.now())
        return _("Let in again.") if active else _("Shut out: open sessions have ended.")

    return _change(request, seat, user_id, work)


@require_POST
@managed
def set_password(request: HttpRequest, seat: Seat, user_id: int) -> HttpResponse:
    """Gives a person another password, to be told in person: nothing is sent."""
    found = _known(seat, user_id)

    def work() -> str:
        users.set_password(found.username, request.POST.get("password", "")[:200], **actor(request))
        return _("The new password holds: open sessions have ended. Tell it in person; nothing was sent.")

    return _change(request, seat, user_id, work)


@require_POST
@managed
def reset_second_factor(request: HttpRequest, seat: Seat, user_id: int) -> HttpResponse:
    """For a person who has lost the phone."""

    def work() -> str:
        users.reset_second_factor(user_id, **actor(request))
        return _("The second factor is taken away. The person sets up a new one after signing in.")

    return _change(request, seat, user_id, work)
