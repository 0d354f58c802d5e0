"""Every page, asked by everybody: a role of each kind with each reach, by strangers, about one's own customers, about
others' in the same entity, about nobody's money and about another entity."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from huikuan.core.rights import Reach, Role
from huikuan.store.models import User
from tests.databases import fresh_sqlite
from tests.web.matrix import PAGES, SECRETS, Ask, Scene, build_scene, has, page_routes
from tests.web.world import signed_in, visitor

pytestmark = pytest.mark.practice("K1")

PASSED = {200, 302, 400, 404, 409}
"""What a page answers to one who may: it, where to go next, or what is wrong with the form."""
OTHERS = {
    "<slug:kind>": "customer",
    "<slug:part_id>": "con_0000000000000",
    "<slug:key>": "items",
    "<slug:name>": "seal",
    "<int:number>": "1",
    "(?P<key>[a-z]+)": "items",
    "(?P<form>xlsx|csv)": "csv",
    r"\.": ".",
}


@pytest.fixture(scope="module")
def built(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Scene]:
    """The world in which everybody asks, made once: its home folder with the database, and what stands in it."""
    home = tmp_path_factory.mktemp("scene")
    with fresh_sqlite(sqlite_template, home):
        return home, build_scene()


@pytest.fixture
def scene(built: tuple[Path, Scene], tmp_path: Path) -> Iterator[Scene]:
    """A copy of that world, for one test to ask and change."""
    kept, made = built
    home = shutil.copytree(kept, tmp_path / "home")
    with fresh_sqlite(kept / "huikuan.db", home):
        yield made


def filled(route: str, wanted: str) -> str:
    for part, text in OTHERS.items():
        route = route.replace(part, text)
    route = re.sub(r"<(slug|int):\w+>", wanted, route, count=1)
    return re.sub(r"<slug:\w+>", "x", re.sub(r"<int:\w+>", "1", route))


def asked(scene: Scene, ask: Ask, route: str) -> Iterator[tuple[str, str]]:
    """Whose object is asked for, and the address; one that is about no object is about one's own."""
    if not ask.kind:
        yield "mine", filled(route, "") + ask.query
        return
    whose = [name for kind, name in scene.objects if kind == ask.kind]
    if not whose:
        yield "none", filled(route, "1" if "<int" in route else "doc_0000000000000") + ask.query
    for name in whose:
        yield name, filled(route, scene.objects[ask.kind, name]) + ask.query


def classified() -> Iterator[tuple[str, str]]:
    """What is not in the table is the next test's affair."""
    return ((name, route) for name, route in page_routes() if name in PAGES)


def test_every_address_is_classified() -> None:
    known = {name for name, _ in page_routes()}
    assert known - PAGES.keys() == set(), "say in tests/web/matrix.py which right these pages ask for"
    assert PAGES.keys() - known == set(), "these pages are gone"


def test_a_stranger_is_sent_to_the_door(scene: Scene) -> None:
    client = visitor()
    for name, route in classified():
        for _, path in asked(scene, PAGES[name], route):
            for method in ("get", "post"):
                response = getattr(client, method)(path)
                assert (response.status_code, response["Location"][:16]) == (302, "/accounts/login/"), (name, method)


@pytest.mark.parametrize(
    ("role", "reach"),
    [*((role, reach) for role in Role for reach in (Reach.OWN, Reach.ALL)), (Role.SALES_MANAGER, Reach.TEAM)],
)
def test_everybody_gets_what_the_table_says(scene: Scene, role: Role, reach: Reach) -> None:
    name = f"{role.value}-{reach.value}"
    scene.give_to(name)
    client = signed_in(name)
    hidden = hidden_from(role, reach)
    wrong = []
    for page, route in classified():
        ask = PAGES[page]
        for whose, path in asked(scene, ask, route):
            for letter, method in (("G", "get"), ("P", "post")):
                response = getattr(client, method)(path)
                where = f"{name}: {method} {page} of {whose}: {response.status_code}"
                left_alone = letter not in ask.methods and response.status_code == 405
                if not left_alone and not fits(response.status_code, ask, role, reach, whose, letter):
                    wrong.append(where)
                wrong += [f"{where} tells {secret}" for secret in told(response, hidden)]
    assert not wrong, "\n".join(wrong)


def hidden_from(role: Role, reach: Reach) -> list[str]:
    names = ["abroad"] if reach == Reach.ALL and role != Role.ADMINISTRATOR else ["abroad", "foreign", "nobody"]
    return [text for name in names for text in SECRETS[name]]


def fits(status: int, ask: Ask, role: Role, reach: Reach, whose: str, letter: str) -> bool:
    if not has(ask, role, reach, letter):
        # A form that names nothing may be told that before it is told that it may not.
        return status == 403 or (status == 404 and (whose != "mine" or letter == "P"))
    if whose == "abroad" or (whose in ("foreign", "nobody") and reach != Reach.ALL):
        return status == 404
    return status in PASSED


def told(response: Any, hidden: list[str]) -> list[str]:
    """What stands in the answer and must not."""
    parts = response if getattr(response, "streaming", False) else [response.content]
    text = b"".join(part if isinstance(part, bytes) else part.encode() for part in parts).decode("utf-8", "ignore")
    # Tokens against forged forms are random letters: now and then four of them are a customer's name.
    text = re.sub(r"\b[A-Za-z0-9]{32,}\b", "", text)
    return [one for one in hidden if one in text and re.search(rf"(?<![\d,]){re.escape(one)}", text)]


def test_one_without_roles_sees_nothing(scene: Scene) -> None:
    User.objects.create_user("nobody", password="x" * 12)
    client = signed_in("nobody")
    for page, route in classified():
        for _, path in asked(scene, PAGES[page], route):
            status = client.get(path).status_code
            assert status in ((200, 404, 405) if PAGES[page].right is None else (403, 405)), page
