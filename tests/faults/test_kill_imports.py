"""An import killed at any moment: either nothing of it is there or all of it, and it can be posted again."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from huikuan.services import imports
from huikuan.services.customers import add_entity
from huikuan.services.imports_batches import get_batch, sweep
from huikuan.store.models import ImportBatch, JournalEntry, OpenItem
from tests.databases import LedgerDb
from tests.faults.harness import assert_verified, moments, run_worker
from tests.faults.importer import NOW

ROWS = 4_000


def write_items(path: Path) -> None:
    head = "item_id,customer_id,document_date,due_date,currency,amount,settled_date\n"
    rows = (
        f"I{number},C{number % 97},2026-01-05,2026-02-05,CNY,{number + 1}.00,{'2026-03-01' if number % 3 else ''}\n"
        for number in range(ROWS)
    )
    path.write_text(head + "".join(rows), encoding="utf-8")


def kill_imports(db: LedgerDb, path: Path, kills: int) -> int:
    """Kills imports at random moments, each under a source of its own; gives how many were killed at work."""
    add_entity("E1", "E1", "CNY", actor_id=None, now=NOW)
    write_items(path)
    started = time.monotonic()
    run_worker(db, "tests.faults.importer", path, "whole")
    longest = time.monotonic() - started
    killed = 0
    for number, moment in enumerate(moments(11, kills, longest)):
        worker = run_worker(db, "tests.faults.importer", path, f"s{number}", kill_after=moment)
        killed += worker.at_work
        rows = OpenItem.objects.filter(source__code=f"s{number}").count()
        assert rows in (0, ROWS), "half an import"
        if any(line.startswith("posted") for line in worker.lines):
            assert rows == ROWS, "an import that was promised is lost"
        entries = JournalEntry.objects.filter(source__code=f"s{number}").count()
        assert entries in (0, ROWS + ROWS - (ROWS + 2) // 3)
        batch = ImportBatch.objects.filter(source__code=f"s{number}").last()
        if batch is not None:
            found = get_batch(batch.id)
            assert found.state == ("published" if rows else "staged")
            if found.state == "staged" and "rows_good" in found.summary and number % 2:
                imports.publish(batch_id=batch.id, actor_id=None, now=NOW)
                assert OpenItem.objects.filter(source__code=f"s{number}").count() == ROWS
    return killed


@pytest.mark.practice("K7", "D9")
def test_an_import_killed_at_any_moment_is_whole_or_not_there(ledger_db: LedgerDb, tmp_path: Path) -> None:
    kill_imports(ledger_db, tmp_path / "items.csv", 5)
    assert_verified()
    kept = {batch.folder for batch in ImportBatch.objects.exclude(state="discarded")}
    sweep(datetime.now(UTC) + timedelta(hours=2))
    found = {f"imports/{folder.name}" for folder in (ledger_db.home / "imports").iterdir()}
    assert found <= kept, "folders nobody knows of are removed"


@pytest.mark.soak
def test_imports_killed_a_hundred_times(ledger_db: LedgerDb, tmp_path: Path) -> None:
    assert kill_imports(ledger_db, tmp_path / "items.csv", 100) > 30
    assert_verified()
