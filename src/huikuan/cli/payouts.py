"""``huikuan payouts``: shops and platforms, their daily sales, what was paid out, what differs."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from huikuan.cli.django import setup_database
from huikuan.core.refusals import Refusal


@click.group()
@click.option("--as", "user", metavar="USER", help="Who does it (for the audit trail); without it, the system.")
@click.pass_context
def payouts(ctx: click.Context, user: str | None) -> None:
    """Daily sales of shops against what their platforms paid out."""
    setup_database()
    from huikuan.services.lookup import find_user

    ctx.obj = {"actor_id": find_user(user), "now": datetime.now(UTC)}


def shop_named(context: dict[str, Any], text: str) -> Any:
    from huikuan.queries.entities import all_entities
    from huikuan.queries.frame import frame_at
    from huikuan.queries.shops import shop_model, shop_rows

    frame = frame_at(now=context["now"], entity_ids=tuple(row["id"] for row in all_entities()))
    named = shop_model(frame, text)
    if named is not None:
        return named
    found = [row.public_id for row in shop_rows(frame) if row.name == text]
    if len(found) != 1:
        raise Refusal("shop.unknown", "There is no such shop.")
    return shop_model(frame, found[0])


@payouts.command("shops")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_obj
def list_shops(context: dict[str, Any], as_json: bool) -> None:
    """List shops with how they stand."""
    from huikuan.core.money import to_decimal
    from huikuan.queries.entities import all_entities
    from huikuan.queries.frame import frame_at
    from huikuan.queries.shops import shop_rows

    frame = frame_at(now=context["now"], entity_ids=tuple(row["id"] for row in all_entities()))
    rows = [
        {
            "id": row.public_id,
            "entity": row.entity_code,
            "name": row.name,
            "currency": row.currency,
            "sales_until": row.last_day.isoformat() if row.last_day else None,
            "to_come": str(to_decimal(row.to_come_minor, row.currency)),
            "waiting": row.waiting,
            "differences": row.differences,
        }
        for row in shop_rows(frame)
    ]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        click.echo(
            f"{row['id']}  {row['entity']:<8}  {row['to_come']:>16} {row['currency']} to come"
            f"  {row['waiting']:>4} waiting  {row['differences']:>5} differences  {row['name']}"
        )
    click.echo(f"{len(rows):,} shops")


@payouts.command("add")
@click.argument("name")
@click.option("--entity", required=True, metavar="CODE")
@click.option("--customer", required=True, help="Who owes what is sold: the platform, as a customer.")
@click.option("--kind", type=click.Choice(["marketplace", "delivery", "wallet", "card", "till"]), required=True)
@click.option("--currency", help="That of the books by default.")
@click.option("--days", type=click.IntRange(0, 90), required=True, help="Paid out after so many days (T+n).")
@click.option("--working-days", is_flag=True, help="Counted in working days of the entity's country.")
@click.option("--fee", multiple=True, metavar="[METHOD=]PERCENT", help="The fee agreed; for one way of payment or all.")
@click.option("--payer", multiple=True, help="A word in the payer's name or text by which payouts are known.")
@click.option("--booked", is_flag=True, help="Another system posts the sales.")
@click.pass_obj
def add(context: dict[str, Any], /, name: str, entity: str, customer: str, kind: str, **more: Any) -> None:
    """Set up a shop."""
    from huikuan.core.payouts import SalesPosting, ShopKind
    from huikuan.queries.shops import shop_id_text
    from huikuan.services.lookup import find_account, find_entity
    from huikuan.services.shops import NewShop, add_shop

    entity_id, currency = find_entity(entity)
    new = NewShop(
        account_id=find_account(entity_id, customer),
        name=name,
        kind=ShopKind(kind),
        currency=(more["currency"] or currency).upper(),
        settle_days=more["days"],
        in_working_days=more["working_days"],
        posting=SalesPosting.BOOKED if more["booked"] else SalesPosting.SUMMARY,
        payer_names=more["payer"],
        fees=tuple(_fee(text) for text in more["fee"]),
    )
    click.echo(shop_id_text(add_shop(entity_id, new, **context)))


def _fee(text: str) -> Any:
    from huikuan.core.payouts import FeeRule

    method, _, percent = text.rpartition("=")
    try:
        bp = Decimal(percent.rstrip("%")) * 100
    except ArithmeticError:
        raise click.BadParameter(f"{text} is no percentage") from None
    if bp != bp.to_integral_value():
        raise click.BadParameter(f"{text}: hundredths of a percent are the smallest")
    return FeeRule(method, int(bp))


@payouts.command("import")
@click.argument("shop")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--what", type=click.Choice(["sales", "details"]), help="By the headings without it.")
@click.pass_obj
def import_files(context: dict[str, Any], shop: str, files: tuple[Path, ...], what: str | None) -> None:
    """Bring FILES of a SHOP (its id or name) in: daily sales, a till's totals, or what was paid out."""
    from huikuan.services.shop_files import import_shop_file

    found = shop_named(context, shop)
    told = {"sales": False, "details": True}.get(what or "")
    for path in files:
        one = import_shop_file(found.pk, path.name, path.read_bytes(), is_details=told, **context)
        kind = "payouts" if one.is_details else "sales"
        left = f", {one.left_out:,} never paid" if one.left_out else ""
        click.echo(f"{path.name}: {kind}, {one.rows_new:,} new, {one.rows_known:,} known{left}, {one.items:,} items")


@payouts.command("match")
@click.argument("shop")
@click.pass_obj
def match(context: dict[str, Any], shop: str) -> None:
    """Settle every payout of a SHOP whose sales are certain."""
    from huikuan.services.payouts import match_payouts

    results = match_payouts(shop_named(context, shop).pk, **context)
    done = [one for one in results if one.payout_id is not None]
    click.echo(f"{len(done):,} settled, {len(results) - len(done):,} wait")
    for one in results:
        if one.payout_id is None:
            click.echo(f"  line {one.line_id}: {one.why}")


@payouts.command("days")
@click.argument("shop")
@click.option("--limit", type=click.IntRange(1, 1000), default=31, show_default=True)
@click.pass_obj
def days(context: dict[str, Any], shop: str, limit: int) -> None:
    """The last days of a SHOP: sold, fee, expected, paid out, difference."""
    from huikuan.core.money import to_decimal
    from huikuan.queries.desk import day_at
    from huikuan.queries.shops import day_page

    found = shop_named(context, shop)
    page = day_page(found, day_at(found.entity_id, context["now"]), size=limit)
    click.echo(f"{'day':<10} {'sold':>14} {'fee':>12} {'expected':>14} {'paid out':>14} {'difference':>12}  state")
    for row in page.rows:
        sums = (row.sold_minor, row.fee_minor, row.expected_minor, row.paid_minor, row.difference_minor)
        told = [str(to_decimal(minor, found.currency)) for minor in sums]
        click.echo(f"{row.day} {told[0]:>14} {told[1]:>12} {told[2]:>14} {told[3]:>14} {told[4]:>12}  {row.state}")


@payouts.command("differences")
@click.argument("shop")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_obj
def differences(context: dict[str, Any], shop: str, as_json: bool) -> None:
    """What differs at a SHOP and nobody has explained."""
    from huikuan.core.money import to_decimal
    from huikuan.queries.desk import day_at
    from huikuan.queries.payouts import differences_of

    found = shop_named(context, shop)
    rows = [
        {
            "day": row.what.day.isoformat(),
            "kind": row.what.kind.value,
            "key": row.what.key,
            "amount": str(to_decimal(row.what.amount_minor, found.currency)),
            "responsible": row.what.responsible,
        }
        for row in differences_of(found, day_at(found.entity_id, context["now"])).open
    ]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        click.echo(f"{row['day']}  {row['kind']:<15} {row['amount']:>14}  {row['key']}  {row['responsible']}")
    click.echo(f"{len(rows):,} open")
