"""The database's own refusals: append-only tables and balanced entries. This file is their one source.

``install`` is called by every migration that touches these tables (SQLite drops triggers silently when Django rebuilds
a table) and after every ``migrate``; ``faults`` compares what the database has with what it should have.

On PostgreSQL the checks run once per statement over its new rows, so that a bulk load pays for a join and not for a
million function calls. Two transactions cannot put together one entry: entry and postings carry the number of the
transaction that wrote them, and the foreign key is over both columns.
"""

from __future__ import annotations

import re
from typing import Any

from huikuan.store.trigger_sql import APPEND_ONLY, postgres_objects, sqlite_triggers

ENTRY, POSTING = "store_journalentry", "store_posting"

_TABLE = re.compile(r' ON "(\w+)"')


def install(connection: Any) -> None:
    """Creates or replaces every trigger. Safe to call again; tables that a later migration makes are left to it."""
    with connection.cursor() as cursor:
        present = set(connection.introspection.table_names(cursor))
        if connection.vendor == "sqlite":
            for name, sql in sqlite_triggers().items():
                if _TABLE.findall(sql)[0] in present:
                    cursor.execute(f'DROP TRIGGER IF EXISTS "{name}"')
                    cursor.execute(sql)
        else:
            _install_transaction_columns(cursor)
            functions, triggers = postgres_objects()
            for sql in functions.values():
                cursor.execute(sql)
            for (table, name), sql in triggers.items():
                if table in present:
                    cursor.execute(f"DROP TRIGGER IF EXISTS {name} ON {table}")
                    cursor.execute(sql)


def drop_triggers_about(connection: Any, table: str) -> None:
    """On SQLite, which cannot write a table anew while a trigger speaks of it. ``install`` brings them back."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND sql LIKE %s", [f"%{table}%"])
        for (name,) in cursor.fetchall():
            cursor.execute(f'DROP TRIGGER "{name}"')


def install_in_migration(apps: Any, schema_editor: Any) -> None:
    """For ``migrations.RunPython``: after any change to a table named here."""
    install(schema_editor.connection)


def faults(connection: Any) -> list[str]:
    """What is missing, altered or disabled, by name; empty when the database guards the ledger as it should."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            found = dict(cursor.fetchall())
            return [name for name, sql in sqlite_triggers().items() if found.get(name) != sql]
        return _postgres_faults(cursor)


def _postgres_faults(cursor: Any) -> list[str]:
    functions, triggers = postgres_objects()
    cursor.execute(
        "SELECT c.relname, t.tgname, t.tgenabled, pg_get_triggerdef(t.oid) FROM pg_trigger t"
        " JOIN pg_class c ON c.oid = t.tgrelid"
        " WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace"
    )
    found = {(table, name): (enabled, definition) for table, name, enabled, definition in cursor.fetchall()}
    result = []
    for (table, name), sql in triggers.items():
        enabled, definition = found.get((table, name), ("", ""))
        if enabled not in ("O", "A") or _words(definition) != _words(sql):
            result.append(f"{table}.{name}")
    cursor.execute(
        "SELECT proname, prosrc FROM pg_proc WHERE proname LIKE 'huikuan_%'"
        " AND pronamespace = current_schema()::regnamespace"
    )
    sources = dict(cursor.fetchall())
    result += [name for name, sql in functions.items() if sources.get(name, "\0") not in sql]
    cursor.execute("SELECT 1 FROM pg_constraint WHERE conname = 'posting_same_transaction' AND convalidated")
    if cursor.fetchone() is None:
        result.append("posting_same_transaction")
    cursor.execute("SHOW session_replication_role")
    if cursor.fetchone()[0] == "replica":
        result.append("session_replication_role")
    return result


def _words(definition: str) -> list[str]:
    """A trigger's definition without schema and order of events, which PostgreSQL writes its own way."""
    return sorted(word.rpartition(".")[2] for word in definition.split())


def _install_transaction_columns(cursor: Any) -> None:
    """``tx`` on entries and postings, and the foreign key over (entry, tx) in place of Django's over entry alone."""
    for table in (ENTRY, POSTING):
        cursor.execute(f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS tx xid8 NOT NULL DEFAULT pg_current_xact_id()")
    # tx first: the same index finds what was written since the last seal.
    cursor.execute(f"CREATE UNIQUE INDEX IF NOT EXISTS entry_transaction ON {ENTRY} (tx, id)")
    cursor.execute("SELECT 1 FROM pg_constraint WHERE conname = 'posting_same_transaction'")
    if cursor.fetchone() is not None:
        return
    cursor.execute(
        "SELECT conname FROM pg_constraint"
        " WHERE conrelid = %s::regclass AND contype = 'f' AND confrelid = %s::regclass",
        [POSTING, ENTRY],
    )
    for (name,) in cursor.fetchall():
        cursor.execute(f'ALTER TABLE {POSTING} DROP CONSTRAINT "{name}"')
    cursor.execute(
        f"ALTER TABLE {POSTING} ADD CONSTRAINT posting_same_transaction FOREIGN KEY (entry_id, tx)"
        f" REFERENCES {ENTRY} (id, tx) DEFERRABLE INITIALLY DEFERRED"
    )


__all__ = ["APPEND_ONLY", "drop_triggers_about", "faults", "install", "install_in_migration"]
