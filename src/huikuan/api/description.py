"""The OpenAPI document made whole: errors of every operation, headers of answers, how to come in."""

from __future__ import annotations

from typing import Any

from huikuan.api.problems import MEDIA

PROBLEM: dict[str, Any] = {
    "type": "object",
    "title": "Problem",
    "description": "RFC 9457. `code` is stable; `detail` is a sentence in the language of Accept-Language.",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "JSON pointer into the body"},
                    "parameter": {"type": "string"},
                    "in": {"type": "string"},
                    "row": {"type": ["integer", "null"]},
                    "column": {"type": ["string", "null"]},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}

ALWAYS = {
    "401": "No valid key.",
    "403": "Not allowed.",
    "406": "Not in a form you accept.",
    "422": "Understood and refused, or not as described.",
    "429": "Too many requests.",
}
WITH_BODY = {
    "400": "Unreadable body.",
    "409": "Lost against another writer, to be approved first, or the idempotency key was used for another body.",
    "413": "Too large.",
    "415": "Not a body of this kind.",
}
ETAG = {"ETag": {"schema": {"type": "string"}}}


def complete(document: dict[str, Any], version: str) -> dict[str, Any]:
    """Adds to every operation what all of them have in common."""
    document["openapi"] = "3.1.0"
    document["info"]["license"] = {"name": "Apache-2.0", "identifier": "Apache-2.0"}
    document["info"]["x-product-version"] = version
    parts = document.setdefault("components", {})
    parts.setdefault("schemas", {})["Problem"] = PROBLEM
    parts["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer", "bearerFormat": "hk_…", "description": "An API key."}
    }
    for address, methods in document["paths"].items():
        for method, operation in methods.items():
            _complete(address, method, operation)
    return document


def _complete(address: str, method: str, operation: dict[str, Any]) -> None:
    operation["security"] = [{"key": []}]
    responses = {str(status): answer for status, answer in operation["responses"].items()}
    wanted = dict(ALWAYS)
    if "{" in address:
        wanted["404"] = "There is none, or you may not see it."
    else:
        wanted["404"] = "An entity named is not there, or you may not see it."
    if method in ("post", "patch", "put"):
        wanted |= WITH_BODY
    if method == "patch":
        wanted |= {"412": "Changed meanwhile.", "428": "If-Match is missing."}
    for status, words in wanted.items():
        answer = responses.setdefault(status, {"description": words})
        answer["content"] = {MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for status in ("200", "201"):
        if status in responses and method in ("get", "patch") and "{" in address:
            responses[status]["headers"] = ETAG
    if method == "get" and address.endswith("}") and "200" in responses:
        responses["304"] = {"description": "You have it (If-None-Match).", "headers": ETAG}
    operation["responses"] = dict(sorted(responses.items()))
