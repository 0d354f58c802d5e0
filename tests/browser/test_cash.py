"""A clerk's round: a receipt recorded, applied oldest first, taken back; the balances are as before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from huikuan.store.models import OpenItemBalance, ReceiptBalance
from tests.browser.test_jobs import sign_in
from tests.browsers import follow, settled, sideways
from tests.servers import LiveServer
from tests.web.world import build_world

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


@pytest.fixture
def site(live_server: LiveServer, page: Page) -> str:
    build_world()
    page.goto(live_server.url)
    return live_server.url


def balances() -> dict[str, int]:
    return dict(OpenItemBalance.objects.values_list("item__document_number", "open_minor"))


def test_a_receipt_is_recorded_applied_oldest_first_and_unapplied(site: str, page: Page) -> None:
    before = balances()
    sign_in(page, "clerk")
    follow(page.get_by_role("link", name="Cash", exact=True))
    follow(page.get_by_role("link", name="Record a receipt"))
    page.get_by_label("Amount").fill("1,000.00")
    page.get_by_label("Reference").fill("BANK-1")
    page.get_by_label("Customer", exact=True).press_sequentially("hualian")
    expect(page.locator("#who-choices input[type=radio]")).to_be_checked()
    follow(page.get_by_role("button", name="Post the receipt"))
    expect(page.get_by_role("heading", name="Apply the receipt")).to_be_visible()
    expect(page.locator("#apply-sum")).to_contain_text("of 1,000.00 CNY at hand")

    page.get_by_role("button", name="Fill oldest first").click()
    amounts = page.locator("input.amount")
    expect(amounts.nth(0)).to_have_value("550.00")
    expect(amounts.nth(1)).to_have_value("450.00")
    expect(page.locator("#apply-sum")).to_contain_text("2 items, 1,000.00 CNY")

    # The sum follows what is typed; Enter goes on to the next amount and posts nothing.
    amounts.nth(0).fill("551")
    expect(page.locator("#apply-sum")).to_contain_text("1.00 CNY too much")
    page.locator("[data-take]").first.click()
    expect(amounts.nth(0)).to_have_value("550.00")
    amounts.nth(0).press("Enter")
    expect(amounts.nth(1)).to_be_focused()
    expect(page.locator("#apply-sum")).to_contain_text("nothing left over")
    follow(page.get_by_role("button", name="Post the application"))
    expect(page.get_by_role("status")).to_contain_text("Applied to 2 items, 1,000.00 CNY in all.")
    assert balances()["INV-1"] == 0
    assert balances()["INV-2"] == before["INV-2"] - 450_00

    # Back and once more: the form is made anew, and what was posted is not posted again.
    receipt = page.url
    page.go_back()
    page.get_by_role("button", name="Post the application").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert balances()["INV-2"] == before["INV-2"] - 450_00

    page.goto(receipt)
    page.get_by_role("link", name="Unapply …").click()
    page.get_by_label("Why").fill("wrong customer")
    page.get_by_role("button", name="Post: unapply").click()
    expect(page.get_by_role("status")).to_contain_text("Unapplied.")
    assert balances() == before
    assert ReceiptBalance.objects.get(receipt__reference="BANK-1").unapplied_minor == 1_000_00


def test_the_pages_of_cash_fit_a_phone(site: str, page: Page) -> None:
    sign_in(page, "boss")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{site}/cash/")
    receipt = str(page.locator("tbody th a").first.get_attribute("href"))
    page.goto(f"{site}/receivables/items/?q=INV-1")
    item = str(page.locator("tbody th a").first.get_attribute("href"))
    paths = ["/cash/?state=all", "/cash/new/", "/settings/periods/", "/settings/rates/", receipt, item]
    paths += [f"{receipt}{action}/" for action in ("apply", "park", "refund", "bounce")] + [
        f"{item}settle/?kind=offset"
    ]
    for path in paths:
        page.goto(site + path)
        settled(page)
        expect(page.locator("h1")).to_be_visible()
        assert sideways(page) <= 1, path
    page.goto(f"{site}{receipt}apply/")
    expect(page.locator("input.amount").first).to_be_in_viewport(ratio=1)
