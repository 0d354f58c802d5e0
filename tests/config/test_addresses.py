"""Addresses that only take forms, opened in a browser, lead to the page above them."""

from __future__ import annotations

import pytest

from huikuan.config.addresses import page_above
from tests.databases import LedgerDb
from tests.web.matrix import page_routes
from tests.web.test_matrix import filled
from tests.web.world import build_world, signed_in

HTML = {"accept": "text/html,application/xhtml+xml"}


@pytest.fixture
def world(sqlite_db: LedgerDb) -> None:
    build_world()


def test_a_refused_export_opened_again_is_the_page_of_exports(world: None) -> None:
    client = signed_in("boss")
    answer = client.get("/settings/gl/export/?entity=CN01", headers=HTML)
    assert (answer.status_code, answer["Location"]) == (302, "/settings/gl/?entity=CN01")
    assert client.get(answer["Location"], headers=HTML).status_code == 200


def test_others_are_told_that_it_takes_forms_only(world: None) -> None:
    client = signed_in("boss")
    assert client.get("/settings/gl/export/").status_code == 405
    assert client.get("/settings/gl/export/", headers={**HTML, "hx-request": "true"}).status_code == 405
    assert client.delete("/settings/gl/", headers=HTML).status_code == 405
    assert client.get("/api/v1/entities/x", headers=HTML).status_code != 302


def test_no_address_answers_a_bare_405_and_none_goes_in_circles(world: None) -> None:
    client = signed_in("boss")
    for name, route in page_routes():
        path = filled(route, "1" if "<int" in route else "itm_0000000000000")
        seen = [path]
        while client.get(seen[-1]).status_code == 405:
            answer = client.get(seen[-1], headers=HTML)
            assert answer.status_code == 302, (name, seen)
            assert len(answer["Location"]) < len(seen[-1]), (name, seen)
            seen.append(answer["Location"])


def test_the_page_above() -> None:
    assert page_above("/settings/gl/export/") == "/settings/gl/"
    assert page_above("/nowhere/at/all/") == "/"
    assert page_above("/") == "/"
