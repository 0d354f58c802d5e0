"""``kill -9`` at random moments of posting: what was answered is there, nothing is there in part or twice."""

from __future__ import annotations

from typing import Any

import pytest

from huikuan.services.sealing import seal
from huikuan.store.models import JournalEntry, OpenItem, Receipt, Seal
from tests.databases import LedgerDb
from tests.faults.harness import Killed, assert_verified, moments, run_worker
from tests.services.ledger import NOW, Ledger
from tests.simulation.invariants import check_invariants

WORKER = "tests.faults.poster"
TABLES: dict[str, Any] = {"items": OpenItem, "receipt": Receipt, "entry": JournalEntry}


def assert_promises_kept(killed: Killed) -> None:
    """Every id that was answered is in the database."""
    for line in killed.lines:
        word, *numbers = line.split()
        if word == "sealed":
            assert Seal.objects.filter(ledger_seq=int(numbers[0])).exists() or numbers == ["0"], line
        else:
            found = TABLES[word].objects.filter(id__in=map(int, numbers)).count()
            assert found == len(numbers), line


def kill_again_and_again(db: LedgerDb, kills: int, rounds: int) -> None:
    """Kills the worker at random moments, the same work begun anew each time; then lets it finish."""
    ledger = Ledger()
    arguments = (ledger.entity_id, ledger.accounts["C1"], kills, rounds)
    at_work = 0
    for moment in moments(seed=kills, count=kills, longest=1.2):
        killed = run_worker(db, WORKER, *arguments, kill_after=moment)
        at_work += killed.at_work
        assert_promises_kept(killed)
        check_invariants()
        assert_verified()
    finished = run_worker(db, WORKER, *arguments)
    assert_promises_kept(finished)
    items = [number for line in finished.lines if line.startswith("items") for number in line.split()[1:]]
    assert OpenItem.objects.count() == len(items) == len(set(items)), "every item once, however often it was sent"
    assert Receipt.objects.count() == rounds
    assert at_work > kills // 5, "too few kills met the worker at work"  # a quick machine is done before many of them
    seal(now=NOW)
    assert Seal.objects.count() == JournalEntry.objects.count()
    check_invariants()
    assert_verified()


@pytest.mark.practice("D9")
def test_killed_ten_times(ledger_db: LedgerDb) -> None:
    kill_again_and_again(ledger_db, kills=10, rounds=60)


@pytest.mark.soak
def test_killed_two_hundred_times(ledger_db: LedgerDb) -> None:
    kill_again_and_again(ledger_db, kills=200, rounds=400)
