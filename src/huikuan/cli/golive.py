"""``huikuan golive``: the cut-over, the old general ledger's balances, the proof, going live."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from huikuan.cli.django import setup_database

_DAY = click.DateTime(formats=["%Y-%m-%d"])
_ENTITY = click.option("--entity", help="Code of the legal entity, where there are several.")


@click.group()
@click.option("--as", "user", metavar="USER", help="Who does it (for the audit trail); without it, the system.")
@click.pass_context
def golive(ctx: click.Context, user: str | None) -> None:
    """Going live: opening balances proved equal to the old general ledger."""
    setup_database()
    from huikuan.services.lookup import find_user

    ctx.obj = {"actor_id": find_user(user), "now": datetime.now(UTC)}


@golive.command()
@click.argument("day", type=_DAY)
@_ENTITY
@click.pass_obj
def begin(context: dict[str, Any], day: datetime, entity: str | None) -> None:
    """Say from which DAY (the first of a month) on the books are kept here."""
    from huikuan.services.going_live import choose_cut_over
    from huikuan.services.lookup import find_entity

    choose_cut_over(find_entity(entity)[0], day.date(), **context)
    click.echo(f"cut-over {day:%Y-%m-%d}")


@golive.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_ENTITY
@click.pass_obj
def balances(context: dict[str, Any], file: Path, entity: str | None) -> None:
    """Take the control accounts of the old general ledger from FILE: account, currency, amount per line."""
    from huikuan.core.going_live import read_balances
    from huikuan.services.going_live import set_balances
    from huikuan.services.lookup import find_entity

    found = read_balances(file.read_text(encoding="utf-8-sig"), file.name)
    set_balances(find_entity(entity)[0], found, replace=True, **context)
    click.echo(f"{len(found)} balances")


@golive.command()
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@_ENTITY
def check(as_json: bool, entity: str | None) -> None:
    """Show how far an entity is and compare both sides. Exit 1 while they differ."""
    from huikuan.core.going_live import Step
    from huikuan.core.money import to_decimal
    from huikuan.queries.going_live import journey
    from huikuan.services.lookup import find_entity

    found = journey(find_entity(entity)[0])
    if as_json:
        rows = [
            {
                "ledger_account": row.compared.ledger_account,
                "currency": row.compared.currency,
                "given_minor": row.compared.given_minor,
                "found_minor": row.compared.found_minor,
                "difference_minor": row.compared.difference_minor,
                "candidates": [one.document for one in row.candidates],
            }
            for row in found.proof
        ]
        click.echo(json.dumps({"done": sorted(found.done), "is_equal": found.is_equal, "accounts": rows}))
    else:
        for step in Step:
            click.echo(f"{'done' if step in found.done else 'open':<5} {step.value}")
        for row in found.proof:
            one = row.compared
            given = "-" if one.given_minor is None else f"{to_decimal(one.given_minor, one.currency):,}"
            here, left = (to_decimal(minor, one.currency) for minor in (one.found_minor, one.difference_minor))
            click.echo(
                f"{one.ledger_account.value:<10} {one.currency} old {given:>18} here {here:>18,} difference {left:,}"
            )
            for candidate in row.candidates:
                amount = to_decimal(candidate.amount_minor, candidate.currency)
                click.echo(f"    {candidate.why}: {candidate.document} {candidate.customer} {candidate.day} {amount:,}")
    if not found.is_equal and found.certificate is None:
        sys.exit(1)


@golive.command()
@_ENTITY
@click.pass_obj
def finish(context: dict[str, Any], entity: str | None) -> None:
    """Go live: both sides equal, the months before the cut-over locked for good, the certificate written."""
    from huikuan.queries.going_live import certificate_of
    from huikuan.services.going_live import go_live
    from huikuan.services.lookup import find_entity

    number, _ = find_entity(entity)
    go_live(number, **context)
    certificate = certificate_of(number)
    assert certificate is not None  # noqa: S101 - just written
    click.echo(f"live from {certificate.cut_over}, sealed number {certificate.head_seq}, hash {certificate.head_hash}")
