"""``huikuan customer``: a customer's particulars, its terms and its other names, read and changed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import click

from huikuan.cli.django import setup_database
from huikuan.cli.habits import customer_meant, frame_of
from huikuan.core.refusals import Refusal


@click.group()
@click.option("--as", "user", metavar="USER", help="Who does it (for the audit trail); without it, the system.")
@click.pass_context
def customer(ctx: click.Context, user: str | None) -> None:
    """The customer file: particulars, terms, other names. CUSTOMER is an opaque id, a number, or a name."""
    setup_database()
    from huikuan.services.lookup import find_user

    ctx.obj = {"actor_id": find_user(user), "now": datetime.now(UTC)}


@customer.command("show")
@click.argument("who", metavar="CUSTOMER")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def show(who: str, as_json: bool) -> None:
    """What is on file about CUSTOMER; no numbers of people or accounts."""
    from huikuan.queries.entities import all_entities

    file = _file(who)
    codes = {row["id"]: row["code"] for row in all_entities()}
    accounts = [
        {
            "entity": codes[one.entity_id],
            "terms_days": one.terms_days,
            "credit_limit": _limit(one),
            "currency": one.currency,
        }
        for one in file.accounts
    ]
    names = [{"name": one.name, "former": one.is_former} for one in file.aliases]
    if as_json:
        told = {"id": file.public_id, **file.values, "accounts": accounts, "names": names}
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    click.echo(f"{'id':<20} {file.public_id}")
    for name, value in file.values.items():
        if value:
            click.echo(f"{name:<20} {value}")
    for row in accounts:
        days = "no terms" if row["terms_days"] is None else f"{row['terms_days']} days"
        limit = f"limit {row['credit_limit']} {row['currency']}" if row["credit_limit"] else "no limit"
        click.echo(f"{row['entity']:<20} {days}, {limit}")
    for alias in names:
        click.echo(f"{'former name' if alias['former'] else 'also':<20} {alias['name']}")


@customer.command("change")
@click.argument("who", metavar="CUSTOMER")
@click.argument("changes", nargs=-1, required=True, metavar="FIELD=VALUE...")
@click.pass_obj
def change(context: dict[str, Any], /, who: str, changes: Sequence[str]) -> None:
    """Change particulars, as ``region=East parent=0002``; ``segment=`` empties one. A former name stays known.

    Fields: name, registration_number, country, region, address, distance_km, industry, segment, language, currency,
    tax_number, invoice_title, invoice_address, invoice_bank, invoice_mail, parent (a customer).
    """
    from huikuan.services.customer_file import FIELDS, change_customer
    from huikuan.services.field_changes import Change

    file = _file(who)
    wanted = read_fields(changes, FIELDS)
    if wanted.get("parent"):
        wanted["parent"] = str(customer_meant(frame_of(), wanted["parent"])[0])
    change_customer(file.id, {name: Change(text) for name, text in wanted.items()}, **context)
    click.echo(file.public_id)


@customer.command("terms")
@click.argument("who", metavar="CUSTOMER")
@click.option("--entity", help="Code of the legal entity, where there are several.")
@click.option("--days", help="Net days; empty for none.")
@click.option("--limit", help="Credit limit in the books' currency; empty for none.")
@click.pass_obj
def terms(context: dict[str, Any], /, who: str, entity: str | None, days: str | None, limit: str | None) -> None:
    """Change the terms and the credit limit CUSTOMER has with a legal entity."""
    from huikuan.core.money import parse_amount
    from huikuan.services.customer_file import change_account
    from huikuan.services.field_changes import Change
    from huikuan.services.lookup import find_account, find_entity

    if days is None and limit is None:
        raise click.UsageError("give --days, --limit or both")
    file = _file(who)
    entity_id, currency = find_entity(entity)
    changes = {} if days is None else {"terms_days": Change(days.strip())}
    if limit is not None:
        minor = str(parse_amount(limit.strip(), currency)) if limit.strip() else ""
        changes["credit_limit_minor"] = Change(minor)
    change_account(find_account(entity_id, file.public_id), changes, **context)
    click.echo(file.public_id)


@customer.command("name")
@click.argument("who", metavar="CUSTOMER")
@click.argument("name")
@click.option("--former", is_flag=True, help="It was called so before.")
@click.option("--drop", is_flag=True, help="It is no name of this customer.")
@click.pass_obj
def keep_name(context: dict[str, Any], /, who: str, name: str, former: bool, drop: bool) -> None:
    """Another NAME by which CUSTOMER is known, kept or dropped."""
    from huikuan.queries.customer_file import owns
    from huikuan.services.customer_file import add_alias, remove_alias

    file = _file(who)
    if not drop:
        add_alias(file.id, name, is_former=former, **context)
    else:
        known = next((one.public_id for one in file.aliases if one.name == name.strip()), "")
        number = owns(file, "ali", known)
        if number is None:
            raise Refusal("customer.no_alias", "The name is gone already.")
        remove_alias(number, **context)
    click.echo(file.public_id)


def read_fields(changes: Sequence[str], known: Any) -> dict[str, str]:
    """``FIELD=VALUE`` of the shell. Bad usage where a field is not ``known``, or stands twice."""
    found: dict[str, str] = {}
    for text in changes:
        name, equals, value = text.partition("=")
        if not equals or name not in known:
            raise click.UsageError(f"{text!r} is not FIELD=VALUE with a field of {', '.join(known)}")
        if name in found:
            raise click.UsageError(f"{name} stands twice")
        found[name] = value
    return found


def _limit(account: Any) -> str | None:
    from huikuan.core.money import to_decimal

    limit = account.credit_limit_minor
    return None if limit is None else f"{to_decimal(limit, account.currency):f}"


def _file(who: str) -> Any:
    """The file of the customer meant. Refuses ``customer.unclear``."""
    from huikuan.queries.customer_file import customer_file

    frame = frame_of()
    found = customer_file(frame, customer_meant(frame, who)[1])
    if found is None:
        raise Refusal("customer.unclear", "{count} customers match {text}: give the whole name.", count=0, text=who)
    return found
