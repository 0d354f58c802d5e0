"""Django for commands that need the database."""

from __future__ import annotations

import os

import click


def setup() -> None:
    """Loads Django's settings and models, once. Commands on plain files never call it."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "huikuan.config.settings")
    import django
    from django.apps import apps

    if not apps.ready:
        django.setup()


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def manage(arguments: tuple[str, ...]) -> None:
    """Django's own management commands."""
    setup()
    from django.core.management import execute_from_command_line

    execute_from_command_line(["huikuan django", *arguments])
