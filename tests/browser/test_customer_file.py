"""The customer's page in a real browser: a number is shown on request, a file is dropped in, the timeline filtered."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from huikuan.services.contacts import add_contact
from huikuan.store.models import CustomerAccount
from huikuan.store.public_ids import public_id
from tests.browser.test_jobs import sign_in
from tests.browsers import follow, settled
from tests.servers import LiveServer
from tests.web.world import START, build_world

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.practice("A2", "A4", "C7")]


def test_a_number_is_shown_and_a_file_is_added(live_server: LiveServer, page: Page, tmp_path: Path) -> None:
    build_world()
    customer = CustomerAccount.objects.get(refs__external_id="0001").customer_id
    add_contact(customer, {"name": "李会计", "parts": "pays", "phone": "13800138000"}, actor_id=None, now=START)
    page.goto(live_server.url)
    sign_in(page)
    page.goto(f"{live_server.url}/customers/{public_id('cus', customer)}/")
    expect(page.get_by_role("button", name="Show").first).to_be_visible()
    assert page.locator("a[href^='tel:']").count() == 0
    page.get_by_role("button", name="Show").first.click()
    expect(page.locator("a[href='tel:+8613800138000']")).to_be_visible()
    # What happened is fetched when somebody looks there. The heading is replaced by what comes, so it is scrolled to at
    # once and not after it has been found standing still.
    page.locator("#timeline").evaluate("heading => heading.scrollIntoView()")
    page.get_by_role("link", name="Money", exact=True).click()
    expect(page.locator(".events .event-items")).to_have_count(0)
    expect(page.locator(".events .event-cash").first).to_be_visible()
    settled(page)
    scan = tmp_path / "签收单.txt"
    scan.write_text("收到货物", encoding="utf-8")
    page.set_input_files("input[name=files]", str(scan))
    expect(page.locator("[data-file-name]")).to_contain_text("签收单.txt")
    page.get_by_label("Proves").select_option("delivery_note")
    follow(page.get_by_role("button", name="Add the document"))
    expect(page.get_by_role("status")).to_contain_text("1 document added.")
    page.get_by_role("link", name="签收单.txt").last.click()
    page.wait_for_selector("text=收到货物")
