"""The ledger under random work, on both databases; long runs under ``make soak``."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from huikuan.store.models import Entity
from tests import databases
from tests.simulation.machine import Books

Fresh = Callable[[], contextlib.AbstractContextManager[databases.LedgerDb]]
QUIET = {"deadline": None, "suppress_health_check": list(HealthCheck), "print_blob": True}


@pytest.fixture(params=["sqlite", "postgres"])
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Fresh:
    """Gives a new database each time it is called: a history that was tried does not weigh on the next."""
    count = iter(range(10**6))

    def make() -> contextlib.AbstractContextManager[databases.LedgerDb]:
        home = tmp_path / str(next(count))
        home.mkdir()
        if request.param == "sqlite":
            return databases.fresh_sqlite(request.getfixturevalue("sqlite_template"), home)
        return request.getfixturevalue("postgres").fresh(home)

    return make


def simulate(fresh: Fresh, examples: int, steps: int) -> set[str]:
    """Runs histories; gives the codes of all refusals met."""
    met: set[str] = set()

    class OnAFreshDatabase(Books):
        def __init__(self) -> None:
            super().__init__()
            self.stack = contextlib.ExitStack()
            self.stack.enter_context(fresh())

        def teardown(self) -> None:
            met.update(self.refusals)
            self.stack.close()

    run_state_machine_as_test(
        OnAFreshDatabase,
        settings=settings(max_examples=examples, stateful_step_count=steps, database=None, **QUIET),  # type: ignore[arg-type]
    )
    return met


@pytest.mark.practice("D2", "D4", "D5")
def test_random_histories(fresh: Fresh) -> None:
    simulate(fresh, examples=8, steps=25)


@pytest.mark.soak
def test_many_random_histories(fresh: Fresh) -> None:
    met = simulate(fresh, examples=300, steps=60)
    print(sorted(met))
    assert len(met) > 12
    with fresh():
        assert not Entity.objects.exists()
