"""``huikuan note``: bills, cheques and other notes on the command line, by number or opaque id."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import click

from huikuan.cli.django import setup_database

_DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.group()
@click.option("--as", "user", metavar="USER", help="Who does it (for the audit trail); without it, the system.")
@click.pass_context
def note(ctx: click.Context, user: str | None) -> None:
    """Bills and cheques: take one, and record what becomes of it.

    Amounts are in major units of the note's currency. A note is named by its number or its opaque id.
    """
    setup_database()
    from huikuan.services.lookup import find_user

    ctx.obj = {"actor_id": find_user(user), "now": datetime.now(UTC)}


def _on(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option("--on", type=_DAY, required=True, help="The day it truly happened.")(command)


def _memo(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option("--memo", default="", help="Why, or a remark.")(command)


def _step(name: str) -> Callable[[Callable[..., Any]], click.Command]:
    """A command on one note: ``NOTE --on DAY --memo TEXT``."""

    def make(function: Callable[..., Any]) -> click.Command:
        command = click.pass_obj(_memo(_on(click.argument("number", metavar="NOTE")(function))))
        return note.command(name)(command)

    return make


def _find(text: str) -> Any:
    from huikuan.services.notes_lookup import find_note

    return find_note(text)


def _minor(text: str, currency: str) -> int:
    from huikuan.core.money import parse_amount

    return parse_amount(text, currency)


def _done(entry_id: int | list[int]) -> None:
    """The entries that were posted; nothing where a step posts none."""
    from huikuan.queries.ids import entry_id_text

    for number in [entry_id] if isinstance(entry_id, int) else entry_id:
        if number:
            click.echo(entry_id_text(number))


@note.command("take")
@click.argument("number")
@click.argument("amount")
@click.option("--customer", required=True, help="The customer's number or opaque id.")
@click.option("--entity", help="Code of the legal entity, where there are several.")
@click.option("--kind", type=click.Choice(["acceptance", "promissory", "cheque", "certificate"]), default="acceptance")
@click.option("--currency", help="The books' by default.")
@click.option("--issued", type=_DAY, required=True)
@click.option("--matures", type=_DAY, required=True)
@click.option("--acceptor", required=True, help="Who must pay.")
@click.option(
    "--class",
    "acceptor_class",
    type=click.Choice(["major_bank", "other_bank", "finance_company", "company"]),
    required=True,
)
@click.option("--drawer", default="")
@click.option("--guarantor", default="")
@click.option("--range", "parts", metavar="FIRST-LAST", help="The numbers of the parts of a divisible bill.")
@click.option("--settles", type=click.Choice(["at_once", "at_maturity"]), help="The entity's rule by default.")
@click.option(
    "--for", "named", multiple=True, metavar="ITEM=AMOUNT", help="What it is for; may be given several times."
)
@click.option("--oldest-first", is_flag=True, help="It is for the customer's oldest items.")
@_on
@_memo
@click.pass_obj
def take(context: dict[str, Any], /, number: str, amount: str, on: datetime, memo: str, **given: Any) -> None:
    """Take a bill or cheque NUMBER over AMOUNT from a customer."""
    from huikuan.core.notes import AcceptorClass, NoteKind, Settles
    from huikuan.queries.ids import note_id_text
    from huikuan.services.lookup import find_account, find_entity, find_item
    from huikuan.services.notes import NewNote, take_note

    entity_id, books = find_entity(given["entity"])
    currency = given["currency"] or books
    named = []
    for text in given["named"]:
        item_text, _, part = text.rpartition("=")
        if not item_text:
            raise click.BadParameter(f"{text!r} is not ITEM=AMOUNT", param_hint="--for")
        item = find_item(item_text)
        named.append((item.number, _minor(part, item.currency)))
    new = NewNote(
        account_id=find_account(entity_id, given["customer"]),
        kind=NoteKind(given["kind"]),
        number=number,
        acceptor=given["acceptor"],
        acceptor_class=AcceptorClass(given["acceptor_class"]),
        currency=currency,
        amount_minor=_minor(amount, currency),
        issue_date=given["issued"].date(),
        maturity_date=given["matures"].date(),
        drawer=given["drawer"],
        guarantor=given["guarantor"],
        settles=Settles(given["settles"]) if given["settles"] else None,
        named=tuple(named),
        oldest_first=given["oldest_first"],
        **_range(given["parts"]),
    )
    click.echo(note_id_text(take_note(entity_id, new, on=on.date(), memo=memo, **context)))


def _range(text: str | None) -> dict[str, int]:
    if text is None:
        return {}
    first, _, last = text.partition("-")
    if not (first.isdigit() and last.isdigit()):
        raise click.BadParameter(f"{text!r} is not FIRST-LAST", param_hint="--range")
    return {"range_first": int(first), "range_last": int(last)}


@_step("present")
def present(context: dict[str, Any], number: str, on: datetime, memo: str) -> None:
    """Present a bill for payment, deposit a cheque."""
    from huikuan.services.notes_steps import present_note

    found = _find(number)
    present_note(found.entity_id, found.number, on=on.date(), memo=memo, **context)


@_step("pay")
def pay(context: dict[str, Any], number: str, on: datetime, memo: str) -> None:
    """It was paid; a cheque has cleared."""
    from huikuan.services.notes_steps import pay_note

    found = _find(number)
    _done(pay_note(found.entity_id, found.number, on=on.date(), memo=memo, **context))


@_step("dishonour")
def dishonour(context: dict[str, Any], number: str, on: datetime, memo: str) -> None:
    """It was not paid: what it settled is open again. --memo says why."""
    from huikuan.services.notes_steps import dishonour_note

    found = _find(number)
    _done(dishonour_note(found.entity_id, found.number, on=on.date(), memo=memo, **context))


@_step("return")
def give_back(context: dict[str, Any], number: str, on: datetime, memo: str) -> None:
    """Give it back: what it settled is open again. --memo says why."""
    from huikuan.services.notes_steps import return_note

    found = _find(number)
    _done(return_note(found.entity_id, found.number, on=on.date(), memo=memo, **context))


@_step("undo")
def undo(context: dict[str, Any], number: str, on: datetime, memo: str) -> None:
    """Take the last step back, with what it posted."""
    from huikuan.services.notes_undo import undo_step

    found = _find(number)
    _done(undo_step(found.entity_id, found.number, on=on.date(), memo=memo, **context))


@note.command("discount")
@click.argument("number", metavar="NOTE")
@click.option("--bank", required=True)
@click.option("--rate", help="Percent a year.")
@click.option("--days", type=click.IntRange(0, 3660), help="To maturity by default.")
@click.option("--interest", help="What the bank keeps, where it says so itself.")
@click.option("--fee", help="What the bank takes besides.")
@click.option("--recourse/--no-recourse", default=True, help="Whether the bank can come back on us.")
@_on
@_memo
@click.pass_obj
def discount(context: dict[str, Any], /, number: str, on: datetime, memo: str, **given: Any) -> None:
    """Sell a bill to a bank before it matures."""
    from huikuan.services.notes_steps import Discount, discount_note

    found = _find(number)
    try:
        rate = None if given["rate"] is None else Decimal(given["rate"])
    except InvalidOperation:
        raise click.BadParameter(f"{given['rate']!r} is not a rate in percent", param_hint="--rate") from None
    interest = None if given["interest"] is None else _minor(given["interest"], found.currency)
    fee = _minor(given["fee"], found.currency) if given["fee"] else 0
    terms = Discount(given["bank"], rate, given["days"], interest, given["recourse"], fee)
    _done(discount_note(found.entity_id, found.number, terms, on=on.date(), memo=memo, **context))


@note.command("endorse")
@click.argument("number", metavar="NOTE")
@click.option("--to", "party", required=True, help="To whom it goes.")
@click.option("--recourse/--no-recourse", default=True, help="Whether they can come back on us.")
@_on
@_memo
@click.pass_obj
def endorse(context: dict[str, Any], number: str, party: str, recourse: bool, on: datetime, memo: str) -> None:
    """Hand a bill on to somebody we owe."""
    from huikuan.services.notes_steps import Endorsement, endorse_note

    found = _find(number)
    endorsement = Endorsement(party, recourse)
    _done(endorse_note(found.entity_id, found.number, endorsement, on=on.date(), memo=memo, **context))


@note.command("split")
@click.argument("number", metavar="NOTE")
@click.argument("amounts", nargs=-1, required=True)
@_on
@_memo
@click.pass_obj
def split(context: dict[str, Any], number: str, amounts: tuple[str, ...], on: datetime, memo: str) -> None:
    """Split a divisible bill into parts of these AMOUNTS."""
    from huikuan.queries.ids import note_id_text
    from huikuan.services.notes_split import split_note

    found = _find(number)
    minors = [_minor(text, found.currency) for text in amounts]
    for part in split_note(found.entity_id, found.number, minors, on=on.date(), memo=memo, **context):
        click.echo(note_id_text(part))


@note.command("list")
@click.option("--entity", help="Code of one legal entity.")
@click.option("--which", type=click.Choice(["held", "risk", "dishonoured", "all"]), default="held")
@click.option("--as-of", type=_DAY, help="How they stood on a day; today by default.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_obj
def list_notes(context: dict[str, Any], entity: str | None, which: str, as_of: datetime | None, as_json: bool) -> None:
    """Bills and cheques in hand (or passed on, dishonoured, all), by maturity."""
    from huikuan.core.money import to_decimal
    from huikuan.queries.frame import frame_at
    from huikuan.queries.notes import NoteFilters, note_page
    from huikuan.queries.standing import every_entity

    ids = tuple(row[0] for row in every_entity())
    chosen = next((row[0] for row in every_entity() if row[1] == entity), None)
    if entity and chosen is None:
        raise click.BadParameter(f"there is no entity {entity}", param_hint="--entity")
    day = as_of.date() if as_of else None
    frame = frame_at(now=context["now"], entity_ids=ids, entity_id=chosen, as_of=day)
    page = 1
    while True:
        found = note_page(frame, NoteFilters(which=which), page=page, size=1000)
        for row in found.rows:
            amount = str(to_decimal(row.amount_minor, row.currency))
            if as_json:
                line = {
                    "id": row.public_id,
                    "number": row.number,
                    "entity": row.entity_code,
                    "customer": row.customer_name,
                    "kind": row.kind,
                    "acceptor": row.acceptor,
                    "acceptor_class": row.acceptor_class,
                    "maturity_date": row.maturity_date.isoformat(),
                    "currency": row.currency,
                    "amount": amount,
                    "state": row.state,
                    "with_recourse": row.with_recourse,
                }
                click.echo(json.dumps(line, ensure_ascii=False))
            else:
                figures = f"{row.maturity_date}  {amount:>16} {row.currency}  {row.state:<11}"
                click.echo(f"{figures} {row.number}  {row.customer_name}")
        if page * 1000 >= found.total:
            return
        page += 1
