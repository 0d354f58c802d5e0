"""What every test can ask for: fresh databases, a fixed clock, sample files, a live server, a real browser."""

from __future__ import annotations

import gc
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

import hypothesis
import pytest
from hypothesis.internal.conjecture import providers

# Where Python is told to keep nothing of what it compiles (containers are), each of the some hundred processes of a run
# would compile everything anew: 1.3 s of processor time each.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Before anything loads the settings: tests never touch the home folder or the database of whoever runs them.
GIVEN_URL = os.environ.pop("DATABASE_URL", "")
os.environ["HUIKUAN_HOME"] = tempfile.mkdtemp(prefix="huikuan-test-home-")
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
# The browser's driver keeps an event loop in the test's thread; the database is used from there all the same.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

import django  # noqa: E402

django.setup()

from tests import browsers, databases, servers  # noqa: E402

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

# The same examples in every run, however busy the machine (others: --hypothesis-profile=default).
hypothesis.settings.register_profile(
    "huikuan",
    derandomize=True,
    database=None,
    deadline=None,
    print_blob=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("huikuan")


def _take_no_constants() -> None:
    """Examples are drawn from the constants of our modules too, of those that happen to be loaded by then: which these
    are depends on the tests a worker had before. Without them the examples are the same in every run."""

    def none() -> object:
        return providers._local_constants

    assert not len(none()), "some were taken already"
    if hypothesis.settings.get_current_profile_name() == "huikuan":
        mock.patch.object(providers, "_get_local_constants", none).start()


VENDORS: tuple[databases.Vendor, ...] = ("sqlite", "postgres")


class Herald:
    """Says at once which test failed: in a run of ten minutes between dots, its end is late for that."""

    def __init__(self, terminal: pytest.TerminalReporter) -> None:
        self.terminal = terminal

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and self.terminal.verbosity <= 0:
            self.terminal.write(f"\nFAILED {report.nodeid} ({report.when})\n", red=True)


def pytest_sessionstart(session: pytest.Session) -> None:
    """What is loaded by now stays: a quarter of a run's processor time went into looking for garbage among it."""
    terminal = session.config.pluginmanager.get_plugin("terminalreporter")
    if terminal is not None:  # workers have none
        session.config.pluginmanager.register(Herald(terminal))
    _take_no_constants()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """The process that started the run removes what its workers shared."""
    shutil.rmtree(os.environ["HUIKUAN_HOME"], ignore_errors=True)
    factory = getattr(session.config, "_tmp_path_factory", None)
    if hasattr(session.config, "workerinput") or factory is None:
        return
    folder = factory.getbasetemp()
    if GIVEN_URL:
        databases.Postgres(GIVEN_URL, databases.run_prefix(folder), folder).remove_all()
    else:
        databases.stop_postgres(folder)


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """A folder that all workers of this run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if hasattr(request.config, "workerinput") else base


@pytest.fixture(scope="session")
def sqlite_template(pytestconfig: pytest.Config) -> Path:
    """A migrated SQLite file; kept between runs while the tables stay as they are."""
    return databases.sqlite_template(pytestconfig.cache.mkdir("huikuan"))


@pytest.fixture(scope="session")
def postgres(run_folder: Path) -> Iterator[databases.Postgres]:
    """A PostgreSQL server: the one ``DATABASE_URL`` names, else one of this run's own."""
    url = GIVEN_URL or databases.start_postgres(run_folder)
    server = databases.Postgres(url, databases.run_prefix(run_folder), run_folder)
    yield server
    server.admin.close()


@pytest.fixture(params=VENDORS)
def ledger_db(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[databases.LedgerDb]:
    """A fresh database with every table and trigger, once on SQLite and once on PostgreSQL.

    ``@pytest.mark.parametrize("ledger_db", ["sqlite"], indirect=True)`` asks for one of them only.
    """
    home = tmp_path / "home"
    home.mkdir()
    if request.param == "sqlite":
        with databases.fresh_sqlite(request.getfixturevalue("sqlite_template"), home) as db:
            yield db
    else:
        with request.getfixturevalue("postgres").fresh(home) as db:
            yield db


@pytest.fixture
def sqlite_db(sqlite_template: Path, tmp_path: Path) -> Iterator[databases.LedgerDb]:
    """A fresh SQLite database, for tests to which the kind of database does not matter."""
    home = tmp_path / "home"
    home.mkdir()
    with databases.fresh_sqlite(sqlite_template, home) as db:
        yield db


@pytest.fixture
def now() -> datetime:
    """The instant at which tests happen."""
    return datetime(2026, 6, 15, 8, 30, tzinfo=UTC)


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of sample files (``HUIKUAN_SAMPLES``), without which the test is skipped."""
    folder = os.environ.get("HUIKUAN_SAMPLES")
    if not folder:
        pytest.skip("HUIKUAN_SAMPLES names no folder of sample files")
    return Path(folder)


@pytest.fixture
def live_server(sqlite_db: databases.LedgerDb) -> Iterator[servers.LiveServer]:
    """The real server in a process of its own, on a fresh database that the test fills."""
    with servers.serve(sqlite_db) as server:
        yield server


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for the session. Missing, it is a skip on a desk and a failure where ``CI`` is set."""
    with browsers.launch() as started:
        yield started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of a person of its own. Fails the test when the page reports an error nobody expected."""
    with browsers.watched_page(browser) as opened:
        yield opened
