"""``huikuan verify``, ``huikuan seal`` and ``huikuan mirror``: the proof of the ledger and its keeping."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime

import click

from huikuan.cli.django import setup_database


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
def verify(as_json: bool) -> None:
    """Prove the ledger: triggers, hash chain, Parquet segments, every balance, control accounts.

    Exit 0 when everything holds; 1 with the first tampered place named.
    """
    setup_database()
    from huikuan.services.verifying import verify as run_verify

    def tell(name: str, done: int, total: int) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r{done + 1}/{total} {name:<32}", nl=False, err=True)

    report = run_verify(progress=tell)
    if sys.stderr.isatty():
        click.echo("\r" + " " * 48 + "\r", nl=False, err=True)
    if as_json:
        click.echo(json.dumps({"ok": report.ok, "checks": [asdict(check) for check in report.checks]}, indent=2))
    else:
        for check in report.checks:
            mark = click.style("ok  ", fg="green") if check.ok else click.style("FAIL", fg="red", bold=True)
            click.echo(f"{mark}  {check.name:<26} {check.count:>12,}  {check.detail}")
        click.echo("the ledger is what was posted" if report.ok else "the ledger is NOT what was posted")
    sys.exit(0 if report.ok else 1)


@click.command()
@click.option("--export", type=click.Path(file_okay=False), help="Also write the chain's head to a dated file there.")
def seal(export: str | None) -> None:
    """Seal what is committed: sequence number, hash, Parquet segment."""
    setup_database()
    from pathlib import Path

    from huikuan.services.sealing import export_head
    from huikuan.services.sealing import seal as run_seal

    now = datetime.now(UTC)
    result = run_seal(now=now)
    click.echo(f"sealed {result.sealed:,} entries; head {result.last_seq:,} {result.head_hash}")
    if export:
        click.echo(export_head(Path(export), now=now))


@click.command()
def rebuild_mirror() -> None:
    """Write the Parquet mirror again from the database (it is a cache; the database is the truth)."""
    setup_database()
    from huikuan.mirror.segments import rebuild

    click.echo(f"{rebuild(now=datetime.now(UTC)):,} entries written")
