"""``huikuan run``: one command brings up a working site on either database, and takes all of it down again."""

from __future__ import annotations

import contextlib
import http.cookiejar
import os
import re
import signal
import subprocess
import sys
import time
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from huikuan.store.models import User
from tests.databases import LedgerDb
from tests.servers import ROOT, free_port

START_SECONDS = 300.0  # a busy machine is no fault, only what never comes is
PROCESSES = ("huikuan.jobs.server", "huikuan.jobs.worker", "huikuan.jobs.scheduler")
SIGN_IN = ("ann", "a-long-password-1")


@dataclass(frozen=True, slots=True)
class Site:
    """A running ``huikuan run``."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def wait_for(self, text: str) -> str:
        """What was printed, once it holds ``text``."""
        deadline = time.monotonic() + START_SECONDS
        while text not in self.log.read_text():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)
        return self.log.read_text()

    def members(self, module: str = "huikuan") -> list[psutil.Process]:
        """The processes under the supervisor whose command names ``module``."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        return [child for child in children if module in " ".join(child.cmdline())]


@contextlib.contextmanager
def running(db: LedgerDb, *arguments: str, path: Path | None = None) -> Iterator[Site]:
    """``huikuan run`` on ``db``, from the checkout or from an unpacked wheel at ``path``."""
    port = free_port()
    log = db.home / "run.log"
    source = path or ROOT / "src"
    environment = {**db.env, "PYTHONPATH": os.pathsep.join((str(source), str(ROOT)))}
    began = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "huikuan.cli.main", "run", "--port", str(port), *arguments],
            cwd=db.home,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    site = Site(f"http://127.0.0.1:{port}", process, log)
    family: list[psutil.Process] = []
    try:
        site.wait_for("Ctrl-C stops it.")
        while not all(site.members(module) for module in PROCESSES):
            assert time.monotonic() - began < START_SECONDS
            time.sleep(0.05)
        family = site.members()
        yield site
    finally:
        process.terminate()
        process.wait(START_SECONDS)
        _, left = psutil.wait_procs(family, timeout=START_SECONDS)
        assert not left, "processes were left behind"


class Visitor:
    """A person with cookies and no browser."""

    def __init__(self, url: str) -> None:
        self.url = url
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(cookies)

    def get(self, path: str) -> tuple[str, str]:
        """Where it ended up, and what it says there."""
        with self.opener.open(self.url + path, timeout=START_SECONDS) as response:
            return response.geturl(), response.read().decode()

    def sign_in(self, username: str, password: str) -> str:
        _, form = self.get("/accounts/login/")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
        assert token
        fields = {"csrfmiddlewaretoken": token.group(1), "login": username, "password": password}
        request = urllib.request.Request(
            f"{self.url}/accounts/login/",
            data=urllib.parse.urlencode(fields).encode(),
            headers={"Referer": f"{self.url}/accounts/login/"},
        )
        with self.opener.open(request, timeout=START_SECONDS) as response:
            where: str = response.geturl()
            return where


def static_files(page: str) -> list[str]:
    return re.findall(r'(?:src|href)="(/static/[^"]+\.(?:js|css))"', page)


@pytest.mark.practice("K5")
def test_one_command_serves_works_and_schedules(ledger_db: LedgerDb) -> None:
    User.objects.create_superuser(SIGN_IN[0], "ann@example.com", SIGN_IN[1])
    with running(ledger_db, "--no-demo") as site:
        assert site.url in site.log.read_text()
        visitor = Visitor(site.url)
        assert visitor.get("/")[0].startswith(f"{site.url}/accounts/login/")
        assert visitor.sign_in(*SIGN_IN) == f"{site.url}/"
        where, home = visitor.get("/")
        assert where == f"{site.url}/"
        files = static_files(home)
        assert any("/vendor/tabler/" in name for name in files)
        for name in files:
            assert re.search(r"\.[0-9a-f]{12}\.(js|css)$", name), f"{name} is not named by its content"
            assert visitor.get(name)[1]
        assert all(site.members(module) for module in PROCESSES)


def test_what_is_killed_comes_back(sqlite_db: LedgerDb) -> None:
    with running(sqlite_db, "--no-demo") as site:
        for member in site.members("huikuan.jobs.server"):
            with contextlib.suppress(psutil.NoSuchProcess):
                member.kill()
        site.wait_for("the server ended")
        deadline = time.monotonic() + START_SECONDS
        while True:
            with contextlib.suppress(OSError):
                assert Visitor(site.url).get("/healthz")[1] == "ok"
                break
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_nothing_outlives_a_killed_supervisor(sqlite_db: LedgerDb) -> None:
    with running(sqlite_db, "--no-demo") as site:
        family = site.members()
        assert len(family) >= 3
        site.process.send_signal(signal.SIGKILL)
        _, left = psutil.wait_procs(family, timeout=START_SECONDS)
        assert not left


def test_an_unpacked_wheel_serves_with_its_assets(sqlite_db: LedgerDb, tmp_path: Path) -> None:
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "wheel")
    names = {path.name for path in (tmp_path / "wheel").rglob("*")}
    assert {"tabler.min.css", "htmx.min.js", "echarts.min.js", "django.mo", "py.typed"} <= names
    User.objects.create_superuser(SIGN_IN[0], "ann@example.com", SIGN_IN[1])
    with running(sqlite_db, "--no-demo", path=tmp_path / "wheel") as site:
        visitor = Visitor(site.url)
        assert visitor.sign_in(*SIGN_IN) == f"{site.url}/"
        for name in static_files(visitor.get("/")[1]):
            assert visitor.get(name)[1]
