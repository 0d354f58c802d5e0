"""``huikuan backup`` and ``huikuan restore``: everything in one file, and back from it."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from huikuan.cli.django import setup, setup_database
from huikuan.core.refusals import Refusal


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--without-key", is_flag=True, help="Leave the secret key out; encrypted parts need it, so keep it.")
@click.option("--check", is_flag=True, help="Read FILE, a backup, and say whether it is whole; make none.")
def backup(file: Path, without_key: bool, check: bool) -> None:
    """Write the database, the documents and the secret key into FILE, as they stand at one moment.

    People go on working meanwhile. FILE is as secret as the database itself.
    """
    if check:
        from huikuan.services.archives import ArchiveReader

        archive = ArchiveReader(file)
        archive.check()
        made = archive.manifest
        click.echo(f"whole: made {made.created_at} by {made.version}, sealed to {made.head.get('ledger_seq', 0):,}")
        return
    setup_database()
    from huikuan.services.backup import back_up

    result = back_up(file, now=datetime.now(UTC), with_key=not without_key, progress=_tell)
    _tell("")
    click.echo(
        f"{file}: {result.bytes / 1e6:,.1f} MB, {result.rows:,} rows, {result.files:,} files,"
        f" sealed to {result.ledger_seq:,}; read again and whole"
    )


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--into", required=True, type=click.Path(file_okay=False, path_type=Path), help="An empty home folder.")
@click.option("--database-url", help="An empty PostgreSQL database; without it, SQLite in the home folder.")
def restore(file: Path, into: Path, database_url: str | None) -> None:
    """Restore FILE into an empty home folder and an empty database, of either kind, and prove the result.

    The copy begins a new epoch of its chain and sends nothing until `huikuan outbox release`.
    """
    from huikuan.services import restore as steps
    from huikuan.services.archives import ArchiveReader, fingerprint

    now = datetime.now(UTC)
    archive = ArchiveReader(file)
    archive.check()
    home = into.expanduser().resolve()
    with steps.staging_of(home) as staging:
        archive.extract_home(staging)
        os.environ["HUIKUAN_HOME"] = str(staging)
        os.environ.pop("HUIKUAN_HEADS_DIR", None)
        if database_url:
            os.environ["DATABASE_URL"] = database_url
        else:
            os.environ.pop("DATABASE_URL", None)
        setup()
        from django.conf import settings

        rows = steps.load(archive, now=now, progress=_tell)
        _tell("")
        steps.bring_up()
        steps.begin_anew(archive.manifest, now=now)
        _prove()
        other_key = fingerprint(settings.SECRET_KEY) != archive.manifest.key
        steps.finish(home, staging)
    click.echo(
        f"{rows:,} rows restored from the backup of {archive.manifest.created_at}; the ledger is what was posted"
    )
    click.echo(f"run it with HUIKUAN_HOME={home}" + (" and its DATABASE_URL" if database_url else ""))
    click.echo("nothing is sent until `huikuan outbox release`; watched folders and reports are paused")
    if other_key:
        click.echo(
            "the secret key is another one than that of the backup: what was encrypted with it (webhook secrets)"
            " cannot be read; put the old key into secret.key or HUIKUAN_SECRET_KEY",
            err=True,
        )


def _prove() -> None:
    from huikuan.services.verifying import verify

    report = verify()
    for check in report.checks:
        if not check.ok:
            raise Refusal("restore.not_proved", "{check}: {detail}", check=check.name, detail=check.detail)


@click.group()
def outbox() -> None:
    """What waits to be sent: held in a restored copy until a person releases it."""
    setup_database()


@outbox.command("state")
def outbox_state() -> None:
    """Say whether it is held."""
    from huikuan.services.operations import is_outbox_held

    click.echo("held: nothing is sent" if is_outbox_held() else "not held")


@outbox.command("release")
@click.option("--as", "actor", metavar="USER", help="Who does it (for the audit trail); without it, the system.")
def outbox_release(actor: str | None) -> None:
    """Send what waits, from now on: this is the installation that speaks to the world."""
    from huikuan.services.lookup import find_user
    from huikuan.services.operations import release_outbox

    held = release_outbox(actor_id=find_user(actor), now=datetime.now(UTC))
    click.echo("released" if held else "it was not held")


def _tell(name: str) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{name:<60}\r", nl=False, err=True)
