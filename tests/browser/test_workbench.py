"""A clerk clears bank lines by keyboard: accepted, by hand, put aside, undone; a second clerk is told who is at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from huikuan.services.matching import run_matching
from huikuan.store.models import LineDecision, LineParked, LineQuestion, User
from huikuan.store.public_ids import public_id
from tests.browser.test_jobs import sign_in
from tests.browsers import settled, sideways
from tests.servers import LiveServer
from tests.services.bank_files import Row
from tests.services.desk import SYSTEM, balances, open_on
from tests.services.ledger import NOW
from tests.slow import slow_down
from tests.web.test_workbench import Bench
from tests.web.world import PASSWORD

if TYPE_CHECKING:
    from playwright.sync_api import Browser, FloatRect, Locator, Page, Route

pytestmark = [pytest.mark.browser, pytest.mark.practice("E4")]


@pytest.fixture
def bench(live_server: LiveServer) -> Bench:
    made = Bench()
    for user in User.objects.all():
        user.set_password(PASSWORD)
        user.save()
    return made


def test_lines_are_cleared_by_keyboard(bench: Bench, live_server: LiveServer, page: Page) -> None:
    before = balances()
    page.goto(live_server.url)
    sign_in(page, "ann")
    page.goto(f"{live_server.url}/cash/workbench/")
    lines, pane = page.locator("#bench-lines li"), page.locator("#bench-pane .pane")
    expect(lines).to_have_count(4)
    first = pane.get_attribute("data-pane")
    page.keyboard.press("Enter")
    expect(lines).to_have_count(3)
    expect(pane).not_to_have_attribute("data-pane", first or "")
    settled(page)
    # Taken back, it is there again.
    page.keyboard.press("z")
    expect(page.locator(".note.success")).to_contain_text("Taken back")
    expect(pane).to_have_attribute("data-pane", first or "")
    assert balances() == before
    page.goto(f"{live_server.url}/cash/workbench/")
    expect(lines).to_have_count(4)
    page.keyboard.press("j")
    expect(lines.nth(1)).to_have_class("chosen")
    page.keyboard.press("s")
    amount = page.locator("#edit-form input.amount:not(.less)").first
    expect(amount).to_be_focused()
    amount.fill("40.00")
    expect(page.locator("#edit-sum")).to_contain_text("left")
    page.keyboard.press("Control+Enter")
    expect(lines).to_have_count(3)
    assert 60_00 <= min(open_on(number) for number in bench.items) <= 60_03
    page.keyboard.press("w")
    expect(page.locator("#aside-park input[name=reason]")).to_be_focused()
    page.keyboard.type("waits for the advice")
    page.keyboard.press("Enter")
    expect(lines).to_have_count(2)
    settled(page)
    assert LineParked.objects.get().reason == "waits for the advice"
    page.keyboard.press("Enter")
    expect(lines).to_have_count(1)
    settled(page)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Nothing to do here")).to_be_visible()
    settled(page)
    assert LineDecision.objects.filter(undone_by__isnull=True).exclude(deed="undo").count() == 3
    # With nothing left to do, the last decision is taken back all the same.
    page.keyboard.press("z")
    expect(lines).to_have_count(1)
    settled(page)
    assert LineDecision.objects.filter(undone_by__isnull=True).exclude(deed="undo").count() == 2


def test_a_choice_is_sent_by_enter(bench: Bench, live_server: LiveServer, page: Page) -> None:
    """Whose money it is not is chosen and sent without the mouse; whom to ask is too."""
    page.goto(live_server.url)
    sign_in(page, "ann")
    page.goto(f"{live_server.url}/cash/workbench/")
    lines = page.locator("#bench-lines li")
    expect(lines).to_have_count(4)
    page.keyboard.press("n")
    expect(page.locator("#aside-other select")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(lines).to_have_count(3)
    settled(page)
    assert LineDecision.objects.get().detail == "tax_refund"
    page.keyboard.press("a")
    expect(page.locator("#aside-ask select")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("#aside-ask input[name=question]")).to_be_focused()
    page.keyboard.press("Control+Enter")
    expect(lines).to_have_count(2)
    settled(page)
    assert LineQuestion.objects.get().question == "Whose money is this, and for which documents?"


def test_an_explanation_fits_a_phone(bench: Bench, live_server: LiveServer, page: Page) -> None:
    """Number, due day, what is open and what is paid stand within the card, the amounts too."""
    bench.desk.books.item(21_500_000_00, document_number="INV-2026-000777001")
    bench.desk.lines(Row("12461270.55", ref="P1", name="Alpha GmbH", text="INV-2026-000777001 part"))
    run_matching(bench.entity, **SYSTEM)
    page.goto(live_server.url)
    sign_in(page, "ann")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{live_server.url}/cash/workbench/?sort=-amount")
    page.locator("#bench-lines li a").first.click()
    card = page.locator("#bench-pane .why").first
    expect(card).to_contain_text("INV-2026-000777001")
    expect(card.locator(".why-items tr").first).to_contain_text("Open now 21,500,000.00")
    settled(page)
    assert sideways(page, "#bench-pane .why") <= 0
    right = card.evaluate("one => one.getBoundingClientRect().right")
    assert all(cell["x"] + cell["width"] <= right for cell in map(_box, card.locator("td.num").all()))


def _box(cell: Locator) -> FloatRect:
    box = cell.bounding_box()
    assert box is not None
    return box


def test_what_is_typed_before_the_form_is_there_is_meant_for_it(
    bench: Bench, live_server: LiveServer, page: Page
) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.goto(live_server.url)
    sign_in(page, "ann")
    page.goto(f"{live_server.url}/cash/workbench/")
    lines, pane = page.locator("#bench-lines li"), page.locator("#bench-pane .pane")
    expect(lines).to_have_count(4)
    settled(page)
    first = pane.get_attribute("data-pane") or ""
    page.route("**/edit/**", hold, times=1)
    page.keyboard.press("p")
    page.keyboard.type("40.00")
    page.keyboard.press("Enter")  # accepts nothing: the form is open to the person
    page.keyboard.press("Control+Enter")
    while not held:
        page.wait_for_timeout(20)
    held[0].continue_()
    expect(pane).not_to_have_attribute("data-pane", first)
    expect(page.locator(".note.success")).to_contain_text("40.00 EUR: applied to 1 item")
    settled(page)
    expect(lines).to_have_count(4)
    assert 60_00 <= min(open_on(number) for number in bench.items) <= 60_03
    assert LineDecision.objects.count() == 1
    second = pane.get_attribute("data-pane") or ""
    page.keyboard.press("s")
    expect(page.locator("#edit-form input.amount").first).to_be_focused()
    # With the form open Enter accepts nothing, wherever the focus is; Ctrl+Enter sends the form.
    page.locator("#bench-pane").focus()
    page.keyboard.press("Enter")
    page.locator("#edit-form input[type=radio]").first.focus()
    page.keyboard.press("Control+Enter")
    expect(pane).not_to_have_attribute("data-pane", second)
    expect(lines).to_have_count(3)
    settled(page)
    assert list(LineDecision.objects.order_by("id").values_list("deed", flat=True)) == ["apply", "apply"]


def test_lines_are_cleared_past_the_end_of_the_page(bench: Bench, live_server: LiveServer, page: Page) -> None:
    bench.desk.books.item(90_00, document_number="INV-90020")
    rows = [Row(f"7.{n:02}", ref=f"P{n}", name="Alpha GmbH") for n in range(20)]
    invoice = Row("90.00", ref="P20", name="Alpha GmbH", account="DE02120300000000202051", text="INV-90020")
    more = bench.desk.lines(*rows, invoice, Row("7.21", ref="P21", name="Alpha GmbH"))
    first, (last, over) = bench.lines[0], more[20:]
    page.goto(live_server.url)
    sign_in(page, "ann")
    page.goto(f"{live_server.url}/cash/workbench/?size=25&sort=date")
    lines, pane = page.locator("#bench-lines li"), page.locator("#bench-pane .pane")
    chosen, field = page.locator("#bench-lines li.chosen"), page.locator("#edit-form input.amount:not(.less)").first

    def is_at(line_id: int, listed: int) -> None:
        expect(pane).to_have_attribute("data-pane", public_id("bln", line_id))
        expect(chosen).to_have_attribute("data-line", public_id("bln", line_id))
        expect(lines).to_have_count(listed)
        settled(page)

    def in_part(amount: str) -> None:
        page.keyboard.press("p")
        expect(field).to_be_focused()
        field.fill(amount)
        page.keyboard.press("Control+Enter")

    def put_aside() -> None:
        page.keyboard.press("w")
        expect(page.locator("#aside-park input[name=reason]")).to_be_focused()
        page.keyboard.type("waits")
        page.keyboard.press("Enter")

    is_at(first, 25)
    # The last of the page, left in part: what comes after it is on the next page.
    lines.last.click()
    is_at(last, 25)
    in_part("40.00")
    is_at(over, 1)
    page.keyboard.press("k")
    is_at(last, 25)
    expect(chosen).to_contain_text("50.00")
    page.keyboard.press("j")
    is_at(over, 1)
    # After the last of the list its first comes, and not the one left in part.
    put_aside()
    is_at(first, 25)
    # Taken back it stands where it stood.
    page.keyboard.press("z")
    is_at(last, 25)
    expect(chosen).to_contain_text("90.00")
    in_part("40.00")
    is_at(first, 25)
    rest = [*bench.lines[1:], *more[:20]]
    LineParked.objects.bulk_create(LineParked(line_id=number, reason="waits", at=NOW) for number in rest)
    page.keyboard.press("Enter")
    is_at(last, 24)
    expect(pane).to_contain_text("Every other line of this list is done. 1 was left in part")
    # The only one there is comes again, with what is left of it.
    in_part("10.00")
    expect(pane).to_contain_text("40.00")
    expect(chosen).to_contain_text("40.00")
    is_at(last, 24)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Nothing to do here")).to_be_visible()
    expect(page.get_by_text("40.00 EUR: applied to 1 item")).to_be_visible()


def test_a_second_clerk_sees_who_is_at_a_line(bench: Bench, live_server: LiveServer, browser: Browser) -> None:
    # Refusals are expected here: pages that do not watch for them.
    page = browser.new_context().new_page()
    slow_down(page)
    page.goto(live_server.url)
    sign_in(page, "ann")
    address = f"{live_server.url}/cash/workbench/?line={bench.id(0)}"
    page.goto(address)
    settled(page)
    other = browser.new_context().new_page()
    slow_down(other)
    other.goto(live_server.url)
    sign_in(other, "bob")
    other.goto(address)
    expect(other.locator(".claim")).to_contain_text("Ann has had this line open")
    settled(other)
    other.keyboard.press("Enter")
    expect(other.locator(".note.bad")).to_contain_text("Ann has had this line open")
    expect(other.get_by_role("button", name="Take it over")).to_be_visible()
    other.locator("#bench-pane").focus()
    other.keyboard.press("m")
    expect(other.locator(".claim .note")).to_have_count(0)
    settled(other)
    other.locator("#bench-pane").focus()
    other.keyboard.press("Enter")
    expect(other.locator("#bench-lines li")).to_have_count(3)
    settled(page)
    page.keyboard.press("Enter")
    expect(page.locator(".note.bad")).to_contain_text("Bob has decided about this line already")
    other.context.close()
    page.context.close()
