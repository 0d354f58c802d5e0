"""Answers with an ETag; answers given once per idempotency key."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from django.http import HttpRequest, HttpResponse
from pydantic import BaseModel

from huikuan.api.callers import Caller
from huikuan.api.problems import Problem
from huikuan.api.schemas import ApprovalAsked
from huikuan.services.idempotency import once

NO_STORE = "private, no-store"


def as_json(model: BaseModel) -> str:
    """The text of an answer; the same object is always the same text."""
    return json.dumps(model.model_dump(mode="json", by_alias=True), ensure_ascii=False, separators=(",", ":"))


def etag_of(text: str) -> str:
    return f'"{sha256(text.encode()).hexdigest()[:32]}"'


def tagged(request: HttpRequest, model: BaseModel, *, status: int = 200) -> HttpResponse:
    """One object with its ETag; 304 where the caller has it (If-None-Match)."""
    text = as_json(model)
    tag = etag_of(text)
    if status == 200 and request.method in ("GET", "HEAD"):
        known = [part.strip().removeprefix("W/") for part in request.headers.get("If-None-Match", "").split(",")]
        if tag in known or "*" in known:
            return HttpResponse(status=304, headers={"ETag": tag, "Cache-Control": "private, no-cache"})
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    return HttpResponse(text, status=status, content_type="application/json", headers=headers)


def demand_match(request: HttpRequest, current: BaseModel) -> None:
    """428 without ``If-Match``, 412 where the object is another by now."""
    given = request.headers.get("If-Match")
    if given is None:
        raise Problem(428, "api.if_match", "say which version you change: If-Match with the ETag you read")
    if given.strip() != "*" and etag_of(as_json(current)) not in [part.strip() for part in given.split(",")]:
        raise Problem(412, "api.changed", "somebody else has changed it meanwhile: read it again")


def post_once(
    request: HttpRequest,
    caller: Caller,
    entity_id: int,
    operation: str,
    key: str,
    body: BaseModel,
    work: Callable[[], BaseModel],
    *,
    status: int = 201,
) -> HttpResponse:
    """Does ``work`` once per (entity, person, operation, key); the same request gets the same answer again, with
    ``Idempotent-Replay: true``. Another body under the key is a 409. ``work`` reads what it answers from the database
    it has just written to, not from the mirror. What must be approved first is a 202."""
    done = False
    asked = (request.path, body.model_dump_json())

    def do() -> dict[str, Any]:
        nonlocal done
        done = True
        found = work()
        return {"status": 202 if isinstance(found, ApprovalAsked) else status, "text": as_json(found)}

    answer = once(entity_id=entity_id, operation=f"api.{operation}", key=key, request=asked, work=do, **caller.actor)
    response = HttpResponse(answer["text"], status=answer["status"], content_type="application/json")
    response["Cache-Control"] = NO_STORE
    if not done:
        response["Idempotent-Replay"] = "true"
    return response
