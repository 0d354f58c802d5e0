"""A clerk's hour on the workbench: bank lines cleared by keys only in a real browser, against the demo company's open
items and against many.

Of every ten lines seven are accepted (one of them taken back and accepted again), one by the second explanation, one in
part, one put aside. Prints how long it takes from the key that decides to the next line being there, and what the
server needed for it (from the request sent to its answer begun).
``python -m benchmarks.workbench [--lines 200] [--items 0 100000] [--databases sqlite postgres]``; 0 items: the demo
company's.
"""

from __future__ import annotations

import argparse
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

PASSWORD = "huikuan-demo"
CUSTOMERS = 10_000
LONGEST = 120_000
"""Milliseconds to wait for a line: nothing is measured by it."""
AFTER = 15.0
"""Seconds in which the server prepares what pages stand on."""


def prepare(items: int, count: int, home: Path) -> str:
    """A company, and a statement of ``count`` payments nobody has looked at; nothing posts itself. Gives the entity's
    code."""
    from huikuan.services.demo import ensure_demo
    from huikuan.services.matching import run_matching
    from huikuan.services.matching_policy import Policy, set_policy
    from huikuan.store.models import Entity

    now = datetime.now(UTC)
    if items:
        _fill(items, home, now)
    else:
        ensure_demo(now=now)
    entity = Entity.objects.get(code="CN" if items else "HD")
    set_policy(entity.pk, Policy(error_ppm=1_000), actor_id=None, now=now)
    bring_lines(entity, count, now)
    started = time.process_time()
    report = run_matching(entity.pk, actor_id=None, now=now)
    told = f"{report.lines:,} lines matched in {time.process_time() - started:.1f} s of processor time"
    print(told, file=sys.stderr, flush=True)
    return str(entity.code)


def _fill(items: int, home: Path, now: datetime) -> None:
    from benchmarks._pages_data import fill
    from huikuan.services.bank_accounts import NewAccount, add_account
    from huikuan.services.demo_bank_files import HD_NUMBER
    from huikuan.store.models import RoleGrant, User

    fill(items, now.date(), home, customers=CUSTOMERS, balances=True)
    user = User.objects.create_user("demo", "demo@example.com", PASSWORD)
    for role in ("ar_clerk", "cfo"):
        RoleGrant.objects.create(user=user, entity_id=1, role=role, granted_at=now)
    add_account(1, NewAccount("云城银行 基本户", HD_NUMBER, "云城银行"), actor_id=None, now=now)


def bring_lines(entity: Any, count: int, now: datetime) -> None:
    """A statement: most payments name one or two invoices, some a part of one, some nothing."""
    from huikuan.services.bank_files import BankFile
    from huikuan.services.bank_uploads import keep_upload, work_upload
    from huikuan.services.demo_bank import owed_by
    from huikuan.services.demo_bank_files import DemoLine, chinese_table

    lots = Random(7)
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


@dataclass
class Clerk:
    """Somebody at the keyboard. ``waits``: seconds from the deciding key to the next line, by what was done;
    ``refused``: what was said where something was not done."""

    page: Any
    waits: dict[str, list[float]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)

    def shown(self) -> str:
        self.page.wait_for_selector("#bench:not([aria-busy]) #bench-pane .pane", timeout=LONGEST)
        return str(self.page.get_attribute("#bench-pane .pane", "data-pane"))

    def decide(self, name: str, key: str) -> None:
        """Presses the key that decides, and waits for the next line."""
        line = self.page.get_attribute("#bench-pane .pane", "data-pane")
        started = time.monotonic()
        self.page.keyboard.press(key)
        said = "#bench-pane .note.bad"
        self.page.wait_for_selector(f'#bench-pane .pane:not([data-pane="{line}"]), {said}', timeout=LONGEST)
        waited = time.monotonic() - started
        if self.shown() != line:
            self.waits.setdefault(name, []).append(waited)
            return
        self.refused.append(f"{name}: {self.page.locator(said).first.text_content()}")
        self.page.keyboard.press("j")
        self.page.wait_for_selector(f'#bench-pane .pane:not([data-pane="{line}"])', timeout=LONGEST)
        self.shown()

    def clear(self, number: int) -> None:
        """One line, as a clerk would."""
        press = self.page.keyboard.press
        what = number % 10
        if what == 3 and self.page.locator("#bench-pane .why").count() > 1:
            press("2")
            self.decide("second explanation", "Enter")
        elif what == 5:
            press("p")
            # The page puts the cursor there when the form is ready to be sent.
            self.page.wait_for_selector("#edit-form input.amount:not(.less):focus", timeout=LONGEST)
            press("Control+a")
            self.page.keyboard.type("1.00")
            self.decide("in part", "Control+Enter")
        elif what == 7:
            press("w")
            self.page.wait_for_selector("#aside-park input[name=reason]:focus", timeout=LONGEST)
            self.page.keyboard.type("waits for the advice")
            self.decide("put aside", "Enter")
        else:
            self.decide("accepted", "Enter")
            if what == 9:
                self.decide("taken back", "z")
                self.decide("accepted", "Enter")


def measure(code: str, count: int, url: str) -> str:
    """Signs in, clears the lines; gives a row of the table."""
    from playwright.sync_api import sync_playwright

    server: list[float] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=os.environ.get("CHROMIUM"), args=["--no-sandbox"])
        page = browser.new_page()
        page.set_default_timeout(LONGEST)
        page.goto(url)
        page.fill("input[name=login]", "demo")
        page.fill("input[name=password]", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_selector("nav")
        page.goto(f"{url}/cash/workbench/?book={code}")
        page.on("requestfinished", lambda request: server.append(_answered(request)) if _decides(request) else None)
        clerk = Clerk(page)
        clerk.shown()
        began = time.monotonic()
        for number in range(count):
            clerk.clear(number)
        whole = time.monotonic() - began
        browser.close()
    for one in clerk.refused:
        print(one, file=sys.stderr, flush=True)
    every = [wait for waits in clerk.waits.values() for wait in waits]
    for name, waits in clerk.waits.items():
        print(f"{name}: {len(waits)} times, {_told(waits)} ms", file=sys.stderr, flush=True)
    return f"{_told(every)} | {_told(server)} | {whole:.0f} | {count / whole * 3600:,.0f}"


def _decides(request: Any) -> bool:
    return request.method == "POST" and "/workbench/" in request.url


def _answered(request: Any) -> float:
    return float(request.timing["responseStart"] - request.timing["requestStart"]) / 1000


def _told(values: Sequence[float]) -> str:
    ordered = sorted(value * 1000 for value in values) or [0.0]
    return " | ".join(f"{ordered[int((len(ordered) - 1) * share)]:.0f}" for share in (0.5, 0.95, 1.0))


def with_server(db: Any, work: Callable[[str], str]) -> str:
    """The product as it runs (server, worker, scheduler) on a database, while ``work`` is done at its address."""
    from huikuan.jobs.supervisor import answers
    from tests.servers import free_port

    port = free_port()
    command = [sys.executable, "-m", "huikuan.jobs.supervisor", "--host", "127.0.0.1", "--port", str(port)]
    log = (db.home / "server.log").open("wb")
    server = subprocess.Popen(command, env=db.env, stdout=log, stderr=log, start_new_session=True)
    try:
        for _ in range(1200):
            if answers("127.0.0.1", port):
                break
            time.sleep(0.1)
        time.sleep(AFTER)
        return work(f"http://127.0.0.1:{port}")
    finally:
        server.terminate()
        server.wait()


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=200)
    parser.add_argument("--items", type=int, nargs="*", default=[0, 100_000], help="open items; 0: the demo company")
    parser.add_argument("--databases", nargs="*", default=["sqlite", "postgres"])
    parser.add_argument("--quick", action="store_true", help="30 lines of the demo company on SQLite")
    asked = parser.parse_args(arguments)
    if asked.quick:
        asked.lines, asked.items, asked.databases = 30, [0], ["sqlite"]
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    os.environ["HUIKUAN_SECRET_KEY"] = secrets.token_hex(32)
    print("Load of the machine when it began: " + " ".join(f"{one:.1f}" for one in os.getloadavg()) + "\n")
    print(
        "| open items | database | key to next line, ms: median | p95 | longest | server: median | p95 | longest |"
        " all, s | lines an hour |"
    )
    print("|---:|---|" + "---:|" * 8, flush=True)
    with tempfile.TemporaryDirectory(prefix="huikuan-workbench-") as made:
        _measure_all(Path(made), asked)


def _measure_all(folder: Path, asked: argparse.Namespace) -> None:
    from benchmarks import _databases

    (folder / "home").mkdir()
    _databases.set_up(folder / "home")
    from benchmarks.load import as_by_day

    with _databases.servers(folder) as fresh:
        for items, vendor in product(asked.items, asked.databases):
            with fresh(vendor) as db:
                code = prepare(items, asked.lines, db.home)
                as_by_day()
                row = with_server(db, partial(measure, code, asked.lines))
                print(f"| {f'{items:,}' if items else 'demo'} | {vendor} | {row} |", flush=True)


if __name__ == "__main__":
    main()
