"""What machines ask: does it answer, can it work, how does it do; and logs that name nobody."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client, override_settings

from huikuan.config.requests import JsonFormatter, request_id
from huikuan.services.schedule import note_quick
from huikuan.store import triggers
from huikuan.store.models import User
from tests.databases import LedgerDb
from tests.servers import ROOT
from tests.web.world import PASSWORD, build_world, signed_in

SHARED_CACHE = {
    "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "huikuan_cache"},
}


@pytest.fixture
def alive(ledger_db: LedgerDb) -> None:
    for name in ("seal", "worker"):
        note_quick(name, now=datetime.now(UTC))


def test_ready_when_everything_is_there(alive: None) -> None:
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["ready"]) == (200, True), answer.json()
    assert answer.headers["Cache-Control"] == "no-store"


def test_not_ready_without_worker_triggers_or_tables(ledger_db: LedgerDb) -> None:
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["worker"] == answer.json()["checks"]["scheduler"] == "no sign of life"
    with connection.cursor() as cursor:
        if ledger_db.vendor == "sqlite":
            cursor.execute("DROP TRIGGER store_posting_no_update")
        else:
            cursor.execute("DROP TRIGGER append_only ON store_posting")
        cursor.execute("DELETE FROM django_migrations WHERE name = '0008_operations'")
    checks = Client().get("/readyz").json()["checks"]
    assert checks["triggers"] == "1 missing or altered"
    assert checks["migrations"] == "1 to apply"
    triggers.install(connection)


def test_figures_for_this_machine_or_with_the_token(alive: None) -> None:
    build_world()
    boss = signed_in("boss")
    boss.get("/customers/?q=Zhang+San")
    assert boss.get("/customers/").status_code == 200
    text = Client().get("/metrics").content.decode()
    assert 'huikuan_requests_total{view="customers",method="GET",status="200"} ' in text
    assert 'huikuan_request_seconds_bucket{view="customers",le="+Inf"} ' in text
    assert "huikuan_entries_unsealed 0\n" in text
    assert 'huikuan_job_last_success_timestamp_seconds{job="seal"} ' in text
    assert "Zhang" not in text
    names = {line.split("{")[0].split(" ")[0] for line in text.splitlines() if not line.startswith("#")}
    assert all(name.startswith("huikuan_") for name in names)
    assert Client().get("/metrics", REMOTE_ADDR="10.0.0.9").status_code == 403
    assert Client().get("/metrics", headers={"X-Forwarded-For": "10.0.0.9"}).status_code == 403
    with override_settings(METRICS_TOKEN="s3cret"):
        assert Client().get("/metrics").status_code == 403
        assert Client().get("/metrics", headers={"Authorization": "Bearer s3cret"}).status_code == 200


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """What the product's logs say, as machines read it."""
    told: list[str] = []

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            told.append(JsonFormatter().format(record))

    keeper, logger = Keeper(), logging.getLogger("huikuan")
    logger.addHandler(keeper)
    yield told
    logger.removeHandler(keeper)


def test_a_line_for_each_request_names_nobody(sqlite_db: LedgerDb, lines: list[str]) -> None:
    build_world()
    client = signed_in("boss")
    with override_settings(LOG_REQUESTS=True):
        answer = client.get("/search/?q=Zhang+San", headers={"X-Request-ID": "abcdefgh-1"})
    line = json.loads(lines[-1])
    assert answer.headers["X-Request-ID"] == line["request_id"] == "abcdefgh-1"
    assert (line["view"], line["status"], line["method"]) == ("search", 200, "GET")
    assert "Zhang" not in "".join(lines)
    assert len(client.get("/", headers={"X-Request-ID": "bad id\n"}).headers["X-Request-ID"]) == 32
    assert request_id.get() == ""


def test_of_an_error_its_place_and_not_its_words(lines: list[str]) -> None:
    try:
        raise ValueError("Key (name)=(Zhang San) exists")
    except ValueError:
        logging.getLogger("huikuan.test").exception("it failed")
    line = json.loads(lines[-1])
    assert line["error"] == "builtins.ValueError"
    assert line["frames"][0].startswith("test_probes.py:")
    assert "Zhang" not in lines[-1]


@pytest.mark.practice("K1")
def test_limits_of_sign_in_hold_in_all_processes_together(ledger_db: LedgerDb) -> None:
    User.objects.create_user("ann", "ann@example.com", PASSWORD)
    wrong = (
        "import django; django.setup()\n"
        "from django.test import Client\n"
        "from django.conf import settings\n"
        f"settings.CACHES = {SHARED_CACHE!r}\n"
        "settings.ACCOUNT_RATE_LIMITS = {'login_failed': '10/m/ip,3/300s/key'}\n"
        "for _ in range(3):\n"
        "    print(Client().post('/accounts/login/', {'login': 'ann', 'password': 'wrong'}).status_code)\n"
    )
    env = {**ledger_db.env, "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}", "DJANGO_SETTINGS_MODULE": "tests.settings"}
    done = subprocess.run([sys.executable, "-c", wrong], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["200"] * 3
    limits = {"login_failed": "10/m/ip,3/300s/key"}
    with override_settings(CACHES=SHARED_CACHE, ACCOUNT_RATE_LIMITS=limits):
        answer = Client().post("/accounts/login/", {"login": "ann", "password": PASSWORD})
    assert answer.status_code == 200
    assert "Too many failed login attempts" in answer.content.decode()


def test_the_product_keeps_its_counters_in_the_database() -> None:
    from huikuan.config import settings as shipped

    assert str(shipped.CACHES["default"]["BACKEND"]).endswith("DatabaseCache")
    assert str(settings.CACHES["default"]["BACKEND"]).endswith("LocMemCache"), "tests count for themselves"
