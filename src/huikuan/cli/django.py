"""Django for commands that need the database."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from huikuan.core.refusals import Refusal


def setup() -> None:
    """Loads Django's settings and models, once. Commands on plain files never call it."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "huikuan.config.settings")
    import django
    from django.apps import apps

    if not apps.ready:
        django.setup()


def setup_database() -> None:
    """``setup``, and the tables are there: made now in a new database, refused (``database.old``) in one of an earlier
    version, because an upgrade is a step a person takes. Who asks for help needs no database, only what the command
    imports."""
    setup()
    if {"--help", "-h"} & set(sys.argv):
        return
    from django.db import connection
    from django.db.migrations.recorder import MigrationRecorder

    from huikuan.cli.serve import migrate_database
    from huikuan.services.operations import refuse_unfinished

    refuse_unfinished()
    applied = MigrationRecorder(connection).applied_migrations()
    if not applied:
        migrate_database()
    elif not _newest_migrations() <= set(applied):
        raise Refusal("database.old", "the database is of an earlier version: run `huikuan migrate` first")


def _newest_migrations() -> set[tuple[str, str]]:
    """This version's own migrations, by file name: cheaper than Django's graph."""
    from django.apps import apps

    folder = Path(apps.get_app_config("store").path) / "migrations"
    return {("store", path.stem) for path in folder.glob("0*.py")}


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def manage(arguments: tuple[str, ...]) -> None:
    """Django's own management commands."""
    setup()
    from django.core.management import execute_from_command_line

    execute_from_command_line(["huikuan django", *arguments])
