"""``huikuan payouts``: payouts settled by hand, taken back, differences explained."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import click

from huikuan.cli.payouts import payouts, shop_named
from huikuan.core.money import parse_amount, to_decimal
from huikuan.core.payout_differences import DifferenceKind, Reason
from huikuan.core.refusals import Refusal

__all__ = ["payouts"]

_DAY = click.DateTime(formats=["%Y-%m-%d"])


@payouts.command("list")
@click.argument("shop")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_obj
def list_payouts(context: dict[str, Any], shop: str, limit: int, as_json: bool) -> None:
    """The last payouts of a SHOP that stand, the newest first."""
    from huikuan.queries.desk import day_at
    from huikuan.queries.payouts import payout_rows

    found = shop_named(context, shop)
    rows = [
        {
            "payout": row.public_id,
            "day": row.day.isoformat(),
            "line": row.line_public_id,
            "paid": str(to_decimal(row.paid_minor, found.currency)),
            "fees_booked": str(to_decimal(row.booked_minor, found.currency)),
            "currency": found.currency,
        }
        for row in payout_rows(found, day_at(found.entity_id, context["now"]), limit=limit)
    ]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        click.echo(f"{row['payout']}  {row['day']}  {row['paid']:>14} {row['currency']}  fees {row['fees_booked']:>12}")
    click.echo(f"{len(rows):,} payouts")


@payouts.command("settle")
@click.argument("shop")
@click.argument("line")
@click.option("--day", "days", type=_DAY, multiple=True, required=True, help="A day of sales it pays; several times.")
@click.pass_obj
def settle(context: dict[str, Any], shop: str, line: str, days: tuple[datetime, ...]) -> None:
    """Take the bank line LINE for the payout of these days of a SHOP, whatever it differs by; prints the payout."""
    from huikuan.queries.desk import day_at
    from huikuan.queries.payouts import payout_id_text
    from huikuan.queries.shops import day_page
    from huikuan.queries.workbench_line import line_at
    from huikuan.services.payouts import settle_payout

    found = shop_named(context, shop)
    wanted = {one.date() for one in days}
    listed = day_page(found, day_at(found.entity_id, context["now"]), since=min(wanted), size=10_000).rows
    unknown = wanted - {row.day for row in listed}
    if unknown:
        raise Refusal("payout.no_day", "Nothing was sold on {day}.", day=min(unknown).isoformat())
    units = [unit for row in listed if row.day in wanted for unit in row.unit_ids]
    money = line_at([found.entity_id], line)
    if money is None:
        raise Refusal("match.no_line", "There is no such line of money in.")
    click.echo(payout_id_text(settle_payout(found.pk, money.line_id, units, **context)))


@payouts.command("undo")
@click.argument("payout")
@click.pass_obj
def undo(context: dict[str, Any], payout: str) -> None:
    """Take PAYOUT back: its money waits again, fees and items are as they were."""
    from huikuan.queries.payouts import payout_number
    from huikuan.services.payouts import undo_payout

    undo_payout(payout_number(payout) or 0, **context)
    click.echo("taken back")


@payouts.command("explain")
@click.argument("shop")
@click.argument("kind", type=click.Choice([one.value for one in DifferenceKind]))
@click.argument("key")
@click.argument("amount")
@click.option("--reason", type=click.Choice([one.value for one in Reason]), required=True)
@click.option("--note", default="")
@click.option("--on", type=_DAY, required=True, help="The day it counts from.")
@click.pass_obj
def explain(
    context: dict[str, Any], /, shop: str, kind: str, key: str, amount: str, reason: str, note: str, on: datetime
) -> None:
    """A difference of a SHOP, as `differences` prints it, is explained."""
    from huikuan.services.payout_differences import explain_difference

    found = shop_named(context, shop)
    minor = parse_amount(amount, found.currency)
    told: dict[str, Any] = {"reason": Reason(reason), "note": note, "on": on.date()}
    explain_difference(found.pk, DifferenceKind(kind), key, minor, **told, **context)
    click.echo("explained")
