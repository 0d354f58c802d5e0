"""``huikuan agreement``: settlements of several parties and things taken for debts, on the command line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from huikuan.cli.django import setup_database

_DAY = click.DateTime(formats=["%Y-%m-%d"])
Command = Callable[..., Any]


@click.group()
@click.option("--as", "user", metavar="USER", help="Who does it (for the audit trail); without it, the system.")
@click.pass_context
def agreement(ctx: click.Context, user: str | None) -> None:
    """Settlement agreements: debts that end without money.

    Amounts are in major units of the items' currency. An agreement is named by its number or its opaque id.
    """
    setup_database()
    from huikuan.services.lookup import find_user

    ctx.obj = {"actor_id": find_user(user), "now": datetime.now(UTC)}


def _on(command: Command) -> Command:
    return click.option("--on", type=_DAY, required=True, help="The day it truly happened.")(command)


def _paper(command: Command) -> Command:
    kind = click.Path(exists=True, dir_okay=False, path_type=Path)
    return click.option("--paper", type=kind, required=True, help="The signed paper: kept with the customer.")(command)


def _minor(text: str, currency: str) -> int:
    from huikuan.core.money import parse_amount

    return parse_amount(text, currency)


def _lines(given: tuple[str, ...], option: str) -> tuple[tuple[tuple[int, int], ...], str]:
    """``ITEM=AMOUNT`` texts as items with signed amounts, and their currency."""
    from huikuan.services.lookup import find_item

    found, currency = [], ""
    for text in given:
        name, _, amount = text.rpartition("=")
        if not name:
            raise click.BadParameter(f"{text!r} is not ITEM=AMOUNT", param_hint=option)
        item = find_item(name)
        currency = currency or item.currency
        found.append((item.number, _minor(amount, item.currency)))
    return tuple(found), currency


def _find(text: str) -> Any:
    from huikuan.services.agreements_lookup import find_agreement

    return find_agreement(text)


def _document(found: Any, paper: Path, context: dict[str, Any]) -> int:
    """Keeps a paper with the agreement's customer."""
    from huikuan.core.documents import EvidenceType, LinkKind
    from huikuan.services.documents import add_document

    links = [(LinkKind.ACCOUNT, found.account_id)]
    return add_document(paper.read_bytes(), paper.name, evidence_type=EvidenceType.CONTRACT, links=links, **context)


def _entries(numbers: list[int]) -> None:
    from huikuan.queries.ids import entry_id_text

    for number in numbers:
        click.echo(entry_id_text(number))


@agreement.command("three-party")
@click.argument("number")
@click.option("--entity", help="Code of the legal entity that keeps it, where there are several.")
@click.option(
    "--item", "items", multiple=True, metavar="ITEM=AMOUNT", required=True, help="Given up; of a credit -AMOUNT."
)
@click.option(
    "--claim", "claims", multiple=True, metavar="DEBTOR>CREDITOR=AMOUNT", required=True,
    help="Another debt of the round: codes of our entities, customers' names, or anybody else's.",
)  # fmt: skip
@click.option("--memo", default="")
@_on
@click.pass_obj
def three_party(context: dict[str, Any], /, number: str, on: datetime, **given: Any) -> None:
    """Propose agreement NUMBER of three parties or more."""
    from huikuan.core.agreements import Claim
    from huikuan.queries.ids import agreement_id_text
    from huikuan.services.agreements import NewThreeParty, propose_three_party
    from huikuan.services.agreements_lookup import party_of
    from huikuan.services.lookup import find_entity

    entity_id, _books = find_entity(given["entity"])
    lines, currency = _lines(given["items"], "--item")
    claims = []
    for text in given["claims"]:
        names, _, amount = text.rpartition("=")
        owed_by, _, owed_to = names.partition(">")
        if not owed_by.strip() or not owed_to.strip():
            raise click.BadParameter(f"{text!r} is not DEBTOR>CREDITOR=AMOUNT", param_hint="--claim")
        claims.append(Claim(party_of(owed_by), party_of(owed_to), _minor(amount, currency)))
    new = NewThreeParty(entity_id, number, lines, tuple(claims), given["memo"])
    click.echo(agreement_id_text(propose_three_party(new, on=on.date(), **context)))


@agreement.command("in-kind")
@click.argument("number")
@click.argument("thing")
@click.argument("price")
@click.option("--entity", help="Code of the legal entity, where there are several.")
@click.option("--item", "items", multiple=True, metavar="ITEM=AMOUNT", required=True, help="A debt it is taken for.")
@click.option(
    "--kind",
    type=click.Choice(["goods", "equipment", "vehicle", "real_estate", "securities", "other"]),
    default="other",
)
@click.option("--place", default="", help="Where it is.")
@click.option("--memo", default="")
@_on
@click.pass_obj
def in_kind(context: dict[str, Any], /, number: str, thing: str, price: str, on: datetime, **given: Any) -> None:
    """Propose agreement NUMBER by which THING is taken for PRICE of debts."""
    from huikuan.core.agreements import ThingKind
    from huikuan.queries.ids import agreement_id_text
    from huikuan.services.agreements import NewInKind, propose_in_kind
    from huikuan.services.lookup import find_entity

    entity_id, _books = find_entity(given["entity"])
    debts, currency = _lines(given["items"], "--item")
    kind, place, memo = ThingKind(given["kind"]), given["place"], given["memo"]
    new = NewInKind(entity_id, number, debts, _minor(price, currency), thing, kind, place, memo)
    click.echo(agreement_id_text(propose_in_kind(new, on=on.date(), **context)))


@agreement.command("sign")
@click.argument("number")
@click.option("--party", "parties", type=int, multiple=True, help="Its number in the list; without, all who have not.")
@_paper
@_on
@click.pass_obj
def sign(context: dict[str, Any], /, number: str, parties: tuple[int, ...], paper: Path, on: datetime) -> None:
    """Parties of agreement NUMBER have signed."""
    from huikuan.services.agreements import sign_agreement

    found = _find(number)
    document = _document(found, paper, context)
    state = sign_agreement(found.number, parties or found.unsigned, document, on=on.date(), **context)
    click.echo(state.value)


@agreement.command("value")
@click.argument("number")
@click.argument("amount")
@click.option("--by", "valuer", required=True, help="Who valued it.")
@_paper
@_on
@click.pass_obj
def value(context: dict[str, Any], /, number: str, amount: str, valuer: str, paper: Path, on: datetime) -> None:
    """The thing of agreement NUMBER is worth AMOUNT."""
    from huikuan.services.agreements import value_thing

    found = _find(number)
    minor, document = _minor(amount, found.currency), _document(found, paper, context)
    value_thing(found.number, minor, valuer, document, on=on.date(), **context)


@agreement.command("post")
@click.argument("number")
@click.option("--paper", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Proves that title passed.")
@_on
@click.pass_obj
def post(context: dict[str, Any], /, number: str, paper: Path | None, on: datetime) -> None:
    """Close the debts of agreement NUMBER; for a thing: title has passed."""
    from huikuan.services.agreements_posting import post_agreement

    found = _find(number)
    document = None if paper is None else _document(found, paper, context)
    _entries(post_agreement(found.number, on=on.date(), document_id=document, **context))


@agreement.command("invoice")
@click.argument("number")
@click.argument("invoice_number")
@click.option("--tax", required=True, help="The tax in it.")
@_paper
@_on
@click.pass_obj
def invoice(context: dict[str, Any], /, number: str, invoice_number: str, tax: str, paper: Path, on: datetime) -> None:
    """The customer's invoice for the thing of agreement NUMBER is here."""
    from huikuan.services.agreements_posting import invoice_thing

    found = _find(number)
    minor, document = _minor(tax, found.currency), _document(found, paper, context)
    click.echo(invoice_thing(found.number, invoice_number, minor, document, on=on.date(), **context).value)


@agreement.command("rest")
@click.argument("number")
@click.argument("decision", type=click.Choice(["keep", "lose"]))
@click.option("--memo", default="", help="Why.")
@_on
@click.pass_obj
def rest(context: dict[str, Any], /, number: str, decision: str, memo: str, on: datetime) -> None:
    """What the thing of agreement NUMBER did not cover stays open (keep) or is written off (lose)."""
    from huikuan.services.agreements_posting import keep_rest, lose_rest

    found = _find(number)
    if decision == "keep":
        click.echo(keep_rest(found.number, on=on.date(), memo=memo, **context).value)
    else:
        _entries(lose_rest(found.number, on=on.date(), memo=memo, **context))


@agreement.command("withdraw")
@click.argument("number")
@click.option("--memo", default="", help="Why.")
@_on
@click.pass_obj
def withdraw(context: dict[str, Any], /, number: str, memo: str, on: datetime) -> None:
    """Agreement NUMBER, not posted, is off."""
    from huikuan.services.agreements import withdraw_agreement

    withdraw_agreement(_find(number).number, on=on.date(), memo=memo, **context)


@agreement.command("undo")
@click.argument("number")
@click.option("--memo", required=True, help="Why.")
@_on
@click.pass_obj
def undo(context: dict[str, Any], /, number: str, memo: str, on: datetime) -> None:
    """Take back everything agreement NUMBER posted."""
    from huikuan.services.agreements_posting import undo_agreement

    _entries(undo_agreement(_find(number).number, on=on.date(), memo=memo, **context))


@agreement.command("list")
@click.option("--all", "every", is_flag=True, help="Those done, taken back and withdrawn too.")
def list_agreements(every: bool) -> None:
    """Agreements with their state, amount and parties, separated by tabs."""
    from huikuan.services.agreements_lookup import listed

    for line in listed(every=every):
        click.echo("\t".join(line))
