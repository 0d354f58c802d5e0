"""``huikuan user``: the people who may sign in. Nobody signs up by himself; this is how the first one comes in."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import click

from huikuan.cli.django import setup_database


@click.group()
def user() -> None:
    """Make a person who may sign in, give a new password, say which entities the person may see."""
    setup_database()


_ACTOR = click.option("--as", "actor", metavar="USER", help="Who does it (for the audit trail); without, the system.")
_MAY = (
    click.option("--may-see", multiple=True, metavar="ENTITY", help="An entity the person may look at, by code."),
    click.option("--may-post", multiple=True, metavar="ENTITY", help="An entity whose books the person may change."),
)


@user.command("add")
@click.argument("name")
@click.option("--superuser", is_flag=True, help="Sees and does everything.")
@click.option("--email", default="", help="May be used to sign in, too.")
@click.option("--full-name", default="", help="As shown beside what the person did.")
@click.option("--language", default="", type=click.Choice(["", "en", "zh-hans"]), help="Without one, the browser's.")
@_MAY[0]
@_MAY[1]
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of asking.")
@_ACTOR
def add(
    name: str,
    superuser: bool,
    email: str,
    full_name: str,
    language: str,
    may_see: tuple[str, ...],
    may_post: tuple[str, ...],
    password_stdin: bool,
    actor: str | None,
) -> None:
    """Make a person who may sign in. The password is asked for."""
    from huikuan.services.lookup import find_user
    from huikuan.services.users import create_user, entity_ids

    actor_id = find_user(actor)
    memberships = entity_ids(_memberships(may_see, may_post))
    create_user(
        name,
        password=_password(password_stdin),
        email=email,
        full_name=full_name,
        language=language,
        is_superuser=superuser,
        memberships=memberships,
        actor_id=actor_id,
        now=datetime.now(UTC),
    )
    click.echo(f"{name} may sign in.")


@user.command("password")
@click.argument("name")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of asking.")
@_ACTOR
def password(name: str, password_stdin: bool, actor: str | None) -> None:
    """Give a person another password; every open session of the person's ends."""
    from huikuan.services.lookup import find_user
    from huikuan.services.users import set_password

    set_password(name, _password(password_stdin), actor_id=find_user(actor), now=datetime.now(UTC))
    click.echo(f"{name} has a new password.")


@user.command("entities")
@click.argument("name")
@_MAY[0]
@_MAY[1]
@_ACTOR
def entities(name: str, may_see: tuple[str, ...], may_post: tuple[str, ...], actor: str | None) -> None:
    """Say which entities a person may see from now on, and where the person may post: these and no others."""
    from huikuan.services.lookup import find_user
    from huikuan.services.users import set_memberships

    wanted = _memberships(may_see, may_post)
    set_memberships(name, wanted, actor_id=find_user(actor), now=datetime.now(UTC))
    shown = ", ".join(f"{code} ({'posts' if posts else 'looks'})" for code, posts in sorted(wanted.items()))
    click.echo(f"{name}: {shown or 'no entities'}")


def _memberships(may_see: tuple[str, ...], may_post: tuple[str, ...]) -> dict[str, bool]:
    return dict.fromkeys(may_see, False) | dict.fromkeys(may_post, True)


def _password(from_stdin: bool) -> str:
    """Asked for twice and never shown; or one line of standard input, for scripts."""
    if from_stdin:
        line: str = sys.stdin.readline()
        return line.rstrip("\r\n")
    text: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return text
