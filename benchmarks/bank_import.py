"""A large bank file through the application: ``python -m benchmarks.bank_import [LINES] [--only FORMAT]``.

Kept by its hash, read, compared, posted as receipts and sealed, in a process of its own, on each kind of database; then
the same file once more, which adds nothing. Prints seconds by the clock and of the processor (the database server's own
not counted) and the peak of memory.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import bank_files

NOW = datetime(2027, 1, 15, 8, tzinfo=UTC)
ACCOUNTS = {
    "csv": ("31050100000000012345", "CNY"),
    "mt940": ("50880050/0194774600888", "EUR"),
    "camt.053": ("DE89370400440532013000", "EUR"),
    "bai2": ("123456", "USD"),
    "ofx": ("123456", "USD"),
}


def child(path: Path, name: str) -> None:
    """Imports the file twice; says how long it took and how much memory."""
    import django

    django.setup()
    from huikuan.services.bank_accounts import NewAccount, add_account
    from huikuan.services.bank_files import BankFile
    from huikuan.services.bank_uploads import keep_upload, work_upload
    from huikuan.services.customers import add_entity

    who: dict[str, Any] = {"actor_id": None, "now": NOW}
    number, currency = ACCOUNTS[name]
    add_account(add_entity("BENCH", "Bench", currency, **who), NewAccount("Main", number), **who)
    before, told = _peak(), []
    for _ in range(2):
        clock, processor = time.perf_counter(), time.process_time()
        (outcome,) = work_upload(keep_upload([BankFile(path.name, path=path)], **who), **who)
        spent = (time.perf_counter() - clock, time.process_time() - processor)
        told.append((outcome.state, outcome.lines_new, outcome.lines_known, *spent, _peak()))
    print(json.dumps([before, told]))


def _peak() -> float:
    """MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else "")
    parser.add_argument("lines", nargs="?", type=int, default=1_000_000)
    parser.add_argument("--only", choices=sorted(ACCOUNTS))
    parser.add_argument("--database", choices=("sqlite", "postgres"))
    parser.add_argument("--quick", action="store_true", help="ten thousand lines")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        child(Path(asked.child[0]), asked.child[1])
        return
    lines = 10_000 if asked.quick else asked.lines
    print("| format | database | file | state | lines new | known | clock s | processor s | lines/s | peak MiB |")
    print("|---|---|---:|---|---:|---:|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory(prefix="huikuan-bank-") as folder:
        run(Path(folder), lines, asked.only, asked.database)


def run(folder: Path, lines: int, only: str | None, database: str | None) -> None:
    """Each format on each kind of database."""
    from benchmarks._databases import VENDORS, servers, set_up

    home = folder / "home"
    home.mkdir()
    set_up(home)
    with servers(folder) as fresh:
        for name in ACCOUNTS if only is None else (only,):
            path = folder / f"big.{name}"
            with path.open("w", encoding="utf-8") as stream:
                stream.writelines(bank_files.FORMATS[name](lines))
            for vendor in VENDORS if database is None else (database,):
                with fresh(vendor) as db:
                    command = [sys.executable, "-m", "benchmarks.bank_import", "--child", str(path), name]
                    done = subprocess.run(command, env=db.env, capture_output=True, text=True, check=False)
                if done.returncode:
                    sys.exit(done.stderr)
                begun, told = json.loads(done.stdout)
                print(f"<!-- {begun:,.0f} MiB before -->", file=sys.stderr)
                size = path.stat().st_size / (1 << 20)
                for state, new, known, clock, processor, peak in told:
                    speed = lines / processor
                    print(
                        f"| {name} | {vendor} | {size:,.0f} MiB | {state} | {new:,} | {known:,} | {clock:,.1f} |"
                        f" {processor:,.1f} | {speed:,.0f} | {peak:,.0f} |",
                        flush=True,
                    )
            path.unlink()


if __name__ == "__main__":
    main()
