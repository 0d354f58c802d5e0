"""Ageing as of the past: ``python -m benchmarks.age [--rows N ...] [--data FOLDER] [--quick | --large]``.

Items with 1.6 applications each in Parquet files, aged by customer and currency as of a day two years in. Next to the
engine: the same sums in hand-written SQL on the same DuckDB (the least that gives the same totals), and in Polars and
pandas as one would write them. Each measurement is a process of its own, repeated in turn; first runs count as well.
All but pandas (floats) are exact, and all totals are compared.
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
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

AS_OF = date(2025, 6, 30)
BOUNDS = (0, 30, 60, 90)
SIZES = (10_000, 100_000, 1_000_000)
LARGE = (10_000_000,)
QUICK = (10_000, 100_000)
PANDAS_MAX = 1_000_000
"""Beyond this pandas needs more memory than is fair to ask of the machine."""

NAMES = {
    "raw": "hand-written SQL on DuckDB",
    "engine": "`engines.age.age`",
    "known": "`engines.age.age` with known-on",
    "polars": "Polars, lazy",
    "pandas": "pandas (floats)",
    "cli": "`huikuan age ... -o out.parquet`, whole process",
}


def raw(items: Path, applications: Path) -> tuple[Decimal, int]:
    from huikuan.engines.age import open_duckdb

    buckets = " ".join(
        f"WHEN due_date >= DATE '{AS_OF - timedelta(days=bound)}' THEN {place}" for place, bound in enumerate(BOUNDS)
    )
    with open_duckdb() as con:
        table = con.sql(
            f"""
            SELECT customer_id, currency, CASE {buckets} ELSE 4 END AS bucket,
                sum(amount - coalesce(applied, 0)) AS owed
            FROM '{items}' LEFT JOIN (
                SELECT item_id, sum(amount) AS applied FROM '{applications}' WHERE posting_date <= DATE '{AS_OF}'
                GROUP BY item_id
            ) USING (item_id) WHERE posting_date <= DATE '{AS_OF}' GROUP BY ALL ORDER BY ALL
            """
        ).to_arrow_table()
    return _total(table, "owed"), table.num_rows


def engine(items: Path, applications: Path) -> tuple[Decimal, int]:
    from huikuan.engines.age import age

    table = age(items, applications, as_of=AS_OF)
    return _total(table, "open_amount"), table.num_rows


def known(items: Path, applications: Path) -> tuple[Decimal, int]:
    from huikuan.engines.age import age

    table = age(items, applications, as_of=AS_OF, known_on=AS_OF)
    return _total(table, "open_amount"), table.num_rows


def polars(items: Path, applications: Path) -> tuple[Decimal, int]:
    import polars as pl

    applied = (
        pl.scan_parquet(applications)
        .filter(pl.col("posting_date") <= AS_OF)
        .group_by("item_id")
        .agg(pl.col("amount").sum().alias("applied"))
    )
    bucket = pl.lit(len(BOUNDS))
    for place, bound in reversed(list(enumerate(BOUNDS))):
        bucket = pl.when(pl.col("due_date") >= AS_OF - timedelta(days=bound)).then(place).otherwise(bucket)
    table = (
        pl.scan_parquet(items)
        .filter(pl.col("posting_date") <= AS_OF)
        .join(applied, on="item_id", how="left")
        .with_columns(bucket.alias("bucket"), (pl.col("amount") - pl.col("applied").fill_null(0)).alias("owed"))
        .filter(pl.col("owed") != 0)
        .group_by("customer_id", "currency", "bucket")
        .agg(pl.col("owed").sum(), pl.len().alias("items"))
        .sort("customer_id", "currency", "bucket")
        .collect()
    )
    return Decimal(table["owed"].sum()), table.height


def pandas(items: Path, applications: Path) -> tuple[Decimal, int]:
    import numpy as np
    import pandas as pd
    import pyarrow.parquet as pq

    def read(path: Path, *columns: str) -> Any:
        table = pq.read_table(path, columns=[*columns, "posting_date", "amount"])
        amount = table.column("amount").cast("float64")
        return table.set_column(table.column_names.index("amount"), "amount", amount).to_pandas()

    owed, applied = read(items, "item_id", "customer_id", "currency", "due_date"), read(applications, "item_id")
    owed, applied = owed[owed.posting_date <= AS_OF], applied[applied.posting_date <= AS_OF]
    owed = owed.join(applied.groupby("item_id").amount.sum().rename("applied"), on="item_id")
    owed["owed"] = (owed.amount - owed.applied.fillna(0)).round(4)
    days = (pd.Timestamp(AS_OF) - pd.to_datetime(owed.due_date)).dt.days
    owed["bucket"] = np.searchsorted(BOUNDS, days)
    table = owed[owed.owed != 0].groupby(["customer_id", "currency", "bucket"]).owed.agg(["sum", "count"])
    return Decimal(str(round(float(table["sum"].sum()), 2))), len(table)


def make(items: Path, applications: Path) -> tuple[Decimal, int]:
    """The files are made on the way here; how many applications there are."""
    import pyarrow.parquet as pq

    return Decimal(0), pq.read_metadata(applications).num_rows


def cli(items: Path, applications: Path) -> tuple[Decimal, int]:
    import pyarrow.parquet as pq

    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.parquet"
        command = [sys.executable, "-m", "huikuan.cli.main", "age", str(items), "--applications", str(applications)]
        subprocess.run(
            [*command, "--as-of", str(AS_OF), "-o", str(out)], check=True, stdout=subprocess.DEVNULL, env=os.environ
        )
        table = pq.read_table(out)
    return _total(table, "open_amount"), table.num_rows


def _total(table: Any, column: str) -> Decimal:
    import pyarrow.compute as pc

    total = pc.sum(table.column(column)).as_py()
    assert isinstance(total, Decimal)
    return total


def measure(method: str, items: Path, applications: Path, runs: int) -> dict[str, Any]:
    """Runs one method in this process: seconds (by the clock, and busy on all cores), peak memory, what it found."""
    call: Callable[[Path, Path], tuple[Decimal, int]] = globals()[method]
    who = resource.RUSAGE_CHILDREN if method == "cli" else resource.RUSAGE_SELF
    seconds, busy, found = [], [], None
    for _ in range(runs):
        started, used = time.perf_counter(), resource.getrusage(who)
        found = call(items, applications)
        seconds.append(time.perf_counter() - started)
        now_used = resource.getrusage(who)
        busy.append(now_used.ru_utime + now_used.ru_stime - used.ru_utime - used.ru_stime)
    assert found is not None
    return {
        "seconds": seconds,
        "busy": busy,
        "peak_mb": resource.getrusage(who).ru_maxrss // 1024,
        "total": str(found[0]),
        "rows": found[1],
    }


def _apart(method: str, rows: int, folder: Path, runs: int) -> dict[str, Any]:
    arguments = ["--measure", method, "--rows", str(rows), "--data", str(folder), "--runs", str(runs)]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.age", *arguments], check=True, stdout=subprocess.PIPE, text=True
    )
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def _rounds(rows: int, folder: Path) -> dict[str, dict[str, Any]]:
    """All methods, three rounds of them in turn, so that what else the machine does falls on all alike."""
    found: dict[str, dict[str, Any]] = {}
    small = rows <= PANDAS_MAX
    for turn in range(3):
        for method in NAMES:
            if (method == "pandas" and not small) or (method == "cli" and not small and turn):
                continue
            one = _apart(method, rows, folder, 3 if small and method != "cli" else 1)
            kept = found.setdefault(method, {**one, "seconds": [], "busy": []})
            kept["seconds"] += one["seconds"]
            kept["busy"] += one["busy"]
            kept["peak_mb"] = max(kept["peak_mb"], one["peak_mb"])
    return found


def report(sizes: list[int], folder: Path) -> None:
    """Measures all methods at all sizes and prints the Markdown table."""
    print("| items | applications | method | median s | min s | × raw | processor s | peak MB |")
    print("|---:|---:|---|---:|---:|---:|---:|---:|", flush=True)
    for rows in sizes:
        applied = _apart("make", rows, folder, 1)["rows"]  # apart too: a child's peak starts at its parent's
        found = _rounds(rows, folder)
        base = statistics.median(found["raw"]["seconds"])
        for method, one in found.items():
            median = statistics.median(one["seconds"])
            cells = [f"{rows:,}", f"{applied:,}", NAMES[method], f"{median:.3f}", f"{min(one['seconds']):.3f}"]
            cells += [f"{median / base:.2f}", f"{statistics.median(one['busy']):.2f}", f"{one['peak_mb']:,}"]
            print(f"| {' | '.join(cells)} |", flush=True)
        totals = {Decimal(one["total"]).quantize(Decimal("0.01")) for one in found.values()}
        if len(totals) != 1:
            raise SystemExit(f"the methods disagree on the total: {totals}")


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, action="append", help="items; may be given several times")
    parser.add_argument("--quick", action="store_true", help="small sizes only")
    parser.add_argument("--large", action="store_true", help="ten million items as well")
    parser.add_argument("--data", type=Path, help="where the generated files are kept (a temporary folder)")
    parser.add_argument("--measure", choices=[*NAMES, "make"], help=argparse.SUPPRESS)
    parser.add_argument("--runs", type=int, default=1, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.measure:
        from benchmarks._ageing_data import make_files

        print(json.dumps(measure(given.measure, *make_files(given.data, given.rows[0]), given.runs)))
        return
    with tempfile.TemporaryDirectory() as folder:
        report(
            given.rows or [*(QUICK if given.quick else SIZES), *(LARGE if given.large else ())],
            given.data or Path(folder),
        )


if __name__ == "__main__":
    main()
