"""The OpenAPI document as chapters a page can show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter or a field of a body. ``kind``: what may stand there."""

    name: str
    place: str
    kind: str
    required: bool
    note: str


@dataclass(frozen=True, slots=True)
class Operation:
    method: str
    address: str
    summary: str
    note: str
    fields: tuple[Field, ...]
    answers: tuple[str, ...]
    gives: str

    @property
    def anchor(self) -> str:
        return f"{self.method}{self.address}".replace("/", "-").replace("{", "").replace("}", "").lower()


@dataclass(frozen=True, slots=True)
class Chapter:
    name: str
    operations: tuple[Operation, ...]


def chapters(document: dict[str, Any]) -> list[Chapter]:
    """Every operation by its tag, in the order of the document."""
    found: dict[str, list[Operation]] = {}
    for address, methods in document["paths"].items():
        for method, operation in methods.items():
            shown = _operation(document, method, address, operation)
            found.setdefault(operation.get("tags", ["Other"])[0], []).append(shown)
    return [Chapter(name, tuple(operations)) for name, operations in found.items()]


def _operation(document: dict[str, Any], method: str, address: str, operation: dict[str, Any]) -> Operation:
    fields = [_parameter(document, one) for one in operation.get("parameters", ())]
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        fields += _body(document, content["schema"], "body" if kind == "application/json" else "form")
    answers = operation["responses"]
    good: dict[str, Any] = next((answers[status] for status in ("200", "201") if status in answers), {})
    shown = good.get("content", {}).get("application/json", {}).get("schema", {})
    return Operation(
        method.upper(),
        address,
        operation["summary"],
        operation.get("description", ""),
        tuple(fields),
        tuple(sorted(answers)),
        shown.get("$ref", "").rpartition("/")[2],
    )


def _parameter(document: dict[str, Any], one: dict[str, Any]) -> Field:
    schema = one.get("schema", {})
    note = one.get("description") or schema.get("description", "")
    return Field(one["name"], one["in"], _kind(document, schema), bool(one.get("required")), note)


def _body(document: dict[str, Any], schema: dict[str, Any], place: str, before: str = "") -> Iterator[Field]:
    """The fields of a body; those of an object within it with the way to them."""
    schema = _resolved(document, schema)
    for name, one in schema.get("properties", {}).items():
        inner = _resolved(document, one.get("items", one))
        way = f"{before}{name}"
        yield Field(way, place, _kind(document, one), name in schema.get("required", ()), one.get("description", ""))
        if inner.get("properties"):
            yield from _body(document, inner, place, f"{way}[]." if "items" in one else f"{way}.")


def _resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        found: dict[str, Any] = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return found
    return schema


def _kind(document: dict[str, Any], schema: dict[str, Any]) -> str:
    schema = _resolved(document, schema)
    if "enum" in schema:
        return " · ".join(str(one) for one in schema["enum"])
    if "const" in schema:
        return str(schema["const"] or "–")
    options = schema.get("anyOf") or schema.get("oneOf")
    if options:
        kinds = [_kind(document, one) for one in options]
        return " | ".join(kind for kind in dict.fromkeys(kinds) if kind not in ("null", "–"))
    if schema.get("type") == "array":
        return f"list of {_kind(document, schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("type", "anything"))
