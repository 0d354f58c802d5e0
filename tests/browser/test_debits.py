"""A direct debit from the mandate to the money that went back: what a customer has in its favour makes it smaller."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone
from lxml import etree
from playwright.sync_api import expect

from huikuan.core.accounts import ItemKind
from huikuan.services.bank_accounts import NewAccount, add_account
from huikuan.services.bank_files import BankFile
from huikuan.services.bank_uploads import keep_upload, work_upload
from huikuan.services.debit_mandates import NewCreditor, set_creditor
from huikuan.services.items import NewItem, post_items
from huikuan.store.models import CustomerAccount, DebitRun, OpenItem, OpenItemBalance, RoleGrant, User
from tests.browser.test_jobs import sign_in
from tests.browsers import follow, sideways, watched_page
from tests.servers import LiveServer
from tests.services.bank_files import IBAN, Row, camt053
from tests.services.debits import CREDITOR, PAYERS
from tests.web.world import PASSWORD, START, build_world

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.practice("E1")]
WHO: dict[str, Any] = {"actor_id": None, "now": START}


@pytest.fixture
def site(live_server: LiveServer, page: Page) -> str:
    """An entity that may collect, whose customer owes 77.00 and has 7.00 in its favour; somebody who approves."""
    world = build_world()
    account = add_account(world.de, NewAccount("Main", IBAN, currency="EUR"), **WHO)
    set_creditor(world.de, NewCreditor(CREDITOR, account), **WHO)
    chief = User.objects.create_user("chief", "c@example.com", PASSWORD)
    RoleGrant.objects.create(user=chief, entity_id=world.de, role="cfo", granted_at=START)
    owes = CustomerAccount.objects.get(entity_id=world.de, refs__external_id="9")
    memo = NewItem(owes.pk, "CM-1", date(2026, 3, 1), date(2026, 3, 1), "EUR", -7_00, kind=ItemKind.CREDIT_MEMO)
    post_items(world.de, [memo], **WHO)
    page.goto(live_server.url)
    return live_server.url


def hand_in(amount: str, run: DebitRun, returned: str = "") -> None:
    """The bank's statement of the day on which the file was handed in."""
    day = (run.sent_on or run.due_on).isoformat()
    row = Row(amount, day, f"R{amount}", f"{run.number}-1", code="PMNT/IDDT/ESDD", returned=returned)
    opening = "1000.00" if not returned else "1070.00"
    data = camt053([row], first=day, last=day, number=opening, opening=opening)
    [told] = work_upload(
        keep_upload([BankFile("bank.xml", data)], actor_id=None, now=timezone.now()),
        actor_id=None,
        now=timezone.now(),
    )
    assert told.state == "imported", told


def owed() -> int:
    items = OpenItem.objects.filter(account__refs__external_id="9")
    return sum(OpenItemBalance.objects.filter(item__in=items).values_list("open_minor", flat=True))


def test_one_run_from_the_mandate_to_the_money_that_went_back(
    site: str, page: Page, browser: Browser, tmp_path: Path
) -> None:
    sign_in(page, "boss")
    page.goto(f"{site}/cash/direct-debits/mandates/")
    follow(page.get_by_role("link", name="Keep a mandate").first)
    page.get_by_label("Customer", exact=True).fill("Nordic")
    follow(page.get_by_role("button", name="Find"))
    page.get_by_label("Reference of the mandate").fill("M-9")
    page.get_by_label("IBAN").fill(PAYERS["C1"])
    page.get_by_label("Signed on").fill("2026-01-05")
    follow(page.get_by_role("button", name="Keep the mandate"))
    expect(page.get_by_role("status")).to_contain_text("M-9")

    page.goto(f"{site}/cash/direct-debits/new/?entity_code=DE01")
    expect(page.locator("table.ledger tbody tr")).to_contain_text(["(7.00)"])
    follow(page.get_by_role("button", name="Propose it"))
    address = page.url
    expect(page.get_by_text("Somebody else approves it", exact=False).last).to_be_visible()
    with watched_page(browser) as other:
        other.goto(site)
        sign_in(other, "chief")
        other.goto(address)
        follow(other.get_by_role("button", name="Approve"))
        expect(other.get_by_role("heading", level=1)).to_contain_text("approved")

    page.goto(address)
    with page.expect_download() as taken:
        page.get_by_role("link", name="File for the bank").click()
    taken.value.save_as(tmp_path / "file.xml")
    told = etree.parse(tmp_path / "file.xml")
    assert [one.text for one in told.iter("{*}InstdAmt")] == ["70.00"]
    follow(page.get_by_role("button", name="Handed to the bank"))
    expect(page.get_by_role("link", name="Recall from the bank")).to_be_visible()
    assert owed() == 70_00

    run = DebitRun.objects.get()
    hand_in("70.00", run)
    page.goto(address)
    expect(page.locator("section[aria-labelledby=payments] tbody tr")).to_contain_text("collected")
    assert owed() == 0

    hand_in("-70.00", run, "AM04")
    page.goto(address)
    row = page.locator("section[aria-labelledby=payments] tbody tr")
    expect(row).to_contain_text("returned")
    expect(row).to_contain_text("not enough money (AM04)")
    assert owed() == 70_00

    page.set_viewport_size({"width": 390, "height": 844})
    for path in (address, f"{site}/cash/direct-debits/mandates/new/?who=nobody", f"{address}recall/"):
        page.goto(path)
        expect(page.locator("h1")).to_be_visible()
        assert sideways(page) <= 1, path
