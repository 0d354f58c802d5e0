"""What it costs a rep to see 10,000 of 20,000 customers: reading the accounts in reach, and cutting a million rows to
them. In milliseconds, the best of five."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import duckdb

ACCOUNTS, ROWS = 20_000, 1_000_000


def best(work: Callable[[], object]) -> float:
    times = []
    for _ in range(5):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return round(min(times) * 1000, 1)


def frame_of_a_rep() -> tuple[Callable[[], Any], Any]:
    """A fresh SQLite database in which every second customer is a rep's own: asks for the frame, and the frame."""
    import django
    from django.core.management import call_command

    django.setup()
    from huikuan.queries.frame import resolve_frame
    from huikuan.store.models import Customer, CustomerAccount, Entity, RoleGrant, User

    call_command("migrate", verbosity=0)
    now = datetime(2026, 11, 21, tzinfo=UTC)
    entity = Entity.objects.create(code="E1", name="One", currency="CNY")
    rep = User.objects.create_user("rep")
    RoleGrant.objects.create(user=rep, entity=entity, role="sales_rep", reach="own", granted_at=now)
    customers = Customer.objects.bulk_create(Customer(name=f"Customer {n}") for n in range(ACCOUNTS))
    CustomerAccount.objects.bulk_create(
        CustomerAccount(customer=one, entity=entity, owner=rep if n % 2 else None, created_at=now)
        for n, one in enumerate(customers)
    )
    return lambda: resolve_frame(rep, now=now), resolve_frame(rep, now=now)


def main(arguments: Sequence[str] | None = None) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "huikuan.config.settings")
    os.environ["HUIKUAN_HOME"] = tempfile.mkdtemp(prefix="huikuan-reach-")
    ask, frame = frame_of_a_rep()
    from huikuan.queries.facts import read_facts

    con = duckdb.connect()
    con.execute(
        f"CREATE TABLE rows AS SELECT 1 AS entity_id, 1 + range % {ACCOUNTS} AS account_id, range AS minor"
        f" FROM range({ROWS})"
    )
    with read_facts(frame) as facts:
        con.register("reached", facts.reached)
        where = facts.mine

    def reach() -> None:
        with read_facts(frame) as facts:
            assert facts.scope

    every = "SELECT sum(minor) FROM rows"
    print("| step | ms |\n|---|---:|")
    print(f"| entities and roles of a person | {best(ask)} |")
    print(f"| {ACCOUNTS // 2:,} accounts in reach and their digest | {best(reach)} |")
    print(f"| sum of {ROWS:,} rows, all of them | {best(lambda: con.execute(every).fetchall())} |")
    print(f"| the same, those in reach | {best(lambda: con.execute(f'{every} WHERE {where}').fetchall())} |")


if __name__ == "__main__":
    main()
