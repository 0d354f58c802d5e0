"""A slow machine and a slow network on purpose: what works with them works on a busy one.

``HUIKUAN_TEST_SLOW_MS=800``: every answer of a server started for a test, files of the pages too, comes 0 to 800 ms
late, so that answers overtake each other; which one how late is the same in every run. ``HUIKUAN_TEST_SLOW_CPU=6``: the
browser's pages run at a sixth of their speed.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from django.http import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from playwright.sync_api import Page

SLOW_MS = int(os.environ.get("HUIKUAN_TEST_SLOW_MS", "0"))
SLOW_CPU = float(os.environ.get("HUIKUAN_TEST_SLOW_CPU", "1"))


class SlowMiddleware:
    """Keeps every answer back for a while."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.chance = random.Random(os.environ.get("HUIKUAN_TEST_SLOW_SEED", "1"))
        self.lock = threading.Lock()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        with self.lock:
            late = self.chance.random()
        time.sleep(late * SLOW_MS / 1000)
        return response


def slow_down(page: Page) -> None:
    """Lets a page run as slowly as ``HUIKUAN_TEST_SLOW_CPU`` says."""
    if SLOW_CPU > 1:
        page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOW_CPU})
