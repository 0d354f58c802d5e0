"""``huikuan entity``: the legal entities whose books are kept."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import click

from huikuan.cli.django import setup_database


@click.group()
def entity() -> None:
    """Legal entities and the currency of their books."""
    setup_database()


@entity.command("add")
@click.argument("code")
@click.argument("name")
@click.option("--currency", required=True, help="The currency its books are kept in (ISO 4217).")
@click.option("--timezone", default="UTC", show_default=True, help="Its business days are days there.")
@click.option("--country", default="", help="Two letters (ISO 3166).")
@click.option("--as", "user", metavar="USER", help="Who does it (for the audit trail); without it, the system.")
def add(code: str, name: str, currency: str, timezone: str, country: str, user: str | None) -> None:
    """Open the books of an entity."""
    from huikuan.services.customers import add_entity
    from huikuan.services.lookup import find_user

    add_entity(
        code, name, currency, timezone=timezone, country=country, actor_id=find_user(user), now=datetime.now(UTC)
    )
    click.echo(f"{code}: books in {currency}")


@entity.command("tax-id")
@click.argument("code")
@click.argument("number")
@click.option("--as", "user", metavar="USER", help="Who does it (for the audit trail); without it, the system.")
def tax_id(code: str, number: str, user: str | None) -> None:
    """Set the VAT or taxpayer NUMBER by which an entity's own e-invoices are told."""
    from huikuan.services.einvoices import set_tax_id
    from huikuan.services.lookup import find_entity, find_user

    set_tax_id(find_entity(code)[0], number, actor_id=find_user(user), now=datetime.now(UTC))
    click.echo(f"{code}: {number}")


@entity.command("list")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def list_entities(as_json: bool) -> None:
    """List the entities."""
    from huikuan.queries.entities import all_entities

    rows = all_entities()
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        click.echo(f"{row['code']:<12} {row['currency']}  {row['timezone']:<20} {row['name']}")
    if not rows:
        click.echo("no entity yet: huikuan entity add CODE NAME --currency CNY", err=True)
