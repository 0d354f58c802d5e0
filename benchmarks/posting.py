"""Posting and applying per second: ``python -m benchmarks.posting [--seconds S] [--quick]``.

One customer's invoices and receipts, one by one and a thousand a transaction, through the services, on SQLite and on
PostgreSQL. Beside it the bare database: the same rows into the same tables without triggers, in as many transactions,
by the raw driver with prepared statements. Every commit reaches the disk. The last row posts while the sealer works.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import _databases

if TYPE_CHECKING:
    from benchmarks._bare import Bare

BATCH = 1000


class Desk:
    """The services at work for one customer; every call posts ``size`` things in one transaction."""

    def __init__(self) -> None:
        from benchmarks._bare import DAY, NOW
        from huikuan.services.customers import NewCustomer, add_customers, add_entity

        self.day, self.common = DAY, {"actor_id": None, "now": NOW}
        self.entity_id = add_entity("B", "Benchmark", "CNY", **self.common)
        new = [NewCustomer("C", "Customer")]
        self.account_id = add_customers(self.entity_id, new, source="manual", **self.common)["C"]
        self.numbers = itertools.count()
        self.items: list[int] = []
        self.receipts: list[int] = []

    def post_items(self, size: int = 1) -> None:
        from huikuan.services.items import NewItem, post_items

        new = [NewItem(self.account_id, f"I{next(self.numbers)}", self.day, self.day, "CNY", 100) for _ in range(size)]
        self.items += post_items(self.entity_id, new, **self.common)

    def post_receipts(self, size: int = 1) -> None:
        from huikuan.services.receipts import NewReceipt, post_receipts

        new = [NewReceipt(f"R{next(self.numbers)}", self.day, "CNY", 100, self.account_id) for _ in range(size)]
        self.receipts += post_receipts(self.entity_id, new, **self.common)

    def apply(self, size: int = 1) -> None:
        from huikuan.services.applications import Named, apply_receipt
        from huikuan.services.batches import ReceiptUse, apply_batch

        start = next(self.numbers)
        pairs = [
            (self.receipts[(start * size + n) % len(self.receipts)], self.items[(start * size + n) % len(self.items)])
            for n in range(size)
        ]
        if size == 1:
            [(receipt, item)] = pairs
            apply_receipt(self.entity_id, receipt, [Named(item, 1)], on=self.day, **self.common)
        else:
            uses = [ReceiptUse(receipt, (Named(item, 1),)) for receipt, item in pairs]
            apply_batch(self.entity_id, uses, on=self.day, **self.common)


def per_second(work: Callable[[], object], seconds: float, size: int = 1) -> float:
    """Things a second; a few calls to warm up do not count."""
    for _ in range(3):
        work()
    done, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        work()
        done += size
    return done / (time.perf_counter() - start)


def measure_services(fresh: Any, vendor: str, seconds: float) -> dict[str, float]:
    with fresh(vendor) as db:
        desk, found = Desk(), {}
        found["invoice, one by one"] = per_second(desk.post_items, seconds)
        found["receipt, one by one"] = per_second(desk.post_receipts, seconds)
        desk.post_items(5 * BATCH)
        desk.post_receipts(5 * BATCH)
        found["application, one by one"] = per_second(desk.apply, seconds)
        found[f"invoices, {BATCH} a transaction"] = per_second(lambda: desk.post_items(BATCH), seconds, BATCH)
        found[f"receipts, {BATCH} a transaction"] = per_second(lambda: desk.post_receipts(BATCH), seconds, BATCH)
        found[f"applications, {BATCH} a transaction"] = per_second(lambda: desk.apply(BATCH), seconds, BATCH)
        with sealer_at_work(db.url, db.home):
            found["invoice, one by one, sealer at work"] = per_second(desk.post_items, seconds)
    return found


def measure_bare(fresh: Any, vendor: str, seconds: float) -> dict[str, float]:
    from benchmarks._bare import Bare
    from huikuan.services.sources import source_id_of

    with fresh(vendor) as db:
        desk = Desk()
        bare = Bare(db, desk.entity_id, desk.account_id, source_id_of("manual"))
        numbers, found = itertools.count(1), {}
        found["invoice, one by one"] = per_second(lambda: bare.run(bare.item(next(numbers))), seconds)
        receipts = itertools.count(10**9)
        found["receipt, one by one"] = per_second(lambda: bare.run(bare.receipt(next(receipts))), seconds)
        bare.run_many([bare.item(next(numbers)) for _ in range(5 * BATCH)])
        bare.run_many([bare.receipt(next(receipts)) for _ in range(5 * BATCH)])
        measure_bare_batches(bare, numbers, receipts, seconds, found)
        found["invoice, one by one, sealer at work"] = found["invoice, one by one"]
        bare.connection.close()
    return found


def measure_bare_batches(
    bare: Bare, numbers: Iterator[int], receipts: Iterator[int], seconds: float, found: dict[str, float]
) -> None:
    entries = itertools.count(2 * 10**9)

    def application() -> Any:
        number = next(entries)
        return bare.application(number, 1 + number % 5000, 10**9 + number % 5000)

    found["application, one by one"] = per_second(lambda: bare.run(application()), seconds)
    for name, make in (
        ("invoices", lambda: bare.item(next(numbers))),
        ("receipts", lambda: bare.receipt(next(receipts))),
        ("applications", application),
    ):
        many = per_second(lambda make=make: bare.run_many([make() for _ in range(BATCH)]), seconds, BATCH)
        found[f"{name}, {BATCH} a transaction"] = many


class sealer_at_work:  # noqa: N801 (used as a context)
    """A process of its own that seals again as soon as it is done."""

    def __init__(self, url: str, home: Path) -> None:
        context = multiprocessing.get_context("spawn")
        self.process = context.Process(target=seal_forever, args=(url, str(home)), daemon=True)

    def __enter__(self) -> None:
        self.process.start()
        time.sleep(3)  # it has to start first

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.join()


def seal_forever(url: str, home: str) -> None:
    import os

    os.environ["DATABASE_URL"] = url
    _databases.set_up(Path(home))
    from datetime import UTC, datetime

    from huikuan.services.sealing import seal

    while True:
        seal(now=datetime.now(UTC))
        time.sleep(0.2)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5.0, help="for each figure")
    parser.add_argument("--quick", action="store_true", help="a second each")
    parser.add_argument("--vendor", choices=_databases.VENDORS, action="append")
    given = parser.parse_args(arguments)
    seconds = 1.0 if given.quick else given.seconds
    print("| posted per second | database | huikuan | bare database | share of it |\n|---|---|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        _databases.set_up(Path(folder))
        with _databases.servers(Path(folder)) as fresh:
            for vendor in given.vendor or _databases.VENDORS:
                ours = measure_services(fresh, vendor, seconds)
                bare = measure_bare(fresh, vendor, seconds)
                for name, rate in ours.items():
                    share = rate / bare[name]
                    print(f"| {name} | {vendor} | {rate:,.0f} | {bare[name]:,.0f} | {share:.2f} |", flush=True)


if __name__ == "__main__":
    main()
