"""``huikuan ledger``: what people do to the books, one command each, by document number or opaque id."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import click

from huikuan.cli.django import setup_database

_DAY = click.DateTime(formats=["%Y-%m-%d"])
_MONTH = click.DateTime(formats=["%Y-%m"])


@click.group()
@click.option("--as", "user", metavar="USER", help="Who does it (for the audit trail); without it, the system.")
@click.pass_context
def ledger(ctx: click.Context, user: str | None) -> None:
    """Post to the books: apply, unapply, refund, write off, close a month.

    Amounts are in major units of the item's or receipt's currency. Items and receipts are named by document number,
    external id or opaque id.
    """
    setup_database()
    from huikuan.services.lookup import find_user

    ctx.obj = {"actor_id": find_user(user), "now": datetime.now(UTC)}


def _on(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option("--on", type=_DAY, required=True, help="The day it truly happened.")(command)


def _minor(text: str, currency: str) -> int:
    from huikuan.core.money import parse_amount

    return parse_amount(text, currency)


def _done(entry_ids: int | list[int]) -> None:
    from huikuan.queries.ids import entry_id_text

    for number in [entry_ids] if isinstance(entry_ids, int) else entry_ids:
        click.echo(entry_id_text(number))


@ledger.command("apply")
@click.argument("receipt")
@click.option(
    "--to",
    multiple=True,
    metavar="ITEM=AMOUNT[@MONEY]",
    help="What the customer named; may be given several times. @MONEY: what it takes of a receipt in another currency.",
)
@click.option("--discount", is_flag=True, help="Grant the early-payment discount still open on each item named.")
@click.option(
    "--order", type=click.Choice(["oldest_first", "pro_rata", "costs_interest_principal"]), help="Where none is named."
)
@click.option("--amount", help="At most so much, where none is named.")
@_on
@click.pass_obj
def apply_(
    context: dict[str, Any],
    receipt: str,
    to: tuple[str, ...],
    discount: bool,
    order: str | None,
    amount: str | None,
    on: datetime,
) -> None:
    """Apply a receipt to items."""
    from huikuan.core.applications import Order
    from huikuan.services.applications import Named, apply_receipt
    from huikuan.services.lookup import find_item, find_receipt

    found = find_receipt(receipt)
    named = []
    for text in to:
        item_text, _, amount_text = text.rpartition("=")
        if not item_text:
            raise click.BadParameter(f"{text!r} is not ITEM=AMOUNT", param_hint="--to")
        item = find_item(item_text)
        amount_text, _at, money = amount_text.partition("@")
        paid = _minor(money, found.currency) if money else None
        named.append(Named(item.number, _minor(amount_text, item.currency), take_discount=discount, paid_minor=paid))
    cap = None if amount is None else _minor(amount, found.currency)
    rule = Order(order) if order else None
    _done(apply_receipt(found.entity_id, found.number, named, order=rule, amount_minor=cap, on=on.date(), **context))


@ledger.command()
@click.argument("entry")
@click.option("--memo", default="", help="Why.")
@_on
@click.pass_obj
def reverse(context: dict[str, Any], entry: str, memo: str, on: datetime) -> None:
    """Reverse an entry: unapply, bounce a receipt, take an item back. What stands on it is reversed first."""
    from huikuan.services.lookup import find_entry
    from huikuan.services.reversals import reverse_entry

    found = find_entry(entry)
    _done(reverse_entry(found.entity_id, found.number, on=on.date(), memo=memo, **context))


@ledger.command()
@click.argument("receipt")
@click.option("--memo", default="", help="Why: returned by the bank, say.")
@_on
@click.pass_obj
def bounce(context: dict[str, Any], receipt: str, memo: str, on: datetime) -> None:
    """Take a receipt back: the bank returned it. It is unapplied everywhere first."""
    from huikuan.services.lookup import find_receipt
    from huikuan.services.reversals import reverse_entry

    found = find_receipt(receipt)
    _done(reverse_entry(found.entity_id, found.entry_id, on=on.date(), memo=memo, **context))


@ledger.command()
@click.argument("receipt")
@click.option("--memo", default="", help="Why: it was another payment, say.")
@click.pass_obj
def reinstate(context: dict[str, Any], receipt: str, memo: str) -> None:
    """A receipt did not bounce after all: post it anew, with all that was done with it. Prints the new receipt."""
    from huikuan.queries.ids import receipt_id_text
    from huikuan.services.lookup import find_receipt
    from huikuan.services.reinstating import reinstate_receipt

    found = find_receipt(receipt)
    made = reinstate_receipt(found.entity_id, found.number, memo=memo, **context)
    for number in made.receipts:
        click.echo(receipt_id_text(number))


@ledger.command()
@click.argument("receipt")
@click.argument("customer")
@_on
@click.pass_obj
def identify(context: dict[str, Any], receipt: str, customer: str, on: datetime) -> None:
    """Say whose money a receipt in suspense is."""
    from huikuan.services.lookup import find_account, find_receipt
    from huikuan.services.receipts import identify_receipt

    found = find_receipt(receipt)
    account = find_account(found.entity_id, customer)
    _done(identify_receipt(found.entity_id, found.number, account, on=on.date(), **context))


@ledger.command()
@click.argument("receipt")
@click.argument("amount")
@_on
@click.pass_obj
def refund(context: dict[str, Any], receipt: str, amount: str, on: datetime) -> None:
    """Give unapplied money back to who sent it."""
    from huikuan.services.lookup import find_receipt
    from huikuan.services.receipts import refund_receipt

    found = find_receipt(receipt)
    _done(refund_receipt(found.entity_id, found.number, _minor(amount, found.currency), on=on.date(), **context))


@ledger.command()
@click.argument("receipt")
@click.argument("amount")
@_on
@click.pass_obj
def park(context: dict[str, Any], receipt: str, amount: str, on: datetime) -> None:
    """Keep unapplied money on account, as an advance."""
    from huikuan.services.lookup import find_receipt
    from huikuan.services.receipts import park_receipt

    found = find_receipt(receipt)
    _done(park_receipt(found.entity_id, found.number, _minor(amount, found.currency), on=on.date(), **context))


@ledger.command("settle")
@click.argument("kind", type=click.Choice(["write_off", "offset", "assignment"]))
@click.argument("item")
@click.argument("amount")
@click.option("--memo", default="", help="Why.")
@_on
@click.pass_obj
def settle(context: dict[str, Any], kind: str, item: str, amount: str, memo: str, on: datetime) -> None:
    """Take (part of) an item off the books without money: written off, offset against what we owe, assigned."""
    from huikuan.core.accounts import EntryKind
    from huikuan.services.adjustments import settle_item
    from huikuan.services.lookup import find_item

    found = find_item(item)
    minor = _minor(amount, found.currency)
    _done(settle_item(found.entity_id, EntryKind(kind), found.number, minor, on=on.date(), memo=memo, **context))


@ledger.command()
@click.argument("item")
@click.argument("receipt")
@click.argument("amount")
@_on
@click.pass_obj
def recover(context: dict[str, Any], item: str, receipt: str, amount: str, on: datetime) -> None:
    """Book money that came after all for an item written off."""
    from huikuan.services.adjustments import recover_item
    from huikuan.services.lookup import find_item, find_receipt

    found, money = find_item(item), find_receipt(receipt)
    minor = _minor(amount, money.currency)
    _done(recover_item(found.entity_id, found.number, money.number, minor, on=on.date(), **context))


@ledger.command("credit")
@click.argument("credit")
@click.option("--to", multiple=True, required=True, metavar="ITEM=AMOUNT", help="May be given several times.")
@_on
@click.pass_obj
def credit_(context: dict[str, Any], credit: str, to: tuple[str, ...], on: datetime) -> None:
    """Apply a credit memo, deposit or money on account to items owed."""
    from huikuan.services.applications import Named, apply_credit
    from huikuan.services.lookup import find_item

    found = find_item(credit)
    named = []
    for text in to:
        item_text, _, amount_text = text.rpartition("=")
        item = find_item(item_text)
        named.append(Named(item.number, _minor(amount_text, item.currency)))
    _done(apply_credit(found.entity_id, found.number, named, on=on.date(), **context))


@ledger.command()
@click.argument("month", type=_MONTH)
@click.argument("state", type=click.Choice(["open", "soft_closed", "closed"]))
@click.option("--entity", help="Code of the legal entity, where there are several.")
@click.option("--reason", default="", help="Why it is closed for good while points of its list are open.")
@click.pass_obj
def period(context: dict[str, Any], month: datetime, state: str, entity: str | None, reason: str) -> None:
    """Open, soft-close or close a month (YYYY-MM). Closing for good looks at the month's list (ledger checklist)."""
    from huikuan.core.periods import PeriodState
    from huikuan.services.closing import close_month
    from huikuan.services.lookup import find_entity
    from huikuan.services.periods import set_period

    number, _ = find_entity(entity)
    if state == PeriodState.CLOSED:
        close_month(number, month.date(), reason=reason, **context)
    else:
        set_period(number, month.date(), PeriodState(state), **context)
    click.echo(f"{month:%Y-%m} {state}")


@ledger.command()
@click.argument("month", type=_MONTH)
@click.option("--entity", help="Code of the legal entity, where there are several.")
@click.option("--tick", multiple=True, help="Tick a point that people tick; may be given several times.")
@click.pass_obj
def checklist(context: dict[str, Any], month: datetime, entity: str | None, tick: tuple[str, ...]) -> None:
    """Show what is to be done before a month (YYYY-MM) is closed. Exit 1 while a point is open."""
    from huikuan.services.checklist import month_points
    from huikuan.services.closing import mark_point
    from huikuan.services.lookup import find_entity

    number, _ = find_entity(entity)
    for point in tick:
        mark_point(number, month.date(), point, is_done=True, **context)
    points = month_points(number, month.date(), now=context["now"])
    for one in points:
        more = f"{one.count}  {' '.join(one.names)}" if one.count else one.marked_by
        more = "nothing to export" if one.is_idle else more
        click.echo(f"{'done' if one.is_done else 'open':<5} {one.code:<18} {more}".rstrip())
    if not all(one.is_done for one in points):
        sys.exit(1)


@ledger.command()
@click.argument("month", type=_MONTH)
@click.option("--entity", help="Code of the legal entity, where there are several.")
@click.pass_obj
def revalue(context: dict[str, Any], month: datetime, entity: str | None) -> None:
    """Post the unrealised exchange differences of a month end, taken back on the next day."""
    from huikuan.services.lookup import find_entity
    from huikuan.services.revaluation import revalue as run_revalue

    _done(run_revalue(find_entity(entity)[0], month.date(), **context))


@ledger.command()
@click.argument("currency")
@click.argument("rate")
@click.option("--base", help="The currency it is expressed in; default the entity's.")
@click.option("--entity", help="Code of the legal entity, where there are several.")
@click.option("--source", default="", help="Where the figure comes from.")
@click.option("--from", "valid_from", type=_DAY, required=True, help="Valid from this day on.")
@click.pass_obj
def rate(
    context: dict[str, Any],
    currency: str,
    rate: str,
    base: str | None,
    entity: str | None,
    source: str,
    valid_from: datetime,
) -> None:
    """Add an exchange rate: one unit of CURRENCY is RATE units of the base currency."""
    from huikuan.core.exchange import Rate
    from huikuan.services.lookup import find_entity
    from huikuan.services.rates import add_rates

    day: date = valid_from.date()
    try:
        figure = Decimal(rate)
    except ArithmeticError:
        raise click.BadParameter(f"{rate!r} is not a number") from None
    added = add_rates([Rate(currency, base or find_entity(entity)[1], day, figure, source)], **context)
    click.echo(f"{added} added")
