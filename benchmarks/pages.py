"""How long a page's questions take: ``python -m benchmarks.pages [--rows N ...] [--quick]``.

N open items with 1.6 applications each, 20,000 customers, on SQLite with its mirror. ``cold``: the first question of a
process, before the server has prepared anything; ``after a posting``: prepared, and everything kept is out of date by
one entry; ``warm``: asked again. Milliseconds, the median of several; each size in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

TODAY = date(2026, 6, 15)
NOW = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)
SIZES = (10_000, 100_000, 1_000_000)
QUICK = (10_000,)
RUNS = 5


def questions() -> dict[str, Callable[[], Any]]:
    """What pages ask, each as one call."""
    from huikuan.queries import ageing, cash, customers, home, items, journal, lives
    from huikuan.queries.frame import frame_at
    from huikuan.queries.ids import item_id_text, receipt_id_text
    from huikuan.store.public_ids import public_id

    now = frame_at(now=NOW, entity_ids=(1,))
    past = frame_at(now=NOW, entity_ids=(1,), as_of=TODAY - timedelta(days=45))
    one = public_id("cus", 7)
    narrow = items.ItemFilters(region="R3", amount_from=Decimal(100))
    entries = journal.JournalFilters(month=TODAY, account="trade")
    return {
        "ageing, first page": lambda: ageing.ageing_page(now),
        "ageing, found by name": lambda: ageing.ageing_page(now, search="客户77"),
        "ageing by region": lambda: ageing.ageing_page(now, by="region"),
        "ageing of a past day": lambda: ageing.ageing_page(past),
        "a customer's items": lambda: customers.customer_items(now, one),
        "a customer with all its items": lambda: customers.customer_items(now, one, state="all"),
        "a customer's receipts": lambda: customers.customer_receipts(now, one),
        "customers, first page": lambda: customers.customer_page(now),
        "items, first page": lambda: items.item_page(now),
        "items found by number": lambda: items.item_page(now, search="INV-00000777"),
        "items narrowed by region and amount": lambda: items.item_page(now, filters=narrow, sort="-open"),
        "receipts, first page": lambda: cash.cash_page(now, state="all"),
        "journal, first page": lambda: journal.journal_page(now),
        "journal of a month and an account": lambda: journal.journal_page(now, entries),
        "an item's life": lambda: items.item_life(now, item_id_text(77)),
        "a receipt's life": lambda: lives.receipt_life(now, receipt_id_text(77)),
        "home": lambda: home.home(now),
    }


def timed(call: Callable[[], Any]) -> float:
    started = time.perf_counter()
    call()
    return (time.perf_counter() - started) * 1000


def post_one(number: int) -> None:
    """One invoice more, through the service."""
    from huikuan.services.items import NewItem, post_items

    new = NewItem(7, f"extra-{number}", TODAY, TODAY + timedelta(days=30), "CNY", 12_345)
    post_items(1, [new], actor_id=None, now=NOW)


def measure(rows: int) -> dict[str, Any]:
    """Fills a fresh database in ``HUIKUAN_HOME`` and asks everything."""
    import django

    django.setup()
    from django.core.management import call_command

    from benchmarks._pages_data import fill
    from huikuan.queries.cache import answers
    from huikuan.queries.warming import warm

    call_command("migrate", interactive=False, verbosity=0)
    fill(rows, TODAY, Path(os.environ["HUIKUAN_HOME"]))
    found: dict[str, dict[str, float]] = {}
    asked = questions()
    number = 0
    for name, call in asked.items():
        cold = []
        for _ in range(3):
            answers.clear()
            cold.append(timed(call))
        warm(NOW)
        posted = []
        for _ in range(RUNS):
            number += 1
            post_one(number)
            posted.append(timed(call))
        again = [timed(call) for _ in range(RUNS)]
        found[name] = {
            "cold": statistics.median(cold),
            "posted": statistics.median(posted),
            "warm": statistics.median(again),
        }
    return {"rows": rows, "questions": found, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}


def measure_apart(rows: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="huikuan-pages-") as home:
        environment = {
            **os.environ,
            "HUIKUAN_HOME": home,
            "DATABASE_URL": "",
            "DJANGO_SETTINGS_MODULE": "huikuan.config.settings",
        }
        command = [sys.executable, "-m", "benchmarks.pages", "--measure", str(rows)]
        done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="*")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--measure", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(arguments.measure)))
        return
    for rows in arguments.rows or (QUICK if arguments.quick else SIZES):
        answer = measure_apart(rows)
        print(f"{rows:,} open items, {rows * 16 // 10:,} applications; peak memory {answer['peak_mb']:,} MB\n")
        print("| question | cold, ms | after a posting, ms | warm, ms |")
        print("|---|---:|---:|---:|")
        for name, ms in answer["questions"].items():
            print(f"| {name} | {ms['cold']:.0f} | {ms['posted']:.0f} | {ms['warm']:.0f} |")
        print(flush=True)


if __name__ == "__main__":
    main()
