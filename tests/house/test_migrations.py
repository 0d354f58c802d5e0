"""The tables in the migrations are the tables in the models."""

from __future__ import annotations

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from huikuan.cli.serve import migrate_database
from tests.databases import LedgerDb


def test_no_model_waits_for_a_migration(sqlite_db: LedgerDb) -> None:
    call_command("makemigrations", check_changes=True, dry_run=True, verbosity=0)


def test_the_settings_pass_djangos_checks(sqlite_db: LedgerDb) -> None:
    call_command("check", fail_level="WARNING", verbosity=0)


def test_a_migrated_database_is_left_alone(ledger_db: LedgerDb) -> None:
    executor = MigrationExecutor(connection)
    assert executor.migration_plan(executor.loader.graph.leaf_nodes()) == []
    assert migrate_database() is False
