"""What guards the ledger is itself watched: a trigger dropped, altered or switched off is named."""

from __future__ import annotations

import pytest
from django.db import connection

from huikuan.store import triggers
from huikuan.store.trigger_sql import postgres_objects, sqlite_triggers
from tests.databases import LedgerDb


def run(*statements: str) -> None:
    with connection.cursor() as cursor:
        for sql in statements:
            cursor.execute(sql)


@pytest.mark.practice("D9")
def test_a_fresh_database_has_every_trigger(ledger_db: LedgerDb) -> None:
    assert triggers.faults(connection) == []


@pytest.mark.parametrize("ledger_db", ["sqlite"], indirect=True)
def test_each_missing_trigger_is_named_on_sqlite(ledger_db: LedgerDb) -> None:
    names = list(sqlite_triggers())
    for number, name in enumerate(names, start=1):
        run(f'DROP TRIGGER "{name}"')
        assert triggers.faults(connection) == names[:number]
    triggers.install(connection)
    assert triggers.faults(connection) == []


@pytest.mark.parametrize("ledger_db", ["sqlite"], indirect=True)
def test_an_altered_trigger_is_named_on_sqlite(ledger_db: LedgerDb) -> None:
    name = "store_posting_no_update"
    weaker = sqlite_triggers()[name].replace(" BEGIN", " WHEN OLD.amount_minor > 1000 BEGIN")
    run(f'DROP TRIGGER "{name}"', weaker)
    assert triggers.faults(connection) == [name]


@pytest.mark.parametrize("ledger_db", ["postgres"], indirect=True)
def test_each_missing_trigger_is_named_on_postgresql(ledger_db: LedgerDb) -> None:
    _, wanted = postgres_objects()
    names = [f"{table}.{name}" for table, name in wanted]
    for number, (table, name) in enumerate(wanted, start=1):
        run(f"DROP TRIGGER {name} ON {table}")
        assert triggers.faults(connection) == names[:number]
    triggers.install(connection)
    assert triggers.faults(connection) == []


@pytest.mark.parametrize(
    ("statements", "fault"),
    [
        (["ALTER TABLE store_posting DISABLE TRIGGER append_only"], "store_posting.append_only"),
        (["ALTER TABLE store_posting ENABLE REPLICA TRIGGER append_only"], "store_posting.append_only"),
        (
            [
                "DROP TRIGGER append_only ON store_openitem",
                "CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON store_openitem"
                " FOR EACH STATEMENT EXECUTE FUNCTION huikuan_refuse_change()",
            ],
            "store_openitem.append_only",
        ),
        (
            [
                "DROP TRIGGER entry_balanced ON store_journalentry",
                "CREATE TRIGGER entry_balanced AFTER INSERT ON store_journalentry FOR EACH STATEMENT"
                " WHEN (false) EXECUTE FUNCTION huikuan_entry_balanced()",
            ],
            "store_journalentry.entry_balanced",
        ),
        (
            [
                "CREATE OR REPLACE FUNCTION huikuan_refuse_change() RETURNS trigger LANGUAGE plpgsql"
                " AS 'BEGIN RETURN NULL; END'"
            ],
            "huikuan_refuse_change",
        ),
        (["ALTER TABLE store_posting DROP CONSTRAINT posting_same_transaction"], "posting_same_transaction"),
        (["SET session_replication_role = replica"], "session_replication_role"),
    ],
    ids=["off", "for replicas", "weaker", "never", "empty function", "no key", "replica session"],
)
@pytest.mark.parametrize("ledger_db", ["postgres"], indirect=True)
def test_what_weakens_the_guard_is_named_on_postgresql(ledger_db: LedgerDb, statements: list[str], fault: str) -> None:
    run(*statements)
    assert triggers.faults(connection) == [fault]
