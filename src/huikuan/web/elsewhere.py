"""A page of something that is not in the frame: of another legal entity than the one chosen, or of a later day."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _

from huikuan.web.frames import KEPT, Seat, read_seat
from huikuan.web.tags import address

LISTS = {"receivables/receipts": "cash", "receivables/entries": "journal"}
"""Lists that do not stand above their pages in the address."""


def show_list_instead(
    view: Callable[..., HttpResponseBase], request: HttpRequest, seat: Seat, *args: Any, **kwargs: Any
) -> HttpResponse | None:
    """Where a page was not found in the frame but is without it: the list it stands in, in the frame, with why. Who
    switches the entity on a page of the other one does not end on an error. ``None``: there is no such thing."""
    asked = [name for name in KEPT if request.GET.get(name)]
    if not asked or not (args or kwargs) or request.method != "GET" or "HX-Request" in request.headers:
        return None
    rest = request.GET.copy()
    for name in asked:
        del rest[name]
    wide = copy(request)
    wide.GET = QueryDict(rest.urlencode())
    try:
        found = view(wide, read_seat(wide), *args, **kwargs)
    except Http404:
        return None
    if found.status_code != 200:
        return None
    if seat.entity is not None and "entity" in asked:
        messages.info(request, _("What you looked at is not {entity}'s.").format(entity=seat.entity.name))
    else:
        messages.info(request, _("What you looked at was not there yet on that day."))
    return redirect(_list_above(request, seat))


def _list_above(request: HttpRequest, seat: Seat) -> str:
    """The address of the nearest list above a page, in the frame; Today where there is none."""
    parts = request.path.strip("/").split("/")
    name = LISTS.get("/".join(parts[:2]))
    while name is None and len(parts) > 1:
        parts.pop()
        try:
            above = resolve("/" + "/".join(parts) + "/")
        except Resolver404:
            continue
        if not above.kwargs:
            name = above.url_name
    return address(seat.kept, name or "home")
