"""Errors as RFC 9457 has them: ``application/problem+json`` with a stable ``code``."""

from __future__ import annotations

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from huikuan.core.money import said_in_money
from huikuan.core.refusals import BadData, Conflict, Refusal
from huikuan.services.approvals import ApprovalNeeded
from huikuan.services.rights import Forbidden

MEDIA = "application/problem+json"
FAULTS_SHOWN = 100


class Problem(Exception):
    """An answer that is none of the usual ones. ``pointers``: JSON pointer → what is wrong there."""

    def __init__(self, status: int, code: str, detail: str, pointers: dict[str, str] | None = None) -> None:
        self.status, self.code, self.detail, self.pointers = status, code, detail, pointers or {}
        super().__init__(detail)


class NotThere(Problem):
    """404: there is none, or it may not be seen, which is the same to the caller."""

    def __init__(self, code: str = "api.not_found", detail: str = "there is no such thing here") -> None:
        super().__init__(404, code, detail)


def invalid(pointer: str, refusal: Refusal) -> Problem:
    """422 for one field of the body."""
    text = refusal_text(refusal)
    return Problem(422, refusal.code, text, {pointer: text})


def problem(
    status: int, code: str, detail: str, errors: list[dict[str, Any]] | None = None, **headers: str
) -> HttpResponse:
    """The answer itself."""
    body: dict[str, Any] = {
        "type": f"urn:huikuan:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
    }
    if errors:
        body["errors"] = errors
    text = json.dumps(body, ensure_ascii=False)
    return HttpResponse(text, status=status, content_type=MEDIA, headers=headers)


class ProblemMiddleware:
    """What was answered before the interface was reached (a wrong Host), or beside it (a method an address does not
    have), is told as everything else is. Outside of what compresses answers."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        given = self.get_response(request)
        if not request.path_info.startswith("/api/") or given.status_code < HTTPStatus.BAD_REQUEST:
            return given
        if not given.headers.get("Content-Type", "").startswith("text/html"):
            return given
        told = problem(given.status_code, "api.error", HTTPStatus(given.status_code).description or "refused")
        for name in given.headers:
            if name not in ("Content-Type", "Content-Encoding", "Content-Length"):
                told.headers[name] = given.headers[name]
        return told


def refusal_text(refusal: Refusal) -> str:
    """A refusal in the caller's language (Accept-Language)."""
    return said_in_money(refusal, gettext(refusal.template))


def status_of(refusal: Refusal) -> int:
    """409 lost against another, or to be approved first; 403 may not; 422 understood and refused."""
    if isinstance(refusal, Conflict | ApprovalNeeded):
        return 409
    return 403 if isinstance(refusal, Forbidden) else 422


def add_handlers(api: NinjaAPI) -> None:
    """Every error of the interface looks the same."""

    @api.exception_handler(Refusal)
    def on_refusal(request: HttpRequest, error: Refusal) -> HttpResponse:
        faults = error.errors[:FAULTS_SHOWN] if isinstance(error, BadData) else []
        errors = [
            {"pointer": "#", "row": fault.row, "column": fault.column, "detail": fault.reason} for fault in faults
        ]
        return problem(status_of(error), error.code, refusal_text(error), errors)

    @api.exception_handler(Problem)
    def on_problem(request: HttpRequest, error: Problem) -> HttpResponse:
        errors = [{"pointer": pointer, "detail": text} for pointer, text in error.pointers.items()]
        return problem(error.status, error.code, error.detail, errors)

    @api.exception_handler(ValidationError)
    def on_invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
        errors = [_invalid(found) for found in error.errors[:FAULTS_SHOWN]]
        return problem(422, "api.invalid", "the request does not fit what is described for it", errors)

    @api.exception_handler(AuthenticationError)
    def on_stranger(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
        response = problem(401, "api.sign_in", "a valid key is needed: Authorization: Bearer hk_…")
        response["WWW-Authenticate"] = 'Bearer realm="huikuan"'
        return response

    @api.exception_handler(HttpError)
    def on_http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
        code = "api.unreadable" if error.status_code == 400 else "api.error"
        return problem(error.status_code, code, str(error))

    @api.exception_handler(Http404)
    def on_missing(request: HttpRequest, error: Http404) -> HttpResponse:
        return problem(404, "api.not_found", "there is no such thing here")

    @api.exception_handler(PermissionDenied)
    def on_denied(request: HttpRequest, error: PermissionDenied) -> HttpResponse:
        return problem(403, "right.missing", "you may not do this here")


_PLACES = {"body": "#", "form": "#", "file": "#"}


def _invalid(error: dict[str, Any]) -> dict[str, Any]:
    """Where and why. The first two parts of a place are the kind of parameter and its name in the code."""
    place, *rest = [str(part) for part in error["loc"]]
    if place in _PLACES:
        path = "/".join(part.replace("~", "~0").replace("/", "~1") for part in rest[1:])
        return {"pointer": f"#/{path}" if path else "#", "detail": error["msg"]}
    return {"parameter": rest[-1] if rest else place, "in": place, "detail": error["msg"]}
