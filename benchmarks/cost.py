"""What a page costs, whatever else the machine does: ``python -m benchmarks.cost [--rows N] [--customers M]``.

Every page of ``benchmarks.load`` asked again and again in one process, on PostgreSQL: statements, and milliseconds of
processor time of the server (of which templates) and of its database connection. Nothing is posted meanwhile.
"""

from __future__ import annotations

import argparse
import os
import random
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


def backend() -> int:
    """The process of the database that serves this one."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def processor_ms(pid: int) -> float:
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e6


def time_templates() -> list[float]:
    """From here on, seconds spent in pages' templates are added up in what is given."""
    from django.template.base import Template

    spent, inside, render = [0.0], [False], Template.render

    def timed(self: Template, context: Any) -> Any:
        if inside[0]:
            return render(self, context)
        inside[0], began = True, time.thread_time()
        try:
            return render(self, context)
        finally:
            inside[0] = False
            spent[0] += time.thread_time() - began

    Template.render = timed  # type: ignore[method-assign]
    return spent


def measure(arguments: argparse.Namespace, db: Any) -> None:
    from benchmarks._pages_data import fill
    from benchmarks.load import Address, as_by_day, count_queries, people, piece_of

    os.environ["DATABASE_URL"] = db.url
    fill(arguments.rows, datetime.now(UTC).date(), db.home, customers=arguments.customers, balances=True)
    cookie = people(50)[0]
    as_by_day()
    from django.test import Client

    browser = Client(headers={"host": "localhost", "accept-encoding": "gzip"})
    for one in cookie.split("; "):
        name, _, text = one.partition("=")
        browser.cookies[name] = text
    addresses = Address(arguments.rows, arguments.customers)
    queries, templates, every = count_queries(addresses), time_templates(), []
    print("| page | statements | server, ms | of which templates | database, ms |\n|---|---:|---:|---:|---:|")
    for name, (weight, page) in addresses.pages().items():
        chance = random.Random(1)
        before, pid = [0.0, 0.0, 0.0], 0
        for turn in range(-3, arguments.turns):
            if turn == 0:
                pid = backend()
                before = [time.process_time(), templates[0], processor_ms(pid)]
            path = page(chance)
            assert browser.get(path, headers=piece_of(path)).status_code == 200, path
        took = [time.process_time() - before[0], templates[0] - before[1], (processor_ms(pid) - before[2]) / 1000]
        found = [one * 1000 / arguments.turns for one in took]
        every.append((weight, queries[name], *found))
        print(f"| {name} | {queries[name]} | {found[0]:.1f} | {found[1]:.1f} | {found[2]:.1f} |", flush=True)
    total = sum(row[0] for row in every)
    mean = [sum(row[0] * row[place] for row in every) / total for place in range(1, 5)]
    print(f"| as often as they are opened | {mean[0]:.1f} | {mean[1]:.1f} | {mean[2]:.1f} | {mean[3]:.1f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--customers", type=int, default=10_000)
    parser.add_argument("--turns", type=int, default=20)
    arguments = parser.parse_args()
    from benchmarks._databases import pages_database

    with pages_database("cost") as db:
        measure(arguments, db)


if __name__ == "__main__":
    main()
