"""The schedule: jobs with their last and next run, the log, watched folders and reports."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.core.schedule import EVERY, PLANS
from huikuan.queries import schedule as queries
from huikuan.services import operations, reports, schedule, watching
from huikuan.services.imports import profile_names
from huikuan.web.acting import actor, read_text
from huikuan.web.frames import Seat
from huikuan.web.imports import FEEDS, KINDS
from huikuan.web.pages import page, read_list, refusal_text, show
from huikuan.web.tags import address

admitted = page(right=Right.MANAGE_SYSTEM, whole=True)


@require_safe
@admitted
def show_schedule(request: HttpRequest, seat: Seat) -> HttpResponse:
    return _show(request, seat)


def _show(request: HttpRequest, seat: Seat, reason: str = "") -> HttpResponse:
    ask = read_list(request, sort="-id", sorts=("id",))
    job = request.GET.get("job", "")
    entities = queries.managed_entities(int(request.user.pk or 0))
    numbers = tuple(row.id for row in entities)
    context: dict[str, Any] = {
        "jobs": queries.job_rows(timezone.now()),
        "job": job if job in PLANS else "",
        "runs": queries.run_page(job=job if job in PLANS else "", page=ask.page, size=ask.size),
        "folders": queries.folder_rows(numbers),
        "reports": queries.report_rows(numbers),
        "managed": entities,
        "watch_roots": [str(path) for path in settings.WATCH_DIRS],
        "reports_root": str(settings.REPORTS_DIR),
        "kinds": _kinds(),
        "feeds": FEEDS,
        "every": EVERY,
        "profiles": profile_names(),
        "outbox_held": operations.is_outbox_held(),
        "given": request.POST,
        "reason": reason,
    }
    return show(request, seat, "settings/schedule.html", context, room="settings", status=400 if reason else 200)


def _kinds() -> tuple[str, ...]:
    """What the files of a folder may hold."""
    return (*KINDS, *watching.BANK_KINDS)


@require_POST
@admitted
def run_job(request: HttpRequest, seat: Seat, name: str) -> HttpResponse:
    """A job as soon as a scheduler sees it."""
    schedule.run_now(name, **actor(request))
    messages.success(request, _("It runs within a few seconds."))
    return redirect(address(seat.kept, "schedule"))


@require_POST
@admitted
def pause_job(request: HttpRequest, seat: Seat, name: str) -> HttpResponse:
    schedule.set_paused(name, request.POST.get("paused") == "yes", **actor(request))
    return redirect(address(seat.kept, "schedule"))


@require_POST
@admitted
def release_outbox(request: HttpRequest, seat: Seat) -> HttpResponse:
    """This restored copy is the installation that speaks to the world from now on."""
    operations.release_outbox(**actor(request))
    messages.success(request, _("What waits is sent from now on."))
    return redirect(address(seat.kept, "schedule"))


@require_POST
@admitted
def watch_folder(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Another folder is watched from now on."""
    given = request.POST
    kind, feed = given.get("kind", ""), given.get("feed", "")
    new = watching.NewFolder(
        entity_id=_entity_id(request),
        folder=read_text(given, "folder", 500),
        kind=kind if kind in _kinds() else "items",
        feed=feed if feed in FEEDS else "incremental",
        profile=read_text(given, "profile", 60),
        source=read_text(given, "source", 40),
        currency=read_text(given, "currency", 3).upper(),
    )
    try:
        watching.add_folder(new, **actor(request))
    except Refusal as refusal:
        return _show(request, seat, refusal_text(refusal))
    messages.success(request, _("The folder is watched."))
    return redirect(address(seat.kept, "schedule"))


@require_POST
@admitted
def pause_folder(request: HttpRequest, seat: Seat, number: int) -> HttpResponse:
    watching.set_watched(number, request.POST.get("paused") != "yes", **actor(request))
    return redirect(address(seat.kept, "schedule"))


@require_POST
@admitted
def schedule_report(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Another report is written from now on."""
    try:
        reports.add_report(
            _entity_id(request),
            request.POST.get("every", ""),
            read_text(request.POST, "folder", 200),
            **actor(request),
        )
    except Refusal as refusal:
        return _show(request, seat, refusal_text(refusal))
    messages.success(request, _("The report is scheduled; the newest one is written within a quarter of an hour."))
    return redirect(address(seat.kept, "schedule"))


@require_POST
@admitted
def pause_report(request: HttpRequest, seat: Seat, number: int) -> HttpResponse:
    reports.set_report(number, request.POST.get("paused") != "yes", **actor(request))
    return redirect(address(seat.kept, "schedule"))


def _entity_id(request: HttpRequest) -> int:
    code = request.POST.get("entity_code", "")
    for row in queries.managed_entities(int(request.user.pk or 0)):
        if row.code == code:
            return row.id
    raise Http404
