"""``huikuan user``: the people who may sign in. Nobody signs up by himself; this is how the first one comes in."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import UTC, datetime

import click

from huikuan.cli.django import setup_database
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Grant, Reach, Role


@click.group()
def user() -> None:
    """Make a person who may sign in, give a new password, give and take back roles, let in and shut out."""
    setup_database()


_ACTOR = click.option("--as", "actor", metavar="USER", help="Who does it (for the audit trail); without, the system.")
_ROLE_HELP = (
    f"A role in an entity (by code): {', '.join(role.value for role in Role)}; for whose customers: own, team or all"
    " (without, all). May be given several times."
)
_ROLE = click.option("--role", "roles", multiple=True, metavar="ENTITY:ROLE[:REACH]", help=_ROLE_HELP)


@user.command("add")
@click.argument("name")
@click.option("--superuser", is_flag=True, help="Sees and does everything.")
@click.option("--email", default="", help="May be used to sign in, too.")
@click.option("--full-name", default="", help="As shown beside what the person did.")
@click.option("--language", type=click.Choice(["en", "zh-hans"]), help="Without one, the browser's.")
@_ROLE
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of asking.")
@_ACTOR
def add(
    name: str,
    superuser: bool,
    email: str,
    full_name: str,
    language: str | None,
    roles: tuple[str, ...],
    password_stdin: bool,
    actor: str | None,
) -> None:
    """Make a person who may sign in. The password is asked for."""
    from huikuan.services.lookup import find_user
    from huikuan.services.users import create_user

    actor_id = find_user(actor)
    grants = _grants(roles)
    create_user(
        name,
        password=_password(password_stdin),
        email=email,
        full_name=full_name,
        language=language or "",
        is_superuser=superuser,
        grants=grants,
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


@user.command("grant")
@click.argument("name")
@_ROLE
@_ACTOR
def grant(name: str, roles: tuple[str, ...], actor: str | None) -> None:
    """Give a person roles, or a role the person has another reach."""
    from huikuan.services import people
    from huikuan.services.lookup import find_user
    from huikuan.services.transaction import run_in_transaction

    grants, actor_id, user_id, now = _grants(roles), find_user(actor), _known(name), datetime.now(UTC)

    def work() -> None:
        for one in grants:
            people.grant(user_id, one, actor_id=actor_id, now=now)

    run_in_transaction(work)
    click.echo(f"{name}: {_roles_of(user_id)}")


@user.command("revoke")
@click.argument("name")
@_ROLE
@_ACTOR
def revoke(name: str, roles: tuple[str, ...], actor: str | None) -> None:
    """Take roles back from a person."""
    from huikuan.services import people
    from huikuan.services.lookup import find_user
    from huikuan.services.transaction import run_in_transaction

    grants, actor_id, user_id, now = _grants(roles), find_user(actor), _known(name), datetime.now(UTC)

    def work() -> None:
        for one in grants:
            people.revoke(user_id, entity_id=one.entity_id, role=one.role, actor_id=actor_id, now=now)

    run_in_transaction(work)
    click.echo(f"{name}: {_roles_of(user_id)}")


@user.command("shut-out")
@click.argument("name")
@_ACTOR
def shut_out(name: str, actor: str | None) -> None:
    """Let a person sign in no more; open sessions end. Roles and customers stay as they are."""
    _set_active(name, False, actor)
    click.echo(f"{name} is shut out.")


@user.command("let-in")
@click.argument("name")
@_ACTOR
def let_in(name: str, actor: str | None) -> None:
    """Let a person who was shut out sign in again."""
    _set_active(name, True, actor)
    click.echo(f"{name} may sign in.")


@user.command("list")
def list_people() -> None:
    """Everybody, with the roles held."""
    from huikuan.queries.people import people_rows

    for row in people_rows():
        state = "" if row.is_active else " (shut out)"
        chief = " superuser" if row.is_superuser else ""
        click.echo(f"{row.username}{state}:{chief} {_roles_of(row.id)}".rstrip())


def _set_active(name: str, active: bool, actor: str | None) -> None:
    from huikuan.services.lookup import find_user
    from huikuan.services.people import set_active

    set_active(_known(name), active, actor_id=find_user(actor), now=datetime.now(UTC))


def _known(name: str) -> int:
    """The person's number, shut out or not. Refuses ``user.unknown``."""
    from huikuan.queries.people import people_rows

    found = next((row.id for row in people_rows() if row.username.lower() == name.lower()), None)
    if found is None:
        raise Refusal("user.unknown", "there is no user {name}", name=name)
    return found


def _roles_of(user_id: int) -> str:
    from huikuan.queries.people import grant_rows

    grants = grant_rows(user_id)
    return ", ".join(f"{row.entity_code}:{row.role}:{row.reach}" for row in grants) or "no roles"


def _grants(texts: Iterable[str]) -> list[Grant]:
    """Refuses ``grant.unreadable`` and ``entity.unknown``."""
    from huikuan.queries.entities import all_entities

    numbers = {row["code"]: row["id"] for row in all_entities()}
    grants = []
    for text in texts:
        code, role, reach = (*text.split(":"), "all")[:3] if ":" in text else ("", "", "")
        if role not in set(Role) or reach not in set(Reach) or text.count(":") > 2:
            raise Refusal(
                "grant.unreadable", "{text} is not a role in an entity; write it as ENTITY:ROLE[:REACH]", text=text
            )
        if code not in numbers:
            raise Refusal("entity.unknown", "there is no entity {entity}", entity=code)
        grants.append(Grant(numbers[code], Role(role), Reach(reach)))
    return grants


def _password(from_stdin: bool) -> str:
    """Asked for twice and never shown; or one line of standard input, for scripts."""
    if from_stdin:
        line: str = sys.stdin.readline()
        return line.rstrip("\r\n")
    text: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return text
