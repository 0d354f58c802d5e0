"""How long a clerk's hour on the workbench takes the machine: two hundred lines of a generated company cleared by
keyboard in a real browser, every tenth kept for the customer without being applied.

Prints seconds per line from the key to the next line being there, and what the server needed for each decision (from
the request sent to its answer begun). ``python -m benchmarks.workbench [--lines 200] [--home FOLDER]``; a folder given
holds the demo company already, otherwise it is made first.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from statistics import median
from typing import Any
from urllib.request import urlopen

PORT = 8179
KEPT = 10
"""Every so manieth line is left unapplied."""


def prepare(count: int) -> None:
    """The demo company, and a statement of ``count`` payments nobody has looked at; nothing posts itself."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from huikuan.services.demo import ensure_demo
    from huikuan.services.matching import run_matching
    from huikuan.services.matching_policy import Policy, set_policy
    from huikuan.store.models import Entity

    now = datetime.now(UTC)
    ensure_demo(now=now)
    entity = Entity.objects.get(code="HD")
    set_policy(entity.pk, Policy(error_ppm=1_000), actor_id=None, now=now)
    bring_lines(entity, count, now)
    started = time.process_time()
    report = run_matching(entity.pk, actor_id=None, now=now)
    print(f"{report.lines:,} lines matched in {time.process_time() - started:.1f} s of processor time")


def bring_lines(entity: Any, count: int, now: datetime) -> None:
    """A statement: most payments name one or two invoices, some a part of one, some nothing."""
    from huikuan.services.bank_files import BankFile
    from huikuan.services.bank_uploads import keep_upload, work_upload
    from huikuan.services.demo_bank import owed_by
    from huikuan.services.demo_bank_files import DemoLine, chinese_table

    lots = Random(f"{now:%Y%m%d%H%M%S}")
    lines: list[DemoLine] = []
    open_now = [(one, list(one.items)) for one in owed_by(entity)]
    while len(lines) < count and any(items for _, items in open_now):
        for one, items in open_now:
            few = [items.pop(0) for _ in range(min(lots.choice((1, 1, 2)), len(items)))]
            if not few or len(lines) == count:
                continue
            amount = sum((part for _, part in few), Decimal(0))
            text = "" if len(lines) % 12 == 11 else " ".join(number for number, _ in few)
            if len(lines) % 15 == 14:
                amount, text = (amount / 2).quantize(Decimal("0.01")), f"{text} 部分付款"
            place = len(lines)
            lines.append(
                DemoLine(
                    now.date(), amount, one.name, one.payer_account, text, f"W{now:%d%H%M%S}{place:04}", f"W-{place:04}"
                )
            )
    data = chinese_table(lines, Decimal("1000.00"))
    work_upload(keep_upload([BankFile("lines.csv", data)], actor_id=None, now=now), actor_id=None, now=now)


def measure(count: int) -> None:
    """Signs in, clears the lines, prints what it took."""
    from playwright.sync_api import expect, sync_playwright

    seconds: list[float] = []
    server: list[float] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=os.environ.get("CHROMIUM"), args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{PORT}/")
        page.fill("input[name=login]", "demo")
        page.fill("input[name=password]", "huikuan-demo")
        page.keyboard.press("Enter")
        page.wait_for_load_state("networkidle")
        page.goto(f"http://127.0.0.1:{PORT}/cash/workbench/?book=HD")
        page.on(
            "requestfinished",
            lambda request: (
                server.append(request.timing["responseStart"] - request.timing["requestStart"])
                if request.method == "POST" and "/decide/" in request.url
                else None
            ),
        )
        pane = page.locator("#bench-pane .pane")
        began = time.monotonic()
        for number in range(count):
            expect(page.locator("#bench[aria-busy]")).to_have_count(0, timeout=30_000)
            shown = pane.get_attribute("data-pane") or ""
            start = time.monotonic()
            page.keyboard.press("u" if number % KEPT == KEPT - 1 else "Enter")
            expect(pane).not_to_have_attribute("data-pane", shown, timeout=30_000)
            seconds.append(time.monotonic() - start)
        whole = time.monotonic() - began
        browser.close()
    print(f"{count:,} lines in {whole:.1f} s: {count / whole * 3600:,.0f} an hour for the machine alone")
    print(f"key to next line: {_shown(seconds, 1)} s")
    print(f"server per decision: {_shown(server, 1000)} s")


def _shown(values: Sequence[float], unit: float) -> str:
    ordered = sorted(value / unit for value in values)
    return f"p50 {median(ordered):.3f}, p95 {ordered[int(len(ordered) * 0.95)]:.3f}" if ordered else "-"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--lines", type=int, default=200)
    parser.add_argument("--home", default="")
    asked = parser.parse_args(arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "huikuan.config.settings")
    os.environ["HUIKUAN_HOME"] = asked.home or tempfile.mkdtemp(prefix="huikuan-workbench-")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    prepare(asked.lines)
    command = [sys.executable, "-m", "huikuan.jobs.server", "--port", str(PORT)]
    process = subprocess.Popen(command)
    try:
        for _ in range(240):
            try:
                urlopen(f"http://127.0.0.1:{PORT}/healthz", timeout=1).close()
                break
            except OSError:
                time.sleep(0.25)
        measure(asked.lines)
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
