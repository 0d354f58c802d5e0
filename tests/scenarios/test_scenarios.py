"""The stories of this folder and the tables of the ledger's design page, told on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.databases import LedgerDb
from tests.scenarios.runner import Story
from tests.simulation.invariants import check_invariants

FOLDER = Path(__file__).parent
DESIGN = FOLDER.parents[1] / "docs" / "design" / "ledger.md"
NOTES = DESIGN.with_name("notes.md")


@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.glob("*.md")))
def test_story(ledger_db: LedgerDb, name: str) -> None:
    assert Story(FOLDER / name).run() > 3
    check_invariants()


@pytest.mark.practice("D1", "D4", "D5", "D7", "D8")
def test_the_worked_numbers_of_the_design_page(ledger_db: LedgerDb) -> None:
    assert Story(DESIGN).run() > 80
    check_invariants()


@pytest.mark.practice("E1")
def test_the_worked_numbers_of_bills(ledger_db: LedgerDb) -> None:
    assert Story(NOTES).run() > 40
    check_invariants()
