"""Saved views as an address takes them: the chosen one, or the one a person's page opens with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, QueryDict

from huikuan.queries.views import ViewRow, views_of

STANDARD = "-"
"""The page as it comes, where the address names it in a view's place."""
TEXT_MAX = 400


@dataclass(frozen=True, slots=True)
class Viewed:
    """What views are saved of: ``key`` names it in addresses and rows, ``page`` is the name of its page, ``params``
    are the parameters of the address a view keeps, ``usual`` what one of them says where the address leaves it out."""

    key: str
    page: str
    params: tuple[str, ...]
    usual: Mapping[str, str] = field(default_factory=dict)

    def said(self, given: Mapping[str, str]) -> dict[str, str]:
        """What an address (or a view's kept parameters) says of these."""
        texts = {name: str(given.get(name, "")).strip()[:TEXT_MAX] for name in self.params}
        return {name: text for name, text in texts.items() if text}

    def asked(self, given: Mapping[str, str]) -> dict[str, str]:
        """What it says that is not said anyway: what a view keeps, and what two addresses are compared by."""
        return {name: text for name, text in self.said(given).items() if text != self.usual.get(name)}


@dataclass(frozen=True, slots=True)
class Saved:
    """The views of a page: those to choose from, the one this address comes from, whether the address says something
    else by now, and what saving it would keep (``name=value`` lines)."""

    of: Viewed
    views: list[ViewRow]
    view: ViewRow | None
    is_changed: bool
    asked: str


def take_view(request: HttpRequest, of: Viewed) -> Saved:
    """Puts the chosen (or usual) view's parameters into the address as this request sees it. An address that says
    nothing of the view's parameters is that of the person's usual view."""
    user: Any = request.user
    views = views_of(user.pk, of.key)
    given = _cleaned(request.GET)
    wanted, left = given.pop("view", [""])[-1], given.get("of", "")
    said = of.said(given)
    chosen = next((view for view in views if str(view.id) == (wanted or left)), None)
    if not said and not left and not wanted:
        chosen = next((view for view in views if view.is_usual), None)
    if chosen and not said and not left:
        for name, text in of.said(chosen.asked).items():
            given[name] = text
    if chosen:
        given["of"] = str(chosen.id)
    elif wanted == STANDARD and any(view.is_usual for view in views):
        given["of"] = STANDARD
    request.GET = given  # type: ignore[assignment]  # every link of the page is made from what applies
    asked = of.asked(given)
    return Saved(
        of=of,
        views=views,
        view=chosen,
        is_changed=bool(chosen and asked != of.asked(chosen.asked)),
        asked="\n".join(f"{name}={text}" for name, text in asked.items()),
    )


def _cleaned(address: QueryDict) -> QueryDict:
    """The address without what is empty; ticked columns as one parameter."""
    given = address.copy()
    if "col" in given:
        given["cols"] = ",".join(str(key) for key in given.getlist("col"))
        given.pop("col")
    for name in [name for name in given if not str(given[name]).strip()]:
        del given[name]
    return given
