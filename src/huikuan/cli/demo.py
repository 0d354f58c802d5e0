"""``huikuan demo``: a made-up company in an empty database."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime

import click

from huikuan.cli.django import setup_database


@click.command()
@click.option("--customers", default=200, show_default=True, type=click.IntRange(1), help="Customers.")
@click.option("--months", default=24, show_default=True, type=click.IntRange(1, 120), help="Months of business.")
@click.option("--seed", default=1, show_default=True, help="Another number, another company.")
@click.option("--scale", default=1, show_default=True, type=click.IntRange(1), help="So many times the customers.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def demo(customers: int, months: int, seed: int, scale: int, as_json: bool) -> None:
    """Fill an empty database with a demo company: two legal entities, their customers, two years of business.

    The same numbers on the same day give the same ledger. A run that was interrupted is taken up where it stopped.
    """
    setup_database()
    from huikuan.services.demo import fill_demo
    from huikuan.services.demo_plan import DemoSize

    size = DemoSize(customers * scale, months, seed)
    now = datetime.now(UTC)
    if as_json:
        result = fill_demo(size, now=now)
        click.echo(json.dumps(asdict(result), default=str))
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("Business days"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("days", total=None)
        result = fill_demo(size, now=now, progress=lambda done, of: bar.update(task, completed=done, total=of))
    click.echo(f"{result.customers} customers, {result.entries} journal entries, {result.first} to {result.last}")
    click.echo(f"sign in  {result.username}  /  {result.password}")
