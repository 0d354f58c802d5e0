"""Segments: what nobody names is taken away in time, and nothing a writer beside still needs."""

from __future__ import annotations

import os
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections

from huikuan.mirror import segments
from huikuan.mirror.tables import TABLES
from huikuan.services.sealing import seal
from huikuan.services.verifying import verify
from huikuan.store.models import Segment
from tests.databases import LedgerDb
from tests.services.ledger import Ledger

pytestmark = pytest.mark.practice("D9")
AHEAD = datetime(2199, 6, 15, 12, 0, tzinfo=UTC)
"""A clock far before the one by which the machine dates its files."""


@pytest.fixture
def ledger(ledger_db: LedgerDb, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    monkeypatch.setattr(segments, "PAY_FROM", 1)
    monkeypatch.setattr(segments, "MERGE_FROM", 4)
    return Ledger()


def files() -> set[str]:
    return {path.name for path in segments.mirror_folder().iterdir()}


def test_what_nobody_names_goes_when_it_is_old(ledger: Ledger) -> None:
    ledger.item(1)
    seal(now=AHEAD)
    folder = segments.mirror_folder()
    now = next(folder.iterdir()).stat().st_mtime
    for name, age in (("old.parquet", 3700), ("old.parquet.tmp", 3700), ("young.parquet.tmp", 3500)):
        (folder / name).write_bytes(b"")
        os.utime(folder / name, (now - age, now - age))
    segments.remove_replaced(now=AHEAD)
    assert files() == {"young.parquet.tmp", *Segment.objects.values_list("file_name", flat=True)}
    assert verify().ok


def test_replaced_segments_stay_an_hour(ledger: Ledger) -> None:
    for _ in range(4):
        ledger.item(1)
        seal(now=AHEAD)
    replaced = set(Segment.objects.filter(replaced_by__isnull=False).values_list("file_name", flat=True))
    assert len(replaced) == 4 * len(TABLES)
    assert replaced < files()
    segments.remove_replaced(now=AHEAD + timedelta(minutes=61))
    assert not replaced & files()
    assert verify().ok


def test_writers_at_once_leave_each_other_their_drafts(ledger: Ledger) -> None:
    errors: list[Exception] = []

    def write(name: str) -> None:
        try:
            for number in range(25):
                ledger.item(1, external_id=f"{name}-{number}")
                seal(now=AHEAD)
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    writers = [threading.Thread(target=write, args=(name,)) for name in "abc"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(600)
    assert errors == []
    assert verify().ok
