"""The test databases themselves: fresh, fast, append-only, the same for every thread and process."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest
from django.conf import settings
from django.db import connection, connections

from huikuan.store.parties import Entity
from tests.databases import LedgerDb


@pytest.mark.parametrize("turn", range(3))
def test_each_test_gets_an_empty_database(ledger_db: LedgerDb, turn: int) -> None:
    assert Entity.objects.count() == 0
    Entity.objects.create(code=f"E{turn}", name="Test", currency="CNY")
    assert connection.vendor == {"sqlite": "sqlite", "postgres": "postgresql"}[ledger_db.vendor]
    assert ledger_db.home == settings.HUIKUAN_HOME
    assert settings.MIRROR_DIR.parent == ledger_db.home


def test_other_threads_see_the_same_database(ledger_db: LedgerDb) -> None:
    Entity.objects.create(code="E", name="Test", currency="CNY")
    seen: list[str] = []

    def look() -> None:
        seen.extend(Entity.objects.values_list("code", flat=True))
        connections.close_all()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == ["E"]


def test_other_processes_see_the_same_database(ledger_db: LedgerDb) -> None:
    Entity.objects.create(code="E", name="Test", currency="CNY")
    program = "from huikuan.store.parties import Entity; print(Entity.objects.get().code)"
    command = [sys.executable, "-m", "huikuan.cli.main", "django", "shell", "--no-imports", "-c", program]
    done = subprocess.run(command, env=ledger_db.env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "E"
