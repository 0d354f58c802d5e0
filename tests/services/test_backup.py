"""Backups and restores: between both kinds of databases, of damaged files, killed at any moment."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from huikuan.config import environment
from huikuan.core.refusals import Refusal
from huikuan.core.retention import decide_kept
from huikuan.core.said import line_text
from huikuan.mirror.reader import database_snapshot
from huikuan.services import backup
from huikuan.services.archives import ArchiveReader
from huikuan.services.operations import is_outbox_held, release_outbox
from huikuan.services.sealing import seal
from huikuan.services.verifying import verify
from huikuan.store.dump import Table, read_lines, tables_here
from huikuan.store.models import AuditEvent, ExchangeRate, ScheduledRun, SealHead, WatchedFolder
from tests import databases
from tests.databases import LedgerDb, default_database
from tests.servers import ROOT
from tests.web.world import build_world

pytestmark = pytest.mark.practice("K6")
CHANGED_BY_RESTORE = {
    "store_sealhead",
    "store_auditevent",
    "store_installation",
    "store_scheduledjob",
    "store_watchedfolder",
    "store_reportschedule",
    "django_content_type",
    "auth_permission",
}


def fill(home: Path, now: datetime) -> None:
    """A ledger, a document, staged files, odd texts, a folder that is watched."""
    world = build_world()
    (home / "files" / "ab").mkdir(parents=True)
    (home / "files" / "ab" / "contract.pdf").write_bytes(b"%PDF" + bytes(range(256)))
    (home / "imports" / "x").mkdir(parents=True)
    (home / "imports" / "x" / "original.csv").write_text("客户\n")
    (home / "secret.key").write_text("the-key-of-this-house")
    ScheduledRun.objects.create(
        job="seal", started_at=now, line='tab\t, line\n, back\\slash, \\N, "回款" \r', host="h", pid=1
    )
    ExchangeRate.objects.create(currency="USD", base="CNY", valid_from=now.date(), rate="7.1234500001")
    WatchedFolder.objects.create(entity_id=world.cn, folder="/in", kind="items", feed="snapshot", created_at=now)


def run(*arguments: object, env: dict[str, str] | None = None, kill_after: float | None = None) -> tuple[int, str]:
    """``huikuan ...`` in a process of its own."""
    command = [sys.executable, "-m", "huikuan.cli.main", *map(str, arguments)]
    env = {**(env or os.environ), "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}", "DJANGO_SETTINGS_MODULE": "tests.settings"}
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        if kill_after is not None:
            time.sleep(kill_after)
            process.kill()
        out = process.communicate()[0]
        return process.returncode, out


NewTarget = Callable[[str], str]


@pytest.fixture
def new_target(request: pytest.FixtureRequest) -> Iterator[NewTarget]:
    """Makes an empty PostgreSQL database, or none for SQLite; gives its address."""
    made: list[str] = []

    def make(vendor: str) -> str:
        if vendor == "sqlite":
            return ""
        server: databases.Postgres = request.getfixturevalue("postgres")
        made.append(f"{server.prefix}_{uuid.uuid4().hex[:12]}")
        server.run("CREATE DATABASE {}", made[-1])
        return server.url_of(made[-1])

    yield make
    for name in made:
        request.getfixturevalue("postgres").run("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


def restore(archive: Path, home: Path, url: str = "", **options: Any) -> tuple[int, str]:
    return run("restore", archive, "--into", home, *(["--database-url", url] if url else []), **options)


def settings_of(home: Path, url: str) -> dict[str, Any]:
    return environment.postgres_settings(url) if url else environment.sqlite_settings(home / "huikuan.db")


def contents() -> dict[str, list[Any]]:
    """Every row of every table, JSON as what it means."""
    with database_snapshot():
        return {table.name: rows_of(table) for table in tables_here() if table.name not in CHANGED_BY_RESTORE}


def rows_of(table: Table) -> list[Any]:
    lines = b"".join(read_lines(table)).decode().splitlines()
    rows: list[list[Any]] = [line.split("\t") for line in lines]
    for index, (_, kind) in enumerate(table.columns):
        if kind == "json":
            for row in rows:
                row[index] = json.loads(row[index].replace("\\\\", "\\")) if row[index] != "\\N" else None
    return rows


@pytest.mark.parametrize("target", ["sqlite", "postgres"])
def test_everything_comes_back_on_either_database(
    ledger_db: LedgerDb, target: str, new_target: NewTarget, tmp_path: Path, now: datetime
) -> None:
    fill(ledger_db.home, now)
    made = backup.back_up(tmp_path / "all.zip", now=now)
    assert (made.path.stat().st_mode & 0o777) == 0o600
    before, epoch = contents(), SealHead.objects.get().epoch
    home, url = tmp_path / "elsewhere", new_target(target)
    code, out = restore(made.path, home, url)
    assert code == 0, out
    assert not (home / ".restoring").exists()
    assert (home / "files/ab/contract.pdf").read_bytes() == b"%PDF" + bytes(range(256))
    assert (home / "secret.key").read_text() == "the-key-of-this-house"
    assert (home / "imports/x/original.csv").exists()
    with default_database(settings_of(home, url), home):
        assert contents() == before
        report = verify()
        assert report.ok, [(check.name, check.detail) for check in report.checks if not check.ok]
        assert SealHead.objects.get().epoch != epoch
        assert is_outbox_held()
        assert not WatchedFolder.objects.get().is_active
        event = AuditEvent.objects.get(code="backup.restored")
        assert event.data["former_epoch"] == epoch
        go_on(now)
        assert release_outbox(actor_id=None, now=now)
        assert not release_outbox(actor_id=None, now=now)


def go_on(now: datetime) -> None:
    """The copy is a ledger that can be worked with: numbers go on, what is posted is sealed and proved."""
    from huikuan.services.customers import NewCustomer, add_customers, add_entity
    from huikuan.services.items import NewItem, post_items

    entity = add_entity("FR01", "Exemple SA", "EUR", actor_id=None, now=now)
    account = add_customers(entity, [NewCustomer("1", "Un")], source="erp", actor_id=None, now=now)["1"]
    day = now.date()
    item = NewItem(account, "F-1", day, day, "EUR", 100, document_number="F-1")
    post_items(entity, [item], actor_id=None, now=now)
    sealed = seal(now=now)
    assert sealed.sealed == 1
    assert verify().ok


def test_a_backup_taken_under_posting_is_of_one_moment(ledger_db: LedgerDb, tmp_path: Path, now: datetime) -> None:
    """Rows written while the tables are being copied are not in it."""
    fill(ledger_db.home, now)
    seen: list[str] = []

    def post_more(name: str) -> None:
        if name == "store_openitem":
            assert run("entity", "add", "LATE", "Late Ltd", "--currency", "EUR", env=ledger_db.env)[0] == 0
            seen.append(name)

    made = backup.back_up(tmp_path / "all.zip", now=now, progress=post_more)
    assert seen
    archive = ArchiveReader(made.path)
    audits = b"".join(archive.read("tables/store_entity"))
    assert b"LATE" not in audits
    assert b"CN01" in audits


def test_what_is_not_to_be_trusted_is_refused(sqlite_db: LedgerDb, tmp_path: Path, now: datetime) -> None:
    fill(sqlite_db.home, now)
    good = backup.back_up(tmp_path / "good.zip", now=now).path
    with pytest.raises(Refusal) as refused:
        backup.back_up(good, now=now)
    assert refused.value.code == "backup.exists"
    data = good.read_bytes()
    cut, bent, foreign = tmp_path / "cut.zip", tmp_path / "bent.zip", tmp_path / "foreign.zip"
    cut.write_bytes(data[: len(data) // 2])
    largest = max(zipfile.ZipFile(good).infolist(), key=lambda part: part.compress_size)
    middle = largest.header_offset + largest.compress_size // 2
    bent.write_bytes(data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :])
    foreign.write_text("no zip at all")
    rewritten(good, tmp_path / "exchanged.zip", "tables/store_posting", lambda text: text.replace(b"1", b"2", 1))
    rewritten(good, tmp_path / "newer.zip", "manifest.json", lambda text: text.replace(b'"format": 1', b'"format": 9'))
    rewritten(
        good, tmp_path / "later.zip", "manifest.json", lambda text: text.replace(b'"0002_triggers"', b'"9999_future"')
    )
    for name, words in (
        ("cut", "cannot be trusted"),
        ("bent", "cannot be trusted"),
        ("foreign", "cannot be trusted"),
        ("exchanged", "cannot be trusted"),
        ("newer", "newer version"),
        ("later", "newer version"),
    ):
        home = tmp_path / f"home-{name}"
        code, out = restore(tmp_path / f"{name}.zip", home)
        assert code == 65, (name, out)
        assert words in out, (name, out)
        assert not (home / "huikuan.db").exists()
    assert run("backup", good, "--check")[0] == 0
    assert run("backup", cut, "--check")[0] == 65


def rewritten(source: Path, target: Path, member: str, change: Callable[[bytes], bytes]) -> None:
    """A copy of an archive with one member changed."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for info in old.infolist():
            text = old.read(info)
            new.writestr(info, change(text) if info.filename == member else text)


def test_nothing_is_restored_over_anything(
    ledger_db: LedgerDb, new_target: NewTarget, tmp_path: Path, now: datetime
) -> None:
    fill(ledger_db.home, now)
    made = backup.back_up(tmp_path / "all.zip", now=now).path
    full = tmp_path / "full"
    full.mkdir()
    (full / "mine.txt").write_text("x")
    code, out = restore(made, full)
    assert (code, "is not empty" in out) == (65, True), out
    assert [path.name for path in full.iterdir()] == ["mine.txt"]
    if ledger_db.vendor == "postgres":
        code, out = restore(made, tmp_path / "other", ledger_db.url)
        assert (code, "the database is not empty" in out) == (65, True), out
        assert verify().ok


def test_a_killed_backup_leaves_nothing_called_one(sqlite_db: LedgerDb, tmp_path: Path, now: datetime) -> None:
    fill(sqlite_db.home, now)
    chance = random.Random(7)
    for number in range(3):
        target = tmp_path / f"{number}.zip"
        run("backup", target, env=sqlite_db.env, kill_after=0.4 + chance.random() * 2.5)
        if target.exists():
            ArchiveReader(target).check()
    code, out = run("backup", tmp_path / "last.zip", env=sqlite_db.env)
    assert code == 0, out


@pytest.mark.parametrize("target", ["sqlite", "postgres"])
def test_a_killed_restore_is_not_believed_and_can_be_made_again(
    sqlite_db: LedgerDb, target: str, new_target: NewTarget, tmp_path: Path, now: datetime
) -> None:
    fill(sqlite_db.home, now)
    made = backup.back_up(tmp_path / "all.zip", now=now).path
    chance = random.Random(11)
    for number in range(3):
        home, url = tmp_path / f"home-{number}", new_target(target)
        restore(made, home, url, kill_after=0.8 + chance.random() * 4)
        if home.exists() and (home / ".restoring").exists():
            env = {**os.environ, "HUIKUAN_HOME": str(home), **({"DATABASE_URL": url} if url else {})}
            code, out = run("verify", env=env)
            assert (code, "was begun here and not ended" in out) == (65, True), out
        if not (home / "huikuan.db").exists() and not url:
            shutil.rmtree(home / ".restoring" / "x", ignore_errors=True)
            code, out = restore(made, home)
            assert code == 0, out


def test_seven_days_four_weeks_twelve_months_are_kept(tmp_path: Path) -> None:
    start = datetime(2025, 1, 1, 2, 0, tzinfo=UTC)
    taken = [start + timedelta(days=number) for number in range(600)]
    kept = sorted(decide_kept(taken))
    assert kept[-1] == taken[-1]
    assert len(kept) == 7 + 3 + 11, "the newest of a week and of a month may be one of the last days"
    for at in taken:
        (tmp_path / f"huikuan-{at:%Y%m%dT%H%M%SZ}.zip").touch()
    (tmp_path / "huikuan-mine.zip").touch()
    assert backup.prune(tmp_path) == 600 - len(kept)
    assert (tmp_path / "huikuan-mine.zip").exists()
    assert decide_kept([start]) == {start}


def test_the_daily_backup_is_made_and_told(sqlite_db: LedgerDb, now: datetime, settings_dir: Path) -> None:
    fill(sqlite_db.home, now)
    line = backup.back_up_daily(now)
    assert line_text(line).startswith("huikuan-20260615T083000Z.zip: ")
    ArchiveReader(settings_dir / "huikuan-20260615T083000Z.zip").check()
    assert connection.vendor == "sqlite"


@pytest.fixture
def settings_dir(tmp_path: Path) -> Iterator[Path]:
    from django.test import override_settings

    with override_settings(BACKUP_DIR=tmp_path / "backups"):
        yield tmp_path / "backups"
