"""``huikuan run``: one command on one machine. ``huikuan migrate``: only the database."""

from __future__ import annotations

import errno
import hashlib
import os
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from huikuan.cli.django import setup

LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})


@click.command()
def migrate() -> None:
    """Bring the database to this version."""
    setup()
    click.echo("The database is at this version." if migrate_database() else "Nothing to do.")


@click.command()
@click.option("--host", default="127.0.0.1", envvar="HUIKUAN_HOST", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, envvar="HUIKUAN_PORT", show_default=True, help="Port to listen on.")
@click.option("--workers", default=1, envvar="HUIKUAN_WORKERS", show_default=True, help="Server processes.")
@click.option("--demo/--no-demo", default=True, show_default=True, help="Fill an empty database with a demo company.")
def run(host: str, port: int, workers: int, demo: bool) -> None:
    """Migrate, fill an empty database, then serve, work and schedule until stopped."""
    refuse_taken_port(host, port)
    os.environ["HUIKUAN_STATIC_COLLECTED"] = "1"
    setup()
    migrate_database()
    collect_static()
    sign_in = fill_when_empty() if demo else None
    os.environ["HUIKUAN_ANNOUNCEMENT"] = announcement(host, port, sign_in, anybody=bool(sign_in) or has_people())
    supervisor = ("-m", "huikuan.jobs.supervisor", "--host", host, "--port", str(port), "--workers", str(workers))
    sys.stdout.flush()
    # The set-up is done and its memory is given back: the supervisor takes this process over.
    os.execv(sys.executable, (sys.executable, *supervisor))


def refuse_taken_port(host: str, port: int) -> None:
    """Before anything is touched: whoever answers there may be this very installation, with its database and its files.
    The supervisor asks again when it is about to listen."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise click.ClickException(f"{host}:{port} is in use; choose another with --port") from None


def migrate_database() -> bool:
    """Brings the database to this version; tells whether there was anything to do."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    from huikuan.services.guards import restore_triggers
    from huikuan.services.migrating import migrate
    from huikuan.services.operations import refuse_unfinished

    refuse_unfinished()
    executor = MigrationExecutor(connection)
    pending = bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    if pending:
        click.echo("Bringing the database to this version ...")
        migrate()
    restored = restore_triggers(now=datetime.now(UTC))
    if restored:
        click.echo(f"Put back triggers that were missing or altered: {', '.join(restored)}", err=True)
    return pending or bool(restored)


def collect_static() -> None:
    """Copies the pages' files to where the server takes them from, hashed and compressed, when they have changed."""
    from django.conf import settings
    from django.core.management import call_command

    stamp: Path = settings.HUIKUAN_HOME / "static.stamp"
    wanted = fingerprint([Path(folder) for folder in settings.STATICFILES_DIRS])
    manifest: Path = settings.STATIC_ROOT / "staticfiles.json"
    if manifest.is_file() and stamp.is_file() and stamp.read_text() == wanted:
        return
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    stamp.write_text(wanted)


def fingerprint(folders: list[Path]) -> str:
    """Changes when any file under ``folders`` does (by name, size and time)."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            status = path.stat()
            digest.update(f"{path}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def fill_when_empty() -> dict[str, str] | None:
    """The demo company's sign-in, where this database holds the demo company (made now if it held nothing)."""
    from huikuan.services import demo

    return demo.ensure_demo(now=datetime.now(UTC), progress=click.echo)


def has_people() -> bool:
    """Whether anybody may sign in at all."""
    from huikuan.queries.people import people_rows

    return bool(people_rows())


def announcement(host: str, port: int, sign_in: dict[str, str] | None, *, anybody: bool = True) -> str:
    """What is printed when the server answers."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104 - shown, not bound
    lines = ["", f"  huikuan  http://{shown}:{port}/"]
    if sign_in:
        lines.append(f"  sign in  {sign_in['username']}  /  {sign_in['password']}")
        if host not in LOCAL:
            lines.append(f"  WARNING: other machines may reach {host}:{port}, and this password is known to everybody.")
    elif not anybody:
        lines.append(f"  Nobody may sign in yet. In another window: {Path(sys.argv[0])} user add NAME --superuser")
        if "HUIKUAN_HOME" in os.environ:
            lines.append("  (with the same HUIKUAN_HOME)")
    return "\n".join([*lines, "  Ctrl-C stops it.", ""])
