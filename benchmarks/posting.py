"""Posting and applying per second: ``python -m benchmarks.posting [--seconds S] [--quick]``.

One customer's invoices and receipts, one by one and a thousand a transaction, through the services, on SQLite and on
PostgreSQL. Beside it the bare database: the same rows into the same tables without triggers, in as many transactions,
by the raw driver with prepared statements. Every commit reaches the disk. The last rows post without and with a
sealer beside them.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import _databases

if TYPE_CHECKING:
    from benchmarks._bare import Bare

BATCH = 1000
FIRST = 5000
"""Items and receipts there are before measuring."""
RECEIPTS = 10**9
"""From here on the bare database numbers its receipts and their entries."""


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


Work = Callable[[], object]
SLICES = 5


def per_second(ours: Work, bare: Work, seconds: float, size: int) -> tuple[float, float]:
    """Things a second, of us and of the bare database: in turns, so that both meet the same disk; the median turn."""
    rates: tuple[list[float], list[float]] = ([], [])
    for turn in range(SLICES + 1):
        for work, found in zip((ours, bare), rates, strict=True):
            done, start = 0, time.perf_counter()
            while done < size or time.perf_counter() - start < seconds / SLICES:
                work()
                done += size
            if turn:  # the first is for warming up
                found.append(done / (time.perf_counter() - start))
    return statistics.median(rates[0]), statistics.median(rates[1])


def measure(fresh: Any, vendor: str, seconds: float) -> Iterator[tuple[str, float, float]]:
    """Each figure: what was posted, ours, the bare database's."""
    from benchmarks._bare import Bare
    from huikuan.services.sources import source_id_of

    with fresh(vendor) as bare_db:
        other = Desk()
        bare = Bare(bare_db, other.entity_id, other.account_id, source_id_of("manual"))
        with fresh(vendor) as db:
            desk = Desk()
            yield from measure_pairs(desk, bare, seconds)
            yield from measure_sealing(desk, bare, db, seconds)
        bare.connection.close()


def measure_sealing(desk: Desk, bare: Bare, db: Any, seconds: float) -> Iterator[tuple[str, float, float]]:
    """The same work without and with a sealer beside it, once what was posted so far is sealed."""
    from datetime import UTC, datetime

    from huikuan.services.sealing import seal

    seal(now=datetime.now(UTC))

    def work() -> None:
        bare.run(bare.item(next(bare.numbers)))

    yield "invoice, one by one, all else sealed", *per_second(desk.post_items, work, seconds, 1)
    with sealer_at_work(db.url, db.home):
        yield "the same, sealer every two seconds", *per_second(desk.post_items, work, seconds, 1)


def measure_pairs(desk: Desk, bare: Bare, seconds: float) -> Iterator[tuple[str, float, float]]:
    def one(make: Callable[[], Any]) -> Work:
        return lambda: bare.run(make())

    def many(make: Callable[[], Any]) -> Work:
        return lambda: bare.run_many([make() for _ in range(BATCH)])

    def item() -> Any:
        return bare.item(next(bare.numbers))

    def receipt() -> Any:
        return bare.receipt(RECEIPTS + next(bare.numbers))

    entries = itertools.count(2 * RECEIPTS)

    def application() -> Any:
        number = next(entries)
        return bare.application(number, 1 + number % FIRST, RECEIPTS + FIRST + 1 + number % FIRST)

    desk.post_items(FIRST)
    desk.post_receipts(FIRST)
    bare.run_many([item() for _ in range(FIRST)])
    bare.run_many([receipt() for _ in range(FIRST)])
    for name, ours, make in (
        ("invoice", desk.post_items, item),
        ("receipt", desk.post_receipts, receipt),
        ("application", desk.apply, application),
    ):
        yield f"{name}, one by one", *per_second(ours, one(make), seconds, 1)
    for name, ours, make in (
        ("invoices", desk.post_items, item),
        ("receipts", desk.post_receipts, receipt),
        ("applications", desk.apply, application),
    ):
        work = functools.partial(ours, BATCH)
        yield f"{name}, {BATCH} a transaction", *per_second(work, many(make), seconds, BATCH)


class sealer_at_work:  # noqa: N801 (used as a context)
    """A process of its own that seals every two seconds, as the scheduler does."""

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
        time.sleep(2)


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
                for name, ours, bare in measure(fresh, vendor, seconds):
                    print(f"| {name} | {vendor} | {ours:,.0f} | {bare:,.0f} | {ours / bare:.2f} |", flush=True)


if __name__ == "__main__":
    main()
