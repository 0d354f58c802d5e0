"""A real browser: the system's Chromium, else the one playwright brought."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.slow import slow_down

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Locator, Page

WAIT_MS = 120_000  # a busy machine is no fault, only what never comes is
# A request that another one or another page made needless ends so; to a person it is nothing.
GIVEN_UP = ("htmx:afterRequest", "htmx:sendAbort", "htmx:sendError")
UNDER_WAY = ".htmx-request, .htmx-swapping, .htmx-settling, [aria-busy=true]"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextlib.contextmanager
def launch() -> Iterator[Browser]:
    """Starts the browser. Without one: a failure where ``CI`` is set, else a skip that says why."""
    from playwright.sync_api import Error, expect, sync_playwright

    path = os.environ.get("HUIKUAN_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    expect.set_options(timeout=WAIT_MS)
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        except Error as error:
            notice = "no browser: install Chromium, or run `playwright install chromium`"
            if os.environ.get("CI"):
                pytest.fail(f"{notice}\n{error}")
            pytest.skip(notice)
        yield browser
        browser.close()


def settled(page: Page) -> None:
    """Waits until the page is there with its scripts, and nothing is on its way to it."""
    from playwright.sync_api import expect

    page.wait_for_load_state()
    expect(page.locator(UNDER_WAY)).to_have_count(0)


def sideways(page: Page, tables: str = "main .scroll") -> int:
    """By how many pixels the page, or one of its tables, is wider than its place, whichever is most."""
    measured = """(tables) => Math.max(...[document.documentElement, ...document.querySelectorAll(tables)]
        .map(one => one.scrollWidth - one.clientWidth))"""
    return int(page.evaluate(measured, tables))


def follow(link: Locator) -> None:
    """Clicks what leads to another page, and waits until that is there with its scripts: a key pressed or a button
    clicked before is not heard."""
    with link.page.expect_navigation():
        link.click()


@contextlib.contextmanager
def watched_page(browser: Browser) -> Iterator[Page]:
    """A new person's page; an error in its scripts or a breach of its content policy fails the test at the end."""
    errors: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        # A refused request is the test's own business; broken scripts and policy breaches never are.
        if message.type == "error" and not message.text.startswith(("Failed to load resource", *GIVEN_UP)):
            errors.append(message.text)

    context = browser.new_context(locale="en-GB", timezone_id="UTC", viewport={"width": 1440, "height": 900})
    context.set_default_timeout(WAIT_MS)
    page = context.new_page()
    slow_down(page)
    page.on("console", heard)
    page.on("pageerror", lambda error: errors.append(str(error)))
    try:
        yield page
        assert not errors, f"the page reported: {errors}"
    finally:
        context.close()
