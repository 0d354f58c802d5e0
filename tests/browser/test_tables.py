"""A table with the mouse and the keyboard: filter, columns, a view that opens first, ticked rows; the palette."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.test_jobs import sign_in
from tests.browsers import follow, settled
from tests.servers import LiveServer
from tests.web.world import build_world

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

pytestmark = [pytest.mark.browser, pytest.mark.practice("J3")]


@pytest.fixture
def site(live_server: LiveServer, page: Page) -> str:
    build_world()
    page.goto(live_server.url)
    sign_in(page, "clerk")
    return live_server.url


def test_a_table_is_narrowed_rearranged_and_kept(site: str, page: Page) -> None:
    page.goto(f"{site}/receivables/items/")
    page.locator(".table-bar summary", has_text="Filter").click()
    filters = page.locator(".filter-panel")
    filters.get_by_label("Kind").select_option("credit_memo")
    filters.get_by_role("button", name="Filter").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.get_by_role("link", name="Kind: Credit memo ×")).to_be_visible()
    expect(page).to_have_url(re.compile(r"\?kind=credit_memo$"))  # nothing empty in the address

    page.locator("summary[title='Columns and rows']").click()
    page.get_by_label("PO number", exact=True).uncheck()
    page.get_by_label("Region", exact=True).check()
    page.locator(".column-panel").get_by_role("button", name="Show").click()
    expect(page.get_by_role("columnheader", name="Region")).to_be_visible()
    expect(page.get_by_role("columnheader", name="PO number")).to_have_count(0)

    page.locator("summary[title='Saved views']").click()
    page.get_by_label("Save what is shown as").fill("Credits")
    page.get_by_label("Open with it").check()
    page.get_by_role("button", name="Save view").click()
    expect(page.get_by_role("status")).to_contain_text("View saved.")
    page.goto(f"{site}/receivables/items/")
    expect(page.locator("tbody tr")).to_have_count(1)

    page.get_by_role("link", name="Kind: Credit memo ×").click()
    expect(page.locator("tbody tr")).to_have_count(4)
    settled(page)
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("[data-picked]")).to_have_text("1")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export ticked rows to Excel").click()
    assert download.value.suggested_filename.startswith("huikuan-items-")


def test_the_palette_finds_and_switches(site: str, page: Page) -> None:
    page.goto(f"{site}/customers/")
    follow(page.get_by_role("link", name="北京华联商贸有限公司").first)
    expect(page.get_by_role("heading", level=1)).to_contain_text("北京华联商贸有限公司")
    page.goto(f"{site}/receivables/items/?kind=invoice")
    page.keyboard.press("Control+k")
    palette = page.locator("#palette")
    expect(palette.locator("[data-recents]")).to_contain_text("北京华联商贸有限公司")
    page.keyboard.type("last year")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("as_of="))
    assert "kind=invoice" in page.url
    page.keyboard.press("Control+k")
    page.keyboard.type("bjhl")
    expect(palette.locator("[data-hits]")).to_contain_text("北京华联商贸有限公司")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/customers/cus_"))
    page.keyboard.press("?")
    expect(palette.get_by_text("Next row, previous row")).to_be_visible()
    page.keyboard.press("Escape")
    expect(palette).to_be_hidden()


def test_what_is_typed_before_the_commands_have_come_counts(site: str, page: Page) -> None:
    page.goto(f"{site}/receivables/items/?kind=invoice")
    commands = page.locator("#palette").get_attribute("data-from") or ""
    held: list[Route] = []
    page.route(f"**{commands}*", lambda route: held.append(route))  # noqa: PLW0108  (playwright takes no builtin)
    with page.expect_request(f"**{commands}*"):
        page.keyboard.press("Control+k")
    page.keyboard.type("last year")
    page.keyboard.press("Enter")
    expect(page.locator("#palette input")).to_have_value("last year")
    while not held:
        page.wait_for_timeout(20)
    held[0].continue_()
    page.wait_for_url(re.compile("as_of="))
