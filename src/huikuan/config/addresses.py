"""Where a browser is sent that opens an address which only takes forms."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import Resolver404, resolve


class FormAddressMiddleware:
    """A form that was refused shows its page at the form's own address. Opened once more (the address bar and Enter, a
    bookmark, a tab that was put to sleep) that would be a bare 405: it is the page above it instead. Programs and
    htmx are told as before."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        reads = request.method == "GET" and "text/html" in request.headers.get("Accept", "")
        if response.status_code != 405 or not reads or "HX-Request" in request.headers:
            return response
        query = request.META.get("QUERY_STRING", "")
        return HttpResponseRedirect(page_above(request.path_info) + (f"?{query}" if query else ""))


def page_above(path: str) -> str:
    """The next address above that is one: of ``/settings/gl/export/`` it is ``/settings/gl/``."""
    while path.strip("/"):
        path = path.rstrip("/").rpartition("/")[0] + "/"
        try:
            resolve(path)
        except Resolver404:
            continue
        return path
    return "/"
