"""``huikuan short-payments``: what customers held back, and what is decided about it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import click

from huikuan.cli.django import setup_database
from huikuan.cli.habits import DAY, frame_of
from huikuan.cli.totals import total_line
from huikuan.core.refusals import Refusal
from huikuan.core.short_payments import Outcome


@click.group("short-payments", invoke_without_command=True)
@click.option("--as", "user", metavar="USER", help="Who does it (for the audit trail); without it, the system.")
@click.option(
    "--state",
    type=click.Choice(["open", "late", "rejected", "accepted", "paid", "withdrawn", "all"]),
    default="open",
    show_default=True,
)
@click.option("--owner", default="", metavar="USER", help="Only those that fall to this person.")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_context
def short_payments(
    ctx: click.Context, /, user: str | None, *, state: str, owner: str, limit: int, as_json: bool
) -> None:
    """What customers held back. Without a command: list it, the nearest deadline first."""
    setup_database()
    from huikuan.services.lookup import find_user

    ctx.obj = {"actor_id": find_user(user), "now": datetime.now(UTC)}
    if ctx.invoked_subcommand is None:
        _list(state, owner, limit, as_json=as_json)


def _list(state: str, owner: str, limit: int, *, as_json: bool) -> None:
    from huikuan.core.money import to_decimal
    from huikuan.queries.short_payments import ShortPaymentFilters, short_payment_page

    filters = ShortPaymentFilters(which=state, owner=owner)
    found = short_payment_page(frame_of(), filters, page=1, size=limit)
    rows = [
        {
            "id": row.public_id,
            "state": row.state,
            "outcome": row.outcome,
            "document_number": row.document_number,
            "customer": row.customer_name,
            "currency": row.currency,
            "amount": str(to_decimal(row.amount_minor, row.currency)),
            "reason": row.reason_code,
            "owner": row.owner or row.owner_role,
            "opened_on": row.opened_on.isoformat(),
            "deadline": row.deadline.isoformat(),
        }
        for row in found.rows
    ]
    if as_json:
        click.echo(json.dumps({"total": found.total, "short_payments": rows}, ensure_ascii=False))
        return
    for row in rows:
        click.echo(
            f"{row['deadline']}  {row['state']:<9}  {row['amount']:>14} {row['currency']}  {row['reason']:<12}"
            f"  {row['owner']:<16}  {row['document_number']}  {row['customer']}"
        )
    click.echo(total_line(found.total, len(rows), state))


@short_payments.command("open")
@click.argument("item", metavar="DOCUMENT")
@click.option("--amount", help="What is held back; all that is open without it.")
@click.option("--reason", default="unstated", show_default=True, help="A code of the entity's list of reasons.")
@click.option("--note", default="")
@click.pass_obj
def open_case(context: dict[str, Any], item: str, amount: str | None, reason: str, note: str) -> None:
    """A customer holds something back on DOCUMENT; prints the case. One that it has already gets reason and amount."""
    from huikuan.core.money import parse_amount
    from huikuan.queries.ids import short_payment_id_text
    from huikuan.services.lookup import find_item
    from huikuan.services.short_payments import open_short_payment

    found = find_item(item)
    minor = None if amount is None else parse_amount(amount, found.currency)
    number = open_short_payment(found.entity_id, found.number, minor, reason_code=reason, note=note, **context)
    click.echo(short_payment_id_text(number))


@short_payments.command("reject")
@click.argument("case")
@click.option("--note", required=True, help="Why, and what the customer was told.")
@click.pass_obj
def reject(context: dict[str, Any], case: str, note: str) -> None:
    """The customer owes it."""
    from huikuan.services.short_payments import reject_short_payment

    reject_short_payment(_case(case), note=note, **context)
    click.echo("rejected")


@short_payments.command("accept")
@click.argument("case")
@click.option("--outcome", type=click.Choice([one.value for one in Outcome]), default="write_off", show_default=True)
@click.option("--note", required=True, help="Why, and what the customer was told.")
@click.option("--on", type=DAY, required=True, help="The day it counts from.")
@click.pass_obj
def accept(context: dict[str, Any], case: str, outcome: str, note: str, on: datetime) -> None:
    """The customer need not pay it: written off, or left for a credit memo to come."""
    from huikuan.services.short_payments import accept_short_payment

    accept_short_payment(_case(case), Outcome(outcome), note=note, on=on.date(), **context)
    click.echo("accepted")


def _case(text: str) -> int:
    """The number of a case. Refuses ``short_payment.unknown``."""
    from huikuan.queries.short_payments import short_payment

    found = short_payment(frame_of(), text)
    if found is None:
        raise Refusal("short_payment.unknown", "There is no such short payment.")
    return found.id
