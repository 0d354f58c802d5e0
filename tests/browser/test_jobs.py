"""The main jobs, done as a person does them: with a mouse, keys and files, in a real browser."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browsers import follow, settled, sideways
from tests.servers import LiveServer
from tests.web.world import PASSWORD, build_world

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

HEADINGS = "单据编号,客户编号,客户名称,单据日期,到期日,金额,币种"
GOOD = [
    "N-1,0001,北京华联商贸有限公司,2026-03-01,2026-03-31,1234.50,CNY",
    "N-2,0077,新客户,2026-03-02,2026-04-01,99.00,CNY",
]
BAD = "N-3,0001,北京华联商贸有限公司,2026-03-03,2026-04-02,12a.00,CNY"


@pytest.fixture
def site(live_server: LiveServer, page: Page) -> str:
    """The running site with the small world in it; the page is at its door."""
    build_world()
    page.goto(live_server.url)
    return live_server.url


def sign_in(page: Page, name: str = "boss", language: str = "English") -> None:
    # The door is loaded anew in that language: what is typed before it has come would be gone.
    follow(page.get_by_role("button", name=language))
    page.locator("input[name=login]").fill(name)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("form.card button[type=submit]").click()
    page.wait_for_url(lambda address: "/accounts/" not in address)


@pytest.mark.practice("K3")
def test_the_door_and_both_languages(site: str, page: Page) -> None:
    expect(page).to_have_url(re.compile("/accounts/login/"))
    page.get_by_role("button", name="中文").click()
    expect(page.get_by_role("button", name="登录")).to_be_visible()
    page.locator("input[name=login]").fill("boss")
    page.locator("input[name=password]").fill("not the password")
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("heading", name="今日应收")).to_be_visible()
    page.locator("details.person summary").click()
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="What is owed today")).to_be_visible()
    page.locator("details.person summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile("/accounts/login/"))


@pytest.mark.practice("J1")
def test_from_a_bucket_to_the_sealed_entry(site: str, page: Page) -> None:
    sign_in(page)
    follow(page.get_by_role("link", name="Ageing by customer"))
    row = page.locator("tr", has_text="北京华联")
    follow(row.locator("td.num a").first)
    expect(page.get_by_role("heading", name="Items of 北京华联商贸有限公司")).to_be_visible()
    page.locator("tr", has_text="INV-1").locator("td.date").first.click()
    drawer = page.locator("#drawer")
    expect(drawer.get_by_role("heading", name="INV-1")).to_be_visible()
    expect(drawer).to_contain_text("550.00")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/receivables/items/itm_"))
    page.get_by_role("link", name="Reversal").click()
    expect(page.get_by_role("heading", name="Reversal")).to_be_visible()
    expect(page.locator("main")).to_contain_text("Hash of this entry and all before it")
    expect(page.locator("tfoot")).to_contain_text("600.00")


def test_the_keys(site: str, page: Page) -> None:
    sign_in(page)
    page.goto(f"{site}/receivables/items/?sort=document_number&entity=CN01")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("tr.chosen")).to_contain_text("INV-1")
    page.keyboard.press("Space")
    expect(page.locator("#drawer")).to_contain_text("INV-1")
    page.keyboard.press("j")
    expect(page.locator("#drawer")).to_contain_text("INV-2")
    page.keyboard.press("Escape")
    expect(page.locator("#drawer")).to_be_hidden()
    page.keyboard.press("/")
    with page.expect_response(re.compile("q=hual&|q=hual$")):
        page.keyboard.type("hual")
    settled(page)
    page.locator("#suggest a", has_text="北京华联商贸有限公司").first.click()
    expect(page).to_have_url(re.compile("/customers/cus_"))


@pytest.mark.practice("D3")
def test_another_day_tints_the_frame_and_goes_along(site: str, page: Page) -> None:
    sign_in(page)
    page.goto(f"{site}/receivables/items/?q=INV-1")
    page.keyboard.press("d")
    page.locator("input[name=as_of]").fill("2026-03-31")
    page.locator("input[name=known_on]").fill("2026-03-06")
    page.get_by_role("button", name="Show this day").click()
    expect(page.locator("body.past")).to_be_visible()
    expect(page.locator(".past-note")).to_contain_text("31 Mar 2026")
    expect(page.locator("#list")).to_contain_text("400.00")
    page.locator("tr", has_text="INV-1").get_by_role("link", name="INV-1").click()
    expect(page).to_have_url(re.compile(r"as_of=2026-03-31&known_on=2026-03-06|known_on=2026-03-06&as_of=2026-03-31"))
    expect(page.locator("main")).not_to_contain_text("Reversal")
    page.locator(".past-note a").click()
    expect(page.locator("main")).to_contain_text("Reversal")
    expect(page.locator("body.past")).to_have_count(0)


def test_sorting_and_filtering_stay_in_the_address(site: str, page: Page) -> None:
    sign_in(page)
    page.goto(f"{site}/receivables/items/?entity=CN01")
    page.get_by_role("link", name="Amount").click()
    expect(page).to_have_url(re.compile("sort=-amount"))
    expect(page.locator("tbody tr").first).to_contain_text("INV-2")
    page.get_by_role("link", name="Over 90 days").click()
    expect(page).to_have_url(re.compile("bucket=%3E90"))
    expect(page.locator("tbody tr").filter(has_not_text=re.compile("INV|CM"))).to_have_count(0)
    page.go_back()
    expect(page).not_to_have_url(re.compile("bucket="))
    expect(page.locator("tbody tr").first).to_contain_text("INV-2")


def test_the_chart_is_drawn_and_its_table_is_there(site: str, page: Page) -> None:
    sign_in(page)
    expect(page.locator("#ageing-history canvas")).to_be_visible()
    page.get_by_role("button", name="Show the table").click()
    expect(page.locator("#history-table table").first).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as PNG").click()
    assert Path(download.value.path()).read_bytes()[:4] == b"\x89PNG"


def write_file(path: Path, rows: list[str], encoding: str) -> Path:
    path.write_text("\n".join([HEADINGS, *rows]) + "\n", encoding=encoding)
    return path


def hand_in(page: Page, path: Path) -> None:
    page.locator("input[type=file]").set_input_files(path)
    page.locator("select[name=entity_code]").select_option("CN01")
    page.get_by_role("button", name="Check the file").click()


def test_a_faulty_file_is_told_mended_and_posted(site: str, page: Page, tmp_path: Path) -> None:
    sign_in(page, "boss")
    follow(page.get_by_role("link", name="Import a file"))
    hand_in(page, write_file(tmp_path / "三月.csv", [*GOOD, BAD], "gb18030"))
    expect(page.get_by_role("heading", name="三月.csv")).to_be_visible()
    faults = page.locator("table", has_text="What is wrong").first
    expect(faults).to_contain_text("12a.00")
    expect(faults.locator("tbody tr").first.locator("td").first).to_have_text("4")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the file with its faults marked").click()
    marked = Path(download.value.path()).read_text(encoding="gb18030")
    assert "huikuan_errors" in marked
    assert "12a.00" in marked
    follow(page.get_by_role("link", name="Hand in a mended file"))
    hand_in(page, write_file(tmp_path / "三月.csv", [*GOOD, BAD.replace("12a.00", "12.00")], "gb18030"))
    page.get_by_role("button", name="Post 3 rows").click()
    expect(page.get_by_role("status")).to_contain_text("Posted 3 rows.")
    page.goto(f"{site}/receivables/items/?q=N-1")
    expect(page.locator("#list")).to_contain_text("1,234.50")


def test_good_rows_are_posted_only_when_asked_for(site: str, page: Page, tmp_path: Path) -> None:
    sign_in(page)
    page.goto(f"{site}/receivables/imports/new/?entity=CN01")
    hand_in(page, write_file(tmp_path / "mixed.csv", [*GOOD, BAD], "utf-8"))
    button = page.get_by_role("button", name="Post the 2 good rows")
    button.click()
    expect(page).to_have_url(re.compile(r"/imports/\d+/"))
    expect(page.get_by_role("status")).to_have_count(0)
    page.get_by_label("Leave 1 faulty row out").check()
    button.click()
    expect(page.get_by_role("status")).to_contain_text("Posted 2 rows.")


def test_columns_named_by_hand(site: str, page: Page, tmp_path: Path) -> None:
    sign_in(page)
    page.goto(f"{site}/receivables/imports/new/?entity=CN01")
    path = tmp_path / "odd.csv"
    path.write_text("a,b,c,d,e\nX-1,0001,2026-03-01,2026-03-31,10.00\n", encoding="utf-8")
    page.locator("input[name=currency]").fill("CNY")
    hand_in(page, path)
    for column, field in (
        ("a", "item_id"),
        ("b", "customer_id"),
        ("c", "document_date"),
        ("d", "due_date"),
        ("e", "amount"),
    ):
        page.get_by_label(column, exact=True).select_option(field)
    page.get_by_role("button", name="Check again with these columns").click()
    expect(page.get_by_role("button", name="Post 1 row", exact=True)).to_be_visible()


def test_dark_is_remembered(site: str, page: Page) -> None:
    sign_in(page)
    page.locator("details.person summary").click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.goto(f"{site}/customers/")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_every_page_fits_a_phone(site: str, page: Page) -> None:
    sign_in(page)
    page.set_viewport_size({"width": 390, "height": 844})
    paths = ["/", "/customers/", "/receivables/items/", "/receivables/ageing/", "/receivables/imports/"]
    paths += ["/receivables/journal/", "/customers/duplicates/"]
    paths += ["/receivables/imports/new/", "/receivables/settlements/", "/settings/", "/search/?q=INV"]
    page.goto(f"{site}/customers/")
    paths.append(str(page.locator("tbody th a").first.get_attribute("href")))
    page.goto(f"{site}/receivables/items/?q=INV-1")
    paths.append(str(page.locator("tbody th a").first.get_attribute("href")))
    for path in paths:
        page.goto(site + path)
        settled(page)
        # A table of ageing is as wide as it has buckets; its customers stay in sight.
        assert sideways(page, "main .scroll:not(:has(.ageing))") <= 1, path
        expect(page.locator("nav.rooms")).to_be_visible()
