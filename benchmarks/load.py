"""Fifty people clicking: ``python -m benchmarks.load [--rows N] [--customers M] [--users 50] [--seconds 120]``.

The whole product (server, worker, scheduler) on PostgreSQL, with N open items of M customers, 1.6 applications each.
Every user opens pages at random with a pause of one to five seconds between clicks; one click in twelve records a
receipt and applies it. The clients run on the same machine, and so take part of its cores. Milliseconds per page as
the client sees it: the median, the 95th percentile, the longest; ``queries`` are those of one request to the database.
What the scheduler does once a day has been done before.
"""

from __future__ import annotations

import argparse
import http.client
import os
import random
import re
import statistics
import subprocess
import sys
import threading
import time
import urllib.parse
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from huikuan.core.periods import last_quarter_end

TODAY = datetime.now(UTC).date()
PAUSE_SECONDS = (1.0, 5.0)
RAMP_SECONDS = 20.0
PREPARING_SECONDS = 40.0
"""What a server that has just started needs to prepare its pages with a million items."""


HABITS = "how a customer pays"


class Address:
    """What there is to click on."""

    def __init__(self, rows: int, customers: int) -> None:
        from huikuan.queries.ids import entry_id_text, item_id_text, receipt_id_text
        from huikuan.store.public_ids import public_id

        chance = random.Random(5)
        self.customers = [public_id("cus", chance.randint(1, customers)) for _ in range(500)]
        self.items = [item_id_text(chance.randint(1, rows)) for _ in range(500)]
        self.receipts = [receipt_id_text(chance.randint(1, rows)) for _ in range(500)]
        self.entries = [entry_id_text(chance.randint(1, rows * 4)) for _ in range(500)]
        self.numbers = [f"{chance.randint(1, customers):08d}" for _ in range(200)]
        self.names = [f"客户{chance.randint(1, customers)}" for _ in range(200)]

    def pages(self) -> dict[str, tuple[int, Callable[[random.Random], str]]]:
        """Pages by name, with how often each is opened."""
        return {
            "home": (8, lambda _: "/"),
            "customers": (10, lambda _: "/customers/"),
            "customers found by name": (6, lambda one: f"/customers/?q={urllib.parse.quote(one.choice(self.names))}"),
            "a customer": (16, lambda one: f"/customers/{one.choice(self.customers)}/"),
            "a customer's timeline": (8, lambda one: f"/customers/{one.choice(self.customers)}/?t_page=1"),
            "items": (10, lambda one: f"/receivables/items/?page={one.randint(1, 9)}"),
            "items overdue, by amount": (5, lambda _: "/receivables/items/?state=overdue&sort=-open"),
            "an item's life": (10, lambda one: f"/receivables/items/{one.choice(self.items)}/"),
            "a receipt": (4, lambda one: f"/receivables/receipts/{one.choice(self.receipts)}/"),
            "an entry": (4, lambda one: f"/receivables/entries/{one.choice(self.entries)}/"),
            "ageing": (8, lambda one: f"/receivables/ageing/?page={one.randint(1, 5)}"),
            "ageing by region": (3, lambda _: "/receivables/ageing/?by=region"),
            "ageing of last quarter": (2, lambda _: f"/receivables/ageing/?as_of={last_quarter_end(TODAY)}"),
            "search while typing": (
                8,
                lambda one: f"/search/?part=suggest&q={urllib.parse.quote(one.choice(self.names))}",
            ),
            "cash": (5, lambda _: "/cash/"),
            "journal": (3, lambda _: "/receivables/journal/"),
            "imports": (2, lambda _: "/receivables/imports/"),
        }


class Person(threading.Thread):
    """One user: clicks, looks, clicks again."""

    def __init__(self, number: int, port: int, cookie: str, addresses: Address, until: float) -> None:
        super().__init__(daemon=True)
        self.chance = random.Random(number)
        self.port, self.cookie, self.addresses, self.until = port, cookie, addresses, until
        self.seen: dict[str, list[float]] = defaultdict(list)
        self.failures: list[str] = []
        self.csrf = ""
        self.link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def run(self) -> None:
        pages = self.addresses.pages()
        names, weights = list(pages), [weight for weight, _ in pages.values()]
        time.sleep(self.chance.uniform(0, RAMP_SECONDS))
        while time.monotonic() < self.until:
            if self.csrf and self.chance.random() < 1 / 12:
                self.receive_and_apply()
            else:
                name = self.chance.choices(names, weights)[0]
                path = pages[name][1](self.chance)
                self.ask(name, "GET", path)
                if name == "a customer":  # The page fetches this piece as soon as it is there.
                    self.ask(HABITS, "GET", f"{path}habits/")
            time.sleep(self.chance.uniform(*PAUSE_SECONDS))

    def receive_and_apply(self) -> None:
        """A receipt of a customer, applied to the customer's oldest item."""
        who, key = self.chance.choice(self.addresses.numbers), f"{self.chance.getrandbits(64):x}"
        page = self.ask("receipt form", "GET", "/cash/new/")
        match = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page[1])
        if not match:
            return
        form = {"csrfmiddlewaretoken": match[1], "key": key, "who": who, "amount": "1.23", "value_date": today()}
        form |= {"reference": key, "another": "yes"}  # many of one amount on one day: each is meant
        status, text, place = self.ask("post a receipt", "POST", "/cash/new/", form)
        if status != 302 or "/receipts/" not in place:
            if "several" not in text.lower():
                self.failures.append(f"post a receipt: {status}")
            return
        address = urllib.parse.urlsplit(place).path
        address = address if address.endswith("/apply/") else f"{address}apply/"
        status, text, _ = self.ask("application form", "GET", address)
        item, again = re.search(r'name="(amount-[\w-]+)"', text), re.search(r'name="key" value="(\w+)"', text)
        if item and again:
            form = {
                "csrfmiddlewaretoken": match[1],
                "key": again[1],
                item[1]: "1.23",
                "from": "unapplied",
                "on": today(),
            }
            status, _, _ = self.ask("post an application", "POST", address, form)
            if status != 302:
                self.failures.append(f"post an application: {status}")

    def ask(self, name: str, method: str, path: str, form: dict[str, str] | None = None) -> tuple[int, str, str]:
        headers = {"Cookie": f"{self.cookie}; huikuan_csrf={self.csrf}", "Accept-Encoding": "gzip"}
        headers |= piece_of(path)
        if form is not None:
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://127.0.0.1:{self.port}"}
        if method == "GET" and name in ("receipt form", "application form"):
            headers.pop("Accept-Encoding")
        started = time.perf_counter()
        answer, body = self.exchange(method, path, urllib.parse.urlencode(form) if form else None, headers)
        self.seen[name].append((time.perf_counter() - started) * 1000)
        for cookie in answer.headers.get_all("Set-Cookie", ()):
            if cookie.startswith("huikuan_csrf="):
                self.csrf = cookie.partition("=")[2].partition(";")[0]
        if answer.status >= 400 or (method == "GET" and answer.status != 200):
            self.failures.append(f"{name}: {answer.status} {path}")
        plain = "" if answer.headers.get("Content-Encoding") else body.decode("utf-8", "replace")
        self.csrf = self.csrf or "none"
        return answer.status, plain, answer.headers.get("Location", "")

    def exchange(
        self, method: str, path: str, body: str | None, headers: dict[str, str]
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """Over the connection kept open, as a browser does it; a server that closed it while nobody asked is asked
        again."""
        for again in (True, False):
            try:
                self.link.request(method, path, body, headers)
                answer = self.link.getresponse()
                return answer, answer.read()
            except (http.client.RemoteDisconnected, ConnectionError):
                self.link.close()
                if not again:
                    raise
        raise AssertionError


def piece_of(path: str) -> dict[str, str]:
    """What the page says when it fetches a piece of itself."""
    if path.endswith("/habits/"):
        return {"HX-Request": "true", "HX-Target": "habits"}
    return {"HX-Target": "events"} if "t_page" in path else {}


def today() -> str:
    return datetime.now(UTC).date().isoformat()


def people(count: int) -> list[str]:
    """Users with every right but those of an administrator, signed in; their cookies."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.utils.timezone import now

    from huikuan.store.models import RoleGrant, User

    cookies = []
    for number in range(count):
        user = User(username=f"user{number}")
        user.set_unusable_password()
        user.save()
        for role in ("ar_clerk", "cfo"):
            RoleGrant.objects.create(user=user, entity_id=1, role=role, granted_at=now())
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.create()
        cookies.append(f"huikuan_session={session.session_key}; django_language=zh-hans")
    return cookies


def as_by_day() -> None:
    """What is done once a day, above all a backup of everything, was done in the night, and customers have been
    compared: the very first start would do it all while people click."""
    from django.utils.timezone import now

    from huikuan.core.schedule import PLANS
    from huikuan.queries.duplicates import keep_found
    from huikuan.store.models import ScheduledJob

    for plan in PLANS.values():
        if plan.every >= timedelta(days=1):
            ScheduledJob.objects.create(name=plan.name, last_success_at=now(), due_at=now() + plan.every)
    keep_found()


def count_queries(addresses: Address) -> dict[str, int]:
    """Queries to the database of one request per page."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from huikuan.store.models import User

    browser = Client(headers={"host": "localhost"})
    browser.force_login(User.objects.get(username="user0"))
    found = {}
    for name, (_weight, page) in addresses.pages().items():
        browser.get(page(random.Random(1)))
        with CaptureQueriesContext(connection) as caught:
            browser.get(page(random.Random(1)))
        found[name] = len(caught)
    return found


def report(persons: list[Person], queries: dict[str, int]) -> int:
    """Prints the table; gives how many requests there were."""
    seen: dict[str, list[float]] = defaultdict(list)
    for person in persons:
        for name, times in person.seen.items():
            seen[name] += times
    print("| page | asked | median, ms | p95, ms | longest, ms | queries |")
    print("|---|---:|---:|---:|---:|---:|")
    for name in sorted(seen, key=lambda one: -percentile(seen[one], 95)):
        times = seen[name]
        print(
            f"| {name} | {len(times)} | {statistics.median(times):.0f} | {percentile(times, 95):.0f} |"
            f" {max(times):.0f} | {queries.get(name, '')} |"
        )
    every = [one for times in seen.values() for one in times]
    print(f"\n{len(every):,} requests; p95 of all {percentile(every, 95):.0f} ms, longest {max(every):.0f} ms.")
    failures = [one for person in persons for one in person.failures]
    print(f"Failures: {len(failures)}. {'; '.join(failures[:5])}")
    return len(every)


def processor_seconds(pid: int) -> float:
    """What a process, everything it started and what of that has ended has used."""
    ticks = 0
    waiting = [pid]
    while waiting:
        one = waiting.pop()
        try:
            with open(f"/proc/{one}/stat") as stat, open(f"/proc/{one}/task/{one}/children") as children:
                fields = stat.read().rpartition(")")[2].split()
                waiting += [int(child) for child in children.read().split()]
        except OSError:
            continue
        ticks += sum(int(field) for field in fields[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def postmaster() -> int:
    """The first process of the database server, on this machine."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SHOW data_directory")
        return int((Path(cursor.fetchone()[0]) / "postmaster.pid").read_text().split()[0])


def percentile(times: list[float], share: int) -> float:
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, len(ordered) * share // 100)]


def run(arguments: argparse.Namespace, db: Any) -> None:
    from benchmarks._pages_data import fill

    os.environ["DATABASE_URL"] = db.url
    started = time.monotonic()
    arguments.customers = min(arguments.customers, arguments.rows // 10)
    fill(arguments.rows, datetime.now(UTC).date(), db.home, customers=arguments.customers, balances=True)
    cookies = people(arguments.users)
    as_by_day()
    addresses = Address(arguments.rows, arguments.customers)
    print(f"Filled in {time.monotonic() - started:.0f} s.", file=sys.stderr)
    queries = count_queries(addresses)
    for workers in arguments.workers:
        click(arguments, workers, db.home, db.env, cookies, addresses, queries)


def click(
    arguments: argparse.Namespace,
    workers: int,
    home: Path,
    environment: dict[str, str],
    cookies: list[str],
    addresses: Address,
    queries: dict[str, int],
) -> None:
    """Starts the product, lets everybody click and says how long they waited."""
    from tests.servers import free_port

    port = free_port()
    command = [sys.executable, "-m", "huikuan.jobs.supervisor", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--workers", str(workers)]
    log = (home / "server.log").open("wb")
    server = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    database = postmaster()
    try:
        wait_for(port)
        begin = time.monotonic()
        before = [processor_seconds(server.pid), processor_seconds(database), time.process_time()]
        until = begin + RAMP_SECONDS + arguments.seconds
        persons = [Person(number, port, cookie, addresses, until) for number, cookie in enumerate(cookies)]
        for person in persons:
            person.start()
        for person in persons:
            person.join()
        after = [processor_seconds(server.pid), processor_seconds(database), time.process_time()]
        took = time.monotonic() - begin
    finally:
        server.terminate()
        server.wait()
    print(
        f"{arguments.rows:,} open items, {arguments.customers:,} customers, {arguments.users} users,"
        f" {workers} server processes, {arguments.seconds:.0f} s\n"
    )
    asked = report(persons, queries)
    used = [then - now for then, now in zip(after, before, strict=True)]
    names = ("server, worker and scheduler", "database", "clients")
    told = ", ".join(f"{name} {seconds / asked * 1000:.0f}" for name, seconds in zip(names, used, strict=True))
    busy = sum(used) / took / (os.cpu_count() or 1)
    print(f"Processor time, ms a request: {told}; {busy:.0%} of the machine's. {asked / took:.1f} requests a second.\n")


def wait_for(port: int) -> None:
    from huikuan.jobs.supervisor import answers

    for _ in range(600):
        if answers("127.0.0.1", port):
            time.sleep(PREPARING_SECONDS)
            return
        time.sleep(0.1)
    raise RuntimeError("the server did not start")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--workers", type=int, nargs="*", default=[1], help="server processes; a run for each")
    parser.add_argument("--quick", action="store_true", help="10,000 items, 1,000 customers, 10 users, 15 s")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.rows, arguments.customers, arguments.users, arguments.seconds = 10_000, 1_000, 10, 15
    from benchmarks._databases import pages_database

    with pages_database("load") as db:
        run(arguments, db)


if __name__ == "__main__":
    main()
