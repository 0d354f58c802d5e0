"""The product runs on its locked packages alone: nothing the tests bring with them is needed by it."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.databases import LedgerDb

ROOT = Path(__file__).resolve().parents[2]
ITEMS = """item_id,customer_id,customer_name,document_date,due_date,currency,amount,settled_date
INV-1,C1,上海示例有限公司,2026-01-05,2026-02-04,CNY,1234.50,
INV-2,C1,上海示例有限公司,2026-01-06,2026-02-05,CNY,99.99,2026-02-10
INV-3,C2,Example Ltd,2026-01-07,2026-02-06,EUR,10.00,
"""
PROGRAM = """
import sys

hidden = set({hidden!r})


class Hide:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in hidden:
            raise ModuleNotFoundError(f"{{name}} is not among the locked packages", name=name)


sys.meta_path.insert(0, Hide())
sys.argv[0] = "huikuan"
from huikuan.cli.main import main

main()
"""


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def locked_packages() -> set[str]:
    """What ``requirements.lock`` installs, and the product itself."""
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    return {canonical(line.partition("==")[0]) for line in lines if "==" in line and line[0].isalpha()} | {"huikuan"}


def unlocked_modules() -> list[str]:
    locked = locked_packages()
    found = packages_distributions().items()
    return sorted(module for module, packages in found if not locked & {canonical(name) for name in packages})


def run(db: LedgerDb, *arguments: str | Path) -> str:
    command = [sys.executable, "-c", PROGRAM.format(hidden=unlocked_modules()), *map(str, arguments)]
    done = subprocess.run(command, env=db.env, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_something_is_hidden() -> None:
    hidden = unlocked_modules()
    assert {"pandas", "pytest", "polars"} <= set(hidden)
    assert not {"django", "pyarrow", "duckdb", "huikuan"} & set(hidden)


@pytest.mark.practice("K5")
def test_the_main_job_runs_on_locked_packages(ledger_db: LedgerDb, tmp_path: Path) -> None:
    items, sheet = tmp_path / "items.csv", tmp_path / "ageing.xlsx"
    items.write_text(ITEMS)
    assert "not_due" in run(ledger_db, "age", items, "--as-of", "2026-01-31", "--json")
    run(ledger_db, "entity", "add", "CN01", "上海", "--currency", "CNY")
    run(ledger_db, "ledger", "rate", "EUR", "7.8", "--from", "2026-01-01")
    run(ledger_db, "import", "items", items, "--entity", "CN01")
    run(ledger_db, "seal")
    run(ledger_db, "age", "--as-of", "2026-03-31", "--wide", "-o", sheet)
    run(ledger_db, "verify")
    assert sheet.stat().st_size > 1000
