"""The description is true: programs made from it work, and what it does not allow is refused as it says."""

from __future__ import annotations

import importlib
import json
import os
import random
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.api.calling import make_key
from tests.databases import LedgerDb
from tests.servers import serve
from tests.web.world import build_world

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.practice("K2")


@dataclass(frozen=True, slots=True)
class Site:
    """A running server with a world in it, and a key to it."""

    url: str
    key: str


@pytest.fixture
def site(sqlite_db: LedgerDb, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("HUIKUAN_API_REQUESTS_PER_MINUTE", "1000000")
    build_world()
    key = make_key("boss")
    with serve(sqlite_db) as server:
        yield Site(server.url, key)


def test_the_example_works(site: Site) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "client.py"), site.url, "CN01", "0001"],
        env={**os.environ, "HUIKUAN_KEY": site.key},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "40.00 CNY open" in done.stdout and "owed in CNY" in done.stdout


@pytest.fixture
def generated(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A package made from the description by a tool of others."""
    described = tmp_path / "openapi.json"
    with urllib.request.urlopen(f"{site.url}/api/v1/openapi.json") as answer:
        described.write_bytes(answer.read())
    config = tmp_path / "config.yml"
    config.write_text("post_hooks: []\nproject_name_override: made\npackage_name_override: made\n")
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--path", str(described), "--meta", "none"]
    done = subprocess.run(
        [*command, "--output-path", str(tmp_path / "made"), "--config", str(config), "--fail-on-warning"],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    monkeypatch.syspath_prepend(str(tmp_path))
    return importlib.import_module("made")


def test_a_program_made_from_the_description_works(site: Site, generated: ModuleType) -> None:
    door = generated.AuthenticatedClient(base_url=site.url, token=site.key, raise_on_unexpected_status=True)
    models = importlib.import_module("made.models")

    def operation(tag: str, name: str) -> Any:
        folder = Path(generated.__file__ or "").parent / "api" / tag
        (found,) = [path.stem for path in folder.glob("*.py") if path.stem.endswith(name)]
        return importlib.import_module(f"made.api.{tag}.{found}")

    entities = operation("entities", "list_entities").sync(client=door)
    assert [row.code for row in entities.rows] == ["CN01", "DE01"]
    day = date(2026, 3, 1)
    one = models.ItemIn(
        customer="0001", external_id="G-1", document_date=day, due_date=day, currency="CNY", amount="12.50"
    )
    asked = models.ItemsIn(entity="CN01", items=[one])
    posted = operation("items", "create_items").sync(client=door, body=asked, idempotency_key="g1")
    (item,) = posted.items
    assert (item.open_amount, item.due_date) == ("12.50", day)
    read = operation("items", "read_item").sync(item.id, client=door)
    assert read == item
    refused = operation("items", "create_items").sync(client=door, body=asked, idempotency_key="g2")
    assert (refused.status, refused.code) == (409, "item.exists")
    feed = operation("journal", "list_entries").sync(client=door, limit=500)
    assert feed.rows and feed.next_


def ask_generated(site: Site, **environment: str) -> int:
    """Generated requests in a process of its own (``tests.api.contract`` says why); how many were made."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.api.contract", site.url],
        cwd=ROOT,
        env={**os.environ, "HUIKUAN_KEY": site.key, **environment},
        capture_output=True,
        text=True,
        timeout=3600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return int(done.stdout.split()[-2])


def test_no_request_breaks_what_is_described(site: Site) -> None:
    assert ask_generated(site, PYTHONHASHSEED="0") > 200


@pytest.mark.soak
def test_no_request_of_very_many_breaks_what_is_described(site: Site) -> None:
    seed = str(random.SystemRandom().randrange(1 << 32))
    print("HUIKUAN_CONTRACT_SEED and PYTHONHASHSEED", seed)
    ask_generated(site, PYTHONHASHSEED=seed, HUIKUAN_CONTRACT_SEED=seed, HUIKUAN_CONTRACT_EXAMPLES="60")


def test_the_description_is_the_served_one(site: Site) -> None:
    with urllib.request.urlopen(f"{site.url}/api/v1/openapi.json") as answer:
        document = json.load(answer)
    assert document["info"]["title"] == "huikuan"
    ids = [operation["operationId"] for methods in document["paths"].values() for operation in methods.values()]
    assert len(ids) == len(set(ids))
