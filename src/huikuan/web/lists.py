"""Small pieces lists share: filter chips, the lines of a total, addresses with one thing changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest


@dataclass(frozen=True, slots=True)
class Chip:
    word: str
    href: str
    on: bool
    css: str = ""


def changed(request: HttpRequest, **params: str | None) -> str:
    """This address with some parameters changed, back on the first page."""
    query = request.GET.copy()
    query.pop("page", None)
    for name, value in params.items():
        query.pop(name, None)
        if value:
            query[name] = value
    return f"{request.path}?{query.urlencode()}" if query else request.path


def chips_of(
    request: HttpRequest,
    name: str,
    choices: Iterable[tuple[str, str, str]],
    *,
    active: str,
    optional: bool = False,
    without: Iterable[str] = (),
) -> list[Chip]:
    """Chips that set ``name``; choices are (code, word, css class). A chip that is on and ``optional`` takes it off.
    ``without``: parameters of this address that do not belong to what a chip shows."""
    other: dict[str, str | None] = dict.fromkeys(without)
    return [
        Chip(
            word,
            changed(request, **{**other, name: None if optional and code == active else code}),
            code == active,
            css,
        )
        for code, word, css in choices
    ]


def total_lines(totals: dict[str, Any]) -> list[Any]:
    """The totals of a page, a line per currency, in the currency's order."""
    return [totals[currency] for currency in sorted(totals)]
