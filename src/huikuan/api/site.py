"""``/api/v1/``: the resources put together, their description, and what every answer has in common."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache, wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import URLPattern, path, re_path
from ninja import NinjaAPI

from huikuan import __version__
from huikuan.api import (
    ageing,
    agreements,
    approvals,
    audit,
    bank,
    channels,
    contacts,
    customers,
    debit_mandates,
    debits,
    documents,
    entities,
    habits,
    imports,
    items,
    journal,
    line_questions,
    matching,
    matching_learned,
    matching_work,
    notes,
    receipts,
    remittances,
    settling,
    shops,
    short_payments,
)
from huikuan.api.callers import Door
from huikuan.api.description import complete
from huikuan.api.problems import MEDIA, add_handlers, problem
from huikuan.api.reference import chapters
from huikuan.queries.grants import narrowing
from huikuan.services.auditing import acting_key

View = Callable[..., HttpResponseBase]

api = NinjaAPI(
    title="huikuan",
    version="1",
    description="Receivables: customers, items, receipts, applications, the journal, ageing. See docs/api.md.",
    docs_url=None,
    openapi_url=None,
    auth=Door(),
    urls_namespace="api",
)
add_handlers(api)
for prefix, router in (
    ("/entities", entities.router),
    ("/customers", customers.router),
    ("/customers", contacts.router),
    ("/customers", habits.router),
    ("/items", items.router),
    ("/items", settling.router),
    ("/receipts", receipts.router),
    ("/notes", notes.router),
    ("/agreements", agreements.router),
    ("/mandates", debit_mandates.router),
    ("/debit-runs", debits.router),
    ("/debit-reports", debits.reports),
    ("/cash-slips", channels.slips),
    ("/payer-papers", channels.papers),
    ("/channel-rules", channels.rules),
    ("/remittances", remittances.router),
    ("/bank-accounts", bank.accounts),
    ("/bank-statements", bank.statements),
    ("/bank-lines", bank.lines),
    ("/bank-lines", matching.router),
    ("/bank-lines", line_questions.lines),
    ("/line-questions", line_questions.questions),
    ("/matching", matching_work.router),
    ("/matching", matching_learned.router),
    ("/applications", journal.applications),
    ("/journal", journal.router),
    ("/ageing", ageing.router),
    ("/documents", documents.router),
    ("/imports", imports.router),
    ("/short-payments", short_payments.router),
    ("/shops", shops.router),
    ("/payouts", shops.payouts),
    ("/approvals", approvals.router),
    ("/audit", audit.router),
):
    api.add_router(prefix, router)


@cache
def description() -> dict[str, Any]:
    """The OpenAPI document."""
    return complete(dict(api.get_openapi_schema(path_prefix="/api/v1")), __version__)


def show_description(request: HttpRequest) -> HttpResponse:
    """``/api/v1/openapi.json``; it tells nothing of anybody and is open to all."""
    text = json.dumps(description(), ensure_ascii=False)
    return HttpResponse(text, content_type="application/json", headers={"Cache-Control": "private, max-age=300"})


def show_reference(request: HttpRequest) -> HttpResponse:
    """``/api/v1/docs``: the description as a page, for people who have signed in."""
    return render(request, "api/reference.html", {"chapters": chapters(description())})


def show_nothing(request: HttpRequest) -> HttpResponse:
    """What the interface does not have."""
    return problem(404, "api.not_found", "there is no such address: see /api/v1/openapi.json")


@cache
def parameters() -> dict[str, frozenset[str]]:
    """``GET /api/v1/items`` → the names its address may ask with."""
    return {
        f"{method.upper()} {address}": frozenset(
            one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"
        )
        for address, methods in description()["paths"].items()
        for method, operation in methods.items()
    }


def common(view: View, address: str = "") -> View:
    """What every answer has: no sign-in page for strangers, errors of one kind, what is left of the key's minute.

    ``address`` as the description has it: what it may be asked with, the door looks at.
    """

    @wraps(view)
    def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not _accepts(request):
            return problem(406, "api.not_acceptable", "this interface answers in application/json")
        request.api_known = parameters().get(f"{request.method} {address}")  # type: ignore[attr-defined]
        token, key = acting_key.set(""), narrowing.set(None)
        try:
            response = view(request, *args, **kwargs)
        finally:
            acting_key.reset(token)
            narrowing.reset(key)
        if response.status_code == 405:
            allow = response["Allow"]
            response = problem(405, "api.method", f"only {allow} here", Allow=allow)
        allowance = getattr(request, "api_budget", None)
        if allowance is not None:
            response["RateLimit-Limit"] = str(allowance.limit)
            response["RateLimit-Remaining"] = str(max(allowance.left, 0))
            response["RateLimit-Reset"] = str(allowance.resets_in)
            if response.status_code == 429:
                response["Retry-After"] = str(allowance.resets_in)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    shown.login_required = False  # type: ignore[attr-defined]  # the door asks, and answers programs in their words
    shown.csrf_exempt = True  # type: ignore[attr-defined]  # asked by the door where a browser's session is used
    return shown


_OWN_FORMS = ("/api/v1/ageing", "/api/v1/documents")
"""Resources that answer in other forms too and look at Accept themselves."""


def _accepts(request: HttpRequest) -> bool:
    if request.path.startswith(_OWN_FORMS) or "Accept" not in request.headers:
        return True
    return any(request.accepts(kind) for kind in ("application/json", MEDIA))


def _urls() -> list[URLPattern]:
    patterns = []
    for found in api.urls[0]:
        assert isinstance(found, URLPattern)  # noqa: S101
        if found.name == "api-root":
            continue
        address = "/api/v1/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(found.pattern))
        view = common(found.callback, address)
        patterns.append(URLPattern(found.pattern, view, found.default_args, f"api_{found.name}"))
    return [
        path("openapi.json", common(show_description), name="api_openapi"),
        path("docs", show_reference, name="api_reference"),
        *patterns,
        re_path(r"^.*$", common(show_nothing), name="api_nothing"),
    ]


urlpatterns = _urls()
