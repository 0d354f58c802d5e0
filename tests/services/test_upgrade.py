"""From the first released tables with a ledger in them to these: nothing lost, everything proved."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor

from huikuan.config import environment
from huikuan.services.sealing import seal
from huikuan.services.verifying import verify
from huikuan.store.models import AuditEvent, GlAccount, JournalEntry, OpenItem, Posting, RoleGrant, SealHead, User
from tests.databases import Vendor, default_database, fresh_sqlite

FIRST = ("store", "0002_triggers")
NARROW = ("store", "0021_counters")
"""The last tables that did not know ``finance_cost`` and ``assets_received``."""
AT = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
pytestmark = pytest.mark.practice("K6")


@pytest.fixture(params=["sqlite", "postgres"])
def first_tables(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Vendor]:
    """An empty database as the first version made it."""
    vendor: Vendor = request.param
    name = ""
    if vendor == "sqlite":
        database = environment.sqlite_settings(tmp_path / "old.db")
    else:
        server = request.getfixturevalue("postgres")
        name = f"{server.prefix}_upgrade"
        server.run("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
        server.run("CREATE DATABASE {}", name)
        database = environment.postgres_settings(server.url_of(name))
    with default_database(database, tmp_path):
        executor = MigrationExecutor(connection)
        executor.migrate([FIRST, *(node for node in executor.loader.graph.leaf_nodes() if node[0] == "sessions")])
        yield vendor
    if vendor == "postgres":
        request.getfixturevalue("postgres").run("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


def fill() -> None:
    """As the first version wrote them: a clerk, an auditor, a customer and an invoice of 100.00 with its entry."""
    old = MigrationExecutor(connection).loader.project_state(FIRST).apps

    def put(model: str, **values: Any) -> Any:
        return old.get_model("store", model).objects.create(**values)

    with transaction.atomic():
        entity = put("Entity", code="CN01", name="示例", currency="CNY", timezone="Asia/Shanghai")
        for name in ("clerk", "auditor"):
            user = put("User", username=name, password="!", date_joined=AT)
            put("EntityMembership", user=user, entity=entity, can_post=name == "clerk")
        customer = put("Customer", name="华联")
        account = put("CustomerAccount", customer=customer, entity=entity, created_at=AT)
        source = put("Source", code="erp")
        days = dict.fromkeys(("posting_date", "effective_date"), AT.date())
        money = {"currency": "CNY", "amount_minor": 100_00, "base_minor": 100_00}
        for line, (word, sign, item) in enumerate((("trade", 1, 1), ("sales", -1, None))):
            put(
                "Posting",
                entry_id=1,
                line=line,
                ledger_account=word,
                currency="CNY",
                amount_minor=sign * 100_00,
                base_minor=sign * 100_00,
                account_id=account.pk if item else None,
                item_id=item,
            )
        put("JournalEntry", id=1, kind="item", entity=entity, recorded_at=AT, source=source, **days)
        put(
            "OpenItem",
            id=1,
            external_id="INV-1",
            kind="invoice",
            ledger_account="trade",
            document_number="INV-1",
            document_date=AT.date(),
            due_date=AT.date(),
            account=account,
            entity=entity,
            entry_id=1,
            source=source,
            **days,
            **money,
        )
        amounts = {"original_minor": 100_00, "open_minor": 100_00, "open_base_minor": 100_00}
        put("OpenItemBalance", item_id=1, account_id=account.pk, **amounts)
        put("AuditEvent", at=AT, code="item.post", data={"count": 1})


TABLES = {
    "sqlite": ["SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"],
    "postgres": [
        "SELECT table_name, column_name, ordinal_position, data_type, is_nullable, column_default,"
        " character_maximum_length, is_identity FROM information_schema.columns WHERE table_schema = 'public'",
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE connamespace = 'public'::regnamespace",
        "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
        "SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
        "SELECT proname, pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
    ],
}


def described(vendor: Vendor) -> set[tuple[Any, ...]]:
    """Every column, constraint, index, trigger and function of the database."""
    found: set[tuple[Any, ...]] = set()
    with connection.cursor() as cursor:
        for number, question in enumerate(TABLES[vendor]):
            cursor.execute(question)
            found |= {(number, *row) for row in cursor.fetchall()}
    return found


def test_from_the_first_tables_to_these(first_tables: Vendor, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    fill()
    told = MigrationExecutor(connection).migrate([NARROW]).apps.get_model("store", "GlAccount")
    for word, code in (("interest_income", "6603"), ("payables", "2202")):
        told.objects.create(entity_id=1, ledger_account=word, code=code, name="n", dimensions=["customer"])
    call_command("migrate", interactive=False, verbosity=0)
    assert OpenItem.objects.get().document_number == "INV-1"
    assert JournalEntry.objects.get().recorded_at == AT
    legs = list(Posting.objects.order_by("line").values_list("ledger_account", "base_minor", "item_id"))
    assert legs == [("trade", 100_00, 1), ("sales", -100_00, None)]
    mapped = dict(GlAccount.objects.values_list("ledger_account", "code"))
    assert mapped == {"interest_income": "6603", "payables": "2202", "finance_cost": "6603", "assets_received": "2202"}
    assert GlAccount.objects.get(ledger_account="finance_cost").dimensions == ["customer"]
    assert AuditEvent.objects.get().data == {"count": 1}
    roles = dict(RoleGrant.objects.values_list("user__username", "role"))
    assert roles == {"clerk": "ar_clerk", "auditor": "auditor"}
    assert User.objects.count() == 2
    sealed = seal(now=AT)
    assert sealed.sealed == SealHead.objects.get().last_seq == 1
    steps = described(first_tables)
    (tmp_path / "new").mkdir()
    fresh = (
        fresh_sqlite(request.getfixturevalue("sqlite_template"), tmp_path / "new")
        if first_tables == "sqlite"
        else request.getfixturevalue("postgres").fresh(tmp_path / "new")
    )
    with fresh:
        assert described(first_tables) == steps, "an empty database, brought here at once, has the same tables"
    report = verify()
    assert report.ok, [(check.name, check.detail) for check in report.checks if not check.ok]
