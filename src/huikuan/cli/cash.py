"""``huikuan cash``: numbered receipts for cash, papers of other payers, and what an entity decided about channels."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from huikuan.cli.django import setup_database

_DAY = click.DateTime(formats=["%Y-%m-%d"])
_ENTITY = click.option("--entity", help="Code of the legal entity, where there are several.")


@click.group()
@click.option("--as", "user", metavar="USER", help="Who does it (for the audit trail); without it, the system.")
@click.pass_context
def cash(ctx: click.Context, user: str | None) -> None:
    """Cash (notes and coins) with its receipts, papers of other payers, rules of channels."""
    setup_database()
    from huikuan.services.lookup import find_user

    ctx.obj = {"actor_id": find_user(user), "now": datetime.now(UTC)}


@cash.command("take")
@click.argument("amount")
@click.option("--customer", required=True, help="The customer's number or opaque id.")
@click.option("--payer", required=True, help="Who handed it over.")
@click.option("--reason", required=True, help="Why it was no transfer.")
@click.option("--for", "item", help="The invoice it is checked against and settles.")
@click.option("--purpose", default="")
@click.option("--escort", default="", help="Who went along.")
@click.option("--currency", help="The books' by default.")
@click.option("--on", type=_DAY, required=True)
@_ENTITY
@click.pass_obj
def take(context: dict[str, Any], /, amount: str, on: datetime, **given: Any) -> None:
    """Take AMOUNT of cash; prints the number of its receipt and the opaque id."""
    from huikuan.core.money import parse_amount
    from huikuan.queries.cash_slips import slip_id_text
    from huikuan.services.cash_slips import NewCash, number_of_slip, take_cash
    from huikuan.services.lookup import find_account, find_entity, find_item

    entity_id, books = find_entity(given["entity"])
    currency = given["currency"] or books
    texts = {name: given[name] for name in ("payer", "purpose", "reason", "escort")}
    new = NewCash(
        account_id=find_account(entity_id, given["customer"]),
        currency=currency,
        amount_minor=parse_amount(amount, currency),
        item_id=find_item(given["item"]).number if given["item"] else None,
        collected_by=context["actor_id"],
        **texts,
    )
    number = take_cash(entity_id, new, on=on.date(), **context)
    click.echo(f"{number_of_slip(number)}\t{slip_id_text(number)}")


@cash.command("hand-in")
@click.argument("number", metavar="RECEIPT")
@click.argument("place")
@click.option("--on", type=_DAY, required=True)
@_ENTITY
@click.pass_obj
def hand_in(context: dict[str, Any], /, number: str, place: str, on: datetime, entity: str | None) -> None:
    """The cash of a RECEIPT (2026-000017, or its opaque id) was handed in at PLACE."""
    from huikuan.services.cash_slips import find_slip, hand_in_cash
    from huikuan.services.lookup import find_entity

    hand_in_cash(find_slip(find_entity(entity)[0], number), on=on.date(), place=place, **context)


@cash.command("paper")
@click.argument("payer")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--customer", required=True, help="For whom PAYER pays.")
@click.option("--account", default="", help="From which account; any of theirs by default.")
@click.option("--from", "first", type=_DAY, required=True, help="Good from.")
@click.option("--to", "last", type=_DAY, help="Good until.")
@_ENTITY
@click.pass_obj
def paper(context: dict[str, Any], /, payer: str, file: Path, first: datetime, **given: Any) -> None:
    """Keep the signed paper FILE by which PAYER pays for a customer; prints its number."""
    from huikuan.core.documents import EvidenceType, LinkKind
    from huikuan.services.documents import add_document
    from huikuan.services.lookup import find_account, find_entity
    from huikuan.services.mandates import NewMandate, add_mandate

    account_id = find_account(find_entity(given["entity"])[0], given["customer"])
    links, evidence = [(LinkKind.ACCOUNT, account_id)], EvidenceType.PAYMENT_ORDER
    document = add_document(file.read_bytes(), file.name, evidence_type=evidence, links=links, **context)
    last = given["last"].date() if given["last"] else None
    new = NewMandate(account_id, payer, first.date(), last, document, given["account"])
    click.echo(add_mandate(new, **context))


@cash.command("withdraw-paper")
@click.argument("number", type=int)
@click.pass_obj
def withdraw_paper(context: dict[str, Any], /, number: int) -> None:
    """The paper NUMBER is good no more, from now on."""
    from huikuan.services.mandates import withdraw_mandate

    withdraw_mandate(number, **context)


@cash.command("received")
@click.option("--from", "first", type=_DAY, required=True, help="The first value date.")
@click.option("--to", "last", type=_DAY, required=True, help="The last value date.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@_ENTITY
@click.pass_obj
def received(context: dict[str, Any], /, first: datetime, last: datetime, entity: str | None, *, as_json: bool) -> None:
    """What came in from one day to another, by channel; bills are no money until they are paid."""
    import json

    from huikuan.core.money import to_decimal
    from huikuan.queries.collected import collected
    from huikuan.queries.frame import frame_at
    from huikuan.services.lookup import find_entity

    frame = frame_at(now=context["now"], entity_ids=(find_entity(entity)[0],))
    rows = [
        {
            "currency": line.currency,
            "channel": line.channel,
            "is_bill": line.is_bill,
            "receipts": line.receipts,
            "amount": str(to_decimal(line.amount_minor, line.currency)),
        }
        for line in collected(frame, first.date(), last.date())
    ]
    if as_json:
        click.echo(json.dumps(rows, indent=1))
        return
    for row in rows:
        click.echo(f"{row['currency']}  {row['channel'] or 'not said':<12} {row['receipts']:>8}  {row['amount']:>18}")


@cash.command("rules")
@click.option("--notes", type=click.Choice(["at_once", "at_maturity"]), help="When bills settle.")
@click.option("--cheques", type=click.Choice(["at_once", "at_maturity"]), help="When cheques settle.")
@click.option("--escort-from", help="From which sum somebody goes along; 'never' for none.")
@click.option("--references", type=click.Choice(["rf", "qr", "ogm", "none"]), help="Payment references of documents.")
@_ENTITY
@click.pass_obj
def rules(context: dict[str, Any], /, entity: str | None, **given: str | None) -> None:
    """What the entity decided about bills, cheques, cash and payment references; with options, changes it."""
    from huikuan.core.money import parse_amount, to_decimal
    from huikuan.core.notes import Settles
    from huikuan.core.payment_reference import ReferenceScheme
    from huikuan.services.channels import policy_of, set_policy
    from huikuan.services.lookup import find_entity

    entity_id, books = find_entity(entity)
    notes, cheques, escort_from = given["notes"], given["cheques"], given["escort_from"]
    policy = policy_of(entity_id)
    scheme = given["references"] or policy.reference_scheme
    if any(given.values()):
        minor = policy.escort_from_minor
        if escort_from:
            minor = None if escort_from == "never" else parse_amount(escort_from, books)
        set_policy(
            entity_id,
            notes_settle=Settles(notes or policy.notes_settle),
            cheques_settle=Settles(cheques or policy.cheques_settle),
            escort_from_minor=minor,
            reference_scheme=ReferenceScheme.NONE if scheme == "none" else ReferenceScheme(scheme),
            **context,
        )
        policy = policy_of(entity_id)
    sum_from = policy.escort_from_minor
    click.echo(f"bills settle {policy.notes_settle}, cheques {policy.cheques_settle}")
    escorted = "never escorted" if sum_from is None else f"escorted from {to_decimal(sum_from, books)} on"
    click.echo(f"cash is {escorted}")
    click.echo(f"payment references of documents: {policy.reference_scheme or 'none'}")
