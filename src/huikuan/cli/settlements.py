"""``huikuan settlements``: what source systems reported as settled, decided by a person."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import click

from huikuan.cli.django import setup_database
from huikuan.cli.totals import total_line
from huikuan.core.refusals import Refusal


@click.group()
@click.option("--as", "user", metavar="USER", help="Who does it (for the audit trail); without it, the system.")
@click.pass_context
def settlements(ctx: click.Context, user: str | None) -> None:
    """Items a source no longer showed, or showed smaller: accepted they are settled, until money explains them."""
    setup_database()
    from huikuan.services.lookup import find_user

    ctx.obj = {"actor_id": find_user(user), "now": datetime.now(UTC)}


@settlements.command("list")
@click.option("--import", "batch", type=int, help="Only those of one import, by its number.")
@click.option(
    "--state",
    type=click.Choice(["proposed", "posted", "met", "rejected", "all"]),
    default="proposed",
    show_default=True,
)
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_obj
def list_settlements(context: dict[str, Any], batch: int | None, state: str, limit: int, as_json: bool) -> None:
    """List settlements, the newest first."""
    from huikuan.core.money import to_decimal
    from huikuan.queries.entities import all_entities
    from huikuan.queries.frame import frame_at
    from huikuan.queries.settlements import settlement_page

    entity_ids = tuple(row["id"] for row in all_entities())
    frame = frame_at(now=context["now"], entity_ids=entity_ids)
    found = settlement_page(frame, state=state, batch_id=batch, page=1, size=limit)
    rows = [
        {
            "id": row.id,
            "state": row.state,
            "document_number": row.document_number,
            "customer": row.customer_name,
            "currency": row.currency,
            "amount": str(to_decimal(row.amount_minor, row.currency)),
            "settled_on": row.settled_on.isoformat(),
            "import": row.batch_id,
        }
        for row in found.rows
    ]
    if as_json:
        click.echo(json.dumps({"total": found.total, "settlements": rows}, ensure_ascii=False))
        return
    for row in rows:
        click.echo(
            f"{row['id']:>8}  {row['state']:<8}  {row['settled_on']}  {row['amount']:>16} {row['currency']}"
            f"  {row['document_number']}  {row['customer']}"
        )
    click.echo(total_line(found.total, len(rows), state))


@settlements.command("accept")
@click.argument("ids", nargs=-1, type=int)
@click.option("--import", "batch", type=int, help="All that one import proposed.")
@click.pass_obj
def accept(context: dict[str, Any], ids: tuple[int, ...], batch: int | None) -> None:
    """Post settlements: the items are no longer owed; money that comes for them later meets them first."""
    _decide(ids, batch, accept=True, **context)


@settlements.command("reject")
@click.argument("ids", nargs=-1, type=int)
@click.option("--import", "batch", type=int, help="All that one import proposed.")
@click.pass_obj
def reject(context: dict[str, Any], ids: tuple[int, ...], batch: int | None) -> None:
    """Reject settlements: the items stay open."""
    _decide(ids, batch, accept=False, **context)


def _decide(ids: tuple[int, ...], batch: int | None, *, accept: bool, actor_id: int | None, now: datetime) -> None:
    from huikuan.services.source_settlements import decide_settlements, proposals_of

    if bool(ids) == (batch is not None):
        raise click.UsageError("name settlements by their numbers, or all of one import by --import")
    wanted = list(ids) if batch is None else proposals_of(batch)
    if not wanted:
        raise Refusal("settlement.none", "nothing of this import waits for a decision")
    done = decide_settlements(wanted, accept=accept, actor_id=actor_id, now=now)
    click.echo(f"{len(done):,} settlements {'posted' if accept else 'rejected'}")
