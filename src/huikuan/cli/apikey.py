"""``huikuan apikey``: keys by which programs come in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click

from huikuan.cli.django import setup_database


@click.group()
def apikey() -> None:
    """Make, list and revoke the keys by which programs come in."""
    setup_database()


@apikey.command("add")
@click.argument("user")
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, required=True, metavar="RIGHT", help="As ledger.see, or all.")
@click.option(
    "--entity", "entities", multiple=True, metavar="CODE", help="Only in these; without, in all of the user's."
)
@click.option("--days", type=click.IntRange(1, 3650), help="Works for so many days; without, until it is revoked.")
def add(user: str, name: str, scopes: tuple[str, ...], entities: tuple[str, ...], days: int | None) -> None:
    """Make a key with which a program NAME does what USER may. It is shown this once."""
    from huikuan.core.rights import Right
    from huikuan.services.api_keys import add_key
    from huikuan.services.lookup import find_entity, find_user

    now = datetime.now(UTC)
    wanted = [right.value for right in Right] if "all" in scopes else list(scopes)
    _number, text = add_key(
        find_user(user) or 0,
        name,
        wanted,
        entity_ids=[find_entity(code)[0] for code in entities] or None,
        expires_at=now + timedelta(days=days) if days else None,
        actor_id=None,
        now=now,
    )
    click.echo(text)


@apikey.command("list")
@click.option("--user", help="Only this person's.")
def list_keys(user: str | None) -> None:
    """List the keys, without their secrets."""
    from huikuan.queries.api_keys import key_rows
    from huikuan.services.lookup import find_user

    rows = key_rows(datetime.now(UTC), user_id=find_user(user))
    for row in rows:
        used = f"{row.last_used_at:%Y-%m-%d %H:%M}" if row.last_used_at else "never used"
        where = "all" if row.entities is None else ",".join(row.entities)
        click.echo(f"{row.id:<5} {row.state:<8} {row.prefix}  {row.user}  {row.name}  {where}  {used}")
        click.echo(f"      {' '.join(row.scopes)}")
    if not rows:
        click.echo("no key yet: huikuan apikey add USER NAME --scope ledger.see", err=True)


@apikey.command("revoke")
@click.argument("number", type=int)
def revoke(number: int) -> None:
    """Revoke a key by the NUMBER that the list shows; it opens nothing any more."""
    from huikuan.services.api_keys import revoke_key

    revoke_key(number, actor_id=None, now=datetime.now(UTC))
    click.echo(f"key {number} is revoked")
